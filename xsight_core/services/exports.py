"""Files of rows for programs and spreadsheets: asked for, made by a worker, fetched by a link that ends.

All or nothing: a file is written aside and takes its name when it is whole; a worker that dies leaves nothing that
anybody could fetch, and the next one begins anew, as of one moment of the data. It is removed a day later, or as soon
as somebody in it has to be forgotten.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, cast
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.crypto import Keyring
from xsight_core.db import exports as rows
from xsight_core.db.exports import FORMATS, Column, ExportKind, Format
from xsight_core.db.tables import Export
from xsight_core.errors import Conflict, Forbidden, InvalidInput, NotFound, SealBroken, XsightError
from xsight_core.services.accounts import tenants_of
from xsight_core.services.audit import SYSTEM, Actor, record
from xsight_core.services.export_kinds import EXPORTS
from xsight_core.services.jobs import ClaimedJob, enqueue
from xsight_core.tenancy import Tenancy

__all__ = [
    "LIFETIME",
    "LINK_LIFETIME",
    "MOST_AT_ONCE",
    "Download",
    "ExportView",
    "ExportWish",
    "end_of_export",
    "erase_exports",
    "fail_export",
    "file_of",
    "form_of",
    "list_exports",
    "new_link",
    "open_link",
    "parse_wish",
    "promise_end",
    "read_export",
    "remove_export",
    "request_export",
]

LIFETIME: Final = timedelta(hours=24)
LINK_LIFETIME: Final = timedelta(minutes=10)
MOST_AT_ONCE: Final = 5
_SHOWN: Final = 100
_LINK: Final = "export link"


class ExportWish(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What to export. Without ``columns`` all of the kind; those that name people only with ``personal``."""

    kind: Annotated[str, msgspec.Meta(max_length=60)]
    format: Format = "csv"
    columns: (
        Annotated[list[Annotated[str, msgspec.Meta(max_length=60)]], msgspec.Meta(max_length=100)]
        | None
    ) = None
    filters: dict[str, Any] = {}
    personal: bool = False


class ExportView(msgspec.Struct, frozen=True):
    """An export; ``status`` is queued, running, done, failed or expired. ``columns`` are those of the file."""

    id: UUID
    kind: str
    format: str
    status: str
    columns: list[str]
    filters: dict[str, Any]
    personal: bool
    requested_by: UUID
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    rows: int | None
    bytes: int | None
    error: dict[str, Any] | None


@dataclass(frozen=True)
class Download:
    """A file that may be handed out now."""

    path: Path
    name: str
    form: Format
    rows: int
    tenant_id: UUID
    user_id: UUID


async def request_export(
    tenancy: Tenancy,
    tenant_id: UUID,
    actor: Actor,
    *,
    user_id: UUID,
    wish: ExportWish,
    pii: bool,
) -> tuple[ExportView, UUID]:
    """Promise an export, and the job that makes it (ring for it).

    Raises
    ------
    InvalidInput
        The kind, a column or a filter does not exist or fit.
    Forbidden
        Personal data was asked for by who may not see it.
    Conflict
        The store has enough of them under way.
    """
    kind, columns, filters = parse_wish(wish)
    if wish.personal and not pii:
        raise Forbidden("This export names people; you may not see that in this store.")
    export = Export(
        tenant_id=tenant_id,
        id=uuid4(),
        kind=kind.name,
        format=wish.format,
        columns=[column.name for column in columns],
        filters=msgspec.to_builtins(filters),
        personal=any(column.personal for column in columns),
        requested_by=user_id,
    )
    async with tenancy.scope(tenant_id) as session:
        if await rows.count_live(session) >= MOST_AT_ONCE:
            raise Conflict(f"{MOST_AT_ONCE} exports are under way; wait until one has ended.")
        await rows.add_export(session, export)
        if kind.prepare is not None:
            await kind.prepare(session, tenant_id, export.id, filters)
        job = await enqueue(
            session,
            tenant_id=tenant_id,
            kind="export",
            key=str(export.id),
            payload={"export": str(export.id)},
        )
        await record(
            session,
            tenant_id,
            actor,
            "export.requested",
            object=str(export.id),
            details={"kind": kind.name, "format": wish.format, "personal": export.personal},
        )
    return _view(export), job


def parse_wish(wish: ExportWish) -> tuple[ExportKind, Sequence[Column], Any]:
    """The kind, its columns as they will stand in the file, and the filters."""
    kind = EXPORTS.get(wish.kind)
    if kind is None:
        raise InvalidInput("kind", f"Export one of {', '.join(EXPORTS)}.")
    known = {column.name: column for column in kind.columns}
    names = wish.columns if wish.columns is not None else list(known)
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) < len(names):
        fault = (
            f"{unknown[0]!r} is not one of them" if unknown else "name each once, and at least one"
        )
        raise InvalidInput("columns", f"Columns of {kind.name} are {', '.join(known)}; {fault}.")
    columns = [known[name] for name in names]
    named = [column.name for column in columns if column.personal]
    if named and not wish.personal:
        if wish.columns is not None:
            raise InvalidInput("personal", f"{', '.join(named)} names people: say personal: true.")
        columns = [column for column in columns if not column.personal]
    try:
        filters = msgspec.convert(wish.filters, kind.filters)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        raise InvalidInput(f"filters{place.rstrip('`')}", f"{message}.") from None
    if "\x00" in msgspec.json.encode(wish.filters).decode().replace("\\u0000", "\x00"):
        raise InvalidInput("filters", "A filter holds a character that no text here has.")
    return kind, columns, filters


