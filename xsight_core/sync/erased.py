"""People who were erased are not taken in again: a late page, file or webhook may still bring them, or their orders.

What is forgotten of a row that comes in is what is forgotten of one that is stored: the list in ``db/personal.py``.
"""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
from collections.abc import Iterable
from typing import Any, Final

from psycopg import Cursor

from xsight_core.db.erasure import an_order, subject_of
from xsight_core.db.personal import HOLDINGS
from xsight_core.db.scoped import TENANT, trusted
from xsight_core.sync.unchanged import PARENT_KEY

__all__ = ["leave_out_erased", "leave_out_erased_parts"]
_KNOWN: Final = f"""
    EXISTS (SELECT FROM xsight.erased_people e WHERE e.tenant_id = {TENANT}
            AND e.subject = {subject_of})"""
_ORDER: Final = _KNOWN.format(id=an_order)
_WHO: Final = {
    "customers": f"SELECT id FROM s_customers s WHERE {_KNOWN.format(id='s.id')}",
    # An order that comes back as nobody's is theirs all the same.
    "orders": f"""
        SELECT id FROM s_orders s WHERE {_ORDER.format(id="s.id")}
          OR (customer_id IS NOT NULL AND {_KNOWN.format(id="s.customer_id")})""",
}
_REMEMBER: Final = f"""
    INSERT INTO xsight.erased_people (tenant_id, subject)
    SELECT {TENANT}, {subject_of.format(id=an_order.format(id="id"))} FROM s_erased
    ON CONFLICT DO NOTHING"""


def leave_out_erased(cursor: Cursor[Any], family: str, tables: Iterable[str]) -> None:
    """Take them out of what is staged, ``family`` and ``tables`` beside it; their orders come in as nobody's."""
    if family not in _WHO or not _anybody(cursor):
        return
    cursor.execute(trusted(f"CREATE TEMP TABLE s_erased ON COMMIT DROP AS {_WHO[family]}"))
    if family == "orders":
        cursor.execute(trusted(_REMEMBER))
    for table in tables:
        _forget(cursor, table, f"{PARENT_KEY[family]} IN (SELECT id FROM s_erased)")
    _forget(cursor, family, "id IN (SELECT id FROM s_erased)")
    cursor.execute("DROP TABLE s_erased")


def leave_out_erased_parts(cursor: Cursor[Any], table: str) -> None:
    """Take what is told of an order of theirs out of a staged part that came apart from it."""
    if _anybody(cursor):
        _forget(cursor, table, _ORDER.format(id="order_id"))


def _anybody(cursor: Cursor[Any]) -> bool:
    cursor.execute(
        trusted(f"SELECT EXISTS (SELECT FROM xsight.erased_people WHERE tenant_id = {TENANT})")
    )
    return cursor.fetchone() == (True,)


def _forget(cursor: Cursor[Any], table: str, condition: str) -> None:
    for holding in HOLDINGS:
        if holding.name == table:
            what = (
                f"UPDATE s_{table} SET {holding.forget}"
                if holding.forget
                else f"DELETE FROM s_{table}"
            )
            cursor.execute(trusted(f"{what} WHERE {condition}"))
