"""Whatever happens to a shop and to its webhooks, after a sweep our rows are those of one clean sync.

One history is always lived; ``XSIGHT_HISTORIES`` says how many random ones more (``make chaos`` asks for them).
"""

import os

import psycopg
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.sync.conftest import synced
from tests.sync.histories import History, picture
from xsight_core.db.intake import Webhook, store_webhooks
from xsight_core.services import webhooks
from xsight_core.shopify.mapping import COLUMNS

HISTORIES = int(os.environ.get("XSIGHT_HISTORIES", "0"))
RANDOM = (Phase.reuse, Phase.generate) if HISTORIES else ()  # the seed says all: nothing to shrink


@settings(
    max_examples=max(1, HISTORIES),
    deadline=None,
    phases=[Phase.explicit, *RANDOM],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    lost=st.sampled_from([0.0, 0.3, 1.0]),
    again=st.sampled_from([0.0, 0.5]),
)
@example(seed=2026, steps=[6, 5, 6], lost=0.3, again=0.5)
async def test_any_history_ends_as_one_clean_sync(
    access, shop, sim, store, rows, database, seed, steps, lost, again
):
    await synced(access, shop)  # once, then what has changed since the last history
    history = History(store, sim, seed)
    for count in steps:
        for _ in range(count):
            history.step()
        await _deliver(access, shop, sim, database, history.arrivals(lost=lost, again=again))
    rows("UPDATE xsight.tenant_state SET ids_swept_at = NULL RETURNING 1")
    await synced(access, shop, "delta")
    await _deliver(access, shop, sim, database, history.caught)  # the last ones come after it
    lived = picture(rows)

    _forget(database)
    await synced(access, shop, "full")
    clean = picture(rows)
    for table, found in clean.items():
        assert lived[table] == found, table


async def _deliver(access, shop, sim, database, arrivals) -> None:
    told = [Webhook(sim.shop, key, topic, None, None, body) for key, topic, body in arrivals]
    async with await psycopg.AsyncConnection.connect(database.ingest_url) as connection:
        await store_webhooks(connection, told)
    await webhooks.dispatch_webhooks(access, tenant_id=shop.id)


def _forget(database) -> None:
    """Every row, but not the connection."""
    tables = ", ".join(f"xsight.{table}" for table in COLUMNS)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(f"TRUNCATE {tables}, control.inbox")
        admin.execute(
            "UPDATE xsight.tenant_state SET watermarks = '{}', next_ordinal = 0, ids_swept_at = NULL"
        )
