"""How good the forecast would have been on this shop's own past, beside rules of thumb."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from xsight_core.clv.calibration import Calibration, calibrate
from xsight_core.clv.likelihood import Theta
from xsight_core.clv.measures import Measures, SpendMeasures, measure, measure_spend
from xsight_core.clv.prior import DEFAULT_PRIORS, Prior
from xsight_core.clv.purchases import BetaGeoFitter, ModifiedBetaGeoFitter
from xsight_core.clv.rules import RULES, LookBack, forecast_by_rule
from xsight_core.clv.shortage import CHURN_DAYS, Shortage, churn_shortage, fit_spend
from xsight_core.clv.spend import GammaGammaFitter
from xsight_core.clv.summary import Array
from xsight_core.clv.visits import Visits

__all__ = ["MODELS", "Holdout", "holdout"]

MODELS: tuple[type[BetaGeoFitter], ...] = (ModifiedBetaGeoFitter, BetaGeoFitter)
"""Pareto/NBD is not among them; docs/models.md says why."""

_YEAR_DAYS = 365


@dataclass(frozen=True)
class Holdout:
    """Forecasts made ``horizon_days`` ago from what was known then, held against what happened.

    Attributes
    ----------
    cutoff : int
        The shop's day on which they were made.
    customers : int
        Who had bought by then.
    silent : float
        Share of them without an order in the horizon.
    orders, spend : int, float
        What they bought in it: days with an order, and money.
    candidates : list of Measures
        Models and rules, the best of each kind first.
    value : list of SpendMeasures
        The champion's forecast of spend and last year's spend in proportion; empty where spend cannot be modelled.
    champion : str
        The model with the lowest Brier score.
    skill : float
        1 - its Brier score / that of the best rule; not above 0: no better than a rule of thumb.
    calibration : Calibration or None
        Repair of the champion's P(no order) where that helps; its measures are then those after a cross-fitted repair.
    start : dict of str to theta
        Where each model's optimum was.
    """

    horizon_days: int
    cutoff: int
    customers: int
    silent: float
    orders: int
    spend: float
    candidates: list[Measures]
    value: list[SpendMeasures]
    champion: str
    skill: float
    calibration: Calibration | None
    start: Mapping[str, Theta]

    @property
    def beats_rules(self) -> bool:
        """The champion is better than each rule of thumb."""
        return self.skill > 0

    @property
    def value_beats_rule(self) -> bool:
        """The forecast of spend is not worse than last year's spend both in distance and in order."""
        if not self.value:
            return False
        model, rule = self.value
        return model.mae <= rule.mae or model.rank_correlation >= rule.rank_correlation

    def card(self) -> dict[str, Any]:
        """Plain JSON, to show beside the forecast."""
        own = ("horizon_days", "cutoff", "customers", "silent", "orders", "spend", "champion")
        return {name: getattr(self, name) for name in own} | {
            "skill": self.skill,
            "beats_rules": self.beats_rules,
            "value_beats_rule": self.value_beats_rule,
            "repaired": self.calibration is not None,
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "value": [asdict(candidate) for candidate in self.value],
        }


def holdout(
    visits: Visits,
    as_of: int,
    horizon_days: int = CHURN_DAYS,
    *,
    priors: Mapping[str, Prior] = DEFAULT_PRIORS,
    start: Mapping[str, Theta] | None = None,
) -> Holdout | Shortage:
    """Refit at ``as_of - horizon_days`` on what was known then and score every candidate on the days since."""
    cutoff = as_of - horizon_days
    summary = visits.summary(cutoff)
    missing = churn_shortage(summary)
    if missing:
        return Shortage("backtest", missing.have, missing.need, missing.reason)
    known = visits.past(cutoff).known
    seen = visits.count(cutoff, as_of)[known]
    columns = (summary.frequency, summary.recency, summary.T)
    fitted: dict[str, BetaGeoFitter] = {}
    forecasts: dict[str, tuple[Array, Array]] = {}
    models: list[Measures] = []
    for kind in MODELS:
        model = kind().fit(
            *columns, prior=priors.get(kind.name), start=(start or {}).get(kind.name)
        )
        silent = model.probability_of_no_purchase(horizon_days, *columns)
        orders = model.conditional_expected_number_of_purchases_up_to_time(horizon_days, *columns)
        fitted[kind.name], forecasts[kind.name] = model, (silent, orders)
        models.append(measure(kind.name, "model", silent, orders, seen))
    back = LookBack.of(visits, cutoff, horizon_days)
    rules = [
        measure(name, "rule", made.silent, made.orders, seen)
        for name in RULES
        for made in [forecast_by_rule(name, back)]
    ]
    models.sort(key=lambda one: one.brier)
    rules.sort(key=lambda one: one.brier)
    champion = models[0].name
    silent, orders = forecasts[champion]
    calibration, repaired = calibrate(silent, (seen == 0).astype(float))
    if calibration is not None:
        models[0] = measure(champion, "model", repaired, orders, seen)
    spent = visits.spent(cutoff, as_of)[known]
    spend = fit_spend(summary)
    value: list[SpendMeasures] = []
    if isinstance(spend, GammaGammaFitter):
        each = spend.conditional_expected_average_profit(summary.frequency, summary.monetary_value)
        lately = visits.spent(cutoff - _YEAR_DAYS, cutoff)[known] * (horizon_days / _YEAR_DAYS)
        value = [
            measure_spend(f"{champion} × {spend.name}", "model", orders * each, spent),
            measure_spend("repeat past year", "rule", lately, spent),
        ]
    return Holdout(
        horizon_days=horizon_days,
        cutoff=cutoff,
        customers=len(seen),
        silent=float((seen == 0).mean()),
        orders=int(seen.sum()),
        spend=float(spent.sum()),
        candidates=[*models, *rules],
        value=value,
        champion=champion,
        skill=1 - models[0].brier / rules[0].brier if rules[0].brier > 0 else 0.0,
        calibration=calibration,
        start={name: model.theta_ for name, model in fitted.items()},
    )
