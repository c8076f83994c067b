"""A run of a published notebook from the worker's side: what to execute, on which data, and how it ended."""

import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import publications as rows
from xsight_core.db.tables import Publication, PublicationRun
from xsight_core.db.tenants import need_state
from xsight_core.errors import XsightError
from xsight_core.services.audit import SYSTEM, record
from xsight_core.services.jobs import ClaimedJob
from xsight_core.services.mail import Letter, Post
from xsight_core.tenancy import Tenancy

__all__ = ["NotebookFailed", "RunPlan", "begin_run", "end_run", "fail_notebook", "files_of"]

ENGINE: Final = "1"
"""Part of a run's key: raised when the same notebook would be rendered otherwise."""
KEPT: Final = 60
"""Runs of a publication that are kept with page and snapshot."""
_LIFETIME: Final = timedelta(days=2)


class NotebookFailed(XsightError):
    """A published notebook raised, or took too long."""

    code = "notebook_failed"


@dataclass(frozen=True)
class RunPlan:
    """What the sandbox gets. ``snapshot`` is the folder of answers to give again; None: ask the database."""

    run: UUID
    slug: str
    key: str
    data_version: int
    cells: list[dict[str, Any]]
    parameters: dict[str, Any]
    folder: Path
    snapshot: Path | None


def files_of(home: Path, tenant_id: UUID, run: UUID) -> Path:
    """Folder of a run: ``page.html``, ``notebook.ipynb``, ``tape`` (its snapshot)."""
    return home / "publications" / str(tenant_id) / str(run)


async def begin_run(tenancy: Tenancy, tenant_id: UUID, run: UUID, home: Path) -> RunPlan | None:
    """Mark it as running; None where there is nothing to do any more."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_run(session, run)
        if found is None or found.status not in {"queued", "running"}:
            return None
        version = await rows.find_version(session, found.publication_id, found.version)
        if version is None:
            return None
        snapshot, data_version = None, (await need_state(session, tenant_id)).data_version
        if found.repeats is not None:
            first = await rows.find_run(session, found.repeats)
            snapshot = files_of(home, tenant_id, found.repeats) / "tape"
            if first is None or first.data_version is None or not snapshot.is_dir():
                raise NotebookFailed("The snapshot of that run is no longer kept.")
            data_version = first.data_version
        key = _key(version.digest, data_version, found.parameters)
        await rows.start_run(session, run, run_key=key, data_version=data_version)
        return RunPlan(
            run=run,
            slug=await rows.slug_of(session),
            key=key,
            data_version=data_version,
            cells=version.cells,
            parameters=found.parameters,
            folder=files_of(home, tenant_id, run),
            snapshot=snapshot,
        )


async def end_run(
    tenancy: Tenancy, tenant_id: UUID, plan: RunPlan, post: Post, *, home: Path, public_url: str
) -> list[UUID]:
    """Its files are in place: say so, tell whom the schedule names, let go of old ones; jobs to ring for."""
    page = (plan.folder / "page.html").read_bytes()
    async with tenancy.scope(tenant_id) as session:
        ended = await rows.end_run(
            session, plan.run, sha256=sha256(page).hexdigest(), size=len(page)
        )
        run = await rows.find_run(session, plan.run)
        found = await rows.find(session, run.publication_id) if run else None
        if not ended or run is None or found is None:
            shutil.rmtree(plan.folder, ignore_errors=True)
            return []
        for old in await rows.old_runs(session, found.id, KEPT):
            shutil.rmtree(files_of(home, tenant_id, old), ignore_errors=True)
        if run.reason != "schedule":
            return []
        users = [UUID(user) for user in found.mail_to]
        letter = _letter(found, public_url, "has run", "Its newest numbers are on its page.")
        return await _tell(session, post, await rows.emails_of(session, users), letter)


async def fail_notebook(
    tenancy: Tenancy, job: ClaimedJob, error: Exception, post: Post, *, public_url: str
) -> list[UUID]:
    """Say why it did not come about; of a scheduled run its readers and the store's admins are told as well."""
    run_id = UUID(job.payload["notebook"])
    ours = isinstance(error, XsightError)
    told = {
        "code": error.code if isinstance(error, XsightError) else "internal",
        "message": str(error)[:2000] if ours else "Something went wrong on our side.",
    }
    async with tenancy.scope(job.tenant_id) as session:
        run = await rows.find_run(session, run_id)
        if run is None or not await rows.end_run(session, run_id, error=told):
            return []
        await record(
            session, job.tenant_id, SYSTEM, "publication.run_failed", object=str(run_id),
            details={"code": told["code"]},
        )  # fmt: skip
        found = await rows.find(session, run.publication_id)
        if found is None or run.reason != "schedule":
            return []
        return await _alarm(session, post, found, run, told["message"], public_url)


async def _alarm(
    session: AsyncSession,
    post: Post,
    found: Publication,
    run: PublicationRun,
    why: str,
    public_url: str,
) -> list[UUID]:
    version = await rows.find_version(session, found.id, run.version)
    author = [version.submitted_by] if version else []
    users = [*author, *(UUID(user) for user in found.mail_to)]
    people = await rows.emails_of(session, users, deciders=True)
    letter = _letter(
        found, public_url, "has failed", f"The page still shows the last good run. {why}"
    )
    return await _tell(session, post, people, letter)


def _letter(found: Publication, public_url: str, what: str, says: str) -> Letter:
    return Letter(
        subject=f"{found.title} {what}",
        greeting="Hello,",
        says=f"the scheduled run of “{found.title}” {what}. {says}",
        button="Open it",
        link=f"{public_url}/app/published?id={found.id}",
        otherwise="You are told because its schedule names you, or because you decide what is published.",
    )


async def _tell(
    session: AsyncSession, post: Post, people: dict[UUID, str], letter: Letter
) -> list[UUID]:
    jobs = [
        await post.put(session, address, letter, lifetime=_LIFETIME)
        for address in sorted(set(people.values()))
    ]
    return [job for job in jobs if job is not None]


def _key(digest: str, data_version: int, parameters: dict[str, Any]) -> str:
    named = json.dumps([ENGINE, digest, data_version, parameters], sort_keys=True)
    return sha256(named.encode()).hexdigest()
