# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Files of exports, written a block of rows at a time: memory does not grow with the rows.

A spreadsheet runs what begins like a formula, and a shop's customers choose their own names: in CSV such a text gets an
apostrophe before it, in XLSX every text is stored as text.
"""

import csv
import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from xsight_core.db.exports import Column, Format, ValueKind

__all__ = ["open_file"]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_ARROW: Final[dict[ValueKind, pa.DataType]] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "decimal": pa.decimal128(20, 4),
    "date": pa.date32(),
    "time": pa.timestamp("us", "UTC"),
    "boolean": pa.bool_(),
    "list": pa.list_(pa.string()),
}
_SHEET_ROWS: Final = 1_048_575  # Excel's, without the head
_CELL: Final = 32_767  # Excel's longest text
_WHOLE: Final = 10**15  # Excel rounds longer numbers, as ids are: those stay texts

Row = tuple[Any, ...]


class RowFile(Protocol):
    """An open file that takes rows."""

    def write(self, rows: Sequence[Row]) -> None:
        """Add a block."""
        ...


def open_file(
    form: Format, path: Path, columns: Sequence[Column]
) -> AbstractContextManager[RowFile]:
    """A new file with these columns; complete once the block has ended well."""
    makers: dict[str, Callable[[Path, Sequence[Column]], AbstractContextManager[RowFile]]] = {
        "csv": CsvFile,
        "jsonl": JsonlFile,
        "parquet": ParquetFile,
        "xlsx": XlsxFile,
    }
    return makers[form](path, columns)


class CsvFile:
    """RFC 4180 in UTF-8, times in UTC, lists with a comma and a blank between."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._path, self._columns = path, columns
        texts = {"text", "list"}
        self._risky = [place for place, column in enumerate(columns) if column.kind in texts]

    def __enter__(self) -> Self:
        self._file = self._path.open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow([column.name for column in self._columns])
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[Row]) -> None:
        self._csv.writerows([self._cells(row) for row in rows])

    def _cells(self, row: Row) -> list[Any]:
        cells = [_plain(value) for value in row]
        for place in self._risky:
            text = cells[place]
            if text and text.startswith(_FORMULA):
                cells[place] = f"'{text}"
        return cells


class JsonlFile:
    """One object a line; money is text, so that it stays exact."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._path, self._names = path, [column.name for column in columns]

    def __enter__(self) -> Self:
        self._file: io.BufferedWriter = self._path.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[Row]) -> None:
        self._file.write(
            msgspec.json.Encoder(decimal_format="string").encode_lines(
                dict(zip(self._names, map(_utc, row), strict=True)) for row in rows
            )
        )


class ParquetFile:
    """Typed columns, compressed; a group of rows a block."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._path = path
        self._schema = pa.schema([(column.name, _ARROW[column.kind]) for column in columns])

    def __enter__(self) -> Self:
        self._file = pq.ParquetWriter(self._path, self._schema, compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[Row]) -> None:
        arrays = [
            pa.array([_cents(value) for value in column], field.type)
            for column, field in zip(zip(*rows, strict=True), self._schema, strict=True)
        ]
        self._file.write_batch(pa.record_batch(arrays, schema=self._schema))


class XlsxFile:
    """A sheet, and another one where Excel's is full. Rows go to disk as they come."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._path, self._columns = path, columns

    def __enter__(self) -> Self:
        self._book = xlsxwriter.Workbook(
            str(self._path),
            {
                "constant_memory": True,
                "tmpdir": str(self._path.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "remove_timezone": True,
                "use_zip64": True,
            },
        )
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheets = 0
        self._add_sheet()
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._row > _SHEET_ROWS:
                self._add_sheet()
            for place, value in enumerate(row):
                if value is not None:
                    self._write_cell(place, value)
            self._row += 1

    def _add_sheet(self) -> None:
        self._sheets += 1
        self._sheet: Any = self._book.add_worksheet(f"Rows {self._sheets}")
        for place, column in enumerate(self._columns):
            self._sheet.write_string(0, place, column.name)
        self._row = 1

    def _write_cell(self, place: int, value: Any) -> None:
        match value:
            case bool():
                self._sheet.write_boolean(self._row, place, value)
            case int() | float() | Decimal() if abs(value) < _WHOLE:
                self._sheet.write_number(self._row, place, value)
            case datetime():
                self._sheet.write_datetime(
                    self._row, place, value.astimezone(UTC).replace(tzinfo=None), self._time
                )
            case date():
                self._sheet.write_datetime(self._row, place, value, self._day)
            case _:
                self._sheet.write_string(self._row, place, str(_plain(value))[:_CELL])


def _plain(value: Any) -> Any:
    """As text where CSV has no type for it."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return _utc(value).isoformat().replace("+00:00", "Z")
        case list():
            return ", ".join(value)
        case _:
            return value


def _utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _cents(value: Any) -> Any:
    """Money as the column has it: four decimals."""
    return value.quantize(Decimal("0.0001")) if isinstance(value, Decimal) else value
