"""A test run that is killed leaves no server and no folder behind."""

import os
import select
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import start_cluster, stop_cluster


@pytest.fixture
def folder():
    folder = Path(tempfile.mkdtemp(prefix="xs-"))
    folder.chmod(0o711)
    yield folder
    stop_cluster(folder)


def test_the_server_ends_with_the_process_it_serves(folder):
    run = subprocess.Popen(["sleep", "600"])
    try:
        cluster = start_cluster(folder, run.pid)
        server_pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        psycopg.connect(cluster.maintenance_url).close()
        server = os.pidfd_open(server_pid)
    finally:
        run.kill()
        run.wait()
    ended, _, _ = select.select([server], [], [], 20)
    os.close(server)
    assert ended
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(cluster.maintenance_url)
