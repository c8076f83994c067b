"""Saved segments: made from a rule, a query of Shopify's or the library; changed, listed, removed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.analytics import day_of
from xsight_core.db import segments as rows
from xsight_core.db.tables import Segment
from xsight_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from xsight_core.segments import Group, InvalidRule, document, read_rule
from xsight_core.segments.finding import asks_personal_data
from xsight_core.segments.library import LIBRARY
from xsight_core.segments.marks import marks_of
from xsight_core.segments.reading import Problem
from xsight_core.segments.references import gather, named
from xsight_core.segments.shopify_export import to_query
from xsight_core.segments.shopify_import import from_query
from xsight_core.segments.words import sentence
from xsight_core.services.accounts import parse_text
from xsight_core.services.audit import Actor, record
from xsight_core.services.look import Ledgers
from xsight_core.services.segment_books import Asked, Books, reader
from xsight_core.tenancy import Tenancy

__all__ = [
    "SegmentView",
    "ShopifyQuery",
    "Size",
    "TemplateView",
    "change_segment",
    "create_segment",
    "export_query",
    "import_query",
    "list_segments",
    "list_sizes",
    "list_templates",
    "read_segment",
    "remove_segment",
]

_MOST: Final = 500
_LONGEST_NOTE: Final = 2000


class SegmentView(msgspec.Struct, frozen=True):
    """A saved segment. ``rule`` is in the newest version of the language, whatever it was saved in.

    ``trouble`` says at which place a stored rule cannot be used any more, and why. ``masked``: its rule holds what
    names a person, which the viewer may not see; ``rule`` and ``sentence`` are then ``null``.
    """

    id: UUID
    name: str
    note: str
    template: str | None
    rule: dict[str, Any] | None
    sentence: str | None
    masked: bool
    members: int | None
    created_at: datetime
    updated_at: datetime
    refreshed_at: datetime | None
    trouble: dict[str, str] | None


class TemplateView(msgspec.Struct, frozen=True):
    """A segment of the library with this shop's thresholds; ``rule`` is ``null`` where it could be about nothing."""

    key: str
    group: str
    name: str
    purpose: str
    action: str
    rule: dict[str, Any] | None
    sentence: str | None
    customers: int | None


class ShopifyQuery(msgspec.Struct, frozen=True):
    """A rule in Shopify's language; where it is not ``exact`` it asks for the segment's tag: ``reasons`` say why."""

    query: str
    exact: bool
    reasons: list[dict[str, str]]


class Size(msgspec.Struct, frozen=True):
    """How many there were on a day, and what they had spent."""

    day: date
    members: int
    net_minor: int


async def list_segments(tenancy: Tenancy, tenant_id: UUID, *, personal: bool) -> list[SegmentView]:
    """All of them by name."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.list_segments(session)
    names = {str(one.id): one.name for one in found}
    return [_view(one, names, personal=personal) for one in found]


async def read_segment(
    tenancy: Tenancy, tenant_id: UUID, segment_id: UUID, *, personal: bool
) -> SegmentView:
    """One of them."""
    async with tenancy.scope(tenant_id) as session:
        return await _read(session, segment_id, personal=personal)


async def create_segment(
    tenancy: Tenancy,
    tenant_id: UUID,
    actor: Actor,
    *,
    name: str,
    rule: object,
    note: str = "",
    template: str | None = None,
    by: UUID | None = None,
    personal: bool,
) -> SegmentView:
    """Save a rule under a name."""
    values = {"name": parse_text("name", name), "note": _note(note), "template": template}
    if template is not None and template not in {one.key for one in LIBRARY}:
        raise InvalidInput("template", "There is no such segment in the library.")
    async with tenancy.scope(tenant_id) as session:
        saved = await rows.list_segments(session)
        if len(saved) >= _MOST:
            raise Conflict(f"A store has at most {_MOST} segments; remove one first.")
        tree, asks = _checked(rule, {str(one.id): one for one in saved}, None, personal=personal)
        values |= {"tenant_id": tenant_id, "created_by": by}
        values |= {"rule": document(tree), "personal": asks}
        segment_id = await _unique(rows.add_segment(session, **values))
        await record(
            session,
            tenant_id,
            actor,
            "segment.created",
            object=str(segment_id),
            details={"name": values["name"]},
        )
        return await _read(session, segment_id, personal=personal)


async def change_segment(
    tenancy: Tenancy,
    tenant_id: UUID,
    actor: Actor,
    segment_id: UUID,
    *,
    name: str,
    rule: object,
    note: str = "",
    personal: bool,
) -> SegmentView:
    """Another name, note or rule; who is in it follows with the next refresh."""
    async with tenancy.scope(tenant_id) as session:
        before = await _find(session, segment_id, locked=True)
        if before.personal and not personal:
            raise Forbidden("Its rule asks what names a person; you may not see or change that.")
        saved = {str(one.id): one for one in await rows.list_segments(session)}
        tree, asks = _checked(rule, saved, str(segment_id), personal=personal)
        values = {"name": parse_text("name", name), "note": _note(note), "rule": document(tree)}
        await _unique(
            rows.change_segment(session, segment_id, values | {"personal": asks, "trouble": None})
        )
        await record(
            session,
            tenant_id,
            actor,
            "segment.changed",
            object=str(segment_id),
            details={"name": values["name"], "rule": before.rule != values["rule"]},
        )
        return await _read(session, segment_id, personal=personal)


async def remove_segment(tenancy: Tenancy, tenant_id: UUID, actor: Actor, segment_id: UUID) -> None:
    """Remove it with its history; one that others name stays."""
    async with tenancy.scope(tenant_id) as session:
        gone = await _find(session, segment_id, locked=True)
        users = [
            other.name
            for other in await rows.list_segments(session)
            if other.id != segment_id and str(segment_id) in _names_of(other)
        ]
        if users:
            raise Conflict(f"Other segments name it: {', '.join(users)}. Change those first.")
        await rows.remove_segment(session, segment_id)
        await record(
            session,
            tenant_id,
            actor,
            "segment.removed",
            object=str(segment_id),
            details={"name": gone.name},
        )


async def list_sizes(
    tenancy: Tenancy, tenant_id: UUID, segment_id: UUID, *, days: int
) -> list[Size]:
    """Its size on the last so many days on which it was refreshed, oldest first."""
    async with tenancy.scope(tenant_id) as session:
        await _find(session, segment_id)
        found = await rows.sizes(session, segment_id, days)
    return [Size(day_of(row["day"]), row["members"], row["net_minor"]) for row in found]


async def list_templates(
    books: Books, ledgers: Ledgers, tenant_id: UUID, *, counted: bool
) -> list[TemplateView]:
    """The library with this shop's thresholds and, if asked for, how many each would find."""
    everybody: Any = {
        "combinator": "and",
        "rules": [{"field": "orders_count", "operator": ">=", "value": 0}],
    }

    def told(asked: Asked) -> list[TemplateView]:
        marks = marks_of(asked.book)
        views: list[TemplateView] = []
        for one in LIBRARY:
            rule = one.rule(marks)
            tree = None if rule is None else read_rule(rule)
            views.append(
                TemplateView(
                    one.key,
                    one.group,
                    one.name,
                    one.purpose,
                    one.action,
                    rule,
                    tree and sentence(tree),
                    int(asked.masks.customers(tree).sum()) if counted and tree else None,
                )
            )
        return views

    return await books.ask(ledgers, tenant_id, [read_rule(everybody)], told, personal=False)


