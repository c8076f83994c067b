"""The drift alarm: silent on noise, loud on a worse forecast."""

import random
from datetime import date, timedelta

from xsight_core.services.drift import LEAST_RUNS, RULE, HoldoutError, drift

TODAY = date(2026, 11, 22)


def runs(brier: float, *, days=range(7, 60), skill: float = 0.2, n: int = 2000):
    return [HoldoutError(TODAY - timedelta(days=d), brier, skill, n) for d in days]


def test_without_a_past_nothing_is_said() -> None:
    found = drift(
        HoldoutError(TODAY, 0.2, 0.1, 500), runs(0.1, days=range(7, 7 + LEAST_RUNS - 1)), None
    )
    assert (found.state, found.reference, found.since) == ("unknown", None, None)
    many_of_one_day = runs(0.1, days=[10] * 20)
    assert drift(HoldoutError(TODAY, 0.2, 0.1, 500), many_of_one_day, None).state == "unknown"
    too_new = runs(0.1, days=range(1, 7))
    assert drift(HoldoutError(TODAY, 0.2, 0.1, 500), too_new, None).state == "unknown"


def test_a_clear_rise_is_an_alarm_and_keeps_its_first_day() -> None:
    worse = drift(HoldoutError(TODAY, 0.16, 0.1, 2000), runs(0.12), None)
    assert (worse.state, worse.since) == ("worse", TODAY)
    assert "0.1200 to 0.1600" in worse.reason
    again = drift(HoldoutError(TODAY, 0.16, 0.1, 2000), runs(0.12), TODAY - timedelta(days=3))
    assert again.since == TODAY - timedelta(days=3)
    card = again.card()
    assert card["since"] == "2026-11-19"
    assert card["rule"] == RULE


def test_ten_percent_and_three_standard_errors_are_both_needed() -> None:
    assert drift(HoldoutError(TODAY, 0.131, 0.1, 10**9), runs(0.12), None).state == "steady"
    assert drift(HoldoutError(TODAY, 0.133, 0.1, 10**9), runs(0.12), None).state == "worse"
    assert drift(HoldoutError(TODAY, 0.20, 0.1, 60), runs(0.12, n=60), None).state == "steady"


def test_losing_to_a_rule_of_thumb_is_an_alarm_too() -> None:
    lost = drift(HoldoutError(TODAY, 0.12, -0.01, 2000), runs(0.12), None)
    assert lost.state == "worse"
    assert "no longer" in lost.reason
    never_won = drift(HoldoutError(TODAY, 0.12, -0.01, 2000), runs(0.12, skill=-0.1), None)
    assert never_won.state == "steady"


def test_chance_alone_gives_no_alarm() -> None:
    """Outcomes drawn from the forecast itself, 300 customers, 200 shops: none is alarmed."""
    rng = random.Random(5)
    alarms = 0
    for _ in range(200):

        def error(n: int = 300) -> float:
            total = 0.0
            for _ in range(n):
                p = rng.random()
                total += (p - (rng.random() < p)) ** 2
            return total / n

        before = [
            HoldoutError(TODAY - timedelta(days=7 * k), error(), 0.3, 300) for k in range(1, 9)
        ]
        alarms += drift(HoldoutError(TODAY, error(), 0.3, 300), before, None).state == "worse"
    assert alarms == 0
