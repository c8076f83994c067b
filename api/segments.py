"""``/api/v1/segments*``: rules asked and saved. Who is in a segment: ``segment_members.py``."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from api.actors import actor_of
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.errors import InvalidInput
from xsight_core.segments import read_rule
from xsight_core.segments.schema import schema
from xsight_core.services import segment_course, segment_fields, segment_preview, segments
from xsight_core.services.accounts import Identity
from xsight_core.services.segment_course import Course
from xsight_core.services.segment_fields import FieldList
from xsight_core.services.segment_preview import Explanation, Overlap, SegmentPreview
from xsight_core.services.segments import SegmentView, ShopifyQuery, Size, TemplateView

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: Final = {"right": Right.READ}
WRITE: Final = {"right": Right.SEGMENTS}
TAGS: Final = ["Segments"]
_MOST_COMPARED: Final = 12

Rule = Annotated[dict[str, Any], msgspec.Meta(description="A group: combinator and rules.")]


class RuleAsked(msgspec.Struct):
    """A rule in the language of ``/api/v1/segments/schema``."""

    rule: Rule


class Compared(msgspec.Struct):
    """Saved segments and rules beside each other, 2 to 12 in all."""

    segments: list[UUID] = msgspec.field(default_factory=list[UUID])
    rules: list[Rule] = msgspec.field(default_factory=list[dict[str, Any]])


class SegmentWish(msgspec.Struct, forbid_unknown_fields=True):
    """A segment to be; ``template`` is the key of the library's segment that it was made from."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    rule: Rule
    note: str = ""
    template: str | None = None


class SegmentChange(msgspec.Struct, forbid_unknown_fields=True):
    """All of a segment that can be changed."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    rule: Rule
    note: str = ""


class Query(msgspec.Struct):
    """A query in Shopify's segment query language."""

    query: Annotated[str, msgspec.Meta(max_length=20_000)]


class SegmentList(msgspec.Struct):
    """Saved segments by name."""

    items: list[SegmentView]
    total: int
    next_cursor: str | None = None


class Library(msgspec.Struct):
    """Ready-made segments."""

    items: list[TemplateView]


class RuleRead(msgspec.Struct):
    """A rule."""

    rule: Rule


class Sizes(msgspec.Struct):
    """Sizes by day."""

    items: list[Size]


@get("/api/v1/segments/schema", opt=READ, tags=TAGS, sync_to_thread=False)
def rule_schema() -> dict[str, Any]:
    """The JSON Schema of rules."""
    return schema()


@get("/api/v1/segments/fields", opt=READ, tags=TAGS)
async def fields(request: UserRequest, resources: Wired) -> FieldList:
    """What can be asked here, in react-querybuilder's words, with values of this store to choose from."""
    return await segment_fields.list_fields(
        resources.books, resources.ledgers, tenant_of(request), personal=request.user.pii
    )


@post("/api/v1/segments/preview", opt=READ, tags=TAGS, status_code=200)
async def preview(
    request: UserRequest, resources: Wired, data: JSONBody[RuleAsked]
) -> SegmentPreview:
    """Who a rule finds: how many, what they spent, a funnel by condition, ten of them, and what it says."""
    return await segment_preview.preview(
        resources.books,
        resources.ledgers,
        tenant_of(request),
        data.rule,
        personal=request.user.pii,
    )


@post("/api/v1/segments/course", opt=READ, tags=TAGS, status_code=200)
async def course(request: UserRequest, resources: Wired, data: JSONBody[RuleAsked]) -> Course:
    """How many a rule would have found every thirty days of the last half-year."""
    return await segment_course.course(
        resources.books,
        resources.ledgers,
        tenant_of(request),
        data.rule,
        personal=request.user.pii,
    )


@post("/api/v1/segments/explain", opt=READ, tags=TAGS, status_code=200)
async def explain(request: UserRequest, resources: Wired, data: JSONBody[RuleAsked]) -> Explanation:
    """A rule in plain English and as the SQL statement that defines it."""
    return await segment_preview.explain(
        resources.books,
        resources.ledgers,
        tenant_of(request),
        data.rule,
        personal=request.user.pii,
    )


