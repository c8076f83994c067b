"""Logins of Hub servers, minted as the Hub does, for tests of what a notebook can reach."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.support.postgres import Database
from tests.support.tenants import TestTenant

__all__ = ["Server", "add_person", "mint"]


@dataclass(frozen=True)
class Server:
    """A minted login."""

    role: str
    password: str
    database: Database

    @property
    def url(self) -> str:
        return self.database.url(self.role, self.password)

    def connect(self, **options: Any) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True, **options)


def add_person(database: Database, tenant: TestTenant, *, role: str, pii: bool) -> UUID:
    """A member of the tenant who cannot log in."""
    user = uuid4()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO control.users (id, email, name, password_hash) VALUES (%s, %s, 'x', '!')",
            [user, f"{user}@example.com"],
        )
        admin.execute(
            "INSERT INTO control.memberships (tenant_id, user_id, role, pii) VALUES (%s, %s, %s, %s)",
            [tenant.id, user, role, pii],
        )
    return user


def mint(
    database: Database,
    tenant: TestTenant,
    *,
    pii: bool = False,
    user: UUID | None = None,
    server: str | None = None,
    lifetime: timedelta = timedelta(hours=1),
) -> Server:
    """A login for a server of the tenant: an analyst's with `pii`, else the dashboard's."""
    if pii and user is None:
        user = add_person(database, tenant, role="analyst", pii=True)
    password = secrets.token_hex(16)
    with psycopg.connect(database.spawner_url) as spawner:
        row = spawner.execute(
            "SELECT private.mint_server_role(%s, %s, %s, %s, %s, %s)",
            [
                tenant.slug,
                user,
                pii,
                server or secrets.token_hex(4),
                password,
                datetime.now(UTC) + lifetime,
            ],
        ).fetchone()
    assert row is not None
    return Server(row[0], password, database)
