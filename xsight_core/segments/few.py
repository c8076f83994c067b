# pyright: reportMissingTypeStubs=false
"""A book of a few customers, read from the rows: what changed is looked at without the ledger."""

from typing import Any, Final, LiteralString
from uuid import UUID

import numpy as np
import psycopg
from psycopg import sql

from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.parts import Lines, Products
from xsight_core.ledger.customers import Customers
from xsight_core.ledger.scores import SCORES, Scores
from xsight_core.ledger.some_customers import read_some, text_codes
from xsight_core.segments.book import Book
from xsight_core.segments.fields import Basis

__all__ = ["changed_customers", "few_book", "products_changed"]

_Connection = psycopg.Connection[tuple[Any, ...]]

_CHANGED: Final[LiteralString] = """
WITH RECURSIVE changed (id) AS (
  SELECT id FROM xsight.customers WHERE changed_in >= %(since)s
  UNION SELECT customer_id FROM xsight.orders WHERE changed_in >= %(since)s AND customer_id IS NOT NULL),
reached (id) AS (
  SELECT id FROM changed
  UNION SELECT c.merged_into FROM reached r JOIN xsight.customers c ON c.id = r.id
  WHERE c.merged_into IS NOT NULL)
SELECT id FROM reached LIMIT %(most)s"""
_ORDERS: Final[LiteralString] = """
WITH RECURSIVE of (id, root) AS (
  SELECT id, id FROM unnest(%(ids)s::bigint[]) AS asked (id)
  UNION SELECT c.id, of.root FROM of JOIN xsight.customers c ON c.merged_into = of.id)
SELECT o.id, of.root, o.day, o.gross_minor, o.discounts_minor, o.returns_minor, o.units,
       o.test::int + (o.cancelled_at IS NOT NULL)::int * 2 + (o.deleted_at IS NOT NULL)::int * 8
         + (o.gross_minor <= o.discounts_minor)::int * 16
         + (o.currency <> (SELECT currency FROM xsight.tenant_state))::int * 32,
       o.channel, o.country, o.discount_codes[1]
FROM of JOIN xsight.orders o ON o.customer_id = of.id
WHERE NOT EXISTS (SELECT FROM xsight.customers c WHERE c.id = of.root AND c.merged_into IS NOT NULL)
ORDER BY o.day, o.id"""
_LINES: Final[LiteralString] = """
SELECT order_id, coalesce(product_id, 0), coalesce(variant_id, 0), quantity, gross_minor, net_minor, gift_card::int
FROM xsight.order_lines WHERE order_id = ANY(%(ids)s)"""
_PRODUCTS: Final[LiteralString] = """
SELECT id, title, vendor, product_type, tags FROM xsight.products WHERE id = ANY(%(ids)s)"""
_NONE: Final = np.iinfo(np.int64).min
_place: Any = np.searchsorted  # its overloads know nothing of arrays of any kind


def changed_customers(connection: _Connection, since: int, most: int) -> list[int] | None:
    """Customers whose rows or orders changed in transaction ``since`` or later; None where they are over ``most``."""
    found = connection.execute(_CHANGED, {"since": since, "most": most + 1}).fetchall()
    return None if len(found) > most else [row[0] for row in found]


