"""The long form of the kernels' test against pandas: other shops each time, hundreds of each kind.

``make chaos FILES=benchmarks/chaos_numbers.py`` (XSIGHT_SHOPS=2000 for more)
"""

import os

os.environ.setdefault("XSIGHT_SHOPS", "400")

from tests.unit.analytics.test_random_shops import (
    test_cohorts,
    test_daily,
    test_metrics,
    test_rfm,
    test_totals_and_top,
)

__all__ = ["test_cohorts", "test_daily", "test_metrics", "test_rfm", "test_totals_and_top"]
