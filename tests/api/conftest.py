"""The API over real HTTP, in a thread of the test's process, on the fixtures' database, Valkey and simulator."""

import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import redis
import uvicorn
from litestar import Litestar

from api.app import create_app
from shopify_sim.config import ShopConfig, SimConfig
from tests.support.simulator import APP, Sim, running_sim
from tests.support.valkey import running_valkey
from xsight_core.logging import configure_logging
from xsight_core.settings import Settings

PASSWORD = "seven quiet otters swim"


@dataclass
class Api:
    """A running API and its address, which is its public one too."""

    url: str
    app: Litestar
    settings: Settings
    server: uvicorn.Server

    @asynccontextmanager
    async def browser(self) -> AsyncIterator["Browser"]:
        """A new browser: its own cookies, which it sends by path as browsers do."""
        async with httpx.AsyncClient(
            base_url=self.url, headers={"Origin": self.url}, trust_env=False, timeout=60
        ) as http:
            yield Browser(self, http)

    @asynccontextmanager
    async def member(self, email: str = "ann@example.com") -> AsyncIterator["Browser"]:
        """A browser in which somebody has just signed up."""
        async with self.browser() as browser:
            await browser.sign_up(email)
            yield browser


class Browser:
    """What a person does, in short words."""

    def __init__(self, api: Api, http: httpx.AsyncClient) -> None:
        self.api, self.http = api, http
        self.get = http.get

    async def sign_up(self, email: str) -> None:
        form = {"name": "Ann Lee", "company": "Garden", "email": email, "password": PASSWORD}
        answer = await self.http.post("/signup", data=form)
        assert answer.status_code == 303, answer.text

    async def log_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.http.post("/api/auth/login", json={"email": email, "password": password})

    async def me(self) -> dict[str, Any]:
        answer = await self.get("/api/auth/me")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **what: Any) -> httpx.Response:
        """A change with the token, as our pages' JavaScript sends it."""
        token = (await self.me())["csrf"]
        return await self.http.post(path, headers={"X-CSRF-Token": token}, **what)

    async def tenant_id(self) -> UUID:
        return UUID((await self.me())["tenant"]["id"])

    def cookies(self, path: str) -> dict[str, str]:
        """Names and values that would be sent to ``path``."""
        sent = self.http.build_request("GET", path).headers.get("cookie", "")
        return dict(pair.split("=", 1) for pair in sent.split("; ") if pair)


@contextmanager
def serve(settings: Settings) -> Iterator[Api]:
    """Run an API on a free port until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = address_of(listener)
        settings = settings.model_copy(update={"public_url": url})
        app = create_app(settings)
        with serving(app, listener) as (_, server):
            yield Api(url, app, settings, server)


@contextmanager
def serving(
    app: Litestar, listener: socket.socket | None = None
) -> Iterator[tuple[str, uvicorn.Server]]:
    """Any application over HTTP, in a thread: its address and server."""
    if listener is None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        ws="websockets-sansio",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    with listener:
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive(), "the application did not start"
            assert time.monotonic() < deadline, "the application takes too long to start"
            time.sleep(0.01)
        try:
            yield address_of(listener), server
        finally:
            server.should_exit = True
            thread.join(timeout=10)
        assert not thread.is_alive(), "the application did not stop"


def address_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="session", autouse=True)
def _logging() -> Iterator[None]:
    """As in production: structlog's default would spend seconds on drawing a traceback. pytest shows it by itself."""
    with Path(os.devnull).open("w") as nowhere:
        configure_logging(stream=nowhere)
        yield


@pytest.fixture(scope="session")
def sim() -> Iterator[Sim]:
    """One simulator for all tests here: what they change in it is who is connected."""
    shop = ShopConfig("garden.myshopify.com", "generated:60")
    with running_sim(SimConfig(shops=(shop,), apps=(APP,), auto_approve=True)) as sim:
        yield sim


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def valkey_url(valkey: str) -> str:
    """The same server for every test here, emptied."""
    with redis.Redis.from_url(valkey) as client:
        client.flushall()
    return valkey


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    with serve(settings) as api:
        yield api
