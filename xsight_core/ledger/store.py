"""Ledgers as Arrow files: one folder per tenant and data version, memory-mapped by whoever reads it.

A cache, never the truth: a file that is missing, torn or of another format is built again. A folder holds whole
tables, or the tables of an earlier version (the same files, linked) with the rows that changed since beside them. It
is bound read-only into its tenant's sandboxes; it holds no personal data, and nobody but its owner may read it.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from xsight_core.analytics.orders import Orders
from xsight_core.analytics.parts import Lines, Products, Refunds
from xsight_core.ledger.changes import Changes, overlaid, read_changes
from xsight_core.ledger.files import map_columns, write_columns
from xsight_core.ledger.mark import Mark, read_mark
from xsight_core.ledger.packed import Connection
from xsight_core.ledger.people import People
from xsight_core.ledger.read import Another, Ledger, read_ledger
from xsight_core.ledger.shop import ShopState

if TYPE_CHECKING:
    from xsight_core.tenancy import Tenancy

__all__ = ["LedgerFolder", "ledger_folder", "load_ledger"]

_FORMAT = 2  # raised when columns change: older files are then not found, and built again
_TABLES = ("orders", "lines", "refunds")
_SMALL = 100_000
"""Orders up to which a refreshed ledger is written whole: it takes no time."""
_REWRITE = 10
"""A ledger of which a tenth has changed is written anew."""


def ledger_folder(home: Path, tenant_id: object) -> "LedgerFolder":
    """Where a tenant's ledgers lie in an installation's state folder."""
    return LedgerFolder(home / "ledger" / str(tenant_id))


def load_ledger(
    tenancy: "Tenancy", home: Path, tenant_id: UUID, connection: Connection, shop: ShopState
) -> Ledger:
    """The tenant's ledger of the shop's data version; many rows are read over one more connection."""
    another = partial(tenancy.connection, tenant_id)
    return ledger_folder(home, tenant_id).load(connection, shop, another)


@dataclass(frozen=True)
class LedgerFolder:
    """The ledgers of one tenant."""

    path: Path

    def load(
        self, connection: Connection, shop: ShopState, another: Another | None = None
    ) -> Ledger:
        """The ledger of the shop's data version.

        Where it is not there, it is made of the latest one and the rows that changed since, and kept; where there is
        none to start from, of all rows. Many rows are read faster with ``another`` connection.
        """
        found = self.open(shop.data_version)
        if found is not None:
            return found
        mark = read_mark(connection)
        later = self._refresh(connection, shop, mark, another)
        return later or self._build(connection, shop, mark, another)

    def open(self, data_version: int) -> Ledger | None:
        """The stored ledger of that version, its columns views of the mapped files."""
        folder = self._version(data_version)
        try:
            words = json.loads((folder / "ledger.json").read_bytes())
            return _open(folder, words, data_version)
        except (FileNotFoundError, ValueError):  # ArrowInvalid is a ValueError
            return None

    def keep(self, ledger: Ledger, mark: Mark | None = None, shop: ShopState | None = None) -> None:
        """Write a ledger whole. Without a mark no later one can be made of it."""
        orders = ledger.orders

        def write(folder: Path) -> None:
            for name, table in zip(_TABLES, (orders, orders.lines, orders.refunds), strict=True):
                columns = {column: getattr(table, column) for column in table.COLUMNS}
                write_columns(folder / f"{name}.arrow", columns, {})
            _write_rest(folder, ledger, _words(ledger, mark, shop))

        self._place(ledger.data_version, write)

    def _build(
        self, connection: Connection, shop: ShopState, mark: Mark, another: Another | None
    ) -> Ledger:
        ledger = read_ledger(connection, another)
        self.keep(ledger, mark, shop)
        return self.open(ledger.data_version) or ledger

    def _refresh(
        self, connection: Connection, shop: ShopState, mark: Mark, another: Another | None
    ) -> Ledger | None:
        """From the latest ledger there is; None where it cannot be."""
        for version in sorted(self._versions(), reverse=True):
            if version >= shop.data_version:
                continue
            before = self.open(version)
            words = self._words(version)
            if before is None or not _continues(words, mark, shop):
                return None
            since = words["mark"]["since"]
            changes = read_changes(connection, shop, before, since=since, another=another)
            if changes is None:
                return None
            return self._keep_changes(version, changes, mark, shop)
        return None

    def _keep_changes(self, version: int, changes: Changes, mark: Mark, shop: ShopState) -> Ledger:
        later = overlaid(changes, shop.data_version)
        base = len(changes.base)
        if base <= _SMALL or len(changes.orders["order_id"]) * _REWRITE > base:
            self.keep(later, mark, shop)
        else:
            source = self._version(version)

            def write(folder: Path) -> None:
                for name in _TABLES:
                    os.link(source / f"{name}.arrow", folder / f"{name}.arrow")
                for name, rows in zip(_TABLES, changes.tables, strict=True):
                    write_columns(folder / f"changed-{name}.arrow", rows, {})
                _write_rest(folder, later, _words(later, mark, shop, changes))

            self._place(shop.data_version, write)
        return self.open(shop.data_version) or later

    def _place(self, data_version: int, write: Any) -> None:
        """Have a version written beside its place, move it there whole, and remove older ones.

        Who has an older file mapped keeps reading it: its name is gone, its bytes stay until the last one lets go.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # the folder may be a mount
            self.path.chmod(0o700)
        target = self._version(data_version)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.path))
        try:
            write(draft)
            shutil.rmtree(target, ignore_errors=True)  # torn, or another's of the same rows
            draft.rename(target)
        except OSError:
            if self.open(data_version) is None:  # else another process was faster
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        for other in self.path.iterdir():
            number = other.name.partition(".")[0]
            if other != target and number.isdigit() and int(number) <= data_version:
                shutil.rmtree(other, ignore_errors=True)

    def _version(self, data_version: int) -> Path:
        return self.path / f"{data_version}.{_FORMAT}"

    def _versions(self) -> Iterator[int]:
        if self.path.is_dir():
            for folder in self.path.iterdir():
                number, _, kind = folder.name.partition(".")
                if number.isdigit() and kind == str(_FORMAT):
                    yield int(number)

    def _words(self, data_version: int) -> dict[str, Any]:
        return json.loads((self._version(data_version) / "ledger.json").read_bytes())


