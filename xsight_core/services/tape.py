"""What a run of a published notebook asked of its shop, and the answers: the snapshot that makes a re-run the same.

A run records; a re-run from the snapshot has no database at all and is given the same answers, so the same code gives
the same page however much has changed since. Answers are JSON with tagged types, orders are a ledger of their own.
"""

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

from xsight_core.errors import Conflict
from xsight_core.ledger import Ledger, LedgerFolder

__all__ = ["Tape"]

_ANOTHER: Final = (
    "The notebook asked something that it did not ask when the snapshot was made, so this is not the same run: a "
    "notebook that is to be repeated must not depend on the clock or on chance."
)
_TAGGED: Final[dict[str, tuple[type[Any], Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "decimal": (Decimal, str, Decimal),
    "time": (datetime, datetime.isoformat, datetime.fromisoformat),  # before date: it is one too
    "date": (date, date.isoformat, date.fromisoformat),
    "uuid": (UUID, str, UUID),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
}


@dataclass(frozen=True)
class Tape:
    """A folder of answers, one file a question; ``replay``: only what is in it is answered."""

    folder: Path
    replay: bool

    @classmethod
    def from_environment(cls) -> "Tape | None":
        """As ``XSIGHT_TAPE`` says: ``record:FOLDER``, ``replay:FOLDER`` or nothing."""
        way, _, folder = os.environ.get("XSIGHT_TAPE", "").partition(":")
        return cls(Path(folder), way == "replay") if folder else None

    def answer(self, question: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """The answer that was given before; else a new one, kept. So a run is told one thing only once."""
        path = self.folder / f"{sha256(repr(question).encode()).hexdigest()}.json.gz"
        if path.exists():
            return _read(json.loads(gzip.decompress(path.read_bytes())))
        if self.replay:
            raise Conflict(_ANOTHER)
        found = make()
        half = path.with_suffix(".new")
        half.write_bytes(gzip.compress(json.dumps(_plain(found)).encode(), 1, mtime=0))
        half.rename(path)
        return found

    def ledger(self, data_version: int, make: Callable[[], Ledger]) -> Ledger:
        """The orders as of a data version."""
        kept = LedgerFolder(self.folder / "ledger")
        found = kept.open(data_version)
        if found is None and self.replay:
            raise Conflict(_ANOTHER)
        if found is None:
            found = make()
            kept.keep(found)
        return found


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {"dict": [[_plain(key), _plain(each)] for key, each in items]}
    for name, (kind, write, _) in _TAGGED.items():
        if isinstance(value, kind):
            return {name: write(value)}
    raise Conflict(
        f"An answer holds a {type(value).__name__}, which a snapshot cannot keep: cast it to text in SQL."
    )


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    ((name, held),) = cast("dict[str, Any]", value).items()
    if name == "dict":
        return {_read(key): _read(each) for key, each in held}
    return _TAGGED[name][2](held)
