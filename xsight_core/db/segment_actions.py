"""Statements on what is done to a segment's members: tags written to Shopify, arms that were held out."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    RowMapping,
    and_,
    any_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import (
    Customer,
    Segment,
    SegmentAction,
    SegmentMember,
    TagChange,
    TenantState,
)

__all__ = [
    "active_on",
    "add_action",
    "add_changes",
    "change_action",
    "connection_of",
    "count_changes",
    "find_action",
    "ids_at",
    "list_actions",
    "members_of",
    "note_changes",
    "spent_by",
    "waiting",
    "who_has",
]

_LIVING: Final = (Customer.deleted_at.is_(None), Customer.merged_into.is_(None))
_SHOWN: Final = (
    SegmentAction.id,
    SegmentAction.segment_id,
    SegmentAction.kind,
    SegmentAction.state,
    SegmentAction.tag,
    SegmentAction.held_out,
    SegmentAction.seed,
    SegmentAction.day,
    SegmentAction.error,
    SegmentAction.created_at,
    SegmentAction.ended_at,
)


async def members_of(session: AsyncSession, segment_id: UUID) -> tuple[bool, bytes | None] | None:
    """Whether a segment's rule asks personal data, and who is in it; None: no segment, or not worked out yet."""
    statement = (
        select(Segment.personal, SegmentMember.bits)
        .outerjoin(
            SegmentMember,
            and_(
                SegmentMember.tenant_id == Segment.tenant_id,
                SegmentMember.segment_id == Segment.id,
            ),
        )
        .where(Segment.id == segment_id)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row[0], row[1])


async def spent_by(session: AsyncSession, *, consented: bool) -> dict[int, float]:
    """What each living customer has spent by Shopify's own number, by ordinal; all, or who may be written to."""
    spent: ColumnElement[Any] = cast(func.coalesce(Customer.amount_spent, 0), Double)
    statement = select(Customer.ordinal, spent).where(*_LIVING)
    if consented:
        consents = (Customer.email_consent, Customer.sms_consent)
        statement = statement.where(or_(*(one == "SUBSCRIBED" for one in consents)))
    return {row[0]: row[1] for row in await session.execute(statement)}


async def who_has(session: AsyncSession, tag: str) -> dict[int, int]:
    """Ordinals of the living customers with a tag, by id; Shopify's tags do not mind case."""
    own = func.unnest(Customer.tags).table_valued("tag", name="tag")
    has = exists().select_from(own).where(func.lower(own.c.tag) == func.lower(tag))
    statement = select(Customer.id, Customer.ordinal).where(*_LIVING, has)
    return {row[0]: row[1] for row in await session.execute(statement)}


async def ids_at(session: AsyncSession, ordinals: Sequence[int]) -> list[int]:
    """Ids of customers by ordinal."""
    statement = (
        select(Customer.id)
        .where(Customer.ordinal == any_(literal(list(ordinals), ARRAY(Integer))))
        .order_by(Customer.ordinal)
    )
    return list((await session.execute(statement)).scalars())


async def connection_of(session: AsyncSession) -> tuple[str, list[str]]:
    """Whether the store is connected, and what it granted."""
    row = (await session.execute(select(TenantState.connection, TenantState.scopes))).one()
    return row[0], list(row[1])


async def active_on(session: AsyncSession, tag: str) -> bool:
    """Whether an action on this tag is under way; one at a time is begun."""
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"tag {tag.casefold()}", 0)))
    )
    statement = select(SegmentAction.id).where(
        func.lower(SegmentAction.tag) == func.lower(tag),
        SegmentAction.state.in_(["planned", "running", "undoing"]),
    )
    return (await session.execute(statement.limit(1))).first() is not None


async def add_action(session: AsyncSession, **values: Any) -> UUID:
    """A new one; its id."""
    statement = insert(SegmentAction).values(**values).returning(SegmentAction.id)
    return (await session.execute(statement)).scalar_one()


async def add_changes(
    session: AsyncSession, tenant_id: UUID, action: UUID, customers: Sequence[int], *, add: bool
) -> None:
    """What an action will do: these customers get the tag, or lose it."""
    if customers:
        every = func.unnest(literal(list(customers), ARRAY(BigInteger))).column_valued("customer")
        statement = insert(TagChange).from_select(
            ["tenant_id", "action_id", "customer_id", "add"],
            select(literal(tenant_id), literal(action), every, literal(add)),
        )
        await session.execute(statement)


async def list_actions(session: AsyncSession, segment_id: UUID) -> Sequence[RowMapping]:
    """What was done to a segment, the newest first."""
    statement = (
        select(*_SHOWN)
        .where(SegmentAction.segment_id == segment_id)
        .order_by(SegmentAction.created_at.desc())
    )
    return (await session.execute(statement)).mappings().all()


async def find_action(
    session: AsyncSession, action: UUID, *, locked: bool = False
) -> RowMapping | None:
    """One, with its arms."""
    arms = (SegmentAction.treated, SegmentAction.held)
    statement = select(*_SHOWN, *arms).where(SegmentAction.id == action)
    if locked:
        statement = statement.with_for_update()
    return (await session.execute(statement)).mappings().one_or_none()


async def change_action(session: AsyncSession, action: UUID, **values: Any) -> None:
    """Write these values."""
    await session.execute(update(SegmentAction).where(SegmentAction.id == action).values(**values))


async def count_changes(session: AsyncSession, action: UUID) -> dict[str, int]:
    """How many tags are to come and go, and how far that is: ``add``, ``remove``, and by state."""
    of = TagChange
    rows = (
        await session.execute(
            select(
                func.count().filter(of.add).label("add"),
                func.count().filter(~of.add).label("remove"),
                *(
                    func.count().filter(of.state == state).label(state)
                    for state in ("waiting", "done", "failed", "undone")
                ),
            ).where(of.action_id == action)
        )
    ).mappings()
    return dict(rows.one())


async def waiting(
    session: AsyncSession, action: UUID, state: str, *, limit: int
) -> list[tuple[int, bool]]:
    """Changes in a state, of one direction: those that add first."""
    of = TagChange
    statement = (
        select(of.customer_id, of.add)
        .where(of.action_id == action, of.state == state)
        .order_by(of.add.desc(), of.customer_id)
        .limit(limit)
    )
    found = [(row[0], row[1]) for row in await session.execute(statement)]
    return [change for change in found if change[1] == found[0][1]]


async def note_changes(
    session: AsyncSession,
    action: UUID,
    customers: Sequence[int],
    state: str,
    failed: dict[int, str],
) -> None:
    """How changes ended: in ``state``, or failed and why."""
    of = TagChange
    errors = case(failed, value=of.customer_id) if failed else None
    statement = (
        update(of)
        .where(of.action_id == action, of.customer_id.in_(customers))
        .values(
            state=case((of.customer_id.in_(list(failed)), "failed"), else_=literal(state)),
            error=errors,
        )
    )
    await session.execute(statement)
