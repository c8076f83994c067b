"""A small shop, synced and computed once; each test gets a copy of its database and an analyst's files of its own."""

import asyncio
import gzip
import json
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import psycopg
import pytest

from shopify_sim.config import ShopConfig, SimConfig
from tests.support.postgres import Cluster, Database
from tests.support.simulator import APP, SHOP, Sim, running_sim
from tests.support.tenants import TestTenant, add_tenant
from tests.sync.conftest import (
    KEYRING,
    Store,
    access,  # noqa: F401
    app_of,
    approve,
    deliver,  # noqa: F401
    http,  # noqa: F401
    rows,  # noqa: F401
    store,  # noqa: F401
    synced,
)
from xsight_core.services.connect import ShopAccess
from xsight_core.services.insights import compute_insights
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.tenancy import Tenancy

WORD = "zoë.o'hara+1@example.com"


@dataclass(frozen=True)
class World:
    """A tenant connected to the simulated shop, and two of its customers' ids."""

    database: Database
    tenant: TestTenant
    someone: tuple[int, int]


class NoCaches:
    """Redis without a key; the real one is looked at in test_caches."""

    def __init__(self) -> None:
        self.left = 0

    async def drop(self, _tenant_id) -> int:
        return 0

    async def count(self, _forms) -> int:
        return self.left


@pytest.fixture(scope="session")
def sim() -> Iterator[Sim]:
    config = SimConfig(shops=(ShopConfig(SHOP, "generated:40"),), apps=(APP,), auto_approve=True)
    with running_sim(config) as sim:
        yield sim


@pytest.fixture(scope="session")
def world(cluster: Cluster, sim: Sim, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with cluster.fresh() as database:
        tenant = add_tenant(database.admin_url, "north")
        home = tmp_path_factory.mktemp("world")
        someone = asyncio.run(live(database, tenant, sim, home))
        name(database, tenant, someone[0])
        yield World(database, tenant, someone)


@pytest.fixture
def database(cluster: Cluster, world: World) -> Iterator[Database]:
    with cluster.fresh(world.database.name) as database:
        yield database


@pytest.fixture
def tenant(world: World) -> TestTenant:
    return world.tenant


@pytest.fixture
def shop(world: World) -> TestTenant:
    return world.tenant


@pytest.fixture
def caches() -> NoCaches:
    return NoCaches()


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def someone(world, home):
    """A customer with orders, refunds, notes, scores, found everywhere; and a second one beside them. Their ids."""
    first, _ = world.someone
    work = home / "homes" / f"{world.tenant.slug}-0a0a0a0a"
    work.mkdir(parents=True)
    write_files(work, home / "ledger" / str(world.tenant.id), first, WORD)
    return world.someone


async def live(database, tenant, sim, home) -> tuple[int, int]:
    """Connect, sync, compute: a shop's first day."""
    tenancy = Tenancy(database.app_url)
    async with httpx.AsyncClient() as http:  # noqa: F811
        access = ShopAccess(tenancy, KEYRING, http, app=app_of(sim), version="2026-10")
        query = await approve(sim, sim.shop)
        await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])
        store = Store(sim)
        made = [store.act("create_customer")["id"] for _ in range(2)]
        for gid in made:
            order = store.act(
                "create_order", customer=gid, lines=[{"amount": "30.00", "quantity": 2}]
            )
            store.act("refund", order=order["id"], units=[[0, 1]])
        await synced(access, tenant)
        await compute_insights(tenancy, tenant.id, home)
    await tenancy.close()
    first, second = (int(gid.rsplit("/", 1)[1]) for gid in made)
    return first, second


def name(database, tenant, customer) -> None:
    """Give the customer words that nobody else has, and put these into every table that they can reach."""
    theirs = "(SELECT id FROM xsight.orders WHERE customer_id = %s)"
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "UPDATE xsight.customer_pii SET email = %s, first_name = 'Zoë', last_name = 'O''Hara',"
            " phone = '+4915112345678', note = 'Rings twice, ask for Zoë' WHERE customer_id = %s",
            [WORD, customer],
        )
        admin.execute(
            "UPDATE xsight.order_pii SET email = %s, note = 'leave it with O''Hara next door'"
            f" WHERE order_id IN {theirs}",
            [WORD, customer],
        )
        admin.execute(
            f"UPDATE xsight.refunds SET note = 'sorry, Zoë O''Hara' WHERE order_id IN {theirs}",
            [customer],
        )
        fill_places(admin, tenant.id, customer, customer + 1_000_000_007, WORD)


