"""A tenant's orders as memory-mapped columns: read, kept per data version, refreshed, opened again."""

from xsight_core.ledger.files import map_columns, write_columns
from xsight_core.ledger.read import Ledger, read_ledger
from xsight_core.ledger.shop import ShopState, read_shop
from xsight_core.ledger.store import LedgerFolder, ledger_folder, load_ledger

__all__ = [
    "Ledger",
    "LedgerFolder",
    "ShopState",
    "ledger_folder",
    "load_ledger",
    "map_columns",
    "read_ledger",
    "read_shop",
    "write_columns",
]
