"""What shops teach each other, on shops whose truth is known."""

import json

import numpy as np
import pytest

from tests.unit.clv.simulate import simulate
from xsight_core.clv import DEFAULT_PRIORS, Digest, ModifiedBetaGeoFitter, pool
from xsight_core.clv.likelihood import natural
from xsight_core.errors import InvalidInput, NotEnoughData

MEAN = np.array([-3.6, -0.3, -1.4, 1.1])
SPREAD = np.array([0.5, 0.4, 0.4, 0.3])
DEFAULT = DEFAULT_PRIORS["MBG/NBD"]


@pytest.fixture(scope="module")
def shops():
    rng = np.random.default_rng(7)
    made = []
    for k in range(40):
        theta = MEAN + SPREAD * rng.normal(size=4)
        shop = simulate(150, natural(theta), 0.0, k, modified=True)
        rows = (shop.frequency, shop.recency, shop.T)
        made.append((theta, rows, ModifiedBetaGeoFitter().fit(*rows, prior=DEFAULT)))
    return made


def test_a_pooled_prior_predicts_small_shops_better(shops):
    pooled = pool([Digest.of(model, DEFAULT) for _, _, model in shops])
    np.testing.assert_allclose(pooled.mean, MEAN, atol=0.45)
    assert (np.linalg.eigvalsh(pooled.covariance) > 0).all()
    errors = {"default": [], "pooled": []}
    for theta, rows, model in shops:
        truth = ModifiedBetaGeoFitter.at(*natural(theta))
        want = truth.conditional_expected_number_of_purchases_up_to_time(90, *rows)
        again = ModifiedBetaGeoFitter().fit(*rows, prior=pooled)
        for name, one in (("default", model), ("pooled", again)):
            got = one.conditional_expected_number_of_purchases_up_to_time(90, *rows)
            errors[name].append(((got - want) ** 2).mean())
    assert np.mean(errors["pooled"]) < 0.8 * np.mean(errors["default"])


def test_a_digest_holds_fourteen_numbers_and_travels_as_json(shops):
    _, _, model = shops[0]
    digest = Digest.of(model, DEFAULT)
    back = Digest.from_card(json.loads(json.dumps(digest.card())))
    np.testing.assert_array_equal(back.information, digest.information)
    np.testing.assert_array_equal(back.linear, digest.linear)
    np.testing.assert_allclose(digest.information, digest.information.T)
    # its quadratic has the slope of the likelihood at the mode, which the prior balances
    slope = digest.linear - digest.information @ model.theta_
    np.testing.assert_allclose(
        slope, DEFAULT.precision @ (model.theta_ - DEFAULT.mean), rtol=1e-9, atol=1e-12
    )
    with pytest.raises(InvalidInput):
        Digest.from_card({"model": "MBG/NBD", "linear": [1], "information": [[1]]})


def test_too_few_shops_and_mixed_models_are_refused(shops):
    digests = [Digest.of(model, DEFAULT) for _, _, model in shops]
    with pytest.raises(NotEnoughData, match="20 shops"):
        pool(digests[:19])
    other = Digest("BG/NBD", digests[0].linear, digests[0].information)
    with pytest.raises(InvalidInput, match="one model"):
        pool([*digests, other])


def test_shops_that_say_nothing_leave_the_default(shops):
    silent = [Digest("MBG/NBD", np.zeros(4), np.zeros((4, 4)))] * 25
    found = pool(silent)
    np.testing.assert_allclose(found.mean, DEFAULT.mean)
    assert (
        np.linalg.eigvalsh(found.covariance).max() <= np.linalg.eigvalsh(DEFAULT.covariance).max()
    )
