"""Requests on personal data, fulfilled: somebody is told what is kept of them, or is forgotten, and it is proven.

An erasure goes through rows, files and caches, then searches all of them for the person's words and ids. Nothing found:
the request is done, and its report says what was searched and names nobody. Something found: it stays open, says
where, and is tried again until it is not. A bundle is made when it is asked for and kept nowhere.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

import msgspec
import structlog
from psycopg import Connection
from sqlalchemy import RowMapping

from xsight_core.db import privacy as rows
from xsight_core.db.erasure import (
    Person,
    count_traces,
    empty_shop,
    find_person,
    forget_person,
    read_person,
)
from xsight_core.db.personal import KEPT_ANYWAY
from xsight_core.errors import Conflict, NotFound
from xsight_core.services import tenants
from xsight_core.services.audit import SYSTEM, Actor, record
from xsight_core.services.belongings import Belongings, Found, pattern_of
from xsight_core.services.exports import erase_exports
from xsight_core.services.jobs import enqueue
from xsight_core.sync.merge import bump, lock_shop
from xsight_core.sync.privacy import DEADLINE
from xsight_core.tenancy import Tenancy

__all__ = [
    "EVIDENCE_KEPT",
    "QUARANTINE_KEPT",
    "Bundle",
    "Caches",
    "RequestView",
    "answer_request",
    "ask",
    "fulfil",
    "keep_promises",
    "list_requests",
    "make_bundle",
]

log = structlog.get_logger()

EVIDENCE_KEPT: Final = timedelta(days=3 * 365)
"""How long the proof of an erasure stays: as long as somebody may ask whether it happened."""
QUARANTINE_KEPT: Final = timedelta(days=90)
_SHOWN: Final = 200
_TO_TELL: Final = "customers/data_request"
_TO_FORGET: Final = "customers/redact"
_WHOLE_SHOP: Final = "shop/redact"


class Caches(Protocol):
    """What the processes share beside the database."""

    async def drop(self, tenant_id: UUID) -> int:
        """Forget every answer kept for the tenant; how many."""
        ...

    async def count(self, forms: list[str]) -> int:
        """Keys whose name or value says one of these."""
        ...


class RequestView(msgspec.Struct, frozen=True):
    """A request and how it stands. ``report`` is the proof, once there is one."""

    id: str
    topic: str
    status: str  # open | done | void
    customer_id: int | None
    received_at: datetime
    due_at: datetime
    days_left: int | None  # until it is due; below zero: overdue; null: closed
    overdue: bool
    finished_at: datetime | None
    report: dict[str, Any] | None


class Bundle(msgspec.Struct, frozen=True):
    """Everything that is kept of one person, and who looked at it."""

    customer_id: int
    made_at: datetime
    data: dict[str, list[dict[str, Any]]]
    seen_by: list[dict[str, Any]]

    @property
    def rows(self) -> int:
        """How many records it holds."""
        return sum(len(found) for found in self.data.values())


@dataclass(frozen=True)
class _Proof:
    """Where the person was still found, and what was searched."""

    tables: dict[str, int]
    files: Found
    caches: int

    @property
    def left(self) -> int:
        kept = {name: count for name, count in self.tables.items() if name not in KEPT_ANYWAY}
        return sum(kept.values()) + len(self.files.named) + self.caches


# ------------------------------------------------------------------------------------------- what people see
async def list_requests(tenancy: Tenancy, tenant_id: UUID) -> list[RequestView]:
    """The open ones first, the most urgent on top."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.list_requests(session, limit=_SHOWN)
    return [_view(row) for row in found]


async def ask(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, *, customer_id: int, forget: bool
) -> tuple[RequestView, UUID | None]:
    """A request that reached the merchant and not Shopify; the job to ring for, where there is something to do."""
    request_id = f"own-{uuid4()}"
    topic = _TO_FORGET if forget else _TO_TELL
    async with tenancy.scope(tenant_id) as session:
        if not await rows.is_customer(session, customer_id):
            raise NotFound("There is no such customer.")
        await rows.add_request(
            session,
            tenant_id=tenant_id,
            webhook_id=request_id,
            topic=topic,
            customer_id=customer_id,
            request={},
            due_at=datetime.now(UTC) + DEADLINE,
        )
        await record(
            session, tenant_id, actor, "privacy.asked", object=request_id, details={"topic": topic}
        )
        promised = {"request": request_id}
        job = (
            await enqueue(
                session, tenant_id=tenant_id, kind="privacy", key=request_id, payload=promised
            )
            if forget
            else None
        )
        row = await rows.find_request(session, request_id)
        assert row is not None  # noqa: S101 - it was written above
    return _view({**row, "overdue": False}), job


