"""People who were erased are not taken in again: a late page or file may still bring them."""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
from typing import Any, Final, LiteralString, cast

from psycopg import Cursor

from xsight_core.db.erasure import subject_of

__all__ = ["leave_out_erased"]

_TENANT: Final = "current_setting('app.tenant_id')::uuid"
_KNOWN: Final = f"""
    EXISTS (SELECT FROM xsight.erased_people e WHERE e.tenant_id = {_TENANT}
            AND e.subject = {subject_of})"""
_STATEMENTS: Final = {
    "customers": (f"DELETE FROM s_customers s WHERE {_KNOWN.format(id='s.id')}",),
    "orders": (
        f"""CREATE TEMP TABLE s_erased ON COMMIT DROP AS
            SELECT id FROM s_orders s WHERE customer_id IS NOT NULL AND {_KNOWN.format(id="s.customer_id")}""",
        "DELETE FROM s_order_pii WHERE order_id IN (SELECT id FROM s_erased)",
        "UPDATE s_refunds SET note = NULL WHERE order_id IN (SELECT id FROM s_erased)",
        """UPDATE s_orders SET customer_id = NULL, tags = '{}', province = NULL
           WHERE id IN (SELECT id FROM s_erased)""",
        "DROP TABLE s_erased",
    ),
}


def leave_out_erased(cursor: Cursor[Any], family: str) -> None:
    """Take them out of what is staged; their orders come in as nobody's."""
    if family not in _STATEMENTS:
        return
    cursor.execute(
        _sql(f"SELECT EXISTS (SELECT FROM xsight.erased_people WHERE tenant_id = {_TENANT})")
    )
    if cursor.fetchone() == (False,):
        return
    for statement in _STATEMENTS[family]:
        cursor.execute(_sql(statement))


def _sql(text: str) -> LiteralString:
    return cast("LiteralString", text)
