"""Webhooks after they were stored: what they name is fetched anew and merged.

Several webhooks on one object cost one fetch. Everything here may happen twice or be interrupted:
the merge is guarded, and a webhook is marked done after its effect is committed.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from xsight_core.db.tables import Inbox
from xsight_core.errors import Conflict, SchemaChanged, ShopifyError, TokenRevoked
from xsight_core.services.connect import ShopAccess, refresh_shop
from xsight_core.services.jobs import Doorbell, enqueue
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.payload import number
from xsight_core.shopify.topics import Effect, effect_of
from xsight_core.sync import inbox, shops
from xsight_core.sync.load import Shop
from xsight_core.sync.pages import bury, fetch_ids, merge_nodes
from xsight_core.tenancy import Tenancy

__all__ = ["announce", "dispatch_webhooks"]

log = structlog.get_logger()

_AT_ONCE = 250
_ATTEMPTS = 8
_FIRST_PAUSE = timedelta(seconds=10)
_FAMILIES = ("customers", "products", "orders")


async def announce(tenancy: Tenancy, tenant_id: UUID, doorbell: Doorbell | None = None) -> None:
    """Promise that the tenant's stored webhooks will be worked on; one job serves them all."""
    async with tenancy.scope(tenant_id) as session:
        job = await enqueue(session, tenant_id=tenant_id, kind="webhooks")
    if doorbell is not None:
        await doorbell.ring(job)


async def dispatch_webhooks(access: ShopAccess, *, tenant_id: UUID) -> int:
    """Work on everything that is due; how many webhooks were done."""
    done = 0
    while True:
        async with access.tenancy.control() as session:
            found = await inbox.due(session, tenant_id, limit=_AT_ONCE)
        if not found:
            return done
        effects = await _effects(access.tenancy, tenant_id, found)
        ids = [webhook_id for webhook_id, _ in effects]
        try:
            await _apply(access, tenant_id, found, [effect for _, effect in effects])
        except (ShopifyError, Conflict) as error:
            log.warning("webhooks.postponed", count=len(ids), error=str(error))
            async with access.tenancy.control() as session:
                await inbox.postpone(
                    session,
                    tenant_id,
                    ids,
                    str(error),
                    first_pause=_FIRST_PAUSE,
                    attempts=_ATTEMPTS,
                )
        else:
            async with access.tenancy.control() as session:
                await inbox.mark_done(session, tenant_id, ids)
            done += len(ids)


async def _effects(
    tenancy: Tenancy, tenant_id: UUID, found: Sequence[Inbox]
) -> list[tuple[str, Effect]]:
    """What each webhook means; those that mean nothing to us are put to the dead letters."""
    effects: list[tuple[str, Effect]] = []
    for webhook in found:
        try:
            effects.append((webhook.webhook_id, effect_of(webhook.topic, webhook.body)))
        except SchemaChanged as error:
            log.warning("webhook.dead", topic=webhook.topic, error=str(error))
            async with tenancy.control() as session:
                await inbox.mark_dead(session, tenant_id, webhook.webhook_id, str(error))
    return effects


async def _apply(
    access: ShopAccess, tenant_id: UUID, found: Sequence[Inbox], effects: Sequence[Effect]
) -> None:
    async with access.tenancy.scope(tenant_id) as session:
        state = await shops.state(session)
    if any(effect.uninstalled for effect in effects):
        left = [webhook.triggered_at for webhook in found if webhook.topic == "app/uninstalled"]
        # It may come late or twice: a store connected again since then stays connected.
        if any(at is None or state.connected_at is None or at >= state.connected_at for at in left):
            await access.disconnect(tenant_id)
            return
    shop = Shop(tenant_id, state.timezone, state.currency_exponent)
    await bury(access.tenancy, shop, _ids(effects, "gone"))
    wanted = _ids(effects, "refetch")
    changed = any(effect.shop_changed for effect in effects)
    if not wanted and not changed:
        return
    try:
        client = await access.client(tenant_id)
        if changed:
            await refresh_shop(access.tenancy, client, tenant_id)
        for family in _FAMILIES:
            if wanted.get(family):
                await _refetch(access.tenancy, client, shop, family, wanted[family])
    except TokenRevoked:
        await access.disconnect(tenant_id)
        raise


async def _refetch(
    tenancy: Tenancy, client: ShopifyClient, shop: Shop, family: str, ids: list[int]
) -> None:
    nodes = await fetch_ids(client, family, ids)
    gone = set(ids) - {number(node["id"]) for node in nodes}
    await merge_nodes(tenancy, shop, family, nodes, run=uuid4())
    await bury(tenancy, shop, {family: sorted(gone)} if gone else {})


def _ids(effects: Sequence[Effect], what: str) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    for effect in effects:
        for family, ids in (effect.refetch if what == "refetch" else effect.gone).items():
            found.setdefault(family, set()).update(ids)
    return {family: sorted(ids) for family, ids in found.items()}
