"""The pages over HTTP for a browser: shell and built bundle as they are served, with a stand-in for the API's answers.

The stand-in speaks the documented JSON; the real API meets the same pages in `tests/browser`.
"""

import asyncio
import json
import mimetypes
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

from xsight_ui.assets import STATIC
from xsight_ui.pages import PAGES
from xsight_ui.shell import render

__all__ = ["Site", "serve"]

USER = {"name": "Ada Byron", "email": "ada@example.com", "initials": "AB"}
TENANT = {
    "id": "0193c0de-0000-7000-8000-000000000001",
    "slug": "garden7x",
    "name": "Garden & Grove",
}
OTHER = {"id": "0193c0de-0000-7000-8000-000000000002", "slug": "other8y", "name": "Second store"}
BASE = "/user/t-garden7x/"
DOMAIN = "garden-grove.myshopify.com"
LISTENS_WITHIN_S = 60


class Site:
    """What the stand-in answers; tests change it while a page is open."""

    def __init__(self) -> None:
        self.url = ""
        self._queues: set[asyncio.Queue[str | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.reset(None)

    def reset(self, document: dict[str, Any] | None) -> None:
        """As new, with this document."""
        self.document = document
        self._queues = set()  # of pages that were
        self.brand: dict[str, str | None] | None = None
        self.sync_document: dict[str, Any] | None = None
        self.changes: list[tuple[str, str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.documents: dict[str, dict[str, Any] | None] = {}
        self.changed: dict[tuple[str, str], tuple[int, Any]] = {}  # answers to changes
        self.websocket = True
        self.runs: list[dict[str, Any]] = []
        self.ended: dict[str, dict[str, Any]] = {}
        self.started_syncs: list[dict[str, str]] = []
        self.rights = ["user", "read", "sync", "connect", "lab"]
        self.role = "owner"
        self.alerts_firing = 0
        self.insights_failed_at: str | None = None
        self.shop: dict[str, Any] = {}
        self.latest_run: dict[str, Any] | None = None
        self.session_ended = False
        self.connected = True
        self.synced_at: str | None = None
        self.names = {7_000_000_000_000 + n: name for n, name in enumerate(_NAMES)}
        self._told: dict[str, dict[str, Any]] = {}

    def send(self, message: dict[str, Any]) -> None:
        """Tell every open websocket, once there is one: a page is complete before it listens."""
        self.wait_for_listener()
        if message.get("run"):
            self._told[message["run"]] = message
        self._put(json.dumps(message))

    def hang_up(self) -> None:
        """Close every open websocket, as a restart of the server does."""
        self._put(None)

    def end_session(self) -> None:
        """Log the viewer out, as another window or an owner does."""
        self.wait_for_listener()
        self.session_ended = True
        self._put("4401")

    def wait_for_listener(self) -> None:
        """Until a page's websocket is open."""
        deadline = time.monotonic() + LISTENS_WITHIN_S
        while not self._queues:
            assert time.monotonic() < deadline, "no page listens"
            time.sleep(0.01)

    def _put(self, text: str | None) -> None:
        assert self._loop is not None
        for queue in list(self._queues):
            self._loop.call_soon_threadsafe(queue.put_nowait, text)

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            self._loop = asyncio.get_running_loop()
            while True:
                kind = (await receive())["type"].removeprefix("lifespan.")
                await send({"type": f"lifespan.{kind}.complete"})
                if kind == "shutdown":
                    return
        if scope["type"] == "websocket":
            await self._socket(receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if scope["method"] != "GET":
            body = (await receive())["body"] or b"null"
            is_form = headers.get("content-type", "").startswith("multipart/")
            sent = body.decode() if is_form else json.loads(body)
            self.changes.append((scope["method"], scope["path"], sent))
        query = dict(parse_qsl(scope["query_string"].decode()))
        if scope["path"].startswith("/api/v1/"):
            self.asked.append((scope["path"], query))
        self._query = query
        status, kind, body = self._answer(scope["method"], scope["path"], headers)
        kept = scope["path"].startswith("/assets/") and ".json" not in scope["path"]
        caching = b"public, max-age=31536000, immutable" if kept else b"no-store"
        headers = [(b"content-type", kind.encode()), (b"cache-control", caching)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _socket(self, receive, send) -> None:
        await receive()
        if not self.websocket:
            await send({"type": "websocket.close", "code": 1013})
            return
        await send({"type": "websocket.accept"})
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._queues.add(queue)
        queue.put_nowait(json.dumps({"type": "sync:active", "runs": self.runs}))
        gone = asyncio.ensure_future(_until_closed(receive))
        while not gone.done():
            next_message = asyncio.ensure_future(queue.get())
            await asyncio.wait({gone, next_message}, return_when=asyncio.FIRST_COMPLETED)
            if not next_message.done():
                next_message.cancel()
            elif (text := next_message.result()) is not None and text != "4401":
                await send({"type": "websocket.send", "text": text})
            else:
                await send({"type": "websocket.close", "code": int(text or 1001)})
                break
        self._queues.discard(queue)

    def _answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        page = path.removeprefix(f"{BASE}app/")
        if page in PAGES:
            shop = TENANT | {"domain": DOMAIN if self.connected else None}
            looks = {"base_url": BASE, "user": USER, "tenant": shop, "brand": self.brand}
            html = render(page, self._document(page), **looks)
            return 200, "text/html; charset=utf-8", html.encode()
        if (name := page.removesuffix(".json")) in PAGES:
            return _json(PAGES[name].spec(self._document(name), datetime.now(UTC)))
        if path == "/notebook":  # a page without our shell, as JupyterLab is one
            return (
                200,
                "text/html",
                b"<!doctype html><html lang=en><title>Lab</title><link rel=icon href=data:,><body><main></main>",
            )
        if path.startswith("/assets/"):
            file = STATIC / path.removeprefix("/assets/")
            kind = "text/javascript" if file.suffix == ".js" else mimetypes.guess_type(file)[0]
            return 200, kind or "font/woff2", file.read_bytes()
        if self.session_ended:
            return _json({"code": "not_logged_in", "detail": "Log in first."}, 401)
        return self._api(method, path, headers)

    def _document(self, page: str) -> dict[str, Any] | None:
        if page in self.documents:
            return self.documents[page]
        return self.sync_document if page == "sync" else self.document

    def _api(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        if path == "/api/v1/tenants/me/sync" and method == "POST":
            self.started_syncs.append(headers)
            self.runs = [
                {"run": "r1", "status": "queued", "step": "customers", "percent": 0, "counts": {}}
            ]
            return _json(self.runs[0], 202)
        if method == "PUT" and path == "/api/v1/tenants/me/metafields":
            return _json(self.changes[-1][2])
        if method != "GET" and (method, path) in self.changed:
            status, body = self.changed[method, path]
            return (204, "application/json", b"") if status == 204 else _json(body, status)
        if method == "POST" and path.endswith("/cancel"):
            run = next(run for run in self._told.values() if run["run"] in path)
            return _json({key: run[key] for key in run if key != "type"} | {"status": "cancelled"})
        states = {run["run"]: run for run in self.runs} | self._told | self.ended
        answers = {
            "/api/auth/me": self._profile(),
            "/api/v1/tenants/me": TENANT
            | {
                "shop": {"connection": "connected" if self.connected else "none"} | self.shop,
                "synced_at": self.synced_at,
                "alerts_firing": self.alerts_firing,
                "insights_failed_at": self.insights_failed_at,
            },
            "/api/v1/tenants/me/sync/active": {"runs": self.runs},
            "/api/v1/tenants/me/sync-status": {"run": self.latest_run},
            "/api/v1/customers": {
                "items": [{"id": key, "name": name} for key, name in self.names.items()]
            },
        } | {f"/api/v1/tenants/me/sync/{run}/status": state for run, state in states.items()}
        answers |= self.answers
        if path not in answers:
            return _json({"code": "not_found"}, 404)
        found = answers[path]
        found = found(self._query) if callable(found) else found
        return _json(*found) if isinstance(found, tuple) else _json(found)

    def _profile(self) -> dict[str, Any]:
        return {
            "user": USER | {"verified": True},
            "tenant": TENANT | {"role": self.role},
            "pii": True,
            "tenants": [TENANT, OTHER],
            "rights": self.rights,
            "csrf": "token-1",
        }


_NAMES = (
    "Grace Hopper",
    "Łukasz Żółć",
    "山田 花子",
    "Amélie Poulain",
    "Omar Haddad",
    "Zoë Ångström",
    "Ivo",
)


async def _until_closed(receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


def _json(body: Any, status: int = 200) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(body).encode()


@contextmanager
def serve() -> Iterator[Site]:
    """A site on a free port for as long as the block runs."""
    site = Site()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        site, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield site
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
