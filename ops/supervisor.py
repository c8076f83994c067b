"""Keeps a set of processes running: start in order of need, restart with back-off, stop in reverse."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.service import Service
from ops.trouble import Trouble

__all__ = ["Supervisor"]

_LAUNCH = str(Path(__file__).with_name("launch.py"))
_PROBE_EVERY_S = 0.1
_PROBE_WITHIN_S = 5.0
_TRIES_AT_START = 3
_BACK_OFF_S = (0.2, 30.0)
_STEADY_AFTER_S = 60.0
_LOG_BYTES = 10_000_000
_LOG_CHECK_EVERY_S = 10.0


@dataclass(slots=True)
class _Child:
    service: Service
    process: Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    was_ready: bool = False
    restarts: int = 0
    since: float = 0.0
    failure: str = ""
    keeper: asyncio.Task[None] | None = None


class Supervisor:
    """Runs services until told to stop. One event loop, one instance."""

    def __init__(
        self,
        logs: Path,
        *,
        say: Callable[[str], None],
        changed: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        self._logs = logs
        self._say = say
        self._changed = changed
        self._children: dict[str, _Child] = {}
        self._stopping = False
        self._rotation: asyncio.Task[None] | None = None

    async def start(self, services: Iterable[Service]) -> None:
        """Start these beside what runs already; return when every one of them is ready.

        Raises
        ------
        Trouble
            One of them ended at once several times, could not be run, or was not ready in its time.
        """
        new = [_Child(service) for service in services]
        self._children |= {child.service.name: child for child in new}
        if self._rotation is None:
            self._rotation = asyncio.create_task(self._rotate())
        for child in new:
            child.keeper = asyncio.create_task(self._keep(child))
        waits = [asyncio.create_task(child.ready.wait()) for child in new]
        keepers = [child.keeper for child in new if child.keeper]
        everything = asyncio.gather(*waits)
        try:
            await asyncio.wait([everything, *keepers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            everything.cancel()
            with suppress(asyncio.CancelledError):
                await everything
        for child in new:
            if child.failure:
                raise Trouble(
                    f"{child.service.name} {child.failure}",
                    f"read {self._log(child.service)}: {self._last_line(child.service)}",
                )
        for keeper in keepers:
            if keeper.done() and not keeper.cancelled():
                keeper.result()  # what it did not expect is not to pass for "ready"

    async def stop(self) -> None:
        """Stop everything, dependents before what they need; kill what takes too long."""
        self._stopping = True
        if self._rotation:
            self._rotation.cancel()
        left = dict(self._children)
        while left:
            needed = {name for child in left.values() for name in child.service.needs}
            wave = [child for name, child in left.items() if name not in needed]
            await asyncio.gather(*(self._end(child) for child in wave))
            for child in wave:
                del left[child.service.name]

    def state(self) -> dict[str, Any]:
        """Each service's process, whether it is ready, and how often it was restarted."""
        return {
            name: {
                "pid": child.process.pid if child.process else None,
                "ready": child.ready.is_set(),
                "restarts": child.restarts,
                "since": child.since,
            }
            for name, child in self._children.items()
        }

    async def _keep(self, child: _Child) -> None:
        pause_s, longest_s = _BACK_OFF_S
        tries = 0
        while not self._stopping:
            for need in child.service.needs:
                await self._children[need].ready.wait()
            begun = time.monotonic()
            try:
                ending = _ending(await self._run_once(child))
            except OSError as error:  # no process to be had, no room for its log: it may pass
                ending = f"could not be run: {error}"
            if self._stopping:
                return
            tries += 1
            if not child.was_ready and (child.failure or tries == _TRIES_AT_START):
                child.failure = child.failure or f"does not start: {ending}"
                return
            if time.monotonic() - begun > _STEADY_AFTER_S:
                pause_s = _BACK_OFF_S[0]
            child.restarts += 1
            self._say(f"{child.service.name} {ending}; starting it again in {pause_s:g} s")
            self._tell()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, longest_s)

    async def _run_once(self, child: _Child) -> int:
        service = child.service
        await asyncio.to_thread(service.prepare)
        if self._stopping:
            return 0
        with self._log(service).open("ab") as log:
            child.process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", _LAUNCH),
                *(str(int(service.die_signal)), str(os.getpid())),
                "-" if service.uid is None else str(service.uid),
                *service.command,
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                cwd=service.folder,
                env=dict(service.env),
                start_new_session=True,
            )
        child.since = time.time()
        watch = asyncio.create_task(self._watch(child))
        code = await process.wait()
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        child.ready.clear()
        # what it left in its session goes with it, or a second copy would serve beside the next
        _signal_group(process.pid, signal.SIGKILL)
        return code

    async def _watch(self, child: _Child) -> None:
        begun = time.monotonic()
        while not await _answers(child.service):
            if time.monotonic() - begun > child.service.ready_within_s:
                if not child.was_ready:
                    child.failure = f"was not ready within {child.service.ready_within_s:g} s"
                self._signal(child, signal.SIGKILL)
                return
            await asyncio.sleep(_PROBE_EVERY_S)
        child.ready.set()
        word = "is back" if child.was_ready else "ready"
        child.was_ready = True
        self._say(f"{child.service.name:<10} {word:<8}{time.monotonic() - begun:5.1f} s")
        self._tell()

    def _tell(self) -> None:
        try:
            self._changed(self.state())
        except OSError as error:  # the processes matter more than the news of them
            self._say(f"the state could not be written: {error}")

    async def _end(self, child: _Child) -> None:
        process = child.process
        if process and process.returncode is None:
            self._signal(child, child.service.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), child.service.stop_within_s)
            except TimeoutError:
                self._say(f"{child.service.name} did not stop in time; killed")
                self._signal(child, signal.SIGKILL)
                await process.wait()
            _signal_group(process.pid, signal.SIGKILL)
        if child.keeper:
            child.keeper.cancel()
            # however it ended, the others are stopped too
            await asyncio.gather(child.keeper, return_exceptions=True)

    def _signal(self, child: _Child, number: signal.Signals) -> None:
        if child.process and child.process.returncode is None:
            with suppress(ProcessLookupError):
                child.process.send_signal(number)

    def _log(self, service: Service) -> Path:
        return self._logs / f"{service.name}.log"

    def _last_line(self, service: Service) -> str:
        with suppress(OSError):
            lines = self._log(service).read_text(errors="replace").strip().splitlines()
            if lines:
                return lines[-1][:300]
        return "(empty)"

    async def _rotate(self) -> None:
        """Keep each log below its bound, with one older part beside it.

        Copied and cut rather than renamed: the processes append to the open file.
        """
        while True:
            await asyncio.sleep(_LOG_CHECK_EVERY_S)
            for log in self._logs.glob("*.log"):
                with suppress(OSError):  # a full disk now may have room the next time
                    if log.stat().st_size > _LOG_BYTES:
                        await asyncio.to_thread(_cut, log)


def _cut(log: Path) -> None:
    log.with_suffix(".log.1").write_bytes(log.read_bytes())
    os.truncate(log, 0)


async def _answers(service: Service) -> bool:
    try:
        # not wait_for: before Python 3.12 it loses a cancellation that comes with the answer
        async with asyncio.timeout(_PROBE_WITHIN_S):
            return await service.ready()
    except Exception:  # noqa: BLE001  # whatever a client library raises while nobody answers
        return False


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
