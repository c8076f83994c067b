"""A store with rows and computed insights, for tests of the reading routes."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import Table

from tests.support.shops import ShopOrder, add_orders, random_orders, set_shop
from xsight_core.db.rls import tenant_tables
from xsight_core.services.insights import compute_insights
from xsight_core.tenancy import Tenancy

__all__ = ["fill_store"]

_made: dict[tuple[str, int], list[ShopOrder]] = {}


async def fill_store(
    admin_url: str, tenancy: Tenancy, tenant_id: UUID, home: Path, *, seed: int = 1
) -> list[ShopOrder]:
    """Orders, customers with names, one insight run: computed once a database, then copied to the next store."""
    if (admin_url, seed) not in _made:
        orders = await _make(admin_url, tenancy, tenant_id, home, seed)
        _keep(admin_url, tenant_id, seed)
        _made[admin_url, seed] = orders
    else:
        _bring_back(admin_url, tenant_id, seed)
    return _made[admin_url, seed]


async def _make(
    admin_url: str, tenancy: Tenancy, tenant_id: UUID, home: Path, seed: int
) -> list[ShopOrder]:
    orders = random_orders(seed, customers=60, orders=400, end=datetime.now(UTC))
    set_shop(admin_url, tenant_id)
    add_orders(admin_url, tenant_id, orders)
    with psycopg.connect(admin_url) as admin:
        admin.execute(
            "INSERT INTO xsight.customer_pii (tenant_id, customer_id, email, first_name, last_name) "
            "SELECT tenant_id, id, 'c' || id || '@example.com', 'First' || id, 'Last' FROM xsight.customers "
            "WHERE tenant_id = %s",
            [tenant_id],
        )
        admin.execute(
            "INSERT INTO xsight.order_pii (tenant_id, order_id, email) "
            "SELECT tenant_id, id, 'o' || id || '@example.com' FROM xsight.orders WHERE tenant_id = %s",
            [tenant_id],
        )
    await compute_insights(tenancy, tenant_id, home)
    return orders


def _kept() -> list[Table]:
    return [table for table in tenant_tables() if table.name != "audit_events"]


def _keep(admin_url: str, tenant_id: UUID, seed: int) -> None:
    with psycopg.connect(admin_url) as admin:
        admin.execute(f"CREATE SCHEMA kept_{seed}")
        for table in _kept():
            admin.execute(
                f"CREATE TABLE kept_{seed}.{table.name} AS SELECT * FROM {table} WHERE tenant_id = '{tenant_id}'"
            )


def _bring_back(admin_url: str, tenant_id: UUID, seed: int) -> None:
    with psycopg.connect(admin_url) as admin:
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("DELETE FROM xsight.tenant_state WHERE tenant_id = %s", [tenant_id])
        for table in _kept():
            names = [f'"{column.name}"' for column in table.columns if column.name != "tenant_id"]
            admin.execute(
                f"INSERT INTO {table} (tenant_id, {', '.join(names)}) OVERRIDING SYSTEM VALUE "
                f"SELECT %s, {', '.join(names)} FROM kept_{seed}.{table.name}",
                [tenant_id],
            )
