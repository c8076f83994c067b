"""Webhooks: signed, stored, acknowledged; nothing else in between."""

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import replace

import psycopg
import pytest

from api.inbox import InboxWriter
from xsight_core.db.intake import Webhook

SHOP = "garden.myshopify.com"
ORDER = json.dumps({"id": 1, "admin_graphql_api_id": "gid://shopify/Order/1"}).encode()


@pytest.fixture
def shop(database, tenant) -> str:
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO control.shops (domain, tenant_id) VALUES (%s, %s)", [SHOP, tenant.id]
        )
    return SHOP


@pytest.fixture
def deliver(api, sim, shop):
    """Sends as Shopify does: from nowhere, signed."""

    async def deliver(
        browser, body=ORDER, *, secret=sim.client_secret, topic="orders/updated", **headers
    ):
        digest = hmac.digest(secret.encode(), body, hashlib.sha256)
        sent = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
            "X-Shopify-Shop-Domain": shop,
            "X-Shopify-Webhook-Id": "w-1",
            "X-Shopify-Event-Id": "e-1",
            "X-Shopify-Triggered-At": "2026-11-22T10:00:00.123456789Z",
            "Content-Type": "application/json",
        }
        request = browser.http.build_request(
            "POST", f"/webhooks/{topic}", content=body, headers=sent | headers
        )
        del request.headers["Origin"]
        return await browser.http.send(request)

    return deliver


def inbox(database) -> list[tuple]:
    with psycopg.connect(database.admin_url) as admin:
        return admin.execute(
            "SELECT tenant_id, webhook_id, topic, event_id, body FROM control.inbox ORDER BY webhook_id"
        ).fetchall()


async def test_what_is_acknowledged_is_stored_as_it_came(api, deliver, database, tenant) -> None:
    body = b'{ "id":1 ,"note":"\xc3\xa4 \\u0000" }\n'
    async with api.browser() as shopify:
        answer = await deliver(shopify, body)
    assert (answer.status_code, answer.content) == (200, b"")
    assert inbox(database) == [(tenant.id, "w-1", "orders/updated", "e-1", body)]


async def test_the_worker_is_told_once_for_many(api, deliver, database, tenant) -> None:
    async with api.browser() as shopify:
        ids = [f"w-{n:02}" for n in range(40)]
        answers = await asyncio.gather(
            *(deliver(shopify, **{"X-Shopify-Webhook-Id": i}) for i in ids)
        )
    assert {answer.status_code for answer in answers} == {200}
    assert [row[1] for row in inbox(database)] == ids
    async with asyncio.timeout(60):
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            while not (
                jobs := admin.execute(
                    "SELECT kind, tenant_id FROM control.jobs WHERE tenant_id = %s", [tenant.id]
                ).fetchall()
            ):
                await asyncio.sleep(0.02)
    assert jobs == [("webhooks", tenant.id)]


async def test_duplicates_are_acknowledged_and_kept_once(api, deliver, database) -> None:
    async with api.browser() as shopify:
        answers = await asyncio.gather(*(deliver(shopify) for _ in range(20)))
        nameless = [await deliver(shopify, **{"X-Shopify-Webhook-Id": ""}) for _ in range(3)]
    assert {a.status_code for a in [*answers, *nameless]} == {200}
    assert len(inbox(database)) == 2


async def test_what_shopify_did_not_sign_is_not_stored(api, deliver, database) -> None:
    good = base64.b64encode(hmac.digest(b"x", ORDER, hashlib.sha256)).decode()
    async with api.browser() as shopify:
        for signature in ("", "x", good, "é", "A" * 44, "=" * 5000):
            answer = await deliver(shopify, **{"X-Shopify-Hmac-Sha256": signature.encode()})
            assert answer.status_code in {401, 422}, signature
            assert answer.json()["code"] in {"bad_signature", "invalid_input"}
        assert (await deliver(shopify, secret="another")).status_code == 401
        signed = base64.b64encode(hmac.digest(b"secret-of-a-test", ORDER, hashlib.sha256)).decode()
        same = json.dumps(json.loads(ORDER), indent=1).encode()
        answer = await deliver(shopify, same, **{"X-Shopify-Hmac-Sha256": signed})
        assert answer.status_code == 401  # the same JSON in other bytes
    assert inbox(database) == []


async def test_an_unknown_shop_is_acknowledged_and_forgotten(api, deliver, database) -> None:
    async with api.browser() as shopify:
        answer = await deliver(shopify, **{"X-Shopify-Shop-Domain": "nobody.myshopify.com"})
        assert answer.status_code == 200
        answer = await deliver(shopify, **{"X-Shopify-Shop-Domain": "evil.example"})
        assert answer.status_code == 422
    assert inbox(database) == []


async def test_newer_header_names_are_read(api, deliver, database, shop, sim) -> None:
    body = b"{}"
    digest = base64.b64encode(
        hmac.digest(sim.client_secret.encode(), body, hashlib.sha256)
    ).decode()
    headers = {
        "Shopify-Topic": "products/update",
        "Shopify-Hmac-Sha256": digest,
        "Shopify-Shop-Domain": shop,
        "Shopify-Webhook-Id": "new",
    }
    async with api.browser() as shopify:
        answer = await shopify.http.post("/webhooks/x", content=body, headers=headers)
    assert answer.status_code == 200
    assert inbox(database)[0][1:3] == ("new", "products/update")


async def test_headers_that_make_no_sense_do_not_hold_a_signed_delivery_up(
    api, deliver, database
) -> None:
    times = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "yesterday", "é", ""]
    async with api.browser() as shopify:
        for n, time in enumerate(times):
            told = {"X-Shopify-Webhook-Id": f"w{n}", "X-Shopify-Triggered-At": time.encode()}
            assert (await deliver(shopify, **told)).status_code == 200
    assert len(inbox(database)) == len(times)


async def test_the_database_away_means_try_again(api, deliver, database) -> None:
    async with api.browser() as shopify:
        assert (await deliver(shopify)).status_code == 200
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = 'xsight_ingest' AND datname = current_database()"
            )
        answer = await deliver(shopify, **{"X-Shopify-Webhook-Id": "w-2"})
        assert answer.status_code == 200  # a new connection, the same statement
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            admin.execute("REVOKE INSERT ON control.inbox FROM xsight_ingest")
        try:
            answer = await deliver(shopify, **{"X-Shopify-Webhook-Id": "w-3"})
        finally:
            with psycopg.connect(database.admin_url, autocommit=True) as admin:
                admin.execute(
                    "GRANT INSERT (tenant_id, webhook_id, topic, event_id, triggered_at, body)"
                    " ON control.inbox TO xsight_ingest"
                )
        assert answer.status_code == 500
        assert "permission" not in answer.text
    assert [row[1] for row in inbox(database)] == ["w-1", "w-2"]


async def test_what_cannot_be_written_does_not_end_the_writer(database, shop, tenant) -> None:
    good = Webhook(shop, "w-1", "orders/updated", None, None, ORDER)
    writer = InboxWriter(database.ingest_url)
    writer.start()
    async with asyncio.timeout(60):
        with pytest.raises(UnicodeEncodeError):  # the driver's own errors are not the only ones
            await writer.store(replace(good, topic="\ud800"))
        assert await writer.store(good) == tenant.id
    await writer.close()
    assert [row[1] for row in inbox(database)] == ["w-1"]
