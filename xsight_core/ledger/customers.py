# pyright: reportMissingTypeStubs=false
"""What rules ask of customers, by ordinal: no name, no address, nothing that tells who it is.

``Labels`` are kept the other way round: for each tag the customers who have it, so that a rule reads only those.
"""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

import numpy as np
import psycopg
from psycopg import sql

from xsight_core.analytics.orders import Int
from xsight_core.ledger.columns import keep_columns, open_columns
from xsight_core.ledger.mark import Mark, read_mark
from xsight_core.ledger.shop import ShopState, read_shop
from xsight_core.ledger.some_customers import TEXTS, laid_over, read_some

__all__ = ["Codes", "Customers", "Labels", "load_customers"]

_FORMAT: Final = 2
_FEW: Final = 20_000
"""More changed customers than these: reading all is hardly slower."""

_NUMBERS: Final[LiteralString] = """
SELECT string_agg(int4send(ordinal), ''), string_agg(int8send(id), ''),
       string_agg(int4send((timezone(t.timezone, created_at))::date - date '1970-01-01'), ''),
       string_agg(int8send(coalesce(orders_count, 0)), ''),
       string_agg(int8send(coalesce(round(amount_spent * 10 ^ t.currency_exponent), 0)::bigint), ''),
       string_agg(int2send(
         ((deleted_at IS NULL AND merged_into IS NULL)::int
          + coalesce(verified_email::int + 1, 0) * 2 + coalesce(tax_exempt::int + 1, 0) * 8
          + (p.email IS NOT NULL)::int * 32 + (p.phone IS NOT NULL)::int * 64)::int2), '')
FROM xsight.customers c
CROSS JOIN (SELECT timezone, currency_exponent FROM xsight.tenant_state) t
LEFT JOIN xsight.customer_pii p ON p.tenant_id = c.tenant_id AND p.customer_id = c.id
GROUP BY ordinal / 50000
"""
_WIRE: Final = (">i4", ">i8", ">i4", ">i8", ">i8", ">i2")

_TAGS: Final[LiteralString] = (
    "SELECT tag, string_agg(int4send(ordinal), '' ORDER BY ordinal) "
    "FROM (SELECT DISTINCT tag, ordinal FROM xsight.customers, unnest(tags) AS tag) t GROUP BY tag ORDER BY tag"
)
_COUNT: Final[LiteralString] = (
    "SELECT count(*) FROM (SELECT FROM xsight.customers WHERE changed_in >= %(since)s LIMIT %(most)s) c"
)


@dataclass(frozen=True, eq=False)
class Codes:
    """A text per customer: an index of ``names``, -1 where there is none."""

    codes: Int
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Labels:
    """Customers by label: those of ``names[i]`` stand at ``holders[starts[i]:starts[i + 1]]``."""

    holders: Int
    starts: Int
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Customers:
    """Customers by ordinal at a data version; ``id`` is 0 where an ordinal is not in use."""

    data_version: int
    columns: dict[str, Any]
    names: dict[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.columns["id"])

    def codes(self, name: str) -> Codes:
        """A text column."""
        return Codes(self.columns[name], self.names[name])

    @property
    def tags(self) -> Labels:
        """The tags."""
        return Labels(self.columns["tag_holders"], self.columns["tag_starts"], self.names["tags"])


def load_customers(
    folder: Path, connection: psycopg.Connection[tuple[Any, ...]], data_version: int
) -> Customers:
    """The customers of a data version: out of the folder, or read from the rows and kept there.

    Of the rows only those that changed are read, where an earlier version is there to go on from.
    """
    place = folder / f"traits-{data_version}.{_FORMAT}"
    found = open_columns(place)
    if found is None:
        mark, shop = read_mark(connection), read_shop(connection)
        later = _changed(folder, connection, data_version, mark, shop)
        columns, names = _read(connection) if later is None else later
        meta: dict[str, Any] = {
            "names": names,
            "mark": asdict(mark),
            "depends_on": _depends_on(shop),
        }
        keep_columns(place, columns, meta)
        for other in folder.glob("traits-*"):
            if other != place and _version(other) <= data_version:
                shutil.rmtree(other, ignore_errors=True)
        found = open_columns(place) or (columns, meta)
    columns, meta = found
    return Customers(data_version, columns, {key: tuple(of) for key, of in meta["names"].items()})


def _changed(
    folder: Path,
    connection: psycopg.Connection[tuple[Any, ...]],
    data_version: int,
    mark: Mark,
    shop: ShopState,
) -> tuple[dict[str, Any], dict[str, list[str]]] | None:
    """The latest earlier version with what changed since laid over it; None where it cannot go on from there."""
    earlier = [p for p in folder.glob(f"traits-*.{_FORMAT}") if _version(p) < data_version]
    found = open_columns(max(earlier, key=_version)) if earlier else None
    if found is None:
        return None
    columns, meta = found
    if not mark.follows(meta["mark"]) or meta["depends_on"] != _depends_on(shop):
        return None
    since = {"since": meta["mark"]["since"], "most": _FEW + 1}
    count = connection.execute(_COUNT, since).fetchone()
    if count is None or count[0] > _FEW:
        return None
    return laid_over(
        columns, meta["names"], read_some(connection, "c.changed_in >= %(since)s", since)
    )


def _depends_on(shop: ShopState) -> list[Any]:
    """What a customer's numbers depend on beside the customer's row."""
    return [shop.timezone, shop.currency_exponent]


def _version(path: Path) -> int:
    number = path.name.removeprefix("traits-").partition(".")[0]
    return int(number) if number.isdigit() else 0


def _read(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    with connection.cursor(binary=True) as cursor:
        blocks = [
            [np.frombuffer(packed, kind) for packed, kind in zip(row, _WIRE, strict=True)]
            for row in cursor.execute(_NUMBERS)
        ]
        parts = list(zip(*blocks, strict=True)) or [(np.zeros(0, kind),) for kind in _WIRE]
        ordinal, *values = (np.concatenate(part) for part in parts)
        size = int(ordinal.max(initial=-1)) + 1
        columns: dict[str, Any] = {}
        kinds = {
            "id": "i8",
            "created": "i4",
            "shopify_orders": "i8",
            "shopify_spent": "i8",
            "bits": "i2",
        }
        for (name, kind), value in zip(kinds.items(), values, strict=True):
            columns[name] = np.zeros(size, kind)
            columns[name][ordinal] = value
        names: dict[str, list[str]] = {}
        for name, expression in TEXTS.items():
            columns[name] = np.full(size, -1, np.int16)
            query = sql.SQL(
                "SELECT {0} AS name, string_agg(int4send(ordinal), '') FROM xsight.customers "
                "WHERE {0} IS NOT NULL GROUP BY 1 ORDER BY 1"
            ).format(sql.SQL(expression))
            names[name] = []
            for text, packed in cursor.execute(query):
                columns[name][np.frombuffer(packed, ">i4")] = len(names[name])
                names[name].append(text)
        tags = list(cursor.execute(_TAGS))
        holders = [np.frombuffer(packed, ">i4").astype(np.int32) for _, packed in tags]
        names["tags"] = [text for text, _ in tags]
        columns["tag_holders"] = np.concatenate([np.zeros(0, np.int32), *holders])
        columns["tag_starts"] = np.cumsum([0, *map(len, holders)])
    return columns, names
