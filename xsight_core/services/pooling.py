"""What an installation's shops teach each other, where the operator turns it on: numbers over all, of none.

Once a night the newest runs' digests (14 numbers of a fitted likelihood each, no customer's data) of all connected
shops are pooled into one prior for each model. Fewer than twenty shops make none. Shops see what follows from the
prior, never the prior or another's digest; docs/adr/ says why that leaks nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg
import structlog

from xsight_core.clv import DEFAULT_PRIORS, Digest, Prior, pool
from xsight_core.clv.pooling import NEED_SHOPS
from xsight_core.db import priors as rows
from xsight_core.errors import XsightError
from xsight_core.sync.schedule import connected_tenants
from xsight_core.tenancy import Tenancy

__all__ = ["pool_models", "read_priors"]

log = structlog.get_logger()

EVERY: Final = timedelta(hours=24)
NEWEST_DAYS: Final = 7
"""A shop takes part with a run of the last week; one that is gone teaches nothing any more."""


async def pool_models(tenancy: Tenancy, *, now: datetime | None = None) -> int:
    """Make the priors of a night, once; how many were made."""
    now = now or datetime.now(UTC)
    async with tenancy.control() as session:
        newest = await rows.newest_prior(session)
        if newest is not None and now - newest < EVERY:
            return 0
        tenants = await connected_tenants(session)
    digests: dict[str, list[Digest]] = {}
    for tenant_id in tenants:
        async with tenancy.scope(tenant_id) as session:
            cards = await rows.digests(session, since=(now - timedelta(days=NEWEST_DAYS)).date())
        for name, card in cards.items():
            digests.setdefault(name, []).append(Digest.from_card(card))
    made: dict[str, tuple[int, dict[str, Any]]] = {}
    for name, found in digests.items():
        if len(found) < NEED_SHOPS:
            continue
        try:
            made[name] = len(found), pool(found).card()
        except (XsightError, np.linalg.LinAlgError) as error:  # the one before stays
            log.warning("pooling.failed", model=name, error=str(error))
    async with tenancy.control() as session:
        await rows.store_priors(session, made, now)
    log.info("pooling.done", shops=len(tenants), models=len(made))
    return len(made)


def read_priors(
    connection: psycopg.Connection[tuple[Any, ...]], *, pooled: bool
) -> tuple[str, Mapping[str, Prior]]:
    """Where models start, and its name for the model card: ``shipped`` or ``pooled``."""
    found = rows.read_priors(connection) if pooled else {}
    if not found:
        return "shipped", DEFAULT_PRIORS
    priors = {
        name: Prior(np.array(card["mean"]), np.array(card["covariance"]), "pooled")
        for name, card in found.items()
    }
    return "pooled", {**DEFAULT_PRIORS, **priors}
