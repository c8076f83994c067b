"""Notebook servers' addresses, minted as the Hub does."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

__all__ = ["mint"]


def mint(database, tenant, folder, *, pii: bool):
    """A notebook server's address file, minted as the Hub does for an analyst."""
    user, password = uuid4(), secrets.token_hex(16)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO control.users (id, email, name, password_hash) VALUES (%s, %s, 'Ann', '')",
            [user, f"{user}@example.org"],
        )
        admin.execute(
            "INSERT INTO control.memberships (tenant_id, user_id, role, pii) VALUES (%s, %s, 'analyst', true)",
            [tenant.id, user],
        )
    with psycopg.connect(database.spawner_url) as spawner:
        (role,) = spawner.execute(
            "SELECT private.mint_server_role(%s, %s, %s, %s, %s, %s)",
            [
                tenant.slug,
                user,
                pii,
                f"lab-{user}",
                password,
                datetime.now(UTC) + timedelta(hours=1),
            ],
        ).fetchone()
    path = folder / f"dsn-{user}"
    path.write_text(make_conninfo(database.app_url, user=role, password=password))
    path.chmod(0o600)
    return path
