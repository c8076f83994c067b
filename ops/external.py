"""An operator's own PostgreSQL and Redis: refused early and plainly when they will not do."""

from urllib.parse import urlsplit

import psycopg
import redis
from psycopg.conninfo import conninfo_to_dict

from ops.postgres import MAJOR
from ops.trouble import Trouble

__all__ = ["check_database", "check_redis"]

_WITHIN_S = 5
_RIGHTS = """
SELECT rolsuper OR (rolcreaterole AND has_database_privilege(current_database(), 'CREATE'))
FROM pg_roles WHERE rolname = current_user
"""


def check_database(url: str) -> None:
    """Log in, look at version and rights.

    Raises
    ------
    Trouble
        Without ever repeating the password.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise Trouble(
            "DATABASE_URL is not a PostgreSQL address",
            "write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE",
        ) from None
    where = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}"
    user, database = parts.get("user") or "?", parts.get("dbname") or "?"
    try:
        with psycopg.connect(url, connect_timeout=_WITHIN_S) as connection:
            version = connection.info.server_version // 10_000
            row = connection.execute(_RIGHTS).fetchone()
    except psycopg.errors.InsufficientPrivilege:  # a hardened catalog hides even one's own rights
        raise _right_trouble(str(user), str(database)) from None
    except psycopg.OperationalError as error:
        raise _log_in_trouble(str(error), where, str(user), str(database)) from None
    if version < MAJOR:
        raise Trouble(
            f"DATABASE_URL: {where} is PostgreSQL {version}, XSight needs {MAJOR}",
            f"name a server of version {MAJOR}, or unset DATABASE_URL to use the embedded one",
        )
    if not row or not row[0]:
        raise _right_trouble(str(user), str(database))


def _right_trouble(user: str, database: str) -> Trouble:
    return Trouble(
        f"DATABASE_URL: user {user} may not create roles and schemas in {database}",
        f"as an administrator: ALTER ROLE {user} CREATEROLE; ALTER DATABASE {database} OWNER TO {user}",
    )


def _log_in_trouble(said: str, where: str, user: str, database: str) -> Trouble:
    if "permission denied" in said:
        return _right_trouble(user, database)
    if "password" in said or "authentication failed" in said or "pg_hba.conf" in said:
        return Trouble(
            f"DATABASE_URL: {where} refuses user {user}", "check user and password in DATABASE_URL"
        )
    if "does not exist" in said:
        return Trouble(
            f"DATABASE_URL: {where} has no database {database} or no user {user}",
            f"create it: createdb {database}",
        )
    return Trouble(
        f"DATABASE_URL: no PostgreSQL answers at {where}",
        "start it, correct the address, or unset DATABASE_URL to use the embedded one",
    )


def check_redis(url: str) -> None:
    """Say hello with the given password.

    Raises
    ------
    Trouble
        Without ever repeating the password.
    """
    parts = urlsplit(url)
    remedy = "correct REDIS_URL, or unset it to use the embedded one"
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise Trouble(
            "REDIS_URL is not a Redis address", "write it as redis://:PASSWORD@HOST:6379/0"
        )
    where = f"{parts.hostname}:{parts.port or 6379}"
    try:
        with redis.Redis.from_url(url, socket_timeout=_WITHIN_S) as client:
            client.ping()
    except (redis.AuthenticationError, redis.ResponseError):
        raise Trouble(f"REDIS_URL: {where} refuses the password", remedy) from None
    except redis.RedisError:
        raise Trouble(f"REDIS_URL: no Redis answers at {where}", remedy) from None
