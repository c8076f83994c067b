"""Notebooks that become pages: handed in, reviewed, shown, rolled back, run again and by themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import publications as rows
from xsight_core.db.tables import Publication, PublicationRun, PublicationVersion
from xsight_core.db.tenants import need_state
from xsight_core.errors import Conflict, InvalidInput, NotFound
from xsight_core.services import publication_notebook as notebooks
from xsight_core.services.audit import SYSTEM, Actor, record
from xsight_core.services.jobs import enqueue
from xsight_core.services.publication_notebook import Cell, Parameter
from xsight_core.tenancy import Tenancy

__all__ = [
    "HandIn",
    "Plan",
    "PublicationDetail",
    "PublicationView",
    "RunView",
    "VersionView",
    "ask_for_run",
    "decide",
    "hand_in",
    "list_publications",
    "plan",
    "promise_runs",
    "read_publication",
    "remove",
    "repeat_run",
    "run_of_page",
    "show",
]

MOST_IN_REVIEW: Final = 20
RUNS_SHOWN: Final = 50
_GONE: Final = "There is no such publication."


class HandIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A notebook (the content of an .ipynb file) to be reviewed; with ``publication`` as a new version of that."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    notebook: dict[str, Any]
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    publication: UUID | None = None


class Plan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """When it runs by itself, at an hour of the shop's day, and which members are told by mail (their ids)."""

    every: Literal["never", "day", "week", "month"] = "never"
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 6
    mail_to: Annotated[list[UUID], msgspec.Meta(max_length=50)] = []


class RunView(msgspec.Struct, frozen=True):
    """A run. ``run_key`` is the digest of code, data and parameters; equal keys give equal bytes (``sha256``)."""

    id: UUID
    version: int
    reason: str
    status: str
    parameters: dict[str, Any]
    run_key: str | None
    data_version: int | None
    sha256: str | None
    bytes: int | None
    error: dict[str, Any] | None
    repeats: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class VersionView(msgspec.Struct, frozen=True):
    """A version; ``changes`` is the unified diff against the version shown."""

    version: int
    state: str
    digest: str
    note: str
    remark: str
    parameters: list[Parameter]
    submitted_by: UUID
    submitted_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    changes: list[str]


class PublicationView(msgspec.Struct, frozen=True):
    """A publication; ``published`` is the version that readers see, ``in_review`` the one that waits."""

    id: UUID
    title: str
    published: int | None
    in_review: int | None
    every: str | None
    hour: int
    next_at: datetime | None
    mail_to: list[str]
    created_by: UUID
    created_at: datetime


class PublicationDetail(PublicationView, frozen=True):
    """With all versions and the newest runs."""

    versions: list[VersionView]
    runs: list[RunView]


async def hand_in(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, *, user_id: UUID, what: HandIn
) -> tuple[PublicationView, UUID]:
    """Store the notebook's code and have it run for the reviewers; the job to ring for.

    Raises
    ------
    InvalidInput
        It is no notebook, or its parameters cannot be understood.
    Conflict
        Too many wait already, or nothing changed.
    """
    cells = notebooks.parse(what.notebook)
    if not what.title.strip() or "\x00" in what.title + what.note:
        raise InvalidInput("title", "Give it a title.")
    digest = notebooks.digest_of(cells)
    async with tenancy.scope(tenant_id) as session:
        if await rows.count_open(session) >= MOST_IN_REVIEW:
            raise Conflict(
                f"{MOST_IN_REVIEW} notebooks wait for a review; have some decided first."
            )
        if what.publication is None:
            found = Publication(
                tenant_id=tenant_id,
                id=uuid4(),
                title=what.title.strip(),
                created_by=user_id,
                mail_to=[],
            )
            session.add(found)
            await session.flush()
            await session.refresh(found)
        else:
            found = await _need(session, what.publication)
            newest = (await rows.list_versions(session, found.id))[:1]
            if newest and newest[0].digest == digest and newest[0].state in {"review", "approved"}:
                raise Conflict(f"Version {newest[0].version} is the same notebook.")
        version = PublicationVersion(
            tenant_id=tenant_id,
            publication_id=found.id,
            digest=digest,
            cells=msgspec.to_builtins(cells),
            parameters=msgspec.to_builtins(notebooks.declared(cells)),
            note=what.note,
            submitted_by=user_id,
        )
        await rows.add_version(session, version)
        job = await _promise(session, version, "review", {}, user_id)
        await record(
            session, tenant_id, actor, "publication.handed_in", object=str(found.id),
            details={"version": version.version, "digest": digest},
        )  # fmt: skip
        return _view(found, [version]), job


async def list_publications(
    tenancy: Tenancy, tenant_id: UUID, *, published_only: bool = False
) -> list[PublicationView]:
    """All of the store, or those that readers see."""
    async with tenancy.scope(tenant_id) as session:
        found = [
            _view(one, await rows.list_versions(session, one.id))
            for one in await rows.list_all(session)
        ]
    return [one for one in found if one.published is not None or not published_only]


