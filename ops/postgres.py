"""The embedded PostgreSQL as a service of the stack: whose data folder it is, and its first database."""

import os
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

from ops.embedded import (
    POSTGRES_SUPERUSER,
    STOP_POSTGRES,
    init_postgres,
    postgres_command,
    postgres_user,
)
from ops.home import Home
from ops.service import Service
from ops.trouble import Trouble
from ops.vault import Vault

__all__ = ["DATABASE", "MAJOR", "SETTINGS", "embedded", "refuse_foreign"]

MAJOR = 18
DATABASE = "xsight"
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    # kept to be written over: a new file of the log is filled first, and everybody waits for that
    "min_wal_size": "512MB",
    "jit": "off",
    # counts what notebooks ask, for the audit log, and nobody else's statements
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "none",
    "pg_stat_statements.save": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_checkpoints": "off",
    # a failing CREATE ROLE would write its password to the log
    "log_min_error_statement": "panic",
}


def embedded(home: Home, vault: Vault, env: dict[str, str]) -> tuple[Service, str]:
    """The service and the administrator's DSN. The data folder is made on the first call.

    Raises
    ------
    Trouble
        The folder holds something else or another major version, or belongs to another user.
    """
    folder = home.path / "postgres"
    data = folder / "data"
    sockets = home.socket_folder()
    password = vault.text("postgres-superuser")
    refuse_foreign(folder)
    try:
        opened = init_postgres(data, password=password)
    except (ChildProcessError, ModuleNotFoundError, OSError) as error:
        raise Trouble(
            f"PostgreSQL's data folder cannot be made: {str(error).strip().splitlines()[-1]}",
            f"mend that and start again ({folder} is made anew then)",
        ) from error
    if opened:
        print(f"PostgreSQL does not run as root; its own user may now pass through {opened[-1]}")
    uid = int(str(postgres_user().get("user", -1)))
    if uid >= 0:
        os.chown(sockets, uid, uid)
    where = quote(str(sockets), safe="")
    dsn = f"postgresql://{POSTGRES_SUPERUSER}:{quote(password)}@/{DATABASE}?host={where}"

    async def ready() -> bool:
        await _ensure_database(dsn)
        return True

    service = Service(
        name="postgres",
        command=tuple(postgres_command(data, socket_dir=sockets, port=5432, settings=SETTINGS)),
        env=env,
        ready=ready,
        folder=Path("/"),
        prepare=lambda: _end_leftover(data),
        uid=None if uid < 0 else uid,
        stop_signal=STOP_POSTGRES,
        die_signal=STOP_POSTGRES,
        stop_within_s=6,
    )
    return service, dsn


def refuse_foreign(folder: Path) -> None:
    """Raise a Trouble where the folder is not ours to open."""
    data = folder / "data"
    elsewhere = "name another folder with XSIGHT_HOME"
    try:
        ours = {"data", "data.making", "data.making.password"}
        if any(path.name not in ours for path in folder.iterdir()):
            raise Trouble(f"{folder} is not a data folder of XSight", elsewhere)
        if not data.exists():
            return
        version = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise Trouble(f"{data} is not a data folder of PostgreSQL", elsewhere) from None
    except PermissionError:
        raise Trouble(
            f"{folder} belongs to another user", f"run as that user, or {elsewhere}"
        ) from None
    if version != str(MAJOR):
        raise Trouble(
            f"{data} was written by PostgreSQL {version}, this is PostgreSQL {MAJOR}",
            f"dump it with version {version} and load it here, or {elsewhere}",
        )
    if os.geteuid() not in {0, data.stat().st_uid}:
        raise Trouble(f"{data} belongs to another user", f"run as that user, or {elsewhere}")


def _end_leftover(data: Path) -> None:
    """End a server that outlived a killed XSight: we hold the home's lock, so it is nobody else's."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        if os.fsencode(data) not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return
    except (OSError, ValueError, IndexError):
        return
    with suppress(ProcessLookupError):
        os.kill(pid, STOP_POSTGRES)
        for _ in range(100):
            os.kill(pid, 0)
            time.sleep(0.1)


async def _ensure_database(dsn: str) -> None:
    try:
        async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=3):
            return
    except psycopg.OperationalError as error:
        if f'database "{DATABASE}" does not exist' not in str(error):
            raise
    first = dsn.replace(f"@/{DATABASE}?", "@/postgres?")
    async with await psycopg.AsyncConnection.connect(first, autocommit=True) as connection:
        await connection.execute(f"CREATE DATABASE {DATABASE}")
