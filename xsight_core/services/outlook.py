"""What is expected of a shop's customers, as JSON: churn and lifetime value with the evidence for them.

``state`` says how far to trust it: ``ok``, ``unproven`` (no past to try it on), ``no_better_than_a_rule`` (the evidence
is there, predictions are not) or ``not_enough_data``.
"""

from typing import Any, Final

import numpy as np

from xsight_core.analytics import SEGMENTS, Grain, day_of
from xsight_core.analytics.periods import label, period
from xsight_core.clv import (
    HORIZONS,
    Holdout,
    Predictions,
    Shortage,
    value_totals,
    yearly_totals,
)
from xsight_core.clv import Totals as ValueTotals
from xsight_core.services.drift import Drift
from xsight_core.services.figures import Forecast
from xsight_core.services.parts import Json

__all__ = [
    "AT_RISK",
    "churn_part",
    "evidence_part",
    "shortage_part",
    "value_by_cohort_part",
    "value_part",
    "yearly_value_part",
]

AT_RISK: Final = 0.5
"""A repeat customer whose chance of no order in the next 90 days is at least this is at risk."""

CHURN_DAYS: Final = 90
VALUE_DAYS: Final = HORIZONS[-1]
_BANDS: Final = 10


def churn_part(forecast: Forecast, drift: Drift | None = None) -> Json:
    """Chance of no order in the next 90 days, over all customers."""
    choice, found = forecast.choice, forecast.predictions
    proof = _evidence(forecast)
    if found is None:
        if choice.shortage is not None:
            return shortage_part(choice.shortage)
        return {
            "state": choice.state,
            "horizon_days": CHURN_DAYS,
            "message": "On this store's own past the models were no better than a rule of thumb, so no prediction is "
            "shown.",
            "evidence": proof,
            "drift": drift.card() if drift else None,
        }
    bands = np.minimum((found.churn_90 * _BANDS).astype(int), _BANDS - 1)
    at_risk = (found.churn_90 >= AT_RISK) & (forecast.summary.frequency > 0)
    return {
        "state": choice.state,
        "horizon_days": CHURN_DAYS,
        "customers": len(found),
        "expected_churn": float(found.churn_90.sum()),
        "at_risk": int(np.count_nonzero(at_risk)),
        "histogram": np.bincount(bands, minlength=_BANDS).tolist(),
        "calibrated": choice.calibration is not None,
        "model": choice.card()["purchases"],
        "evidence": proof,
        "drift": drift.card() if drift else None,
    }


def value_part(forecast: Forecast) -> Json:
    """Expected discounted net sales of today's customers, with 90 % intervals; in all and by segment."""
    shown = _value(forecast)
    if isinstance(shown, dict):
        return shown
    choice, (found, whole) = forecast.choice, shown
    ahead = _ahead(whole, 0)
    if found.clv_minor is not None:
        for k, horizon in enumerate(ahead):  # the sum of what is stored of each customer
            horizon["clv_minor"] = int(np.rint(found.clv_minor[:, k]).sum())
    last = ahead[-1]
    by_segment = forecast.by_segment
    return {
        "state": choice.state,
        "horizon_days": VALUE_DAYS,
        "total_minor": last["clv_minor"],
        "total_minor_low": last["clv_minor_low"],
        "total_minor_high": last["clv_minor_high"],
        "mean_minor": round(last["clv_minor"] / max(len(found), 1)),
        "horizons": ahead,
        "segments": []
        if by_segment is None
        else [
            {"key": segment.key, **_ahead(by_segment, code)[-1]}
            for code, segment in enumerate(SEGMENTS)
            if code < len(by_segment.customers) and by_segment.customers[code]
        ],
        "model": choice.card()["spend"],
        "evidence": _evidence(forecast),
    }


def value_by_cohort_part(forecast: Forecast, grain: Grain) -> Json:
    """The same by the period of the first order, the earliest first; customers who came in one are a cohort."""
    shown = _value(forecast)
    if isinstance(shown, dict):
        return shown
    choice, summary = forecast.choice, forecast.summary
    periods = period(choice.as_of - summary.T.astype(np.int64), grain)
    first = int(periods.min())
    totals = value_totals(choice, summary, {"cohort": periods - first})
    if isinstance(totals, Shortage):
        return shortage_part(totals)
    cohort = totals["cohort"]
    return {
        "state": choice.state,
        "grain": str(grain),
        "cohorts": [
            {"cohort": label(first + code, grain), "horizons": _ahead(cohort, code)}
            for code in np.flatnonzero(cohort.customers).tolist()
        ],
    }


