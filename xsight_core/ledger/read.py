# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""A tenant's orders, lines and refunds out of PostgreSQL as columns: all of them, or those of some orders."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.parts import Lines, Refunds
from xsight_core.ledger.catalogue import Catalogue, read_products
from xsight_core.ledger.packed import Block, Connection, Names, Packing, blocks, distinct
from xsight_core.ledger.people import People, nobody, read_people
from xsight_core.ledger.shop import ShopState, read_shop

if TYPE_CHECKING:
    from xsight_core.ledger.changes import Changes

__all__ = ["Another", "Ledger", "OrderRows", "new_names", "read_changed", "read_ledger"]

_ORDERS_AT_ONCE: Final = 200_000
_FEW: Final = 5_000
"""Changed orders below which one connection reads as fast as two."""
_MAX_CODES: Final = 32_000  # int2
A = TypeVar("A")
B = TypeVar("B")

# Day, units and flags share a number: fewer columns to pack, and all of them are small.
_DAY_SHIFT, _DAY_ZERO, _UNIT_SHIFT = 40, 1 << 22, 8
_ORDERS = Packing(
    {
        "order_id": "id",
        "customer": "coalesce(customer_id, 0)",
        "gross_minor": "gross_minor",
        "discounts_minor": "discounts_minor",
        "returns_minor": "returns_minor",
        "taxes_minor": "taxes_minor",
        "shipping_minor": "shipping_minor",
        "packed": f"((day + {_DAY_ZERO})::int8 << {_DAY_SHIFT}) | (units::int8 << {_UNIT_SHIFT})"
        " | (test::int + (cancelled_at IS NOT NULL)::int * 2 + (customer_id IS NULL)::int * 4"
        " + (deleted_at IS NOT NULL)::int * 8 + (gross_minor <= discounts_minor)::int * 16"
        " + (currency <> %(currency)s)::int * 32)",
    },
    {
        "channel": "coalesce(channel, '')",
        "country": "coalesce(country, '')",
        "discount": "coalesce(discount_codes[1], '')",
    },
)
_LINES = Packing(
    {
        "order": "order_id",
        "product": "coalesce(product_id, 0)",
        "variant_id": "coalesce(variant_id, 0)",
        "gross_minor": "gross_minor",
        "net_minor": "net_minor",
        "packed": "(quantity::int8 << 8) | gift_card::int",
    }
)
_REFUNDS = Packing({name: name for name in Refunds.COLUMNS} | {"order": "order_id"})
_ORDER_ROWS = """
SELECT id, customer_id, day, gross_minor, discounts_minor, returns_minor, taxes_minor, shipping_minor, units, test,
       cancelled_at, deleted_at, currency, channel, country, discount_codes FROM xsight.orders"""
_LINE_ROWS = """
SELECT order_id, product_id, variant_id, gross_minor, net_minor, quantity, gift_card FROM xsight.order_lines
WHERE order_id {which}"""
_REFUND_ROWS = """
SELECT r.order_id, r.id AS refund_id, r.day, coalesce(l.product_id, 0) AS product, coalesce(b.quantity, 0) AS units,
       CASE WHEN coalesce(l.gift_card, false) THEN 0 ELSE coalesce(round(b.subtotal * %(minor)s)::int8, 0) END
         AS returns_minor,
       CASE WHEN b.line_id IS NOT DISTINCT FROM min(b.line_id) OVER (PARTITION BY r.order_id, r.id)
         THEN round(r.total * %(minor)s)::int8 ELSE 0 END AS refunded_minor
FROM xsight.refunds r
LEFT JOIN xsight.refund_lines b
  ON b.tenant_id = r.tenant_id AND b.order_id = r.order_id AND b.refund_id = r.id AND b.order_id {which}
LEFT JOIN xsight.order_lines l
  ON l.tenant_id = r.tenant_id AND l.order_id = r.order_id AND l.id = b.line_id AND l.order_id {which}
WHERE r.order_id {which}"""
_RANGE = "BETWEEN %(first)s AND %(last)s"
_NEXT_START = (
    "SELECT id FROM xsight.orders WHERE id >= %(start)s ORDER BY id OFFSET %(step)s LIMIT 1"
)
_SETTINGS: Final = {
    "max_parallel_workers_per_gather": "0",
    "enable_sort": "off",
    "enable_bitmapscan": "off",
    "enable_seqscan": "off",
}
# OFFSET 0: one look into the index for each order, whatever the planner thinks of how many there are
_BELOW = """
SELECT below.* FROM (SELECT id FROM xsight.orders WHERE changed_in >= %(since)s) AS changed
CROSS JOIN LATERAL ({rows} OFFSET 0) AS below"""
_CHANGED = "WHERE changed_in >= %(since)s LIMIT %(most)s"


