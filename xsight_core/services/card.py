"""The model card of a run: which data, which rules, which models, how good they proved, what to mind."""

from typing import Any, Final

import numpy as np

from xsight_core.analytics import SEGMENTS, day_of
from xsight_core.clv import Holdout
from xsight_core.db.insights import InsightRun
from xsight_core.ledger import ShopState
from xsight_core.services.drift import Drift
from xsight_core.services.figures import Figures
from xsight_core.services.outlook import AT_RISK, evidence_part, shortage_part

__all__ = ["model_card", "summary"]

_MANY_GUESTS: Final = 0.5

Json = dict[str, Any]


def summary(result: Figures) -> Json:
    """A few numbers of a run, small enough to keep for years: trends and the drift alarm are made of them."""
    totals, found, choice = result.totals, result.forecast.predictions, result.forecast.choice
    sizes = np.bincount(result.rfm.segment, minlength=len(SEGMENTS))
    value = found.clv_minor if found is not None and choice.value_shown else None
    repeat = result.forecast.summary.frequency > 0
    return {
        "customers": totals.buyers,
        "orders": totals.orders,
        "net_minor": totals.revenue_minor,
        "repeat_rate": totals.repeat_rate,
        "segments": {s.key: int(n) for s, n in zip(SEGMENTS, sizes, strict=True)},
        "state": choice.state,
        "champion": choice.champion,
        "at_risk": None
        if found is None
        else int(np.count_nonzero((found.churn_90 >= AT_RISK) & repeat)),
        "expected_churn": None if found is None else round(float(found.churn_90.sum()), 3),
        "clv_365_minor": None if value is None else int(np.rint(value[:, -1]).sum()),
        "holdout": _holdout(choice.evidence) if isinstance(choice.evidence, Holdout) else None,
    }


def _holdout(evidence: Holdout) -> Json:
    champion = next(c for c in evidence.candidates if c.name == evidence.champion)
    return {
        "brier": champion.brier,
        "skill": evidence.skill,
        "customers": evidence.customers,
    }


def model_card(
    result: Figures, shop: ShopState, customers: int, run: InsightRun, change: Drift | None
) -> Json:
    """Everything one needs to know to trust the run's numbers, or not to. Plain JSON, no personal data."""
    choice = result.forecast.choice
    card = choice.card()
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
            "prior": run.parameters["prior"],
        },
        "models": {
            "state": choice.state,
            "champion": choice.champion,
            "purchases": card["purchases"],
            "spend": card["spend"],
            "calibration": card["calibration"],
            "shortage": card["shortage"],
        },
        "evidence": evidence_part(choice.evidence)
        if isinstance(choice.evidence, Holdout)
        else shortage_part(choice.evidence),
        "drift": change.card() if change else None,
        "warnings": _warnings(result, shop, change),
    }


def _data(result: Figures, shop: ShopState, customers: int) -> Json:
    orders, buyers = result.orders, result.buyers
    return {
        "customers": customers,
        "buyers": len(buyers),
        "repeat_customers": int(np.count_nonzero(result.forecast.summary.frequency > 0)),
        "orders": len(orders),
        "guest_orders": result.totals.guest_orders,
        "first_order_on": day_of(int(orders.day[0])).isoformat() if len(orders) else None,
        "last_order_on": day_of(int(orders.day[-1])).isoformat() if len(orders) else None,
        "history_since": shop.history_since.isoformat() if shop.history_since else None,
        "currency": shop.currency,
        "timezone": shop.timezone,
    }


def _warnings(result: Figures, shop: ShopState, change: Drift | None) -> list[Json]:
    """What to mind, each with a code for programs and words for people."""
    found: list[tuple[str, str]] = []
    totals, choice = result.totals, result.forecast.choice
    if shop.history_since is not None:
        since = f"{shop.history_since:%d %b %Y}"
        found.append(
            (
                "short_history",
                f"Orders before {since} are not shared with XSight: older customers look new.",
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
    if choice.state == "no_better_than_a_rule":
        found.append(
            (
                "no_better_than_a_rule",
                "On this shop's own past the models were no better than a rule of thumb: no predictions are shown.",
            )
        )
    if choice.state == "unproven":
        found.append(
            (
                "unproven",
                "The shop's past is too short to try the forecast on it: nobody knows how good it is.",
            )
        )
    found += [("models", warning) for warning in choice.warnings]
    if change and change.state == "worse":
        found.append(("drift", change.reason))
    return [{"code": code, "message": message} for code, message in found]
