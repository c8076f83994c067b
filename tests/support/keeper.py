"""Keep a test run's PostgreSQL: start it, say so, and stop it when the run is over, however it ended.

A process of its own, so that a test run that is killed leaves neither a server nor a folder behind. It ends on
SIGTERM, or when the process it watches is gone.

    python -m tests.support.keeper FOLDER WATCHED_PID
"""

import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from ops import embedded
from ops.ports import any_free

# A test's data need not survive a power cut.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "autovacuum": "off",
    "logging_collector": "off",
    # as ops/postgres.py has it
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "none",
    "pg_stat_statements.save": "off",
}


def main(folder: Path, watched_pid: int) -> None:
    # signals become events: nothing is interrupted half-way
    wake, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the test run's business first

    password = secrets.token_hex(16)
    sockets = folder / "s"
    sockets.mkdir()
    embedded.init_postgres(folder / "data", password=password)
    if os.geteuid() == 0:
        os.chown(sockets, *(embedded.postgres_user()[key] for key in ("user", "group")))
    port = any_free()
    command = embedded.postgres_command(
        folder / "data", socket_dir=sockets, port=port, settings=FAST
    )
    with (folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, **embedded.postgres_user()
        )
    try:
        url = f"postgresql://{embedded.POSTGRES_SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
        embedded.wait_for_postgres(url, server)
        facts = {"port": port, "password": password, "socket_dir": str(sockets), "pid": os.getpid()}
        (folder / "cluster.tmp").write_text(json.dumps(facts))
        (folder / "cluster.tmp").rename(folder / "cluster.json")
        select.select([os.pidfd_open(watched_pid), os.pidfd_open(server.pid), wake], [], [])
    finally:
        server.send_signal(embedded.STOP_POSTGRES)
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
