"""``/api/v1/segments*``."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import JSONBody

from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.segments.schema import schema
from xsight_core.services.accounts import Identity
from xsight_core.services.segment_preview import SegmentPreview

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]


class PreviewAsked(msgspec.Struct):
    """A rule in the language of ``/api/v1/segments/schema``."""

    rule: Annotated[dict[str, Any], msgspec.Meta(description="A group: combinator and rules.")]


@get("/api/v1/segments/schema", opt={"right": Right.READ}, tags=["Segments"], sync_to_thread=False)
def rule_schema() -> dict[str, Any]:
    """The JSON Schema of rules."""
    return schema()


@post("/api/v1/segments/preview", opt={"right": Right.READ}, tags=["Segments"], status_code=200)
async def preview(
    request: UserRequest, resources: Wired, data: JSONBody[PreviewAsked]
) -> SegmentPreview:
    """Who a rule finds: how many, what they spent, a funnel by condition, ten of them, and the rule as SQL."""
    found = await resources.previews.preview(
        resources.ledgers, tenant_of(request), data.rule, personal=request.user.pii
    )
    return msgspec.convert(found, SegmentPreview)


handlers = [rule_schema, preview]
