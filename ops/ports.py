"""Internal ports: free ones, chosen once and kept, so that a restarted process is found again."""

import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path

from ops.trouble import Trouble

__all__ = ["any_free", "choose", "is_free", "require_free"]

# below Linux' range for outgoing connections, which would take a port while its owner restarts
_RANGE = range(20_000, 32_000)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens. A port that only waits for stray packets counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_free(port: int, host: str) -> None:
    """Refuse a public port that somebody else has, or that needs a right we lack."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise Trouble(
                f"port {port} may be opened by root only", "choose one above 1023: XSIGHT_PORT=8000"
            ) from error
        except OSError as error:
            raise Trouble(
                f"port {port} is taken by another program",
                f"stop that program, or choose another port: XSIGHT_PORT={port + 1}",
            ) from error


def any_free() -> int:
    """Some port that nobody listens on, and that no outgoing connection will take."""
    while True:
        port = random.choice(_RANGE)  # noqa: S311  # not a secret
        if is_free(port):
            return port


def choose(names: Sequence[str], file: Path) -> dict[str, int]:
    """A port for each name: the one of last time where it is still free, else a new one."""
    try:
        known: dict[str, int] = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        known = {}
    chosen: dict[str, int] = {}
    for name in names:
        port = known.get(name)
        while port is None or port in chosen.values() or not is_free(port):
            port = any_free()
        chosen[name] = port
    file.write_text(json.dumps(chosen))
    return chosen
