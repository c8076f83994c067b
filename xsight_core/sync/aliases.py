"""Merged customers: one was absorbed by another, and keeps its row as an alias of the one that stayed.

Orders follow at once, and an order that comes later with the old customer (a file written before the merge) follows
when it is merged. The absorbed customer's row is a tombstone with ``merged_into``, so nothing revives it.
"""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
from collections.abc import Iterable
from typing import Any

from psycopg import Cursor

from xsight_core.db.scoped import TENANT, trusted
from xsight_core.sync.tombstones import tombstone

__all__ = ["absorb"]


def absorb(cursor: Cursor[Any], merges: Iterable[tuple[int, int]]) -> int:
    """Note (kept, absorbed) customers and give the absorbed ones' orders to the kept; how many rows changed."""
    changed = 0
    for into, absorbed in merges:
        kept = _followed(cursor, into)
        if kept == absorbed:
            continue
        changed += tombstone(cursor.connection, "customers", [absorbed])
        cursor.execute(
            trusted(f"""
            UPDATE xsight.customers SET merged_into = %(kept)s
            WHERE tenant_id = {TENANT} AND (id = %(absorbed)s OR merged_into = %(absorbed)s)
              AND merged_into IS DISTINCT FROM %(kept)s"""),
            {"kept": kept, "absorbed": absorbed},
        )
        changed += cursor.rowcount
        cursor.execute(
            trusted(f"""
            UPDATE xsight.orders SET customer_id = %(kept)s
            WHERE tenant_id = {TENANT} AND customer_id = %(absorbed)s"""),
            {"kept": kept, "absorbed": absorbed},
        )
        changed += cursor.rowcount
    return changed


def _followed(cursor: Cursor[Any], customer: int) -> int:
    """Merges may be told in any order: the one that stayed may have been absorbed since."""
    cursor.execute(
        trusted(f"""
        SELECT merged_into FROM xsight.customers
        WHERE tenant_id = {TENANT} AND id = %s AND merged_into IS NOT NULL"""),
        [customer],
    )
    row = cursor.fetchone()
    return customer if row is None else row[0]
