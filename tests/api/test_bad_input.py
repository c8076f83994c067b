"""Whatever is sent, the answer is a problem document that names what to mend; never a trace, never a 500."""

import asyncio
import json
import re

import httpx
import pytest

DEEP = "[" * 100_000
GETS = [
    "/api/v1/customers?limit=0",
    "/api/v1/customers?limit=x",
    "/api/v1/customers?limit=1e9",
    "/api/v1/customers?sort=email",
    "/api/v1/customers?sort=%00",
    "/api/v1/customers?segment=%00",
    "/api/v1/customers?segment=%ff%fe",
    "/api/v1/customers?cursor=x",
    "/api/v1/customers?cursor=W10",
    "/api/v1/customers?cursor=%F0%9F%98%80",
    "/api/v1/customers?cursor=" + "A" * 600,
    "/api/v1/customers?cursor=WyItbmV0IiwxZTQwMCwxXQ",
    "/api/v1/customers?cursor=WyItbmV0Iiw5OTk5OTk5OTk5OTk5OTk5OTk5OTk5LDFd",
    "/api/v1/customers?ids=1,x",
    "/api/v1/customers?ids=99999999999999999999",
    "/api/v1/customers?ids=%D9%A1",
    "/api/v1/customers?ids=" + ",".join(map(str, range(300))),
    "/api/v1/customers/0",
    "/api/v1/customers/-1",
    "/api/v1/customers/x",
    "/api/v1/customers/99999999999999999999",
    "/api/v1/customers/1/../../x",
    "/api/v1/orders?since=2020-13-01",
    "/api/v1/orders?since=yesterday",
    "/api/v1/orders?customer_id=99999999999999999999",
    "/api/v1/orders/9223372036854775808",
    "/api/v1/orders?total_min=x",
    "/api/v1/orders?test=perhaps",
    "/api/v1/orders?tag=%00",
    "/api/v1/orders?sort=-tags",
    "/api/v1/orders?cursor=WyItbmV0IiwiTmFOIiwxXQ",
    "/api/v1/orders?product_id=0",
    "/api/v1/customers?fields=" + "a." * 400,
    "/api/v1/customers?fields=scores..segment",
    "/api/v1/customers?orders_min=-1",
    "/api/v1/customers?net_max=" + "9" * 40,
    "/api/v1/customers?churn_min=nan",
    "/api/v1/customers?churn_min=2",
    "/api/v1/customers?ordered_since=0",
    "/api/v1/customers?country=",
    "/api/v1/customers?tag=" + "x" * 300,
    "/api/v1/customers?email=" + "x" * 300,
    "/api/v1/customers/1/timeline?kinds=everything",
    "/api/v1/customers/1/timeline?cursor=WyJ4Il0",
    "/api/v1/products?sort=price",
    "/api/v1/products?cursor=WyJ0aXRsZSIsIlx1MDAwMCIsMV0&sort=title",
    "/api/v1/products/0",
    "/api/v1/exports/nothing",
    "/api/v1/exports/00000000-0000-0000-0000-000000000000",
    "/api/v1/exports/00000000-0000-0000-0000-000000000000/file",
    "/api/v1/exports/00000000-0000-0000-0000-000000000000/file?store=x&ticket=y",
    (
        "/api/v1/exports/00000000-0000-0000-0000-000000000000/file?store=00000000-0000-0000-0000-000000000000"
        "&ticket=xs1.%00.%F0%9F%98%80"
    ),
    "/api/v1/analytics/nothing",
    "/api/v1/analytics/rfm%00",
    "/api/v1/tenants/me/sync/nothing/status",
    "/api/v1/nothing",
    "/app/../../etc/passwd",
    "/app/Overview!",
    "/assets/../app.py",
    "/assets/%2e%2e/app.py",
    "/assets/nothing.js",
    "/auth",
    "/auth?shop=" + "a" * 5000,
    "/auth/callback",
    "/auth/callback?timestamp=99999999999999999999999",
    "/auth/oauth/authorize?client_id=" + "a" * 5000,
]
BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"\xff\xfe",
    b"{}" * 10,
    b'{"email": 1, "password": []}',
    b'{"email": "ann@example.com"}',
    b'{"email": "", "password": ""}',
    b'{"email": "a\\u0000b@example.com", "password": "x"}',
    b'{"email": "\\ud800@example.com", "password": "x"}',
    json.dumps({"email": "x" * 10_000, "password": "x"}).encode(),
    json.dumps({"email": "a@example.com", "password": "x" * 10_000}).encode(),
    f'{{"email": {DEEP}'.encode(),
    b'{"email": "a@example.com", "password": ' + b"1" * 5000 + b"}",
]


