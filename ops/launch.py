"""Becomes the given command: as an orphan-proof child, with ordinary signals, without root if asked.

``python -I launch.py DIE_SIGNAL PARENT UID COMMAND…``; UID is ``-`` to stay who we are.

A program of its own rather than code between fork and exec: the parent has threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _checked(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _main(die_signal: str, parent: str, uid: str, *command: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    # A shell that starts us in the background leaves SIGINT ignored, and JupyterHub then never stops.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if uid != "-":
        _become(int(uid))
    # after the change of identity, which would clear it
    _checked(libc.prctl(_PR_SET_PDEATHSIG, int(die_signal)))
    if os.getppid() != int(parent):  # it died before we asked to be told
        sys.exit(1)
    os.execvpe(command[0], command, os.environ)  # noqa: S606


if __name__ == "__main__":
    _main(*sys.argv[1:])
