"""Every change there is, with bodies nobody should send: a problem document, never a trace, never a 500."""

import asyncio
import os
import time
from collections import Counter

import pytest
from litestar.routes import HTTPRoute
from websockets.asyncio.client import connect

from tests.api.accounts.test_members import joined

SHARE = int(os.environ.get("XSIGHT_BODIES_SHARE", "3"))
"""A change meets one in three of the bodies, the next change the next ones; in `make chaos` every one meets all."""
DEEP = b"[" * 90_000
BODIES = [
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"null", "application/json"),
    (b'{"email": "\xff\xfe", "role": "viewer"}', "application/json"),
    (
        b'{"email": "\\u0000", "role": "\\ud800", "name": "\\u0000", "tenant": "\\u0000"}',
        "application/json",
    ),
    (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "application/json"),
    (DEEP, "application/json"),
    (b'{"email": ' + b"9" * 5000 + b"}", "application/json"),
    (b'{"x": "' + b"A" * 1_100_000 + b'"}', "application/json"),
    (b"\x00\x01\x02", "application/octet-stream"),
    (b"email=%ff%fe&password=%00", "application/x-www-form-urlencoded"),
    (b"&".join(b"a%d=1" % n for n in range(3000)), "application/x-www-form-urlencoded"),
    (
        b'--x\r\nContent-Disposition: form-data; name="email"; filename="a"\r\n\r\nx\r\n--x--',
        "multipart/form-data; boundary=x",
    ),
    (b"--x", "multipart/form-data"),
]


def changes(app):
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                path = route.path_format.replace("{user_id}", "x")
                if method in {"POST", "PUT", "PATCH", "DELETE"} and "logout" not in path:
                    yield method, path, handler


async def test_no_body_breaks_a_change(api) -> None:
    asked = Counter()
    async with api.member() as ann:
        csrf = (await ann.me())["csrf"]
        page = (await ann.get("/auth/account")).text
        form_csrf = page.split('name="csrf" value="')[1].split('"')[0]
        for turn, (method, path, _) in enumerate(changes(api.app)):
            if path.endswith(("/leave", "/sync")):
                continue
            token = csrf if path.startswith("/api/") else form_csrf
            for body, kind in BODIES[turn % SHARE :: SHARE]:
                headers = {"Content-Type": kind, "X-CSRF-Token": token}
                answer = await ann.http.request(method, path, content=body, headers=headers)
                assert answer.status_code < 500, (method, path, kind, body[:40], answer.text[:300])
                assert "Traceback" not in answer.text
                if answer.status_code >= 400 and "json" in answer.headers["content-type"]:
                    problem = answer.json()
                    oauth = path == "/auth/oauth/token"
                    assert oauth or problem["code"], (path, problem)
                asked[body] += 1
        assert (await ann.get("/api/auth/me")).status_code == 200
    assert len(asked) == len(BODIES)
    assert min(asked.values()) > 20 / SHARE
    print(f"{asked.total()} requests")


async def until(seen, fits, count) -> None:
    """Until so many of what was seen fit."""
    async with asyncio.timeout(60):
        while sum(fits(*one) for one in seen) < count:
            await asyncio.sleep(0.02)


async def test_removal_under_load_fails_nobody_else_and_lets_nothing_through(api) -> None:
    """Requests begun after the removal was answered are refused, all of them; nobody else's is, ever."""
    async with api.member() as ann, joined(api, ann, "bob@example.com", "analyst", pii=True) as bob:
        made = await bob.post("/api/v1/tokens", json={"name": "x", "scopes": ["read"]})
        bearer = {"Authorization": f"Bearer {made.json()['secret']}"}
        bob_id = (await bob.me())["user"]["id"]
        csrf = {"X-CSRF-Token": (await ann.me())["csrf"]}
        seen: list[tuple[str, float, float, int]] = []
        over = asyncio.Event()

        async def read(who, name, headers) -> None:
            while not over.is_set():
                began = time.monotonic()
                answer = await who.get("/api/v1/tenants/me", headers=headers)
                seen.append((name, began, time.monotonic(), answer.status_code))

        readers = [
            asyncio.create_task(read(who, name, headers))
            for who, name, headers in (
                (ann, "ann", {}),
                (ann, "ann", {}),
                (bob, "bob", {}),
                (bob, "bob", bearer),
            )
        ]
        await until(seen, lambda name, *_: name == "bob", 6)
        asked = time.monotonic()
        gone = await ann.http.delete(f"/api/v1/members/{bob_id}", headers=csrf)
        answered = time.monotonic()
        await until(seen, lambda name, began, *_: name == "bob" and began > answered, 6)
        over.set()
        await asyncio.gather(*readers)
    assert gone.status_code == 204
    assert {status for name, *_, status in seen if name == "ann"} == {200}
    before = {status for name, _, ended, status in seen if name == "bob" and ended < asked}
    after = {status for name, began, _, status in seen if name == "bob" and began > answered}
    assert before == {200}
    assert after <= {401, 403}
    assert after


async def test_a_websocket_brings_the_new_secret_too(api, database) -> None:
    import psycopg  # noqa: PLC0415

    async with api.member() as ann:
        old = ann.cookies("/ws/sync")["xs_ws"]
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "UPDATE control.session_secrets SET issued_at = now() - interval '1 hour'"
            )
        url = api.url.replace("http", "ws", 1) + "/ws/sync"
        cookie = {"Cookie": f"xs_ws={old}"}
        async with connect(url, additional_headers=cookie, origin=api.url) as socket:
            new = socket.response.headers["Set-Cookie"]
            assert "sync:active" in await socket.recv()
        assert new.startswith("xs_ws=")
        assert "Path=/ws" in new


@pytest.mark.parametrize("name", ["a" * 300, "é" * 100, "x\n y", "\u202egnp.exe"])
async def test_names_are_kept_or_refused_never_broken(api, name) -> None:
    async with api.browser() as browser:
        body = {"name": name, "email": "ann@example.com", "password": "seven quiet otters swim"}
        answer = await browser.http.post("/api/auth/signup", json=body)
        assert answer.status_code in {201, 422}
        if answer.status_code == 201:
            assert (await browser.me())["user"]["name"] == " ".join(name.split())
