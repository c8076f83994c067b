"""From the button to new insights, through the real processes."""

import asyncio
import hashlib
import hmac
import json
import time
from uuid import UUID

import redis.asyncio

from tests.worker.conftest import until
from xsight_core.crypto import Keyring
from xsight_core.services import segment_hooks, segments, sync
from xsight_core.services.audit import SYSTEM
from xsight_core.services.segment_refresh import refresh_segments


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

    async with asyncio.timeout(120):
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
    assert time.monotonic() - started < 120


async def test_who_comes_into_a_segment_with_a_sync_is_told_by_a_signed_webhook(
    stack, settings, access, shop, log, receiver
):
    keyring = Keyring.parse(settings.keyring.get_secret_value())
    made = await segment_hooks.add_hook(
        access.tenancy, keyring, shop.id, SYSTEM, url=receiver.url, by=None, private=True
    )
    rule = {
        "combinator": "and",
        "rules": [{"field": "orders_count", "operator": ">=", "value": 2}],
    }
    saved = await segments.create_segment(
        access.tenancy, shop.id, SYSTEM, name="Often", rule=rule, personal=True
    )
    await refresh_segments(access.tenancy, shop.id, settings.home)  # nobody is there yet
    await sync.request_sync(access.tenancy, shop.id)

    def heard():
        told = [json.loads(body) for _, body in receiver.told]
        return {customer for one in told for customer in one["customers"]}

    def members():
        with access.tenancy.connection(shop.id) as connection:
            rows = connection.execute(
                "SELECT o.customer_id FROM xsight.orders o JOIN xsight.customers c ON c.id = o.customer_id "
                "WHERE NOT o.test AND o.cancelled_at IS NULL AND o.deleted_at IS NULL "
                "AND o.gross_minor > o.discounts_minor AND c.deleted_at IS NULL "
                "GROUP BY o.customer_id HAVING count(*) >= 2"
            ).fetchall()
        return {row[0] for row in rows}

    await asyncio.to_thread(
        until, lambda: receiver.told and heard() == members(), within_s=60, log=log
    )
    for headers, body in receiver.told:
        told = json.loads(body)
        stamp, _, mac = headers["X-XSight-Signature"].removeprefix("t=").partition(",v1=")
        signed = hmac.new(made.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        assert hmac.compare_digest(mac, signed.hexdigest())
        assert (told["type"], told["segment"]) == ("segment.entered", str(saved.id))
