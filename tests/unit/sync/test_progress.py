"""Percent, speed and time left."""

from xsight_core.sync.progress import Tally


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_nothing_known_is_nothing_done():
    tally = Tally(clock=Clock())
    assert (tally.percent(), tally.rows, tally.rows_per_s(), tally.eta_s()) == (0.0, 0, 0.0, None)


def test_it_counts_what_is_in_against_what_is_expected():
    clock = Clock()
    tally = Tally(clock=clock)
    tally.expect("customers", 100)
    tally.expect("orders", 300)
    tally.advance("customers", 0)
    clock.now = 2.0
    tally.advance("customers", 100)
    assert (tally.percent(), tally.rows_per_s(), tally.eta_s()) == (23.8, 50.0, 6.0)
    clock.now = 8.0
    tally.advance("orders", 300)
    assert (tally.percent(), tally.eta_s(), tally.step) == (95.0, 0.0, "orders")


def test_more_than_expected_is_not_more_than_all():
    tally = Tally(clock=Clock())
    tally.expect("orders", 1)
    tally.advance("orders", 5)
    assert tally.percent() == 95.0
    tally.expect("orders", 2)
    assert tally.expected["orders"] == 5


def test_it_never_goes_back_though_more_turns_up_or_a_try_starts_anew():
    tally = Tally(told=40.0, clock=Clock())
    assert tally.percent() == 40.0
    tally.expect("orders", 10)
    tally.advance("orders", 5)
    assert tally.percent() == 47.5
    tally.expect("refunds", 90)
    assert tally.percent() == 47.5
