"""A small parent above the supervisor: whatever happens to either, no process is left behind."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

__all__ = ["guarded"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_S = 5.0


def guarded(supervise: Callable[[], int]) -> int:
    """Run ``supervise`` in a child and return its exit code.

    Processes that lose their parent below us become ours (subreaper), so that a supervisor killed
    without a chance to clean up is cleaned up after. Killed ourselves, the supervisor is told.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    me = os.getpid()
    sys.stdout.flush()
    supervisor = os.fork()
    if supervisor == 0:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        code = supervise() if os.getppid() == me else 1
        sys.stdout.flush()
        os._exit(code)

    def forward(number: int, _frame: FrameType | None) -> None:
        os.kill(supervisor, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == supervisor:
            break
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _bury()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _bury() -> None:
    """Wait for what the supervisor left; end it when it does not end by itself.

    Its children were told to end when it died (``launch.py``): databases need a moment to do so well.
    """
    deadline = time.monotonic() + _GRACE_S
    while children := _children():
        if time.monotonic() > deadline:
            for pid in children:
                _kill(pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.02)


def _children() -> list[int]:
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in task.read_text().split()]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
