"""``/api/v1/segments/{id}/tags``, ``/api/v1/actions*``: tags written to Shopify, taken back, and their effect."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api.actors import actor_of
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.segments import read_rule
from xsight_core.services import segment_actions, segment_lift
from xsight_core.services.accounts import Identity
from xsight_core.services.segment_actions import ActionView, TagPlan, TagWish
from xsight_core.services.segment_lift import LiftView, SampleSize

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: Final = {"right": Right.READ}
WRITE: Final = {"right": Right.SEGMENTS}
TAGS: Final = ["Segments"]


class Actions(msgspec.Struct):
    """What was done to a segment, the newest first."""

    items: list[ActionView]


@post("/api/v1/segments/{segment_id:uuid}/tags", opt=WRITE, tags=TAGS, status_code=200)
async def write_tags(
    request: UserRequest, resources: Wired, segment_id: FromPath[UUID], data: JSONBody[TagWish]
) -> TagPlan:
    """Give a segment's members a tag in Shopify and take it off everybody else; a dry run unless told otherwise."""
    plan = await segment_actions.plan_tags(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        segment_id,
        data,
        by=request.user.user_id,
        personal=request.user.pii,
    )
    if plan.action is not None:
        await resources.doorbell.ring(plan.action)
    return plan


@get("/api/v1/segments/{segment_id:uuid}/actions", opt=READ, tags=TAGS)
async def action_list(
    request: UserRequest, resources: Wired, segment_id: FromPath[UUID]
) -> Actions:
    """What was done to a segment."""
    return Actions(
        await segment_actions.list_actions(resources.tenancy, tenant_of(request), segment_id)
    )


@get("/api/v1/segments/{segment_id:uuid}/sample-size", opt=READ, tags=TAGS)
async def sample_size(
    request: UserRequest,
    resources: Wired,
    segment_id: FromPath[UUID],
    held_out: Annotated[float, QueryParameter(gt=0, lt=1, description="Share held out.")] = 0.1,
    days: Annotated[int, QueryParameter(ge=1, le=730, description="How long it is to run.")] = 90,
    effect_minor: Annotated[
        float | None,
        QueryParameter(gt=0, le=1e12, description="Net sales more per customer, minor units."),
    ] = None,
) -> SampleSize:
    """How many customers it takes to see an effect, before anything is done."""
    named = {"field": "segment", "operator": "in", "value": [str(segment_id)]}
    return await segment_lift.size_needed(
        resources.books,
        resources.ledgers,
        tenant_of(request),
        read_rule({"combinator": "and", "rules": [named]}),
        held_out=held_out,
        days=days,
        effect_minor=effect_minor,
        personal=request.user.pii,
    )


@get("/api/v1/actions/{action:uuid}", opt=READ, tags=TAGS)
async def read_action(request: UserRequest, resources: Wired, action: FromPath[UUID]) -> ActionView:
    """An action and how far it is."""
    return await segment_actions.read_action(resources.tenancy, tenant_of(request), action)


@post("/api/v1/actions/{action:uuid}/undo", opt=WRITE, tags=TAGS, status_code=202)
async def undo(request: UserRequest, resources: Wired, action: FromPath[UUID]) -> ActionView:
    """Take back every tag that came or went."""
    undone = await segment_actions.undo_tags(
        resources.tenancy, tenant_of(request), actor_of(request), action
    )
    await resources.doorbell.ring(action)
    return undone


@get("/api/v1/actions/{action:uuid}/lift", opt=READ, tags=TAGS)
async def lift(request: UserRequest, resources: Wired, action: FromPath[UUID]) -> LiftView:
    """Later orders and net sales of who was treated and who was held out, and the difference."""
    return await segment_lift.lift_of(
        resources.tenancy, resources.books, resources.ledgers, tenant_of(request), action
    )


handlers = [write_tags, action_list, sample_size, read_action, undo, lift]
