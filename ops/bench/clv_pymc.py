# pyright: reportMissingImports=false
"""pymc-marketing on the same customers, in an environment of its own: ``python clv_pymc.py customers.npz``.

Prints one JSON object. MAP with flat priors, so that its optimum is that of the likelihood; importing and compiling are
not counted (a small fit comes first).
"""

import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
from pymc_extras.prior import Prior
from pymc_marketing.clv import BetaGeoModel, GammaGammaModel

__all__: list[str] = []


def fitted(kind: type, frame: Any, names: str) -> Any:
    """The model at the mode."""
    priors = {name: Prior("HalfFlat") for name in names.split()}
    model = kind(model_config=priors)
    model.fit(frame, method="map", progressbar=False)
    return model


def main() -> None:
    """Small run, then the one that counts."""
    with np.load(sys.argv[1]) as columns:
        frame = pd.DataFrame({name: columns[name] for name in columns.files})
    frame.insert(0, "customer_id", np.arange(len(frame)))
    seconds: dict[str, float] = {}
    for part in (frame.head(2_000), frame):
        repeat = part[part["frequency"] > 0]
        started = time.perf_counter()
        purchases = fitted(BetaGeoModel, part.drop(columns="monetary_value"), "r alpha a b")
        spend = fitted(GammaGammaModel, repeat, "p q v")
        seconds["fit"] = time.perf_counter() - started
        purchases.expected_probability_alive(part)
        purchases.expected_purchases(part, future_t=90)
        value = spend.expected_customer_lifetime_value(
            purchases, part, future_t=12, discount_rate=0.01, time_unit="D"
        )
        seconds["all"] = time.perf_counter() - started
    found = {
        name: float(model.fit_result[name].item())
        for model, names in ((purchases, "r alpha a b"), (spend, "p q v"))
        for name in names.split()
    }
    total = float(np.asarray(value).sum())
    print(json.dumps({"seconds": seconds, "parameters": found, "clv": total}))


if __name__ == "__main__":
    main()
