"""XSight as OpenID provider, for one client: the Hub. Authorization code with PKCE (S256), nothing else."""

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import timedelta
from hmac import compare_digest
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from api.provider import CLIENT_ID, challenge_of, claims
from api.redirects import see_other
from api.resources import Resources, Wired
from api.rights import Right
from xsight_core.errors import InvalidInput
from xsight_core.services import accounts
from xsight_core.services.accounts import Identity
from xsight_core.settings import Settings

__all__ = ["handlers"]

CODE_LIFE_S: Final = 60
PURPOSE: Final = "oidc_code"
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
PUBLIC: Final = {"right": Right.PUBLIC}

Query = Annotated[str | None, QueryParameter(max_length=500)]


@get(
    "/auth/oauth/.well-known/openid-configuration",
    opt=PUBLIC,
    include_in_schema=False,
    sync_to_thread=False,
)
def discovery(resources: Wired) -> dict[str, Any]:
    """What this provider can do."""
    issuer = resources.provider.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email"],
        "claims_supported": ["sub", "email", "name", "tenant", "tenants"],
    }


@get("/auth/oauth/jwks", opt=PUBLIC, include_in_schema=False, sync_to_thread=False)
def jwks(resources: Wired) -> dict[str, Any]:
    """The public key."""
    return {"keys": [resources.provider.jwk]}


@get("/auth/oauth/authorize", opt={"right": Right.USER}, include_in_schema=False)
async def authorize(
    request: Request[Identity, Any, Any],
    resources: Wired,
    client_id: Query = None,
    redirect_uri: Query = None,
    response_type: Query = None,
    request_state: Annotated[str | None, QueryParameter(name="state", max_length=2000)] = None,
    code_challenge: Query = None,
    code_challenge_method: Query = None,
    nonce: Query = None,
) -> Response[None]:
    """Give the Hub a code for who is logged in here. Only to the Hub's own address, else to nobody."""
    callback = _hub_callback(resources.settings)
    if client_id != CLIENT_ID:
        raise InvalidInput("client_id", "This application is not known here.")
    if redirect_uri != callback:
        raise InvalidInput(
            "redirect_uri", "The address to return to is not that of this application."
        )
    if response_type != "code":
        return _back(callback, request_state, error="unsupported_response_type")
    if not code_challenge or code_challenge_method != "S256":
        return _back(
            callback,
            request_state,
            error="invalid_request",
            error_description="PKCE with S256 is required",
        )
    payload = {
        "session": str(request.user.session_id),
        "redirect_uri": redirect_uri,
        "challenge": code_challenge,
        "nonce": nonce,
    }
    code = await accounts.issue_code(resources.tenancy, PURPOSE, payload, ttl_s=CODE_LIFE_S)
    return _back(callback, request_state, code=code)


@post(
    "/auth/oauth/token", status_code=200, opt={**PUBLIC, "machine": True}, include_in_schema=False
)
async def token(request: Request[Any, Any, Any], resources: Wired) -> Response[dict[str, Any]]:
    """Trade the code, once, for an ID token and a token that reads the claims while the log-in lasts."""
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    client_id, secret = _client(request, form)
    if not resources.provider.is_client(client_id, secret):
        return _refuse(
            "invalid_client", status=401, headers={"WWW-Authenticate": 'Basic realm="xsight"'}
        )
    match form.get("grant_type"):
        case "authorization_code":
            return await _first_tokens(resources, form)
        case "refresh_token":
            return await _next_tokens(resources, form.get("refresh_token", ""))
        case _:
            return _refuse("unsupported_grant_type")


async def _first_tokens(resources: Resources, form: dict[str, str]) -> Response[dict[str, Any]]:
    """For a code that was given out a moment ago."""
    payload = await accounts.redeem_code(resources.tenancy, PURPOSE, form.get("code", ""))
    if payload is None or not _is_asked_by_owner(payload, form):
        return _refuse("invalid_grant")
    session_id = UUID(payload["session"])
    about = await _claims(resources, session_id)
    if about is None:
        return _refuse("invalid_grant")
    more = {
        "id_token": resources.provider.sign(about, nonce=payload["nonce"]),
        "refresh_token": await accounts.new_hub_secret(resources.tenancy, session_id),
    }
    return _tokens(resources, session_id, more)


async def _next_tokens(resources: Resources, secret: str) -> Response[dict[str, Any]]:
    """For a refresh token, which is exchanged for its successor; one that was exchanged ends the log-in."""
    entered = await accounts.enter(resources.tenancy, "hub", secret, lifetime=timedelta())
    if entered is None:
        return _refuse("invalid_grant")
    identity, renewed = entered
    return _tokens(resources, identity.session_id, {"refresh_token": renewed} if renewed else {})


def _tokens(
    resources: Resources, session_id: UUID, more: dict[str, str]
) -> Response[dict[str, Any]]:
    body: dict[str, Any] = {
        "access_token": resources.provider.sign_access(session_id),
        "token_type": "Bearer",
        "expires_in": resources.provider.access_life_s,
        "scope": "openid profile email",
    }
    return Response(body | more, headers=NO_STORE)


@get("/auth/oauth/userinfo", opt={**PUBLIC, "machine": True}, include_in_schema=False)
async def userinfo(request: Request[Any, Any, Any], resources: Wired) -> Response[dict[str, Any]]:
    """The claims as they are now: a log-out or a lost role shows here at once."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    session_id = resources.provider.read_access(value) if kind.lower() == "bearer" else None
    about = await _claims(resources, session_id) if session_id else None
    if about is None:
        return _refuse(
            "invalid_token",
            status=401,
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return Response(about, headers=NO_STORE)


async def _claims(resources: Resources, session_id: UUID) -> dict[str, Any] | None:
    identity = await accounts.identify_session(resources.tenancy, session_id)
    if identity is None:
        return None
    return claims(identity, await accounts.tenants_of(resources.tenancy, identity.user_id))


def _is_asked_by_owner(payload: dict[str, Any], form: dict[str, str]) -> bool:
    """The same place to return to, and the verifier behind the challenge."""
    challenge = challenge_of(form.get("code_verifier", ""))
    same_place = form.get("redirect_uri") == payload["redirect_uri"]
    return same_place and compare_digest(challenge.encode(), str(payload["challenge"]).encode())


def _client(request: Request[Any, Any, Any], form: dict[str, str]) -> tuple[str, str]:
    """The client's name and secret, from the header or from the form."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError, ValueError):
        return "", ""
    return client_id, secret


def _hub_callback(settings: Settings) -> str:
    return f"{settings.public_url}/hub/oauth_callback"


def _back(callback: str, state: str | None, **answer: str) -> Response[None]:
    query = answer | ({"state": state} if state is not None else {})
    return see_other(f"{callback}?{urlencode(query)}")


def _refuse(
    error: str, *, status: int = 400, headers: dict[str, str] | None = None
) -> Response[dict[str, Any]]:
    return Response({"error": error}, status_code=status, headers=NO_STORE | (headers or {}))


handlers = [discovery, jwks, authorize, token, userinfo]
