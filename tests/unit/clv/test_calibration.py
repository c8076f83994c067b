"""Isotonic repair against its definition, and that it is used only where it helps."""

import itertools

import numpy as np
import pytest

from xsight_core.clv.calibration import (
    calibrate,
    calibration_curve,
    calibration_error,
    isotonic,
    log_loss,
)


def best_rising(y: np.ndarray) -> float:
    """Least squared error of any rising step function: all ways to cut into blocks of equal value."""
    best = np.inf
    for cuts in itertools.product([False, True], repeat=len(y) - 1):
        blocks = np.split(y, np.flatnonzero(cuts) + 1)
        means = [block.mean() for block in blocks]
        if all(a <= b for a, b in itertools.pairwise(means)):
            error = sum(((b - m) ** 2).sum() for b, m in zip(blocks, means, strict=True))
            best = min(best, error)
    return best


@pytest.mark.parametrize("seed", range(5))
def test_pool_adjacent_violators_is_the_best_rising_function(seed):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.random(9))
    y = (rng.random(9) < x).astype(float)
    found = isotonic(x, y)
    assert (np.diff(found.frequency) >= 0).all()
    assert ((found.frequency > 0) & (found.frequency < 1)).all()
    # as many customers stand behind a knot as its mean forecast says; all or nothing was moved inwards by half a one
    sizes, start = [], 0
    for forecast in found.forecast:
        n = next(k for k in range(1, 10) if x[start : start + k].mean() == pytest.approx(forecast))
        sizes.append(n)
        start += n
    assert start == 9
    levels = [y[end - n : end].mean() for n, end in zip(sizes, np.cumsum(sizes), strict=True)]
    inside = [min(max(m, 0.5 / n), 1 - 0.5 / n) for m, n in zip(levels, sizes, strict=True)]
    np.testing.assert_allclose(found.frequency, np.maximum.accumulate(inside))
    error = ((np.repeat(levels, sizes) - y) ** 2).sum()
    assert error == pytest.approx(best_rising(y))


def test_too_sure_a_forecast_is_repaired():
    rng = np.random.default_rng(1)
    truth = rng.beta(2, 2, 8_000)
    happened = (rng.random(8_000) < truth).astype(float)
    sure = truth**3 / (truth**3 + (1 - truth) ** 3)
    repair, judged = calibrate(sure, happened)
    assert repair is not None
    before = calibration_error(calibration_curve(sure, happened))
    assert calibration_error(calibration_curve(judged, happened)) < before / 3
    np.testing.assert_allclose(repair(sure), truth, atol=0.12)
    assert np.abs(repair(sure) - truth).mean() < 0.02
    assert (np.diff(repair(np.linspace(0, 1, 50))) >= 0).all()


def test_a_good_forecast_is_left_alone():
    rng = np.random.default_rng(2)
    truth = rng.beta(2, 2, 3_000)
    happened = (rng.random(3_000) < truth).astype(float)
    repair, judged = calibrate(truth, happened)
    assert repair is None
    assert judged is truth


def test_few_customers_are_not_repaired():
    truth = np.full(900, 0.5)
    assert calibrate(truth, np.arange(900) % 2.0)[0] is None
    many = np.full(5_000, 0.9)
    assert calibrate(many, (np.arange(5_000) >= 50).astype(float))[0] is None


def test_curve_and_errors_by_hand():
    forecast = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    happened = np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    curve = calibration_curve(forecast, happened)
    assert curve == [[0.05, 0.0, 1], [0.15, 0.5, 2], [0.975, 1.0, 2]]
    assert calibration_error(curve) == pytest.approx((0.05 + 2 * 0.35 + 2 * 0.025) / 5)
    want = -np.mean(np.log([0.95, 0.15, 0.85, 0.95, 1.0]))
    assert log_loss(forecast, happened) == pytest.approx(want)
    assert np.isfinite(log_loss(np.array([0.0, 1.0]), np.array([1.0, 0.0])))
