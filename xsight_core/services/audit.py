"""The audit log: who did what, when, from where, to how many rows; and the proof that nothing of it was changed.

Each event's hash covers its own fields and the hash before it. The database makes them (``db/sql/private.sql``), this
module recomputes them from the rows or from an exported file, so the two check each other. A chain cannot show that its
newest events were cut off: keep the head (number and hash) that a verification prints, and hand it to the next one.
"""

import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import audit as rows
from xsight_core.db.audit import AuditFilter
from xsight_core.errors import InvalidInput
from xsight_core.tenancy import Tenancy

__all__ = [
    "INSTALLATION",
    "SYSTEM",
    "Actor",
    "AuditFilter",
    "AuditPage",
    "EventView",
    "Verdict",
    "export_events",
    "list_events",
    "record",
    "verify",
    "verify_tenant",
]

INSTALLATION: Final = UUID(int=0)
"""The chain of what belongs to no tenant: log-ins that failed, passwords that were reset."""

_FIRST: Final = bytes(32)
_CHUNK: Final = 2000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Actor:
    """Who acts, from where, and under which request the log knows it."""

    kind: Literal["user", "token", "notebook", "system"]
    id: str | None
    address: str | None = None
    request_id: str | None = None


SYSTEM: Final = Actor("system", None)


class EventView(msgspec.Struct, frozen=True):
    """An event. ``email`` is the address the person has today; ``hash`` is what the next event builds on."""

    seq: int
    at: datetime
    actor_kind: str
    actor: str | None
    email: str | None
    action: str
    object: str | None
    address: str | None
    request_id: str | None
    rows: int | None
    details: dict[str, Any]
    hash: str


class AuditPage(msgspec.Struct, frozen=True):
    """A page, the newest first, how many there are in all, and where the next page begins."""

    items: list[EventView]
    total: int
    next_cursor: str | None


@dataclass(frozen=True)
class Verdict:
    """How far the chain holds. ``broken_at``: the first event that does not fit; None when all do."""

    events: int
    head: str
    broken_at: int | None
    reason: str = ""


async def record(
    session: AsyncSession,
    tenant_id: UUID,
    actor: Actor,
    action: str,
    *,
    object: str | None = None,  # noqa: A002 - the column's name and the log's word
    rows_seen: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write an event in the transaction of what it tells of: both are kept, or neither."""
    await rows.add_event(
        session,
        tenant_id=tenant_id,
        actor_kind=actor.kind,
        actor=actor.id,
        action=action,
        object=object,
        address=actor.address,
        request_id=actor.request_id,
        rows=rows_seen,
        details=json.dumps(
            details or {}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ),
    )


async def list_events(
    tenancy: Tenancy, tenant_id: UUID, which: AuditFilter, *, cursor: str | None, limit: int
) -> AuditPage:
    """One page for the viewer."""
    if cursor is not None and not (
        cursor.isascii() and cursor.isdigit() and len(cursor) < 19  # noqa: PLR2004 - a bigint
    ):
        raise InvalidInput("cursor", "Use the next_cursor of the page before.")
    before = int(cursor) if cursor is not None else None
    async with tenancy.scope(tenant_id) as session:
        found = await rows.list_events(session, which, before=before, limit=limit)
        total = await rows.count_events(session, which)
    page = found[:limit]
    return AuditPage(
        items=[_view(row) for row in page],
        total=total,
        next_cursor=str(page[-1]["seq"]) if len(found) > limit else None,
    )


async def export_events(tenancy: Tenancy, tenant_id: UUID) -> AsyncGenerator[bytes]:
    """The whole chain as JSON lines, oldest first: everything a verification elsewhere needs."""
    async for event in _events(tenancy, tenant_id):
        yield json.dumps(_line(event), ensure_ascii=False).encode() + b"\n"


async def verify_tenant(
    tenancy: Tenancy, tenant_id: UUID, *, expect: tuple[int, str] | None = None
) -> Verdict:
    """Recompute a tenant's chain from its rows."""
    return await verify(_lines(tenancy, tenant_id), expect=expect)


async def verify(
    lines: AsyncIterable[Mapping[str, Any]], *, expect: tuple[int, str] | None = None
) -> Verdict:
    """Recompute a chain. ``expect`` is a head (number, hash) noted earlier, which must still be in it."""
    previous, seq, met = _FIRST, 0, expect is None
    async for line in lines:
        wanted = seq + 1
        if line["seq"] != wanted:
            return Verdict(seq, previous.hex(), wanted, f"event {wanted} is missing")
        if line["previous"] != previous.hex():
            return Verdict(seq, previous.hex(), wanted, "it does not follow the event before it")
        computed = _hash(line, previous)
        if line["hash"] != computed.hex():
            return Verdict(seq, previous.hex(), wanted, "its fields do not give its hash")
        previous, seq = computed, wanted
        met = met or expect == (seq, computed.hex())
    if not met and expect is not None:
        reason = "events noted earlier are gone or were replaced"
        return Verdict(seq, previous.hex(), min(seq + 1, expect[0]), reason)
    return Verdict(seq, previous.hex(), None)


async def _events(tenancy: Tenancy, tenant_id: UUID) -> AsyncGenerator[RowMapping]:
    """Chunk by chunk, each in a transaction of its own: what is written meanwhile comes at the end."""
    seq = 0
    while True:
        async with tenancy.scope(tenant_id) as session:
            found = await rows.events_after(session, tenant_id, seq, limit=_CHUNK)
        for event in found:
            yield event
        if len(found) < _CHUNK:
            return
        seq = found[-1]["seq"]


async def _lines(tenancy: Tenancy, tenant_id: UUID) -> AsyncGenerator[dict[str, Any]]:
    async for event in _events(tenancy, tenant_id):
        yield _line(event)


def _line(event: RowMapping) -> dict[str, Any]:
    return {
        **event,
        "tenant_id": str(event["tenant_id"]),
        "at": event["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "previous": event["previous"].hex(),
        "hash": event["hash"].hex(),
    }


def _hash(line: Mapping[str, Any], previous: bytes) -> bytes:
    """As ``private.seal_audit_event`` does: a JSON array of texts, after the hash before it."""
    micros = (datetime.fromisoformat(line["at"]) - _EPOCH) // timedelta(microseconds=1)
    text = json.dumps(
        [
            str(line["seq"]),
            line["tenant_id"],
            str(micros),
            *(line[name] for name in ("actor_kind", "actor", "action", "object", "address")),
            line["request_id"],
            None if line["rows"] is None else str(line["rows"]),
            line["details"],
        ],
        ensure_ascii=False,
    )
    return hashlib.sha256(previous + text.encode()).digest()


def _view(row: RowMapping) -> EventView:
    shown = {name: row[name] for name in EventView.__struct_fields__}
    return EventView(**(shown | {"details": json.loads(row["details"]), "hash": row["hash"].hex()}))