Another = Callable[[], AbstractContextManager[Connection]]
"""Opens one more connection of the same tenant."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """A tenant's orders at a data version; ``customers`` counts all customers, with and without orders."""

    data_version: int
    customers: int
    orders: Orders
    people: People = field(default_factory=nobody)
    changes: "Changes | None" = None


@dataclass(frozen=True, eq=False)
class OrderRows:
    """Orders as they came, with the rows below them: ids where a ledger has ordinals and positions."""

    orders: Block
    lines: Block
    refunds: Block


def new_names() -> dict[str, Names]:
    """No channel, country or discount code yet."""
    return {name: Names() for name in _ORDERS.texts}


def read_ledger(connection: Connection, another: Another | None = None) -> Ledger:
    """All orders of the tenant that the connection sees, sorted by (day, order id), with lines and refunds.

    The version is read first: rows committed meanwhile may be in already, and their version, being higher, makes
    the next reader look again. With ``another`` connection the server works on two things at once.
    """
    shop, names = read_shop(connection), new_names()
    rows, known = _read_all(connection, another, shop, names)
    # five million orders name a million customers: each is looked up once
    of_order, ids = distinct(rows.orders["customer"])
    people = nobody().updated(known).with_all(ids)
    owner = people.owner(ids)[of_order] if len(ids) else np.zeros(0, np.int32)
    catalogue = Catalogue(None, read_products(connection))
    return Ledger(
        shop.data_version, people.count, assemble(rows, people, owner, catalogue, names), people
    )


def read_changed(
    connection: Connection,
    shop: ShopState,
    names: Mapping[str, Names],
    *,
    since: int,
    most: int,
    another: Another | None = None,
) -> OrderRows | None:
    """Orders that changed in transaction ``since`` or later; None where there are more than ``most``."""
    parameters = _parameters(shop) | {"since": since, "most": most + 1}

    def below(connection: Connection, packing: Packing, rows: str) -> Block:
        statement = packing.select(_BELOW.format(rows=rows.format(which="= changed.id")))
        with connection.cursor(binary=True) as cursor:
            return packing.unpack(cursor.execute(statement, parameters).fetchone() or (0,), {})

    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(_ORDERS.select(f"{_ORDER_ROWS} {_CHANGED}"), parameters).fetchone()
    if row is None or row[0] > most:
        return None
    orders = _order_columns(_ORDERS.unpack(row, names))
    lines, refunds = _both(
        connection,
        another if row[0] > _FEW else None,
        lambda of: below(of, _LINES, _LINE_ROWS),
        lambda of: below(of, _REFUNDS, _REFUND_ROWS),
    )
    ids = orders["order_id"]
    return OrderRows(orders, _line_columns(_of_orders(lines, ids)), _of_orders(refunds, ids))


