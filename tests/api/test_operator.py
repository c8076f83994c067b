"""The operator's page: for those whom the setting names, and only with a confirmed address."""

import re
from uuid import uuid4

import psycopg
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from api.gauges import Gauges
from tests.api.conftest import serve

BOSS = "boss@example.com"


@pytest.fixture
def operated(settings):
    with serve(settings.model_copy(update={"operators": f"{BOSS}, other@example.com"})) as api:
        yield api


def add_failed(database, tenant) -> str:
    job = str(uuid4())
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO control.jobs (id, tenant_id, kind, key, status, attempts, finished_at, error)"
            " VALUES (%s, %s, 'sync', %s, 'dead', 6, now(), 'the <shop> said no')",
            [job, tenant, job],
        )
    return job


async def test_only_a_named_and_confirmed_person_sees_it(operated, database) -> None:
    async with operated.member("ann@example.com") as ann:
        assert (await ann.get("/auth/operator")).status_code == 403
    async with operated.member(BOSS) as boss:
        assert (await boss.get("/auth/operator")).status_code == 403
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE control.users SET email_verified_at = now()")
        page = await boss.get("/auth/operator")
        assert page.status_code == 200
        assert "Nothing." in page.text


async def test_what_was_given_up_is_tried_again_or_forgotten(operated, database) -> None:
    async with operated.member(BOSS) as boss:
        tenant = await boss.tenant_id()
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE control.users SET email_verified_at = now()")
            for number in range(3):
                admin.execute(
                    "INSERT INTO control.inbox (tenant_id, webhook_id, topic, body, dead_at, error)"
                    " VALUES (%s, %s, %s, '', now(), 'e')",
                    [tenant, str(number), "orders/updated" if number else "shop/update"],
                )
        again, gone = add_failed(database, tenant), add_failed(database, tenant)
        page = (await boss.get("/auth/operator")).text
        assert "the &lt;shop&gt; said no" in page
        assert "2 webhooks orders/updated" in page
        csrf = {"csrf": re.search(r'name="csrf" value="([^"]+)"', page)[1]}
        for path, form, status in (
            (f"jobs/{again}/retry", {}, 303),
            (f"jobs/{gone}/discard", {}, 303),
            (f"jobs/{gone}/discard", {}, 422),
            (f"jobs/{again}/burn", {}, 422),
            (f"webhooks/{tenant}/retry", {"topic": "orders/updated"}, 303),
            (f"webhooks/{tenant}/discard", {"topic": "shop/update"}, 303),
        ):
            answer = await boss.http.post(f"/auth/operator/{path}", data=csrf | form)
            assert answer.status_code == status, (path, answer.text)
        assert (await boss.http.post(f"/auth/operator/jobs/{again}/retry")).status_code == 403
        with psycopg.connect(database.admin_url) as admin:
            assert admin.execute(
                "SELECT id::text, status, attempts FROM control.jobs WHERE kind = 'sync'"
            ).fetchall() == [(again, "queued", 0)]
            left = admin.execute("SELECT count(*), count(dead_at) FROM control.inbox").fetchone()
            assert left == (2, 0)
            noted = admin.execute(
                "SELECT array_agg(action ORDER BY action) FROM xsight.audit_events WHERE action ~ '^(job|webhooks)'"
            ).fetchone()[0]
            assert noted == [
                "job.discarded",
                "job.retried",
                "webhooks.discarded",
                "webhooks.retried",
            ]


def test_gauges_are_the_databases(database, tenant) -> None:
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO control.jobs (id, tenant_id, kind, due_at)"
            " VALUES (gen_random_uuid(), %s, 'sync', now() - interval '1 hour')",
            [tenant.id],
        )
    registry = CollectorRegistry()
    registry.register(Gauges(database.app_url))
    told = generate_latest(registry).decode()
    assert 'xsight_jobs_waiting{kind="sync"} 1.0' in told
    assert "xsight_database_up 1.0" in told
    assert 'xsight_queue_oldest_due_seconds{kind="sync"} 36' in told
