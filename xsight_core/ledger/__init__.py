"""A tenant's orders as memory-mapped columns: read, kept per data version, opened again."""

from xsight_core.ledger.read import Ledger, read_ledger
from xsight_core.ledger.shop import ShopState, read_shop
from xsight_core.ledger.store import LedgerFolder, ledger_folder

__all__ = ["Ledger", "LedgerFolder", "ShopState", "ledger_folder", "read_ledger", "read_shop"]
