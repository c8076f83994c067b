"""A restart nobody notices.

A second api takes the requests while the first one starts anew; a worker gives its jobs back; of the queue's process
nobody notices anyhow, as PostgreSQL holds what is due.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from ops.config import Config
from ops.home import ROOT, Home
from ops.ports import any_free
from ops.trouble import Trouble
from ops.vault import Vault

__all__ = ["ROLLED", "restart", "roll"]

ROLLED = ("api", "worker", "queue")
_WITHIN_S = 60.0
_DRAIN_S = 3.0
"""What was begun at an api that gets no more requests has so long to end; stopping, it waits three seconds more."""


def roll(config: Config, names: tuple[str, ...]) -> None:
    """`xsight restart`."""
    for name in names or ROLLED:
        restart(config.home, name)
        print(f"· {name}: started anew")


def restart(home: Home, name: str) -> None:
    """Start this process of a running installation anew."""
    if not home.state().get("ready"):
        raise Trouble("XSight is not running here, or not ready", "xsight status says more")
    if name == "api":
        _restart_api(home)
    else:
        _replace(home, name)


def _restart_api(home: Home) -> None:
    ports: dict[str, int] = json.loads((home.run / "ports.json").read_bytes())
    with _second_api(home) as second:
        _lead_to(home, ports["proxy-api"], second)
        time.sleep(_DRAIN_S)
        _replace(home, "api")
        _lead_to(home, ports["proxy-api"], ports["api"])
        time.sleep(_DRAIN_S)


@contextmanager
def _second_api(home: Home) -> Iterator[int]:
    """Another one with the environment of the first; its port."""
    told = Path(f"/proc/{_pid(home, 'api')}/environ").read_bytes().split(b"\0")
    env = dict(os.fsdecode(one).split("=", 1) for one in told if b"=" in one)
    port = any_free()
    env |= {"XSIGHT_API_PORT": str(port), "XSIGHT_METRICS_PORT": str(any_free())}
    with (home.logs / "api-second.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + _WITHIN_S
        while not _ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Trouble(
                    "a second api did not start",
                    f"look into {home.logs / 'api-second.log'}; nothing was changed",
                )
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(_WITHIN_S)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _lead_to(home: Home, proxy_port: int, port: int) -> None:
    """What is not the Hub's goes there from now on; what is under way ends where it is."""
    token = Vault(home.secrets).hex("proxy-token")
    httpx.post(
        f"http://127.0.0.1:{proxy_port}/api/routes/",
        json={"target": f"http://127.0.0.1:{port}"},
        headers={"Authorization": f"token {token}"},
        trust_env=False,
    ).raise_for_status()


def _replace(home: Home, name: str) -> None:
    """End it; whoever watches over it starts it again."""
    old, deadline = _pid(home, name), time.monotonic() + _WITHIN_S
    os.kill(old, signal.SIGTERM)
    while True:
        service = home.state().get("services", {}).get(name, {})
        if service.get("pid") not in {None, old} and service.get("ready"):
            return
        if time.monotonic() > deadline:
            raise Trouble(f"{name} did not come back", f"xsight logs {name}")
        time.sleep(0.1)


def _pid(home: Home, name: str) -> int:
    return home.state()["services"][name]["pid"]
