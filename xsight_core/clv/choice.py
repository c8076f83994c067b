"""Which model a shop's predictions come from, and whether they deserve to be shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from xsight_core.clv.calibration import Calibration
from xsight_core.clv.holdout import MODELS, Holdout, holdout
from xsight_core.clv.outlook import ANNUAL_DISCOUNT
from xsight_core.clv.pooling import Digest
from xsight_core.clv.prior import DEFAULT_PRIORS, Prior
from xsight_core.clv.purchases import BetaGeoFitter, ModifiedBetaGeoFitter
from xsight_core.clv.shortage import CHURN_DAYS, NEED, Shortage, churn_shortage, fit_spend
from xsight_core.clv.spend import GammaGammaFitter
from xsight_core.clv.summary import Array
from xsight_core.clv.visits import Visits

__all__ = ["Choice", "State", "choose"]

State = Literal["ok", "unproven", "no_better_than_a_rule", "not_enough_data"]

CORRELATED = 0.3
"""|correlation of ln orders and ln spend| from which Gamma-Gamma's independence does not hold."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A shop's models, fitted on all it has, and the evidence for them.

    Attributes
    ----------
    as_of : int
        The shop's day up to which orders were seen.
    state : str
        ``ok``: the champion beat every rule of thumb on the holdout. ``unproven``: fitted, but the past is too short
        for a holdout. ``no_better_than_a_rule``: it lost; the evidence is reported, the predictions are not shown.
        ``not_enough_data``: see ``shortage``.
    champion : str
        Name of the model used; empty where there is none.
    purchases : BetaGeoFitter or None
        The champion.
    lasting : ModifiedBetaGeoFitter or None
        Whose p_alive is shown, whichever model is the champion.
    spend : GammaGammaFitter or Shortage
    evidence : Holdout or Shortage
    warnings : list of str
        What the merchant should know about the numbers.
    digests : dict of str to Digest
        What other shops of the installation may learn from this one (see ``pooling``).
    """

    as_of: int
    state: State
    shortage: Shortage | None
    champion: str
    purchases: BetaGeoFitter | None
    lasting: ModifiedBetaGeoFitter | None
    spend: GammaGammaFitter | Shortage
    evidence: Holdout | Shortage
    warnings: list[str] = field(default_factory=list[str])
    digests: dict[str, Digest] = field(default_factory=dict[str, Digest])

    @property
    def shown(self) -> bool:
        """Predictions of this choice may be shown; ``unproven`` ones with that word."""
        return self.state in {"ok", "unproven"}

    @property
    def value_shown(self) -> bool:
        """Lifetime values may be shown: the spend model fits, and where it could be tried it did not lose."""
        if not self.shown or isinstance(self.spend, Shortage):
            return False
        evidence = self.evidence
        return isinstance(evidence, Shortage) or not evidence.value or evidence.value_beats_rule

    @property
    def calibration(self) -> Calibration | None:
        """Repair of the champion's P(no order), where it helps."""
        return self.evidence.calibration if isinstance(self.evidence, Holdout) else None

    def card(self) -> dict[str, Any]:
        """Plain JSON: the model card of a run. ``warm`` is for the next ``choose``."""
        return {
            "as_of": self.as_of,
            "state": self.state,
            "shown": self.shown,
            "value_shown": self.value_shown,
            "champion": self.champion,
            "shortage": _said(self.shortage),
            "purchases": _purchases_card(self.purchases),
            "spend": _spend_card(self.spend),
            "evidence": _said(self.evidence)
            if isinstance(self.evidence, Shortage)
            else self.evidence.card(),
            "calibration": self.calibration.card() if self.calibration else None,
            "warnings": self.warnings,
            "warm": self._warm(),
        }

    def _warm(self) -> dict[str, list[float]]:
        fitted = {m.name: m.theta_ for m in (self.lasting, self.purchases) if m is not None}
        evidence = self.evidence
        if isinstance(evidence, Holdout):
            fitted = {**evidence.start, **fitted}
        return {name: theta.tolist() for name, theta in fitted.items()}


