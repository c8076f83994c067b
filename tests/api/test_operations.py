"""Health, headers, files, logs: what an operator relies on."""

import io

import psycopg
from pydantic import SecretStr

from api.assets import assets, style_url
from tests.api.conftest import PASSWORD, serve
from tests.support.logs import logged_to


async def test_health_and_readiness(api, database, tenant) -> None:
    async with api.browser() as browser:
        assert (await browser.get("/health")).json() == {"status": "ok"}
        ready = await browser.get("/ready")
        assert ready.status_code == 200
        assert ready.json() == {"ready": True, "database": True, "redis": True, "queue_lag_s": 0.0}
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "INSERT INTO control.jobs (id, tenant_id, kind, due_at) "
                "VALUES (gen_random_uuid(), %s, 'sync', now() - interval '1 hour')",
                [tenant.id],
            )
        assert 3590 < (await browser.get("/ready")).json()["queue_lag_s"] < 3700


async def test_without_a_database_it_lives_but_is_not_ready(settings) -> None:
    away = {
        "database_url": SecretStr("postgresql://x:y@127.0.0.1:1/x"),
        "redis_url": SecretStr("redis://127.0.0.1:1/0"),
    }
    with serve(settings.model_copy(update=away)) as api:
        async with api.browser() as browser:
            assert (await browser.get("/health")).status_code == 200
            ready = await browser.get("/ready")
            assert ready.status_code == 503
            assert ready.json()["database"] is False
            assert ready.json()["redis"] is False
            answer = await browser.log_in("ann@example.com")
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert answer.json()["code"] == "unavailable"


async def test_metrics_are_not_on_the_public_port(api) -> None:
    async with api.browser() as browser:
        assert (await browser.get("/metrics")).status_code == 404


async def test_every_answer_carries_the_security_headers(api) -> None:
    async with api.browser() as browser:
        for path in ("/", "/nothing", "/api/auth/me", "/assets/x.js", "/health"):
            answer = await browser.get(path)
            for name, value in {
                "x-content-type-options": "nosniff",
                "x-frame-options": "DENY",
                "referrer-policy": "same-origin",
                "cross-origin-opener-policy": "same-origin",
            }.items():
                assert answer.headers[name] == value, path
            assert len(answer.headers["x-request-id"]) == 32
            assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_files_are_compressed_and_kept_for_ever(api) -> None:
    path = style_url()
    plain = assets()[path.removeprefix("/assets/")].bodies[""]
    async with api.browser() as browser:
        packed = await browser.get(path, headers={"Accept-Encoding": "gzip"})
        whole = await browser.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == whole.content == plain
    assert int(packed.headers["content-length"]) < len(plain) / 2
    assert "content-encoding" not in whole.headers
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["vary"] == "Accept-Encoding"


async def test_the_schema_describes_every_public_route(api) -> None:
    async with api.browser() as browser:
        schema = (await browser.get("/api/schema")).json()
        docs = (await browser.get("/api/docs")).text
    assert schema["openapi"].startswith("3.1")
    for path in ("/api/v1/customers", "/api/v1/orders/{order_id}", "/api/v1/tenants/me/sync"):
        assert path in schema["paths"]
        assert path in docs


async def test_the_log_holds_no_secret(settings, tenancy) -> None:
    """Plants secrets wherever one can be sent, then reads everything that was written."""
    secrets = {"query": "s3cretquery", "token": "shpat_0123456789", "hmac": "feedbeef" * 8}
    stream = io.StringIO()
    with logged_to(stream, level="DEBUG"), serve(settings) as api:
        async with api.member() as ann:
            planted = [*secrets.values(), PASSWORD]
            planted += [
                v
                for p in ("/api", "/auth", "/ws", "/app", "/connect")
                for v in ann.cookies(p).values()
            ]
            planted.append((await ann.me())["csrf"])
            await ann.log_in("ann@example.com")
            await ann.log_in("ann@example.com", "a wrong s3cretquery")
            await ann.get(
                f"/auth/callback?code={secrets['query']}&hmac={secrets['hmac']}&state=s3cretquery"
            )
            await ann.get("/auth/install", params=secrets)
            await ann.get(
                "/auth/oauth/userinfo", headers={"Authorization": f"Bearer {secrets['token']}"}
            )
            await ann.http.post(
                "/auth/oauth/token",
                data={"code": secrets["query"], "client_secret": secrets["token"]},
            )
            await ann.http.post(
                "/webhooks/x",
                content=b"s3cretquery",
                headers={"X-Shopify-Hmac-Sha256": secrets["hmac"]},
            )
            await ann.post("/api/v1/tenants/me/sync")
    written = stream.getvalue()
    assert '"path": "/auth/callback"' in written
    for secret in planted:
        assert secret not in written, secret
