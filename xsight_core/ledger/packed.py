# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Rows out of PostgreSQL as a few long byte strings.

Row by row, five million orders would take eight seconds to fetch; as ``string_agg(int8send(x), '')`` of some ten
thousand rows at a time they take about as long as the server needs to read them, because nothing is parsed: the
bytes are the column. Texts come one after another with a separator, and are turned into codes without becoming
Python strings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, LiteralString, cast

import numpy as np
import psycopg
import pyarrow as pa

from xsight_core.analytics.columns import Int
from xsight_core.ledger.files import as_arrow, as_numpy

__all__ = ["Block", "Connection", "Names", "Packing", "blocks", "distinct"]

Connection = psycopg.Connection[tuple[Any, ...]]
Block = dict[str, Int]
"""Some rows' columns by name; a text's column holds codes of its ``Names``."""

_SEPARATOR = 0x1F  # no name holds it; the server would have to be told to write it


@dataclass(frozen=True)
class Names:
    """Texts met so far, each with a code: 0, 1, 2 … as they came. Nothing is -1."""

    codes: dict[str, int] = field(default_factory=lambda: {"": -1})

    def encode(self, packed: bytes, rows: int) -> Int:
        """Codes of separated texts."""
        data = np.frombuffer(packed, np.uint8)
        ends = np.flatnonzero(data == _SEPARATOR)
        offsets = np.zeros(rows + 1, np.int32)
        offsets[1:] = ends + 1
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(packed)]
        texts = pa.StringArray.from_buffers(rows, buffers[1], buffers[2]).dictionary_encode()
        known = [self.code(name[:-1]) for name in texts.dictionary.to_pylist()]
        return np.array(known, np.int32)[as_numpy(texts.indices)]

    def code(self, name: str) -> int:
        """The name's code, a new one if need be."""
        return self.codes.setdefault(name, len(self.codes) - 1)

    def sorted(self) -> tuple[tuple[str, ...], Int]:
        """Names in alphabetical order, and by old code (-1 last) the new one."""
        names = sorted(name for name in self.codes if name)
        new = np.full(len(self.codes), -1, np.int32)
        for code, name in enumerate(names):
            new[self.codes[name]] = code
        return tuple(names), new


@dataclass(frozen=True)
class Packing:
    """What to bring of each row: whole numbers and texts, as SQL over ``rows``."""

    numbers: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict[str, str])

    def select(self, rows: str) -> LiteralString:
        """One row with everything packed, its first column the number of rows."""
        packed = [
            *(f"string_agg(int8send({sql}), '')" for sql in self.numbers.values()),
            *(f"string_agg({sql}, E'\\x1f')" for sql in self.texts.values()),
        ]
        statement = f"SELECT count(*), {', '.join(packed)} FROM ({rows}) AS rows"  # noqa: S608
        return cast("LiteralString", statement)

    def unpack(self, row: Sequence[Any], names: Mapping[str, Names]) -> Block:
        """Columns of a row that ``select`` gave."""
        rows, *packed = row
        if not rows:
            return {name: np.zeros(0, np.int64) for name in (*self.numbers, *self.texts)}
        block: Block = {}
        for name, data in zip(self.numbers, packed, strict=False):
            block[name] = np.frombuffer(data, ">i8").astype(np.int64)
        for name, text in zip(self.texts, packed[len(self.numbers) :], strict=True):
            block[name] = names[name].encode(text.encode() + bytes([_SEPARATOR]), rows)
        return block


def distinct(values: Int) -> tuple[Int, Int]:
    """Of each value the position of its kind, and the kinds as they came."""
    found = as_arrow(values).dictionary_encode()
    return as_numpy(found.indices), as_numpy(found.dictionary)


def blocks(
    connection: Connection,
    statement: LiteralString,
    start: Mapping[str, Any],
    following: Callable[[Sequence[Any]], Mapping[str, Any] | None],
) -> Iterator[Sequence[Any]]:
    """The statement's row for ``start``, and for whatever follows each row, until nothing does.

    The next one is on its way while the caller unpacks.
    """
    with connection.cursor(binary=True) as cursor, ThreadPoolExecutor(1) as pool:

        def fetch(parameters: Mapping[str, Any]) -> Sequence[Any]:
            return cursor.execute(statement, parameters).fetchone() or (0,)

        row = fetch(start)
        while (parameters := following(row)) is not None:
            later = pool.submit(fetch, parameters)
            yield row
            row = later.result()
        yield row
