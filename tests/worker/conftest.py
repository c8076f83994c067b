"""Worker processes as they run in production, of this test's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.receivers import receiver  # noqa: F401 - fixture
from tests.sync.conftest import access, http, shop  # noqa: F401 - fixtures

ROOT = Path(__file__).parents[2]


def environment(settings) -> dict[str, str]:
    """The settings as an environment, as the operator's tool would give it."""
    return {
        "PATH": os.environ["PATH"],
        "XSIGHT_HOME": str(settings.home),
        "XSIGHT_PUBLIC_URL": "https://xs.example",
        "XSIGHT_DATABASE_URL": settings.database_url.get_secret_value(),
        "XSIGHT_REDIS_URL": settings.redis_url.get_secret_value(),
        "XSIGHT_KEYRING": settings.keyring.get_secret_value(),
        "XSIGHT_LEASE_S": str(settings.lease_s),
        "SHOPIFY_CLIENT_ID": settings.shopify_client_id,
        "SHOPIFY_CLIENT_SECRET": settings.shopify_client_secret.get_secret_value(),
        "SHOPIFY_URL_TEMPLATE": settings.shopify_url_template,
    }


@contextmanager
def process(settings, module: str, log: Path, **more: str) -> Iterator[subprocess.Popen]:
    """``python -m module``, ended with SIGTERM and not left behind."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={**environment(settings), **more},
            stdout=out,
            stderr=out,
        )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise AssertionError(f"{module} did not end:\n{log.read_text()}") from None


def until(what, *, within_s=60.0, every_s=0.1, log=None):
    """Wait for something to come true; what it gave."""
    deadline = time.monotonic() + within_s
    while not (found := what()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s\n{log.read_text() if log else ''}")
        time.sleep(every_s)
    return found


@pytest.fixture
def settings(settings):
    """With leases so short that a dead worker is noticed at once."""
    return settings.model_copy(update={"lease_s": 4.0})


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def stack(settings, log):
    """A worker and a relay."""
    private = {"XSIGHT_HOOKS_PRIVATE": "true"}  # who is told by webhook is on this machine
    with process(settings, "worker", log, **private), process(settings, "worker.relay", log):
        yield
