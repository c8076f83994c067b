"""Records that a page or a refetch brings although nothing about them is new.

Windows overlap and several webhooks name one order, so most of what comes is known already. To write it again
would make new row versions, bump the data version and have everything computed anew for nothing. The version alone
does not tell: ``updated_at`` is cut to the second, and two changes within one share it. So the content decides.
"""

# ruff: noqa: S608 - statements are made of names from COLUMNS
from typing import Any, LiteralString, cast

from psycopg import Cursor

from xsight_core.db.scoped import TENANT
from xsight_core.shopify.mapping import COLUMNS, PARTS

__all__ = ["PARENT_KEY", "PII", "drop_unchanged"]
PII = {"customers": ("customer_pii", "customer_id"), "orders": ("order_pii", "order_id")}
"""Where an object's personal data stand, and the key to them."""
PARENT_KEY = {"customers": "customer_id", "orders": "order_id", "products": "product_id"}
"""By which a part names the object it belongs to."""


def drop_unchanged(cursor: Cursor[Any], family: str) -> int:
    """Take out of staging what is stored with the same version, content and parts; how many."""
    same = [f"({_columns(family, 't')}) IS NOT DISTINCT FROM ({_columns(family, 's')})"]
    if family in PII:
        table, key = PII[family]
        same.append(_same_rows(table, key))
    same += [_same_rows(table, PARENT_KEY[family]) for table in PARTS[family]]
    statement = f"""
        DELETE FROM s_{family} s USING xsight.{family} t
        WHERE t.tenant_id = {TENANT} AND t.id = s.id AND t.updated_at = s.updated_at
          AND t.deleted_at IS NULL AND {" AND ".join(same)}"""
    return cursor.execute(cast("LiteralString", statement)).rowcount


def _same_rows(table: str, key: str) -> str:
    """No row on either side that the other side lacks."""
    staged = f"SELECT {_columns(table, 'p')} FROM s_{table} p WHERE p.{key} = s.id"
    stored = (
        f"SELECT {_columns(table, 'p')} FROM xsight.{table} p"
        f" WHERE p.tenant_id = {TENANT} AND p.{key} = s.id"
    )
    return (
        f"NOT EXISTS (({staged}) EXCEPT ({stored})) AND NOT EXISTS (({stored}) EXCEPT ({staged}))"
    )


def _columns(table: str, alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in COLUMNS[table])
