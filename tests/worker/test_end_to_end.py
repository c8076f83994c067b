"""From the button to new insights, through the real processes."""

import asyncio
import json
import time
from uuid import UUID

import redis.asyncio

from xsight_core.services import sync


async def test_a_requested_sync_ends_with_insights_and_everybody_is_told(
    stack, settings, access, shop, log
):
    heard = []
    client = redis.asyncio.Redis.from_url(settings.redis_url.get_secret_value())
    pubsub = client.pubsub()
    await pubsub.subscribe(f"xsight:progress:{shop.id}")
    started = time.monotonic()
    run = UUID((await sync.request_sync(access.tenancy, shop.id))["run"])
    again = await sync.request_sync(access.tenancy, shop.id)
    assert again["run"] == str(run)  # one active run a tenant

    async with asyncio.timeout(60):
        async for message in pubsub.listen():
            if message["type"] == "message":
                heard.append(json.loads(message["data"]))
                if heard[-1]["type"] == "sync:update":
                    break
    await pubsub.aclose()
    await client.aclose()

    state = await sync.run_state(access.tenancy, shop.id, run)
    assert state["status"] == "completed"
    assert state["percent"] == 100
    heard = [message for message in heard if message["type"] != "sync:completeness"]  # any time
    assert heard[-2]["type"] == "sync:completed"
    assert heard[-1]["insight_run"] == state["insight_run"]
    assert heard[-1]["data_version"] == state["data_version"]
    told = {message["type"] for message in heard}
    assert told == {"sync:progress", "sync:completed", "sync:update"}
    percents = [message["percent"] for message in heard if "percent" in message]
    assert percents == sorted(percents)
    with access.tenancy.connection(shop.id) as connection:
        [(body,)] = connection.execute("SELECT body FROM xsight.documents WHERE name = 'overview'")
        [(customers,)] = connection.execute("SELECT count(*) FROM xsight.customers")
    assert body["totals"]["customers"] == customers
    assert time.monotonic() - started < 60
