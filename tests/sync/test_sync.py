"""Whole syncs against the simulated shop."""

from uuid import UUID

from xsight_core.services import sync


class Heard:
    """Everything that was published."""

    def __init__(self):
        self.messages = []

    async def publish(self, tenant_id, message):
        self.messages.append(message)


async def run(access, tenant, kind=None):
    heard = Heard()
    state = await sync.request_sync(access.tenancy, tenant.id, kind=kind)
    await sync.run_sync(
        access, heard, tenant_id=tenant.id, run=UUID(state["run"]), public_url="https://xs.example"
    )
    return await sync.run_state(access.tenancy, tenant.id, UUID(state["run"])), heard.messages


async def test_first_sync_brings_the_whole_shop(access, shop, sim):
    state, heard = await run(access, shop)
    print(state, len(heard))
    with access.tenancy.connection(shop.id) as c:
        for t in ["customers", "orders", "order_lines", "order_discounts", "refunds", "refund_lines", "products", "variants", "quarantine", "order_pii"]:
            print(t, c.execute(f"select count(*) from xsight.{t}").fetchone())
        print(
            c.execute(
                "select sum(gross), sum(discounts), sum(gross_minor), sum(discounts_minor), sum(returns_minor), sum(net_minor), sum(current_subtotal) , sum(subtotal) from xsight.orders"
            ).fetchall()
        )
        print(c.execute("select reason, count(*) from xsight.quarantine group by 1").fetchall())
    assert state["status"] == "computing"
    assert 0
