"""A stand for measuring: an embedded PostgreSQL as XSight runs it, and the simulator, each a process of its own."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg

from ops.embedded import (
    STOP_POSTGRES,
    init_postgres,
    postgres_command,
    postgres_user,
    wait_for_postgres,
)
from ops.home import ROOT
from ops.ports import any_free
from ops.postgres import SETTINGS
from ops.trouble import Trouble
from xsight_core.db import migrate, roles

__all__ = ["Databases", "databases", "simulator"]

_TEMPLATE = "bench_template"
_WITHIN_S = 300.0


class Databases:
    """Copies of one prepared database, so that every run finds the same."""

    def __init__(self, sockets: Path, password: str) -> None:
        self._sockets, self._password = sockets, password
        self._passwords = {role: secrets.token_hex(12) for role in roles.LOGINS}

    def url(self, name: str, role: str = "postgres") -> str:
        """Address of a database for a role."""
        password = self._passwords.get(role, self._password)
        return f"postgresql://{role}:{password}@/{name}?host={quote(str(self._sockets), safe='')}"

    def template(self) -> str:
        """A migrated database, to be filled and then copied."""
        self._create(_TEMPLATE, "template0")
        migrate.upgrade(self.url(_TEMPLATE), self._passwords)
        return _TEMPLATE

    @contextmanager
    def copy(self) -> Iterator[str]:
        """A copy of the template, dropped at the end."""
        name = f"bench_{secrets.token_hex(4)}"
        self._create(name, _TEMPLATE)
        try:
            yield name
        finally:
            with self._admin() as admin:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _create(self, name: str, template: str) -> None:
        with self._admin() as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
            for statement in roles.database_statements(name) if template == _TEMPLATE else ():
                admin.execute(statement.encode())
            admin.execute("CHECKPOINT")  # what was written before is not paid for by the next run

    def _admin(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url("postgres"), autocommit=True)


@contextmanager
def databases() -> Iterator[Databases]:
    """An embedded PostgreSQL with the settings of ``xsight up``."""
    folder = Path(tempfile.mkdtemp(prefix="xs-"))
    folder.chmod(0o711)
    sockets, password = folder / "s", secrets.token_hex(12)
    sockets.mkdir()
    try:
        init_postgres(folder / "data", password=password)
        user = postgres_user()
        if user:
            os.chown(sockets, int(str(user["user"])), int(str(user["group"])))
        settings = SETTINGS | {"max_wal_size": "4GB", "checkpoint_timeout": "15min"}
        command = postgres_command(
            folder / "data", socket_dir=sockets, port=5432, settings=settings
        )
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **user)  # pyright: ignore[reportArgumentType, reportCallIssue]
        try:
            made = Databases(sockets, password)
            wait_for_postgres(made.url("postgres"), server)
            yield made
        finally:
            server.send_signal(STOP_POSTGRES)
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def simulator(shops: dict[str, str], app: str, options: Sequence[str] = ()) -> Iterator[str]:
    """A simulator of these shops (domain: source); its address. Its result files are on disk."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xs-sim-")))
        port = any_free()
        command = [
            sys.executable,
            "-m",
            "shopify_sim",
            "serve",
            "--port",
            str(port),
            "--auto-approve",
        ]
        command += ["--home", str(home), "--token-life", "86400", *options]
        for domain, source in shops.items():
            command += ["--shop", f"{domain}={source}"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"SHOPIFY_SIM_APPS": app}, stdout=subprocess.DEVNULL
        )
        stack.callback(_end, process)
        address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + _WITHIN_S
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Trouble("the simulator did not start", "start it by hand: xsight sim serve")
            time.sleep(0.1)
        yield address


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(30)
