"""Log-in through somebody else's OpenID provider, where the operator has configured one.

Authorization code with PKCE (S256), a state that is bound to the browser, a nonce, and an ID token checked against the
provider's keys. Who the provider says has confirmed their address is the account with that address; there is nothing
else to link, so a provider is as trusted as its word about addresses.
"""

import secrets
import time
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import jwt
import structlog
from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.params import FromQuery

from api.access import client_address
from api.cookies import state_cookie, state_of
from api.provider import challenge_of
from api.redirects import own_path, see_other
from api.resources import External, Resources, Wired
from api.rights import Right
from api.sessions import open_for
from api.throttle import Limit
from xsight_core.errors import Forbidden, NotFound
from xsight_core.services import accounts
from xsight_core.settings import Settings

__all__ = ["handlers"]

log = structlog.stdlib.get_logger("api.external")

PUBLIC: Final = {"right": Right.PUBLIC}
PURPOSE: Final = "login_state"
COOKIE: Final = "login"
STATE_LIFE_S: Final = 600
KEEP_S: Final = 3600
ALGORITHMS: Final = ["ES256", "ES384", "EdDSA", "PS256", "RS256"]
FROM: Final = Limit("external-from", burst=60, every_s=2)
AGAIN: Final = "Start the log-in again from your browser."

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Word:
    """What a provider says of a person."""

    email: str
    name: str


@get("/auth/external", opt=PUBLIC, include_in_schema=False)
async def start(request: AnyRequest, resources: Wired, next: FromQuery[str] = "") -> Response[None]:  # noqa: A002 - the address's word
    """Send the browser to the provider."""
    provider = await _provider(resources)
    await resources.throttle.admit((FROM, client_address(request.scope)))
    nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    payload = {"nonce": nonce, "verifier": verifier, "next": own_path(next)}
    state = await accounts.issue_code(resources.tenancy, PURPOSE, payload, ttl_s=STATE_LIFE_S)
    query = urlencode(
        {
            "client_id": resources.settings.login_client_id,
            "redirect_uri": _callback(resources.settings),
            "response_type": "code",
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
    )
    location = provider.metadata["authorization_endpoint"]
    joined = f"{location}{'&' if '?' in location else '?'}{query}"
    return see_other(joined, cookies=[_state_cookie(state, resources.settings)])


@get("/auth/external/callback", opt=PUBLIC, include_in_schema=False)
async def callback(
    request: AnyRequest, resources: Wired, code: FromQuery[str] = "", iss: FromQuery[str] = ""
) -> Response[None]:
    """Back from the provider: the state is this browser's and unused, the token is for us and this log-in."""
    provider = await _provider(resources)
    state = request.query_params.get("state", "")
    cookie = state_of(request.cookies, COOKIE, secure=resources.settings.secure)
    if not state or not compare_digest(cookie.encode(), state.encode()):
        raise Forbidden(f"This log-in was started in another browser. {AGAIN}")
    payload = await accounts.redeem_code(resources.tenancy, PURPOSE, state)
    if payload is None or not code:
        raise Forbidden(f"The provider did not log you in. {AGAIN}")
    if iss and iss != provider.metadata["issuer"]:
        raise Forbidden(f"The answer came from another provider. {AGAIN}")
    word = await _word(resources, provider, code, payload)
    user_id = await accounts.enter_by_address(resources.tenancy, email=word.email, name=word.name)
    cookies = await open_for(request, resources, user_id, action="login.external")
    ended = _state_cookie("", resources.settings)
    return see_other(own_path(payload["next"]), cookies=[*cookies, ended])


async def _provider(resources: Resources) -> External:
    """The provider with its newest addresses and keys, asked for once an hour."""
    external = resources.external
    if external is None:
        raise NotFound("There is nothing at this address.")
    if not external.metadata or external.read_at < time.monotonic() - KEEP_S:
        await _read(resources.http, external)
    return external


async def _read(http: httpx.AsyncClient, external: External) -> None:
    try:
        answer = await http.get(f"{external.issuer}/.well-known/openid-configuration")
        metadata = answer.raise_for_status().json()
        keys = (await http.get(metadata["jwks_uri"])).raise_for_status().json()
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        log.warning("external.unreachable", reason=type(error).__name__)
        raise Forbidden("The log-in provider does not answer; log in with your password.") from None
    if metadata.get("issuer") != external.issuer:
        raise Forbidden("The log-in provider gives another name than the one configured.")
    external.metadata, external.keys, external.read_at = metadata, keys, time.monotonic()


async def _word(
    resources: Resources, provider: External, code: str, payload: dict[str, Any]
) -> Word:
    """Trade the code for an ID token and read it."""
    settings = resources.settings
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _callback(settings),
        "code_verifier": payload["verifier"],
    }
    secret = settings.login_client_secret.get_secret_value()
    try:
        answer = await resources.http.post(
            provider.metadata["token_endpoint"], data=form, auth=(settings.login_client_id, secret)
        )
        token = answer.raise_for_status().json()["id_token"]
        claims = _claims(provider, token, settings.login_client_id)
    except (httpx.HTTPError, jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
        provider.read_at = -KEEP_S  # its keys may be new ones
        log.warning("external.refused", reason=type(error).__name__)
        raise Forbidden(f"The provider’s answer cannot be trusted. {AGAIN}") from None
    if not compare_digest(str(claims.get("nonce", "")), payload["nonce"]):
        raise Forbidden(f"The provider’s answer is not for this log-in. {AGAIN}")
    if claims.get("email_verified") is not True:
        raise Forbidden("The provider has not confirmed your e-mail address.")
    email = accounts.parse_address(str(claims.get("email", "")))
    return Word(email, str(claims.get("name") or email.partition("@")[0])[:120])


def _claims(provider: External, token: str, client_id: str) -> dict[str, Any]:
    """A signature of the provider's, for us, not expired. What names no known key or another kind is not ours."""
    kid = jwt.get_unverified_header(token).get("kid")
    known = {key.key_id: key for key in jwt.PyJWKSet.from_dict(provider.keys).keys}
    return jwt.decode(
        token,
        known[kid],
        algorithms=ALGORITHMS,
        audience=client_id,
        issuer=provider.issuer,
        leeway=30,
        options={"require": ["exp", "iat", "aud", "iss", "sub"]},
    )


def _callback(settings: Settings) -> str:
    return f"{settings.public_url}/auth/external/callback"


def _state_cookie(state: str, settings: Settings) -> Cookie:
    return state_cookie(
        COOKIE, state, path="/auth/external/callback", life_s=STATE_LIFE_S, secure=settings.secure
    )


handlers = [start, callback]
