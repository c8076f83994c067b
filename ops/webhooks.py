"""``xsight webhooks …``: dead letters, shown and worked on again. The database must run."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ops import postgres
from ops.config import Config
from ops.processes import base_env, demo_env
from ops.trouble import Trouble
from ops.vault import Vault
from xsight_core.services.webhooks import connected_stores, dead_letters, replay_webhooks
from xsight_core.tenancy import Tenancy

__all__ = ["replay", "show"]


def show(config: Config, *, store: str | None) -> int:
    """A line for each dead letter, newest first."""
    return asyncio.run(_show(config, store))


def replay(
    config: Config, *, store: str | None, topic: str | None, ids: Sequence[str], done: bool
) -> int:
    """Work on dead letters again, with ``done`` also on what was done in the last day."""
    return asyncio.run(_replay(config, store, topic, ids, done=done))


async def _show(config: Config, store: str | None) -> int:
    tenancy = _tenancy(config)
    for tenant_id, domain in await _stores(tenancy, store):
        for letter in await dead_letters(tenancy, tenant_id):
            print(_line(domain, letter))
    await tenancy.close()
    return 0


async def _replay(
    config: Config, store: str | None, topic: str | None, ids: Sequence[str], *, done: bool
) -> int:
    tenancy = _tenancy(config)
    for tenant_id, domain in await _stores(tenancy, store):
        count = await replay_webhooks(tenancy, tenant_id, webhook_ids=ids, topic=topic, done=done)
        print(f"{domain}: {count} webhooks are worked on again")
    await tenancy.close()
    return 0


async def _stores(tenancy: Tenancy, store: str | None) -> list[tuple[UUID, str]]:
    found = await connected_stores(tenancy)
    if store is not None:
        found = [one for one in found if one[1] == store]
        if not found:
            raise Trouble(f"{store} is no connected store", "name it as shop.myshopify.com")
    return found


def _tenancy(config: Config) -> Tenancy:
    if not (config.database_url or config.home.locked()):
        raise Trouble("the database does not run", "start it with `xsight up`")
    vault = Vault(config.home.secrets)
    admin_dsn = config.database_url or postgres.embedded(config.home, vault, base_env())[1]
    return Tenancy(demo_env(config, vault, admin_dsn)["XSIGHT_DATABASE_URL"], pool_size=2)


def _line(domain: str, letter: dict[str, Any]) -> str:
    received = letter["received_at"].strftime("%Y-%m-%d %H:%M:%S")
    return f"{received}  {domain}  {letter['topic']}  {letter['webhook_id']}  {letter['error']}"
