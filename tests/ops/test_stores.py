"""A store taken along to another installation is the same there; a suspended one is closed, a deleted one gone."""

import asyncio
import zipfile

import psycopg
import pytest

from ops import stores
from tests.ops.test_backup import END, installation, name_people
from tests.support.rows import fill_all_tables
from tests.support.shops import add_orders, random_orders, set_shop
from tests.support.tenants import add_tenant
from xsight_core.db.archive import LEFT_BEHIND
from xsight_core.db.rls import tenant_tables
from xsight_core.errors import InvalidInput
from xsight_core.services import archive
from xsight_core.sync import schedule
from xsight_core.tenancy import Tenancy

OWNER = "owner@example.com"


@pytest.fixture(scope="module")
def first(cluster, tmp_path_factory):
    """An installation with a store, its owner and a notebook."""
    with cluster.fresh() as database:
        config = installation(tmp_path_factory.mktemp("first"), database.admin_url)
        tenant = add_tenant(database.admin_url, "north")
        set_shop(database.admin_url, tenant.id)
        add_orders(database.admin_url, tenant.id, random_orders(3, customers=30, end=END))
        fill_all_tables(database.admin_url, tenant.id)
        name_people(database.admin_url)
        user = add_person(database, OWNER)
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "INSERT INTO control.memberships VALUES (%s, %s, 'owner', true)", [tenant.id, user]
            )
        work = config.home.path / "homes" / f"{tenant.slug}-{user[:8]}"
        work.mkdir()
        (work / "study.ipynb").write_text("mine")
        yield config, database, tenant


@pytest.fixture
def second(cluster, tmp_path):
    """Another installation, with a store of its own."""
    with cluster.fresh() as database:
        fill_all_tables(database.admin_url, add_tenant(database.admin_url, "south").id, marker="s")
        yield installation(tmp_path / "second", database.admin_url), database


def add_person(database, email: str) -> str:
    with psycopg.connect(database.admin_url) as admin:
        row = admin.execute(
            "INSERT INTO control.users (id, email, name) VALUES (gen_random_uuid(), %s, 'x') RETURNING id::text",
            [email],
        ).fetchone()
    return row[0]


def contents(database, tenant) -> dict[str, list]:
    """Rows by table as JSON texts, without what each database deals out itself."""
    apart = "ARRAY['changed_in', 'rows_removed_in', 'seq', 'connection', 'connection_note']"
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("SET timezone = 'UTC'")
        return {
            table.name: sorted(
                row[0]
                for row in admin.execute(
                    f"SELECT (to_jsonb(t) - {apart} {identity(table)})::text FROM {table} t WHERE tenant_id = %s",
                    [tenant.id],
                )
            )
            for table in tenant_tables()
            if str(table) not in LEFT_BEHIND
        }


def identity(table) -> str:
    return "".join(f" - '{c.name}'" for c in table.columns if c.identity is not None)


def test_a_store_arrives_whole(first, second, tmp_path, capsys):
    (config, before, tenant), (there, after) = first, second
    file = tmp_path / "north.zip"
    assert stores.export(config, tenant.slug, str(file)) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert stores.bring_in(there, str(file), None) == 1
    assert "name one with --owner" in capsys.readouterr().err  # and nothing has come in
    with psycopg.connect(after.admin_url) as admin:
        assert admin.execute("SELECT count(*) FROM control.tenants").fetchone() == (1,)
    user = add_person(after, OWNER)
    assert stores.bring_in(there, str(file), None) == 0, capsys.readouterr().err
    mine, theirs = contents(before, tenant), contents(after, tenant)
    assert len(mine["orders"]) == 401
    assert {name for name in mine if mine[name] != theirs[name]} <= {
        "sync_runs"
    }  # one was under way
    home = there.home.path / "homes" / f"{tenant.slug}-{user[:8]}"
    assert (home / "study.ipynb").read_text() == "mine"
    with psycopg.connect(after.admin_url) as admin:
        state = admin.execute(
            "SELECT connection, connection_note FROM xsight.tenant_state WHERE tenant_id = %s",
            [tenant.id],
        ).fetchone()
        assert state[0] == "disconnected"
        assert "connect it again" in state[1]
        assert admin.execute("SELECT count(*) FROM xsight.orders").fetchone() == (402,)
    assert stores.bring_in(there, str(file), None) == 1
    assert "This store is here already" in capsys.readouterr().err


def test_a_damaged_file_brings_nothing(first, second, tmp_path):
    (config, _, tenant), (there, after) = first, second
    file, torn = tmp_path / "north.zip", tmp_path / "torn.zip"
    stores.export(config, tenant.slug, str(file))
    with zipfile.ZipFile(file) as packed, zipfile.ZipFile(torn, "w") as changed:
        for entry in packed.namelist():
            data = packed.read(entry)
            if entry == "tables/xsight.orders":
                data = data.replace(b"#1001\t", b"#9999\t")
            changed.writestr(entry, data)
    add_person(after, OWNER)
    tenancy = Tenancy(after.app_url)

    async def bring(path):
        await archive.import_tenant(tenancy, path, home=there.home.path)

    with pytest.raises(InvalidInput, match=r"xsight\.orders is damaged"):
        asyncio.run(bring(torn))
    (tmp_path / "half.zip").write_bytes(file.read_bytes()[:-400])
    with pytest.raises(InvalidInput, match="no exported store"):
        asyncio.run(bring(tmp_path / "half.zip"))
    with psycopg.connect(after.admin_url) as admin:
        assert admin.execute("SELECT count(*) FROM control.tenants").fetchone() == (1,)


def test_a_suspended_store_rests_and_a_deleted_one_is_gone(first, capsys):
    config, database, tenant = first
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO control.shops (domain, tenant_id, shop_gid) VALUES ('n.myshopify.com', %s, 'gid')",
            [tenant.id],
        )

    async def connected():
        tenancy = Tenancy(database.app_url)
        async with tenancy.control() as session:
            found = await schedule.connected_tenants(session)
        await tenancy.close()
        return found

    assert list(asyncio.run(connected())) == [tenant.id]
    assert stores.delete(config, tenant.slug) == 1
    assert "suspended first" in capsys.readouterr().err
    assert stores.suspend(config, tenant.slug, suspended=True) == 0
    assert list(asyncio.run(connected())) == []
    assert stores.suspend(config, tenant.slug, suspended=False) == 0
    assert list(asyncio.run(connected())) == [tenant.id]
    stores.suspend(config, tenant.slug, suspended=True)
    assert stores.delete(config, tenant.slug) == 0
    assert not any(contents(database, tenant).values())
    assert not list((config.home.path / "homes").glob(f"{tenant.slug}*"))
    with psycopg.connect(database.admin_url) as admin:
        kept = admin.execute("SELECT array_agg(action) FROM xsight.audit_events").fetchone()[0]
        assert "tenant.deleted" in kept
        left = admin.execute("SELECT count(*) FROM control.memberships").fetchone()
        assert left == (0,)
    assert stores.delete(config, tenant.slug) == 1
    assert "there is no store" in capsys.readouterr().err
