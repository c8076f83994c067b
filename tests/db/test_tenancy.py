"""A tenant never carries over: not by the pool, not by an error, not by a cancelled request."""

import asyncio
import random

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from tests.support.rows import fill_all_tables
from xsight_core.db.statistics import refresh_statistics
from xsight_core.db.tables import Customer, CustomerInsight
from xsight_core.tenancy import Tenancy

SEEN = text("SELECT array_agg(DISTINCT tenant_id::text) FROM xsight.customers")


@pytest.fixture
def two(database, tenant, other_tenant):
    for each in (tenant, other_tenant):
        fill_all_tables(database.admin_url, each.id)
    return tenant, other_tenant


@pytest.fixture
async def one_connection(database):
    tenancy = Tenancy(database.app_url, pool_size=1, max_overflow=0)
    yield tenancy
    await tenancy.close()


async def seen(tenancy, tenant):
    async with tenancy.scope(tenant.id) as session:
        return (await session.execute(SEEN)).scalar_one()


async def test_a_scope_sees_its_tenant_and_commits(tenancy, two):
    north, south = two
    async with tenancy.scope(north.id) as session:
        customer = (await session.scalars(select(Customer))).one()
        assert customer.tenant_id == north.id
        customer.country = "NO"
    async with tenancy.scope(north.id) as session:
        assert (await session.scalars(select(Customer.country))).one() == "NO"
    async with tenancy.scope(south.id) as session:
        assert (await session.scalars(select(Customer.country))).one() == "text"


async def test_an_error_rolls_back_and_leaves_no_tenant(one_connection, two):
    async def change_and_break():
        async with one_connection.scope(two[0].id) as session:
            await session.execute(text("UPDATE xsight.customers SET country = 'NO'"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_break()
    async with one_connection.control() as session:
        assert (await session.execute(SEEN)).scalar_one() is None
    async with one_connection.scope(two[0].id) as session:
        assert (await session.scalars(select(Customer.country))).one() == "text"


async def test_a_failed_statement_leaves_no_tenant(one_connection, two):
    async def fail():
        async with one_connection.scope(two[0].id) as session:
            await session.execute(text("SELECT no_such_column FROM xsight.customers"))

    with pytest.raises(ProgrammingError):
        await fail()
    async with one_connection.control() as session:
        assert (await session.execute(SEEN)).scalar_one() is None


async def test_interleaved_requests_on_one_connection_never_mix(one_connection, two):
    async def request(number):
        tenant = two[number % 2]
        return await seen(one_connection, tenant) == [str(tenant.id)]

    assert all(await asyncio.gather(*(request(number) for number in range(400))))


async def test_cancelled_requests_leave_no_tenant_behind(one_connection, two):
    chance = random.Random(7)

    async def request(tenant):
        async with one_connection.scope(tenant.id) as session:
            await session.execute(text("SELECT pg_sleep(0.005)"))
            return (await session.execute(SEEN)).scalar_one()

    wrong = []
    for number in range(60):
        tenant, next_tenant = two[number % 2], two[(number + 1) % 2]
        running = asyncio.create_task(request(tenant))
        await asyncio.sleep(chance.random() * 0.012)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        answer = await seen(one_connection, next_tenant)
        if answer != [str(next_tenant.id)]:
            wrong.append(answer)
        async with one_connection.control() as session:
            if (await session.execute(SEEN)).scalar_one() is not None:
                wrong.append("control")
    assert wrong == []


async def test_a_prepared_statement_asks_for_the_tenant_each_time(one_connection, two):
    for number in range(20):  # psycopg prepares after five
        tenant = two[number % 2]
        assert await seen(one_connection, tenant) == [str(tenant.id)]


def test_a_driver_connection_follows_the_same_rules(tenancy, two, database):
    north = two[0]
    with tenancy.connection(north.id) as connection:
        with connection.cursor().copy(
            "COPY (SELECT tenant_id FROM xsight.customers) TO STDOUT"
        ) as copy:
            assert [row[0] for row in copy.rows()] == [str(north.id)]
        connection.execute("UPDATE xsight.customers SET country = 'SE'")

    def change_and_break():
        with tenancy.connection(north.id) as connection:
            connection.execute("UPDATE xsight.customers SET country = 'DK'")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_break()
    with psycopg.connect(database.admin_url) as admin:
        found = admin.execute("SELECT country FROM xsight.customers ORDER BY 1").fetchall()
    assert found == [("SE",), ("text",)]


def test_staging_tables_are_possible(tenancy, two):
    with tenancy.connection(two[0].id) as connection:
        connection.execute("CREATE TEMP TABLE staging (id bigint) ON COMMIT DROP")


async def test_a_closed_server_connection_is_replaced(one_connection, two, database):
    assert await seen(one_connection, two[0]) == [str(two[0].id)]
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'xsight_app' AND datname = current_database()"
        )
    assert await seen(one_connection, two[1]) == [str(two[1].id)]


async def test_a_statement_that_takes_too_long_is_ended(database, tenant):
    bounded = Tenancy(database.app_url, statement_timeout_s=0.2)
    try:
        with pytest.raises(OperationalError, match="statement timeout"):
            async with bounded.scope(tenant.id) as session:
                await session.execute(text("SELECT count(*) FROM generate_series(1, 10000000000)"))
    finally:
        await bounded.close()


def test_the_planner_learns_of_a_first_load(tenancy, tenant):
    """The application may sample its tables; that is how a first load is known at once."""
    with tenancy.connection(tenant.id) as connection:
        refresh_statistics(connection, Customer, CustomerInsight)
        assert connection.execute(
            "SELECT count(*) FROM pg_class WHERE relname = 'customers' AND reltuples >= 0"
        ).fetchone() == (1,)
