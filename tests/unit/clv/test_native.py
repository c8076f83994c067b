"""The compiled kernels and NumPy say the same, and their absence is said loudly."""

import platform

import numpy as np
import pytest

from tests.unit.clv.simulate import TRUTHFUL, simulate
from xsight_core.clv import (
    DEFAULT_PRIORS,
    BetaGeoFitter,
    GammaGammaFitter,
    ModifiedBetaGeoFitter,
    native,
)
from xsight_core.clv.likelihood import Rows
from xsight_core.clv.native import Point, library, plain
from xsight_core.clv.native.compiled import Compiled
from xsight_core.clv.spend import DEFAULT_SPEND_PRIOR
from xsight_core.errors import InvalidInput

BEST = library.best_target()
compiled = Compiled(library.library_path(BEST))
FALLBACKS = [Compiled(library.library_path(name)) for name in library.TARGETS[platform.machine()]]


def histories(n, seed=1, longest=900):
    rng = np.random.default_rng(seed)
    until = rng.integers(0, longest, n)
    x = np.minimum(rng.negative_binomial(0.6, 0.1, n), until)
    last = np.where(x > 0, np.minimum(rng.integers(0, longest, n) + x, until), 0)
    return x, np.maximum(last, x), until


@pytest.fixture(params=[False, True], ids=["BG", "MBG"])
def point(request):
    return Point(0.6, 40.0, 0.8, 2.1, modified=request.param)


