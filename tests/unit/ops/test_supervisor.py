"""The supervisor with real, small children; each says in a file what happened to it."""

import asyncio
import errno
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.service import Service
from ops.supervisor import Supervisor, _answers
from ops.trouble import Trouble

_NAP = "import time, sys; open(sys.argv[1], 'a').write('up\\n'); time.sleep(60)"
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _NAP


class Stage:
    """A supervisor on a temporary folder, and what it said."""

    def __init__(self, folder: Path, logs: Path | None = None, **more: Any) -> None:
        self.folder = folder
        self.logs = logs or folder
        self.said: list[str] = []
        self.supervisor = Supervisor(self.logs, say=self.said.append, **more)

    def service(self, name: str, code: str = _NAP, **more) -> Service:
        mark = self.folder / f"{name}.up"

        async def ready() -> bool:
            return mark.exists()

        return Service(
            name=name,
            command=(sys.executable, "-I", "-S", "-c", code, str(mark)),
            env={},
            ready=more.pop("ready", ready),
            folder=self.folder,
            **more,
        )

    def pid(self, name: str) -> int:
        return self.supervisor.state()[name]["pid"]

    async def said_soon(self, words: str) -> None:
        async with asyncio.timeout(60):
            while not any(words in line for line in self.said):
                await asyncio.sleep(0.02)


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    await stage.supervisor.stop()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_process_starts_only_when_what_it_needs_is_ready(stage):
    open_gate = stage.folder / "gate"

    async def gate() -> bool:
        return open_gate.exists()

    start = asyncio.create_task(
        stage.supervisor.start(
            [stage.service("app", needs=("db",)), stage.service("db", ready=gate)]
        )
    )
    while not (stage.folder / "db.up").exists():
        await asyncio.sleep(0.02)
    assert not (stage.folder / "app.up").exists()
    open_gate.touch()
    await start
    assert (stage.folder / "app.up").exists()


async def test_a_killed_process_comes_back_and_it_is_said(stage):
    await stage.supervisor.start([stage.service("app")])
    first = stage.pid("app")
    (stage.folder / "app.up").unlink()
    os.kill(first, signal.SIGKILL)
    await stage.said_soon("is back")
    assert any("app was ended by SIGKILL; starting it again in 0.2 s" in s for s in stage.said)
    assert stage.pid("app") != first
    assert stage.supervisor.state()["app"]["restarts"] == 1


async def test_the_pause_before_a_restart_doubles(stage):
    await stage.supervisor.start([stage.service("app")])
    for pause in ("0.2 s", "0.4 s"):
        os.kill(stage.pid("app"), signal.SIGKILL)
        await stage.said_soon(f"again in {pause}")
        async with asyncio.timeout(60):
            while not _alive(stage.pid("app")):
                await asyncio.sleep(0.02)


async def test_a_process_that_does_not_start_is_a_trouble_that_quotes_its_log(stage):
    broken = stage.service("app", "raise SystemExit('no such table: shops')")
    with pytest.raises(Trouble, match=r"app does not start: ended with exit code 1.*no such table"):
        await stage.supervisor.start([broken])


@pytest.mark.parametrize("turns", range(8))
async def test_who_stops_asking_in_the_moment_of_an_answer_has_stopped(stage, turns):
    async def soon() -> bool:
        await asyncio.sleep(0)
        return False

    service = stage.service("app", ready=soon)

    async def ask_for_ever() -> None:
        while True:
            await _answers(service)

    asking = asyncio.create_task(ask_for_ever())
    for _ in range(turns):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking}, timeout=30)
    assert asking.cancelled()


async def test_a_process_that_never_gets_ready_is_a_trouble(stage):
    async def never() -> bool:
        return False

    mute = stage.service("app", ready=never, ready_within_s=0.3)
    with pytest.raises(Trouble, match=r"app was not ready within 0\.3 s"):
        await stage.supervisor.start([mute])


async def test_a_command_that_cannot_be_run_is_a_trouble(stage):
    nowhere = replace(stage.service("app"), folder=stage.folder / "nowhere")
    with pytest.raises(Trouble, match=r"app does not start: could not be run: .*nowhere"):
        await stage.supervisor.start([nowhere])
    assert sum("could not be run" in line for line in stage.said) == 2  # and the third is the last


async def test_what_a_keeper_does_not_expect_is_not_taken_for_ready(stage):
    def fail() -> None:
        raise ValueError("unexpected")

    with pytest.raises(ValueError, match="unexpected"):
        await stage.supervisor.start([stage.service("app", prepare=fail), stage.service("db")])
    await stage.supervisor.stop()
    assert not _alive(stage.pid("db"))


async def test_a_service_comes_back_once_its_log_can_be_written_again(tmp_path):
    stage = Stage(tmp_path, logs=tmp_path / "logs")
    stage.logs.mkdir()
    try:
        await stage.supervisor.start([stage.service("app")])
        stage.logs.rename(tmp_path / "away")
        os.kill(stage.pid("app"), signal.SIGKILL)
        await stage.said_soon("app could not be run: ")
        (tmp_path / "away").rename(stage.logs)
        await stage.said_soon("is back")
    finally:
        await stage.supervisor.stop()


async def test_state_that_cannot_be_written_ends_no_service(tmp_path):
    def full(_state: dict[str, Any]) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    stage = Stage(tmp_path, changed=full)
    try:
        await stage.supervisor.start([stage.service("app")])
        os.kill(stage.pid("app"), signal.SIGKILL)
        await stage.said_soon("is back")
        assert any("the state could not be written" in line for line in stage.said)
    finally:
        await stage.supervisor.stop()


async def test_stop_ends_dependents_first_and_leaves_nobody(stage):
    await stage.supervisor.start([stage.service("app", needs=("db",)), stage.service("db")])
    pids = [stage.pid("app"), stage.pid("db")]
    await stage.supervisor.stop()
    assert not any(_alive(pid) for pid in pids)


async def test_a_process_that_ignores_the_request_is_killed(stage):
    await stage.supervisor.start([stage.service("app", _STUBBORN, stop_within_s=0.3)])
    pid = stage.pid("app")
    await stage.supervisor.stop()
    assert not _alive(pid)
    assert "app did not stop in time; killed" in stage.said


async def test_what_a_process_started_goes_with_it(stage):
    parent = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(sys.argv[1] + '.child', 'w').write(str(child.pid))\n" + _NAP
    )
    await stage.supervisor.start([stage.service("app", parent)])
    child = int((stage.folder / "app.up.child").read_text())
    assert _alive(child)
    await stage.supervisor.stop()
    async with asyncio.timeout(60):
        while _alive(child):
            await asyncio.sleep(0.02)


async def test_children_do_not_inherit_an_ignored_interrupt(stage):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        tell = (
            "import signal, sys; open(sys.argv[1] + '.int', 'w').write(str(signal.getsignal(2)))\n"
        )
        await stage.supervisor.start([stage.service("app", tell + _NAP)])
    finally:
        signal.signal(signal.SIGINT, before)
    assert "default_int_handler" in (stage.folder / "app.up.int").read_text()


async def test_a_child_sees_only_the_environment_it_was_given(stage, monkeypatch):
    monkeypatch.setenv("PLANTED", "secret")
    tell = "import os, sys; open(sys.argv[1] + '.env', 'w').write(repr(sorted(os.environ)))\n"
    await stage.supervisor.start([stage.service("app", tell + _NAP)])
    assert "PLANTED" not in (stage.folder / "app.up.env").read_text()
