"""A worker with one sync to do, in a process of its own so that its memory can be read.

``python -m ops.bench.syncer`` reads one JSON object from stdin and prints one as its last line:
``connect`` attaches the shop to a new tenant, ``sync`` carries out a first sync (``only_orders``: as if customers and
products were there), ``load`` merges the file of orders as the sync does, ``floor`` copies it as plainly as can be.
"""

import asyncio
import json
import resource
import sys
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
from psycopg.types.json import Jsonb

from ops.bench.floor import copy_plainly
from worker import __main__ as worker
from xsight_core.crypto import Keyring
from xsight_core.logging import configure_logging
from xsight_core.services import sync
from xsight_core.services.connect import ShopAccess
from xsight_core.services.tenants import create_tenant
from xsight_core.settings import DEFAULT_SCOPES
from xsight_core.shopify import bulk
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.oauth import App, authorize_url
from xsight_core.sync import shops
from xsight_core.sync.load import Shop, load_file
from xsight_core.tenancy import Tenancy

__all__ = ["APP", "main"]

APP = ("bench", "secret-of-the-bench")
KEYRING = Keyring.parse("bench:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
LOADED = (worker,)  # all that a worker has in memory, whatever it does

Order = dict[str, Any]


class _Unheard:
    """Nobody watches the progress."""

    async def publish(self, tenant_id: UUID, message: dict[str, Any]) -> None:
        """Say it to nobody."""


async def main(order: Order) -> Order:
    """Do what is ordered."""
    tenancy = Tenancy(order["database_url"])
    app = App(APP[0], (APP[1],), DEFAULT_SCOPES, order["simulator"] + "/shops/{shop}")
    try:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            access = ShopAccess(tenancy, KEYRING, http, app=app, version="2026-10")
            return await DEEDS[order["do"]](access, order)
    finally:
        await tenancy.close()


async def _connect(access: ShopAccess, order: Order) -> Order:
    shop = parse_shop_domain(order["shop"])
    back = "http://127.0.0.1:9/auth/callback"
    answer = await access.http.get(
        authorize_url(access.app, shop, state="a-state", redirect_uri=back)
    )
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    tenant_id = await create_tenant(access.tenancy, name="Bench")
    await access.connect(tenant_id, shop, code)
    return {"tenant": str(tenant_id)}


async def _sync(access: ShopAccess, order: Order) -> Order:
    tenant_id = UUID(order["tenant"])
    state = await sync.request_sync(access.tenancy, tenant_id)
    run = UUID(state["run"])
    if order.get("only_orders"):
        done = Jsonb({"done": ["customers", "products"]})
        with access.tenancy.connection(tenant_id) as connection:
            connection.execute(
                b"UPDATE xsight.sync_runs SET cursor = cursor || %s WHERE id = %s", (done, run)
            )
    begun = time.monotonic()
    await sync.run_sync(
        access, _Unheard(), tenant_id=tenant_id, run=run, public_url="https://xsight.example"
    )
    took_s = time.monotonic() - begun
    (kept,) = await sync.run_history(access.tenancy, tenant_id, limit=1)
    return {"seconds": took_s, "stats": kept["stats"], "status": kept["status"]}


async def _load(access: ShopAccess, order: Order) -> Order:
    """Bulk operation and guarded merge of the orders' file."""
    tenant_id = UUID(order["tenant"])
    run = UUID((await sync.request_sync(access.tenancy, tenant_id))["run"])
    async with access.tenancy.scope(tenant_id) as session:
        state = await shops.state(session)
    shop = Shop(tenant_id, state.timezone, state.currency_exponent)
    begun = time.monotonic()
    result = await _file(access, tenant_id)

    def load() -> None:
        with httpx.Client(trust_env=False) as http:
            load_file(
                access.tenancy,
                shop,
                "orders",
                bulk.read_lines(http, str(result.url)),
                run=run,
                expected=result,
                on_batch=lambda _: None,
            )

    await asyncio.to_thread(load)
    return {"seconds": time.monotonic() - begun}


async def _floor(access: ShopAccess, order: Order) -> Order:
    """The same operation and file, copied into bare tables by one thread."""
    begun = time.monotonic()
    result = await _file(access, UUID(order["tenant"]))
    with httpx.Client(trust_env=False) as http:
        counts = copy_plainly(order["admin_url"], bulk.read_lines(http, str(result.url)))
    return {"seconds": time.monotonic() - begun, "counts": counts}


async def _file(access: ShopAccess, tenant_id: UUID) -> bulk.BulkResult:
    client = await access.client(tenant_id)
    return await bulk.wait(client, await bulk.start(client, "bulk/orders"))


DEEDS = {"connect": _connect, "sync": _sync, "load": _load, "floor": _floor}

if __name__ == "__main__":
    configure_logging(level="ERROR")
    made = asyncio.run(main(json.load(sys.stdin)))
    made["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(made), flush=True)
