"""``/api/auth/*``: accounts for scripts and for the pages' JavaScript."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody

from api.hub import dashboard_server
from api.origin import csrf_token
from api.redirects import DEFAULT_TARGET
from api.resources import Wired
from api.rights import Right, rights_of
from api.sessions import log_in, log_out, log_out_everywhere, sign_up
from api.trail import note
from xsight_core.services import accounts
from xsight_core.services.accounts import Identity

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class SignUp(msgspec.Struct):
    """A new account; ``company`` names its first store until one is connected."""

    email: Text
    password: Password
    name: Text
    company: Text = "My store"


class LogIn(msgspec.Struct):
    """E-mail and password."""

    email: Text
    password: Password


class SwitchTenant(msgspec.Struct):
    """The store to look at from now on."""

    tenant: UUID


class Next(msgspec.Struct):
    """Where to go from here."""

    next: str


class UserView(msgspec.Struct):
    """The person."""

    id: UUID
    email: str
    name: str
    verified: bool


class TenantChoice(msgspec.Struct):
    """A store this person belongs to."""

    id: UUID
    slug: str
    name: str
    role: str
    pii: bool
    current: bool


class SessionChoice(msgspec.Struct):
    """A log-in; ``current`` is the one that asks."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    user_agent: str | None
    current: bool


class Sessions(msgspec.Struct):
    """The person's log-ins, the newest first."""

    sessions: list[SessionChoice]


class Me(msgspec.Struct):
    """Who is logged in, where, with which rights, and the token that changes have to carry."""

    user: UserView
    tenant: TenantChoice | None
    tenants: list[TenantChoice]
    rights: list[str]
    pii: bool
    csrf: str


@post("/api/auth/signup", opt={"right": Right.PUBLIC}, tags=["Accounts"])
async def signup(
    request: Request[Any, Any, Any], data: JSONBody[SignUp], resources: Wired
) -> Response[Next]:
    """Create an account and its first store, and log in."""
    cookies = await sign_up(
        request,
        resources,
        name=data.name,
        company=data.company,
        email=data.email,
        password=data.password,
    )
    return Response(Next("/connect"), cookies=cookies)


@post("/api/auth/login", status_code=200, opt={"right": Right.PUBLIC}, tags=["Accounts"])
async def login(
    request: Request[Any, Any, Any], data: JSONBody[LogIn], resources: Wired
) -> Response[Next]:
    """Log in: sets the session's cookies."""
    cookies = await log_in(request, resources, data.email, data.password)
    return Response(Next(DEFAULT_TARGET), cookies=cookies)


@post("/api/auth/logout", status_code=200, opt={"right": Right.USER}, tags=["Accounts"])
async def logout(request: UserRequest, resources: Wired) -> Response[Next]:
    """Log out. Opening `next` in the browser ends the notebooks' session too."""
    return Response(Next("/hub/logout"), cookies=await log_out(resources, request.user))


@get("/api/auth/me", opt={"right": Right.USER}, tags=["Accounts"])
async def me(request: UserRequest, resources: Wired) -> Response[Me]:
    """The logged-in person, their stores and rights."""
    identity = request.user
    tenants = [
        TenantChoice(t.id, t.slug, t.name, t.role, t.pii, current=t.id == identity.tenant_id)
        for t in await accounts.tenants_of(resources.tenancy, identity.user_id)
    ]
    body = Me(
        user=UserView(identity.user_id, identity.email, identity.name, identity.verified),
        tenant=next((t for t in tenants if t.current), None),
        tenants=tenants,
        rights=sorted(rights_of(identity)),
        pii=identity.pii,
        csrf=csrf_token(request),
    )
    return Response(body, headers={"Cache-Control": "no-store"})


@post("/api/auth/tenant", status_code=200, opt={"right": Right.USER}, tags=["Accounts"])
async def switch_tenant(
    request: UserRequest, data: JSONBody[SwitchTenant], resources: Wired
) -> Next:
    """Look at another store from now on, in every window of this log-in."""
    await accounts.switch_tenant(resources.tenancy, request.user.session_id, data.tenant)
    for tenant in await accounts.tenants_of(resources.tenancy, request.user.user_id):
        if tenant.id == data.tenant:
            resources.hub.start_soon(dashboard_server(tenant.slug))
    return Next(DEFAULT_TARGET)


@get("/api/auth/sessions", opt={"right": Right.USER}, tags=["Accounts"])
async def session_list(request: UserRequest, resources: Wired) -> Sessions:
    """Where one is logged in."""
    found = await accounts.open_sessions(resources.tenancy, request.user.user_id)
    here = request.user.session_id
    return Sessions([SessionChoice(**vars(one), current=one.id == here) for one in found])


@delete("/api/auth/sessions/{session_id:uuid}", opt={"right": Right.USER}, tags=["Accounts"])
async def end_session(request: UserRequest, resources: Wired, session_id: FromPath[UUID]) -> None:
    """Log out in another browser."""
    await accounts.close_own_session(resources.tenancy, request.user.user_id, session_id)
    await note(request, resources, "logout.elsewhere", tenant_id=request.user.tenant_id)


@post("/api/auth/logout-everywhere", status_code=200, opt={"right": Right.USER}, tags=["Accounts"])
async def logout_everywhere(request: UserRequest, resources: Wired) -> Response[Next]:
    """Log out in every browser. Opening `next` ends this browser's notebooks' session too."""
    cookies = await log_out_everywhere(request, resources, request.user)
    return Response(Next("/hub/logout"), cookies=cookies)


handlers = [
    signup,
    login,
    logout,
    logout_everywhere,
    me,
    session_list,
    end_session,
    switch_tenant,
]
