"""Logins of Hub servers: what the Hub may ask for, what it gets, and that they end."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg
import pytest

from tests.support.rows import fill_all_tables
from tests.support.servers import add_person, mint


@pytest.fixture
def spawner(database):
    with psycopg.connect(database.spawner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def admin(database):
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        yield connection


MINT = "SELECT private.mint_server_role(%(slug)s, %(user)s, %(pii)s, %(server)s, %(password)s, %(until)s)"


def ask(tenant, **change):
    return {
        "slug": tenant.slug,
        "user": None,
        "pii": False,
        "server": "a server",
        "password": "a password of a test",
        "until": datetime.now(UTC) + timedelta(hours=1),
    } | change


def test_a_minted_role_is_bounded(database, tenant, admin):
    server = mint(database, tenant)
    assert server.role.startswith("nb_")
    assert len(server.role) == 15
    rights = admin.execute(
        "SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit, "
        "rolvaliduntil - now() < interval '61 minutes' FROM pg_roles WHERE rolname = %s",
        [server.role],
    ).fetchone()
    assert rights == (False, False, False, False, False, False, 24, True)
    with server.connect() as notebook:
        shown = {
            name: notebook.execute(f"SHOW {name}").fetchone()[0]
            for name in (
                "default_transaction_read_only",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
                "search_path",
                "temp_file_limit",
            )
        }
        assert shown == {
            "default_transaction_read_only": "on",
            "statement_timeout": "1min",
            "idle_in_transaction_session_timeout": "1min",
            "search_path": "xsight",
            "temp_file_limit": "2GB",
        }
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            notebook.execute("SET temp_file_limit = -1")
        assert notebook.execute("SELECT count(*) FROM orders").fetchone() == (0,)


def test_no_password_is_stored_in_words(database, tenant, admin):
    server = mint(database, tenant)
    (stored,) = admin.execute(
        "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [server.role]
    ).fetchone()
    assert stored.startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"slug": "nobody"}, "no active tenant 'nobody'"),
        ({"slug": None}, "no active tenant"),
        ({"slug": "x'; DROP TABLE control.users; --"}, "no active tenant"),
        ({"password": "short"}, "16 characters"),
        ({"password": None}, "16 characters"),
        ({"server": ""}, "name the Hub server"),
        ({"until": datetime.now(UTC) - timedelta(seconds=1)}, "between now and 7 days"),
        ({"until": datetime.now(UTC) + timedelta(days=8)}, "between now and 7 days"),
        ({"until": None}, "between now and 7 days"),
        ({"pii": True}, "no right to personal data"),
        ({"user": "00000000-0000-0000-0000-000000000000"}, "not an owner, admin or analyst"),
    ],
)
def test_what_the_hub_may_not_ask_for(spawner, tenant, admin, change, complaint):
    with pytest.raises(psycopg.DatabaseError, match=complaint):
        spawner.execute(MINT, ask(tenant, **change))
    assert admin.execute("SELECT * FROM private.server_roles").fetchall() == []


def test_a_suspended_tenant_gets_no_server(spawner, tenant, admin):
    admin.execute("UPDATE control.tenants SET suspended_at = now()")
    with pytest.raises(psycopg.DatabaseError, match="no active tenant"):
        spawner.execute(MINT, ask(tenant))


@pytest.mark.parametrize(
    ("role", "gets"), [("analyst", True), ("owner", True), ("marketer", False), ("viewer", False)]
)
def test_only_those_who_analyse_get_a_lab(database, spawner, tenant, role, gets):
    user = add_person(database, tenant, role=role, pii=True)
    if gets:
        spawner.execute(MINT, ask(tenant, user=user))
    else:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            spawner.execute(MINT, ask(tenant, user=user))


def test_a_member_of_another_shop_gets_no_lab_here(database, spawner, tenant, other_tenant):
    user = add_person(database, other_tenant, role="owner", pii=True)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        spawner.execute(MINT, ask(tenant, user=user))


@pytest.mark.parametrize(
    ("membership", "asked", "rows"), [(True, True, 1), (True, False, 0), (False, True, 0)]
)
def test_personal_data_takes_both_the_right_and_the_wish(database, tenant, membership, asked, rows):
    fill_all_tables(database.admin_url, tenant.id)
    user = add_person(database, tenant, role="analyst", pii=membership)
    with mint(database, tenant, user=user, pii=asked).connect() as notebook:
        assert notebook.execute("SELECT count(*) FROM customer_pii").fetchone() == (rows,)
        assert notebook.execute("SELECT count(*) FROM customers").fetchone() == (1,)


def test_dropping_ends_its_sessions_and_no_others(database, spawner, tenant, admin):
    doomed, kept = mint(database, tenant), mint(database, tenant)
    with doomed.connect() as notebook, kept.connect() as other:
        notebook.execute("BEGIN")
        notebook.execute("SELECT 1")
        assert spawner.execute("SELECT private.drop_server_role(%s)", [doomed.role]).fetchone() == (
            True,
        )
        with pytest.raises(psycopg.OperationalError):
            notebook.execute("SELECT 1")
        other.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        doomed.connect()
    left = admin.execute(
        "SELECT rolname FROM pg_roles WHERE rolname IN (%s, %s)", [doomed.role, kept.role]
    )
    assert left.fetchall() == [(kept.role,)]


def test_dropping_twice_or_somebody_else_does_nothing(database, spawner, tenant):
    server = mint(database, tenant)
    drop = "SELECT private.drop_server_role(%s)"
    assert [spawner.execute(drop, [server.role]).fetchone()[0] for _ in range(2)] == [True, False]
    for role in ("xsight_app", "postgres", "xsight_owner", "nb_000000000000"):
        assert spawner.execute(drop, [role]).fetchone() == (False,)
    psycopg.connect(database.app_url).close()


def test_a_running_query_is_cut_off_by_the_drop(database, spawner, tenant):
    server = mint(database, tenant)
    ended = []

    def run_for_ever():
        with server.connect() as notebook:
            try:
                notebook.execute("SET statement_timeout = 0")
                notebook.execute("SELECT count(*) FROM generate_series(1, 100000000000)")
            except psycopg.OperationalError as error:
                ended.append(error)

    running = threading.Thread(target=run_for_ever)
    running.start()
    while not _sessions(database, server, "state = 'active'"):
        time.sleep(0.02)
    start = time.monotonic()
    spawner.execute("SELECT private.drop_server_role(%s)", [server.role])
    running.join(timeout=60)
    assert len(ended) == 1
    assert time.monotonic() - start < 30


def test_a_role_that_tries_to_be_undroppable_is_dropped(database, spawner, tenant, admin):
    server = mint(database, tenant)
    with server.connect() as notebook:
        notebook.execute("SET default_transaction_read_only = off")
        notebook.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO xsight_notebook")
    spawner.execute("SELECT private.drop_server_role(%s)", [server.role])
    assert (
        admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [server.role]).fetchone() is None
    )


def test_a_server_has_one_role(database, tenant, admin):
    first = mint(database, tenant, server="t-north")
    second = mint(database, tenant, server="t-north")
    assert admin.execute("SELECT role_name FROM private.server_roles").fetchall() == [
        (second.role,)
    ]
    with pytest.raises(psycopg.OperationalError):
        first.connect()


def test_a_starting_hub_drops_what_is_no_longer_live(database, spawner, tenant):
    live, gone, also_gone = (mint(database, tenant) for _ in range(3))
    dropped = spawner.execute("SELECT private.drop_server_roles_except(%s)", [[live.role, "nb_x"]])
    assert dropped.fetchone() == (2,)
    live.connect().close()
    for server in (gone, also_gone):
        with pytest.raises(psycopg.OperationalError):
            server.connect()
    assert spawner.execute("SELECT private.drop_server_roles_except(NULL)").fetchone() == (1,)


def test_an_expired_role_sees_nothing_even_in_a_session_it_kept(database, spawner, tenant, admin):
    fill_all_tables(database.admin_url, tenant.id)
    server = mint(database, tenant)
    with server.connect() as notebook:
        assert notebook.execute("SELECT count(*) FROM customers").fetchone() == (1,)
        admin.execute("UPDATE private.server_roles SET valid_until = now() - interval '1 s'")
        assert notebook.execute("SELECT count(*) FROM customers").fetchone() == (0,)
        assert spawner.execute("SELECT private.reap_server_roles()").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            notebook.execute("SELECT 1")


@pytest.mark.parametrize(
    ("change", "customers", "people"),
    [
        ("UPDATE control.memberships SET pii = false", 1, 0),
        ("DELETE FROM control.memberships", 0, 0),
    ],
)
def test_a_right_that_is_taken_away_is_gone_at_the_next_query(
    database, tenant, admin, change, customers, people
):
    fill_all_tables(database.admin_url, tenant.id)
    with mint(database, tenant, pii=True).connect() as notebook:
        count = "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM customer_pii)"
        assert notebook.execute(count).fetchone() == (1, 1)
        admin.execute(change)
        assert notebook.execute(count).fetchone() == (customers, people)


def test_a_password_past_its_date_is_refused(database, tenant):
    server = mint(database, tenant, lifetime=timedelta(seconds=1))
    server.connect().close()
    time.sleep(1.2)  # the server's clock is what is tested
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        server.connect()


def test_the_reaper_ends_long_transactions_only(database, spawner, tenant):
    server = mint(database, tenant)
    with server.connect() as long, server.connect() as idle:
        long.execute("BEGIN")
        long.execute("SELECT 1")
        idle.execute("SELECT 1")
        assert spawner.execute("SELECT private.reap_server_roles()").fetchone() == (0,)
        assert spawner.execute("SELECT private.reap_server_roles('0 s')").fetchone() == (1,)
        idle.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError):
            long.execute("SELECT 1")


def test_many_servers_start_and_stop_at_once(database, tenant, admin):
    def live(_):
        server = mint(database, tenant)
        server.connect().close()
        with psycopg.connect(database.spawner_url) as spawner:
            return spawner.execute("SELECT private.drop_server_role(%s)", [server.role]).fetchone()

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(live, range(18))) == [(True,)] * 18
    assert admin.execute("SELECT * FROM private.server_roles").fetchall() == []


def test_nobody_but_the_spawner_mints(database, tenant, spawner):
    analyst = mint(database, tenant, pii=True)
    for url in (database.app_url, database.ingest_url, analyst.url):
        with psycopg.connect(url, autocommit=True) as login:
            login.execute("SET default_transaction_read_only = off")
            for call in (
                f"private.mint_server_role('{tenant.slug}', NULL, false, 's', '{'x' * 16}', now())",
                f"private.drop_server_role('{analyst.role}')",
                "private.drop_server_roles_except('{}')",
                "private.reap_server_roles('0 s')",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    login.execute(f"SELECT {call}")
    for statement in (
        "CREATE ROLE mine",
        "GRANT xsight_notebook TO xsight_spawner",
        "SET ROLE xsight_minter",
        "SELECT private.server_tenant()",
        "SELECT private.app_tenant()",
        "SELECT * FROM private.server_roles",
        "CREATE FUNCTION private.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f"DROP ROLE {analyst.role}",
        f"ALTER ROLE {analyst.role} PASSWORD 'mine'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            spawner.execute(statement)


def _sessions(database, server, condition="true"):
    with psycopg.connect(database.admin_url) as admin:
        return admin.execute(
            f"SELECT pid FROM pg_stat_activity WHERE usename = %s AND {condition}", [server.role]
        ).fetchall()


def _asked(admin, tenant):
    """Events of notebooks' statements: server, calls, rows, digest."""
    return admin.execute(
        "SELECT object, (details::json ->> 'calls')::int, rows, details::json ->> 'statement', actor_kind, actor "
        "FROM xsight.audit_events WHERE tenant_id = %s AND action = 'notebook.asked' ORDER BY seq",
        [tenant.id],
    ).fetchall()


