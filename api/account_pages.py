"""Pages of an account: invitation, confirmation, a forgotten password, one's own log-ins. Plain forms, no JavaScript.

What a link from a mail opens only asks: mail scanners open links too, and must not use them up.
"""

import asyncio
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromQuery

from api.access import client_address
from api.actors import actor_of
from api.errors import TooManyAttempts
from api.forms import FAULTS, errors_of, fields_of, status_of, to_own_name
from api.origin import csrf_token
from api.redirects import DEFAULT_TARGET, see_other, url_with
from api.resources import Resources, Wired
from api.rights import Right
from api.sessions import (
    ask_for_proof,
    check_password,
    end_servers,
    log_out_everywhere,
    open_for,
    ring,
)
from api.throttle import Limit
from api.trail import note
from api.views import render
from xsight_core.errors import Forbidden, XsightError
from xsight_core.services import accounts, members, recovery
from xsight_core.services.accounts import Identity
from xsight_core.services.members import Offer

__all__ = ["handlers"]

PUBLIC: Final = {"right": Right.PUBLIC}
USER: Final = {"right": Right.USER}
RESETS: Final = Limit("reset", burst=3, every_s=600)
RESETS_FROM: Final = Limit("reset-from", burst=20, every_s=60)
PROOFS: Final = Limit("proof", burst=3, every_s=600)
CODES_FROM: Final = Limit("codes-from", burst=60, every_s=10)
SLOWEST_ANSWER_S: Final = 0.3

AnyRequest = Request[Any, Any, Any]
UserRequest = Request[Identity, Any, Any]


@get("/forgot", opt=PUBLIC, sync_to_thread=False)
def forgot_form(resources: Wired) -> Response[str]:
    """Asks for the address."""
    return render("forgot.html", errors={}, email="", sends=resources.post.sends, asked=False)


@post("/forgot", opt=PUBLIC)
async def forgot(request: AnyRequest, resources: Wired) -> Response[str]:
    """Says the same, and takes as long, whether somebody has the address or not."""
    form = await fields_of(request, "email")
    where = client_address(request.scope)
    try:
        await resources.throttle.admit((RESETS, form["email"].lower()), (RESETS_FROM, where))
    except TooManyAttempts as error:
        return render(
            "forgot.html",
            status=status_of(error),
            errors=errors_of(error),
            email=form["email"],
            sends=resources.post.sends,
            asked=False,
        )
    job, _ = await asyncio.gather(
        recovery.ask_for_reset(
            resources.tenancy,
            resources.post,
            actor_of(request),
            email=form["email"],
            public_url=resources.settings.public_url,
        ),
        asyncio.sleep(SLOWEST_ANSWER_S),
    )
    await ring(resources, job)
    return render("forgot.html", errors={}, email="", sends=resources.post.sends, asked=True)


@get("/reset", opt=PUBLIC, sync_to_thread=False)
def reset_form(code: FromQuery[str] = "") -> Response[str]:
    """Asks for the new password."""
    return render("reset.html", errors={}, code=code[:200])


@post("/reset", opt=PUBLIC)
async def reset(request: AnyRequest, resources: Wired) -> Response[Any]:
    """Set it, end every log-in, and log in here."""
    form = await fields_of(request, "code", "password")
    try:
        await resources.throttle.admit((CODES_FROM, client_address(request.scope)))
        user_id = await recovery.reset_password(
            resources.tenancy, actor_of(request), code=form["code"], password=form["password"]
        )
    except FAULTS as error:
        return render(
            "reset.html", status=status_of(error), errors=errors_of(error), code=form["code"]
        )
    await end_servers(resources, user_id)
    cookies = await open_for(request, resources, user_id)
    return see_other(DEFAULT_TARGET, cookies=cookies)


@get("/verify", opt=PUBLIC, sync_to_thread=False)
def verify_form(code: FromQuery[str] = "") -> Response[str]:
    """Asks for one press of a button."""
    return render("verify.html", errors={}, code=code[:200], done=False)


@post("/verify", opt=PUBLIC)
async def verify(request: AnyRequest, resources: Wired) -> Response[str]:
    """The address is confirmed."""
    form = await fields_of(request, "code")
    try:
        await resources.throttle.admit((CODES_FROM, client_address(request.scope)))
        await recovery.confirm_address(resources.tenancy, actor_of(request), code=form["code"])
    except FAULTS as error:
        return render(
            "verify.html",
            status=status_of(error),
            errors=errors_of(error),
            code="",
            done=False,
        )
    return render("verify.html", errors={}, code="", done=True)