def products_changed(connection: _Connection, since: int) -> bool:
    """Whether the catalogue did."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM xsight.products WHERE changed_in >= %s)", [since]
    ).fetchone()
    return bool(row and row[0])


def few_book(
    connection: _Connection, ids: list[int], run: UUID | None, basis: Basis
) -> tuple[Book, Int]:
    """The book of these customers, and their ordinals in the ledger."""
    people, ordinals = _people(connection, ids)
    orders = _orders(connection, people.columns["id"])
    scores = None if run is None else _scores(connection, people.columns["id"], run)
    return Book(orders, people, scores, basis, lambda _: np.zeros(0, np.int64)), ordinals


def _people(connection: _Connection, ids: list[int]) -> tuple[Customers, Int]:
    columns, names = read_some(connection, "c.id = ANY(%(ids)s)", {"ids": ids})
    ordinals = columns.pop("ordinal")
    return Customers(0, columns, {name: tuple(texts) for name, texts in names.items()}), ordinals


def _orders(connection: _Connection, customers: Int) -> Orders:
    rows = connection.execute(_ORDERS, {"ids": customers.tolist()}).fetchall()
    n: Any = np.array([row[:8] for row in rows], np.int64).reshape(-1, 8).T
    channel, channels = text_codes([row[8] for row in rows])
    country, countries = text_codes([row[9] for row in rows])
    discount, codes = text_codes([row[10] for row in rows])
    lines, products = _lines(connection, n[0])
    return Orders(
        {
            "order_id": n[0],
            "customer": _place(customers, n[1]).astype(np.int32),
            "day": n[2].astype(np.int32),
            "gross_minor": n[3],
            "discounts_minor": n[4],
            "returns_minor": n[5],
            "net_minor": n[3] - n[4] - n[5],
            "units": n[6].astype(np.int32),
            "flags": n[7].astype(np.uint8),
            "channel": channel,
            "country": country,
            "discount": discount,
        },
        len(rows),
        customer_id=customers,
        channels=channels,
        countries=countries,
        discount_codes=codes,
        lines=lines,
        products=products,
    )


def _lines(connection: _Connection, orders: Int) -> tuple[Lines, Products]:
    rows = connection.execute(_LINES, {"ids": orders.tolist()}).fetchall()
    n: Any = np.array(rows, np.int64).reshape(-1, 7)
    by_id = np.argsort(orders)
    position = by_id[_place(orders, n[:, 0], sorter=by_id)] if len(n) else n[:, 0]
    n, position = n[order := np.argsort(position, kind="stable")].T, position[order]
    ids: Int = np.unique(n[1][n[1] != 0])
    known = {
        row[0]: row[1:] for row in connection.execute(_PRODUCTS, {"ids": ids.tolist()}).fetchall()
    }
    rest = [known.get(one, (None, None, None, [])) for one in ids.tolist()]
    tags = np.empty(len(rest), object)
    tags[:] = [tuple(row[3] or ()) for row in rest]
    texts = {
        name: np.array([row[i] for row in rest], object)
        for i, name in enumerate(("title", "vendor", "type"))
    }
    columns = {
        "order": position.astype(np.int32),
        "product": np.where(n[1] == 0, -1, _place(ids, n[1])).astype(np.int32),
        "variant_id": n[2],
        "units": n[3].astype(np.int32),
        "gross_minor": n[4],
        "net_minor": n[5],
        "flags": n[6].astype(np.uint8),
    }
    products = {"product_id": ids, **texts, "tags": tags}
    return Lines(columns, len(position)), Products(products, len(ids))


def _scores(connection: _Connection, customers: Int, run: UUID) -> Scores:
    rows = connection.execute(
        sql.SQL(
            "SELECT customer_id, segment, {} FROM xsight.customer_insights "
            "WHERE insight_run = %s AND customer_id = ANY(%s) ORDER BY customer_id"
        ).format(sql.SQL(", ").join(map(sql.Identifier, SCORES))),
        [run, customers.tolist()],
    ).fetchall()
    segment, names = text_codes([row[1] for row in rows])
    columns: dict[str, Any] = {
        "customer_id": np.array([row[0] for row in rows], np.int64),
        "segment": segment,
    }
    for i, name in enumerate(SCORES, 2):
        columns[name] = _column([row[i] for row in rows])
    return Scores(run, columns, tuple(names))


def _column(values: list[Any]) -> Int:
    if any(isinstance(one, float) for one in values):
        return np.array([np.nan if one is None else one for one in values], np.float64)
    return np.array([_NONE if one is None else one for one in values], np.int64)
