# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""The metrics as a notebook's Tab key finds them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from xsight_core.analytics import METRICS

__all__ = ["Metrics"]


class Metrics:
    """Call it for the list; an attribute is a metric: ``shop.metrics.net_sales(by="week", since="2026-01-01")``."""

    def __init__(self, metric: Callable[..., Any]) -> None:
        self._metric = metric

    def __call__(self) -> pd.DataFrame:
        """The metrics there are, with units and definitions."""
        rows = [(m.name, str(m.unit), m.description) for m in METRICS.values()]
        return pd.DataFrame(rows, columns=["metric", "unit", "definition"]).set_index("metric")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The metric of that name, which takes what ``shop.metric`` takes after the name."""
        if name not in METRICS:
            raise AttributeError(f"There is no metric {name!r}: shop.metrics() lists them.")
        one = partial(self._metric, name)
        one.__doc__ = (
            f"{METRICS[name].definition} Unit: {METRICS[name].unit}.\n\n{self._metric.__doc__}"
        )
        return one

    def __dir__(self) -> list[str]:
        """What Tab shows."""
        return sorted(METRICS)
