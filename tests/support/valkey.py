"""A Valkey server for one test: it is small and starts in a few milliseconds."""

import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from ops import embedded
from ops.ports import any_free

__all__ = ["running_valkey"]


@contextmanager
def running_valkey(folder: Path, *, port: int | None = None) -> Iterator[str]:
    """The address of a server of its own; stopped at the end."""
    password = secrets.token_hex(16)
    data = folder / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    port = port or any_free()
    command = embedded.valkey_command(
        data / "valkey.conf", data_dir=data, port=port, password=password
    )
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    with (data / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(url, server, data / "log")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    client = redis.Redis.from_url(url)
    deadline = time.monotonic() + 60
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise ChildProcessError(log.read_text()) from None
            time.sleep(0.01)
        else:
            client.close()
            return