def choose(
    customer: Array,
    day: Array,
    spend: Array,
    as_of: int,
    *,
    priors: Mapping[str, Prior] = DEFAULT_PRIORS,
    warm: Mapping[str, list[float]] | None = None,
) -> Choice:
    """Try every model on the shop's own past, take the best, and fit it on everything up to ``as_of``.

    Parameters
    ----------
    customer, day, spend : arrays
        One entry per order; days of the shop's calendar, spend net of returns in one currency, usually minor units. An
        order whose goods all came back stays in, with a spend of 0. Later orders are ignored.
    as_of : int
        The last day seen.
    priors : dict of str to Prior
        By model; ``pooling.pool`` makes one from an installation's shops.
    warm : dict, optional
        ``card()["warm"]`` of an earlier choice: the climb begins there. It changes speed, not results.
    """
    visits = Visits.of(customer, day, spend)
    summary = visits.summary(as_of)
    shortage = churn_shortage(summary)
    if shortage is not None:
        value = Shortage("clv", shortage.have, NEED["clv"], shortage.reason)
        return Choice(as_of, "not_enough_data", shortage, "", None, None, value, shortage)
    start = {name: np.asarray(theta, float) for name, theta in (warm or {}).items()}
    evidence = holdout(visits, as_of, CHURN_DAYS, priors=priors, start=start)
    champion = evidence.champion if isinstance(evidence, Holdout) else MODELS[0].name
    if isinstance(evidence, Holdout):
        start = {**evidence.start, **start}
    fitted: dict[str, BetaGeoFitter] = {}
    for kind in MODELS:
        if kind.name in {champion, ModifiedBetaGeoFitter.name}:
            columns = (summary.frequency, summary.recency, summary.T)
            fitted[kind.name] = kind().fit(
                *columns, prior=priors.get(kind.name), start=start.get(kind.name)
            )
    lasting = fitted[ModifiedBetaGeoFitter.name]
    state: State = "unproven"
    if isinstance(evidence, Holdout):
        state = "ok" if evidence.beats_rules else "no_better_than_a_rule"
    value = fit_spend(summary)
    return Choice(
        as_of=as_of,
        state=state,
        shortage=None,
        champion=champion,
        purchases=fitted[champion],
        lasting=lasting if isinstance(lasting, ModifiedBetaGeoFitter) else None,
        spend=value,
        evidence=evidence,
        warnings=_warnings(fitted[champion], value),
        digests={name: Digest.of(model, priors.get(name)) for name, model in fitted.items()},
    )


def _warnings(model: BetaGeoFitter, spend: GammaGammaFitter | Shortage) -> list[str]:
    said: list[str] = []
    if not model.converged_:
        said.append("The climb to the best parameters did not end: take the numbers as rough.")
    if isinstance(spend, GammaGammaFitter) and abs(spend.log_correlation_) > CORRELATED:
        way = "more" if spend.log_correlation_ > 0 else "less"
        said.append(
            f"Customers who order often spend {way} per order (correlation {spend.log_correlation_:.2f}): "
            "values assume that they do not, and are off for them."
        )
    return said


def _said(shortage: Shortage | None) -> dict[str, Any] | None:
    if shortage is None:
        return None
    return {
        "state": "not_enough_data",
        "have": shortage.have,
        "need": shortage.need,
        "message": shortage.message,
    }


def _purchases_card(model: BetaGeoFitter | None) -> dict[str, Any] | None:
    if model is None:
        return None
    known = np.isfinite(model.covariance_).all()
    return {
        "name": model.name,
        "unit": "day",
        "parameters": model.params_,
        "theta": model.theta_.tolist(),
        "covariance": model.covariance_.tolist() if known else None,
        "log_likelihood": model.log_likelihood_,
        "converged": model.converged_,
    }


def _spend_card(spend: GammaGammaFitter | Shortage) -> dict[str, Any] | None:
    if isinstance(spend, Shortage):
        return _said(spend)
    return {
        "name": spend.name,
        "parameters": spend.params_,
        "log_likelihood": spend.log_likelihood_,
        "log_correlation": spend.log_correlation_,
        "mean": spend.mean,
        "annual_discount": ANNUAL_DISCOUNT,
        "converged": spend.converged_,
    }
