"""Statements on who is in segments: written whole by a refresh, read by whoever asks."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from xsight_core.db.scoped import TENANT

__all__ = [
    "LastRefresh",
    "Stored",
    "add_events",
    "last_refresh",
    "lock_segments",
    "note_refresh",
    "note_trouble",
    "ordinals_of",
    "people_at",
    "put_membership",
    "read_events_after",
    "read_membership",
    "read_moves",
    "read_stored",
]

_Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Stored:
    """A saved segment and who is in it, if that was ever worked out."""

    id: UUID
    name: str
    rule: Any
    since_day: int | None
    digest: str | None
    bits: bytes | None


@dataclass(frozen=True)
class LastRefresh:
    """What the last refresh had seen."""

    at: datetime
    day: int
    data_version: int
    insight_run: UUID | None
    mark: dict[str, Any]


def lock_segments(connection: _Connection, tenant_id: UUID) -> None:
    """One refresh of a tenant at a time, until the transaction ends."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"segments {tenant_id}"]
    )


def read_stored(connection: _Connection) -> list[Stored]:
    """All saved segments."""
    with connection.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(
            "SELECT s.id, s.name, s.rule, m.since_day, m.digest, m.bits FROM xsight.segments s "
            "LEFT JOIN xsight.segment_members m ON m.tenant_id = s.tenant_id AND m.segment_id = s.id"
        ).fetchall()


def last_refresh(connection: _Connection) -> LastRefresh | None:
    """None before the first one."""
    with connection.cursor(row_factory=class_row(LastRefresh)) as cursor:
        return cursor.execute(
            "SELECT at, day, data_version, insight_run, mark FROM xsight.segment_refreshes"
        ).fetchone()


def note_refresh(connection: _Connection, done: LastRefresh) -> None:
    """What this refresh has seen."""
    connection.execute(
        f"INSERT INTO xsight.segment_refreshes (tenant_id, at, day, data_version, insight_run, mark) "  # noqa: S608
        f"VALUES ({TENANT}, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id) DO UPDATE SET at = excluded.at, "
        "day = excluded.day, data_version = excluded.data_version, insight_run = excluded.insight_run, "
        "mark = excluded.mark",
        [done.at, done.day, done.data_version, done.insight_run, json.dumps(done.mark)],
    )


def put_membership(
    connection: _Connection,
    segment: Stored,
    *,
    digest: str,
    bits: bytes,
    day: int,
    at: datetime,
    data_version: int,
    members: int,
    net_minor: int | None,
) -> None:
    """Who is in it now; ``net_minor`` is None where it was not worked out: the day's earlier one stays."""
    if bits != segment.bits or digest != segment.digest:
        connection.execute(
            f"INSERT INTO xsight.segment_members (tenant_id, segment_id, since_day, digest, bits) "  # noqa: S608
            f"VALUES ({TENANT}, %s, %s, %s, %s) ON CONFLICT (tenant_id, segment_id) "
            "DO UPDATE SET digest = excluded.digest, bits = excluded.bits",
            [segment.id, day, digest, bits],
        )
    connection.execute(
        "UPDATE xsight.segments SET members = %s, refreshed_at = %s, data_version = %s, trouble = NULL WHERE id = %s",
        [members, at, data_version, segment.id],
    )
    connection.execute(
        f"INSERT INTO xsight.segment_sizes AS s (tenant_id, segment_id, day, members, net_minor) "  # noqa: S608
        f"VALUES ({TENANT}, %(segment)s, %(day)s, %(members)s, coalesce(%(net)s, (SELECT net_minor FROM "
        "xsight.segment_sizes WHERE segment_id = %(segment)s ORDER BY day DESC LIMIT 1), 0)) "
        "ON CONFLICT (tenant_id, segment_id, day) DO UPDATE SET members = excluded.members, "
        "net_minor = coalesce(%(net)s, s.net_minor)",
        {"segment": segment.id, "day": day, "members": members, "net": net_minor},
    )


def note_trouble(connection: _Connection, segment_id: UUID, field: str, message: str) -> None:
    """Why a segment cannot be worked out; who was in it stays."""
    connection.execute(
        "UPDATE xsight.segments SET trouble = %s WHERE id = %s",
        [json.dumps({"field": field, "message": message}), segment_id],
    )


def add_events(
    connection: _Connection,
    tenant_id: UUID,
    events: Iterable[tuple[UUID, Sequence[int], bool]],
    *,
    at: datetime,
    day: int,
) -> None:
    """Comings (true) and goings of customers by segment."""
    for segment, customers, entered in events:
        connection.execute(
            "INSERT INTO xsight.segment_events (tenant_id, segment_id, customer_id, entered, at, day) "
            "SELECT %s, %s, customer, %s, %s, %s FROM unnest(%s::bigint[]) AS moved (customer)",
            [tenant_id, segment, entered, at, day, list(customers)],
        )


def read_events_after(connection: _Connection, segment_id: UUID, day: int) -> dict[int, bool]:
    """Of each customer who came or went after a day whether its first event since then was to come."""
    return dict(
        connection.execute(
            "SELECT DISTINCT ON (customer_id) customer_id, entered FROM xsight.segment_events "
            "WHERE segment_id = %s AND day > %s ORDER BY customer_id, id",
            [segment_id, day],
        ).fetchall()
    )


def read_moves(
    connection: _Connection, segment_id: UUID, days: int, most: int
) -> tuple[list[tuple[int, int, int]], list[tuple[int, bool, datetime]]]:
    """Comings and goings by day over the last so many days on which there were any, and the newest of them."""
    by_day = connection.execute(
        "SELECT day, count(*) FILTER (WHERE entered), count(*) FILTER (WHERE NOT entered) "
        "FROM xsight.segment_events WHERE segment_id = %s GROUP BY day ORDER BY day DESC LIMIT %s",
        [segment_id, days],
    ).fetchall()
    newest = connection.execute(
        "SELECT customer_id, entered, at FROM xsight.segment_events WHERE segment_id = %s "
        "ORDER BY id DESC LIMIT %s",
        [segment_id, most],
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in by_day][::-1], [
        (row[0], row[1], row[2]) for row in newest
    ]


def read_membership(connection: _Connection, segment_id: UUID) -> tuple[bool, int, bytes] | None:
    """Whether a segment's rule asks personal data, the day its membership begins, who is in it; None: no segment.

    Before its first refresh nobody is in it, and the day is -1.
    """
    row = connection.execute(
        "SELECT s.personal, coalesce(m.since_day, -1), coalesce(m.bits, '') FROM xsight.segments s "
        "LEFT JOIN xsight.segment_members m ON m.tenant_id = s.tenant_id AND m.segment_id = s.id WHERE s.id = %s",
        [segment_id],
    ).fetchone()
    return None if row is None else (row[0], row[1], bytes(row[2]))


def people_at(connection: _Connection, ordinals: Sequence[int]) -> list[tuple[int, int]]:
    """Ordinal and id of customers, by ordinal."""
    rows = connection.execute(
        "SELECT ordinal, id FROM xsight.customers WHERE ordinal = ANY(%s) ORDER BY ordinal",
        [list(ordinals)],
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


def ordinals_of(connection: _Connection, customers: Sequence[int]) -> dict[int, int]:
    """Ordinals of customers, by id."""
    return dict(
        connection.execute(
            "SELECT id, ordinal FROM xsight.customers WHERE id = ANY(%s)", [list(customers)]
        ).fetchall()
    )
