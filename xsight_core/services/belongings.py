"""A tenant's files: where something of a shop's customers may stand, how it goes, and the search that proves it.

==================  ====================================================================================
folder              what becomes of it
==================  ====================================================================================
``ledger/<id>``     a cache without personal data, but with customers' ids: removed, built again when needed
``exports/<id>``    removed by ``services.exports``
``publications/…``  pages, notebooks and snapshots of runs hold customers' ids: removed; the next run makes a new page
``homes/<slug>-*``  analysts' own work: a notebook loses the outputs that show the person, and their words in its cells
                    become ``[erased]``; any other file that names the person is removed
``logs``            searched; nothing of ours writes customers' data there
==================  ====================================================================================

Not searched here: ``postgres`` (its tables are, one by one), ``valkey`` (its keys are; the file is written anew),
``sim`` (not ours: the simulated Shopify), ``secrets`` and ``hub`` (no data of shops). The folders themselves stay:
sandboxes have them mounted.
"""

import gzip
import json
import mmap
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

from xsight_core.db.erasure import Person

__all__ = ["Belongings", "Found", "Pattern", "pattern_of"]

ERASED: Final = "[erased]"
_CODE: Final = frozenset({".py", ".md", ".sh", ".r", ".sql"})
_SEALED: Final = frozenset(
    {".parquet", ".feather", ".pkl", ".pickle", ".7z", ".bz2", ".xz", ".zst", ".h5", ".duckdb"}
)
"""Formats that cannot be searched without the library that wrote them."""

_LARGEST_UNPACKED: Final = 100_000_000
"""An archive may claim to hold more than any machine: such a one is said to be unreadable."""

Pattern = re.Pattern[bytes]


@dataclass
class Found:
    """Files that were looked into; those that name the person; those that cannot be looked into."""

    searched: int = 0
    named: list[str] = field(default_factory=list[str])
    unreadable: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Belongings:
    """One tenant's folders below an installation's state folder."""

    home: Path
    tenant_id: UUID
    slug: str

    def erase(self, pattern: Pattern) -> list[str]:
        """Forget the person; the paths of analysts' files that were changed or removed."""
        self.drop_ledger()
        self._drop_runs()
        changed: list[str] = []
        for path in self._homes():
            if _names(path, pattern):
                _erase_in(path, pattern)
                changed.append(self._shown(path))
        return changed

    def empty(self) -> list[str]:
        """The whole shop goes: notebooks lose every output, and only notebooks, code and notes stay."""
        self.drop_ledger()
        self._drop_runs()
        changed: list[str] = []
        for path in self._homes():
            if path.suffix == ".ipynb":
                _erase_in(path, None)
                changed.append(self._shown(path))
            elif path.suffix.lower() not in _CODE:
                path.unlink(missing_ok=True)
                changed.append(self._shown(path))
        return changed

    def remove(self) -> None:
        """The tenant goes: its folders too."""
        places = [self.home / kind / str(self.tenant_id) for kind in ("ledger", "exports")]
        homes = self.home / "homes"
        places += [*homes.glob(f"{self.slug}-*"), homes / f"t-{self.slug}"]
        for place in places:
            shutil.rmtree(place, ignore_errors=True)

    def drop_ledger(self) -> None:
        """It holds customers' ids; whoever needs it next builds it from the rows."""
        folder = self.home / "ledger" / str(self.tenant_id)
        for version in folder.iterdir() if folder.is_dir() else ():
            shutil.rmtree(version, ignore_errors=True)

    def _drop_runs(self) -> None:
        shutil.rmtree(self.home / "publications" / str(self.tenant_id), ignore_errors=True)

    def search(self, pattern: Pattern) -> Found:
        """Look into every file."""
        found = Found()
        places = (
            *_files(self.home / "ledger" / str(self.tenant_id)),
            *_files(self.home / "exports" / str(self.tenant_id)),
            *_files(self.home / "publications" / str(self.tenant_id)),
            *self._homes(),
            *_files(self.home / "logs"),
        )
        for path in places:
            if not _is_readable(path):
                found.unreadable.append(self._shown(path))
                continue
            found.searched += 1
            if _names(path, pattern):
                found.named.append(self._shown(path))
        return found

    def _homes(self) -> Iterator[Path]:
        for folder in sorted((self.home / "homes").glob(f"{self.slug}-*")):
            yield from _files(folder)

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.home).as_posix()


def pattern_of(person: Person) -> Pattern:
    """What of the person can stand in a file: words and ids as text, and ids as ledgers keep them."""
    cased = (one for form in person.forms for one in (form, form.upper()))  # of é too, as bytes
    forms = [form.encode() for form in dict.fromkeys(cased)]
    forms += [one.to_bytes(8, "little") for one in person.ids]
    return re.compile(b"|".join(re.escape(form) for form in forms), re.IGNORECASE)


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below; links are not followed: an analyst may have laid them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def _is_readable(path: Path) -> bool:
    if path.suffix.lower() in _SEALED:
        return False
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
            return sum(member.file_size for member in members) <= _LARGEST_UNPACKED and not any(
                member.flag_bits & 1  # a password
                for member in members
            )
        if path.suffix == ".gz":
            with gzip.open(path) as unpacked:
                return len(unpacked.read(_LARGEST_UNPACKED + 1)) <= _LARGEST_UNPACKED
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return False
    return True


def _names(path: Path, pattern: Pattern) -> bool:
    try:
        return _is_readable(path) and any(pattern.search(part) for part in _parts(path))
    except FileNotFoundError:
        return False  # gone meanwhile


def _parts(path: Path) -> Iterator[bytes | mmap.mmap]:
    """A file's content; of an archive (also a spreadsheet) each member's."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name.encode() + b"\n" + archive.read(name)
    elif path.suffix == ".gz":
        with gzip.open(path) as unpacked:
            yield unpacked.read()
    elif path.stat().st_size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            yield whole


def _erase_in(path: Path, pattern: Pattern | None) -> None:
    """A notebook is mended, anything else removed. Without a pattern a notebook loses all outputs."""
    if path.suffix != ".ipynb":
        path.unlink(missing_ok=True)
        return
    try:
        notebook = cast("dict[str, Any]", json.loads(path.read_bytes()))
        for cell in cast("Iterable[dict[str, Any]]", notebook["cells"]):
            _mend_cell(cell, pattern)
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        if pattern is not None and pattern.search(text.encode()):  # in its metadata, say
            text = pattern.sub(ERASED.encode(), text.encode()).decode()
    except (ValueError, KeyError, TypeError, AttributeError):
        path.unlink(missing_ok=True)  # not what Jupyter writes
    else:
        path.write_text(text, encoding="utf-8")


def _mend_cell(cell: dict[str, Any], pattern: Pattern | None) -> None:
    outputs = cell.get("outputs")
    if outputs and (pattern is None or pattern.search(_text(outputs))):
        cell["outputs"] = []
    source = cell.get("source")
    if pattern is not None and source and pattern.search(_text(source)):
        lines = cast("list[str]", source if isinstance(source, list) else [source])
        cell["source"] = [pattern.sub(ERASED.encode(), line.encode()).decode() for line in lines]


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
