"""A page's two answers: HTML (frame and last state at once, then what the kernel makes) and the spec as JSON."""

# pyright: reportMissingImports=false
# Voila lives in the dashboards' environment, the checker in the server's.

from datetime import UTC, datetime
from typing import Any

import psycopg
from tornado import web
from voila.handler import BaseVoilaHandler
from voila.tornado.handler import TornadoVoilaHandler

from hub_config.dashboards import documents
from hub_config.dashboards.documents import Stored
from xsight_ui import shell
from xsight_ui.pages import PAGES

__all__ = ["PageHandler", "SpecHandler", "ToFirstPage"]

BUSY = "Your data cannot be read just now. Reload in a moment."


class Visited:
    """What both answers need to know of the visit."""

    current_user: Any
    log: Any
    request: Any
    settings: dict[str, Any]

    async def stored(self, page: str) -> Stored:
        """The page's stored state; 404 for a page that does not exist, 503 while the database does not answer."""
        if page not in PAGES:
            raise web.HTTPError(404)
        try:
            return await documents.read(PAGES[page].document, self.request.query)
        except psycopg.Error as error:
            self.log.warning("Document %s was not read: %s", page, error)
            raise web.HTTPError(503, reason=BUSY) from None

    @property
    def visitor(self) -> dict[str, str]:
        """The visitor as the Hub knows them; never the pool's or the kernel's idea."""
        known = self.current_user.hub_user
        info = known.get("user_info") or {}
        name = info.get("name") or known["name"]
        initials = info.get("initials") or name[:2].upper()
        return {"name": name, "email": info.get("email") or "", "initials": initials}


class PageHandler(Visited, TornadoVoilaHandler):
    """``app/<page>``: the frame and the stored state are flushed before a kernel is asked."""

    @web.authenticated
    async def get(self, page: str) -> None:
        """Stream the page."""
        stored = await self.stored(page)
        slug = self.settings["tenant"]
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        # Asking for it renews the cookie for this log-in; the front end's calls are refused with an
        # earlier one's, and once the page is under way no cookie can be sent.
        _ = self.xsrf_token
        self.write(
            shell.render(
                page,
                stored.document,
                base_url=self.base_url,
                user=self.visitor,
                tenant={"slug": slug, "name": stored.shop_name or slug, "domain": stored.domain},
                brand=stored.brand,
                published=stored.published,
                shown=self.get_argument("id", ""),
            )
        )
        await self.flush()
        async for html in self.get_generator(path=f"{page}.ipynb"):
            self.write(html)
            await self.flush()


class SpecHandler(Visited, BaseVoilaHandler):
    """``app/<page>/spec`` and ``app/<page>.json``: the same state without a kernel, to refresh a page that has none."""

    @web.authenticated
    async def get(self, page: str) -> None:
        """Answer the spec that the page's widgets would hold now."""
        stored = await self.stored(page)
        self.set_header("Cache-Control", "no-store")
        self.finish(PAGES[page].spec(stored.document, datetime.now(UTC)))


class ToFirstPage(BaseVoilaHandler):
    """The server's root and ``app/``."""

    @web.authenticated
    def get(self) -> None:
        """Send to the first page of the navigation."""
        self.redirect(f"{self.base_url}app/{next(iter(PAGES))}")