async def list_exports(tenancy: Tenancy, tenant_id: UUID) -> list[ExportView]:
    """The newest hundred."""
    async with tenancy.scope(tenant_id) as session:
        return [_view(export) for export in await rows.list_exports(session, limit=_SHOWN)]


async def read_export(tenancy: Tenancy, tenant_id: UUID, export_id: UUID) -> ExportView:
    """One, or ``NotFound``."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_export(session, export_id)
    if found is None:
        raise NotFound("There is no such export.")
    return _view(found)


async def remove_export(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, export_id: UUID, home: Path
) -> None:
    """Take it back, whatever it is: its file is gone, and a worker that makes it stops in vain."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.remove_export(session, export_id)
        if found is None:
            raise NotFound("There is no such export.")
        await record(session, tenant_id, actor, "export.removed", object=str(export_id))
    file_of(home, tenant_id, found).unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------- its end
async def fail_export(tenancy: Tenancy, job: ClaimedJob, error: Exception) -> None:
    """Say why it did not come about."""
    export_id = UUID(job.payload["export"])
    ours = isinstance(error, XsightError)
    told = {
        "code": error.code if isinstance(error, XsightError) else "internal",
        "message": str(error) if ours else "Something went wrong on our side.",
    }
    async with tenancy.scope(job.tenant_id) as session:
        until = await rows.end_export(session, export_id, lifetime=LIFETIME, error=told)
        if until is not None:
            await promise_end(session, job.tenant_id, export_id, until)


async def end_of_export(tenancy: Tenancy, tenant_id: UUID, export_id: UUID, home: Path) -> None:
    """Its day is over: the file goes, the row says so."""
    async with tenancy.scope(tenant_id) as session:
        gone = await rows.expire_exports(session, export_id=export_id)
        for export in gone:
            file_of(home, tenant_id, export).unlink(missing_ok=True)
            await record(session, tenant_id, SYSTEM, "export.expired", object=str(export.id))


async def erase_exports(
    tenancy: Tenancy, tenant_id: UUID, home: Path, *, personal_only: bool = True
) -> int:
    """Remove files that name people (or all), because somebody is to be forgotten; how many there were."""
    async with tenancy.scope(tenant_id) as session:
        gone = await rows.expire_exports(session, personal_only=personal_only)
        for export in gone:
            file_of(home, tenant_id, export).unlink(missing_ok=True)
            await record(session, tenant_id, SYSTEM, "export.erased", object=str(export.id))
    if not personal_only:
        with contextlib.suppress(OSError):
            for left in (home / "exports" / str(tenant_id)).iterdir():
                left.unlink()
    return len(gone)


# ------------------------------------------------------------------------------------------- the way to the file
def new_link(keyring: Keyring, tenant_id: UUID, export_id: UUID, user_id: UUID) -> str:
    """What opens the file for ten minutes, for whoever holds it."""
    until = int((datetime.now(UTC) + LINK_LIFETIME).timestamp())
    claims = msgspec.json.encode((str(export_id), str(user_id), until)).decode()
    return keyring.seal(claims, tenant_id=tenant_id, purpose=_LINK)


async def open_link(
    tenancy: Tenancy, keyring: Keyring, tenant_id: UUID, export_id: UUID, ticket: str, home: Path
) -> Download:
    """The file behind a link. Dead with its time, with its export, and with the membership of who made the link."""
    try:
        claims = keyring.open(ticket, tenant_id=tenant_id, purpose=_LINK)
        named, user, until = msgspec.json.decode(claims, type=tuple[UUID, UUID, int])
    except (SealBroken, UnicodeError, msgspec.MsgspecError):
        raise Forbidden("This link is not one of ours; get a new one from the export.") from None
    if named != export_id or until < datetime.now(UTC).timestamp():
        raise Forbidden("This link has ended; get a new one from the export.")
    place = next((own for own in await tenants_of(tenancy, user) if own.id == tenant_id), None)
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_export(session, export_id)
    ended = found is None or found.status != "done" or not found.expires_at
    if place is None or found is None or ended or (found.personal and not place.pii):
        raise NotFound("There is no such export any more.")
    path = file_of(home, tenant_id, found)
    if (found.expires_at or datetime.now(UTC)) <= datetime.now(UTC) or not path.is_file():
        raise NotFound("There is no such export any more.")
    name = f"{found.kind}-{found.created_at:%Y-%m-%d}.{found.format}"
    return Download(path, name, form_of(found), found.rows or 0, tenant_id, user)


# ------------------------------------------------------------------------------------------- inside
async def promise_end(
    session: AsyncSession, tenant_id: UUID, export_id: UUID, until: datetime
) -> None:
    """Let it be removed when its day is over."""
    job = await enqueue(
        session,
        tenant_id=tenant_id,
        kind="export_end",
        key=str(export_id),
        payload={"export": str(export_id)},
    )
    await rows.due_at(session, job, until)


def file_of(home: Path, tenant_id: UUID, export: Export) -> Path:
    """Where the file is, or will be."""
    return home / "exports" / str(tenant_id) / f"{export.id}.{form_of(export)}"


def form_of(export: Export) -> Format:
    """Its format."""
    assert export.format in FORMATS  # noqa: S101 - checked when it was asked for
    return cast("Format", export.format)


def _view(export: Export) -> ExportView:
    return msgspec.convert(export, ExportView, from_attributes=True)
