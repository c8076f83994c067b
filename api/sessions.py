"""Coming in and going out: what the JSON routes and the forms share."""

from typing import Any, Final
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie

from api.access import client_address
from api.cookies import end_cookies, session_cookies
from api.hub import dashboard_server
from api.resources import Resources
from api.throttle import Limit
from xsight_core.services import accounts
from xsight_core.services.accounts import Identity

__all__ = ["log_in", "log_out", "sign_up"]

# Generous for a person, slow for a guesser: 10 at once and then one every 10 s against one account.
PER_ACCOUNT: Final = Limit("login", burst=10, every_s=10)
PER_ADDRESS: Final = Limit("login-from", burst=60, every_s=2)
SIGN_UPS: Final = Limit("signup-from", burst=50, every_s=20)

AnyRequest = Request[Any, Any, Any]


async def log_in(
    request: AnyRequest, resources: Resources, email: str, password: str
) -> list[Cookie]:
    """The cookies of a new session, or ``Forbidden``; also for attempts at accounts that do not exist."""
    account = email.strip().lower()
    attempts = (PER_ACCOUNT, account), (PER_ADDRESS, client_address(request.scope))
    await resources.throttle.admit(*attempts)
    user_id = await accounts.authenticate(resources.tenancy, email=email, password=password)
    await resources.throttle.give_back(*attempts)
    return await _open(request, resources, user_id)


async def sign_up(
    request: AnyRequest, resources: Resources, *, name: str, company: str, email: str, password: str
) -> list[Cookie]:
    """A new account with its first tenant, logged in."""
    await resources.throttle.admit((SIGN_UPS, client_address(request.scope)))
    user_id = await accounts.sign_up(
        resources.tenancy, email=email, password=password, name=name, company=company
    )
    return await _open(request, resources, user_id)


async def log_out(resources: Resources, identity: Identity) -> list[Cookie]:
    """End the session everywhere; what the browser still holds is worth nothing."""
    await accounts.close_session(resources.tenancy, identity.session_id)
    return end_cookies(secure=resources.settings.secure)


async def _open(request: AnyRequest, resources: Resources, user_id: UUID) -> list[Cookie]:
    """Always a new session: none is taken over from before the log-in. Its dashboards start meanwhile."""
    secrets = await accounts.open_session(
        resources.tenancy, user_id, user_agent=request.headers.get("user-agent", "")[:200]
    )
    identity = await accounts.identify(resources.tenancy, "api", secrets["api"])
    if identity is not None and identity.slug is not None:
        resources.hub.start_soon(dashboard_server(identity.slug))
    return session_cookies(secrets, secure=resources.settings.secure)
