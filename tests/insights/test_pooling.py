"""Pooling the models of an installation's shops: only where turned on, only from twenty on, numbers of none."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.support.shops import add_orders, random_orders
from tests.support.tenants import add_tenant
from xsight_core.clv import DEFAULT_PRIORS, ModifiedBetaGeoFitter
from xsight_core.clv.pooling import NEED_SHOPS
from xsight_core.services.insights import compute_insights
from xsight_core.services.pooling import pool_models

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
TODAY = NOW.date()
MODEL = ModifiedBetaGeoFitter.name


def shops_with_runs(admin_url: str, count: int, *, as_of=TODAY) -> np.ndarray:
    """Connected shops, each with a shown run whose digest says theta for certain; the thetas."""
    rng = np.random.default_rng(7)
    thetas = DEFAULT_PRIORS[MODEL].mean + rng.normal(0, 0.3, (count, 4)) + [1, 0, 0, 0]
    information = np.eye(4) * 1e4
    for theta in thetas:
        tenant, run = add_tenant(admin_url, "pool"), uuid4()
        digests = {
            model: {
                "model": model,
                "linear": (information @ theta).tolist(),
                "information": information.tolist(),
            }
            for model in DEFAULT_PRIORS
        }
        with psycopg.connect(admin_url) as admin:
            admin.execute(
                "INSERT INTO control.shops (domain, tenant_id) VALUES (%s, %s)",
                [f"{tenant.slug}.myshopify.com", tenant.id],
            )
            admin.execute(
                "INSERT INTO xsight.insight_runs (tenant_id, id, data_version, rule_version, as_of, duration_s, "
                "parameters) VALUES (%s, %s, 1, '1', %s, 1, %s)",
                [tenant.id, run, as_of, Jsonb({"digests": digests})],
            )
            admin.execute(
                "UPDATE xsight.tenant_state SET insight_run = %s WHERE tenant_id = %s",
                [run, tenant.id],
            )
    return thetas


def priors(database):
    with psycopg.connect(database.admin_url) as admin:
        return admin.execute("SELECT model, tenants, prior FROM control.model_priors").fetchall()


async def test_twenty_shops_make_a_prior_once_a_night(database, tenancy):
    thetas = shops_with_runs(database.admin_url, NEED_SHOPS)
    shops_with_runs(database.admin_url, 1, as_of=(NOW - timedelta(days=30)).date())  # is gone
    assert await pool_models(tenancy, now=NOW) == 2
    found = {model: (tenants, prior) for model, tenants, prior in priors(database)}
    assert set(found) == set(DEFAULT_PRIORS)
    tenants, prior = found[MODEL]
    assert tenants == NEED_SHOPS
    assert np.abs(np.array(prior["mean"]) - thetas.mean(axis=0)).max() < 0.05
    assert set(prior) == {"mean", "covariance", "source"}
    assert np.linalg.eigvalsh(prior["covariance"]).min() > 0
    assert await pool_models(tenancy, now=NOW + timedelta(hours=3)) == 0
    assert await pool_models(tenancy, now=NOW + timedelta(hours=25)) == 2


async def test_nineteen_make_none(database, tenancy):
    shops_with_runs(database.admin_url, NEED_SHOPS - 1)
    assert await pool_models(tenancy, now=NOW) == 0
    assert priors(database) == []


@pytest.mark.parametrize("pooled", [True, False])
async def test_a_shop_learns_from_others_only_where_that_is_on(
    database, tenancy, tenant, tmp_path, pooled
):
    shops_with_runs(database.admin_url, NEED_SHOPS)
    await pool_models(tenancy, now=NOW)
    add_orders(database.admin_url, tenant.id, random_orders(3, orders=500, customers=90, end=NOW))
    run = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW, pooled=pooled)
    assert run.card["rules"]["prior"] == ("pooled" if pooled else "shipped")
    shipped = await compute_insights(tenancy, tenant.id, tmp_path / "b", now=NOW, force=True)
    different = run.card["models"]["purchases"] != shipped.card["models"]["purchases"]
    assert different == pooled
    said = str(run.card)
    assert "mean" not in run.card["rules"]
    assert str(NEED_SHOPS) + " shops" not in said