def import_query(text: str) -> dict[str, Any]:
    """The rule that finds the same customers as a query of Shopify's; ``InvalidQuery`` names what cannot be asked."""
    return document(from_query(text))


async def export_query(
    tenancy: Tenancy, tenant_id: UUID, segment_id: UUID, *, personal: bool
) -> ShopifyQuery:
    """A saved segment in Shopify's language."""
    async with tenancy.scope(tenant_id) as session:
        found = await _find(session, segment_id)
    if found.personal and not personal:
        raise Forbidden("Its rule asks what names a person; you may not see that here.")
    made = to_query(read_rule(found.rule), str(segment_id))
    reasons = [{"path": one.path, "message": one.message} for one in made.reasons]
    return ShopifyQuery(made.query, made.exact, reasons)


async def _find(session: AsyncSession, segment_id: UUID, *, locked: bool = False) -> Segment:
    found = await rows.find_segment(session, segment_id, locked=locked)
    if found is None:
        raise NotFound("There is no such segment.")
    return found


async def _read(session: AsyncSession, segment_id: UUID, *, personal: bool) -> SegmentView:
    found = await _find(session, segment_id)
    await session.refresh(found)
    return _view(found, await rows.segment_names(session), personal=personal)


def _view(row: Segment, names: Mapping[str, str], *, personal: bool) -> SegmentView:
    masked = row.personal and not personal
    rule: dict[str, Any] | None = None
    said: str | None = None
    trouble: dict[str, str] | None = row.trouble
    if not masked:
        try:
            tree = read_rule(row.rule)
            rule, said = document(tree), sentence(tree, names)
        except InvalidInput as wrong:  # never dropped: shown as it was stored, with what is wrong
            rule, trouble = row.rule, {"field": f"rule.{wrong.field}", "message": str(wrong)}
    return SegmentView(
        row.id,
        row.name,
        row.note,
        row.template,
        rule,
        said,
        masked,
        row.members,
        row.created_at,
        row.updated_at,
        row.refreshed_at,
        trouble,
    )


def _checked(
    rule: object, saved: Mapping[str, Segment], own: str | None, *, personal: bool
) -> tuple[Group, bool]:
    """The tree of a rule that may be saved, and whether it asks personal data. Problems are told at ``rule.…``."""
    try:
        tree = read_rule(rule)
        segments = gather(tree, reader({key: one.rule for key, one in saved.items()}), own)
    except InvalidRule as wrong:
        raise InvalidRule([Problem(f"rule.{p.path}", p.message) for p in wrong.problems]) from wrong
    except InvalidInput as wrong:
        raise InvalidInput(f"rule.{wrong.field}", str(wrong)) from wrong
    asks = asks_personal_data(tree, segments)
    if asks and not personal:
        raise Forbidden("This rule asks what names a person; you may not see that here.")
    return tree, asks


def _names_of(segment: Segment) -> set[str]:
    try:
        return {name for name, _ in named(read_rule(segment.rule))}
    except InvalidInput:
        return set()


async def _unique(writing: Any) -> Any:
    try:
        return await writing
    except IntegrityError as error:
        if "uq_segments_name" not in str(error.orig):
            raise
        raise Conflict("Another segment has this name.") from error


def _note(text: str) -> str:
    if len(text) > _LONGEST_NOTE or "\x00" in text:
        raise InvalidInput("note", f"A note has at most {_LONGEST_NOTE} characters.")
    return text
