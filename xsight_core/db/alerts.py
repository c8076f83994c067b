"""Statements on alert rules, what became of them, and whom they are told to."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.hooks import promise_rest
from xsight_core.db.tables import (
    AlertEvent,
    AlertRule,
    Membership,
    SegmentDelivery,
    SegmentHook,
    User,
)

__all__ = [
    "add_event",
    "add_rule",
    "addresses_of",
    "change_rule",
    "count_firing",
    "find_rule",
    "list_events",
    "list_rules",
    "lock_rules",
    "members_among",
    "remove_rule",
    "tell_hooks",
]


async def add_rule(session: AsyncSession, **values: Any) -> AlertRule:
    """A new one."""
    statement = insert(AlertRule).values(**values).returning(AlertRule)
    return (await session.execute(statement)).scalar_one()


async def list_rules(session: AsyncSession) -> Sequence[AlertRule]:
    """All, in the order they were made."""
    return (await session.execute(select(AlertRule).order_by(AlertRule.created_at))).scalars().all()


async def lock_rules(session: AsyncSession) -> Sequence[AlertRule]:
    """The same, for whoever is about to judge them: two judges wait for each other."""
    statement = select(AlertRule).order_by(AlertRule.id).with_for_update()
    return (await session.execute(statement)).scalars().all()


async def find_rule(session: AsyncSession, rule_id: UUID) -> AlertRule | None:
    """One."""
    statement = select(AlertRule).where(AlertRule.id == rule_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def change_rule(session: AsyncSession, rule_id: UUID, **values: Any) -> AlertRule | None:
    """Set these; None where there is no such rule."""
    statement = update(AlertRule).where(AlertRule.id == rule_id).values(**values)
    return (await session.execute(statement.returning(AlertRule))).scalar_one_or_none()


async def remove_rule(session: AsyncSession, rule_id: UUID) -> bool:
    """With its events; whether there was one."""
    statement = delete(AlertRule).where(AlertRule.id == rule_id).returning(AlertRule.id)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def count_firing(session: AsyncSession) -> int:
    """How many rules fire now."""
    statement = select(func.count()).select_from(AlertRule).where(AlertRule.state == "firing")
    return await session.scalar(statement) or 0


async def add_event(
    session: AsyncSession,
    tenant_id: UUID,
    rule_id: UUID,
    *,
    state: str,
    value: float | None,
    before: float | None,
    until: date,
    insight_run: UUID,
) -> None:
    """A rule began to fire, or came to rest."""
    await session.execute(
        insert(AlertEvent).values(
            tenant_id=tenant_id,
            rule_id=rule_id,
            state=state,
            value=value,
            before=before,
            until=until,
            insight_run=insight_run,
        )
    )


async def list_events(session: AsyncSession, rule_id: UUID, limit: int) -> Sequence[AlertEvent]:
    """The newest first."""
    statement = select(AlertEvent).where(AlertEvent.rule_id == rule_id)
    statement = statement.order_by(AlertEvent.id.desc()).limit(limit)
    return (await session.execute(statement)).scalars().all()


async def members_among(
    session: AsyncSession, tenant_id: UUID, users: Collection[UUID]
) -> set[UUID]:
    """Those of these people who belong to the tenant."""
    statement = select(Membership.user_id).where(
        Membership.tenant_id == tenant_id, Membership.user_id.in_(users)
    )
    return set((await session.execute(statement)).scalars())


async def addresses_of(
    session: AsyncSession, tenant_id: UUID, users: Collection[UUID]
) -> Sequence[RowMapping]:
    """Name and e-mail of those who (still) belong to the tenant and may log in."""
    statement = (
        select(User.id, User.name, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant_id, User.id.in_(users), User.disabled_at.is_(None))
        .order_by(User.email)
    )
    return (await session.execute(statement)).mappings().all()


async def tell_hooks(
    session: AsyncSession, tenant_id: UUID, rule_id: UUID, body: Mapping[str, Any]
) -> int:
    """A message for every hook of the store; how many that is."""
    hooks = (await session.execute(select(SegmentHook.id))).scalars().all()
    for hook in hooks:
        await session.execute(
            insert(SegmentDelivery).values(
                tenant_id=tenant_id,
                hook_id=hook,
                segment_id=rule_id,  # what it tells of
                event=body["type"],
                body=json.loads(json.dumps(body)),
            )
        )
    if hooks:
        await session.flush()
        await promise_rest(session)
    return len(hooks)
