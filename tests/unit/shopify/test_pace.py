"""The bucket as learned from answers."""

import pytest

from xsight_core.shopify.pace import Bucket


def cost(requested, left, *, actual=None, maximum=2000, restore=50):
    status = {"maximumAvailable": maximum, "currentlyAvailable": left, "restoreRate": restore}
    actual = requested if actual is None else actual
    return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}


def test_nothing_is_known_and_nothing_waits_before_the_first_answer():
    assert Bucket().reserve("orders_page:90", 0.0) == 0.0


def test_a_request_waits_until_what_it_costs_is_back():
    bucket = Bucket()
    bucket.settle("orders", cost(400, 100), 10.0)
    assert bucket.reserve("orders", 12.0) == pytest.approx(4.0)  # 100 + 100 of 400, 50 a second
    assert bucket.reserve("other", 16.0) == pytest.approx(0.2)  # behind the one before


def test_what_goes_out_at_once_is_counted_before_it_is_answered():
    bucket = Bucket()
    bucket.settle("q", cost(80, 100), 0.0)
    assert bucket.reserve("q", 0.0) == 0.0
    assert bucket.reserve("q", 0.0) == pytest.approx(1.2)


def test_what_an_answer_did_not_cost_is_given_back_but_not_what_others_have_taken():
    bucket = Bucket()
    bucket.settle("q", cost(300, 1000), 0.0)
    bucket.reserve("q", 0.0), bucket.reserve("q", 0.0)  # 400 left
    bucket.settle("q", cost(300, 900, actual=100), 0.0)  # the shop has seen the first only
    assert bucket.reserve("q", 0.0) == 0.0  # 600, then 300
    assert bucket.reserve("q", 0.0) == 0.0
    assert bucket.reserve("q", 0.0) == pytest.approx(6.0)


def test_a_shop_that_has_less_than_thought_is_believed():
    bucket = Bucket()
    bucket.settle("q", cost(100, 2000), 0.0)
    bucket.reserve("q", 0.0)
    bucket.settle("q", cost(100, 0, actual=0), 0.0)  # THROTTLED: somebody else draws as well
    assert bucket.reserve("q", 0.0) == pytest.approx(2.0)


def test_the_bucket_does_not_fill_over_its_rim_and_a_dear_query_is_not_waited_for_for_ever():
    bucket = Bucket()
    bucket.settle("q", cost(900, 200, maximum=200), 0.0)
    assert bucket.reserve("q", 1000.0) == 0.0
    assert bucket.reserve("q", 1000.0) == pytest.approx(4.0)


def test_another_plan_is_another_bucket():
    bucket = Bucket()
    bucket.settle("q", cost(100, 0), 0.0)
    bucket.settle("q", cost(100, 4000, maximum=4000, restore=200), 0.0)
    assert bucket.reserve("q", 0.0) == 0.0
