"""The audit log is only ever added to, and says so when somebody manages otherwise."""

import asyncio
import json
from contextlib import suppress

import psycopg
import pytest

from tests.support.tenants import add_tenant
from xsight_core.services import audit
from xsight_core.services.audit import INSTALLATION, SYSTEM, Actor, AuditFilter, record
from xsight_core.tenancy import Tenancy

ANN = Actor("user", "ann", "203.0.113.9", "request-1")
ODD = {
    "quote": '"\\',
    "line": "a\nb\tc\x01",
    "é": "naïve 💥",
    "n": 1.5,
    "deep": {"b": [1, None], "a": True},
}


@pytest.fixture(scope="module")
def database(cluster):
    with cluster.fresh() as database:
        yield database


@pytest.fixture
def tenant(database):
    return add_tenant(database.admin_url, "north")


@pytest.fixture
async def tenancy(database):
    tenancy = Tenancy(database.app_url)
    yield tenancy
    await tenancy.close()


async def write(tenancy, tenant_id, *actions, actor=ANN):
    for action in actions:
        async with tenancy.scope(tenant_id) as session:
            await record(
                session, tenant_id, actor, action, object="é\x7f", rows_seen=3, details=ODD
            )


def admin_change(database, statement, *values):
    """As the superuser, with the triggers off: the only way in."""
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement, values).rowcount > 0


async def test_python_and_the_database_agree_on_every_hash(tenancy, tenant):
    await write(tenancy, tenant.id, "a", "b", "c")
    await write(tenancy, tenant.id, "d", actor=SYSTEM)
    verdict = await audit.verify_tenant(tenancy, tenant.id)
    assert (verdict.events, verdict.broken_at) == (4, None)


async def test_an_event_says_who_what_where_and_how_many(tenancy, tenant):
    await write(tenancy, tenant.id, "member.removed")
    which = AuditFilter()
    page = await audit.list_events(tenancy, tenant.id, which, cursor=None, limit=10)
    (event,) = page.items
    assert (event.actor_kind, event.actor, event.address) == ("user", "ann", "203.0.113.9")
    assert (event.action, event.rows, event.request_id) == ("member.removed", 3, "request-1")
    assert event.details == ODD


async def test_writers_at_once_make_one_chain(tenancy, tenant):
    await asyncio.gather(*(write(tenancy, tenant.id, f"w{n}") for n in range(16)))
    verdict = await audit.verify_tenant(tenancy, tenant.id)
    assert (verdict.events, verdict.broken_at) == (16, None)


async def test_what_is_rolled_back_leaves_no_gap(tenancy, tenant):
    await write(tenancy, tenant.id, "a")
    with suppress(RuntimeError):
        async with tenancy.scope(tenant.id) as session:
            await record(session, tenant.id, ANN, "never")
            raise RuntimeError
    await write(tenancy, tenant.id, "b")
    assert (await audit.verify_tenant(tenancy, tenant.id)).broken_at is None


