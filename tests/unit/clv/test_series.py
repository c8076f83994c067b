"""Expected purchases against 40 digits of mpmath, and where closed forms break."""

import mpmath
import numpy as np
import pytest

from xsight_core.clv.series import purchases_if_alive


def exact(s: float, rate: float, a: float, b: float, t: float) -> mpmath.mpf:
    """Fader, Hardie & Lee (2005), eq. 10 without P(alive), in 40 digits; a nudged off its pole at 1."""
    with mpmath.workdps(60):
        s, rate, a, b, t = (mpmath.mpf(v) for v in (s, rate, a, b, t))
        if a == 1:
            a += mpmath.mpf(10) ** -25
        z = t / (rate + t)
        form = mpmath.hyp2f1(s, b, a + b - 1, z) * (rate / (rate + t)) ** s
        return (a + b - 1) / (a - 1) * (1 - form)


def value(s, rate, a, b, t):
    return float(
        purchases_if_alive(np.array([s]), np.array([rate]), a, np.array([b]), np.array([t]))[0, 0]
    )


def points():
    rng = np.random.default_rng(5)
    for _ in range(150):
        x = int(rng.choice([0, 1, 3, 20, 100, 500]))
        r, a, b0 = (
            10 ** rng.uniform(-1.7, 0.7),
            10 ** rng.uniform(-1.7, 0.8),
            10 ** rng.uniform(-1.3, 1.3),
        )
        rate = 10 ** rng.uniform(0, 2.5) + float(rng.integers(0, 700))
        yield r + x, rate, a, b0 + x, float(rng.choice([1, 30, 90, 365, 1095]))


def test_against_mpmath():
    worst = max(abs(value(*p) / exact(*p) - 1) for p in points())
    assert worst < 1e-12


@pytest.mark.parametrize("a", [1.0, 1 + 1e-12, 1 - 1e-9])
def test_at_the_pole_of_the_closed_form(a):
    point = (2.5, 60.0, a, 3.0, 365.0)
    assert value(*point) == pytest.approx(float(exact(*point)), rel=1e-10)


def test_a_and_b_below_one():
    point = (0.3, 20.0, 0.15, 0.4, 365.0)
    assert value(*point) == pytest.approx(float(exact(*point)), rel=1e-12)


def test_thousands_of_purchases():
    point = (5000.4, 720.0, 0.2, 5003.0, 365.0)
    got = value(*point)
    assert np.isfinite(got)
    assert got == pytest.approx(float(exact(*point)), rel=1e-10)
    assert got < 5000 * 365 / 720 * 1.01


def test_no_dropout_is_the_mean_of_a_poisson_gamma():
    assert value(3.0, 50.0, 1e-12, 4.0, 90.0) == pytest.approx(3.0 * 90 / 50, rel=1e-9)


def test_many_rows_and_horizons_at_once_are_each_alone():
    s, rate, b = (
        np.array([0.5, 3.5, 120.5]),
        np.array([10.0, 200.0, 700.0]),
        np.array([2.0, 5.0, 122.0]),
    )
    t = np.array([1.0, 90.0, 365.0])
    table = purchases_if_alive(s, rate, 0.8, b, t)
    alone = [[value(s[i], rate[i], 0.8, b[i], h) for h in t] for i in range(3)]
    np.testing.assert_allclose(table, alone, rtol=1e-14)
    assert (np.diff(table, axis=1) > 0).all()
