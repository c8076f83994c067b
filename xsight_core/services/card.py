"""The model card of a run: which data, which rules, which models, how good they proved, what to mind."""

from typing import Any, Final

import numpy as np

from xsight_core.analytics import SEGMENTS, day_of
from xsight_core.clv import ChurnScores, Evidence, Shortage, ValueScores
from xsight_core.db.insights import InsightRun
from xsight_core.ledger import ShopState
from xsight_core.services.drift import Drift
from xsight_core.services.figures import Figures

__all__ = ["AT_RISK", "model_card", "shortage", "summary"]

AT_RISK: Final = 0.5
"""A repeat customer whose chance of no order in the next 90 days is at least this is at risk."""

_MANY_GUESTS: Final = 0.5
_CORRELATED: Final = 0.3

Json = dict[str, Any]


def summary(result: Figures) -> Json:
    """A few numbers of a run, small enough to keep for years: trends and the drift alarm are made of them."""
    totals, churn, value, evidence = result.totals, result.churn, result.value, result.evidence
    sizes = np.bincount(result.rfm.segment, minlength=len(SEGMENTS))
    at_risk: int | None = None
    expected: float | None = None
    if isinstance(churn, ChurnScores):
        at_risk = int(
            np.count_nonzero((churn.churn_90 >= AT_RISK) & (result.purchases.frequency > 0))
        )
        expected = round(float(churn.churn_90.sum()), 3)
    return {
        "customers": totals.buyers,
        "orders": totals.orders,
        "net_minor": totals.revenue_minor,
        "repeat_rate": totals.repeat_rate,
        "segments": {s.key: int(n) for s, n in zip(SEGMENTS, sizes, strict=True)},
        "at_risk": at_risk,
        "expected_churn": expected,
        "clv_365_minor": int(np.rint(value.clv_365).sum())
        if isinstance(value, ValueScores)
        else None,
        "holdout": {
            "brier": evidence.brier,
            "skill": evidence.skill,
            "customers": evidence.customers,
        }
        if isinstance(evidence, Evidence)
        else None,
    }


def model_card(
    result: Figures, shop: ShopState, customers: int, run: InsightRun, change: Drift | None
) -> Json:
    """Everything one needs to know to trust the run's numbers, or not to. Plain JSON, no personal data."""
    return {
        "run": {
            "id": str(run.id),
            "kind": run.kind,
            "as_of": run.as_of.isoformat(),
            "computed_at": run.computed_at.isoformat(),
            "data_version": run.data_version,
            "duration_s": run.duration_s,
        },
        "data": _data(result, shop, customers),
        "rules": {
            "orders": result.orders.rule.version,
            "rfm": dict(run.parameters["thresholds"]),
            "method": run.parameters["method_version"],
        },
        "models": {
            "churn": _model(result.churn),
            "value": _model(result.value),
        },
        "evidence": _evidence(result),
        "drift": change.card() if change else None,
        "warnings": _warnings(result, shop, change),
    }


def _data(result: Figures, shop: ShopState, customers: int) -> Json:
    orders, buyers = result.orders, result.buyers
    return {
        "customers": customers,
        "buyers": len(buyers),
        "repeat_customers": int(np.count_nonzero(result.purchases.frequency > 0)),
        "orders": len(orders),
        "guest_orders": result.totals.guest_orders,
        "first_order_on": day_of(int(orders.day[0])).isoformat() if len(orders) else None,
        "last_order_on": day_of(int(orders.day[-1])).isoformat() if len(orders) else None,
        "history_since": shop.history_since.isoformat() if shop.history_since else None,
        "currency": shop.currency,
        "timezone": shop.timezone,
    }


def _model(model: ChurnScores | ValueScores | Shortage) -> Json:
    if isinstance(model, Shortage):
        return shortage(model)
    return {"state": "ok", **model.card()}


def _evidence(result: Figures) -> Json:
    evidence = result.evidence
    if isinstance(evidence, Shortage):
        return shortage(evidence)
    return {"state": "ok", **evidence.card(), "cutoff": day_of(evidence.cutoff).isoformat()}


def shortage(missing: Shortage) -> Json:
    """What a prediction lacks, as every document and answer says it."""
    return {
        "state": "not_enough_data",
        "have": missing.have,
        "need": missing.need,
        "message": missing.message,
    }


def _warnings(result: Figures, shop: ShopState, change: Drift | None) -> list[Json]:
    """What to mind, each with a code for programs and words for people."""
    found: list[tuple[str, str]] = []
    totals, value, evidence = result.totals, result.value, result.evidence
    if shop.history_since is not None:
        found.append(
            (
                "short_history",
                f"Orders before {shop.history_since:%d %b %Y} are not shared with XSight: older customers look new.",
            )
        )
    if totals.orders and totals.guest_orders > _MANY_GUESTS * totals.orders:
        share = totals.guest_orders / totals.orders
        found.append(
            (
                "many_guests",
                f"{share:.0%} of the orders have no customer; they teach the models nothing.",
            )
        )
    if isinstance(evidence, Evidence) and evidence.skill <= 0:
        found.append(
            (
                "no_better_than_a_rule",
                "On this shop's own past the forecast was no better than a rule of thumb.",
            )
        )
    if isinstance(value, ValueScores) and abs(value.model.log_correlation_) > _CORRELATED:
        found.append(
            (
                "spend_follows_frequency",
                "Customers who order often spend differently: values lean on what is not so.",
            )
        )
    if change and change.state == "worse":
        found.append(("drift", change.reason))
    return [{"code": code, "message": message} for code, message in found]