async def make_bundle(tenancy: Tenancy, tenant_id: UUID, request_id: str) -> Bundle:
    """What is kept of the person who asks. It is read now and stored nowhere."""
    async with tenancy.scope(tenant_id) as session:
        request = await _open_question(session, request_id)
        events = await rows.events_about(session, request["customer_id"])
    data = await asyncio.to_thread(_read, tenancy, tenant_id, request)
    seen = [{**event, "at": event["at"].isoformat()} for event in events]
    return Bundle(request["customer_id"], datetime.now(UTC), data, seen)


async def answer_request(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, request_id: str, *, bundle: bytes
) -> None:
    """The owner has passed the bundle on: what stays is when, by whom, and the digest of what was handed over."""
    report = {"sha256": hashlib.sha256(bundle).hexdigest(), "bytes": len(bundle)}
    async with tenancy.scope(tenant_id) as session:
        await _open_question(session, request_id)
        await record(
            session, tenant_id, actor, "privacy.answered", object=request_id, details=report
        )
    await asyncio.to_thread(_close, tenancy, tenant_id, request_id, report)


# ------------------------------------------------------------------------------------------- in the worker
async def fulfil(
    tenancy: Tenancy, tenant_id: UUID, request_id: str, *, home: Path, caches: Caches
) -> str:
    """Do what a request asks for; how it stands then. Asked again, it goes on where it stopped."""
    async with tenancy.scope(tenant_id) as session:
        request = await rows.find_request(session, request_id)
        back = await rows.shop_is_back(session, request_id)
    if request is None or request["status"] != "open":
        return "done"
    slugs = {known: slug for slug, known in (await tenants.all_tenants(tenancy)).items()}
    belongings = Belongings(home, tenant_id, slugs[tenant_id])
    if request["topic"] == _TO_TELL:
        return "open"  # it is the owner's to answer
    if request["topic"] == _WHOLE_SHOP:
        if back:
            await _end(tenancy, tenant_id, request_id, "void", {"why": "connected again since"})
            return "void"
        return await _empty(tenancy, tenant_id, request_id, belongings, caches)
    if request["customer_id"] is None:
        await _end(tenancy, tenant_id, request_id, "done", {"why": "erased by another request"})
        return "done"
    return await _erase(tenancy, tenant_id, request, belongings, caches)


async def keep_promises(tenancy: Tenancy) -> None:
    """Try open erasures again, and forget what has been kept long enough, of every tenant."""
    for tenant_id in (await tenants.all_tenants(tenancy)).values():
        async with tenancy.scope(tenant_id) as session:
            for request_id in await rows.open_erasures(session):
                await enqueue(
                    session,
                    tenant_id=tenant_id,
                    kind="privacy",
                    key=request_id,
                    payload={"request": request_id},
                )
        await asyncio.to_thread(_forget_expired, tenancy, tenant_id)


async def _erase(
    tenancy: Tenancy, tenant_id: UUID, request: RowMapping, belongings: Belongings, caches: Caches
) -> str:
    request_id = request["webhook_id"]
    person, forgotten = await asyncio.to_thread(_forget, tenancy, tenant_id, request)
    pattern = pattern_of(person)
    exports = await erase_exports(tenancy, tenant_id, belongings.home, personal_only=False)
    changed = await asyncio.to_thread(belongings.erase, pattern)
    dropped = await caches.drop(tenant_id)
    files = await asyncio.to_thread(belongings.search, pattern)
    kept = await caches.count(person.forms)
    done = {
        "rows": forgotten,
        "exports": exports,
        "files_changed": changed,
        "cached_answers": dropped,
    }
    report, status = await asyncio.to_thread(
        _prove, tenancy, tenant_id, request_id, person, _Proof({}, files, kept), done
    )
    async with tenancy.scope(tenant_id) as session:
        await record(
            session,
            tenant_id,
            SYSTEM,
            "privacy.erased" if status == "done" else "privacy.traces_left",
            object=request_id,
            details=report,
        )
        await enqueue(session, tenant_id=tenant_id, kind="insights", key="erasure")
    log.info("privacy.erased", status=status, left=report["left"])
    return status


async def _empty(
    tenancy: Tenancy, tenant_id: UUID, request_id: str, belongings: Belongings, caches: Caches
) -> str:
    exports = await erase_exports(tenancy, tenant_id, belongings.home, personal_only=False)
    gone = await asyncio.to_thread(_empty_rows, tenancy, tenant_id, request_id)
    changed = await asyncio.to_thread(belongings.empty)
    dropped = await caches.drop(tenant_id)
    report = {
        "rows": gone,
        "exports": exports,
        "files_changed": changed,
        "cached_answers": dropped,
        "left": 0,
        "kept": dict(KEPT_ANYWAY),
    }
    async with tenancy.scope(tenant_id) as session:
        await record(
            session, tenant_id, SYSTEM, "privacy.shop_erased", object=request_id, details=report
        )
    await _end(tenancy, tenant_id, request_id, "done", report)
    return "done"