@get("/invitation", opt=PUBLIC)
async def invitation_form(resources: Wired, code: FromQuery[str] = "") -> Response[str]:
    """Says who invites where, and asks for a name and password, or for the password one has."""
    offer = await members.read_offer(resources.tenancy, code[:200])
    return _invitation(offer, code)


@post("/invitation", opt=PUBLIC)
async def invitation(request: AnyRequest, resources: Wired) -> Response[Any]:
    """Join, and look at the store."""
    form = await fields_of(request, "code", "name", "password")
    offer: Offer | None = None
    try:
        await resources.throttle.admit((CODES_FROM, client_address(request.scope)))
        offer = await members.read_offer(resources.tenancy, form["code"])
        user_id = await _join(request, resources, form, offer)
    except FAULTS as error:
        if offer is None:
            raise
        return _invitation(offer, form["code"], name=form["name"], error=error)
    cookies = await open_for(request, resources, user_id, tenant_id=offer.tenant_id)
    return see_other(DEFAULT_TARGET, cookies=cookies)


@get("/auth/account", opt=USER)
async def account(
    request: UserRequest, resources: Wired, done: FromQuery[str] = ""
) -> Response[str]:
    """The person's own page."""
    return await _account(request, resources, done=done)


@post("/auth/account/password", opt=USER)
async def change_password(request: UserRequest, resources: Wired) -> Response[Any]:
    """Another password: every other log-in ends, this one goes on anew."""
    form = await fields_of(request, "current", "password")
    user = request.user
    try:
        await check_password(request, resources, user.email, form["current"])
    except (Forbidden, TooManyAttempts) as error:
        return await _account(request, resources, faults={"current": str(error)}, error=error)
    try:
        await accounts.change_password(
            resources.tenancy, user.user_id, email=user.email, password=form["password"]
        )
    except FAULTS as error:
        return await _account(request, resources, error=error)
    await note(request, resources, "password.changed", tenant_id=user.tenant_id)
    cookies = await open_for(request, resources, user.user_id, tenant_id=user.tenant_id)
    return see_other(url_with("/auth/account", done="password"), cookies=cookies)


@post("/auth/account/proof", opt=USER)
async def send_proof(request: UserRequest, resources: Wired) -> Response[Any]:
    """Send the link that confirms the address once more."""
    try:
        await resources.throttle.admit((PROOFS, str(request.user.user_id)))
    except TooManyAttempts as error:
        return await _account(request, resources, error=error)
    await ask_for_proof(resources, request.user.user_id)
    return see_other(url_with("/auth/account", done="proof"))


@post("/auth/account/leave", opt=USER)
async def leave_everywhere(request: UserRequest, resources: Wired) -> Response[None]:
    """Log out in every browser; the Hub's own session in this one ends on the way."""
    cookies = await log_out_everywhere(request, resources, request.user)
    return see_other(await resources.hub.way_out(), cookies=cookies)


async def _join(
    request: AnyRequest, resources: Resources, form: dict[str, str], offer: Offer
) -> UUID:
    """With the account of the invited address, or a new one."""
    tenancy, mailed, actor = resources.tenancy, resources.post.sends, actor_of(request)
    if offer.has_account:
        user_id = await check_password(request, resources, offer.email, form["password"])
        await members.accept_as_user(
            tenancy, actor, code=form["code"], user_id=user_id, mailed=mailed
        )
        return user_id
    accepted = await members.accept_as_newcomer(
        tenancy,
        actor,
        code=form["code"],
        name=form["name"],
        password=form["password"],
        mailed=mailed,
    )
    return accepted.user_id


def _invitation(
    offer: Offer, code: str, *, name: str = "", error: XsightError | None = None
) -> Response[str]:
    return render(
        "invitation.html",
        status=status_of(error),
        errors=errors_of(error),
        offer=offer,
        code=code[:200],
        name=name,
    )


async def _account(
    request: UserRequest,
    resources: Resources,
    *,
    done: str = "",
    faults: dict[str, str] | None = None,
    error: XsightError | None = None,
) -> Response[str]:
    user = request.user
    return render(
        "account.html",
        status=status_of(error),
        errors=faults or errors_of(error),
        identity=user,
        sends=resources.post.sends,
        done=done,
        csrf=csrf_token(request),
    )


handlers = [
    Router(
        "/",
        route_handlers=[
            forgot_form,
            forgot,
            reset_form,
            reset,
            verify_form,
            verify,
            invitation_form,
            invitation,
            account,
            change_password,
            send_proof,
            leave_everywhere,
        ],
        before_request=to_own_name,
        include_in_schema=False,
    )
]
