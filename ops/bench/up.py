"""``xsight bench up``: from a fresh clone to a usable address, and what the stack costs when nobody looks."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ops.bench import report
from ops.config import Config
from ops.demo import EMAIL
from ops.home import ROOT, Home
from ops.memory import pss_bytes, tree
from ops.ports import any_free
from ops.trouble import Trouble
from ops.visitor import Visitor

__all__ = ["measure"]

_UP_WITHIN_S = 600
_SYNC_WITHIN_S = 300
_SETTLE_S = 15
_SHOP = "cdnow-bench.myshopify.com"


class _Clone:
    """A fresh clone in an empty folder, driven by ``make`` as a newcomer would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = any_free()
        self.home = Home(folder / "var")
        ours = ("XSIGHT_", "DATABASE_URL", "REDIS_URL", "SHOPIFY_", "MAKE", "VIRTUAL_ENV")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        self.env = kept | {"XSIGHT_PORT": str(self.port)}
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)

    def up(self) -> tuple[subprocess.Popen[bytes], float]:
        """Start; return the process and the seconds until the address could be used."""
        begun = time.monotonic()
        process = subprocess.Popen(["make", "up"], cwd=self.folder, env=self.env, stdout=sys.stderr)
        while not self.home.state().get("ready"):
            if process.poll() is not None:
                raise Trouble(
                    f"make up ended with {process.returncode}", f"look into {self.folder}"
                )
            if time.monotonic() - begun > _UP_WITHIN_S:
                process.terminate()
                raise Trouble(f"not up after {_UP_WITHIN_S} s", "look at what it said")
            time.sleep(0.05)
        return process, time.monotonic() - begun


def measure(_config: Config) -> int:
    """Clone, install, start, connect a shop, idle, stop, start again."""
    folder = Path(tempfile.mkdtemp(prefix="xs-"))
    folder.chmod(0o755)
    try:
        return report("up", _figures(_Clone(folder / "xsight")))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figures(clone: _Clone) -> dict[str, float]:
    process, first_start_s = clone.up()
    _wait_for_demo(clone)
    time.sleep(_SETTLE_S)
    idle_bytes = pss_bytes(tree(clone.home.state()["pid"]))
    connect_s = _connect_sync_compute(f"http://127.0.0.1:{clone.port}")
    stop_s = _stop(process)
    process, second_start_s = clone.up()
    _stop(process)
    return {
        "first_start_s": first_start_s,
        "second_start_s": second_start_s,
        "connect_sync_compute_s": connect_s,
        "idle_pss_mb": idle_bytes / 1e6,
        "stop_s": stop_s,
    }


def _wait_for_demo(clone: _Clone) -> None:
    """Until the demo shops are filled: measured beside them, a newcomer would wait for their syncs too."""
    password = (clone.home.secrets / "demo-password").read_text()
    with Visitor(f"http://127.0.0.1:{clone.port}") as visitor:
        visitor.log_in(EMAIL, password)
        for tenant in visitor.me()["tenants"]:
            visitor.look_at(tenant["id"])
            deadline = time.monotonic() + _SYNC_WITHIN_S
            while visitor.stats() is None:
                if time.monotonic() > deadline:
                    raise Trouble("the demo shops are not filled", f"look into {clone.home.logs}")
                time.sleep(0.5)


def _connect_sync_compute(url: str) -> float:
    """A newcomer's shop, from the consent page until the insights are there."""
    with Visitor(url) as visitor:
        visitor.sign_up(
            email=f"{secrets.token_hex(4)}@bench.example",
            password=secrets.token_urlsafe(16),
            name="Bench",
            company="Bench",
        )
        begun = time.monotonic()
        visitor.connect(_SHOP)
        state = visitor.wait_for(visitor.sync(), within_s=_SYNC_WITHIN_S)
        took_s = time.monotonic() - begun
        if state["status"] != "completed" or visitor.stats() is None:
            raise Trouble(f"the sync ended as {state['status']}: {state['error']}", "read the logs")
        return took_s


def _stop(process: subprocess.Popen[bytes]) -> float:
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    return time.monotonic() - begun
