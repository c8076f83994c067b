"""Ending a sync, what was set aside, and the choice of metafields, over REST."""

from uuid import uuid4

import psycopg

HERE = "/api/v1/tenants/me"


async def test_a_run_is_ended_once_and_by_its_own_store(api, database) -> None:
    run = uuid4()
    async with api.member() as ann, api.member("bob@example.com") as bob:
        tenant = await ann.tenant_id()
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "INSERT INTO xsight.sync_runs (tenant_id, id, kind, status) VALUES (%s, %s, 'full', 'running')",
                [tenant, run],
            )
        assert (await bob.post(f"{HERE}/sync/{run}/cancel")).status_code == 404
        answer = await ann.post(f"{HERE}/sync/{run}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        ended = answer.json()["finished_at"]
        assert (await ann.post(f"{HERE}/sync/{run}/cancel")).json()["finished_at"] == ended


async def test_what_was_set_aside_is_listed_without_names_for_who_may_not_see_them(
    api, database
) -> None:
    async with api.member() as ann, api.member("bob@example.com") as bob:
        tenant = await ann.tenant_id()
        with psycopg.connect(database.admin_url) as admin:
            for n in range(3):
                admin.execute(
                    "INSERT INTO xsight.quarantine (tenant_id, object, reason, raw) VALUES (%s, 'orders', %s, %s)",
                    [tenant, f"reason {n}", '{"email":"eve@example.com"}'],
                )
        page = (await ann.get(f"{HERE}/quarantine?limit=2")).json()
        assert [item["reason"] for item in page["items"]] == ["reason 2", "reason 1"]
        assert page["total"] == 3
        assert "eve@" in page["items"][0]["raw"]
        rest = (await ann.get(f"{HERE}/quarantine?limit=2&cursor={page['next_cursor']}")).json()
        assert [item["reason"] for item in rest["items"]] == ["reason 0"]
        assert rest["next_cursor"] is None
        assert (await bob.get(f"{HERE}/quarantine")).json()["items"] == []
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "UPDATE control.memberships SET pii = false WHERE tenant_id = %s", [tenant]
            )
        masked = (await ann.get(f"{HERE}/quarantine")).json()["items"][0]
        assert (masked["raw"], masked["masked"], masked["reason"]) == (None, True, "reason 2")
        assert (await ann.get(f"{HERE}/quarantine?limit=0")).status_code == 422


async def test_metafields_are_chosen_by_who_may_connect_stores(api, database) -> None:
    none = {"customers": [], "orders": [], "products": []}
    wanted = none | {"products": ["custom.season", "custom.material"]}
    async with api.member() as ann:
        tenant = await ann.tenant_id()
        assert (await ann.get(f"{HERE}/metafields")).json() == none

        async def put(body):
            token = (await ann.me())["csrf"]
            return await ann.http.put(
                f"{HERE}/metafields", json=body, headers={"X-CSRF-Token": token}
            )

        answer = await put(wanted)
        assert answer.status_code == 200, answer.text
        assert answer.json()["products"] == ["custom.material", "custom.season"]
        assert (await ann.get(f"{HERE}/metafields")).json() == answer.json()
        refused = await put({"orders": ["nonsense"]})
        assert (refused.status_code, refused.json()["field"]) == (422, "orders")
        assert (await put({"shops": []})).status_code == 422
        with psycopg.connect(database.admin_url) as admin:
            [(actor, details)] = admin.execute(
                "SELECT actor_kind, details::jsonb FROM xsight.audit_events WHERE tenant_id = %s"
                " AND action = 'metafields.changed'",
                [tenant],
            )
            assert (actor, details) == ("user", {"chosen": answer.json()})
            admin.execute(
                "UPDATE control.memberships SET role = 'marketer' WHERE tenant_id = %s", [tenant]
            )
        assert (await put(none)).status_code == 403
        assert (await ann.get(f"{HERE}/metafields")).json() == answer.json()