def fill_places(admin, tenant, customer, other, word) -> None:
    """Rows that name the customer, beside rows that name somebody else."""
    segment, hook, action, run = (uuid4() for _ in range(4))
    say = f'{{"a": "says {word}"}}'
    quiet = '{"a": "of somebody else"}'
    for who, text, suffix in ((customer, say, "mine"), (other, quiet, "theirs")):
        admin.execute(
            "INSERT INTO xsight.customer_places (tenant_id, customer_id, latitude, longitude)"
            " VALUES (%s, %s, 1, 2) ON CONFLICT DO NOTHING",
            [tenant, who],
        )
        admin.execute(
            "INSERT INTO xsight.customer_metafields (tenant_id, customer_id, key, value)"
            " VALUES (%s, %s, 'a.b', %s)",
            [tenant, who, text],
        )
        admin.execute(
            "INSERT INTO xsight.customer_traits (tenant_id, customer_id, rfm_group)"
            " VALUES (%s, %s, 'LOYAL') ON CONFLICT DO NOTHING",
            [tenant, who],
        )
        admin.execute(
            "INSERT INTO xsight.quarantine (tenant_id, object, reason, raw) VALUES (%s, 'orders', 'r', %s)",
            [tenant, text],
        )
        admin.execute(
            "INSERT INTO xsight.segments (tenant_id, id, name, rule) VALUES (%s, gen_random_uuid(), %s, %s)",
            [tenant, suffix, text],
        )
        admin.execute(
            "INSERT INTO control.inbox (tenant_id, webhook_id, topic, body, done_at)"
            " VALUES (%s, %s, 'customers/update', %s, now())",
            [tenant, f"old {suffix}", text.encode()],
        )
    admin.execute(
        "INSERT INTO xsight.segments (tenant_id, id, name, rule) VALUES (%s, %s, 'all', '{}')",
        [tenant, segment],
    )
    (ordinal,) = admin.execute(
        "SELECT ordinal FROM xsight.customers WHERE tenant_id = %s AND id = %s", [tenant, customer]
    ).fetchone()
    bits = bytearray(64)
    bits[ordinal // 8] |= 1 << ordinal % 8
    bits[60] = 1
    admin.execute(
        "INSERT INTO xsight.segment_members (tenant_id, segment_id, since_day, digest, bits)"
        " VALUES (%s, %s, 1, 'd', %s)",
        [tenant, segment, bits],
    )
    admin.execute(
        "INSERT INTO xsight.segment_actions (tenant_id, id, segment_id, kind, day, treated, held)"
        " VALUES (%s, %s, %s, 'tags', 1, %s, '')",
        [tenant, action, segment, bits],
    )
    admin.execute(
        "INSERT INTO xsight.segment_hooks (tenant_id, id, url, secret_sealed) VALUES (%s, %s, 'u', 's')",
        [tenant, hook],
    )
    for who in (customer, other):
        admin.execute(
            "INSERT INTO xsight.segment_events (tenant_id, segment_id, customer_id, entered, at, day)"
            " VALUES (%s, %s, %s, true, now(), 1)",
            [tenant, segment, who],
        )
        admin.execute(
            "INSERT INTO xsight.tag_changes (tenant_id, action_id, customer_id, add) VALUES (%s, %s, %s, true)",
            [tenant, action, who],
        )
        admin.execute(
            "INSERT INTO xsight.segment_deliveries (tenant_id, hook_id, segment_id, event, body)"
            " VALUES (%s, %s, %s, 'e', jsonb_build_object('customers', jsonb_build_array(%s::bigint)))",
            [tenant, hook, segment, who],
        )
        admin.execute(
            "INSERT INTO xsight.person_keys (tenant_id, subject, key) VALUES (%s, %s, %s)",
            [tenant, f"customer:{who}", secrets.token_bytes(32)],
        )
    admin.execute(
        "INSERT INTO xsight.documents (tenant_id, name, insight_run, data_version, body)"
        " VALUES (%s, 'a page', %s, 1, jsonb_build_object('totals', 7, 'top_customers',"
        " jsonb_build_array(jsonb_build_object('id', %s::bigint), jsonb_build_object('id', %s::bigint))))",
        [tenant, run, customer, other],
    )


def write_files(work, ledger, customer, word) -> None:
    """What an analyst may leave, and a ledger."""
    cell = {
        "cell_type": "code",
        "source": [f"df[df.email == '{word.upper()}']\n", "df.head()"],
        "outputs": [{"data": {"text/html": f"<td>{word}</td>"}}],
        "metadata": {},
        "execution_count": 1,
    }
    plain = {**cell, "source": ["1 + 1"], "outputs": [{"data": {"text/plain": "2"}}]}
    (work / "study.ipynb").write_text(json.dumps({"cells": [cell, plain], "metadata": {}}))
    (work / "out.csv").write_text(f"id,email\n{customer},x\n")
    with zipfile.ZipFile(work / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", f"<t>{word}</t>")
    with gzip.open(work / "dump.csv.gz", "wt") as dump:
        dump.write(word)
    (work / "own.csv").write_text("nobody\n")
    (work / "frame.parquet").write_bytes(b"PAR1 cannot be read")
    (ledger / "7").mkdir(parents=True)
    (ledger / "7" / "people.arrow").write_bytes(b"x" * 8 + customer.to_bytes(8, "little"))
