"""Churn & CLV: who is leaving, what customers are worth, and how far to trust that."""

from typing import Any

from xsight_ui.pages import churn_panels, panels
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["CHURN"]


def _panels(document: Document) -> dict[str, Spec]:
    churn, card = document["churn"], document["card"]
    leaving = panels.churn(churn)
    evidence: dict[str, Any] = card["evidence"]
    names = document["segment_names"]
    as_of = card["run"]["as_of"]
    return {
        "churn": leaving,
        "clv": _value(document["clv"], document["totals"]["buyers"]),
        "risky": churn_panels.at_risk(document["at_risk"], names, leaving.get("state")),
        "spread": churn_panels.spread(document["spread"], leaving.get("state")),
        "calibration": churn_panels.calibration(evidence, as_of),
        "backtest": churn_panels.backtest(evidence, as_of),
        "limits": churn_panels.limits(card["warnings"]),
        "card": churn_panels.model_card(card),
    }


def _value(part: Document, buyers: int) -> Spec:
    """The tile of the Overview, with what is expected sooner beside the year."""
    panel = panels.lifetime_value(part, {"customers": buyers})
    if "state" in panel:
        return panel
    names = ("days", "clv_minor", "clv_minor_low", "clv_minor_high")
    sooner = [{name: ahead[name] for name in names} for ahead in part["horizons"][:-1]]
    return panel | {"sooner": sooner}


CHURN = PageDef(
    key="churn",
    title="Churn & CLV",
    icon="M4 19h16M5 15l4-5 4 3 6-8M15 5h4v4",
    document="churn",
    rows=(
        ("lead", ("churn", "clv")),
        ("full", ("risky",)),
        ("lead", ("backtest", "calibration")),
        ("lead", ("spread", "limits")),
        ("full", ("card",)),
    ),
    panels=_panels,
    over_time=False,
)
