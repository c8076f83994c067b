"""A person in a tenant's rows: found, read out, forgotten, and searched for afterwards.

Every statement is made of the list in ``personal.py`` and of the tables themselves, and runs in the tenant's scope.
"""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from psycopg import Connection, Cursor
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, JSON, BigInteger, Column, LargeBinary, Table, Text

from xsight_core.db.personal import ACCOUNTS, HOLDINGS, KEPT_ANYWAY, NOTHING_PERSONAL, Holding
from xsight_core.db.scoped import TENANT, trusted
from xsight_core.db.tables import metadata

__all__ = [
    "Person",
    "an_order",
    "count_traces",
    "empty_shop",
    "find_person",
    "forget_person",
    "read_person",
    "remove_tenant",
    "subject_of",
]
_SHORTEST: Final = 6
"""A word shorter than this is found everywhere and proves nothing."""
_TECHNICAL: Final = ("tenant_id", "changed_in", "sync_run", "ordinal")
_BULKY: Final = frozenset({"xsight.segment_members", "xsight.segment_actions"})

subject_of: Final = f"sha256(convert_to({TENANT}::text || ' ' || {{id}}::text, 'UTF8'))"
"""SQL: the digest by which a customer's id is kept after the customer was erased."""
an_order: Final = "('order:' || {id})"
"""SQL: what stands in its place for an order of theirs."""


