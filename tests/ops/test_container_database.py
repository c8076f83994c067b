"""Who may come how to the database of a compose installation: its rules in a real PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from ops import embedded
from ops.home import ROOT
from ops.ports import any_free

NOTEBOOK = "nb_0123456789ab"


@pytest.fixture(scope="module")
def server():
    """Where it is: socket folder, port."""
    folder, port = Path(tempfile.mkdtemp(prefix="xs-")), any_free()
    folder.chmod(0o711)
    sockets, rules = folder / "s", folder / "hba"
    sockets.mkdir()
    embedded.init_postgres(folder / "data", password="pw")
    user = embedded.postgres_user()
    if user:
        os.chown(sockets, user["user"], user["group"])
    shutil.copy(ROOT / "deploy" / "compose" / "pg_hba.conf", rules)
    rules.chmod(0o644)
    settings = {"hba_file": str(rules), "listen_addresses": "127.0.0.1"}
    command = embedded.postgres_command(
        folder / "data", socket_dir=sockets, port=port, settings=settings
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **user)
    try:
        with connect(f"postgres:pw@127.0.0.1:{port}/postgres", process) as admin:
            for name in (NOTEBOOK, "xsight_app"):
                admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
            admin.execute("CREATE DATABASE xsight")
        yield quote(str(sockets), safe=""), port
    finally:
        process.send_signal(embedded.STOP_POSTGRES)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def connect(where, process):
    deadline = time.monotonic() + 60
    while True:
        try:
            return psycopg.connect(f"postgresql://{where}", autocommit=True)
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def comes_in(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as refusal:
        return "FATAL" not in str(refusal)  # another trouble is no refusal
    return True


def test_by_the_socket_come_notebooks_and_over_the_network_the_rest(server):
    sockets, port = server

    def over_socket(name, password="pw"):
        return comes_in(f"postgresql://{name}:{password}@/xsight?host={sockets}&port={port}")

    def over_network(name, database="xsight"):
        return comes_in(f"postgresql://{name}:pw@127.0.0.1:{port}/{database}")

    assert over_socket(NOTEBOOK)
    assert not over_socket(NOTEBOOK, "wrong")
    assert not over_socket("postgres")
    assert not over_socket("xsight_app")
    assert not over_network(NOTEBOOK)
    assert over_network("xsight_app")
    assert not over_network("xsight_app", "postgres")
