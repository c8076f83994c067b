"""``python -m ops.demo_shops``: a person with two stores, each connected to a simulated shop and synced.

Accounts are made by the same use-case as a sign-up; everything after that through the public address, as a
person would do it. Done again, it goes on where it stopped.
"""

import asyncio
import os
import time
from uuid import UUID

import httpx

from ops.demo import EMAIL, MADE, SHOPS
from ops.visitor import Visitor
from xsight_core.errors import Forbidden
from xsight_core.services import accounts, tenants
from xsight_core.tenancy import Tenancy

__all__ = ["main"]

_SYNC_WITHIN_S = 600


def main() -> None:
    """Read the address, the password and the database from the environment."""
    url, password = os.environ["XSIGHT_PUBLIC_URL"], os.environ["XSIGHT_DEMO_PASSWORD"]
    stores = asyncio.run(_make_accounts(os.environ["XSIGHT_DATABASE_URL"], password))
    print(MADE, flush=True)
    with Visitor(url) as visitor:
        visitor.log_in(EMAIL, password)
        runs = {
            shop: (tenant, time.monotonic(), _sync(visitor, tenant, shop))
            for shop, tenant in stores.items()
        }
        for shop, (tenant, begun, run) in runs.items():
            visitor.look_at(str(tenant))
            _tell(visitor, shop, begun, run)
        visitor.look_at(str(next(iter(stores.values()))))


async def _make_accounts(database_url: str, password: str) -> dict[str, UUID]:
    """The demo's person, and a store of theirs for each shop."""
    tenancy = Tenancy(database_url)
    try:
        try:
            person = await accounts.authenticate(tenancy, email=EMAIL, password=password)
        except Forbidden:
            person = await accounts.add_person(tenancy, email=EMAIL, password=password, name="Demo")
        known = {t.name: t.id for t in await accounts.tenants_of(tenancy, person)}
        for name in SHOPS.values():
            if name not in known:
                known[name] = await tenants.create_tenant(tenancy, name=name)
                await accounts.add_member(
                    tenancy, tenant_id=known[name], user_id=person, role="owner"
                )
        return {shop: known[name] for shop, name in SHOPS.items()}
    finally:
        await tenancy.close()


def _sync(visitor: Visitor, tenant: UUID, shop: str) -> str | None:
    """Connect the shop and start its first sync, unless that was done before."""
    visitor.look_at(str(tenant))
    store = visitor.store()
    if store["shop"]["connection"] != "connected":
        visitor.connect(shop)
    return visitor.sync() if store["insight_run"] is None else None


def _tell(visitor: Visitor, shop: str, begun: float, run: str | None) -> None:
    after = ""
    if run is not None:
        state = visitor.wait_for(run, within_s=_SYNC_WITHIN_S)
        if state["status"] != "completed":
            raise SystemExit(f"{shop}: sync {state['status']}: {state['error']}")
        after = f", connected, synced and computed in {time.monotonic() - begun:.1f} s"
    stats = visitor.stats()
    if stats is None:
        raise SystemExit(f"{shop}: nothing was computed")
    totals = stats["totals"]
    print(
        f"{shop}: {totals['customers']:,} customers, {totals['orders']:,} orders{after}", flush=True
    )


if __name__ == "__main__":
    try:
        main()
    except httpx.HTTPStatusError as error:
        raise SystemExit(f"{error}: {error.response.text[:500]}") from None