def _open(folder: Path, words: dict[str, Any], data_version: int) -> Ledger:
    people_columns, _ = map_columns(folder / "customers.arrow")
    people = People(
        *(people_columns[name] for name in ("customer_id", "merged_into", "gone")),
        waiting=words["waiting"],
    )

    def lines() -> Lines:
        columns, _ = map_columns(folder / "lines.arrow")
        return Lines(columns, columns.rows)

    def refunds() -> Refunds:
        columns, _ = map_columns(folder / "refunds.arrow")
        return Refunds(columns, columns.rows)

    def products() -> Products:
        columns, _ = map_columns(folder / "products.arrow")
        return Products(columns, columns.rows)

    columns, _ = map_columns(folder / "orders.arrow")
    orders = Orders(
        columns,
        columns.rows,
        customer_id=people.customer_id,
        channels=tuple(words["channels"]),
        countries=tuple(words["countries"]),
        discount_codes=lambda: tuple(map_columns(folder / "discounts.arrow")[0]["code"]),
        lines=lines,
        refunds=refunds,
        products=products,
    )
    if (folder / "changed-orders.arrow").exists():
        tables = tuple(map_columns(folder / f"changed-{name}.arrow")[0] for name in _TABLES)
        strangers = np.array(words["strangers"], np.int64)
        changes = Changes(orders, people, words["known"], strangers, *tables)
        return overlaid(changes, data_version)
    return Ledger(data_version, words["customers"], orders, people)


def _write_rest(folder: Path, ledger: Ledger, words: dict[str, Any]) -> None:
    """What is written anew with each version; the words last, so that a folder with them is whole."""
    people = ledger.people
    columns = {name: getattr(people, name) for name in ("customer_id", "merged_into", "gone")}
    write_columns(folder / "customers.arrow", columns, {})
    products = ledger.orders.products
    columns = {name: getattr(products, name) for name in Products.COLUMNS}
    write_columns(folder / "products.arrow", columns, {})
    write_columns(folder / "discounts.arrow", {"code": list(ledger.orders.discount_codes)}, {})
    (folder / "ledger.json").touch(mode=0o600)
    (folder / "ledger.json").write_text(json.dumps(words), encoding="utf-8")


def _words(
    ledger: Ledger,
    mark: Mark | None,
    shop: ShopState | None,
    laid_over: Changes | None = None,
) -> dict[str, Any]:
    return {
        "customers": ledger.customers,
        "waiting": ledger.people.waiting,
        "known": laid_over.known if laid_over else 0,
        "strangers": laid_over.strangers.tolist() if laid_over else [],
        "channels": ledger.orders.channels,
        "countries": ledger.orders.countries,
        "mark": asdict(mark) if mark else None,
        "money": [shop.currency, shop.currency_exponent] if shop else None,
    }


def _continues(words: dict[str, Any], mark: Mark, shop: ShopState) -> bool:
    """Whether rows that changed since are all that is needed to go on from there."""
    before = words["mark"]
    return (
        before is not None
        and words["money"] == [shop.currency, shop.currency_exponent]
        and mark.follows(before)
    )
