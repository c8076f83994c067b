"""`xsight keys rotate` while XSight serves: nobody notices."""

import json
import secrets
import threading
import time

import httpx
import pytest

from ops.visitor import Visitor

pytestmark = pytest.mark.xdist_group("stack")

SHOP = "garden-keys.myshopify.com"
ROTATIONS = 2
SEEN_WITHIN_S = 90


class Readers:
    """Somebody reads the API all the while; what went wrong, and how much did not."""

    def __init__(self, url, email, password) -> None:
        self.failed, self.reads, self._stop = [], 0, threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=(url, email, password)) for _ in range(2)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self, url, email, password) -> None:
        with Visitor(url) as visitor:
            visitor.log_in(email, password)
            while not self._stop.is_set():
                try:
                    assert visitor.store()["shop"]["connection"] == "connected"
                    assert visitor.has("/api/v1/orders?limit=1")
                    self.reads += 1
                except (httpx.HTTPError, AssertionError) as error:
                    self.failed.append(repr(error))
                time.sleep(0.02)


def test_keys_are_rotated_under_load_and_no_read_fails(stack):
    email, password = f"{secrets.token_hex(4)}@keys.example", secrets.token_urlsafe(16)
    ports = json.loads((stack.home / "run" / "ports.json").read_bytes())
    shop = f"http://127.0.0.1:{ports['sim']}/shops/{SHOP}/_sim"

    def bring_order() -> None:
        """Something is sold; for it to be seen, the worker has to open the store's token."""
        order = httpx.post(f"{shop}/create_order", json={}).json()["id"].rsplit("/", 1)[1]
        deadline = time.monotonic() + SEEN_WITHIN_S
        while not visitor.has(f"/api/v1/orders/{order}"):
            assert time.monotonic() < deadline, "the order is not seen"
            time.sleep(0.1)

    with Visitor(stack.url) as visitor:
        visitor.sign_up(email=email, password=password, name="Ada", company="Keys")
        visitor.connect(SHOP)
        run = visitor.sync()  # has webhooks sent
        bring_order()
        visitor.cancel(run)
        with Readers(stack.url, email, password) as readers:
            for _ in range(ROTATIONS):
                done = stack.xsight("keys", "rotate")
                assert done.returncode == 0, done.stderr
                assert "are sealed with it" in done.stdout
                bring_order()
    assert readers.failed == []
    assert readers.reads > 10 * ROTATIONS
