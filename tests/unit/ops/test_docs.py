"""The documentation is true to the code: links lead somewhere, commands exist, references name everything there is."""

import ast
import configparser
import re

import click
import pytest
import yaml

from ops.cli import xsight
from ops.docs import check, commands, dictionary, pages, python, rest
from ops.home import ROOT
from xsight_core.db.tables import metadata
from xsight_core.settings import Settings
from xsight_core.workspace import Shop

SETTINGS = {field.alias for field in Settings.model_fields.values()}
HAND_MADE = sorted((ROOT / "docs").rglob("*.md"))
READ = [*HAND_MADE, ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "deploy" / "README.md"]
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
NEEDS = re.compile(r"^\*Needs (Docker|Shopify|a cluster)", re.MULTILINE)
FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"\s*(\.venv/bin/xsight |make |git pull && make |#|$)")
# What else is tried: rules of segments in tests/segments/test_docs.py, the picture of the parts is none's to run.
TRIED = {"json": {"segments.md"}, "mermaid": {"README.md"}, "": {"changes.md", "workbench.md"}}


def anchors(text: str) -> set[str]:
    """As the site and code hosts make them."""
    return {
        re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", words.lower()).strip())
        for words in HEADING.findall(text)
    }


@pytest.mark.parametrize("page", READ, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for words, target in pages.links(page.read_text()):
        path, _, anchor = target.partition("#")
        if path.removeprefix("../").startswith("reference/"):  # made when the site is built
            continue
        real = page.parent / path if path else page
        assert real.exists(), f"[{words}]({target})"
        if anchor and real.suffix == ".md":
            assert anchor in anchors(real.read_text()), f"[{words}]({target})"


def known(words: list[str]) -> bool:
    """Whether `xsight WORDS` is a command."""
    command: click.Command | None = xsight
    while words and isinstance(command, click.Group):
        command = command.commands.get(words.pop(0))
    return command is not None


def test_every_command_that_is_told_exists():
    makes = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    seen = 0
    for page in READ:
        text = page.read_text()
        for kind, body in BLOCK.findall(text):
            if kind != "sh" or NEEDS.search(text):
                continue
            for line in body.splitlines():
                for said in re.findall(r"(?:^|&& |or )\.venv/bin/xsight ([a-z][a-z ]*)", line):
                    assert known(said.split()[:1]), (page.name, line)
                    seen += 1
                for said in re.findall(r"(?:^|&& )make ([a-z]+)", line):
                    assert said in makes, (page.name, line)
                    seen += 1
    assert seen > 25


def test_python_that_is_told_can_be_read_and_asks_the_shop_for_what_it_has():
    asked = set()
    for page in READ:
        for kind, body in BLOCK.findall(page.read_text()):
            if kind == "python":
                for node in ast.walk(ast.parse(body)):
                    if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "shop":
                        asked.add(node.attr)
    assert len(asked) > 3
    assert [name for name in asked if not hasattr(Shop, name)] == []


@pytest.mark.parametrize("page", READ, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_snippet_is_of_a_kind_that_is_tried_or_says_what_it_needs(page):
    text = page.read_text()
    for found in FENCE.finditer(text):
        kind, body = found.groups()
        needy = NEEDS.search(text[: found.start()])
        if kind == "sh":
            assert needy or all(OURS.match(line) for line in body.splitlines()), body
        elif kind == "ini":
            unit = configparser.ConfigParser()
            unit.optionxform = str
            unit.read_string(body)
            assert unit["Service"]["ExecStart"].endswith("/.venv/bin/xsight up")
            assert {one.split("=")[0] for one in unit["Service"]["Environment"].split()} <= SETTINGS
        elif kind != "python":
            assert page.name in TRIED[kind], body


def test_references_name_everything():
    tables, svg = dictionary.page(), dictionary.diagram()
    assert [
        str(t) for t in metadata.sorted_tables if f"### {t}\n" not in tables or t.name not in svg
    ] == []
    told = commands.page()
    assert [name for name in xsight.commands if f"## xsight {name}\n" not in told] == []
    document = rest.document()
    said = rest.page()
    assert len(document["paths"]) > 60
    assert [path for path in document["paths"] if f" {path}`" not in said] == []
    assert "#### `Shop.rfm(" in python.page()


def test_the_site_names_nothing_that_is_not_there():
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    named: set[str] = set()

    def walk(part):
        for one in part.values() if isinstance(part, dict) else part:
            if isinstance(one, str):
                named.add(one)
            else:
                walk(one)

    walk(site["nav"])
    made = {
        "changelog.md",
        "containers.md",
        *(f"reference/{n}.md" for n in ("rest", "python", "commands", "tables")),
    }
    there = {page.relative_to(ROOT / "docs").as_posix() for page in HAND_MADE}
    assert named - made <= there
    assert made <= named
    assert len(there - named) < 5  # a new page is found by search until it is named
    assert site["theme"]["font"] is False


def test_links_out_of_the_documentation_become_names():
    source = ROOT / "docs" / "guides" / "x.md"
    mend = pages.without_outside
    assert mend("[`a.py`](../../ops/cli.py)", source) == "`a.py`"
    assert mend("[the code](../../ops/cli.py)", source) == "the code (`ops/cli.py`)"
    assert mend("[log](../../CHANGELOG.md#x)", source) == "[log](../changelog.md#x)"
    assert mend("[r](../runs.md)", source) == "[r](../runs.md)"
    assert mend("[o](https://a.b/c)", source) == "[o](https://a.b/c)"


def test_a_site_that_fetches_or_leads_nowhere_is_told(tmp_path):
    (tmp_path / "a.html").write_text(
        '<script src="https://x.y/z.js"></script><a href="b.html#no">b</a><a href="c.html">c</a><a href="#a" id="a">'
    )
    (tmp_path / "b.html").write_text("<h1 id='yes'>b</h1>")
    assert len(check.findings(tmp_path)) == 3
