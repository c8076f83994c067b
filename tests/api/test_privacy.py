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
        answer = await ann.get(f"/api/v1/privacy/requests/{asked}/bundle")
        assert answer.status_code == 403
        assert EMAIL not in answer.text
        assert (await ann.post(f"/api/v1/privacy/requests/{asked}/answer")).status_code == 403


async def test_what_another_store_was_asked_is_nothing_to_us(api, question) -> None:
    async with api.member() as ann, api.member("bob@example.com") as bob:
        question(await bob.tenant_id())
        theirs, nobodys = [
            await ann.get(f"/api/v1/privacy/requests/{name}/bundle") for name in ("w-1", "w-2")
        ]
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.json()["detail"] == nobodys.json()["detail"]


@pytest.mark.parametrize("role", ["analyst", "marketer", "viewer"])
async def test_the_record_is_for_those_who_decide(api, database, role) -> None:
    async with api.member() as ann:
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE control.memberships SET role = %s", [role])
        for path in ("/api/v1/audit", "/api/v1/privacy/requests"):
            assert (await ann.get(path)).status_code == 403
