"""What a visitor gets first: the frame and the page's last stored state, before any kernel is asked."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xsight_ui import TEMPLATES
from xsight_ui.assets import ASSETS_URL, manifest, preloads
from xsight_ui.brand import palette
from xsight_ui.pages import PAGES, navigation
from xsight_ui.pages.definition import Document, PageDef

__all__ = ["render"]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "xsight"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


def render(
    page: str,
    document: Document | None,
    *,
    base_url: str,
    user: dict[str, str],
    tenant: dict[str, str | None],
    now: datetime | None = None,
    brand: dict[str, str | None] | None = None,
    published: Sequence[Mapping[str, str]] = (),
    shown: str = "",
) -> str:
    """HTML up to the place where Voila's own output follows.

    `user` has `name`, `email`, `initials`; `tenant` has `slug`, `name` and `domain`, None before
    a shop is connected. `base_url` ends with a slash. `brand` has the store's own `name`, `accent` and
    `logo_version`, each None where it chose none. `published` notebooks (`id`, `title`) are in the navigation;
    `shown` is the id of the one that the page shows.
    """
    definition = PAGES[page]
    return (
        _environment()
        .get_template("shell.html.j2")
        .render(
            page={
                "key": definition.parent[0] if definition.parent else definition.key,
                "title": definition.title,
            },
            pages=navigation(),
            published=published,
            shown=shown if page == "published" else "",
            base_url=base_url,
            static_url=ASSETS_URL,
            manifest=manifest(),
            preloads=preloads("kit"),
            later=_later(definition),
            spec=definition.spec(document, now or datetime.now(UTC)),
            user=user,
            tenant=tenant,
            brand={"name": None, "logo_version": None} | (brand or {}),
            palette=palette((brand or {}).get("accent") or ""),
        )
    )


def _later(page: PageDef) -> list[str]:
    """What the page needs after its frame: charts where it is about a period, and its own modules."""
    names = [*(["charts"] if page.over_time else []), *page.modules]
    files = dict.fromkeys(file for name in names for file in preloads(name))
    return [file for file in files if file not in preloads("kit")]