def _read(
    tenancy: Tenancy, tenant_id: UUID, request: RowMapping
) -> dict[str, list[dict[str, Any]]]:
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        return read_person(cursor, _person(connection, request))


def _forget(
    tenancy: Tenancy, tenant_id: UUID, request: RowMapping
) -> tuple[Person, dict[str, int]]:
    """All rows in one transaction. The words stay with the open request: the search needs them."""
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        lock_shop(cursor)
        person = _person(connection, request)
        done = forget_person(connection, person)
        rows.reopen(
            cursor,
            request["webhook_id"],
            customer_id=request["customer_id"],
            request=_named_by(request) | {"words": list(person.words)},
        )
        bump(cursor)
    return person, done


def _prove(
    tenancy: Tenancy,
    tenant_id: UUID,
    request_id: str,
    person: Person,
    elsewhere: _Proof,
    done: dict[str, Any],
) -> tuple[dict[str, Any], str]:
    """Search the tables as they will be once the request is closed, and close it only if nothing is found."""
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        with connection.transaction() as closing:
            rows.close_request(cursor, request_id, status="done", report={}, erased=True)
            proof = replace(elsewhere, tables=count_traces(cursor, person))
            if proof.left:
                closing.force_rollback = True
        status = "open" if proof.left else "done"
        report = done | {
            "searched_at": datetime.now(UTC).isoformat(),
            "words": len(person.words),
            "left": proof.left,
            "tables": {k: v for k, v in proof.tables.items() if k not in KEPT_ANYWAY},
            "files": proof.files.named,
            "files_searched": proof.files.searched,
            "files_unreadable": proof.files.unreadable,
            "caches": proof.caches,
            "kept": {k: {"rows": proof.tables.get(k, 0), "why": v} for k, v in KEPT_ANYWAY.items()},
        }
        rows.close_request(cursor, request_id, status=status, report=report, erased=False)
    return report, status


def _empty_rows(tenancy: Tenancy, tenant_id: UUID, request_id: str) -> dict[str, int]:
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        lock_shop(cursor)
        return empty_shop(connection, request_id)


def _close(tenancy: Tenancy, tenant_id: UUID, request_id: str, report: dict[str, Any]) -> None:
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        rows.close_request(cursor, request_id, status="done", report=report, erased=True)


def _forget_expired(tenancy: Tenancy, tenant_id: UUID) -> None:
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        rows.forget_expired(cursor, evidence=EVIDENCE_KEPT, quarantine=QUARANTINE_KEPT)


async def _end(
    tenancy: Tenancy, tenant_id: UUID, request_id: str, status: str, report: dict[str, Any]
) -> None:
    def close() -> None:
        with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
            rows.close_request(cursor, request_id, status=status, report=report, erased=True)

    await asyncio.to_thread(close)


def _person(connection: Connection[Any], request: RowMapping) -> Person:
    """Of the rows, of the request, and of what an earlier try has learned."""
    named = _named_by(request)
    customer: Mapping[str, Any] = named.get("customer") or {}
    with connection.cursor() as cursor:
        person = find_person(
            cursor,
            request["customer_id"],
            orders=named.get("orders_to_redact") or [],
            emails=[str(customer.get("email") or "")],
            phones=[str(customer.get("phone") or "")],
        )
    words = {*person.words, *named.get("words", [])}
    return replace(person, words=tuple(sorted(words)))


def _named_by(request: RowMapping) -> dict[str, Any]:
    return dict(request["request"] or {})


async def _open_question(session: Any, request_id: str) -> RowMapping:
    request = None if "\0" in request_id else await rows.find_request(session, request_id)
    if request is None or request["topic"] != _TO_TELL:
        raise NotFound("There is no such question to be answered.")
    if request["status"] != "open" or request["customer_id"] is None:
        raise Conflict("This question was answered, or its customer erased.")
    return request


def _view(row: Mapping[Any, Any]) -> RequestView:
    left = (row["due_at"] - datetime.now(UTC)).days if row["status"] == "open" else None
    return RequestView(
        id=row["webhook_id"],
        topic=row["topic"],
        status=row["status"],
        customer_id=row["customer_id"],
        received_at=row["received_at"],
        due_at=row["due_at"],
        days_left=left,
        overdue=row["overdue"],
        finished_at=row["finished_at"],
        report=row["report"],
    )
