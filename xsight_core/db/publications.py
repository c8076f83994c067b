"""Statements on published notebooks, their versions and runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Publication, PublicationRun, PublicationVersion

__all__ = [
    "add_run",
    "add_version",
    "change",
    "count_open",
    "decide",
    "due",
    "emails_of",
    "end_run",
    "find",
    "find_run",
    "find_version",
    "latest_done",
    "list_all",
    "list_runs",
    "list_versions",
    "old_runs",
    "remove",
    "slug_of",
    "start_run",
]

_SLUG: Final = text(
    "SELECT slug FROM control.tenants WHERE id = current_setting('app.tenant_id')::uuid"
)
_EMAILS: Final = text("""
    SELECT u.id, u.email FROM control.memberships m JOIN control.users u ON u.id = m.user_id
    WHERE m.tenant_id = current_setting('app.tenant_id')::uuid AND u.disabled_at IS NULL
      AND (u.id = ANY(:users) OR (:deciders AND m.role IN ('owner', 'admin')))""")


async def list_all(session: AsyncSession) -> Sequence[Publication]:
    """All, by title."""
    return (
        await session.scalars(select(Publication).order_by(Publication.title, Publication.id))
    ).all()


async def find(session: AsyncSession, publication: UUID) -> Publication | None:
    """One of the tenant's."""
    return await session.scalar(select(Publication).where(Publication.id == publication))


async def change(session: AsyncSession, publication: UUID, **values: Any) -> None:
    """Set columns."""
    await session.execute(update(Publication).where(Publication.id == publication).values(**values))


async def remove(session: AsyncSession, publication: UUID) -> None:
    """With versions and runs."""
    await session.execute(delete(Publication).where(Publication.id == publication))


async def count_open(session: AsyncSession) -> int:
    """Versions that wait for a decision."""
    return (
        await session.scalar(
            select(func.count())
            .select_from(PublicationVersion)
            .where(PublicationVersion.state == "review")
        )
        or 0
    )


async def list_versions(session: AsyncSession, publication: UUID) -> Sequence[PublicationVersion]:
    """The newest first."""
    return (
        await session.scalars(
            select(PublicationVersion)
            .where(PublicationVersion.publication_id == publication)
            .order_by(PublicationVersion.version.desc())
        )
    ).all()


async def find_version(
    session: AsyncSession, publication: UUID, version: int
) -> PublicationVersion | None:
    """One version."""
    return await session.scalar(
        select(PublicationVersion).where(
            PublicationVersion.publication_id == publication, PublicationVersion.version == version
        )
    )


async def add_version(session: AsyncSession, row: PublicationVersion) -> None:
    """Give it the next number; earlier ones that wait are withdrawn."""
    await session.execute(  # two at once take turns
        select(Publication.id).where(Publication.id == row.publication_id).with_for_update()
    )
    await session.execute(
        update(PublicationVersion)
        .where(
            PublicationVersion.publication_id == row.publication_id,
            PublicationVersion.state == "review",
        )
        .values(state="withdrawn")
    )
    last = await session.scalar(
        select(func.max(PublicationVersion.version)).where(
            PublicationVersion.publication_id == row.publication_id
        )
    )
    row.version = (last or 0) + 1
    session.add(row)
    await session.flush()


async def decide(
    session: AsyncSession, publication: UUID, version: int, *, state: str, by: UUID, remark: str
) -> bool:
    """Close a review. False: it is not open."""
    done = await session.scalar(
        update(PublicationVersion)
        .where(
            PublicationVersion.publication_id == publication,
            PublicationVersion.version == version,
            PublicationVersion.state == "review",
        )
        .values(state=state, decided_by=by, decided_at=func.now(), remark=remark)
        .returning(PublicationVersion.version)
    )
    return done is not None


async def add_run(session: AsyncSession, row: PublicationRun) -> None:
    """Promise one."""
    session.add(row)
    await session.flush()


async def find_run(session: AsyncSession, run: UUID) -> PublicationRun | None:
    """One run."""
    return await session.scalar(select(PublicationRun).where(PublicationRun.id == run))


async def list_runs(
    session: AsyncSession, publication: UUID, limit: int
) -> Sequence[PublicationRun]:
    """The newest first."""
    return (
        await session.scalars(
            select(PublicationRun)
            .where(PublicationRun.publication_id == publication)
            .order_by(PublicationRun.created_at.desc(), PublicationRun.id)
            .limit(limit)
        )
    ).all()


async def latest_done(
    session: AsyncSession, publication: UUID, version: int
) -> PublicationRun | None:
    """The newest good run of a version with the default parameters: what a reader is shown."""
    return await session.scalar(
        select(PublicationRun)
        .where(
            PublicationRun.publication_id == publication,
            PublicationRun.version == version,
            PublicationRun.status == "done",
            PublicationRun.reason.in_(("review", "publish", "schedule")),
        )
        .order_by(PublicationRun.created_at.desc())
        .limit(1)
    )


async def start_run(session: AsyncSession, run: UUID, *, run_key: str, data_version: int) -> None:
    """It runs now, on that data."""
    await session.execute(
        update(PublicationRun)
        .where(PublicationRun.id == run)
        .values(status="running", started_at=func.now(), run_key=run_key, data_version=data_version)
    )


async def end_run(
    session: AsyncSession,
    run: UUID,
    *,
    error: dict[str, Any] | None = None,
    sha256: str | None = None,
    size: int | None = None,
) -> bool:
    """It is done, or failed. False: it had ended, or was taken back."""
    ended = await session.scalar(
        update(PublicationRun)
        .where(PublicationRun.id == run, PublicationRun.status.in_(("queued", "running")))
        .values(
            status="failed" if error else "done",
            finished_at=func.now(),
            error=error,
            sha256=sha256,
            bytes=size,
        )
        .returning(PublicationRun.id)
    )
    return ended is not None


async def old_runs(session: AsyncSession, publication: UUID, keep: int) -> Sequence[UUID]:
    """Runs beyond the newest ``keep``: their rows go, their files are the caller's."""
    newest = (
        select(PublicationRun.id)
        .where(PublicationRun.publication_id == publication)
        .order_by(PublicationRun.created_at.desc())
        .limit(keep)
    )
    return (
        await session.scalars(
            delete(PublicationRun)
            .where(
                PublicationRun.publication_id == publication,
                PublicationRun.id.not_in(newest),
                PublicationRun.status.in_(("done", "failed")),
            )
            .returning(PublicationRun.id)
        )
    ).all()


async def due(session: AsyncSession, now: datetime) -> Sequence[Publication]:
    """Published ones whose time has come."""
    return (
        await session.scalars(
            select(Publication)
            .where(Publication.published.is_not(None), Publication.next_at <= now)
            .with_for_update(skip_locked=True)
        )
    ).all()


async def slug_of(session: AsyncSession) -> str:
    """The tenant's short name: its database roles are made for that."""
    return str(await session.scalar(_SLUG))


async def emails_of(
    session: AsyncSession, users: Sequence[UUID], *, deciders: bool = False
) -> dict[UUID, str]:
    """Addresses of those who still are members; with ``deciders`` also owners and admins."""
    found = await session.execute(_EMAILS, {"users": list(users), "deciders": deciders})
    return {row.id: row.email for row in found}
