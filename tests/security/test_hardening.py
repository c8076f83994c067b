"""Behind the second wall, what notebooks are for still works: psycopg, SQLAlchemy and pandas on a minted login."""

import pandas as pd
import psycopg
import pytest
from psycopg.types import TypeInfo
from sqlalchemy import MetaData, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from tests.support.rows import fill_all_tables
from tests.support.servers import mint
from xsight_core.db.rls import tenant_tables


@pytest.fixture
def server(database, tenant):
    fill_all_tables(database.admin_url, tenant.id)
    return mint(database, tenant, pii=True)


@pytest.fixture
def engine(server):
    return create_engine(
        server.url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool
    )


def test_pandas_reads_queries_and_tables(engine):
    with engine.connect() as connection:
        queried = pd.read_sql(text("SELECT id, gross FROM orders"), connection)
        read = pd.read_sql_table("orders", connection, schema="xsight")
        written = pd.read_sql_query("SELECT count(*) AS n FROM order_lines", connection)
    assert queried.shape == (1, 2)
    assert len(read) == len(written) == 1
    assert "net_minor" in read.columns


def test_sqlalchemy_reflects_the_open_tables(engine):
    open_tables = {table.name for table in tenant_tables() if table.info.get("notebook", True)}
    names = set(inspect(engine).get_table_names(schema="xsight"))
    assert open_tables <= names
    metadata = MetaData()
    metadata.reflect(engine, schema="xsight", only=sorted(open_tables))
    assert metadata.tables["xsight.orders"].primary_key.columns.keys() == ["tenant_id", "id"]


def test_psycopg_finds_types_copies_and_streams(server):
    with psycopg.connect(server.url) as connection:
        assert TypeInfo.fetch(connection, "uuid") is not None
        with connection.cursor("named") as cursor:
            assert len(cursor.execute("SELECT * FROM orders").fetchall()) == 1
        with connection.cursor().copy("COPY (TABLE customers) TO STDOUT (FORMAT binary)") as copy:
            assert b"".join(map(bytes, copy)).startswith(b"PGCOPY")
        shown = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'xsight'"
        ).fetchall()
        assert ("orders",) in shown
        assert ("shop_tokens",) not in shown
        connection.execute("EXPLAIN SELECT * FROM orders JOIN order_lines USING (tenant_id)")


def test_our_own_roles_keep_what_was_taken_from_everybody(database):
    with psycopg.connect(database.app_url) as app:
        app.execute("SELECT pg_advisory_xact_lock(1), pg_notify('a', 'b')")
        app.execute("SELECT count(*) FROM pg_stat_activity")
        app.execute("SELECT pg_database_size(current_database())")
