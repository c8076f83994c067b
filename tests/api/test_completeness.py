"""The proof of completeness and the webhooks' health, as a page reads them."""

from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb


async def test_a_report_is_read_by_its_store_only(api, database) -> None:
    run = uuid4()
    async with api.member() as ann, api.member("bob@example.com") as bob:
        tenant = await ann.tenant_id()
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "INSERT INTO xsight.completeness (tenant_id, run, state, report) VALUES (%s, %s, 'equal', %s)",
                [tenant, run, Jsonb({"counts": []})],
            )
            admin.execute(
                "INSERT INTO control.inbox (tenant_id, webhook_id, topic, body, dead_at)"
                " VALUES (%s, 'a', 'orders/create', '{}', now()), (%s, 'b', 'orders/create', '{}', NULL)",
                [tenant, tenant],
            )
        address = f"/api/v1/tenants/me/sync/{run}/completeness"
        report = (await ann.get(address)).json()
        assert (report["run"], report["state"], report["counts"]) == (str(run), "equal", [])
        newest = (await ann.get("/api/v1/tenants/me/completeness")).json()
        assert newest == {"report": report}
        assert (await bob.get(address)).status_code == 404
        assert (await bob.get("/api/v1/tenants/me/completeness")).json() == {"report": None}
        health = (await ann.get("/api/v1/tenants/me/webhooks")).json()
        assert (health["waiting"], health["done"], health["dead"]) == (1, 0, 1)
        assert (await bob.get("/api/v1/tenants/me/webhooks")).json()["waiting"] == 0
