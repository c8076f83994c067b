"""Reference values of the literature: Fader, Hardie & Lee (2005) and what lifetimes finds on the same rows."""

from importlib.metadata import files

import numpy as np
import pytest

from tests.unit.clv.cdnow import CALIBRATION_END, calibration, lines
from xsight_core.clv import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter

WEEK = 7


@pytest.fixture(scope="module", params=["sample", "master"])
def name(request):
    return f"CDNOW_{request.param}.txt"


@pytest.fixture(scope="module")
def summary(name):
    return calibration(name)


PARAMETERS = {
    ("sample", BetaGeoFitter): ((0.2426, 4.4136, 0.7929, 2.4259), -9582.43),
    ("sample", ModifiedBetaGeoFitter): ((0.5248, 6.1831, 0.8914, 1.6140), -9582.136),
    ("master", BetaGeoFitter): ((0.2516, 4.7889, 0.7234, 2.1611), -95368.44),
    ("master", ModifiedBetaGeoFitter): ((0.6371, 7.3103, 0.8075, 1.2284), -95336.96),
}
HOLDOUT = {  # weeks 40–78: 273 days after the calibration
    "sample": (1882, 1653.4, 1576.7, 0.7855, 0.7648),
    "master": (19684, 16873.7, 15933.6, 0.8187, 0.7945),
}


def test_summary_counts(name, summary):
    counts = len(summary), int((summary.frequency > 0).sum()), int(summary.frequency.sum())
    assert counts == ((2357, 946, 2457) if "sample" in name else (23570, 9451, 24337))


@pytest.mark.parametrize("model", [BetaGeoFitter, ModifiedBetaGeoFitter])
def test_parameters_in_weeks(name, summary, model):
    (want, likelihood) = PARAMETERS[name[6:12], model]
    fitted = model().fit(summary.frequency, summary.recency / WEEK, summary.T / WEEK)
    assert fitted.converged_
    assert list(fitted.params_.values()) == pytest.approx(want, abs=6e-5)
    assert fitted.log_likelihood_ == pytest.approx(likelihood, abs=6e-3)


@pytest.mark.parametrize("model", [BetaGeoFitter, ModifiedBetaGeoFitter])
def test_the_unit_of_time_only_scales_alpha(summary, model):
    days = model().fit(summary.frequency, summary.recency, summary.T)
    weeks = model().fit(summary.frequency, summary.recency / WEEK, summary.T / WEEK)
    assert days.params_["alpha"] == pytest.approx(WEEK * weeks.params_["alpha"], rel=1e-9)
    shift = summary.frequency.sum() * np.log(WEEK)
    assert days.log_likelihood_ == pytest.approx(weeks.log_likelihood_ - shift, abs=1e-6)


def test_holdout(name, summary):
    customer, day, _ = lines(name)
    later = day > CALIBRATION_END
    pairs = np.unique(np.column_stack([customer[later], day[later]]), axis=0)
    actual = np.bincount(np.searchsorted(summary.customer, pairs[:, 0]), minlength=len(summary))
    total, bg, mbg, bg_error, mbg_error = HOLDOUT[name[6:12]]
    assert actual.sum() == total
    for model, expected, error in (
        (BetaGeoFitter, bg, bg_error),
        (ModifiedBetaGeoFitter, mbg, mbg_error),
    ):
        fitted = model().fit(summary.frequency, summary.recency, summary.T)
        predicted = fitted.conditional_expected_number_of_purchases_up_to_time(
            273, summary.frequency, summary.recency, summary.T
        )
        assert predicted.sum() == pytest.approx(expected, rel=1e-3)
        assert np.abs(predicted - actual).mean() == pytest.approx(error, abs=2e-4)


def test_one_time_buyers_are_not_alive_for_certain(name, summary):
    once = summary.frequency == 0
    columns = (summary.frequency, summary.recency, summary.T)
    certain = BetaGeoFitter().fit(*columns).conditional_probability_alive(*columns)
    default = ModifiedBetaGeoFitter().fit(*columns).conditional_probability_alive(*columns)
    assert (certain[once] == 1).all()
    assert default[once].mean() == pytest.approx(0.409 if "sample" in name else 0.341, abs=5e-4)


def test_gamma_gamma_of_the_published_summary():
    """The summary in the distribution, whose mean spend Fader & Hardie used: p 6.25, q 3.74, v 15.44."""
    (path,) = (
        f
        for f in files("lifetimes") or ()
        if f.name == "cdnow_customers_summary_with_transactions.csv"
    )
    rows = np.genfromtxt(str(path.locate()), delimiter=",", skip_header=1)
    model = GammaGammaFitter().fit(rows[:, 1], rows[:, 4])
    assert list(model.params_.values()) == pytest.approx((6.2488, 3.7446, 15.4477), abs=2e-3)
    assert model.converged_
