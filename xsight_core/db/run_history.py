"""Statements on stored runs, for those who read them. The session knows the tenant; policies keep to it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import CustomerHistory, CustomerInsight, InsightRun, TenantState

__all__ = ["card_of", "customer_points", "list_runs"]


async def list_runs(session: AsyncSession) -> list[tuple[Any, ...]]:
    """All that are kept, the newest first, without their cards."""
    run = InsightRun
    columns = (
        run.id,
        run.kind,
        run.as_of,
        run.computed_at,
        run.data_version,
        run.rule_version,
        run.rows,
        run.duration_s,
        run.summary,
        run.drift,
    )
    order = (run.computed_at.desc(), run.as_of.desc(), run.id)
    found = await session.execute(select(*columns).order_by(*order))
    return [tuple(row) for row in found]


async def card_of(session: AsyncSession, run: UUID | None) -> tuple[UUID, dict[str, Any]] | None:
    """Id and model card of a run, or of the one that is shown."""
    query = select(InsightRun.id, InsightRun.card)
    if run is not None:
        query = query.where(InsightRun.id == run)
    else:
        query = query.join(TenantState, TenantState.insight_run == InsightRun.id)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row.id, row.card)


async def customer_points(session: AsyncSession, customer_id: int) -> list[tuple[Any, ...]]:
    """A customer's scores in every run that keeps its rows, by day."""
    parts = [
        select(
            InsightRun.as_of,
            InsightRun.computed_at,
            InsightRun.kind,
            table.orders,
            table.net_minor,
            table.r,
            table.f,
            table.m,
            table.segment,
            table.p_alive,
            table.churn_90,
            table.expected_orders_90,
            table.clv_365_minor,
        )
        .join(InsightRun, InsightRun.id == table.insight_run)
        .where(table.customer_id == customer_id)
        for table in (CustomerInsight, CustomerHistory)
    ]
    both = union_all(*parts).subquery()
    found = await session.execute(select(both).order_by(both.c.as_of, both.c.computed_at))
    return [tuple(row) for row in found]