def assert_is_problem(answer, what: object) -> None:
    assert 400 <= answer.status_code < 500, (what, answer.status_code, answer.text[:300])
    assert answer.headers["content-type"].startswith("application/problem+json"), what
    body = answer.json()
    assert body["status"] == answer.status_code
    assert re.fullmatch(r"[a-z_]+", body["code"]), what
    assert body["detail"], what
    assert body["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    assert "psycopg" not in answer.text


async def test_addresses_and_queries(api) -> None:
    async with api.member() as ann:
        for path in GETS:
            assert_is_problem(await ann.get(path), path)


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/signup"])
async def test_bodies(api, path) -> None:
    async with api.browser() as browser:
        for body in BODIES:
            answer = await browser.http.post(
                path, content=body, headers={"Content-Type": "application/json"}
            )
            assert_is_problem(answer, body[:60])


async def test_bodies_of_the_wrong_kind_or_size(api) -> None:
    async with api.member() as ann:
        token = {"X-CSRF-Token": (await ann.me())["csrf"]}
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "x"):
            answer = await ann.http.post(
                "/api/auth/tenant", content=b"\x00\xff=%", headers=token | {"Content-Type": kind}
            )
            assert_is_problem(answer, kind)
        answer = await ann.http.post("/api/auth/tenant", content=b"x" * 2_000_000, headers=token)
        assert_is_problem(answer, "large")
        assert answer.status_code == 413


async def test_forms_take_anything_and_say_what_is_wrong(api) -> None:
    async with api.browser() as browser:
        for body in (
            b"",
            b"=&=",
            b"email=%00&password=%00",
            b"email=%ff%fe&password=x",
            b"email[]=1",
        ):
            for path in ("/login", "/signup"):
                answer = await browser.http.post(
                    path,
                    content=body,
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                )
                assert answer.status_code in {400, 422}, (path, body, answer.text[:300])


async def test_wrong_methods_and_headers(api) -> None:
    async with api.member() as ann:
        answer = await ann.http.delete("/api/v1/customers")
        assert_is_problem(answer, "delete")
        assert answer.status_code == 405
        for host in ("[", "x:y", "@", "a b", "evil.example:99999", "é"):
            for path in ("/api/auth/me", "/api/v1/customers", "/nothing", "/", "/connect"):
                answer = await ann.get(path, headers={"Host": host.encode()})
                assert answer.status_code < 500, (host, path)
        for cookie in ("xs_api=", "xs_api=" + "x" * 5000, "=;;;=", 'xs_api="'):
            answer = await ann.get("/api/auth/me", headers={"Cookie": cookie})
            assert_is_problem(answer, cookie[:30])
            assert answer.status_code == 401


async def test_a_person_gets_a_page(api) -> None:
    async with api.browser() as browser:
        answer = await browser.get("/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.text


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "xs_",
        "xs_" + "a" * 43,
        "xs_" + "a" * 9000,
        "xs_\xff\xfe",
        "xs_\x00",
        "Bearer xs_",
        "null",
    ],
)
async def test_tokens_that_nobody_gave_out(api, token) -> None:
    """Each is told to log in, in words; the longest one may be cut at the door."""
    async with api.browser() as program:
        headers = {"Authorization": b"Bearer " + token.encode("latin-1")}
        try:
            answer = await program.get("/api/v1/tenants/me", headers=headers)
        except httpx.LocalProtocolError:  # no client would send it
            return
        assert answer.status_code in {400, 401, 431}, answer.text
        assert "Traceback" not in answer.text
        if answer.status_code == 401:
            assert_is_problem(answer, token[:20])


async def test_an_address_that_only_looks_like_another_is_none(api) -> None:
    """Homographs: Cyrillic а, full-width letters, dotless ı, invisible joiners."""
    async with api.browser() as browser:
        for address in (
            "аnn@example.com",
            "ａnn@example.com",
            "ann@exаmple.com",
            "ann\u200b@example.com",
        ):
            body = {
                "email": address,
                "password": "seven quiet otters swim",
                "name": "A",
                "company": "B",
            }
            answer = await browser.http.post("/api/auth/signup", json=body)
            assert_is_problem(answer, address)
            assert answer.json()["field"] == "email"


async def test_a_body_that_trickles_is_cut(api, monkeypatch) -> None:
    monkeypatch.setattr("api.access.BODY_S", 0.3)
    host, port = api.url.removeprefix("http://").split(":")
    for head in (b"Content-Length: 100", b"Transfer-Encoding: chunked"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nOrigin: "
            + api.url.encode()
            + b"\r\nContent-Type: application/json\r\n"
            + head
            + b"\r\n\r\n"
        )
        writer.write(b'5\r\n{"ema\r\n' if b"chunked" in head else b'{"email"')
        async with asyncio.timeout(60):
            answer = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readuntil(b"}")
        assert b" 408 " in answer.splitlines()[0]
        assert b"request_timeout" in body
        writer.close()
