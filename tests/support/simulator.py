"""The simulated Shopify, over HTTP on a free port, in a thread of the test's process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import uvicorn

from shopify_sim.app import Simulator, create_app
from shopify_sim.config import AppConfig, ShopConfig, SimConfig

__all__ = ["Sim", "running_sim"]

APP = AppConfig("xsight-test", "secret-of-a-test", token="shpat_0123456789abcdef")
SHOP = "garden.myshopify.com"


@dataclass(frozen=True)
class Sim:
    """Where it is, and the application itself, to give it faults or change its rows."""

    url: str
    app: Simulator

    @property
    def url_template(self) -> str:
        return f"{self.url}/shops/{{shop}}"

    @property
    def client_id(self) -> str:
        return self.app.config.apps[0].client_id

    @property
    def client_secret(self) -> str:
        return self.app.config.apps[0].client_secret

    @property
    def token(self) -> str:
        """An access token that is ready, for tests without OAuth."""
        token = self.app.config.apps[0].token
        assert token is not None
        return token

    @property
    def shop(self) -> str:
        """The domain of the first shop."""
        return self.app.config.shops[0].domain


@contextmanager
def running_sim(config: SimConfig) -> Iterator[Sim]:
    """A simulator of this configuration; stopped at the end."""
    app = create_app(config)
    server = uvicorn.Server(
        uvicorn.Config(
            app, loop="asyncio", log_level="error", access_log=False, timeout_graceful_shutdown=1
        )
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        serving = threading.Thread(target=server.run, args=([listener],), daemon=True)
        serving.start()
        deadline = time.monotonic() + 60
        while not server.started:
            assert serving.is_alive(), "the simulator did not start"
            assert time.monotonic() < deadline, "the simulator takes too long to start"
            time.sleep(0.01)
        yield Sim(f"http://127.0.0.1:{listener.getsockname()[1]}", app)
        server.should_exit = True
        serving.join(timeout=10)


@pytest.fixture
def sim() -> Iterator[Sim]:
    """A generated shop of 60 customers; a test that needs another one uses `running_sim`."""
    with running_sim(
        SimConfig(shops=(ShopConfig(SHOP, "generated:60"),), apps=(APP,), auto_approve=True)
    ) as sim:
        yield sim
