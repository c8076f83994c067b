"""Overview: how the store does, who its customers are, who is leaving, what they are worth."""

from xsight_ui.pages import lists, metrics, panels
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["OVERVIEW"]

_HEADLINES = (
    metrics.NET_SALES,
    metrics.ORDERS,
    metrics.AVERAGE_ORDER,
    metrics.NEW_CUSTOMERS,
    metrics.RETURNING_SHARE,
)
_NEW_AND_RETURNING = (("new_customers", "New"), ("returning_customers", "Returning"))


def _panels(document: Document) -> dict[str, Spec]:
    rfm = document["rfm"]
    names = {segment["key"]: segment["name"] for segment in rfm["segments"]}
    defined = document.get("definitions", {})
    return {
        "kpis": panels.kpis([metrics.explained(metric, defined) for metric in _HEADLINES]),
        "sales": panels.trend(metrics.explained(metrics.NET_SALES, defined)),
        "mix": panels.stack(
            "New and returning",
            "Customers who ordered, split by whether it was their first day with an order. "
            "Somebody who orders on two days counts on both.",
            _NEW_AND_RETURNING,
        ),
        "segments": panels.segments(rfm),
        "grid": panels.rfm_grid(rfm),
        "cohorts": panels.cohorts(document["cohorts"]),
        "churn": panels.churn(document["churn"]),
        "top": panels.top_customers(document["top_customers"], names),
        "clv": panels.lifetime_value(document["clv"], _value_context(document)),
    }


def _value_context(document: Document) -> Spec:
    """What the forecast is held against: the same length of time just past, and the ten customers with most sales."""
    net_minor = document["daily"]["net_minor"]
    clv = document["clv"]
    days = clv.get("horizon_days", 365)
    context: Spec = {"customers": document["totals"]["buyers"]}
    if len(net_minor) >= days:
        context["past_minor"] = sum(net_minor[-days:])
    if clv.get("total_minor"):
        top = sum(row["clv_365_minor"] or 0 for row in document["top_customers"])
        context["top_share"] = top / clv["total_minor"]
    return context


OVERVIEW = PageDef(
    key="overview",
    title="Overview",
    icon="M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
    document="overview",
    rows=(
        ("full", ("kpis",)),
        ("lead", ("sales", "mix")),
        ("lead", ("segments", "grid")),
        ("lead", ("cohorts", "churn")),
        ("wide", ("top", "clv")),
    ),
    panels=_panels,
    filters=(lists.known("channel", "Channel"), lists.known("country", "Country")),
)
