"""``/api/v1/members*`` and ``/api/v1/invitations*``: who belongs to the store one looks at."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from api.actors import actor_of
from api.hub import person_server
from api.resources import Resources, Wired
from api.rights import Right
from api.sessions import ring
from api.stores import tenant_of
from api.throttle import Limit
from xsight_core.services import members
from xsight_core.services.accounts import Identity
from xsight_core.services.members import InvitationView, Invited, MemberView

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
DECIDES: Final = {"right": Right.MEMBERS}
INVITATIONS: Final = Limit("invitations", burst=30, every_s=60)


class NewInvitation(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to invite, as what; ``pii``: with the right to personal data."""

    email: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    role: Annotated[str, msgspec.Meta(max_length=40)]
    pii: bool = False


class MemberChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    role: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    pii: bool | None = None


class Members(msgspec.Struct):
    """Everybody in the store, and who is invited."""

    members: list[MemberView]
    invitations: list[InvitationView]


@get("/api/v1/members", opt=DECIDES, tags=["Members"])
async def member_list(request: UserRequest, resources: Wired) -> Members:
    """Members and open invitations."""
    tenant_id = tenant_of(request)
    return Members(
        await members.list_members(resources.tenancy, request.user, tenant_id),
        await members.list_invitations(resources.tenancy, tenant_id),
    )


@patch("/api/v1/members/{user_id:uuid}", status_code=204, opt=DECIDES, tags=["Members"])
async def change_member(
    request: UserRequest, resources: Wired, user_id: FromPath[UUID], data: JSONBody[MemberChange]
) -> None:
    """Another role, or the right to personal data given or taken. What they lost, they lose at once."""
    await members.change_member(
        resources.tenancy,
        request.user,
        actor_of(request),
        tenant_id=tenant_of(request),
        user_id=user_id,
        role=data.role,
        pii=data.pii,
    )
    _end_servers(resources, request, user_id)


@delete("/api/v1/members/{user_id:uuid}", opt=DECIDES, tags=["Members"])
async def remove_member(request: UserRequest, resources: Wired, user_id: FromPath[UUID]) -> None:
    """Out of this store: rows at once, servers within seconds."""
    await members.remove_member(
        resources.tenancy,
        request.user,
        actor_of(request),
        tenant_id=tenant_of(request),
        user_id=user_id,
    )
    _end_servers(resources, request, user_id)


@post("/api/v1/invitations", opt=DECIDES, tags=["Members"])
async def invite(request: UserRequest, resources: Wired, data: JSONBody[NewInvitation]) -> Invited:
    """Offer somebody a place. The link goes by mail or, where none is sent, is in the answer for you to pass on."""
    await resources.throttle.admit((INVITATIONS, str(tenant_of(request))))
    invited, job = await members.invite(
        resources.tenancy,
        resources.post,
        request.user,
        actor_of(request),
        tenant_id=tenant_of(request),
        email=data.email,
        role=data.role,
        pii=data.pii,
        public_url=resources.settings.public_url,
    )
    await ring(resources, job)
    return invited


@delete("/api/v1/invitations/{invitation_id:uuid}", opt=DECIDES, tags=["Members"])
async def withdraw_invitation(
    request: UserRequest, resources: Wired, invitation_id: FromPath[UUID]
) -> None:
    """Take an offer back."""
    await members.withdraw_invitation(
        resources.tenancy, actor_of(request), tenant_of(request), invitation_id
    )


def _end_servers(resources: Resources, request: UserRequest, user_id: UUID) -> None:
    """Their notebooks' server was started with what they had; it may start again with what they have."""
    resources.hub.forget_soon(person_server(request.user.slug or "", user_id))


handlers = [member_list, change_member, remove_member, invite, withdraw_invitation]