async def test_the_writer_cannot_choose_number_time_or_hash(database, tenancy, tenant):
    with psycopg.connect(database.app_url) as app:
        app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.id)])
        app.execute(
            "INSERT INTO xsight.audit_events (tenant_id, seq, at, actor_kind, action, hash, previous)"
            " VALUES (%s, 77, '2001-01-01Z', 'user', 'forged', 'x', 'y')",
            [tenant.id],
        )
    verdict = await audit.verify_tenant(tenancy, tenant.id)
    assert (verdict.events, verdict.broken_at) == (1, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE xsight.audit_events SET action = 'x'",
        "DELETE FROM xsight.audit_events",
        "TRUNCATE xsight.audit_events",
        "ALTER TABLE xsight.audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON xsight.audit_events",
        "SET session_replication_role = replica",
    ],
)
async def test_the_application_cannot_change_it(database, tenancy, tenant, statement):
    await write(tenancy, tenant.id, "a")
    with psycopg.connect(database.app_url) as app:
        app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET action = 'x'", "DELETE FROM {}", "TRUNCATE {}"]
)
async def test_not_even_a_superuser_changes_it_by_mistake(database, tenancy, tenant, statement):
    await write(tenancy, tenant.id, "a")
    with (
        psycopg.connect(database.admin_url) as admin,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        admin.execute(statement.format("xsight.audit_events"))


@pytest.mark.parametrize(
    ("change", "broken_at", "reason"),
    [
        ("UPDATE xsight.audit_events SET rows = 4 WHERE tenant_id = %s AND seq = 2", 2, "fields"),
        ("UPDATE xsight.audit_events SET at = now() WHERE tenant_id = %s AND seq = 3", 3, "fields"),
        (
            "UPDATE xsight.audit_events SET actor = NULL WHERE tenant_id = %s AND seq = 1",
            1,
            "fields",
        ),
        ("DELETE FROM xsight.audit_events WHERE tenant_id = %s AND seq = 2", 2, "missing"),
        ("DELETE FROM xsight.audit_events WHERE tenant_id = %s AND seq = 1", 1, "missing"),
    ],
)
async def test_a_change_made_behind_the_triggers_is_found(
    database, tenancy, tenant, change, broken_at, reason
):
    await write(tenancy, tenant.id, "a", "b", "c", "d")
    admin_change(database, change, tenant.id)
    verdict = await audit.verify_tenant(tenancy, tenant.id)
    assert verdict.broken_at == broken_at
    assert reason in verdict.reason


async def test_a_row_moved_from_another_tenant_is_found(database, tenancy, tenant):
    other = add_tenant(database.admin_url, "south")
    await write(tenancy, other.id, "a")
    admin_change(
        database,
        "UPDATE xsight.audit_events SET tenant_id = %s WHERE tenant_id = %s",
        tenant.id,
        other.id,
    )
    assert (await audit.verify_tenant(tenancy, tenant.id)).broken_at == 1


async def test_a_cut_end_is_found_by_the_head_noted_before(database, tenancy, tenant):
    await write(tenancy, tenant.id, "a", "b", "c")
    head = await audit.verify_tenant(tenancy, tenant.id)
    await write(tenancy, tenant.id, "d")
    noted = (head.events, head.head)
    assert (await audit.verify_tenant(tenancy, tenant.id, expect=noted)).broken_at is None
    admin_change(
        database, "DELETE FROM xsight.audit_events WHERE tenant_id = %s AND seq >= 3", tenant.id
    )
    assert (
        await audit.verify_tenant(tenancy, tenant.id)
    ).broken_at is None  # a chain alone cannot tell
    cut = await audit.verify_tenant(tenancy, tenant.id, expect=noted)
    assert cut.broken_at == 3
    await write(tenancy, tenant.id, "other c")
    assert (await audit.verify_tenant(tenancy, tenant.id, expect=noted)).broken_at is not None


async def test_an_export_can_be_verified_elsewhere(tenancy, tenant):
    await write(tenancy, tenant.id, "a", "b", "c")
    lines = [json.loads(line) async for line in audit.export_events(tenancy, tenant.id)]

    async def read(changed=None):
        for line in lines:
            yield line | (changed or {}) if line["seq"] == 2 else line

    assert (await audit.verify(read())).events == 3
    assert (await audit.verify(read({"address": "198.51.100.1"}))).broken_at == 2


async def test_tenants_and_the_installation_have_chains_of_their_own(tenancy, database, tenant):
    other = add_tenant(database.admin_url, "south")
    await write(tenancy, tenant.id, "a", "b")
    await write(tenancy, other.id, "z")
    await write(tenancy, INSTALLATION, "login.refused")
    page = await audit.list_events(tenancy, other.id, AuditFilter(), cursor=None, limit=10)
    assert [event.action for event in page.items] == ["z"]
    for chain in (tenant.id, other.id, INSTALLATION):
        assert (await audit.verify_tenant(tenancy, chain)).broken_at is None


async def test_pages_filters_and_totals(tenancy, tenant):
    await write(tenancy, tenant.id, "member.invited", "member.joined", "token.created", "login")
    seen, cursor = [], None
    while True:
        page = await audit.list_events(tenancy, tenant.id, AuditFilter(), cursor=cursor, limit=3)
        assert page.total == 4
        seen += [event.action for event in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == ["login", "token.created", "member.joined", "member.invited"]
    members = await audit.list_events(
        tenancy, tenant.id, AuditFilter(action="member."), cursor=None, limit=9
    )
    assert members.total == len(members.items) == 2
    nobody = AuditFilter(actor="bob")
    assert (await audit.list_events(tenancy, tenant.id, nobody, cursor=None, limit=9)).total == 0
