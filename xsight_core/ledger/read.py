# pyright: reportMissingTypeStubs=false
"""A tenant's orders out of PostgreSQL, packed by the server into a few long byte strings.

Row by row, five million orders would take eight seconds to fetch; as ``string_agg(int8send(x), '')`` in blocks they
take two, because nothing is parsed: the bytes are the column.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import numpy as np
import psycopg

from xsight_core.analytics.orders import COLUMNS, GUEST, Int, Orders

__all__ = ["Ledger", "read_ledger"]

_Connection = psycopg.Connection[tuple[Any, ...]]

_PACKED = """
SELECT string_agg(int8send(id), ''), string_agg(int8send(customer), ''), string_agg(int4send(day), ''),
       string_agg(int8send(gross_minor), ''), string_agg(int8send(discounts_minor), ''),
       string_agg(int8send(returns_minor), ''), string_agg(int8send(net_minor), ''),
       string_agg(int4send(units), ''), string_agg(int2send(flags), ''),
       string_agg(int2send(channel), ''), string_agg(int2send(country), '')
FROM (
  SELECT id, coalesce(customer_id, 0) AS customer, day, gross_minor, discounts_minor, returns_minor, net_minor, units,
         (test::int * 1 + (cancelled_at IS NOT NULL)::int * 2 + (customer_id IS NULL)::int * 4
          + (deleted_at IS NOT NULL)::int * 8 + (gross_minor <= discounts_minor)::int * 16)::int2 AS flags,
         (coalesce(array_position(%(channels)s::text[], channel), 0) - 1)::int2 AS channel,
         (coalesce(array_position(%(countries)s::text[], country), 0) - 1)::int2 AS country,
         (row_number() OVER () - 1) / 50000 AS block
  FROM xsight.orders
) AS rows
GROUP BY block
"""
_WIRE = (">i8", ">i8", ">i4", ">i8", ">i8", ">i8", ">i8", ">i4", ">i2", ">i2", ">i2")

_CUSTOMERS = """
SELECT string_agg(int8send(id), ''), string_agg(int4send(ordinal), ''),
       string_agg(int8send(coalesce(merged_into, 0)), ''),
       count(*) FILTER (WHERE deleted_at IS NULL AND merged_into IS NULL)
FROM xsight.customers
"""
_MAX_CODES = 32_000  # int2


@dataclass(frozen=True, eq=False)
class Ledger:
    """A tenant's orders at a data version; ``customers`` counts all customers, with and without orders."""

    data_version: int
    customers: int
    orders: Orders


def read_ledger(connection: _Connection) -> Ledger:
    """All orders of the tenant that the connection sees, sorted by (day, order id).

    The version is read first: rows committed meanwhile may be in already, and their version, being higher, makes
    the next reader build again.
    """
    (version,) = _one(connection, "SELECT data_version FROM xsight.tenant_state")
    channels = _names(
        connection, "SELECT DISTINCT channel FROM xsight.orders WHERE channel IS NOT NULL"
    )
    countries = _names(
        connection, "SELECT DISTINCT country FROM xsight.orders WHERE country IS NOT NULL"
    )
    names = {"channels": list(channels), "countries": list(countries)}
    blocks = list(_blocks(connection, names))
    wire = [np.concatenate(parts) for parts in zip(*blocks, strict=True)] if blocks else []
    columns: dict[str, Any] = dict(
        zip(COLUMNS, wire or [np.zeros(0, kind) for kind in COLUMNS.values()], strict=True)
    )
    count, customer, customer_id = _ordinals(connection, columns["customer"])
    columns["customer"] = customer
    for name, kind in COLUMNS.items():
        columns[name] = columns[name].astype(kind)
    order = np.lexsort((columns["order_id"], columns["day"]))
    columns = {name: column[order] for name, column in columns.items()}
    orders = Orders(**columns, customer_id=customer_id, channels=channels, countries=countries)
    return Ledger(version, count, orders)


def _blocks(connection: _Connection, names: dict[str, list[str]]) -> Iterator[list[Int]]:
    """Columns of 50,000 orders at a time; within a block all aggregates see the rows in one order."""
    with connection.cursor(binary=True) as cursor:
        for row in cursor.stream(_PACKED, names):
            yield [
                np.frombuffer(packed, kind).astype(np.dtype(kind).newbyteorder("="))
                for packed, kind in zip(row, _WIRE, strict=True)
            ]


def _ordinals(connection: _Connection, ids: Int) -> tuple[int, Int, Int]:
    """Number of customers, each order's customer ordinal, and the customers' ids by ordinal.

    Orders follow a merged customer to the one it was merged into. Customers that have not been synced yet stand
    after the last ordinal; by the next version they have one of their own.
    """
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(_CUSTOMERS).fetchone() or (None, None, None, 0)
    known = np.frombuffer(row[0] or b"", ">i8").astype(np.int64)
    ordinal = np.frombuffer(row[1] or b"", ">i4").astype(np.int64)
    merged = np.frombuffer(row[2] or b"", ">i8").astype(np.int64)
    sorting = np.argsort(known)
    known, ordinal, merged = known[sorting], ordinal[sorting], merged[sorting]

    ids = _follow(ids, known, merged)
    missing = np.unique(ids[~np.isin(ids, known) & (ids != 0)])
    first_free = int(ordinal.max(initial=-1)) + 1
    known = np.r_[known, missing]
    ordinal = np.r_[ordinal, first_free + np.arange(len(missing))]
    customer_id = np.zeros(first_free + len(missing), np.int64)
    customer_id[ordinal] = known

    sorting = np.argsort(known)
    known, ordinal = known[sorting], ordinal[sorting]
    customer = np.full(len(ids), GUEST, np.int64)
    of_someone = np.flatnonzero(ids)
    customer[of_someone] = ordinal[np.searchsorted(known, ids[of_someone])]
    return int(row[3]), customer, customer_id


def _follow(ids: Int, known: Int, merged: Int) -> Int:
    """The customer each one ended up in; a chain of merges is short, a circle is left where it is."""
    into = dict(zip(known[merged != 0].tolist(), merged[merged != 0].tolist(), strict=True))
    if not into:
        return ids
    final: dict[int, int] = {}
    for start in into:
        here, seen = start, {start}
        while here in into and into[here] not in seen:
            here = into[here]
            seen.add(here)
        final[start] = here
    old = np.array(sorted(final), np.int64)
    new = np.array([final[int(key)] for key in old], np.int64)
    position = np.minimum(np.searchsorted(old, ids), len(old) - 1)
    return np.where(old[position] == ids, new[position], ids)


def _names(connection: _Connection, query: LiteralString) -> tuple[str, ...]:
    return tuple(sorted(name for (name,) in connection.execute(query)))[:_MAX_CODES]


def _one(connection: _Connection, query: LiteralString) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or (0,)
