"""The first chunk of a page: everything a browser needs, and nothing that a shop's name could break."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from tests.ui.sample import make_document
from xsight_ui.shell import render

USER = {"name": "Ada Byron", "email": "ada@example.com", "initials": "AB"}
NASTY = '</script><script>alert(1)</script>"&\u2028'


@pytest.fixture(autouse=True)
def built(monkeypatch):
    names = {"file": "kit.1.js", "imports": ["chunk.2.js"]}
    manifest = {"entry": "kit.1.js", "css": "kit.3.css", "font": "inter.4.woff2", "modules": {}}
    manifest["modules"] = {
        "kit": names,
        "charts": {"file": "charts.5.js", "imports": ["chunk.2.js"]},
    }
    for module in ("xsight_ui.shell", "xsight_ui.assets"):
        monkeypatch.setattr(f"{module}.manifest", lambda: manifest)


def page(document=None, name="Garden & Grove", domain="garden-grove.myshopify.com"):
    return render(
        "overview",
        document,
        base_url="/user/t-demo/",
        user=USER,
        tenant={"slug": "demo12", "name": name, "domain": domain},
    )


def inlined_spec(html):
    return json.loads(
        re.search(r'<script type="application/json" id="xs-spec">(.*?)</script>', html, re.DOTALL)[
            1
        ]
    )


def test_the_spec_is_inlined_whole():
    document = make_document()
    assert inlined_spec(page(document))["daily"] == document["daily"]


def test_names_from_outside_stay_text():
    html = page(make_document(name=NASTY, domain=NASTY), name=NASTY, domain=NASTY)
    assert "<script>alert" not in html
    assert inlined_spec(html)["shop"]["name"] == NASTY


def test_the_store_is_named_by_its_address_before_its_first_numbers():
    assert "<small>garden-grove.myshopify.com</small>" in page()
    assert "Not connected yet" not in page()
    assert "<small>Not connected yet</small>" in page(domain=None)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_nothing_is_fetched_from_elsewhere():
    tags = Tags()
    tags.feed(page(make_document()))
    addresses = [
        attrs.get(name) for _, attrs in tags.found for name in ("src", "href") if attrs.get(name)
    ]
    assert addresses
    assert all(re.match(r"/(?!/)|#|data:", address) for address in addresses)


def test_modules_are_preloaded_once_each():
    assert re.findall(r'modulepreload" href="([^"]+)"', page()) == [
        "/assets/kit.1.js",
        "/assets/chunk.2.js",
        "/assets/charts.5.js",
    ]


def test_no_module_script_that_would_wait_for_the_streamed_document():
    assert 'type="module"' not in page(make_document())


def test_an_unknown_page_is_an_error():
    with pytest.raises(KeyError, match="nowhere"):
        render(
            "nowhere",
            None,
            base_url="/",
            user=USER,
            tenant={"slug": "demo12", "name": "Demo", "domain": None},
        )


def test_pages_and_shell_load_no_widgets_and_no_frames():
    code = "import sys, xsight_ui.pages, xsight_ui.shell; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"anywidget", "ipywidgets", "psycopg", "pandas", "numpy", "xsight_core"}
    assert not heavy & set(loaded)
