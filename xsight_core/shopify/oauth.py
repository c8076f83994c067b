"""Shopify's authorization code grant with expiring offline tokens.

Pure but for the two calls that trade a code or a refresh token for a pair. A refresh token is used
up by its use: the new pair has to be stored before anything else happens.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from xsight_core.errors import Forbidden, SchemaChanged, TokenRevoked, Unavailable
from xsight_core.shopify.domain import ShopDomain, shop_url
from xsight_core.shopify.signature import query_signature_is_valid

__all__ = ["App", "TokenPair", "authorize_url", "exchange_code", "refresh", "verify_callback"]

_CALLBACK_AGE = timedelta(seconds=90)  # as Shopify's own library


class App(msgspec.Struct, frozen=True):
    """Our app at Shopify. ``secrets``: newest first; two while one is rotated."""

    client_id: str
    secrets: tuple[str, ...]
    scopes: str
    url_template: str = "https://{shop}"


class TokenPair(msgspec.Struct, frozen=True):
    """An offline token, and what renews it. Neither ever prints."""

    access_token: str
    scopes: tuple[str, ...]
    access_expires_at: datetime | None
    refresh_token: str | None
    refresh_expires_at: datetime | None

    def __repr__(self) -> str:
        return f"TokenPair(scopes={self.scopes}, access_expires_at={self.access_expires_at})"


def authorize_url(app: App, shop: ShopDomain, *, state: str, redirect_uri: str) -> str:
    """Where the merchant's browser is sent to approve the app."""
    query = {
        "client_id": app.client_id,
        "scope": app.scopes,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{shop_url(app.url_template, shop, '/admin/oauth/authorize')}?{urlencode(query)}"


def verify_callback(query: Mapping[str, str], secrets: Iterable[str], *, now: datetime) -> None:
    """Refuse a redirect that Shopify did not sign, or signed too long ago."""
    if not query_signature_is_valid(query, secrets):
        raise Forbidden(
            "This return from Shopify is not signed by Shopify. Start connecting the store again."
        )
    try:
        signed_at = datetime.fromtimestamp(int(query.get("timestamp", "")), UTC)
    except (ValueError, OverflowError, OSError):
        raise Forbidden(
            "This return from Shopify carries no time. Start connecting the store again."
        ) from None
    if abs(now - signed_at) > _CALLBACK_AGE:
        raise Forbidden("This return from Shopify is too old. Start connecting the store again.")


async def exchange_code(
    http: httpx.AsyncClient, app: App, shop: ShopDomain, code: str
) -> TokenPair:
    """Trade the code of the redirect for the first token pair."""
    return await _token(http, app, shop, {"code": code, "expiring": "1"})


async def refresh(
    http: httpx.AsyncClient, app: App, shop: ShopDomain, refresh_token: str
) -> TokenPair:
    """Trade a refresh token for the next pair."""
    return await _token(
        http, app, shop, {"grant_type": "refresh_token", "refresh_token": refresh_token}
    )


async def _token(
    http: httpx.AsyncClient, app: App, shop: ShopDomain, grant: Mapping[str, str]
) -> TokenPair:
    """Ask with the newest secret; while it is rotated, the shop may still know the older one only."""
    for secret in app.secrets[:-1]:
        try:
            return await _token_by(http, app, shop, grant, secret)
        except TokenRevoked:
            continue
    return await _token_by(http, app, shop, grant, app.secrets[-1])


async def _token_by(
    http: httpx.AsyncClient, app: App, shop: ShopDomain, grant: Mapping[str, str], secret: str
) -> TokenPair:
    url = shop_url(app.url_template, shop, "/admin/oauth/access_token")
    form = {"client_id": app.client_id, "client_secret": secret, **grant}
    try:
        answer = await http.post(
            url, data=form, headers={"Accept": "application/json"}, follow_redirects=False
        )
    except httpx.TransportError as error:
        raise Unavailable(
            f"{shop} could not be reached to obtain a token: {type(error).__name__}."
        ) from error
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.is_server_error:
        raise Unavailable(f"{shop} cannot issue a token now (answer {answer.status_code}).")
    if not answer.is_success:
        raise TokenRevoked(f"{shop} refused to issue a token. Connect the store again.")
    try:
        body: dict[str, Any] = answer.json()
        return _pair(body, now=datetime.now(UTC))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SchemaChanged(f"{shop} answered the token request in an unknown form.") from error


def _pair(body: Mapping[str, Any], *, now: datetime) -> TokenPair:
    def expiry(key: str) -> datetime | None:
        return None if body.get(key) is None else now + timedelta(seconds=int(body[key]))

    return TokenPair(
        access_token=str(body["access_token"]),
        scopes=tuple(scope.strip() for scope in str(body["scope"]).split(",") if scope.strip()),
        access_expires_at=expiry("expires_in"),
        refresh_token=body.get("refresh_token"),
        refresh_expires_at=expiry("refresh_token_expires_in"),
    )
