"""Copies of people's data that forget with us: each row is sealed under its person's own key, and copies hold no key.

A backup is made of three parts: a dump of the database without the tables of ``SEALED_TABLES`` and without keys; this
copy of those tables; and the keys, in one file that each backup writes anew and nobody collects. Whoever is erased
loses their key; with the next backup no copy, however old and wherever it lies, can be opened for them
(docs/adr/0017). Restoring an old backup gives back everybody but them, and says who they are, so that what the dump
still knows of them can be erased as well.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xsight_core.crypto import Keyring
from xsight_core.db import person_keys as rows
from xsight_core.db.erasure import find_person, forget_person
from xsight_core.tenancy import Tenancy

__all__ = ["Restored", "forget_again", "read_copy", "read_keys", "write_copy", "write_keys"]

_ROWS_AT_ONCE: Final = 2000
_NONCE_BYTES: Final = 12
_PURPOSE: Final = "person key"


@dataclass(frozen=True)
class Restored:
    """Rows that came back, and whose rows nobody can open any more (``customer:ID``, ``order:ID``)."""

    rows: int
    forgotten: tuple[str, ...]


def write_copy(
    tenancy: Tenancy, tenant_id: UUID, path: Path, *, snapshot: str | None = None
) -> dict[str, int]:
    """Write a tenant's rows that name people, sealed, a line each; how many by table. Blocks.

    ``snapshot``: the moment of a dump they belong to. Who came between the keys and that moment gets a key now.
    """
    count = dict.fromkeys(rows.SEALED_TABLES, 0)
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        rows.make_keys(cursor)
    with (
        tenancy.connection(tenant_id, snapshot=snapshot) as connection,
        tenancy.connection(tenant_id) as latest,
        latest.cursor() as cursor,
        _private(path) as file,
    ):
        known = rows.keys(cursor)
        for table, subject, row in rows.rows_to_seal(connection):
            key = known.get(subject)
            if key is None:
                key = known[subject] = rows.key_of(cursor, subject)
            nonce = os.urandom(_NONCE_BYTES)
            text = json.dumps(row, ensure_ascii=False).encode()
            sealed = nonce + AESGCM(key).encrypt(nonce, text, _bound_to(tenant_id, table, subject))
            line = {"table": table, "subject": subject, "sealed": sealed.hex()}
            file.write(json.dumps(line).encode() + b"\n")
            count[table] += 1
    return count


def read_copy(tenancy: Tenancy, tenant_id: UUID, path: Path) -> Restored:
    """Bring back what can still be opened; rows that are there stay as they are. Blocks."""
    count, forgotten = 0, dict[str, None]()
    with (
        tenancy.connection(tenant_id) as connection,
        connection.cursor() as cursor,
        path.open() as file,
    ):
        known = rows.keys(cursor)
        waiting: dict[str, list[dict[str, Any]]] = {table: [] for table in rows.SEALED_TABLES}
        for line in file:
            told: dict[str, Any] = json.loads(line)
            table, subject = told["table"], told["subject"]
            row = _opened(known.get(subject), tenant_id, table, subject, told["sealed"])
            if row is None:
                forgotten[subject] = None
                continue
            waiting[table].append(row)
            count += 1
            if len(waiting[table]) == _ROWS_AT_ONCE:
                rows.put_back(cursor, table, waiting[table])
                waiting[table].clear()
        for table, few in waiting.items():
            rows.put_back(cursor, table, few)
    return Restored(count, tuple(forgotten))


def forget_again(tenancy: Tenancy, tenant_id: UUID, forgotten: Iterable[str]) -> int:
    """Erase what a dump still knows of people who were erased after it was made; how many people. Blocks.

    They are known by their ids only: their words were in the rows that nobody can open.
    """
    customers = [int(one.partition(":")[2]) for one in forgotten if one.startswith("customer:")]
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        for customer in customers:
            forget_person(connection, find_person(cursor, customer))
    return len(customers)


def write_keys(tenancy: Tenancy, tenant_id: UUID, keyring: Keyring, path: Path) -> int:
    """Write the keys there are now over those of the last backup, sealed with the installation's own key."""
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        known = rows.keys(cursor)
    beside = path.with_name(f"{path.name}.new")
    with _private(beside) as file:
        for subject, key in known.items():
            sealed = keyring.seal(key.hex(), tenant_id=tenant_id, purpose=f"{_PURPOSE} {subject}")
            file.write(json.dumps([subject, sealed]).encode() + b"\n")
    beside.replace(path)
    return len(known)


def read_keys(tenancy: Tenancy, tenant_id: UUID, keyring: Keyring, path: Path) -> int:
    """Bring the keys back, before the copy is read."""
    known: dict[str, bytes] = {}
    with path.open() as file:
        for line in file:
            subject, sealed = json.loads(line)
            opened = keyring.open(sealed, tenant_id=tenant_id, purpose=f"{_PURPOSE} {subject}")
            known[subject] = bytes.fromhex(opened)
    with tenancy.connection(tenant_id) as connection, connection.cursor() as cursor:
        rows.add_keys(cursor, known)
    return len(known)


def _opened(
    key: bytes | None, tenant_id: UUID, table: str, subject: str, sealed: str
) -> dict[str, Any] | None:
    if key is None:
        return None
    raw = bytes.fromhex(sealed)
    try:
        text = AESGCM(key).decrypt(
            raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound_to(tenant_id, table, subject)
        )
    except InvalidTag:
        return None  # sealed under a key that was forgotten; the person came back under another
    return json.loads(text)


def _bound_to(tenant_id: UUID, table: str, subject: str) -> bytes:
    return f"{tenant_id}|{table}|{subject}".encode()


def _private(path: Path) -> Any:
    """A new file that only its owner reads."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
