"""``/app/*`` leads to the store's dashboard server, and waits with the person while it starts."""

from collections import Counter

import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromPath
from pydantic import SecretStr

from tests.api.conftest import serve, serving


class Hub:
    """JupyterHub's REST as its documentation tells it: 404 before the user exists, 202 while starting."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.ready: set[str] = set()
        self.calls: Counter[str] = Counter()

    def app(self) -> Litestar:
        hub = self

        def count(request: Request) -> None:
            assert request.headers["authorization"] == "token hub-token"
            hub.calls[f"{request.method} {request.url.path}"] += 1

        @get("/hub/api/")
        async def root(request: Request) -> dict[str, str]:
            count(request)
            return {"version": "6.1"}

        @get("/hub/api/users/{name:str}")
        async def user(request: Request, name: FromPath[str]) -> Response:
            count(request)
            if name not in hub.users:
                return Response({"status": 404}, status_code=404)
            servers = {"": {"ready": True}} if name in hub.ready else {}
            return Response({"name": name, "servers": servers})

        @post("/hub/api/users/{name:str}")
        async def add(request: Request, name: FromPath[str]) -> None:
            count(request)
            hub.users.add(name)

        @post("/hub/api/users/{name:str}/server")
        async def start(request: Request, name: FromPath[str]) -> Response:
            count(request)
            return Response(None, status_code=202 if name in hub.users else 404)

        return Litestar([root, user, add, start], openapi_config=None, logging_config=None)


@pytest.fixture
def hub():
    return Hub()


@pytest.fixture
def api(settings, hub):
    with serving(hub.app()) as (url, _server):
        known = {"hub_api_url": f"{url}/hub/api", "hub_api_token": SecretStr("hub-token")}
        with serve(settings.model_copy(update=known)) as api:
            yield api


async def test_a_server_is_started_by_the_log_in_and_waited_for(api, hub) -> None:
    async with api.member() as ann:
        server = f"t-{(await ann.me())['tenant']['slug']}"
        page = await ann.get("/app/overview", headers={"Accept": "text/html"})
        assert page.status_code == 202
        assert 'http-equiv="refresh"' in page.text
        assert server in hub.users
        hub.ready.add(server)
        page = await ann.get("/app/overview?from=2026-01-01")
        assert page.status_code == 303
        assert page.headers["location"] == f"/user/{server}/app/overview?from=2026-01-01"
        deep = await ann.get("/app/customers/123")
        assert deep.headers["location"] == f"/user/{server}/app/customers/123"
        assert hub.calls[f"POST /hub/api/users/{server}"] == 1


async def test_lab_is_opened_by_a_fresh_log_in_at_the_hub(api) -> None:
    async with api.member() as ann:
        answer = await ann.get("/app/lab")
    assert answer.headers["location"] == "/hub/oauth_login?next=/hub/user-redirect/lab"


async def test_a_log_out_goes_on_to_the_hubs(api) -> None:
    async with api.member() as ann:
        gone = await ann.get("/auth/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert gone.headers["location"] == "/hub/logout"


async def test_without_a_hub_it_says_so_and_keeps_trying(settings) -> None:
    known = {"hub_api_url": "http://127.0.0.1:1/hub/api", "hub_api_token": SecretStr("x" * 9)}
    with serve(settings.model_copy(update=known)) as api:
        async with api.member() as ann:
            page = await ann.get("/app/overview")
    assert page.status_code == 503
    assert "does not answer just now" in page.text


async def test_who_types_localhost_is_sent_to_the_address_that_forms_are_taken_from(api) -> None:
    port = api.url.rsplit(":", 1)[1]
    async with api.browser() as browser:
        for path in ("/", "/login?next=/connect", "/signup"):
            answer = await browser.get(path, headers={"Host": f"localhost:{port}"})
            assert answer.headers["location"] == api.url + path
        for host in (f"evil.example:{port}", "localhost", "127.0.0.1:1", "x", "[", "localhost:x"):
            answer = await browser.get("/signup", headers={"Host": host})
            assert answer.status_code == 200, host
