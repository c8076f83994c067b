"""``python -m ops.docs.check FOLDER``: each link of the built site leads somewhere; nothing is fetched from outside."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["findings"]


class _Page(HTMLParser):
    """Ids, links, and what a browser would fetch by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if one := told.get("id") or told.get("name"):
            self.ids.add(one)
        if tag == "a" and (target := told.get("href")):
            self.links.append(target)
        source = told.get("src") or (told.get("href") if tag == "link" else None)
        if source and told.get("rel") != "canonical":
            self.fetched.append(source)


def findings(folder: Path) -> list[str]:
    """What is wrong, in words."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    found: list[str] = []
    for path, page in pages.items():
        name = path.relative_to(folder)
        found += [f"{name} fetches {one}" for one in page.fetched if "//" in one]
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                found.append(f"{name} leads to {link}, which is not there")
            elif parts.fragment and unquote(parts.fragment) not in pages[target].ids:
                found.append(f"{name} leads to {link}, where there is no such heading")
    return found


if __name__ == "__main__":
    wrong = findings(Path(sys.argv[1]).resolve())
    print("\n".join(wrong), file=sys.stderr)
    sys.exit(1 if wrong else 0)
