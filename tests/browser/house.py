"""The real API, worker and simulator behind one address, and the dashboards' pages as their server writes them.

The Hub and its kernels are left out: pages are painted from the tenant's rows, read with a dashboard server's own role.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg

from api.app import create_app
from tests.api.conftest import address_of, make_settings, serving
from tests.support.postgres import Cluster, Database
from tests.support.servers import mint
from tests.support.simulator import Sim
from tests.worker.conftest import process
from xsight_ui.documents import query_of, values_of
from xsight_ui.pages import PAGES
from xsight_ui.shell import render

__all__ = ["House", "open_house"]

ADA = {"name": "Ada", "email": "ada@example.com", "initials": "A"}


@dataclass
class House:
    """Where it is, and its database to look into."""

    url: str
    database: Database
    log: Path


class _Front:
    """The API's application; before it the pages, as the tenants' dashboard servers answer them."""

    def __init__(self, api: Any, database: Database) -> None:
        self.api, self.database = api, database
        self._roles: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        parts = scope.get("path", "").strip("/").split("/")
        if scope["type"] != "http" or len(parts) < 2 or parts[0] not in {"app", "user"}:
            await self.api(scope, receive, send)
            return
        if parts[0] == "app":
            slug = self._slug()
            query = scope["query_string"].decode()
            to = f"/user/t-{slug}/app/{parts[1]}" + (f"?{query}" if query else "")
            await _answer(send, 303, b"", ("location", to))
            return
        slug, page = parts[1].removeprefix("t-"), parts[3]
        if page.endswith(".json"):
            spec = PAGES[page[:-5]].spec(self._document(slug, page[:-5]), datetime.now(UTC))
            await _answer(
                send, 200, json.dumps(spec).encode(), ("content-type", "application/json")
            )
            return
        html = render(
            page,
            self._document(slug, page),
            base_url=f"/user/t-{slug}/",
            user=ADA,
            tenant={"slug": slug, "name": "Garden", "domain": None},
        )
        await _answer(send, 200, html.encode(), ("content-type", "text/html; charset=utf-8"))

    def _slug(self) -> str:
        with psycopg.connect(self.database.admin_url) as admin:
            return admin.execute("SELECT slug FROM control.tenants").fetchone()[0]

    def _document(self, slug: str, page: str) -> Any:
        if slug not in self._roles:
            with psycopg.connect(self.database.admin_url) as admin:
                (tenant,) = admin.execute(
                    "SELECT id FROM control.tenants WHERE slug = %s", [slug]
                ).fetchone()
            self._roles[slug] = mint(
                self.database, SimpleNamespace(id=UUID(str(tenant)), slug=slug)
            )
        with self._roles[slug].connect() as connection:
            row = connection.execute(
                query_of(PAGES[page].document).encode(), values_of(PAGES[page].document, "")
            ).fetchone()
        return row[0] if row else None


async def _answer(send: Any, status: int, body: bytes, header: tuple[str, str]) -> None:
    headers = [(header[0].encode(), header[1].encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def open_house(cluster: Cluster, valkey: str, sim: Sim, folder: Path) -> Iterator[House]:
    """Everything up until the block ends."""
    log = folder / "log"
    with ExitStack() as stack:
        database = stack.enter_context(cluster.fresh())
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        settings = make_settings(database, valkey, sim, folder, public_url=address_of(listener))
        front = _Front(create_app(settings), database)
        stack.enter_context(process(settings, "worker", log))
        stack.enter_context(process(settings, "worker.relay", log))
        url, _ = stack.enter_context(serving(front, listener))
        yield House(url, database, log)