@post("/api/v1/segments/overlap", opt=READ, tags=TAGS, status_code=200)
async def overlap(request: UserRequest, resources: Wired, data: JSONBody[Compared]) -> Overlap:
    """How many customers segments and rules have in common, and their Jaccard index; segments first."""
    count = len(data.segments) + len(data.rules)
    if not 2 <= count <= _MOST_COMPARED:  # noqa: PLR2004 - it takes two
        raise InvalidInput("segments", f"Compare 2 to {_MOST_COMPARED} segments or rules.")
    named = [
        {
            "combinator": "and",
            "rules": [{"field": "segment", "operator": "in", "value": [str(one)]}],
        }
        for one in data.segments
    ]
    return await segment_preview.overlap(
        resources.books,
        resources.ledgers,
        tenant_of(request),
        [read_rule(rule) for rule in [*named, *data.rules]],
        personal=request.user.pii,
    )


@get("/api/v1/segments/library", opt=READ, tags=TAGS)
async def library(
    request: UserRequest,
    resources: Wired,
    counted: Annotated[  # noqa: FBT002 - a query parameter
        bool, QueryParameter(description="Say how many each would find.")
    ] = False,
) -> Library:
    """Forty segments, ready to save, with thresholds out of this store's own data."""
    found = await segments.list_templates(
        resources.books, resources.ledgers, tenant_of(request), counted=counted
    )
    return Library(found)


@post("/api/v1/segments/import", opt=READ, tags=TAGS, status_code=200, sync_to_thread=False)
def import_query(data: JSONBody[Query]) -> RuleRead:
    """The rule for a query in Shopify's language; what XSight cannot answer is named."""
    return RuleRead(segments.import_query(data.query))


@get("/api/v1/segments", opt=READ, tags=TAGS)
async def segment_list(request: UserRequest, resources: Wired) -> SegmentList:
    """Saved segments."""
    found = await segments.list_segments(
        resources.tenancy, tenant_of(request), personal=request.user.pii
    )
    return SegmentList(found, len(found))


@post("/api/v1/segments", opt=WRITE, tags=TAGS)
async def create_segment(
    request: UserRequest, resources: Wired, data: JSONBody[SegmentWish]
) -> SegmentView:
    """Save a rule. Who is in it is worked out with the next refresh."""
    return await segments.create_segment(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        name=data.name,
        rule=data.rule,
        note=data.note,
        template=data.template,
        by=request.user.user_id,
        personal=request.user.pii,
    )


@get("/api/v1/segments/{segment_id:uuid}", opt=READ, tags=TAGS)
async def segment(
    request: UserRequest, resources: Wired, segment_id: FromPath[UUID]
) -> SegmentView:
    """One segment."""
    return await segments.read_segment(
        resources.tenancy, tenant_of(request), segment_id, personal=request.user.pii
    )


@put("/api/v1/segments/{segment_id:uuid}", opt=WRITE, tags=TAGS)
async def change_segment(
    request: UserRequest,
    resources: Wired,
    segment_id: FromPath[UUID],
    data: JSONBody[SegmentChange],
) -> SegmentView:
    """Another name, note or rule."""
    return await segments.change_segment(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        segment_id,
        name=data.name,
        rule=data.rule,
        note=data.note,
        personal=request.user.pii,
    )


@delete("/api/v1/segments/{segment_id:uuid}", opt=WRITE, tags=TAGS)
async def remove_segment(
    request: UserRequest, resources: Wired, segment_id: FromPath[UUID]
) -> None:
    """Remove a segment with its history; one that other segments name stays."""
    await segments.remove_segment(
        resources.tenancy, tenant_of(request), actor_of(request), segment_id
    )


@get("/api/v1/segments/{segment_id:uuid}/shopify", opt=READ, tags=TAGS)
async def shopify_query(
    request: UserRequest, resources: Wired, segment_id: FromPath[UUID]
) -> ShopifyQuery:
    """The segment in Shopify's language, or the query for its tag and why."""
    return await segments.export_query(
        resources.tenancy, tenant_of(request), segment_id, personal=request.user.pii
    )


@get("/api/v1/segments/{segment_id:uuid}/sizes", opt=READ, tags=TAGS)
async def sizes(
    request: UserRequest,
    resources: Wired,
    segment_id: FromPath[UUID],
    days: Annotated[int, QueryParameter(ge=1, le=1000, description="How many days.")] = 365,
) -> Sizes:
    """How many were in it, day by day."""
    return Sizes(
        await segments.list_sizes(resources.tenancy, tenant_of(request), segment_id, days=days)
    )


handlers = [
    rule_schema,
    fields,
    preview,
    course,
    explain,
    overlap,
    library,
    import_query,
    segment_list,
    create_segment,
    segment,
    change_segment,
    remove_segment,
    shopify_query,
    sizes,
]