def test_what_a_notebook_asks_is_in_its_tenants_audit_log(
    database, tenant, other_tenant, spawner, admin
):
    analyst = add_person(database, tenant, role="analyst", pii=True)
    lab = mint(database, tenant, user=analyst, pii=True, server="the lab")
    mint(database, other_tenant, server="another's")
    fill_all_tables(database.admin_url, tenant.id)
    few = "SELECT id FROM customers WHERE id = {}"
    with lab.connect() as notebook:
        for n in (1, 2, -3):
            notebook.execute(few.format(n))
        notebook.execute("SET work_mem = '8MB'")
        for change in ("SET pg_stat_statements.track = 'none'", "SET app.tenant_id = ''"):
            with suppress(psycopg.errors.InsufficientPrivilege):
                notebook.execute(change)
        notebook.execute("SELECT count(*) FROM orders").fetchall()
        with (
            notebook.cursor() as cursor,
            cursor.copy("COPY (SELECT 1 FROM customers) TO STDOUT") as copy,
        ):
            list(copy)
    # looked at once a minute
    spawner.execute("SELECT private.reap_server_roles()")
    assert _asked(admin, tenant) == []
    admin.execute("UPDATE private.server_roles SET noted_at = now() - interval '61 seconds'")
    spawner.execute("SELECT private.reap_server_roles()")
    known = admin.execute("SELECT count(*) FROM xsight.customers WHERE id IN (1, 2, -3)").fetchone()
    digest = sha256(few.format("$1").encode()).hexdigest()
    told = {event[3]: event for event in _asked(admin, tenant)}
    assert told[digest] == ("the lab", 3, *known, digest, "notebook", str(analyst))
    assert len(told) == 3
    # only what is new is told; the last of it when the server stops
    with lab.connect() as notebook:
        notebook.execute(few.format(4))
    assert spawner.execute("SELECT private.drop_server_role(%s)", [lab.role]).fetchone() == (True,)
    assert [event[1:4] for event in _asked(admin, tenant)[3:]] == [(1, 0, digest)]
    assert _asked(admin, other_tenant) == []
