"""Whoever sees personal data is in the audit log a moment later, and nobody else."""

import asyncio

import psycopg

from tests.api.accounts.test_members import joined
from tests.support.rows import fill_all_tables


async def events(by, count):
    """Once there are so many."""
    async with asyncio.timeout(60):
        while True:
            page = (await by.get("/api/v1/audit?action=customers.read")).json()
            if page["total"] >= count:
                return page["items"]
            await asyncio.sleep(0.1)


async def test_reads_of_personal_data_are_told_with_rows_and_address(api, database) -> None:
    async with api.member() as ann, joined(api, ann, "vic@example.com", "viewer") as vic:
        fill_all_tables(database.admin_url, await ann.tenant_id())
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE xsight.customers SET deleted_at = NULL, merged_into = NULL")
        assert (await vic.get("/api/v1/customers/7")).json()["masked"] is True
        assert (await ann.get("/api/v1/customers?limit=5")).json()["total"] == 1
        assert (await ann.get("/api/v1/customers/7")).status_code == 200
        assert (await ann.get("/api/v1/customers/8")).status_code == 404
        assert (await ann.get("/api/v1/customers?ids=8")).json()["items"] == []
        one, many = await events(ann, 2)
        assert (one["object"], one["rows"], one["email"]) == ("7", 1, "ann@example.com")
        assert (many["object"], many["rows"]) == (None, 1)
        assert one["request_id"] != many["request_id"]
        page = (await ann.get("/api/v1/audit?action=customers.read&limit=1")).json()
        assert page["total"] == 2
        older = await ann.get(f"/api/v1/audit?action=customers.read&cursor={page['next_cursor']}")
        assert [e["seq"] for e in older.json()["items"]] == [many["seq"]]


async def test_the_export_is_the_whole_chain_and_tells_of_itself(api) -> None:
    async with api.member() as ann:
        await ann.post("/api/v1/tokens", json={"name": "x", "scopes": ["read"]})
        answer = await ann.get("/api/v1/audit/export")
        assert answer.headers["content-type"].startswith("application/jsonl")
        assert "attachment" in answer.headers["content-disposition"]
        lines = answer.text.splitlines()
        assert len(lines) == 3
        assert "audit.exported" in lines[-1]


async def test_bad_questions_are_told_what_is_wrong(api) -> None:
    async with api.member() as ann:
        for query in (
            "cursor=x",
            "cursor=99999999999999999999",
            "cursor=-1",
            "limit=0",
            "action=%00",
            "action=a%20b",
            "since=yesterday",
            "until=2026-13-01",
            "actor=%ff",
        ):
            answer = await ann.get(f"/api/v1/audit?{query}")
            assert answer.status_code in {400, 422}, (query, answer.text)
            assert answer.json()["code"] in {"invalid_input", "malformed_text"}, query
        assert (await ann.get("/api/v1/audit?since=2026-01-01T00:00:00")).status_code < 500


async def test_refused_log_ins_are_in_the_installations_chain_without_a_name(api, database) -> None:
    async with api.member() as ann:
        await ann.log_in("ann@example.com", "not the right one")
        actions = [e["action"] for e in (await ann.get("/api/v1/audit")).json()["items"]]
        assert actions == ["account.created"]
    with psycopg.connect(database.admin_url) as admin:
        (event,) = admin.execute(
            "SELECT action, actor, details FROM xsight.audit_events"
            " WHERE tenant_id = '00000000-0000-0000-0000-000000000000' ORDER BY seq DESC LIMIT 1"
        ).fetchall()
    assert event == ("login.refused", None, "{}")
