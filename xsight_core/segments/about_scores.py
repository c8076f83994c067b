"""What is computed of a customer: RFM, churn, value, with bounds."""

from typing import Any, Final

from xsight_core.analytics.segments import SEGMENTS
from xsight_core.segments.headings import group, row, score
from xsight_core.segments.operators import Kind

__all__ = ["RFM_GROUPS", "SCORES"]

RFM_GROUPS: Final = (
    "ACTIVE",
    "ALMOST_LOST",
    "AT_RISK",
    "CHAMPIONS",
    "DORMANT",
    "LOYAL",
    "NEEDS_ATTENTION",
    "NEW",
    "PREVIOUSLY_LOYAL",
    "PROMISING",
    "PROSPECTS",
)
_HORIZONS: Final = (30, 90, 180, 365)


def _bounded(name: str, label: str, kind: Kind, doc: str, example: tuple[str, Any]) -> list[Any]:
    """A prediction and the two ends of its 90 % interval."""
    return [
        row(
            name + end,
            label + said,
            kind,
            doc + (f" The {said[2:-1]} end of its 90 % interval." if end else ""),
            score(_of_table(name) + end),
            example,
        )
        for end, said in (("", ""), ("_low", " (lower)"), ("_high", " (upper)"))
    ]


def _of_table(name: str) -> str:
    """The column of ``customer_insights``."""
    if name.startswith("clv_"):
        return f"{name}_minor"
    return "next_order_day" if name == "next_order" else name


SCORES: Final = group(
    "Scores",
    row("r", "Recency score", Kind.COUNT, "1 to 5; 5 bought last.", score("r"), (">=", 4)),
    row(
        "f",
        "Frequency score",
        Kind.COUNT,
        "1 to 5; 5 buys most often.",
        score("f"),
        ("between", [2, 4]),
    ),
    row("m", "Monetary score", Kind.COUNT, "1 to 5; 5 spends most.", score("m"), ("=", 5)),
    row(
        "rfm_segment",
        "RFM segment",
        Kind.CHOICE,
        "One of our eleven.",
        score("segment"),
        ("in", ["at_risk", "cannot_lose"]),
        values=tuple(one.key for one in SEGMENTS),
    ),
    row(
        "shopify_rfm",
        "RFM group, by Shopify",
        Kind.CHOICE,
        "One of Shopify’s eleven.",
        lambda t: t.traits.rfm_group,
        ("=", "CHAMPIONS"),
        values=RFM_GROUPS,
        asked=True,
        needs="traits",
    ),
    row(
        "spend_tier",
        "Spend tier, by Shopify",
        Kind.CHOICE,
        "What Shopify expects the customer to spend.",
        lambda t: t.traits.spend_tier,
        ("notIn", ["LOW"]),
        values=("HIGH", "MEDIUM", "LOW"),
        asked=True,
        needs="traits",
    ),
    *_bounded(
        "p_alive",
        "Still a customer",
        Kind.SHARE,
        "Probability that the customer has not left for good.",
        (">=", 0.8),
    ),
    row(
        "churn_90",
        "Churn",
        Kind.SHARE,
        "Probability of no order in the next 90 days.",
        score("churn_90"),
        (">", 0.5),
    ),
    *(
        row
        for days in _HORIZONS
        for row in _bounded(
            f"expected_orders_{days}",
            f"Expected orders, {days} days",
            Kind.NUMBER,
            f"Orders expected in the next {days} days.",
            (">=", 1),
        )
    ),
    *(
        row
        for days in _HORIZONS
        for row in _bounded(
            f"clv_{days}",
            f"Value, {days} days",
            Kind.MONEY,
            f"What the customer is expected to bring in within {days} days.",
            ("decile", [9, 10]),
        )
    ),
    *_bounded(
        "next_order",
        "Next order",
        Kind.DATE,
        "The day the next order is expected.",
        ("between", [{"rel": "today"}, {"rel": "+14d"}]),
    ),
)
