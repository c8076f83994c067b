"""Hand-written pages: copied; a link to a file outside ``docs/`` becomes the file's name."""

import re
import shutil
from pathlib import Path
from typing import Final

from ops.home import ROOT

__all__ = ["copy", "links", "without_outside"]

DOCS: Final = ROOT / "docs"
_LINK: Final = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_OUTSIDE_PAGES: Final = {"CHANGELOG.md": "changelog.md", "deploy/README.md": "containers.md"}


def copy(folder: Path) -> None:
    """Pages and pictures, with the change log and what is said of containers."""
    shutil.copytree(DOCS, folder)
    for page in folder.rglob("*.md"):
        source = DOCS / page.relative_to(folder)
        page.write_text(without_outside(page.read_text(encoding="utf-8"), source), encoding="utf-8")
    for source, name in _OUTSIDE_PAGES.items():
        text = without_outside((ROOT / source).read_text(encoding="utf-8"), ROOT / source)
        (folder / name).write_text(text, encoding="utf-8")


def links(text: str) -> list[tuple[str, str]]:
    """Words and target of every link that leads to a file of ours."""
    return [(w, t) for _, w, t in _LINK.findall(text) if "://" not in t and not t.startswith("#")]


def without_outside(text: str, source: Path) -> str:
    """The same page for the site. ``source`` is where it stands in the repository."""

    def mend(found: re.Match[str]) -> str:
        mark, words, target = found.groups()
        path, _, anchor = target.partition("#")
        if "://" in target or not path:
            return found[0]
        real = (source.parent / path).resolve()
        inside = source.is_relative_to(DOCS)
        if real.is_relative_to(DOCS) and inside:
            return found[0]
        anchor = f"#{anchor}" if anchor else ""
        name = real.relative_to(ROOT).as_posix()
        up = "../" * (len(source.relative_to(DOCS).parts) - 1) if inside else ""
        if name in _OUTSIDE_PAGES:
            return f"{mark}[{words}]({up}{_OUTSIDE_PAGES[name]}{anchor})"
        if real.is_relative_to(DOCS):
            return f"{mark}[{words}]({real.relative_to(DOCS).as_posix()}{anchor})"
        return words if words.startswith("`") else f"{words} (`{name}`)"

    return _LINK.sub(mend, text)