@pytest.mark.parametrize("n", [1, 7, 8, 513, 5_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_likelihood_sums(monkeypatch, point, n, weighted):
    columns = histories(n, n)
    weights = np.random.default_rng(n).uniform(0.5, 3, n) if weighted else None
    found = []
    for each in (plain, *FALLBACKS):
        monkeypatch.setattr("xsight_core.clv.likelihood.kernels", lambda each=each: each)
        rows = Rows.of(*columns, weights)
        found.append(each.purchase_sums(point, rows.packed, rows.times, rows.tail))
    for sums in found[1:]:
        np.testing.assert_allclose(sums, found[0], rtol=1e-11, atol=1e-9)


def test_scores(point):
    x, t_x, until = histories(800)
    for each in FALLBACKS:
        np.testing.assert_allclose(
            each.alive(point, x, t_x, until), plain.alive(point, x, t_x, until), rtol=1e-13
        )
        first, which = each.pairs(x, until)
        assert (x[first][which] == x).all()
        assert (until[first][which] == until).all()
        assert len(first) == len(plain.pairs(x, until)[0])
        step = np.random.default_rng(3).uniform(0.01, 0.85, (len(first), 13))
        s, b = 0.3 + x[first], 1.7 + x[first]
        for mine, theirs in zip(
            each.series(s, b, 0.4, step), plain.series(s, b, 0.4, step), strict=True
        ):
            np.testing.assert_allclose(mine, theirs, rtol=1e-13)


def test_spread(point):
    x, t_x, until = histories(2_000)
    rng = np.random.default_rng(6)
    first, which = plain.pairs(x, until)
    around = np.exp(rng.normal(0, 0.1, (8, 4)))
    points = [
        Point(0.6 * r, 40 * alpha, 0.8 * a, 2.1 * b, point.modified) for r, alpha, a, b in around
    ]
    alive = plain.alive(point, x, t_x, until)
    level, slope = rng.uniform(0, 5, (len(first), 8)), rng.normal(0, 0.1, (len(first), 4, 8))
    want = plain.spread(points, x, t_x, until, which, alive, level, slope)
    for each in FALLBACKS:
        got = each.spread(points, x, t_x, until, which, alive, level, slope)
        for mine, theirs in zip(got, want, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-14)


def test_spend_sums():
    rng = np.random.default_rng(2)
    x, total = rng.integers(1, 20, 1_003).astype(float), rng.gamma(2, 30, 1_003)
    for each in FALLBACKS:
        np.testing.assert_allclose(
            each.spend_sums(x, total, 17.0), plain.spend_sums(x, total, 17.0), rtol=1e-12
        )


def test_the_same_fit_and_the_same_refusals(monkeypatch):
    shop = simulate(2_000, TRUTHFUL, 0.0, 4, modified=True)
    columns = [np.ceil(c).astype(int) for c in (shop.frequency, shop.recency, shop.T)]
    money = np.random.default_rng(1).gamma(3, 10, 2_000)
    fits = []
    for each in (plain, compiled):
        for module in ("likelihood", "purchases", "spend", "series"):
            monkeypatch.setattr(f"xsight_core.clv.{module}.kernels", lambda each=each: each)
        model = ModifiedBetaGeoFitter().fit(*columns)
        spend = GammaGammaFitter().fit(columns[0], money)
        fits.append((*model.params_.values(), *spend.params_.values(), model.log_likelihood_))
        with pytest.raises(InvalidInput):
            Rows.of(np.array([1, 0]), np.array([3, 2]), np.array([9, 9]))
    assert fits[1] == pytest.approx(fits[0], rel=1e-7)


def test_the_number_of_threads_changes_nothing(monkeypatch):
    columns = histories(200_000, 5)
    fits = []
    for cores in ({0}, {0, 1, 2}):
        monkeypatch.setattr("os.sched_getaffinity", lambda _pid, cores=cores: cores)
        fits.append(ModifiedBetaGeoFitter().fit(*columns).params_)
    assert fits[0] == fits[1]


def test_a_missing_library_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(native, "library_path", lambda name: tmp_path / f"{name}.so")
    native.kernels.cache_clear()
    with pytest.warns(RuntimeWarning, match="run `make install`"):
        assert native.kernels() is plain
    native.kernels.cache_clear()


def test_a_processor_without_targets(monkeypatch):
    monkeypatch.setattr(native, "best_target", lambda: None)
    native.kernels.cache_clear()
    assert native.kernels() is plain
    native.kernels.cache_clear()


@pytest.mark.parametrize("kind", [BetaGeoFitter, ModifiedBetaGeoFitter])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("customers", [25, 3_000])
def test_climbing_in_c_is_climbing_in_python(monkeypatch, kind, weighted, customers):
    columns = histories(customers, 3)
    weights = np.random.default_rng(8).uniform(0.5, 3, customers) if weighted else None
    money = np.random.default_rng(9).gamma(3, 10, customers)
    leaning = (DEFAULT_PRIORS[kind.name], DEFAULT_SPEND_PRIOR)
    # without priors so few customers leave a ridge, and each climb stops somewhere on it
    for prior, spend_prior in (leaning, (None, None)) if customers > 25 else (leaning,):
        fits = []
        for each in (plain, *FALLBACKS):
            for module in ("likelihood", "purchases", "spend", "series"):
                monkeypatch.setattr(f"xsight_core.clv.{module}.kernels", lambda each=each: each)
            model = kind().fit(*columns, weights, prior=prior)
            spend = GammaGammaFitter().fit(columns[0], money, prior=spend_prior)
            fits.append((model, spend))
        for found in fits[1:]:
            for one, other in zip(found, fits[0], strict=True):
                assert one.converged_ == other.converged_
                assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, rel=1e-12)
                np.testing.assert_allclose(one.theta_, other.theta_, rtol=1e-5, atol=1e-5)
                np.testing.assert_allclose(one.covariance_, other.covariance_, rtol=1e-3)


@pytest.mark.parametrize("n", [0, 1, 5, 3_000])
@pytest.mark.parametrize("as_of", [-1, 20, 60])
def test_histories(n, as_of):
    rng = np.random.default_rng(n)
    customer, day = rng.integers(0, max(n // 4, 1), n), rng.integers(0, 50, n)
    order = np.lexsort((day, customer))
    orders = customer[order], day[order], rng.integers(-5, 100, n)
    want = plain.summary(*orders, as_of)
    for each in FALLBACKS:
        got = each.summary(*orders, as_of)
        for mine, theirs in zip(got, want, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        if n > 5:
            assert each.summary(orders[0][::-1], *orders[1:], as_of) is None
            assert plain.summary(orders[0][::-1], *orders[1:], as_of) is None
