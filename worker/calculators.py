"""Processes that do the jobs that compute, one job each at a time.

Started when there is something to compute and kept a while for the next, so that a worker that only synchronises
neither loads the numerical libraries nor keeps what they have taken. A job that is cancelled ends its process.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress

import msgspec

from xsight_core.errors import XsightError
from xsight_core.services.jobs import ClaimedJob

__all__ = ["Answer", "Calculators"]

_KEPT_S = 10.0
_END_WITHIN_S = 2.0


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a job ended. ``reason``: what went wrong; ``code``: of an error that this product explains."""

    reason: str = ""
    code: str = ""
    retryable: bool = True


class Calculators:
    """Those of one worker. As many as it has jobs that compute at a time."""

    def __init__(self, *, kept_s: float = _KEPT_S) -> None:
        self._kept_s = kept_s
        self._free: dict[Process, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Task[int]] = set()

    async def do(self, job: ClaimedJob) -> None:
        """Have the job done; raises what went wrong as if it had been done here."""
        process = self._take() or await _start()
        try:
            answer = await _ask(process, job)
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            self._see_out(process)
            raise
        self._keep(process)
        if answer.code:
            raise _error(answer)
        if answer.reason:
            raise RuntimeError(answer.reason)

    async def close(self) -> None:
        """End those that wait for a job."""
        for process in list(self._free):
            self._end(process)
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_WITHIN_S):
                await asyncio.gather(*self._ending)

    def _take(self) -> Process | None:
        while self._free:
            process, timer = self._free.popitem()
            timer.cancel()
            if process.returncode is None:
                return process
        return None

    def _keep(self, process: Process) -> None:
        loop = asyncio.get_running_loop()
        self._free[process] = loop.call_later(self._kept_s, self._end, process)

    def _end(self, process: Process) -> None:
        self._free.pop(process).cancel()
        if process.stdin is not None:
            process.stdin.close()  # for which it ends
        self._see_out(process)

    def _see_out(self, process: Process) -> None:
        """Collect what is left of a process that ends."""
        ending = asyncio.ensure_future(process.wait())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


async def _start() -> Process:
    command = (sys.executable, "-m", "worker.calculator")
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)


async def _ask(process: Process, job: ClaimedJob) -> Answer:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The calculator has no pipes.")
    process.stdin.write(msgspec.json.encode(job) + b"\n")
    with suppress(ConnectionError):  # then there is no answer either
        await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"The calculator ended with {await process.wait()}.")
    return msgspec.json.decode(line, type=Answer)


def _error(answer: Answer) -> XsightError:
    kind = type("Calculated", (XsightError,), {"code": answer.code, "retryable": answer.retryable})
    return kind(answer.reason)
