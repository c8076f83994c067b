"""Webhooks after they were stored: what they name is fetched anew and merged.

Several webhooks on one object cost one fetch. A batch takes effect in one transaction with its marks
in the inbox, so it happens once, whatever is killed; and whatever comes twice, late or in another
order ends in the same state, because what is stored is what the shop holds at the time of the fetch.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
import structlog

from xsight_core.db.tables import TenantState
from xsight_core.errors import SchemaChanged, ShopifyError, TokenRevoked
from xsight_core.services.connect import ShopAccess, refresh_shop
from xsight_core.services.jobs import Doorbell, enqueue
from xsight_core.services.sync import request_sync
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.topics import effect_of
from xsight_core.sync import inbox, shops
from xsight_core.sync.effects import Batch, Fetched, Told, apply_batch
from xsight_core.sync.load import Shop
from xsight_core.sync.pages import fetch_ids
from xsight_core.sync.work import FAMILIES
from xsight_core.tenancy import Tenancy

__all__ = [
    "announce",
    "connected_stores",
    "dead_letters",
    "dispatch_webhooks",
    "prune_webhooks",
    "replay_webhooks",
    "webhook_health",
]

log = structlog.get_logger()

_PAGE, _PAGES_AT_ONCE = 500, 10
_OBJECTS_AT_ONCE = 100  # fetched in a second or two; more would let the first of them wait
_NO_STORE = "No store is connected; connecting it again reads everything that has changed."


async def announce(tenancy: Tenancy, tenant_id: UUID, doorbell: Doorbell | None = None) -> None:
    """Promise that the tenant's stored webhooks will be worked on; one job serves them all."""
    async with tenancy.scope(tenant_id) as session:
        job = await enqueue(session, tenant_id=tenant_id, kind="webhooks")
    if doorbell is not None:
        await doorbell.ring(job)


async def dispatch_webhooks(access: ShopAccess, *, tenant_id: UUID) -> int:
    """Work on everything that is due; how many webhooks were done."""
    done = 0
    while (batch := await _gather(access.tenancy, tenant_id)).found:
        if batch.told:
            done += await _work_off(access, tenant_id, batch)
    return done


async def prune_webhooks(tenancy: Tenancy) -> None:
    """Forget what has ended long enough ago: payloads name people."""
    async with tenancy.control() as session:
        await inbox.prune(session)


async def webhook_health(tenancy: Tenancy, tenant_id: UUID) -> dict[str, Any]:
    """How many wait, were done in the last day, are dead; ISO times."""
    async with tenancy.control() as session:
        return await inbox.stand(session, tenant_id)


async def connected_stores(tenancy: Tenancy) -> list[tuple[UUID, str]]:
    """Tenants and their shops' domains."""
    async with tenancy.control() as session:
        return await inbox.stores(session)


async def dead_letters(tenancy: Tenancy, tenant_id: UUID) -> list[dict[str, Any]]:
    """What was given up, newest first, without the payloads."""
    async with tenancy.control() as session:
        return await inbox.dead(session, tenant_id)


async def replay_webhooks(
    tenancy: Tenancy,
    tenant_id: UUID,
    *,
    webhook_ids: Sequence[str] = (),
    topic: str | None = None,
    done: bool = False,
) -> int:
    """Work on dead letters again, with ``done`` also on what was done; how many."""
    async with tenancy.scope(tenant_id) as session:
        count = await inbox.replay(
            session, tenant_id, webhook_ids=webhook_ids, topic=topic, done=done
        )
        await enqueue(session, tenant_id=tenant_id, kind="webhooks")
    return count


async def _gather(tenancy: Tenancy, tenant_id: UUID) -> Batch:
    """A handful of objects and all webhooks, of the next few thousand, that name no others.

    In a flash sale thousands name the same few: fetched once, all of them are done. What means
    nothing to us goes to the dead letters.
    """
    batch, after = Batch(_OBJECTS_AT_ONCE), None
    for _ in range(_PAGES_AT_ONCE):
        async with tenancy.control() as session:
            found = await inbox.due(session, tenant_id, limit=_PAGE, after=after)
            for webhook in found:
                try:
                    batch.offer(webhook, effect_of(webhook.topic, webhook.body))
                except SchemaChanged as error:
                    log.warning("webhook.dead", topic=webhook.topic, error=str(error))
                    await inbox.mark_dead(session, tenant_id, webhook.webhook_id, str(error))
        batch.found += len(found)
        if len(found) < _PAGE:
            break
        after = found[-1]
    return batch


