"""The document of the Sync page, made of the rows as they stand."""

import json
from datetime import UTC, datetime
from uuid import UUID

from tests.sync.conftest import synced
from xsight_core.services.completeness import check_completeness
from xsight_ui.documents import query_of
from xsight_ui.pages import PAGES


def document(rows):
    found = rows(query_of("sync"))
    return found[0][0] if found else None


async def test_the_page_tells_of_runs_report_and_connection(access, shop, store, rows):
    store.act("spoil", id=store.act("create_order")["id"], missing=["createdAt"])
    state = await synced(access, shop)
    report = await check_completeness(access, tenant_id=shop.id, run=UUID(state["run"]))
    found = document(rows)
    assert found["completeness"]["state"] == report["state"]
    assert found["connection"]["state"] == "connected"
    [run] = found["runs"]
    assert (run["run"], run["status"], run["kind"]) == (state["run"], "completed", "full")
    assert run["rows"] > 60
    assert run["bytes"] > 10_000
    assert run["set_aside"] == report["quarantine"]["orders"] > 0
    spec = PAGES["sync"].spec(found, datetime.now(UTC))
    assert json.loads(json.dumps(spec)) == spec
    assert spec["state"] == "ready"
    assert spec["panels"]["aside"]["counts"] == report["quarantine"]
    await access.disconnect(shop.id)
    status = PAGES["sync"].spec(document(rows), datetime.now(UTC))["panels"]["status"]
    assert status["connection"]["state"] == "disconnected"
    assert status["connection"]["note"]


async def test_before_a_store_is_connected_there_is_none(tenant, rows):
    assert document(rows) is None
