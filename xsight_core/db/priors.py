"""Statements on pooled priors: what takes part, and what came of it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import InsightRun, ModelPrior, TenantState

__all__ = ["digests", "newest_prior", "read_priors", "store_priors"]


async def newest_prior(session: AsyncSession) -> datetime | None:
    """When priors were last made."""
    return await session.scalar(select(func.max(ModelPrior.computed_at)))


async def digests(session: AsyncSession, *, since: date) -> dict[str, dict[str, Any]]:
    """By model, what the shown run of the session's tenant has to teach, if it is not older than ``since``."""
    found = await session.scalar(
        select(InsightRun.parameters["digests"])
        .join(TenantState, TenantState.insight_run == InsightRun.id)
        .where(InsightRun.as_of >= since)
    )
    return found or {}


async def store_priors(
    session: AsyncSession, made: Mapping[str, tuple[int, dict[str, Any]]], now: datetime
) -> None:
    """The priors of a night in place of those before."""
    for model, (tenants, prior) in made.items():
        values = {"model": model, "computed_at": now, "tenants": tenants, "prior": prior}
        statement = upsert(ModelPrior).values(**values)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[ModelPrior.model],
                set_={name: statement.excluded[name] for name in values},
            )
        )


def read_priors(connection: psycopg.Connection[tuple[Any, ...]]) -> dict[str, dict[str, Any]]:
    """All there are, by model."""
    return dict(connection.execute("SELECT model, prior FROM control.model_priors").fetchall())
