# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Ledgers as Arrow files: one folder per tenant and data version, memory-mapped by whoever reads it.

A cache, never the truth: a file that is missing, torn or of another format is built again. The folder is bound
read-only into its tenant's notebooks, so everybody may read it; it holds no personal data.
"""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from xsight_core.analytics.orders import COLUMNS, Orders
from xsight_core.ledger.read import Ledger, read_ledger
from xsight_core.ledger.shop import ShopState

__all__ = ["LedgerFolder", "ledger_folder"]

_FORMAT = 1  # raised when columns change: older files are then not found, and built again
_ORDERS, _CUSTOMERS = "orders.arrow", "customers.arrow"


def ledger_folder(home: Path, tenant_id: object) -> "LedgerFolder":
    """Where a tenant's ledgers lie in an installation's state folder."""
    return LedgerFolder(home / "ledger" / str(tenant_id))


@dataclass(frozen=True)
class LedgerFolder:
    """The ledgers of one tenant."""

    path: Path

    def load(self, connection: psycopg.Connection[tuple[Any, ...]], shop: ShopState) -> Ledger:
        """The ledger of the shop's data version; built from the tenant's rows, and kept, where it is not there."""
        found = self.open(shop.data_version)
        if found is not None:
            return found
        ledger = read_ledger(connection)
        self.keep(ledger)
        return self.open(ledger.data_version) or ledger

    def open(self, data_version: int) -> Ledger | None:
        """The stored ledger of that version, its columns views of the mapped file."""
        folder = self._version(data_version)
        try:
            orders, meta = _mapped(folder / _ORDERS)
            customers, _ = _mapped(folder / _CUSTOMERS)
        except (FileNotFoundError, pa.ArrowInvalid):
            return None
        return Ledger(
            data_version=data_version,
            customers=meta["customers"],
            orders=Orders(
                **orders,
                **customers,
                channels=tuple(meta["channels"]),
                countries=tuple(meta["countries"]),
            ),
        )

    def keep(self, ledger: Ledger) -> None:
        """Write a ledger beside its place, move it there whole, and remove older ones.

        Who has an older file mapped keeps reading it: its name is gone, its bytes stay until the last one lets go.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o755)
        orders = ledger.orders
        meta = {
            "customers": ledger.customers,
            "channels": orders.channels,
            "countries": orders.countries,
        }
        target = self._version(ledger.data_version)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.path))
        try:
            _write(draft / _ORDERS, {name: getattr(orders, name) for name in COLUMNS}, meta)
            _write(draft / _CUSTOMERS, {"customer_id": orders.customer_id}, {})
            draft.chmod(0o755)
            shutil.rmtree(target, ignore_errors=True)  # torn, or another's of the same rows
            draft.rename(target)
        except OSError:
            if self.open(ledger.data_version) is None:  # else another process was faster
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        for other in self.path.iterdir():
            number = other.name.partition(".")[0]
            if other != target and number.isdigit() and int(number) <= ledger.data_version:
                shutil.rmtree(other, ignore_errors=True)

    def _version(self, data_version: int) -> Path:
        return self.path / f"{data_version}.{_FORMAT}"


def _write(path: Path, columns: dict[str, NDArray[Any]], meta: dict[str, Any]) -> None:
    batch = pa.record_batch({name: pa.array(column) for name, column in columns.items()})
    schema = batch.schema.with_metadata({"xsight": json.dumps(meta)})
    with path.open("wb") as file:
        with ipc.new_file(file, schema) as writer:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)


def _mapped(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with pa.memory_map(str(path)) as source:
        reader = ipc.open_file(source)
        batch = reader.get_batch(0)
        meta = json.loads((reader.schema.metadata or {}).get(b"xsight", b"{}"))
    columns = {
        name: np.asarray(batch.column(name).to_numpy(zero_copy_only=True))
        for name in batch.schema.names
    }
    return columns, meta
