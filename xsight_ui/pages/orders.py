"""Orders: what was bought, paid, sent and given back."""

from xsight_ui.pages import lists
from xsight_ui.pages.cells import cell
from xsight_ui.pages.customer import order_columns
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["ORDERS"]

_PAYMENT = (
    ("PAID", "Paid"),
    ("PENDING", "Pending"),
    ("AUTHORIZED", "Authorized"),
    ("PARTIALLY_PAID", "Partially paid"),
    ("PARTIALLY_REFUNDED", "Partially refunded"),
    ("REFUNDED", "Refunded"),
    ("VOIDED", "Voided"),
)
_DELIVERY = (
    ("FULFILLED", "Fulfilled"),
    ("UNFULFILLED", "Unfulfilled"),
    ("PARTIALLY_FULFILLED", "Partially fulfilled"),
)
_WITH = 'rows["order_id"].isin(shop.sql("select order_id from order_lines where product_id = {number}")["order_id"])'
_YES_NO = (("false", "no"), ("true", "yes"))
_FILTERS = (
    lists.choice("financial_status", "Payment", _PAYMENT),
    lists.choice("fulfillment_status", "Delivery", _DELIVERY),
    lists.choice("cancelled", "Cancelled", _YES_NO, 'rows["cancelled"] == {flag}'),
    lists.choice("test", "Test order", _YES_NO, 'rows["test"] == {flag}'),
    lists.word("discount_code", "Discount code", "exactly as it was given", among="discount_codes"),
    lists.word("channel", "Channel", "web, pos, …"),
    lists.countries(),
    lists.word("tag", "Tag", "exactly as in Shopify", among="tags"),
    lists.product(_WITH),
)
_VIEWS = (
    lists.view("Latest orders"),
    lists.view("Largest orders", sort="-total"),
    lists.view("Waiting for payment", financial_status="PENDING"),
    lists.view("To be sent", fulfillment_status="UNFULFILLED", cancelled="false"),
    lists.view("Refunded", financial_status="REFUNDED"),
)


def _panels(document: Document) -> dict[str, Spec]:
    return {
        "orders": lists.rows_of(
            "/api/v1/orders",
            ("order", "orders"),
            order_columns(buyer=True),
            sort="-processed_at",
            title="Orders",
            definition="Orders placed on the chosen days of the shop's calendar. Net sales: gross sales less discounts "
            "and returns, which count with their order here. Cancelled and test orders are listed; the totals leave "
            "them out.",
            page="orders",
            range=True,
            totals=True,
            filters=_FILTERS,
            views=_VIEWS,
            rows=document["rows"],
            empty="No orders on these days",
            empty_text="Choose other days above.",
            cell=cell("""
                rows = shop.orders(every=True{days})
                rows = rows[~rows["deleted"]]
                {where}rows
            """),
        )
    }


ORDERS = PageDef(
    key="orders",
    title="Orders",
    icon="M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    document="orders",
    rows=(("full", ("orders",)),),
    panels=_panels,
    over_time=False,
    modules=("table",),
    range="30d",
)
