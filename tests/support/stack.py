"""The whole of XSight, started as an operator starts it: ``xsight up`` on a home and port of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ops.ports import any_free

__all__ = [
    "ROOT",
    "Stack",
    "launch",
    "new_home",
    "operator_env",
    "processes_naming",
    "stack",
    "start_stack",
]

ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 120
_STOP_WITHIN_S = 60  # the promise of 15 s is `tests/ops/test_up.py`'s to hold


@dataclass
class Stack:
    """A running ``xsight up``."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    env: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return _output(self.home).read_text()

    def state(self) -> dict[str, Any]:
        try:
            return json.loads((self.home / "run" / "state.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}

    def xsight(self, *words: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Another command of the operator's, against this home."""
        return subprocess.run(
            [sys.executable, "-m", "ops", *words],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )

    def wait_ready(self, timeout_s: float = _READY_WITHIN_S) -> None:
        """Return when every process is ready and the public address answers."""
        deadline = time.monotonic() + timeout_s
        while True:
            state = self.state()
            services = state.get("services", {}).values()
            if state.get("ready") and all(s["ready"] for s in services) and self._answers():
                return
            if self.process.poll() is not None:
                message = f"xsight up ended with {self.process.returncode}:\n{self.output}"
                raise ChildProcessError(message)
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready in {timeout_s} s:\n{self.output}\n{self.logs()}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def logs(self) -> str:
        """The end of each process' log, for a failure's report."""
        parts = []
        for log in sorted((self.home / "logs").glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-15:]
            parts.append(f"--- {log.name}\n" + "\n".join(lines))
        return "\n".join(parts)

    def processes(self) -> list[int]:
        """Every living process of this stack, found by its home in command line or environment."""
        return sorted(processes_naming(str(self.home)))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it as an operator would; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(_STOP_WITHIN_S)

    def end(self) -> None:
        """Whatever state it is in, leave nothing."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)
        _output(self.home).unlink(missing_ok=True)


def processes_naming(text: str) -> Iterator[int]:
    """Processes with ``text`` in their command line or environment, zombies not counted."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            told = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in told:
            yield int(folder.name)


def operator_env(home: Path, port: int, **settings: str) -> dict[str, str]:
    """An operator's environment: this process', without settings of its own XSight."""
    ours = ("XSIGHT_", "SHOPIFY_", "DATABASE_URL", "REDIS_URL", "PYTEST_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | {"XSIGHT_HOME": str(home), "XSIGHT_PORT": str(port)} | settings


def new_home() -> Path:
    """A short folder (unix sockets) that PostgreSQL's own user may pass through."""
    home = Path(tempfile.mkdtemp(prefix="xs-"))
    home.chmod(0o755)
    return home


def _output(home: Path) -> Path:
    return home.with_name(f"{home.name}.out")


def launch(home: Path, *, before: Sequence[str] = (), **settings: str) -> Stack:
    """Start ``xsight up`` and return at once; ``before`` goes before the command."""
    port = any_free()
    env = operator_env(home, port, **settings)
    home.mkdir(exist_ok=True)
    with _output(home).open("ab") as out:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "ops", "up"],
            env=env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    return Stack(home, port, process, env)


@contextmanager
def start_stack(home: Path | None = None, **settings: str) -> Iterator[Stack]:
    """A stack that serves; ended on the way out. Without ``home`` it gets a new one.

    ``settings`` are an operator's: ``XSIGHT_DEMO="1"`` makes the demo shops (left out here by default).
    """
    stack = launch(home or new_home(), **{"XSIGHT_DEMO": "0"} | settings)
    try:
        stack.wait_ready()
        yield stack
    finally:
        stack.end()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The run's stack, without demo shops. Tests that ask for it carry ``xdist_group("stack")``."""
    with start_stack() as running:
        yield running
