"""A whole sync of tap-shopify, which knows nothing of us, reads the same customers and orders as our own sync does.

Not part of `make test`, as it needs an environment of its own: `make peers`. The tap is AGPL: run, never imported.
It asks for 2025-07, which falls forward to a version in which a field of its orders is gone, and for much that the
simulator keeps nothing of: of orders it is asked for what is compared, and what we read too.
"""

import json
import subprocess
from decimal import Decimal

import httpx
import pytest

from ops.bench.peers import environment, redirected
from shopify_sim.config import AppConfig, ShopConfig, SimConfig
from tests.support.simulator import running_sim
from tests.sync.conftest import app_of, approve, synced
from xsight_core.crypto import Keyring
from xsight_core.services.connect import ShopAccess
from xsight_core.shopify.domain import parse_shop_domain

SHOP = "tapped.myshopify.com"
TOKEN = "shpat_of_the_tap"
KEYRING = Keyring.parse("test:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
CONFIG = SimConfig(
    shops=(ShopConfig(SHOP, "generated:150"),),
    apps=(AppConfig("tap", "secret-of-the-tap", token=TOKEN),),
    auto_approve=True,
    faults={
        "grouped_files": True
    },  # the default of the version it was written for, and it relies on it
)
OF_ORDERS = (
    *("id", "name", "createdAt", "updatedAt", "processedAt", "cancelledAt", "customer", "tags"),
    *("currencyCode", "totalPriceSet", "currentTotalPriceSet", "totalRefundedSet", "test"),
    *("displayFinancialStatus", "lineItems", "discountApplications"),
)
DEEDS = (
    ("create_order", {"line_count": 120, "amount": "1.00"}),
    ("create_order", {"amount": "8.00", "presentment": {"currency": "USD", "rate": "1.1"}}),
    ("refund", {"order": 5}),
    ("edit", {"order": 7}),
    ("delete_order", {"order": 9}),
    ("merge_customers", {"kept": 3, "absorbed": 4}),
)


@pytest.fixture(scope="module")
def sim():
    with running_sim(CONFIG) as sim:
        for name, body in DEEDS:
            answer = httpx.post(f"{sim.url}/shops/{SHOP}/_sim/{name}", json=body)
            answer.raise_for_status()
        yield sim


def tapped(sim, folder):
    """Records of the tap by stream and id."""
    config = {"shop": SHOP.partition(".")[0], "access_token": TOKEN, "api_key": TOKEN}
    config |= {"start_date": "2015-01-01T00:00:00Z", "date_window_size": "5000"}
    (folder / "config.json").write_text(json.dumps(config))
    command = [environment("tap-shopify") / "tap-shopify", "--config", folder / "config.json"]
    env = redirected(sim.url)

    def run(*more):
        done = subprocess.run(
            [*command, *more], env=env, cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    catalog = json.loads(run("--discover"))
    wanted = [s for s in catalog["streams"] if s["tap_stream_id"] in ("orders", "customers")]
    for stream in wanted:
        for entry in stream["metadata"]:
            name = (entry["breadcrumb"][1:] or [None])[0]
            taken = stream["tap_stream_id"] == "customers" or name in {None, *OF_ORDERS}
            entry["metadata"]["selected"] = taken
    (folder / "catalog.json").write_text(json.dumps({"streams": wanted}))
    found = {"orders": {}, "customers": {}}
    for line in run("--catalog", folder / "catalog.json").splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            record = message["record"]
            found[message["stream"]][number(record["id"])] = record
    return found


def number(gid):
    return int(str(gid).rpartition("/")[2])


async def test_the_same_customers_and_orders(sim, tenancy, tenant, tmp_path):
    async with httpx.AsyncClient() as http:
        access = ShopAccess(tenancy, KEYRING, http, app=app_of(sim), version="2026-10")
        query = await approve(sim, SHOP)
        await access.connect(tenant.id, parse_shop_domain(SHOP), query["code"])
        await synced(access, tenant)
    theirs = tapped(sim, tmp_path)
    with tenancy.connection(tenant.id) as connection:
        customers = connection.execute(
            "SELECT id, orders_count FROM xsight.customers WHERE deleted_at IS NULL"
        ).fetchall()
        orders = connection.execute(
            "SELECT o.id, o.name, o.customer_id, o.total, o.test, o.financial_status,"
            " (SELECT count(*) FROM xsight.order_lines l WHERE l.order_id = o.id)"
            " FROM xsight.orders o WHERE deleted_at IS NULL"
        ).fetchall()
    assert len(orders) > 300
    assert dict(customers) == {
        key: int(record["numberOfOrders"]) for key, record in theirs["customers"].items()
    }
    assert {row[0]: row[1:] for row in orders} == {
        key: (
            record["name"],
            number(record["customer"]["id"]) if record.get("customer") else None,
            Decimal(str(record["totalPriceSet"]["shopMoney"]["amount"])),
            record["test"],
            record["displayFinancialStatus"],
            len(record["lineItems"]),
        )
        for key, record in theirs["orders"].items()
    }