def assemble(
    rows: OrderRows, people: People, owner: Int, catalogue: Catalogue, names: Mapping[str, Names]
) -> Orders:
    """Ids become ordinals and positions, names are put in order."""
    columns = dict(rows.orders)
    columns["customer"] = owner
    texts: dict[str, tuple[str, ...]] = {}
    for name, met in names.items():
        texts[name], new = met.sorted()
        columns[name] = (
            np.where(new >= _MAX_CODES, -1, new)[columns[name]]
            if name != "discount"
            else new[columns[name]]
        )
    order = _sorting(columns["day"], columns["order_id"])
    orders = {
        name: columns[name].astype(kind, copy=False)[order] for name, kind in Orders.COLUMNS.items()
    }
    ids = orders["order_id"]
    by_id = np.argsort(ids, kind="stable")
    place = _Places(ids[by_id], by_id)
    lines = part_columns(Lines, rows.lines, place.of(rows.lines["order"]), catalogue)
    refunds = part_columns(Refunds, rows.refunds, place.of(rows.refunds["order"]), catalogue)
    return Orders(
        orders,
        customer_id=people.customer_id,
        channels=texts["channel"][:_MAX_CODES],
        countries=texts["country"][:_MAX_CODES],
        discount_codes=texts["discount"],
        lines=Lines(lines),
        refunds=Refunds(refunds),
        products=catalogue.products(),
    )


def part_columns(
    kind: type[Lines] | type[Refunds], rows: Block, position: Int, catalogue: Catalogue
) -> dict[str, Int]:
    """Columns of lines or refunds, sorted by the position of their order; rows of no order (-1) are left out."""
    columns = dict(rows) | {"order": position, "product": catalogue.ordinals(rows["product"])}
    keep = np.flatnonzero(position >= 0) if bool((position < 0).any()) else slice(None)
    columns = {name: columns[name].astype(t, copy=False)[keep] for name, t in kind.COLUMNS.items()}
    order = _by(columns["order"])
    return columns if order is None else {name: column[order] for name, column in columns.items()}


@dataclass(frozen=True)
class _Places:
    """Positions of orders by id."""

    ids: Int
    position: Int

    def of(self, ids: Int) -> Int:
        if len(self.ids) == 0:
            return np.full(len(ids), -1, np.int32)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[place] == ids, self.position[place], -1).astype(np.int32)


def _read_all(
    connection: Connection, another: Another | None, shop: ShopState, names: Mapping[str, Names]
) -> tuple[OrderRows, Block]:
    """Orders with what is below them, and customers."""
    starts = _starts(connection)

    def orders(of: Connection) -> tuple[Block, Block]:
        with _by_key(of):
            rows = _read(of, shop, _ORDERS, f"{_ORDER_ROWS} WHERE id {{which}}", starts, names)
        return _order_columns(rows), read_people(of)

    def parts(of: Connection) -> tuple[Block, Block]:
        with _by_key(of):
            lines = _line_columns(_read(of, shop, _LINES, _LINE_ROWS, starts, {}))
        return lines, _read(of, shop, _REFUNDS, _REFUND_ROWS, starts, {})

    many = another if len(starts) > 1 else None
    (rows, people), (lines, refunds) = _both(connection, many, orders, parts)
    return OrderRows(rows, lines, refunds), people


def _both(
    connection: Connection,
    another: Another | None,
    first: Callable[[Connection], A],
    second: Callable[[Connection], B],
) -> tuple[A, B]:
    """Two readings, at once where there is another connection: two of the server's processes share nothing.

    A worker beside one process gains a seventh only, as all it has found has to pass through the other.
    """
    if another is None:
        return first(connection), second(connection)
    with another() as beside, ThreadPoolExecutor(1) as pool:
        later = pool.submit(second, beside)
        return first(connection), later.result()


def _starts(connection: Connection) -> list[int]:
    """Order ids with ``_ORDERS_AT_ONCE`` orders from each to the next."""
    starts = [0]
    while row := connection.execute(
        _NEXT_START, {"start": starts[-1], "step": _ORDERS_AT_ONCE}
    ).fetchone():
        starts.append(row[0])
    return starts


