"""Killed without a chance to clean up, neither the guard nor the supervisor leaves a process behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.stack import ROOT, processes_naming

# A supervisor with two children, one of which has a child in a session of its own (as notebook servers are).
_SCRIPT = """
import asyncio, sys
from pathlib import Path
from ops.guard import guarded
from ops.service import Service
from ops.supervisor import Supervisor

folder = Path(sys.argv[1])
nap = "import sys, time; open(sys.argv[1], 'w'); time.sleep(600)"
parent = (
    "import subprocess, sys;"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]], start_new_session=True);"
) + nap

def service(name, code):
    mark = folder / name
    async def ready():
        return mark.exists()
    return Service(name=name, command=(sys.executable, "-c", code, str(mark)), env={}, ready=ready, folder=folder)

async def run():
    stop = asyncio.Event()
    import signal
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisor = Supervisor(folder, say=lambda line: None)
    await supervisor.start([service("app", nap), service("hub", parent)])
    (folder / "ready").touch()
    await stop.wait()
    await supervisor.stop()

def supervise():
    import os
    (folder / "supervisor").write_text(str(os.getpid()))
    asyncio.run(run())
    return 0

sys.exit(guarded(supervise))
"""


@pytest.fixture
def guard(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(tmp_path)], cwd=ROOT, start_new_session=True
    )
    _until((tmp_path / "ready").exists)
    yield process
    process.kill()
    process.wait()
    for pid in processes_naming(str(tmp_path)):
        os.kill(pid, signal.SIGKILL)


def _until(true, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _left(folder: Path) -> list[int]:
    return list(processes_naming(str(folder)))


def test_five_processes_run_before_each_of_these(guard, tmp_path):
    assert len(_left(tmp_path)) == 5


@pytest.mark.parametrize("send", [os.kill, os.killpg])  # killpg: a terminal's Ctrl-C
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_leaves_nobody(guard, tmp_path, send, number):
    send(guard.pid, number)
    assert guard.wait(15) == 0
    assert _left(tmp_path) == []


def test_the_supervisor_killed_leaves_nobody(guard, tmp_path):
    os.kill(int((tmp_path / "supervisor").read_text()), signal.SIGKILL)
    assert guard.wait(15) == 128 + signal.SIGKILL
    assert _left(tmp_path) == []


def test_the_guard_killed_leaves_no_service(guard, tmp_path):
    guard.kill()
    guard.wait()
    orphan_allowed = 1  # a grandchild in its own session is its parent's to end; the Hub's does so
    _until(lambda: len(_left(tmp_path)) <= orphan_allowed)
