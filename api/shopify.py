"""Connecting a shop: to Shopify and back. The way back works once, in the browser and the log-in that started it."""

from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.params import FromQuery

from api.cookies import state_cookie, state_of
from api.redirects import DEFAULT_TARGET, see_other, url_with
from api.resources import Resources, Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.errors import Forbidden, InvalidInput
from xsight_core.services import accounts
from xsight_core.services.accounts import Identity
from xsight_core.settings import Settings
from xsight_core.shopify.domain import ShopDomain, parse_shop_domain
from xsight_core.shopify.oauth import authorize_url, verify_callback

__all__ = ["handlers"]

STATE_LIFE_S: Final = 600
PURPOSE: Final = "shopify_state"
COOKIE: Final = "state"
START_AGAIN: Final = "Start connecting the store again from your browser."

UserRequest = Request[Identity, Any, Any]


@get("/auth", opt={"right": Right.CONNECT}, include_in_schema=False)
async def start(
    request: UserRequest,
    resources: Wired,
    shop: FromQuery[str] = "",
    segment: FromQuery[UUID | None] = None,
) -> Response[None]:
    """Send the browser to the shop, which asks its owner; with ``segment`` also for the right to write its tag."""
    domain = parse_shop_domain(shop)
    bound = _bound_to(request.user, domain) | ({"segment": str(segment)} if segment else {})
    state = await accounts.issue_code(resources.tenancy, PURPOSE, bound, ttl_s=STATE_LIFE_S)
    redirect_uri = f"{resources.settings.public_url}/auth/callback"
    app = await resources.shops.app_for(tenant_of(request), tags=segment is not None)
    url = authorize_url(app, domain, state=state, redirect_uri=redirect_uri)
    return see_other(url, cookies=[_state_cookie(state, resources.settings)])


@get("/auth/callback", opt={"right": Right.CONNECT}, include_in_schema=False)
async def callback(request: UserRequest, resources: Wired) -> Response[None]:
    """The shop's owner has agreed. Everything is checked before the code is used."""
    query = _single_values(request)
    verify_callback(query, resources.settings.shopify_secrets, now=datetime.now(UTC))
    shop = parse_shop_domain(query.get("shop", ""))
    segment = await _redeem_state(request, resources, query.get("state", ""), shop)
    if not query.get("code"):
        raise Forbidden(f"The store was not connected: Shopify sent no code. {START_AGAIN}")
    await resources.shops.connect(tenant_of(request), shop, query["code"])
    target = url_with("/app/segments", id=segment, tags="1") if segment else DEFAULT_TARGET
    return see_other(target, cookies=[_state_cookie("", resources.settings)])


@get("/auth/install", opt={"right": Right.PUBLIC}, include_in_schema=False, sync_to_thread=False)
def install(request: Request[Any, Any, Any], resources: Wired) -> Response[None]:
    """Where Shopify sends a merchant who chose the app there: signed by Shopify, then the usual way."""
    query = _single_values(request)
    verify_callback(query, resources.settings.shopify_secrets, now=datetime.now(UTC))
    return see_other(url_with("/auth", shop=parse_shop_domain(query.get("shop", ""))))


async def _redeem_state(
    request: UserRequest, resources: Resources, state: str, shop: ShopDomain
) -> str | None:
    """The state is that of this browser, this log-in and this shop, and was not used before; the segment it is for."""
    cookie = state_of(request.cookies, COOKIE, secure=resources.settings.secure)
    if not state or not compare_digest(cookie.encode(), state.encode()):
        raise Forbidden(f"This return from Shopify was started in another browser. {START_AGAIN}")
    payload = await accounts.redeem_code(resources.tenancy, PURPOSE, state) or {}
    segment = payload.pop("segment", None)
    if payload != _bound_to(request.user, shop):
        raise Forbidden(
            f"This return from Shopify was used before or belongs to another log-in. {START_AGAIN}"
        )
    return segment


def _bound_to(identity: Identity, shop: ShopDomain) -> dict[str, str]:
    """A log-in, the store it looks at, and the shop it wants."""
    session, tenant = str(identity.session_id), str(identity.tenant_id)
    return {"session": session, "tenant": tenant, "shop": shop}


def _single_values(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The query as Shopify signs it; of a name given twice the signature would cover only one value."""
    pairs: list[tuple[str, Any]] = list(request.query_params.multi_items())
    query = {name: str(value) for name, value in pairs}
    if len(query) != len(pairs):
        raise InvalidInput("query", "A parameter is given twice.")
    return query


def _state_cookie(state: str, settings: Settings) -> Cookie:
    return state_cookie(
        COOKIE, state, path="/auth/callback", life_s=STATE_LIFE_S, secure=settings.secure
    )


handlers = [start, callback, install]
