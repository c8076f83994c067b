"""The typed client against the running API: what an integration, or a notebook, does with a token."""

import asyncio
import csv
from functools import partial
from uuid import UUID

import psycopg
import pytest

from tests.api.shops import fill_store
from xsight_core.client import ApiError, Client
from xsight_core.services.export_making import make_export


@pytest.fixture
async def ann(api, tenancy, database):
    async with api.member() as ann:
        home = api.settings.home
        orders = await fill_store(database.admin_url, tenancy, await ann.tenant_id(), home)
        ann.orders = [order for order in orders if not order.deleted]
        wish = {"name": "program", "scopes": ["read", "sync", "export"]}
        ann.token = (await ann.post("/api/v1/tokens", json=wish)).json()["secret"]
        yield ann


async def test_it_reads_pages_and_refusals(ann, api) -> None:
    def use() -> None:
        with Client(api.url, ann.token) as client:
            assert client.store()["role"] == "owner"
            seen = list(client.every(client.order_list, limit=97, fields="id,gross"))
            assert sorted(order["id"] for order in seen) == sorted(o.id for o in ann.orders)
            assert set(seen[0]) == {"id", "gross"}
            one = client.customer(ann.orders[0].customer or ann.orders[1].customer)
            assert one["masked"]  # no scope for personal data
            with pytest.raises(ApiError, match="sort") as refused:
                client.customer_list(sort="email")
            assert (refused.value.status, refused.value.code) == (422, "invalid_input")
            assert refused.value.field == "sort"
            assert refused.value.request_id
            with pytest.raises(ApiError) as missing:
                client.order(1)
            assert (missing.value.status, missing.value.code) == (404, "not_found")
            with pytest.raises(ApiError) as unconnected:
                client.start_sync()
            assert unconnected.value.status in {202, 409}
            with pytest.raises(ApiError) as forbidden:
                client.member_list()
            assert forbidden.value.status == 403

    await asyncio.to_thread(use)


async def test_it_brings_an_export_home(ann, api, tenancy, database, tmp_path) -> None:
    target = tmp_path / "orders.csv"
    with Client(api.url, ann.token) as client:
        bringing = asyncio.create_task(
            asyncio.to_thread(partial(client.export_to, target, kind="orders"))
        )
        tenant = await ann.tenant_id()
        async with asyncio.timeout(30):
            while not (promised := jobs(database)):
                await asyncio.sleep(0.05)
            await make_export(tenancy, tenant, UUID(promised[0]), api.settings.home)
            assert await bringing == len(ann.orders)
    with target.open(newline="") as file:
        assert {int(row["order_id"]) for row in csv.DictReader(file)} == {o.id for o in ann.orders}
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def jobs(database) -> list[str]:
    with psycopg.connect(database.admin_url) as admin:
        rows = admin.execute("SELECT payload->>'export' FROM control.jobs WHERE kind = 'export'")
        return [row[0] for row in rows]