async def read_publication(
    tenancy: Tenancy, tenant_id: UUID, publication: UUID
) -> PublicationDetail:
    """One with its versions, their changes against the one shown, and its newest runs."""
    async with tenancy.scope(tenant_id) as session:
        found = await _need(session, publication)
        versions = await rows.list_versions(session, publication)
        runs = await rows.list_runs(session, publication, RUNS_SHOWN)
        shown = next((one for one in versions if one.version == found.published), None)
        base = _cells(shown) if shown else []
        return PublicationDetail(
            **msgspec.structs.asdict(_view(found, versions)),
            versions=[_version(one, base) for one in versions],
            runs=[_run(one) for one in runs],
        )


async def decide(
    tenancy: Tenancy,
    tenant_id: UUID,
    actor: Actor,
    *,
    user_id: UUID,
    publication: UUID,
    version: int,
    approve: bool,
    remark: str = "",
) -> PublicationView:
    """Approve a version, which shows it, or decline it. Approving needs its page: nobody approves what nobody saw."""
    async with tenancy.scope(tenant_id) as session:
        await _need(session, publication)
        if approve and await rows.latest_done(session, publication, version) is None:
            raise Conflict("It has not run well yet, so there is no page to look at.")
        state = "approved" if approve else "declined"
        if not await rows.decide(
            session, publication, version, state=state, by=user_id, remark=remark[:2000]
        ):
            raise Conflict("This version does not wait for a review.")
        if approve:
            await rows.change(session, publication, published=version)
        await record(
            session, tenant_id, actor, f"publication.{state}", object=str(publication),
            details={"version": version},
        )  # fmt: skip
        return await _viewed(session, publication)


async def show(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, *, publication: UUID, version: int | None
) -> tuple[PublicationView, UUID | None]:
    """Roll back or forward to an approved version, which runs anew; None takes the page away. The job to ring for."""
    async with tenancy.scope(tenant_id) as session:
        await _need(session, publication)
        job = None
        if version is not None:
            found = await rows.find_version(session, publication, version)
            if found is None or found.state != "approved":
                raise Conflict("Only a version that was approved can be shown.")
            job = await _promise(session, found, "publish", {}, None)
        await rows.change(session, publication, published=version)
        what = "publication.withdrawn" if version is None else "publication.shown"
        await record(
            session, tenant_id, actor, what, object=str(publication), details={"version": version}
        )
        return await _viewed(session, publication), job


async def plan(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, *, publication: UUID, wish: Plan
) -> PublicationView:
    """Say when it runs by itself and who is told; mail goes to members only."""
    async with tenancy.scope(tenant_id) as session:
        await _need(session, publication)
        members = await rows.emails_of(session, wish.mail_to)
        strangers = [user for user in wish.mail_to if user not in members]
        if strangers:
            raise InvalidInput("mail_to", f"{strangers[0]} is not a member of this store.")
        zone = (await need_state(session, tenant_id)).timezone
        await rows.change(
            session,
            publication,
            every=None if wish.every == "never" else wish.every,
            hour=wish.hour,
            mail_to=[str(user) for user in wish.mail_to],
            next_at=next_time(wish.every, wish.hour, zone, datetime.now(UTC))
            if wish.every != "never"
            else None,
        )
        await record(
            session, tenant_id, actor, "publication.planned", object=str(publication),
            details={"every": wish.every, "hour": wish.hour},
        )  # fmt: skip
        return await _viewed(session, publication)


async def remove(tenancy: Tenancy, tenant_id: UUID, actor: Actor, publication: UUID) -> list[UUID]:
    """Take it away with versions and runs; the runs whose files have to go."""
    async with tenancy.scope(tenant_id) as session:
        await _need(session, publication)
        runs = [one.id for one in await rows.list_runs(session, publication, 1_000_000)]
        await rows.remove(session, publication)
        await record(session, tenant_id, actor, "publication.removed", object=str(publication))
    return runs


async def ask_for_run(
    tenancy: Tenancy,
    tenant_id: UUID,
    actor: Actor,
    *,
    user_id: UUID,
    publication: UUID,
    parameters: dict[str, Any],
) -> tuple[RunView, UUID]:
    """Run the version shown with these parameters; the job to ring for."""
    async with tenancy.scope(tenant_id) as session:
        found = await _need(session, publication)
        shown = (
            await rows.find_version(session, publication, found.published)
            if found.published
            else None
        )
        if shown is None:
            raise Conflict("It is not published, so there is nothing to run.")
        run = _new_run(shown, "asked", parameters, user_id)
        await rows.add_run(session, run)
        job = await _enqueue(session, run)
        await record(
            session, tenant_id, actor, "publication.run_asked", object=str(publication),
            details={"run": str(run.id)},
        )  # fmt: skip
        await session.refresh(run)
        return _run(run), job


