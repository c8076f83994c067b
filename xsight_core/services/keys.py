"""Stored secrets sealed anew with the newest key, a shop at a time, while everything serves."""

import structlog

from xsight_core.crypto import Keyring
from xsight_core.services.connect import ACCESS_TOKEN, REFRESH_TOKEN
from xsight_core.sync import schedule, shops
from xsight_core.tenancy import Tenancy

__all__ = ["rewrap_tokens"]

log = structlog.get_logger()


async def rewrap_tokens(tenancy: Tenancy, keyring: Keyring) -> int:
    """Seal every shop's pair with the current key; how many needed it.

    Each under the row lock that a renewal of the pair takes, so neither loses the other's work.
    """
    async with tenancy.control() as session:
        tenants = await schedule.connected_tenants(session)
    done = 0
    for tenant_id in tenants:
        async with tenancy.scope(tenant_id) as session:
            stored = await shops.lock_tokens(session)
            if stored is None or keyring.is_current(stored.access_sealed):
                continue

            def again(sealed: str, purpose: str) -> str:
                secret = keyring.open(sealed, tenant_id=tenant_id, purpose=purpose)  # noqa: B023 - used at once
                return keyring.seal(secret, tenant_id=tenant_id, purpose=purpose)  # noqa: B023

            stored.access_sealed = again(stored.access_sealed, ACCESS_TOKEN)
            if stored.refresh_sealed is not None:
                stored.refresh_sealed = again(stored.refresh_sealed, REFRESH_TOKEN)
            done += 1
    log.info("keys.rewrapped", shops=done)
    return done
