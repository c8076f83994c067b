"""OAuth: authorization code grant, expiring tokens with refresh and rotation, token exchange, uninstall."""

import hashlib
import hmac
import html
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from shopify_sim.config import AppConfig
from shopify_sim.http import Request, Response, failure
from shopify_sim.installation import Installation, Token
from shopify_sim.shop import Shop

if TYPE_CHECKING:
    from shopify_sim.app import Simulator

__all__ = ["Code", "access_token", "authorize", "revoke", "sign"]

CODE_LIFE_US = 60 * 1_000_000
REFRESH = "refresh_token"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass(frozen=True)
class Code:
    """An authorization code: good once, for a minute."""

    client_id: str
    scopes: frozenset[str]
    expires_at: int


def sign(query: dict[str, str], secret: str) -> str:
    """Hex HMAC of a callback's query, sorted, without ``hmac``."""
    message = "&".join(f"{key}={query[key]}" for key in sorted(query) if key != "hmac")
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


async def authorize(
    sim: "Simulator", shop: Shop, request: Request, _found: re.Match[str]
) -> Response:
    """Show the "Install app" form; a click (or the configuration) sends the browser back with a code."""
    asked = request.query
    app = sim.apps.get(asked.get("client_id", ""))
    redirect = asked.get("redirect_uri", "")
    if app is None:
        return _oauth_error(
            "invalid_request", "Could not find Shopify API application with api_key"
        )
    if not redirect.startswith(app.redirect_prefix):
        words = "The redirect_uri is not whitelisted"
        return _oauth_error("invalid_request", words)
    scopes = frozenset(filter(None, re.split(r"[,\s]+", asked.get("scope", ""))))
    if request.method == "GET" and not (sim.config.auto_approve or asked.get("auto") == "1"):
        return _form(shop, app, scopes, request)
    if request.method == "POST" and request.form().get("decision") != "install":
        return Response.redirect(f"https://{shop.domain}/admin/apps")
    granted = scopes if sim.config.grantable is None else scopes & sim.config.grantable
    now = shop.clock.now()
    code = secrets.token_hex(16)
    shop.codes[code] = Code(app.client_id, granted, now + CODE_LIFE_US)
    query = {
        "code": code,
        "host": b64encode(f"{shop.domain}/admin".encode()).decode().rstrip("="),
        "shop": shop.domain,
        "state": asked.get("state", ""),
        "timestamp": str(now // 1_000_000),
    }
    query["hmac"] = sign(query, app.client_secret)
    joint = "&" if "?" in redirect else "?"
    return Response.redirect(f"{redirect}{joint}{urlencode(query)}")


def _form(shop: Shop, app: AppConfig, scopes: frozenset[str], request: Request) -> Response:
    asked = "".join(f"<li>{html.escape(scope)}</li>" for scope in sorted(scopes))
    action = html.escape(f"{request.path}?{urlencode(request.query)}")
    domain, name = html.escape(shop.domain), html.escape(app.client_id)
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Install app · {domain}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; background: #f1f2f4; color: #202223 }}
body {{ display: grid; place-items: center; min-height: 95vh }}
main {{ background: #fff; border-radius: 12px; box-shadow: 0 1px 4px #0003; padding: 2rem; width: min(26rem, 88vw) }}
h1 {{ font-size: 1.25rem; margin: 0 0 .5rem }} ul {{ color: #5c5f62; padding-left: 1.2rem }} small {{ color: #6d7175 }}
button {{ font: inherit; border: 0; border-radius: 8px; padding: .6rem 1.2rem; cursor: pointer }}
.install {{ background: #1a1a1a; color: #fff }}
</style></head><body><main>
<h1>Install app</h1><p><b>{domain}</b> is about to let <b>{name}</b> do this:</p><ul>{asked}</ul>
<form method="post" action="{action}">
<button class="install" name="decision" value="install" autofocus>Install app</button>
<button name="decision" value="cancel">Cancel</button></form>
<p><small>This is a simulated Shopify. No real shop is involved.</small></p>
</main></body></html>"""
    return Response(page.encode(), content_type="text/html; charset=utf-8")


async def access_token(
    sim: "Simulator", shop: Shop, request: Request, _found: re.Match[str]
) -> Response:
    """Exchange a code, a refresh token or a session token for an access token."""
    given = {key: str(value) for key, value in request.form().items()}
    app = sim.apps.get(given.get("client_id", ""))
    secret = given.get("client_secret", "")
    if app is None or not hmac.compare_digest(app.client_secret.encode(), secret.encode()):
        return _oauth_error("invalid_client", "Client authentication failed", 401)
    kind = given.get("grant_type", "authorization_code")
    if kind == REFRESH:
        answer = _refresh(sim, shop, app, given.get("refresh_token", ""))
    elif kind == EXCHANGE:
        answer = _exchange(sim, shop, app, expiring=given.get("expiring") == "1")
    else:
        answer = _redeem(sim, shop, app, given)
    sim.home.save(shop)
    return answer


def _redeem(sim: "Simulator", shop: Shop, app: AppConfig, given: dict[str, str]) -> Response:
    code = shop.codes.pop(given.get("code", ""), None)
    if code is None or code.client_id != app.client_id or code.expires_at <= shop.clock.now():
        words = "The authorization code was not found or was already used"
        return _oauth_error("invalid_request", words)
    installation = shop.install(app.client_id, code.scopes)
    return _issue(sim, shop, installation, expiring=given.get("expiring") in ("1", "true", "True"))


def _exchange(sim: "Simulator", shop: Shop, app: AppConfig, *, expiring: bool) -> Response:
    installation = shop.installations.get(app.client_id)
    if installation is None:
        return _oauth_error("invalid_request", "The app is not installed on this shop")
    return _issue(sim, shop, installation, expiring=expiring)


def _refresh(sim: "Simulator", shop: Shop, app: AppConfig, token: str) -> Response:
    installation = shop.installations.get(app.client_id)
    life = sim.config.access_token_life_s
    found = installation and installation.refresh(token, shop.clock.now(), life)
    if installation is None or found is None:
        return _oauth_error("invalid_grant", "The refresh token is invalid, expired or was revoked")
    return Response.json(_shown(installation, found, shop.clock.now()))


def _issue(sim: "Simulator", shop: Shop, installation: Installation, *, expiring: bool) -> Response:
    now = shop.clock.now()
    token = installation.issue(now, sim.config.access_token_life_s, expiring=expiring)
    return Response.json(_shown(installation, token, now))


def _shown(installation: Installation, token: Token, now: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "access_token": token.access,
        "scope": ",".join(sorted(installation.scopes)),
    }
    if token.expires_at and token.refresh_expires_at:
        shown["expires_in"] = (token.expires_at - now) // 1_000_000
        shown["refresh_token"] = token.refresh
        shown["refresh_token_expires_in"] = (token.refresh_expires_at - now) // 1_000_000
    return shown


async def revoke(sim: "Simulator", shop: Shop, request: Request, _found: re.Match[str]) -> Response:
    """Uninstall the app whose token this is."""
    installation = shop.admit(request.headers.get("x-shopify-access-token", ""))
    if installation is None:
        return failure(401, "Invalid API key or access token")
    shop.uninstall(installation.client_id)
    sim.courier.uninstalled(shop, installation)
    sim.home.save(shop)
    return Response.json({})


def _oauth_error(code: str, description: str, status: int = 400) -> Response:
    return Response.json({"error": code, "error_description": description}, status)
