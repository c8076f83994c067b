# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""A shop's fitted model for a notebook: what it is, how good it proved, what it says of each customer."""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from xsight_core.analytics import SEGMENTS, Grain, Rfm, day_of
from xsight_core.analytics.periods import label, period
from xsight_core.clv import (
    ACTIONS,
    HORIZONS,
    Holdout,
    Shortage,
    predict,
    reason_words,
    value_totals,
    yearly_totals,
)
from xsight_core.errors import InvalidInput
from xsight_core.services.figures import Forecast

__all__ = ["ShopModel"]


@dataclass(frozen=True, eq=False)
class ShopModel:
    """The champion of ``shop.model()``: chosen on the shop's own past, fitted on everything up to ``as_of``.

    Attributes
    ----------
    state : str
        ``ok``, ``unproven`` (the past is too short to try it), ``no_better_than_a_rule`` (its predictions are not
        shown on dashboards; here they can be looked at) or ``not_enough_data``.
    card : dict
        Everything, as plain JSON.

    Examples
    --------
    >>> model = shop.model()  # doctest: +SKIP
    >>> model.evidence  # every model and rule of thumb on the last 90 days  # doctest: +SKIP
    >>> model.curve  # chance of no order as forecast, and as seen  # doctest: +SKIP
    >>> model.predictions().nlargest(10, "clv_365")  # doctest: +SKIP
    """

    forecast: Forecast
    scored: Rfm
    exponent: int

    @property
    def state(self) -> str:
        """Whether its predictions deserve to be shown."""
        return self.forecast.choice.state

    @property
    def card(self) -> dict[str, Any]:
        """Parameters, covariance, evidence, calibration and warnings."""
        return self.forecast.choice.card()

    @property
    def parameters(self) -> pd.Series:
        """Of the purchase model (r, alpha in days, a, b) and the spend model (p, q, v in minor units)."""
        card = self.card
        fitted = [card[part] for part in ("purchases", "spend") if card[part]]
        values = {name: v for model in fitted for name, v in model.get("parameters", {}).items()}
        return pd.Series(values, dtype="float64", name=self.forecast.choice.champion or None)

    @cached_property
    def evidence(self) -> pd.DataFrame:
        """Models and rules of thumb on the holdout: a row each, by Brier score; empty where it could not be made.

        ``brier``, ``log_loss`` and ``ece`` judge the chance of no order in 90 days, ``mae``, ``rank_correlation`` and
        ``top_decile_lift`` the orders expected.
        """
        names = [
            "kind",
            "mae",
            "rank_correlation",
            "top_decile_lift",
            "brier",
            "log_loss",
            "ece",
            "orders_predicted",
        ]
        found = self.forecast.choice.evidence
        rows = (
            []
            if isinstance(found, Shortage)
            else [[one.name, *(getattr(one, name) for name in names)] for one in found.candidates]
        )
        frame = pd.DataFrame(rows, columns=["candidate", *names]).set_index("candidate")
        return frame.sort_values("brier")

    @property
    def curve(self) -> pd.DataFrame:
        """Calibration of the champion on the holdout: chance of no order as forecast, and as seen, by band."""
        found = self.forecast.choice.evidence
        rows: list[list[float]] = []
        if isinstance(found, Holdout):
            rows = next(one.curve for one in found.candidates if one.name == found.champion)
        return pd.DataFrame(rows, columns=["forecast", "seen", "customers"])

    def predictions(self) -> pd.DataFrame:
        """One row per customer who bought: chances, expected orders and value with 90 % intervals, reasons, action.

        Also where the model lost to a rule of thumb: look at ``state`` before you believe it. Money is in the shop's
        currency.

        Raises
        ------
        NotEnoughData
            There is no model.
        """
        found = predict(self.forecast.choice, self.forecast.summary)
        index = pd.Index(self.scored.buyers.customer_id, name="customer_id")
        if isinstance(found, Shortage):
            return pd.DataFrame(index=index)
        scale = 10**self.exponent
        columns: dict[str, Any] = {
            "segment": [SEGMENTS[code].key for code in self.scored.segment],
            "p_alive": found.p_alive,
            "p_alive_low": found.p_alive_low,
            "p_alive_high": found.p_alive_high,
            "churn_90": found.churn_90,
            "p_order_365": found.p_order_365,
            "next_order_on": pd.to_datetime(found.next_order_day, unit="D"),
        }
        for k, days in enumerate(HORIZONS):
            columns[f"expected_orders_{days}"] = found.expected_orders[:, k]
            columns[f"expected_orders_{days}_low"] = found.expected_orders_low[:, k]
            columns[f"expected_orders_{days}_high"] = found.expected_orders_high[:, k]
        bounds = (found.clv_minor, found.clv_minor_low, found.clv_minor_high)
        for (k, days), (minor, name) in (
            (horizon, bound)
            for horizon in enumerate(HORIZONS)
            for bound in zip(bounds, ("", "_low", "_high"), strict=True)
        ):
            if minor is not None:
                columns[f"clv_{days}{name}"] = minor[:, k] / scale
        columns["reasons"] = [
            " ".join(reason_words(self.forecast.summary, found.reasons, i))
            for i in range(len(found))
        ]
        columns["action"] = [ACTIONS[code].text for code in found.action]
        return pd.DataFrame(columns, index=index)

    def shown(self) -> pd.DataFrame:
        """The predictions as dashboards would show them: missing where the model lost to a rule of thumb."""
        frame, choice = self.predictions(), self.forecast.choice
        hidden = [name for name in frame.columns if name != "segment"]
        if choice.shown:
            hidden = [name for name in hidden if name.startswith("clv_") and not choice.value_shown]
        return frame.assign(**dict.fromkeys(hidden, np.nan))

    def value(self, years: int = 3) -> pd.DataFrame:
        """Discounted value of all customers in each of the coming years (1 to 5), with 90 % intervals."""
        found = yearly_totals(self.forecast.choice, self.forecast.summary, years)
        index = pd.RangeIndex(1, years + 1, name="year")
        if isinstance(found, Shortage):
            return pd.DataFrame(index=index, columns=["value", "low", "high"], dtype="float64")
        bounds = (found.clv_minor, found.clv_minor_low, found.clv_minor_high)
        columns = np.vstack(bounds).T / 10**self.exponent
        return pd.DataFrame(columns, index=index, columns=["value", "low", "high"])

    def totals(self, by: str = "segment", days: int = 365) -> pd.DataFrame:
        """Orders and discounted value to expect of each group of customers, with 90 % intervals.

        Parameters
        ----------
        by : str
            ``segment``, or ``week``, ``month``, ``quarter``, ``year``: the cohort of the first order.
        days : int
            30, 90, 180 or 365.
        """
        if days not in HORIZONS:
            raise InvalidInput("days", f"Totals are of {', '.join(map(str, HORIZONS))} days.")
        choice, summary = self.forecast.choice, self.forecast.summary
        names: list[str]
        if by == "segment":
            code, names = self.scored.segment.astype(np.int64), [s.key for s in SEGMENTS]
        elif by in set(Grain) - {Grain.DAY}:
            periods = period(choice.as_of - summary.T.astype(np.int64), Grain(by))
            first = int(periods.min()) if len(periods) else 0
            code = periods - first
            names = [label(first + k, Grain(by)) for k in range(int(code.max(initial=-1)) + 1)]
        else:
            raise InvalidInput("by", "Totals go by segment, week, month, quarter or year.")
        columns = ["expected_orders", "expected_orders_low", "expected_orders_high"]
        money = ["clv_minor", "clv_minor_low", "clv_minor_high"]
        found = value_totals(choice, summary, {by: code})
        if isinstance(found, Shortage):
            return pd.DataFrame(columns=["customers", *columns, "clv", "clv_low", "clv_high"])
        groups, k = found[by], HORIZONS.index(days)
        frame = pd.DataFrame(
            {"customers": groups.customers}, pd.Index(names[: len(groups.customers)], name=by)
        )
        for name in (*columns, *money):
            values = getattr(groups, name)
            scale = 10**self.exponent if name in money else 1
            frame[name.replace("_minor", "")] = np.nan if values is None else values[:, k] / scale
        return frame.loc[frame["customers"] > 0]

    def __repr__(self) -> str:
        choice = self.forecast.choice
        return (
            f"<ShopModel {choice.champion or 'none'}, {self.state}, as of {day_of(choice.as_of)}>"
        )

    def _repr_html_(self) -> str:
        """Champion, evidence and what to mind."""
        choice = self.forecast.choice
        said = choice.shortage.message if choice.shortage else " ".join(choice.warnings)
        table = self.evidence[["kind", "brier", "ece", "mae"]].round(4).to_html(border=0)
        return (
            f"<b>{escape(choice.champion or 'No model')}</b>: {escape(self.state.replace('_', ' '))}, "
            f"as of {day_of(choice.as_of)}<br>{table}<small>{escape(said)}</small>"
        )
