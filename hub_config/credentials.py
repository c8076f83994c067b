"""The server's token for the Hub, handed over by a file that is gone once read.

Kernels run under the same account as their server. So the token is in no process's first environment (any process of
the account may read that in ``/proc``), not in what kernels inherit, and the server's memory is closed to them.
"""

import ctypes
import os
from pathlib import Path

__all__ = ["SOCKET", "take_token"]

SOCKET = "server.sock"
"""Name of the unix socket in the run folder on which a server listens."""

PR_SET_DUMPABLE = 4


def take_token() -> Path:
    """Put the token into this process's environment, for JupyterHub's classes to read; returns the run folder."""
    run = Path(os.environ["XSIGHT_RUN"])
    token = run / "token"
    os.environ["JUPYTERHUB_API_TOKEN"] = token.read_text()
    token.unlink()
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)
    return run