async def repeat_run(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, *, user_id: UUID, run: UUID
) -> tuple[RunView, UUID]:
    """Do a run again from its stored snapshot: the same code, parameters and answers; the job to ring for."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_run(session, run)
        if found is None:
            raise NotFound("There is no such run.")
        if found.status != "done":
            raise Conflict("Only a run that went well can be repeated.")
        again = PublicationRun(
            tenant_id=tenant_id,
            id=uuid4(),
            publication_id=found.publication_id,
            version=found.version,
            reason="repeat",
            repeats=found.repeats or found.id,
            parameters=found.parameters,
            requested_by=user_id,
        )
        await rows.add_run(session, again)
        job = await _enqueue(session, again)
        await record(session, tenant_id, actor, "publication.run_repeated", object=str(run))
        await session.refresh(again)
        return _run(again), job


async def run_of_page(
    tenancy: Tenancy, tenant_id: UUID, publication: UUID, run: UUID | None, *, reviews: bool
) -> RunView:
    """The run whose page is asked for: a given one, or the newest of the version shown.

    Readers see runs of the version that is shown; ``reviews``: also of others.
    """
    async with tenancy.scope(tenant_id) as session:
        found = await _need(session, publication)
        one = (
            await rows.find_run(session, run)
            if run is not None
            else await rows.latest_done(session, publication, found.published)
            if found.published
            else None
        )
        if (
            one is None
            or one.publication_id != publication
            or (one.version != found.published and not reviews)
        ):
            raise NotFound("There is no such page.")
        return _run(one)


async def promise_runs(tenancy: Tenancy, tenant_id: UUID, now: datetime) -> int:
    """Enqueue those whose time has come, and say when the next is; how many."""
    async with tenancy.scope(tenant_id) as session:
        due = await rows.due(session, now)
        zone = (await need_state(session, tenant_id)).timezone if due else "UTC"
        for one in due:
            version = await rows.find_version(session, one.id, one.published or 0)
            if version is not None:
                await _promise(session, version, "schedule", {}, None)
            following = next_time(one.every, one.hour, zone, now) if one.every else None
            await rows.change(session, one.id, next_at=following)
            await record(session, tenant_id, SYSTEM, "publication.run_due", object=str(one.id))
    return len(due)


def next_time(every: str, hour: int, zone: str, now: datetime) -> datetime:
    """The next such hour of the shop's day: tomorrow's or today's, a Monday's, the first of a month's.

    >>> next_time("week", 6, "Europe/Berlin", datetime(2026, 11, 22, 12, tzinfo=UTC)).isoformat()
    '2026-11-23T05:00:00+00:00'
    """
    local = now.astimezone(ZoneInfo(zone))
    for days in range(32):
        day = local.date() + timedelta(days=days)
        at = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        fits = (
            every == "day"
            or (every == "week" and day.weekday() == 0)
            or (every == "month" and day.day == 1)
        )
        if fits and at > now:
            return at
    return now + timedelta(days=32)  # no calendar comes here


# ------------------------------------------------------------------------------------------- inside
async def _need(session: AsyncSession, publication: UUID) -> Publication:
    found = await rows.find(session, publication)
    if found is None:
        raise NotFound(_GONE)
    return found


async def _viewed(session: AsyncSession, publication: UUID) -> PublicationView:
    found = await _need(session, publication)
    await session.refresh(found)
    return _view(found, await rows.list_versions(session, publication))


async def _promise(
    session: AsyncSession,
    version: PublicationVersion,
    reason: str,
    parameters: dict[str, Any],
    user_id: UUID | None,
) -> UUID:
    run = _new_run(version, reason, parameters, user_id)
    await rows.add_run(session, run)
    return await _enqueue(session, run)


def _new_run(
    version: PublicationVersion, reason: str, parameters: dict[str, Any], user_id: UUID | None
) -> PublicationRun:
    declared = msgspec.convert(version.parameters, list[Parameter])
    return PublicationRun(
        tenant_id=version.tenant_id,
        id=uuid4(),
        publication_id=version.publication_id,
        version=version.version,
        reason=reason,
        parameters=notebooks.bound(declared, parameters),
        requested_by=user_id,
    )


async def _enqueue(session: AsyncSession, run: PublicationRun) -> UUID:
    return await enqueue(
        session,
        tenant_id=run.tenant_id,
        kind="notebook",
        key=str(run.id),
        payload={"notebook": str(run.id)},
    )


def _cells(version: PublicationVersion) -> list[Cell]:
    return msgspec.convert(version.cells, list[Cell])


def _view(found: Publication, versions: Sequence[PublicationVersion]) -> PublicationView:
    return PublicationView(
        id=found.id,
        title=found.title,
        published=found.published,
        in_review=next((one.version for one in versions if one.state == "review"), None),
        every=found.every,
        hour=found.hour,
        next_at=found.next_at,
        mail_to=list(found.mail_to),
        created_by=found.created_by,
        created_at=found.created_at,
    )


def _version(one: PublicationVersion, base: list[Cell]) -> VersionView:
    names = VersionView.__struct_fields__
    held = {name: getattr(one, name) for name in names if name not in {"parameters", "changes"}}
    return VersionView(
        **held,
        parameters=msgspec.convert(one.parameters, list[Parameter]),
        changes=notebooks.difference(base, _cells(one)),
    )


def _run(one: PublicationRun) -> RunView:
    return RunView(**{name: getattr(one, name) for name in RunView.__struct_fields__})
