"""Products: what was sold of each in a range of days, and what goes together."""

from xsight_ui.pages.cells import cell
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["PRODUCTS"]

_NOTHING_SOLD = {
    "name": "empty",
    "title": "No orders yet",
    "text": "This fills in with the first order of your store.",
}


def _panels(document: Document) -> dict[str, Spec]:
    panels = {"sold": _sold(document.get("sold")), "pairs": _pairs()}
    if (document["totals"] or {}).get("orders"):
        return panels
    return {key: panel | {"state": _NOTHING_SOLD} for key, panel in panels.items()}


def _sold(recent: Document | None) -> Spec:
    return {
        "kind": "products",
        "title": "Products",
        "subtitle": "Over the chosen days",
        "definition": "Net sales: gross sales less discounts and returns, which stand on the day of their order. An "
        "order with several products counts for each of them. Customers: different ones, guests left out. Refund rate: "
        "share of a product's orders of which something of it came back. Cancelled and test orders are left out.",
        "height": 480,
        "recent": None if recent is None else dict(recent),
        "cell": cell("""
            names = ["net_sales", "units", "orders_with", "customers", "refund_rate"]
            days = {"since": "{since}", "until": "{until}"}
            sold = pd.DataFrame({name: shop.metric(name, "product", **days) for name in names})
            sold.sort_values("net_sales", ascending=False)
        """),
    }


def _pairs() -> Spec:
    return {
        "kind": "product_pairs",
        "title": "Bought together",
        "subtitle": "Over the whole history, the surest first",
        "definition": "Lift: how many times more often two products are found together than if they had nothing to do "
        "with each other. The line is its 90 % interval: where it holds 1, the pair says nothing. Pairs seen less than "
        "five times are left out. Next order: what customers buy in the order after one with the first product.",
        "height": 360,
        "cell": cell("shop.{pairs}().head(30)"),
    }


PRODUCTS = PageDef(
    key="products",
    title="Products",
    icon="M12 3 20 7.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
    document="products",
    rows=(("full", ("sold",)), ("full", ("pairs",))),
    panels=_panels,
    over_time=False,
    range="30d",
)
