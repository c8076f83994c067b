"""The long form of the intervals' test: ``python -m pytest benchmarks/intervals.py``."""

import pytest

from tests.unit.clv.coverage import coverage


@pytest.mark.parametrize(("shops", "customers"), [(1_000, 300), (1_000, 1_000), (300, 10_000)])
def test_nine_in_ten(shops, customers):
    found = coverage(shops, customers)
    print(shops, customers, {name: round(share, 4) for name, share in found.items()})
    assert all(0.87 < share < 0.93 for share in found.values())