async def _work_off(access: ShopAccess, tenant_id: UUID, batch: Batch) -> int:
    """Fetch, merge, mark; a batch that cannot be stored is halved until the culprit is alone."""
    try:
        return await _take_effect(access, tenant_id, batch)
    except (ShopifyError, psycopg.DataError, psycopg.IntegrityError) as error:
        passing = isinstance(error, ShopifyError)
        if passing or len(batch.told) == 1:
            log.warning("webhooks.postponed", count=len(batch.told), error=str(error))
            await _postpone(access.tenancy, tenant_id, batch.told, error)
            return 0
    return sum([await _work_off(access, tenant_id, half) for half in batch.halves()])


async def _take_effect(access: ShopAccess, tenant_id: UUID, batch: Batch) -> int:
    async with access.tenancy.scope(tenant_id) as session:
        state = await shops.state(session)
    if state.connection == "connected" and batch.uninstalled_since(state.connected_at):
        await access.disconnect(tenant_id)
        state.connection = "disconnected"
    fetched = Fetched()
    if state.connection == "connected":
        fetched = await _fetch(access, tenant_id, batch, state.metafields)
        async with access.tenancy.scope(tenant_id) as session:
            state = await shops.state(session)  # the fetch may have changed it
    waiting = [told for told in batch.told if fetched.blocks(told.effect)]
    for error in fetched.failed.values():
        hit = [told for told in waiting if fetched.reason(told.effect) is error]
        await _postpone(access.tenancy, tenant_id, hit, error)
    ready = [told for told in batch.told if not fetched.blocks(told.effect)]
    note = None if state.connection == "connected" else _NO_STORE
    await asyncio.to_thread(
        apply_batch, access.tenancy, _shop(tenant_id, state), state, ready, fetched, note
    )
    return len(ready)


async def _fetch(
    access: ShopAccess, tenant_id: UUID, batch: Batch, metafields: Mapping[str, Sequence[str]]
) -> Fetched:
    """What the shop holds now. An object that may not be read blocks only the webhooks that name it."""
    wanted = batch.refetch()
    fetched = Fetched(run=uuid4())
    if not wanted and not batch.shop_changed:
        return fetched
    try:
        client = await access.client(tenant_id)
        if batch.shop_changed:
            change = await refresh_shop(access.tenancy, client, tenant_id)
            if change.reread:
                await request_sync(access.tenancy, tenant_id, kind="full")
        families = [family for family in FAMILIES if wanted.get(family)]
        for family in families:
            chosen = metafields.get(family, ())
            await _fetch_family(client, family, wanted[family], fetched, metafields=chosen)
    except TokenRevoked:
        await access.disconnect(tenant_id)
    return fetched


async def _fetch_family(
    client: ShopifyClient,
    family: str,
    ids: Sequence[int],
    fetched: Fetched,
    *,
    metafields: Sequence[str],
) -> None:
    try:
        fetched.nodes[family] = await fetch_ids(client, family, ids, metafields=metafields)
    except TokenRevoked:
        raise
    except ShopifyError as error:
        if error.retryable:  # the shop is down, not this object
            raise
        log.warning("webhooks.blocked", family=family, error=str(error))
        fetched.failed[family] = error


async def _postpone(
    tenancy: Tenancy, tenant_id: UUID, told: Sequence[Told], error: Exception
) -> None:
    if not told:
        return
    # a shop that is down for a day is no reason to give up what it told us before
    dying = not (isinstance(error, ShopifyError) and error.retryable)
    async with tenancy.control() as session:
        await inbox.postpone(
            session,
            tenant_id,
            [one.webhook.webhook_id for one in told],
            str(error),
            dying=dying,
        )


def _shop(tenant_id: UUID, state: TenantState) -> Shop:
    return Shop(tenant_id, state.timezone, state.currency_exponent)
