"""The live side of pages and panels: small models whose code is the shared bundle, not their own."""

from datetime import UTC, datetime
from typing import Any

import anywidget  # pyright: ignore[reportMissingImports] - in the dash and lab environments only
import traitlets

from xsight_ui.assets import ASSETS_URL, manifest
from xsight_ui.data import read_document
from xsight_ui.pages import PAGES

__all__ = ["Page", "Panel", "SegmentBuilder", "Table", "show"]

# anywidget runs this from a blob: address, so the import needs an absolute one. A kernel that is older than an upgrade
# names a file that is gone: then the current manifest is asked. The import stands in render(), as anywidget gives
# initialize() two seconds only.
_LOADER = """const base = new URL("%(base)s", location.origin).href;
const current = async () => (await (await fetch(base + "manifest.json", { cache: "no-cache" })).json()).entry;
const load = () => import(base + "%(entry)s").catch(async () => import(base + (await current())));
export default { async render(widget) { return (await load()).%(render)s(widget); } };
"""


def _loader(render: str) -> str:
    return _LOADER % {"base": ASSETS_URL, "entry": manifest()["entry"], "render": render}


class Panel(anywidget.AnyWidget):
    """One tile on its own, e.g. in a notebook: `Panel(panels.churn(document["churn"]), shop)`."""

    _esm = _loader("renderPanel")
    panel = traitlets.Dict().tag(sync=True)
    context = traitlets.Dict().tag(sync=True)

    def __init__(
        self, panel: dict[str, Any], shop: dict[str, Any] | None = None, **context: Any
    ) -> None:
        """Show `panel`, a result of `xsight_ui.pages.panels`; `context` may carry `daily` and `period`."""
        super().__init__(panel=panel, context={"shop": shop or {}, **context})


class Table(Panel):
    """Rows with sorting and CSV; each column is a dict with `field`, `title` and, if not text, `format`."""

    def __init__(
        self,
        columns: list[dict[str, Any]],
        rows: list[dict[str, Any]],
        *,
        title: str = "",
        height: int = 420,
        shop: dict[str, Any] | None = None,
    ) -> None:
        """Show `rows` (dicts by field name) under `columns`."""
        panel = {
            "kind": "table",
            "title": title,
            "columns": columns,
            "rows": rows,
            "height": height,
        }
        super().__init__(panel, shop)


class SegmentBuilder(anywidget.AnyWidget):
    """The builder of segments, in a notebook or a dashboard: ``rule`` follows what is built, and can be set.

    Counting and saving go from the browser to the API with the viewer's own session: the kernel sees the rule and
    the number of ``customers`` it finds, no names. After saving, ``segment`` is the saved segment's id.
    """

    _esm = _loader("renderBuilder")
    rule = traitlets.Dict().tag(sync=True)
    customers = traitlets.Int(None, allow_none=True).tag(sync=True)
    segment = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    name = traitlets.Unicode("").tag(sync=True)
    shop = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        rule: dict[str, Any] | None = None,
        *,
        name: str = "",
        segment: str | None = None,
        shop: dict[str, Any] | None = None,
    ) -> None:
        """Begin with `rule`; with `segment`, the id of a saved one, changes are saved to that."""
        super().__init__(rule=rule or {}, name=name, segment=segment, shop=shop or {})


class Page(anywidget.AnyWidget):
    """A whole page. In the dashboard it attaches to what the server has painted; in Lab it paints itself.

    The browser hears of new insights first and puts what names them into `data_version` and `insight_run`; the
    page then reads the document again and its new `spec` reaches the browser.
    """

    _esm = _loader("renderPage")
    spec = traitlets.Dict().tag(sync=True)
    data_version = traitlets.Int(0).tag(sync=True)
    insight_run = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(self, name: str) -> None:
        """Take the page's name, a key of `xsight_ui.pages.PAGES`."""
        if name not in PAGES:
            message = f"unknown page {name!r}; there are {', '.join(PAGES)}"
            raise ValueError(message)
        self._definition = PAGES[name]
        spec = self._read()
        super().__init__(
            spec=spec,
            data_version=spec["data_version"],
            insight_run=spec.get("insight_run"),
        )

    def _read(self) -> dict[str, Any]:
        document = read_document(self._definition.document)
        return self._definition.spec(document, datetime.now(UTC))

    @traitlets.observe("data_version", "insight_run")
    def _refresh(self, change: dict[str, Any]) -> None:
        if change["new"] != self.spec.get(change["name"]):
            self.spec = self._read()


def show(name: str) -> Page:
    """Show a page in the notebook; the last line of every dashboard."""
    return Page(name)
