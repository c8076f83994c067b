"""Customers: everybody, by what they bought, how they are scored and where they are."""

from typing import Any

from xsight_ui.pages import lists
from xsight_ui.pages.cells import cell
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["CUSTOMERS", "customer_columns"]

_CONSENT = (
    ("SUBSCRIBED", "Subscribed"),
    ("NOT_SUBSCRIBED", "Not subscribed"),
    ("UNSUBSCRIBED", "Unsubscribed"),
    ("PENDING", "Pending"),
)
_RISK = (("0.5", "above 50%"), ("0.7", "above 70%"), ("0.9", "above 90%"))

_VIEWS = (
    lists.view("Best customers"),
    lists.view("Valuable and leaving", churn_min="0.7", orders_min="3", sort="-clv"),
    lists.view("Latest orders", sort="-last_order"),
    lists.view("Bought once", orders_min="1", orders_max="1", sort="-last_order"),
    lists.view("May be written to", email_consent="SUBSCRIBED"),
    lists.view("Newest profiles", sort="-created_at"),
)

_BOUGHT = (
    'rows.index.isin(shop.order_lines(["customer_id", "product_id"])'
    ".query('product_id == {number}')[\"customer_id\"])"
)
_DEFINITION = (
    "Everybody with a profile in the store, with the scores of the last computation. Orders and net sales are of the "
    "whole history. Churn risk: chance of no order in the next 90 days. Predicted: net sales expected in the next 12 "
    "months. Who never ordered has no scores and comes last."
)


def customer_columns() -> list[Spec]:
    """What a list of customers tells of each."""
    return [
        lists.column("id", "Customer", "person", grow=3, min=170),
        lists.column("scores.segment", "Segment", "segment", min=132),
        lists.column("scores.orders", "Orders", "count", sort="orders", min=80),
        lists.column("scores.net_minor", "Net sales", "money", sort="net", min=108),
        lists.column("scores.last_order_on", "Last order", "date", sort="last_order", min=110),
        lists.column("scores.churn_90", "Churn risk", "risk", sort="churn", min=102),
        lists.column("scores.clv_365_minor", "Predicted", "money", sort="clv", min=102),
        lists.column("country", "Country", min=88),
        lists.column("email_consent", "E-mail", "consent", min=136),
        lists.column("created_at", "Since", "time_day", sort="created_at", min=118),
    ]


def _filters(segments: Any) -> list[Spec]:
    named = [(segment["key"], segment["name"]) for segment in segments or ()]
    return [
        lists.choice("segment", "Segment", named),
        lists.between("orders", "Orders", "orders_min", "orders_max"),
        lists.between("net", "Net sales", "net_min", "net_max", "money"),
        lists.choice("churn_min", "Churn risk", _RISK, 'rows["churn_90"] >= {number}'),
        lists.days("ordered", "Last order", "ordered_since", "ordered_until", "last_order_on"),
        lists.countries(),
        lists.word("tag", "Tag", "exactly as in Shopify", among="tags"),
        lists.choice("email_consent", "E-mail consent", _CONSENT),
        lists.product(_BOUGHT),
    ]


def _panels(document: Document) -> dict[str, Spec]:
    return {
        "customers": lists.rows_of(
            "/api/v1/customers",
            ("customer", "customers"),
            customer_columns(),
            sort="-net",
            title="All customers",
            definition=_DEFINITION,
            page="customers",
            export="customers",
            filters=_filters(document["segments"]),
            views=_VIEWS,
            rows=document["rows"],
            total=(document["totals"] or {}).get("customers"),
            empty="No customers yet",
            empty_text="They appear with the next sync, by themselves.",
            cell=cell("""
                scores = shop.scores()
                everybody = shop.customers().drop(columns=scores.columns, errors="ignore")
                rows = everybody.join(scores)
                {where}rows.sort_values("net", ascending=False)
            """),
        )
    }


CUSTOMERS = PageDef(
    key="customers",
    title="Customers",
    icon="M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6"
    "M16 4.5a3.5 3.5 0 0 1 0 6.3M18 14.6c2.2.8 3.5 2.8 3.5 5.4",
    document="customers",
    rows=(("full", ("customers",)),),
    panels=_panels,
    over_time=False,
    modules=("table",),
)