@contextmanager
def _by_key(connection: Connection) -> Generator[None]:
    """Have the server read along the key.

    The planner, to whom any tenant is a 200th of the table, would rather sort what is left of it.
    """
    setting = "SELECT set_config(%s, %s, true)"
    before = connection.execute(
        "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(_SETTINGS)]
    ).fetchall()
    for name, value in _SETTINGS.items():
        connection.execute(setting, [name, value])
    yield
    for name, value in before:
        connection.execute(setting, [name, value])


def _read(
    connection: Connection,
    shop: ShopState,
    packing: Packing,
    rows: str,
    starts: Sequence[int],
    names: Mapping[str, Names],
) -> Block:
    """Rows of orders or below them, from one of ``starts`` (order ids) to the next, in the order of these ids."""
    bounds = [*starts, np.iinfo(np.int64).max]
    ranges = iter([{"first": a, "last": b - 1} for a, b in pairwise(bounds)])
    parameters = _parameters(shop)
    statement = packing.select(rows.format(which=_RANGE))

    def following(_: Sequence[Any]) -> Mapping[str, Any] | None:
        bound = next(ranges, None)
        return None if bound is None else parameters | bound

    start = parameters | next(ranges)
    read = (packing.unpack(row, names) for row in blocks(connection, statement, start, following))
    return _joined(packing, map(_in_order, read))


def _in_order(block: Block) -> Block:
    """By key, as rows mostly come."""
    key = next(iter(block.values()))
    if bool((key[1:] >= key[:-1]).all()):
        return block
    order = np.argsort(key, kind="stable")
    return {name: column[order] for name, column in block.items()}


def _of_orders(rows: Block, ids: Int) -> Block:
    """Without the rows of orders that have changed since ``ids`` were read: they are the next version's."""
    known = np.sort(ids)
    place = np.minimum(np.searchsorted(known, rows["order"]), max(len(known) - 1, 0))
    keep = known[place] == rows["order"] if len(known) else np.zeros(len(rows["order"]), np.bool_)
    return {name: column[keep] for name, column in rows.items()}


def _joined(packing: Packing, read: Iterable[Block]) -> Block:
    every = list(read)
    names = (*packing.numbers, *packing.texts)
    return {name: np.concatenate([block.pop(name) for block in every]) for name in names}


def _parameters(shop: ShopState) -> dict[str, Any]:
    return {"currency": shop.currency, "minor": 10**shop.currency_exponent}


def _order_columns(rows: Block) -> Block:
    packed = rows.pop("packed")
    net = rows["gross_minor"] - rows["discounts_minor"] - rows["returns_minor"]
    return rows | {
        "day": ((packed >> _DAY_SHIFT) - _DAY_ZERO).astype(np.int32),
        "units": (packed >> _UNIT_SHIFT & 0xFFFFFFFF).astype(np.int32),
        "flags": packed.astype(np.uint8),
        "net_minor": net,
    }


def _line_columns(rows: Block) -> Block:
    packed = rows.pop("packed")
    return rows | {
        "units": (packed >> 8).astype(np.int32),
        "flags": (packed & 0xFF).astype(np.uint8),
    }


def _sorting(day: Int, order_id: Int) -> slice | Int:
    """By day and id; rows that come by id only need their days sorted, and those mostly are."""
    if bool((order_id[1:] > order_id[:-1]).all()):
        order = _by(day)
        return slice(None) if order is None else order
    return np.lexsort((order_id, day))


def _by(values: Int) -> Int | None:
    """A stable sorting of small integers; None where they are sorted."""
    if len(values) == 0 or bool((values[1:] >= values[:-1]).all()):
        return None
    key = (values.astype(np.int64) - int(values.min())) << 32
    key |= np.arange(len(values))
    key.sort()
    return key & 0xFFFFFFFF
