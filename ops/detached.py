"""Starting in the background, and stopping from another terminal."""

import os
import signal
import subprocess
import sys
import time

from ops.config import Config
from ops.home import ROOT
from ops.trouble import Trouble

__all__ = ["down", "up"]

_STOP_WITHIN_S = 20.0


def up(config: Config) -> int:
    """Start ``xsight up`` in a session of its own, show what it says, return when all is ready."""
    config.home.make()
    log = config.home.logs / "xsight.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops", "up"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=ROOT,
            start_new_session=True,
            env=os.environ | {"XSIGHT_HOME": str(config.home.path)},
        )
    with log.open("rb") as shown:
        while True:
            code = process.poll()
            state = config.home.state()
            ready = state.get("pid") == process.pid and state["ready"]
            sys.stdout.buffer.write(shown.read())
            sys.stdout.flush()
            if code is not None:
                return code
            if ready:
                return 0
            time.sleep(0.1)


def down(config: Config) -> int:
    """Ask the running stack to stop and wait for it."""
    home = config.home
    pid = home.state().get("pid")
    if not home.locked() or not pid:
        print(f"Nothing runs on {home.path}.")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_WITHIN_S
    while home.locked():
        if time.monotonic() > deadline:
            raise Trouble(
                f"process {pid} has not stopped within {_STOP_WITHIN_S:g} s", f"kill -9 {pid}"
            )
        time.sleep(0.05)
    print("Stopped.")
    return 0
