"""Bring a database to the state this code was written for: roles, schemas, tables, access.

Tables change by Alembic's revisions, which never change once released. Access (functions, policies, grants, catalog
hardening) has no history: it is generated from ``tables.py`` and applied whole whenever it differs from what was
applied last, in the same transaction as the revisions. So no state in between is ever seen, and a failed
migration leaves nothing behind.

Run it with ``python -m xsight_core.db.migrate``; ``XSIGHT_ADMIN_DATABASE_URL`` names a login that may create roles
and owns the database (or is superuser), the other ``XSIGHT_…DATABASE_URL`` give the passwords to set.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import psycopg
from alembic.command import upgrade as run_revisions
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import URL, Connection, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from xsight_core.db import rls, roles
from xsight_core.errors import (
    DatabaseBusy,
    DatabaseError,
    DatabaseLoginRefused,
    DatabaseRightMissing,
    DatabaseTooNew,
    DatabaseUnreachable,
    InvalidInput,
    XsightError,
)

__all__ = ["SCRIPTS", "known_revisions", "main", "make_roles", "upgrade"]

SCRIPTS = Path(__file__).parents[2] / "alembic"

# A migration that waits for a lock makes everybody else wait behind it: better to give up and be run again.
_LOCK_TIMEOUT_S = 10
_CONNECT_TIMEOUT_S = 10
_ONE_AT_A_TIME = 0x5873_6967_6874  # "Xsight", for pg_advisory_xact_lock

_URLS = {
    roles.APP: "XSIGHT_DATABASE_URL",
    roles.INGEST: "XSIGHT_INGEST_DATABASE_URL",
    roles.SPAWNER: "XSIGHT_SPAWNER_DATABASE_URL",
}


def upgrade(admin_url: str, passwords: Mapping[str, str]) -> None:
    """Create what is missing, set the logins' ``passwords`` (role to password), run revisions, apply access.

    All or nothing. Messages name server, database and role, never a password.
    """
    _carry_out(admin_url, passwords, _upgrade)


def make_roles(admin_url: str, passwords: Mapping[str, str]) -> None:
    """The roles and the logins' passwords alone: what a dump needs before it is loaded."""
    _carry_out(admin_url, passwords, _make_roles)


def known_revisions() -> Sequence[str]:
    """Revisions that this version can read, newest first."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]


def _carry_out(
    admin_url: str,
    passwords: Mapping[str, str],
    work: Callable[[Connection, Mapping[str, str]], None],
) -> None:
    unknown = set(passwords) - set(roles.LOGINS)
    if unknown:
        raise InvalidInput("passwords", f"No such login: {', '.join(sorted(unknown))}.")
    url = _parse(admin_url)
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "options": f"-c lock_timeout={_LOCK_TIMEOUT_S}s -c client_min_messages=warning",
        },
    )
    try:
        with engine.begin() as connection:
            work(connection, passwords)
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise _explain(cause, url) from None
    finally:
        engine.dispose()


def _upgrade(connection: Connection, passwords: Mapping[str, str]) -> None:
    driver = _driver(connection)
    driver.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
    superuser = _scalar(driver, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    _prepare(driver, superuser=superuser)
    _set_passwords(driver, passwords)
    _revise(connection)
    _apply_access(driver, superuser=superuser)


def _make_roles(connection: Connection, passwords: Mapping[str, str]) -> None:
    driver = _driver(connection)
    superuser = _scalar(driver, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    _run(driver, roles.role_statements(superuser=superuser))
    _set_passwords(driver, passwords)


def _prepare(driver: psycopg.Connection[Any], *, superuser: bool) -> None:
    """Roles and schemas, without anything in them."""
    database = sql.Identifier(driver.info.dbname).as_string(driver)
    _run(driver, roles.role_statements(superuser=superuser))
    _run(driver, roles.database_statements(database))
    _run(driver, roles.schema_statements())


def _revise(connection: Connection) -> None:
    """Tables, as their owner."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    driver = _driver(connection)
    _run(driver, [f"SET LOCAL ROLE {roles.OWNER}"])
    _refuse_newer(connection)
    run_revisions(config, "head")
    _run(driver, ["RESET ROLE"])


