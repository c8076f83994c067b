"""Every table of every tenant, seen by everybody who must not see it: no row, whatever table comes next."""

import psycopg
import pytest
from sqlalchemy import text

from tests.support.rows import fill_all_tables
from tests.support.servers import mint
from xsight_core.db.rls import tenant_tables
from xsight_core.db.tables import metadata

TABLES = [pytest.param(table, id=table.name) for table in tenant_tables()]
OTHER_SCHEMAS = [str(table) for table in metadata.tables.values() if table.schema != "xsight"]


@pytest.fixture(scope="module")
def world(cluster):
    """Two tenants with a row in every table, and a login of each kind. Nothing here is changed by a test."""
    from tests.support.tenants import add_tenant  # noqa: PLC0415

    with cluster.fresh() as database:
        north, south = (add_tenant(database.admin_url, name) for name in ("north", "south"))
        fill_all_tables(database.admin_url, north.id, marker="of north")
        fill_all_tables(database.admin_url, south.id, marker="of south")
        yield {
            "database": database,
            "north": north,
            "south": south,
            "dashboard": mint(database, north),
            "analyst": mint(database, north, pii=True),
        }


@pytest.mark.parametrize("table", TABLES)
def test_the_world_has_a_row_of_each_tenant(world, table):
    with psycopg.connect(world["database"].admin_url) as admin:
        found = admin.execute(f"SELECT count(*), count(DISTINCT tenant_id) FROM {table}").fetchone()
    assert found == (2, 2)


@pytest.mark.parametrize("table", TABLES)
def test_the_application_sees_the_tenant_it_names(world, table):
    with psycopg.connect(world["database"].app_url) as app:
        app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world["north"].id)])
        assert app.execute(f"SELECT tenant_id FROM {table}").fetchall() == [(world["north"].id,)]


@pytest.mark.parametrize("table", TABLES)
def test_the_application_without_a_tenant_sees_nothing(world, table):
    with psycopg.connect(world["database"].app_url) as app:
        assert app.execute(f"SELECT * FROM {table}").fetchall() == []
        app.commit()
        app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world["north"].id)])
        app.commit()  # the variable is now the empty string
        assert app.execute(f"SELECT * FROM {table}").fetchall() == []


@pytest.mark.parametrize("table", TABLES)
def test_the_application_cannot_write_into_another_tenant(world, table):
    north, south = world["north"].id, world["south"].id
    with psycopg.connect(world["database"].app_url) as app:
        app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(north)])
        if table.info.get("append_only"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                app.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [south])
            return
        assert app.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [south]).rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            app.execute(f"UPDATE {table} SET tenant_id = %s", [south])
        app.rollback()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("login", ["dashboard", "analyst"])
def test_a_notebook_sees_its_tenant_as_far_as_its_right_goes(world, table, login):
    sees = table.info.get("notebook", True) and (login == "analyst" or not table.info.get("pii"))
    with world[login].connect() as notebook:
        if not table.info.get("notebook", True):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                notebook.execute(f"SELECT * FROM {table}")
            return
        for value in ("", str(world["south"].id)):
            notebook.execute("SELECT set_config('app.tenant_id', %s, false)", [value])
            rows = notebook.execute(f"SELECT tenant_id FROM {table}").fetchall()
            assert rows == ([(world["north"].id,)] if sees else [])


@pytest.mark.parametrize("table", OTHER_SCHEMAS)
@pytest.mark.parametrize("login", ["dashboard", "analyst"])
def test_a_notebook_reads_nothing_of_control_and_private(world, table, login):
    with (
        world[login].connect() as notebook,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        notebook.execute(f"SELECT * FROM {table}")


@pytest.mark.parametrize("url", ["ingest_url", "spawner_url"])
def test_ingest_and_spawner_read_and_write_no_table(world, url):
    allowed = {("ingest_url", "INSERT INTO control.inbox DEFAULT VALUES")}
    with psycopg.connect(getattr(world["database"], url), autocommit=True) as login:
        for table in metadata.sorted_tables:
            for statement in (
                f"SELECT * FROM {table}",
                f"DELETE FROM {table}",
                f"UPDATE {table} SET {next(iter(table.columns)).name} = NULL",
                f"INSERT INTO {table} DEFAULT VALUES",
                f"TRUNCATE {table}",
            ):
                if (url, statement) not in allowed:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        login.execute(statement)


def test_ingest_stores_a_webhook_and_finds_its_shop(world):
    with psycopg.connect(world["database"].ingest_url) as ingest:
        for _ in range(2):
            ingest.execute(
                "INSERT INTO control.inbox (tenant_id, webhook_id, topic, body) "
                "VALUES (%s, 'w', 'orders/create', '') ON CONFLICT DO NOTHING",
                [world["north"].id],
            )
        assert ingest.execute("SELECT domain, tenant_id FROM control.shops").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ingest.execute("SELECT shop_gid FROM control.shops")
        ingest.rollback()


@pytest.mark.parametrize("url", ["ingest_url", "spawner_url", "app_url"])
def test_no_login_becomes_another(world, url):
    with psycopg.connect(getattr(world["database"], url), autocommit=True) as login:
        for role in ("xsight_owner", "xsight_minter", "xsight_notebook", "postgres"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                login.execute(f"SET ROLE {role}")
        for statement in (
            "CREATE ROLE mine",
            "ALTER ROLE xsight_app BYPASSRLS",
            "ALTER TABLE xsight.orders DISABLE ROW LEVEL SECURITY",
            "CREATE TABLE xsight.mine (id int)",
            "CREATE SCHEMA mine",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                login.execute(statement)


async def test_the_control_session_sees_no_tenant_data(tenancy, database, tenant):
    fill_all_tables(database.admin_url, tenant.id)
    async with tenancy.control() as session:
        for table in tenant_tables():
            assert (await session.execute(text(f"SELECT * FROM {table}"))).all() == []
