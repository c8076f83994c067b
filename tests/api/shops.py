"""A store with rows and computed insights, for tests of the reading routes."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from tests.support.shops import ShopOrder, add_orders, random_orders, set_shop
from xsight_core.services.insights import compute_insights
from xsight_core.tenancy import Tenancy

__all__ = ["fill_store"]


async def fill_store(
    admin_url: str, tenancy: Tenancy, tenant_id: UUID, home: Path, *, seed: int = 1
) -> list[ShopOrder]:
    """Orders, customers with names, one insight run."""
    now = datetime.now(UTC)
    orders = random_orders(seed, customers=60, orders=400, end=now)
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
