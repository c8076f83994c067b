"""The bucket as learned from answers."""

import pytest

from xsight_core.shopify.pace import Pace

STATUS = {"maximumAvailable": 2000, "currentlyAvailable": 100, "restoreRate": 50}


def test_nothing_is_known_and_nothing_waits_before_the_first_answer():
    assert Pace().wait_s("orders_page:90", 0.0) == 0.0


def test_a_request_waits_until_what_it_costs_is_back():
    pace = Pace()
    pace.learn("orders", {"requestedQueryCost": 400, "throttleStatus": STATUS}, 10.0)
    assert pace.wait_s("orders", 10.0) == pytest.approx(6.0)  # 300 points at 50 a second
    assert pace.wait_s("orders", 14.0) == pytest.approx(2.0)
    assert pace.wait_s("orders", 16.0) == 0.0
    assert pace.wait_s("other", 10.0) == 0.0


def test_what_goes_out_at_once_is_counted_before_it_is_answered():
    pace = Pace()
    pace.learn("q", {"requestedQueryCost": 80, "throttleStatus": STATUS}, 0.0)
    pace.spend("q", 0.0)
    assert pace.wait_s("q", 0.0) == pytest.approx(1.2)


def test_the_bucket_does_not_fill_over_its_rim_and_a_dear_query_is_not_waited_for_for_ever():
    pace = Pace()
    status = {"maximumAvailable": 200, "currentlyAvailable": 200, "restoreRate": 50}
    pace.learn("q", {"requestedQueryCost": 900, "throttleStatus": status}, 0.0)
    assert pace.wait_s("q", 0.0) == 0.0
    pace.spend("q", 1000.0)
    assert pace.wait_s("q", 1000.0) == pytest.approx(18.0)
