"""Where nothing was done, how often does the interval of the lift hold 0? The long form of a test.

Customers who buy at their own pace, a hold-out of 5 to 20 % drawn as the product draws it, and what both arms do in the
90 days after: 94 to 96 % of the 95 % intervals are to hold 0, for orders and for sales.
"""

import numpy as np

from xsight_core.analytics.lift import difference
from xsight_core.services.lots import draw_held

CUSTOMERS, RUNS = 4_000, 10_000
LOW, HIGH = 0.94, 0.96


def coverage(runs: int) -> dict[str, float]:
    """The share of intervals that hold 0."""
    rng = np.random.default_rng(20261122)
    hits = {"orders": 0, "sales": 0}
    for run in range(runs):
        rate = rng.gamma(0.8, 0.5, CUSTOMERS)
        before = rate * rng.gamma(4, 15, CUSTOMERS)
        held = np.zeros(CUSTOMERS, np.bool_)
        held[list(draw_held(before.tolist(), rng.uniform(0.05, 0.2), run))] = True
        orders = rng.poisson(rate)
        for name, values in (
            ("orders", orders),
            ("sales", orders * rng.gamma(4, 15, CUSTOMERS)),
        ):
            found = difference(values[~held], values[held], (before[~held], before[held]))
            hits[name] += found.low is not None and found.low <= 0 <= (found.high or 0.0)
    return {name: count / runs for name, count in hits.items()}


def test_an_interval_of_nothing_holds_nothing():
    found = coverage(RUNS)
    print(f"\n{RUNS} simulated shops: {found}")
    assert all(LOW <= share <= HIGH for share in found.values())
