"""The server's token for the Hub, handed over by a file that is gone once read.

Kernels run under the same account as their server. So the token is in nobody's environment (any process of the account
may read the first environment of another in ``/proc``), and the memory of the server that holds it is closed to them.
"""

import ctypes
import os
from pathlib import Path

__all__ = ["SOCKET", "run_folder", "take_token"]

SOCKET = "server.sock"
"""Name of the unix socket in the run folder on which a server listens."""

PR_SET_DUMPABLE = 4


def run_folder() -> Path:
    """The folder that this server shares with its spawner."""
    return Path(os.environ["XSIGHT_RUN"])


def take_token() -> str:
    """Read the token once."""
    file = run_folder() / "token"
    token = file.read_text()
    file.unlink()
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)
    return token
