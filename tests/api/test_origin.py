"""Changes are taken from our own pages only."""

import pytest

ORIGINS = [
    None,
    "null",
    "",
    "https://{host}",
    "http://{host}.evil.example",
    "http://evil.example/{host}",
    "http://evil.{host}",
    "http://{host}@evil.example",
    "http://localhost:{port}",
    "http://127.0.0.1",
    "HTTP://{host}x",
    "http://{host} http://evil.example",
]
CHANGES = [
    ("/api/auth/login", {"json": {"email": "ann@example.com", "password": "x"}}),
    ("/login", {"data": {"email": "ann@example.com", "password": "x"}}),
    ("/signup", {"data": {"email": "eve@example.com"}}),
    ("/api/v1/tenants/me/sync", {}),
    ("/api/auth/logout", {}),
    ("/connect", {"data": {"shop": "garden"}}),
    ("/auth/logout", {}),
]


@pytest.fixture
def origins(api) -> list[str | None]:
    host = api.url.removeprefix("http://")
    port = host.partition(":")[2]
    return [o and o.format(host=host, port=port) for o in ORIGINS]


async def test_every_change_from_a_foreign_origin_is_refused(api, origins) -> None:
    async with api.member() as ann:
        token = (await ann.me())["csrf"]
        for path, what in CHANGES:
            for origin in origins:
                request = ann.http.build_request("POST", path, **what)
                request.headers["X-CSRF-Token"] = token
                del request.headers["Origin"]
                if origin is not None:
                    request.headers["Origin"] = origin
                answer = await ann.http.send(request)
                assert answer.status_code == 403, (path, origin)
                assert answer.json()["code"] == "cross_site", (path, origin)
        assert (await ann.me())["user"]


async def test_a_change_needs_the_token_of_its_own_session(api) -> None:
    async with api.member() as ann, api.member("bob@example.com") as bob:
        foreign = (await bob.me())["csrf"]
        for token in (None, "", "x", foreign, "é"):
            headers = {} if token is None else {"X-CSRF-Token": token.encode()}
            answer = await ann.http.post("/api/v1/tenants/me/sync", headers=headers)
            assert answer.status_code == 403
            assert answer.json()["code"] == "csrf"
        page = await ann.get("/connect")
        field = page.text.split('name="csrf" value="')[1].split('"')[0]
        assert field != (await ann.me())["csrf"]  # each path's token is its own
        answer = await ann.http.post("/connect", data={"shop": "garden", "csrf": field})
        assert answer.headers["location"] == "/auth?shop=garden.myshopify.com"


async def test_reading_needs_no_origin(api) -> None:
    async with api.member() as ann:
        answer = await ann.get("/api/auth/me", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