@dataclass(frozen=True)
class Person:
    """A customer and whoever was merged into them: what they are known by, in rows and in words."""

    ids: tuple[int, ...]
    ordinals: tuple[int, ...]
    orders: tuple[int, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    words: tuple[str, ...]
    """Addresses, numbers, the full name, notes: in lower case, each at least six characters."""

    @property
    def values(self) -> dict[str, Any]:
        """For the statements of ``personal.py``."""
        return {
            "ids": list(self.ids),
            "orders": list(self.orders),
            "emails": list(self.emails),
            "phones": list(self.phones),
            "traces": [f"%{_escaped(form)}%" for form in self.forms],
            "subjects": [
                *(f"customer:{one}" for one in self.ids),
                *(f"order:{one}" for one in self.orders),
            ],
        }

    @property
    def forms(self) -> list[str]:
        """Words and ids as they stand in texts: also escaped, as JSON has them and as ``encode`` writes bytes."""
        plain = [*self.words, *(str(one) for one in self.ids if len(str(one)) >= _SHORTEST)]
        escaped = [json.dumps(word)[1:-1] for word in plain]
        in_bytes = [form.replace("\\", "\\\\") for form in escaped]
        octal = ["".join(_octal(word)) for word in plain]
        return list(dict.fromkeys([*plain, *escaped, *in_bytes, *octal]))


def find_person(
    cursor: Cursor[Any],
    customer: int,
    *,
    orders: Iterable[int] = (),
    emails: Iterable[str] = (),
    phones: Iterable[str] = (),
) -> Person:
    """Everything the tenant's rows know the person by, and what the request itself names."""
    found = cursor.execute(
        f"""
        SELECT id, ordinal FROM xsight.customers
        WHERE tenant_id = {TENANT} AND (id = %(id)s OR merged_into = %(id)s)""",
        {"id": customer},
    ).fetchall()
    ids = list(dict.fromkeys([customer, *(row[0] for row in found)]))
    theirs = cursor.execute(
        f"""
        SELECT id FROM xsight.orders
        WHERE tenant_id = {TENANT} AND (customer_id = ANY(%s) OR id = ANY(%s))""",
        [ids, list(orders)],
    ).fetchall()
    numbers = sorted(row[0] for row in theirs)
    rows = cursor.execute(
        f"""
        SELECT email, phone, nullif(concat_ws(' ', first_name, last_name), ''), note
        FROM xsight.customer_pii WHERE tenant_id = {TENANT} AND customer_id = ANY(%(ids)s)
        UNION ALL
        SELECT email, phone, NULL, note FROM xsight.order_pii
        WHERE tenant_id = {TENANT} AND order_id = ANY(%(orders)s)""",
        {"ids": ids, "orders": numbers},
    ).fetchall()
    mails = {row[0].lower() for row in rows if row[0]} | {one.lower() for one in emails if one}
    calls = {row[1] for row in rows if row[1]} | {one for one in phones if one}
    said = {text.lower() for row in rows for text in row[2:] if text}
    words = {word for word in mails | calls | said if len(word) >= _SHORTEST}
    return Person(
        tuple(ids),
        tuple(row[1] for row in found),
        tuple(numbers),
        tuple(sorted(mails)),
        tuple(sorted(calls)),
        tuple(sorted(words)),
    )


def read_person(cursor: Cursor[Any], person: Person) -> dict[str, list[dict[str, Any]]]:
    """What is kept of the person, by table, as JSON."""
    told: dict[str, list[dict[str, Any]]] = {}
    for holding in HOLDINGS:
        if holding.told:
            rows = cursor.execute(
                trusted(f"""
                SELECT to_jsonb(t) - %(technical)s::text[] FROM {holding.table} t
                WHERE tenant_id = {TENANT} AND ({holding.whose})"""),
                {**person.values, "technical": list(_TECHNICAL)},
            ).fetchall()
            if rows:
                told[holding.name] = [row[0] for row in rows]
    return told


def forget_person(connection: Connection[Any], person: Person) -> dict[str, int]:
    """Forget the person in every table of the list; how many rows were deleted or changed, by table."""
    done: dict[str, int] = {}
    with connection.cursor() as cursor:
        for holding in HOLDINGS:
            count = sum(
                cursor.execute(trusted(statement), values).rowcount
                for statement, values in _statements(holding, person)
            )
            if count:
                done[holding.table] = count
        if mended := _mend_documents(cursor, person):
            done["xsight.documents"] = mended
        cursor.execute(
            trusted(f"""
            INSERT INTO xsight.erased_people (tenant_id, subject)
            SELECT {TENANT}, {subject_of.format(id="id")} FROM unnest(%(ids)s::bigint[]) AS one (id)
            UNION ALL
            SELECT {TENANT}, {subject_of.format(id=an_order.format(id="id"))}
            FROM unnest(%(orders)s::bigint[]) AS one (id)
            ON CONFLICT DO NOTHING"""),
            person.values,
        )
    return done


def count_traces(cursor: Cursor[Any], person: Person) -> dict[str, int]:
    """Rows that still hold a word or an id of the person, by table.

    Every table with a tenant is searched, whatever it should hold, but those of people with an account here.
    """
    found: dict[str, int] = {}
    for table in metadata.sorted_tables:
        if "tenant_id" not in table.columns or NOTHING_PERSONAL.get(str(table)) == ACCOUNTS:
            continue
        condition = _traced(table)
        if condition:
            statement = f"SELECT count(*) FROM {table} WHERE tenant_id = {TENANT} AND ({condition})"
            row = cursor.execute(trusted(statement), person.values).fetchone()
            if row and row[0]:
                found[str(table)] = row[0]
    return found


def empty_shop(connection: Connection[Any], request: str) -> dict[str, int]:
    """Everything of the tenant's shop goes, but the record of who did what and of this request; rows by table."""
    done: dict[str, int] = {}
    kept = {*KEPT_ANYWAY, "xsight.tenant_state"} - {"xsight.erased_people"}
    with connection.cursor() as cursor:
        for table in reversed(metadata.sorted_tables):
            if table.schema != "xsight" or str(table) in kept:
                continue
            besides = "AND webhook_id <> %(request)s" if table.name == "privacy_requests" else ""
            cursor.execute(
                trusted(f"DELETE FROM {table} WHERE tenant_id = {TENANT} {besides}"),
                {"request": request},
            )
            done[str(table)] = cursor.rowcount
        for table in ("control.inbox", "control.shops"):
            cursor.execute(trusted(f"DELETE FROM {table} WHERE tenant_id = {TENANT}"))
            done[table] = cursor.rowcount
        cursor.execute(trusted(_NEW_STATE))
    return {table: count for table, count in done.items() if count}


def remove_tenant(connection: Connection[Any]) -> dict[str, int]:
    """The tenant goes with everything of its own, but the record of who did what; rows by table."""
    done: dict[str, int] = {}
    with connection.cursor() as cursor:
        for table in reversed(metadata.sorted_tables):
            if table.schema == "private" or str(table) == "xsight.audit_events":
                continue
            if table.name == "tenants":
                cursor.execute(f"DELETE FROM control.tenants WHERE id = {TENANT}")
            elif "tenant_id" not in table.columns:
                continue
            elif table.columns["tenant_id"].nullable:
                cursor.execute(
                    trusted(f"UPDATE {table} SET tenant_id = NULL WHERE tenant_id = {TENANT}")
                )
            else:
                cursor.execute(trusted(f"DELETE FROM {table} WHERE tenant_id = {TENANT}"))
            done[str(table)] = cursor.rowcount
    return {table: count for table, count in done.items() if count}


_NEW_STATE: Final = f"""
    UPDATE xsight.tenant_state SET shop_gid = NULL, domain = NULL, shop_name = NULL, plan = NULL,
      shop_created_at = NULL, connection = 'none', connected_at = NULL, connection_note = NULL, scopes = '{{}}',
      history_since = NULL, data_version = data_version + 1, synced_at = NULL, watermarks = '{{}}',
      ids_swept_at = NULL, insight_run = NULL, metafields = '{{}}'
    WHERE tenant_id = {TENANT}"""


def _statements(holding: Holding, person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    where = f"WHERE tenant_id = {TENANT} AND ({holding.whose})"
    if holding.forget is None:
        yield f"DELETE FROM {holding.table} {where}", person.values
    elif "%(ordinal)s" in holding.forget:
        for ordinal in person.ordinals:
            yield (
                f"UPDATE {holding.table} SET {holding.forget} {where}",
                {**person.values, "ordinal": ordinal},
            )
    else:
        yield f"UPDATE {holding.table} SET {holding.forget} {where}", person.values


def _mend_documents(cursor: Cursor[Any], person: Person) -> int:
    """Pages' numbers stay; a list's entry about the person goes."""
    rows = cursor.execute(
        f"SELECT name, body FROM xsight.documents WHERE tenant_id = {TENANT}"
    ).fetchall()
    mended = 0
    for name, body in rows:
        without = _without(body, frozenset(person.ids))
        if without != body:
            cursor.execute(
                f"UPDATE xsight.documents SET body = %s WHERE tenant_id = {TENANT} AND name = %s",
                [Jsonb(without), name],
            )
            mended += 1
    return mended


def _without(value: Any, ids: frozenset[int]) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, ids) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_without(one, ids) for one in cast("list[Any]", value) if not _is_about(one, ids)]
    return value


