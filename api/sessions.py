"""Coming in and going out: what the JSON routes and the forms share."""

from typing import Any, Final
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie

from api.access import client_address
from api.cookies import end_cookies, session_cookies
from api.hub import dashboard_server, person_server
from api.resources import Resources
from api.rights import Right, rights_of
from api.throttle import Limit
from api.trail import note
from xsight_core.errors import Forbidden
from xsight_core.services import accounts, recovery
from xsight_core.services.accounts import Identity

__all__ = [
    "ask_for_proof",
    "check_password",
    "end_servers",
    "log_in",
    "log_out",
    "log_out_everywhere",
    "open_for",
    "ring",
    "sign_up",
]

# Generous for a person, slow for a guesser: 10 at once and then one every 10 s against one account.
PER_ACCOUNT: Final = Limit("login", burst=10, every_s=10)
PER_ADDRESS: Final = Limit("login-from", burst=60, every_s=2)
SIGN_UPS: Final = Limit("signup-from", burst=50, every_s=20)

AnyRequest = Request[Any, Any, Any]


async def log_in(
    request: AnyRequest, resources: Resources, email: str, password: str
) -> list[Cookie]:
    """The cookies of a new session, or ``Forbidden``; also for attempts at accounts that do not exist."""
    user_id = await check_password(request, resources, email, password)
    return await open_for(request, resources, user_id)


async def check_password(
    request: AnyRequest, resources: Resources, email: str, password: str
) -> UUID:
    """Who it is, or ``Forbidden``; wrong ones are counted against the account and the address."""
    account = email.strip().lower()
    attempts = (PER_ACCOUNT, account), (PER_ADDRESS, client_address(request.scope))
    await resources.throttle.admit(*attempts)
    try:
        user_id = await accounts.authenticate(resources.tenancy, email=email, password=password)
    except Forbidden:
        await note(request, resources, "login.refused")
        raise
    await resources.throttle.give_back(*attempts)
    return user_id


async def sign_up(
    request: AnyRequest, resources: Resources, *, name: str, company: str, email: str, password: str
) -> list[Cookie]:
    """A new account with its first tenant, logged in; its address is asked to be confirmed."""
    await resources.throttle.admit((SIGN_UPS, client_address(request.scope)))
    user_id = await accounts.sign_up(
        resources.tenancy, email=email, password=password, name=name, company=company
    )
    await ask_for_proof(resources, user_id)
    return await open_for(request, resources, user_id, action="account.created")


async def ask_for_proof(resources: Resources, user_id: UUID) -> None:
    """Only where mail is sent: nobody can follow a link that lies at the operator's."""
    if resources.post.sends:
        public_url = resources.settings.public_url
        job = await recovery.ask_for_proof(
            resources.tenancy, resources.post, user_id=user_id, public_url=public_url
        )
        await ring(resources, job)


async def ring(resources: Resources, job: UUID | None) -> None:
    """Tell a worker, if there is anything to tell."""
    if job is not None:
        await resources.doorbell.ring(job)


async def log_out(resources: Resources, identity: Identity) -> list[Cookie]:
    """End the session, and the notebooks' server it may have started; what the browser still holds is worth nothing."""
    await accounts.close_session(resources.tenancy, identity.session_id)
    if identity.slug is not None:
        resources.hub.stop_soon(person_server(identity.slug, identity.user_id))
    return end_cookies(secure=resources.settings.secure)


async def log_out_everywhere(
    request: AnyRequest, resources: Resources, identity: Identity
) -> list[Cookie]:
    """End every session of this person, in every browser, and their servers in every store."""
    await accounts.close_sessions(resources.tenancy, identity.user_id)
    await end_servers(resources, identity.user_id)
    await note(request, resources, "logout.everywhere", tenant_id=identity.tenant_id)
    return end_cookies(secure=resources.settings.secure)


async def end_servers(resources: Resources, user_id: UUID) -> None:
    """Stop the person's notebook servers in every store."""
    tenants = await accounts.tenants_of(resources.tenancy, user_id)
    resources.hub.forget_soon(*(person_server(tenant.slug, user_id) for tenant in tenants))


async def open_for(
    request: AnyRequest,
    resources: Resources,
    user_id: UUID,
    *,
    tenant_id: UUID | None = None,
    action: str = "login",
) -> list[Cookie]:
    """Always a new session: none is taken over from before the log-in. Its dashboards start meanwhile.

    ``tenant_id``: the store to look at, where it is known; else the person's first.
    """
    secrets = await accounts.open_session(
        resources.tenancy,
        user_id,
        tenant_id=tenant_id,
        user_agent=request.headers.get("user-agent", "")[:200],
    )
    identity = await accounts.identify(resources.tenancy, "api", secrets["api"])
    if identity is not None:
        if identity.slug is not None:
            resources.hub.start_soon(dashboard_server(identity.slug))
            _start_lab(resources, identity)
        await note(request, resources, action, tenant_id=identity.tenant_id, user_id=user_id)
    return session_cookies(secrets, secure=resources.settings.secure)


def _start_lab(resources: Resources, identity: Identity) -> None:
    """Of who works in Lab, it starts at log-in too. Who never opened theirs has no home, and pays no memory for it."""
    if identity.slug is None or Right.LAB not in rights_of(identity):
        return
    lab = person_server(identity.slug, identity.user_id)
    if (resources.settings.home / "homes" / lab).is_dir():
        resources.hub.start_soon(lab)