def _apply_access(driver: psycopg.Connection[Any], *, superuser: bool) -> None:
    """Functions, policies and grants, unless exactly these are in force."""
    statements = rls.access_statements()
    if superuser:
        statements += rls.hardening()
    digest = f"access {sha256(chr(0).join(statements).encode()).hexdigest()}"
    if _scalar(driver, "SELECT obj_description('private'::regnamespace, 'pg_namespace')") == digest:
        return
    _run(driver, statements)
    _run(driver, [f"COMMENT ON SCHEMA private IS '{digest}'"])


def _refuse_newer(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": "private"})
    unknown = set(context.get_current_heads()) - set(known_revisions())
    if unknown:
        raise DatabaseTooNew(
            f"The database is at revision {', '.join(sorted(unknown))}, which this version of XSight does not know. "
            "Install the version that wrote it, or a newer one."
        )


def _set_passwords(driver: psycopg.Connection[Any], passwords: Mapping[str, str]) -> None:
    """Only the SCRAM verifier travels: a statement may end up in the server's log."""
    for role, password in passwords.items():
        verifier = driver.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        )
        driver.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(verifier.decode())
            )
        )


def _run(driver: psycopg.Connection[Any], statements: Sequence[str]) -> None:
    for statement in statements:
        driver.execute(statement.encode())


def _scalar(driver: psycopg.Connection[Any], statement: str) -> Any:
    row = driver.execute(statement.encode()).fetchone()
    return row[0] if row else None


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _parse(admin_url: str) -> URL:
    try:
        url = make_url(admin_url)
    except (ArgumentError, ValueError):
        raise InvalidInput("XSIGHT_ADMIN_DATABASE_URL", "Not a postgresql:// address.") from None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise InvalidInput("XSIGHT_ADMIN_DATABASE_URL", "Not a postgresql:// address.")
    return url.set(drivername="postgresql+psycopg")


def _explain(cause: BaseException | None, url: URL) -> XsightError:
    """What the operator has to do, in the operator's words."""
    where = f"{url.host or url.query.get('host', 'local socket')}:{url.port or 5432}"
    text = " ".join(str(cause).split())
    match cause:
        case psycopg.errors.InsufficientPrivilege():
            return DatabaseRightMissing(
                f"Role {url.username!r} may not prepare database {url.database!r} ({text}). It has to be superuser, "
                "or have CREATEROLE and own the database; roles that exist already must have been granted to it "
                f"WITH ADMIN OPTION: GRANT {', '.join(roles.ROLES)} TO {url.username} WITH ADMIN OPTION."
            )
        case psycopg.errors.LockNotAvailable():
            return DatabaseBusy(
                f"A lock in database {url.database!r} was not free within {_LOCK_TIMEOUT_S} s; nothing was changed. "
                "Run the migration again when nothing long is running."
            )
        case psycopg.OperationalError() if "authentication failed" in text or (
            "role" in text and "does not exist" in text
        ):
            return DatabaseLoginRefused(
                f"PostgreSQL at {where} refuses role {url.username!r} with this password. Correct the address."
            )
        case psycopg.OperationalError() if "database" in text and "does not exist" in text:
            return DatabaseUnreachable(
                f"There is no database {url.database!r} at {where}. Create it: CREATE DATABASE {url.database}."
            )
        case psycopg.OperationalError() if cause.sqlstate is None:
            return DatabaseUnreachable(f"PostgreSQL at {where} cannot be reached: {_short(text)}")
        case _:
            return DatabaseError(f"Migrating database {url.database!r} failed: {text}")


def _short(text: str) -> str:
    return text.rpartition("failed: ")[2] or text


def main(environ: Mapping[str, str]) -> int:
    """The command: 0, or 1 and one clear line."""
    try:
        admin_url = environ.get("XSIGHT_ADMIN_DATABASE_URL")
        if not admin_url:
            raise InvalidInput(
                "XSIGHT_ADMIN_DATABASE_URL", "Set XSIGHT_ADMIN_DATABASE_URL to migrate."
            )
        upgrade(admin_url, dict(_passwords(environ)))
    except XsightError as error:
        sys.stderr.write(f"xsight migrate: {error}\n")
        return 1
    return 0


def _passwords(environ: Mapping[str, str]) -> Mapping[str, str]:
    urls = {role: make_url(environ[name]) for role, name in _URLS.items() if environ.get(name)}
    for role, url in urls.items():
        if url.username != role:
            raise InvalidInput(
                _URLS[role], f"{_URLS[role]} has to log in as {role}, not {url.username}."
            )
    return {role: str(url.password) for role, url in urls.items() if url.password is not None}


if __name__ == "__main__":
    sys.exit(main(os.environ))
