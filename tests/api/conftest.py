"""The API over real HTTP, in a thread of the test's process, on the fixtures' database, Valkey and simulator.

One API and one database serve all tests of a run's worker, emptied before each: tests of a module need not run one
after the other. A test that breaks its service, or wants other settings, serves one of its own (`serve`, `own_api`).
"""

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
from tests.support.logs import logged_to
from tests.support.postgres import Cluster, Database
from tests.support.simulator import APP, Sim, running_sim
from tests.support.valkey import running_valkey
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
        deadline = time.monotonic() + 60
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
    with Path(os.devnull).open("w") as nowhere, logged_to(nowhere):
        yield


@pytest.fixture(scope="module", autouse=True)
def _passwords(cheap_passwords: None) -> None:
    """Almost every test here signs somebody up."""


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


@dataclass
class House:
    """What tests share."""

    api: Api
    database: Database
    valkey: str


def make_settings(
    database: Database, valkey: str, sim: Sim, home: Path, **more: object
) -> Settings:
    return Settings.model_validate(
        {
            "home": home,
            "database_url": database.app_url,
            "ingest_database_url": database.ingest_url,
            "redis_url": valkey,
            "keyring": "test:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "shopify_client_id": sim.client_id,
            "shopify_client_secret": sim.client_secret,
            "shopify_url_template": sim.url_template,
            **more,
        }
    )


@pytest.fixture(scope="session")
def house(
    cluster: Cluster, valkey: str, sim: Sim, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    home = tmp_path_factory.mktemp("home")
    with cluster.fresh() as database, serve(make_settings(database, valkey, sim, home)) as api:
        yield House(api, database, valkey)


@pytest.fixture
def database(house: House) -> Database:
    """The shared one, without a row."""
    house.database.empty(keep_waiting=True)
    return house.database


@pytest.fixture
def valkey_url(house: House) -> str:
    """The shared one, without a key."""
    with redis.Redis.from_url(house.valkey) as client:
        client.flushall()
    return house.valkey


@pytest.fixture
def settings(house: House, database: Database, valkey_url: str) -> Settings:
    return house.api.settings


@pytest.fixture
def api(house: House, database: Database, valkey_url: str) -> Api:
    return house.api


@pytest.fixture
def own_api(settings: Settings) -> Iterator[Api]:
    """A service that nobody else uses, on the shared database."""
    with serve(settings) as api:
        yield api
