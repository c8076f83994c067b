"""What a shop's customers ask: seen by those who decide, answered with everything there is, and by nobody else."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.support.rows import fill_all_tables

EMAIL = "of ann's shop"


@pytest.fixture
def question(database):
    """A customer of the tenant asks what is kept of them; the request's id."""

    def question(tenant_id, customer=7, *, due=timedelta(days=9)):
        fill_all_tables(database.admin_url, tenant_id, marker=EMAIL)
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("DELETE FROM xsight.privacy_requests WHERE tenant_id = %s", [tenant_id])
            admin.execute(
                "INSERT INTO xsight.privacy_requests (tenant_id, webhook_id, topic, customer_id, request, due_at)"
                " VALUES (%s, 'w-1', 'customers/data_request', %s, %s, %s)",
                [tenant_id, customer, Jsonb({}), datetime.now(UTC) + due],
            )
        return "w-1"

    return question


async def test_an_owner_reads_passes_on_and_closes(api, question) -> None:
    async with api.member() as ann:
        asked = question(await ann.tenant_id())
        listed = (await ann.get("/api/v1/privacy/requests")).json()
        assert (listed["open"], listed["overdue"], listed["items"][0]["days_left"]) == (1, 0, 8)
        answer = await ann.get(f"/api/v1/privacy/requests/{asked}/bundle")
        assert answer.headers["cache-control"] == "no-store"
        assert "attachment" in answer.headers["content-disposition"]
        assert answer.json()["data"]["customer_pii"][0]["email"] == EMAIL
        page = await ann.get(f"/api/v1/privacy/requests/{asked}/bundle?form=html")
        assert page.headers["content-type"].startswith("text/html")
        assert "of ann&#39;s shop" in page.text
        assert "<script" not in page.text
        closed = await ann.post(f"/api/v1/privacy/requests/{asked}/answer")
        assert closed.status_code == 204
        assert (await ann.post(f"/api/v1/privacy/requests/{asked}/answer")).status_code == 409
        told = (await ann.get("/api/v1/audit?action=privacy.")).json()["items"]
        assert [event["action"] for event in told] == [
            "privacy.answered",
            "privacy.bundle_read",
            "privacy.bundle_read",
        ]
        assert EMAIL not in json.dumps(told)


async def test_without_the_right_to_personal_data_nobody_reads_it(api, database, question) -> None:
    async with api.member() as ann:
        asked = question(await ann.tenant_id())
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE control.memberships SET pii = false")
        assert (await ann.get("/api/v1/privacy/requests")).status_code == 200
        for path in (f"/api/v1/privacy/requests/{asked}/bundle", "/auth/privacy"):
            answer = await ann.get(path)
            assert EMAIL not in answer.text
        assert (await ann.get(f"/api/v1/privacy/requests/{asked}/bundle")).status_code == 403
        assert (await ann.post(f"/api/v1/privacy/requests/{asked}/answer")).status_code == 403


async def test_what_another_store_was_asked_is_nothing_to_us(api, question) -> None:
    async with api.member() as ann, api.member("bob@example.com") as bob:
        question(await bob.tenant_id())
        theirs, nobodys = [
            await ann.get(f"/api/v1/privacy/requests/{name}/bundle") for name in ("w-1", "w-2")
        ]
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.json()["detail"] == nobodys.json()["detail"]


async def test_the_pages_work_without_javascript(api, question) -> None:
    async with api.member() as ann:
        asked = question(await ann.tenant_id(), due=timedelta(days=-1))
        page = await ann.get("/auth/privacy")
        assert "overdue" in page.text
        assert "I have passed it on" in page.text
        assert "script" not in page.headers["content-security-policy"]
        csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
        without = await ann.http.post(f"/auth/privacy/{asked}/answer", data={})
        assert without.status_code == 403
        done = await ann.http.post(f"/auth/privacy/{asked}/answer", data={"csrf": csrf})
        assert done.headers["location"] == "/auth/privacy?done=1"
        assert "I have passed it on" not in (await ann.get("/auth/privacy?done=1")).text


async def test_the_audit_page_filters_and_pages(api) -> None:
    async with api.member() as ann:
        tenant = await ann.tenant_id()
        with psycopg.connect(api.settings.database_url.get_secret_value()) as app:
            app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
            app.execute(
                "INSERT INTO xsight.audit_events (tenant_id, actor_kind, actor, action, details)"
                " SELECT %s, 'user', '<b>x</b>', 'made.up' || n, '{}' FROM generate_series(1, 60) n",
                [tenant],
            )
        first = await ann.get("/auth/audit?action=made.")
        assert "60 events" in first.text
        assert "&lt;b&gt;x&lt;/b&gt;" in first.text
        assert "made.up60" in first.text
        assert "made.up10<" not in first.text
        older = first.text.split('href="/auth/audit?')[1].split('"')[0].replace("&amp;", "&")
        second = await ann.get(f"/auth/audit?{older}")
        assert "made.up10<" in second.text
        assert 'rel="next"' not in second.text
        nothing = await ann.get("/auth/audit?until=2020-01-01")
        assert "Nothing of the kind" in nothing.text
        for wrong in ("since=soon", "cursor=x"):
            answer = await ann.get(f"/auth/audit?{wrong}")
            assert answer.status_code == 422
            assert "Write a day" in answer.text or "next_cursor" in answer.text


@pytest.mark.parametrize("role", ["analyst", "marketer", "viewer"])
async def test_the_record_is_for_those_who_decide(api, database, role) -> None:
    async with api.member() as ann:
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE control.memberships SET role = %s", [role])
        for path in ("/auth/audit", "/auth/privacy", "/api/v1/privacy/requests"):
            assert (await ann.get(path)).status_code == 403
