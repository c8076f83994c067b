"""The ASGI application: routes of all shops, found by path ``/shops/<domain>/…`` or by Host header."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from shopify_sim import control, files, oauth, rest
from shopify_sim.config import SimConfig
from shopify_sim.delivery import Courier
from shopify_sim.graphql import answer
from shopify_sim.home import Home
from shopify_sim.http import BadRequest, Receive, Request, Response, Scope, Send, failure
from shopify_sim.schema import served_version
from shopify_sim.shop import Shop
from shopify_sim.spoilt import spoilt, without_persons
from shopify_sim.trouble import trouble

__all__ = ["Simulator", "create_app"]

INVALID_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105
TICK_S = 1.0

Handler = Callable[["Simulator", Shop, Request, re.Match[str]], Awaitable[Response]]


class Simulator:
    """Shops and the ASGI callable over them."""

    def __init__(self, config: SimConfig) -> None:
        """Open all shops."""
        self.config = config
        self.home = Home(config)
        self.shops = {shop.domain: shop for shop in self.home.open_shops()}
        self.courier = Courier(self)
        self._founding = asyncio.Lock()
        self.apps = {app.client_id: app for app in config.apps}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            request = await Request.read(scope, receive)
            response = await self._respond(request)
        except BadRequest as error:
            response = failure(400, str(error))
        await response.send(send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        ticking: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                ticking = asyncio.create_task(self._tick())
                await send({"type": "lifespan.startup.complete"})
            else:
                if ticking is not None:
                    ticking.cancel()
                await self.courier.close()
                await asyncio.to_thread(self.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for shop in tuple(self.shops.values()):
                shop.wind()
                self.courier.dispatch(shop)

    def stop(self) -> None:
        """Stop the threads of bulk operations."""
        for shop in self.shops.values():
            for installation in shop.installations.values():
                installation.operations.stop()

    async def _respond(self, request: Request) -> Response:
        if request.path == "/health":
            return Response.json({"status": "ok", "shops": sorted(self.shops)})
        match = re.match(r"/shops/([^/]+)(/.*)?$", request.path)
        domain = match[1] if match else request.headers.get("host", "").partition(":")[0]
        path = (match[2] or "/") if match else request.path
        shop = self.shops.get(domain) or await self._found(domain)
        if shop is None:
            return failure(404, "Not Found")
        for method, pattern, handler in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and request.method in method:
                return await handler(self, shop, request, found)
        return failure(404, "Not Found")

    async def _found(self, domain: str) -> Shop | None:
        config = self.config.founded_on_demand(domain)
        if config is None:
            return None
        async with self._founding:
            if domain not in self.shops:
                self.shops[domain] = await asyncio.to_thread(self.home.open, config)
        return self.shops[domain]

    def base_url(self, shop: Shop, request: Request) -> str:
        """Address of a shop as this client sees it."""
        by_path = request.path.startswith("/shops/")
        return f"{request.origin}/shops/{shop.domain}" if by_path else request.origin


async def _graphql(sim: Simulator, shop: Shop, request: Request, found: re.Match[str]) -> Response:
    version = served_version(max(found[1], shop.faults.oldest_version))
    if version is None:
        return failure(404, "Not Found")
    answering = "unstable" if found[1] == "unstable" else version
    headers = {"X-Shopify-API-Version": shop.faults.shown_version or answering}
    if shop.faults.deprecated:
        headers["X-Shopify-API-Deprecated-Reason"] = shop.faults.deprecated
    shop.wind()
    response = await trouble(shop, headers) or _answered(sim, shop, request, version, headers)
    shop.note(request.body, response)
    sim.courier.dispatch(shop)
    return response


def _answered(
    sim: Simulator, shop: Shop, request: Request, version: str, headers: dict[str, str]
) -> Response:
    installation = shop.admit(request.headers.get("x-shopify-access-token", ""))
    if installation is None:
        return failure(401, INVALID_TOKEN, headers)
    subscribed = set(installation.subscriptions)
    base_url = sim.base_url(shop, request)
    shown = answer(shop, installation, version, request.json(), base_url)
    removed = installation.client_id not in shop.installations
    if removed:
        sim.courier.uninstalled(shop, installation)
    if removed or subscribed != set(installation.subscriptions):
        sim.home.save(shop)
    if shop.damages:
        shown = spoilt(shown, shop.damages)
    if shop.persons_hidden:
        shown = without_persons(shown)
    return Response.json(shown, headers=headers)


ROUTES: tuple[tuple[tuple[str, ...], str, Handler], ...] = (
    (("POST",), r"/admin/api/([^/]+)/graphql\.json", _graphql),
    (("GET", "POST"), r"/admin/oauth/authorize", oauth.authorize),
    (("POST",), r"/admin/oauth/access_token", oauth.access_token),
    (("DELETE",), r"/admin/api_permissions/current\.json", oauth.revoke),
    (("GET",), r"/admin/oauth/access_scopes\.json", rest.scopes),
    (("GET",), r"/admin/api/[^/]+/(shop|orders|customers|events)\.json", rest.read),
    (("GET", "HEAD"), r"/bulk-operation-outputs/(\d+)", files.download),
    (("GET",), r"/_sim/(\w+)", control.look),
    (("POST",), r"/_sim/(\w+)", control.act),
)


def create_app(config: SimConfig) -> Simulator:
    """The simulator of a configuration, ready for uvicorn."""
    return Simulator(config)
