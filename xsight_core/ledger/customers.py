# pyright: reportMissingTypeStubs=false
"""What rules ask of customers, by ordinal: no name, no address, nothing that tells who it is.

``Labels`` are kept the other way round: for each tag the customers who have it, so that a rule reads only those.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

import numpy as np
import psycopg
from psycopg import sql

from xsight_core.analytics.orders import Int
from xsight_core.ledger.columns import keep_columns, open_columns

__all__ = ["Codes", "Customers", "Labels", "load_customers"]

_FORMAT: Final = 1

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

_TEXTS: Final[dict[str, LiteralString]] = {
    "country": "country",
    "region": "country || '-' || province",
    "language": "locale",
    "account": "state",
    "email_consent": "email_consent",
    "sms_consent": "sms_consent",
}
_TAGS: Final[LiteralString] = (
    "SELECT tag, string_agg(int4send(ordinal), '' ORDER BY ordinal) "
    "FROM (SELECT DISTINCT tag, ordinal FROM xsight.customers, unnest(tags) AS tag) t GROUP BY tag ORDER BY tag"
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
    """The customers of a data version: out of the folder, or read from the rows and kept there."""
    place = folder / f"traits-{data_version}.{_FORMAT}"
    found = open_columns(place)
    if found is None:
        columns, names = _read(connection)
        keep_columns(place, columns, {"names": names})
        for other in folder.glob("traits-*"):
            if other != place and _version(other) <= data_version:
                shutil.rmtree(other, ignore_errors=True)
        found = open_columns(place) or (columns, {"names": names})
    columns, meta = found
    return Customers(data_version, columns, {key: tuple(of) for key, of in meta["names"].items()})


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
        for name, expression in _TEXTS.items():
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