def _is_about(entry: Any, ids: frozenset[int]) -> bool:
    if not isinstance(entry, dict):
        return False
    known = cast("dict[str, Any]", entry)
    return any(known.get(key) in ids for key in ("id", "customer_id"))


def _traced(table: Table) -> str:
    """Where a row of the table says a word of the person, or names their id as a customer's."""
    conditions = [
        f"{column.name} = ANY(%(ids)s)" for column in table.columns if _names_customer(column)
    ]
    texts = [text for column in table.columns if (text := _as_text(column))]
    if texts and str(table) not in _BULKY:
        conditions.append(f"lower(concat_ws(chr(31), {', '.join(texts)})) LIKE ANY(%(traces)s)")
    return " OR ".join(conditions)


def _names_customer(column: Column[Any]) -> bool:
    if not isinstance(column.type, BigInteger):
        return False
    return "customer" in column.name or (
        str(column.table) == "xsight.customers" and column.name in {"id", "merged_into"}
    )


def _as_text(column: Column[Any]) -> str | None:
    if isinstance(column.type, LargeBinary):
        return f"encode({column.name}, 'escape')"
    if isinstance(column.type, (Text, JSON, ARRAY)):
        return f'"{column.name}"::text'
    return None


def _escaped(pattern: str) -> str:
    """For LIKE."""
    return pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _octal(word: str) -> Sequence[str]:
    """As ``encode(…, 'escape')`` writes bytes above 127."""
    return [
        chr(byte) if byte < 128 else f"\\{byte:03o}"  # noqa: PLR2004 - ASCII ends there
        for byte in word.encode()
    ]