def yearly_value_part(forecast: Forecast, years: int) -> Json:
    """Expected discounted net sales of today's customers in each of the coming years, with 90 % intervals."""
    shown = _value(forecast)
    if isinstance(shown, dict):
        return shown
    found = yearly_totals(forecast.choice, forecast.summary, years)
    if isinstance(found, Shortage):
        return shortage_part(found)
    return {
        "state": forecast.choice.state,
        "customers": len(forecast.summary),
        "years": [
            {
                "year": k + 1,
                "clv_minor": round(float(found.clv_minor[0, k])),
                "clv_minor_low": round(float(found.clv_minor_low[0, k])),
                "clv_minor_high": round(float(found.clv_minor_high[0, k])),
            }
            for k in range(years)
        ],
    }


def _value(forecast: Forecast) -> tuple[Predictions, ValueTotals] | Json:
    """What is forecast, or why no lifetime value may be shown."""
    choice, found, whole = forecast.choice, forecast.predictions, forecast.whole
    if isinstance(choice.spend, Shortage):
        return shortage_part(choice.spend)
    if found is not None and whole is not None and whole.clv_minor is not None:
        if choice.value_shown:
            return found, whole
        message = (
            "On this store's own past the forecast of spend was no better than last year's spend, so no value is "
            "shown."
        )
    else:
        message = "The forecast of orders was no better than a rule of thumb, so no value is shown."
    return {
        "state": "no_better_than_a_rule",
        "horizon_days": VALUE_DAYS,
        "message": message,
        "evidence": _evidence(forecast),
    }


def evidence_part(evidence: Holdout) -> Json:
    """The champion on the holdout, and every candidate beside it."""
    champion = next(c for c in evidence.candidates if c.name == evidence.champion)
    counted = sum(band[2] for band in champion.curve)
    card = evidence.card()
    return {
        "state": "ok",
        "horizon_days": evidence.horizon_days,
        "cutoff": day_of(evidence.cutoff).isoformat(),
        "customers": evidence.customers,
        "champion": evidence.champion,
        "observed": evidence.silent,
        "predicted": sum(p * n for p, _, n in champion.curve) / counted if counted else 0.0,
        "brier": champion.brier,
        "log_loss": champion.log_loss,
        "calibration_error": champion.ece,
        "mae": champion.mae,
        "rank_correlation": champion.rank_correlation,
        "top_decile_lift": champion.top_decile_lift,
        "baselines": {c.name: c.brier for c in evidence.candidates if c.kind == "rule"},
        "skill": evidence.skill,
        "beats_baseline": evidence.beats_rules,
        "orders_predicted": champion.orders_predicted,
        "orders_observed": evidence.orders,
        "repaired": evidence.calibration is not None,
        "curve": champion.curve,
        "candidates": [
            {name: value for name, value in candidate.items() if name != "curve"}
            for candidate in card["candidates"]
        ],
        "value": card["value"],
    }


def shortage_part(missing: Shortage) -> Json:
    """What a prediction lacks."""
    return {
        "state": "not_enough_data",
        "have": missing.have,
        "need": missing.need,
        "message": missing.message,
    }


def _evidence(forecast: Forecast) -> Json:
    evidence = forecast.choice.evidence
    return shortage_part(evidence) if isinstance(evidence, Shortage) else evidence_part(evidence)


def _ahead(totals: ValueTotals, group: int) -> list[Json]:
    """Orders and value of a group by horizon."""
    columns: dict[str, Any] = {
        "expected_orders": totals.expected_orders,
        "expected_orders_low": totals.expected_orders_low,
        "expected_orders_high": totals.expected_orders_high,
        "clv_minor": totals.clv_minor,
        "clv_minor_low": totals.clv_minor_low,
        "clv_minor_high": totals.clv_minor_high,
    }
    return [
        {"days": days, "customers": int(totals.customers[group])}
        | {
            name: None
            if values is None
            else round(float(values[group, k]))
            if name.startswith("clv")
            else round(float(values[group, k]), 3)
            for name, values in columns.items()
        }
        for k, days in enumerate(HORIZONS)
    ]
