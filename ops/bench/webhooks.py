"""``xsight bench webhooks``: how many deliveries one API process makes durable, and how soon a change is seen.

On a stack of its own. While acknowledgements are measured the worker stands still: it is another process with its own
work, and this machine's cores are few. What the API has acknowledged is then looked for in the database, one by one.
"""

import json
import os
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import psycopg

from ops import postgres
from ops.bench import report
from ops.bench.deliveries import Order
from ops.config import Config
from ops.home import ROOT, Home
from ops.ports import any_free
from ops.processes import base_env
from ops.trouble import Trouble
from ops.vault import Vault
from ops.visitor import Visitor

__all__ = ["Stand", "deliver", "lost", "measure", "stand"]

_SHOP = "garden-bench.myshopify.com"
_RATE_PER_S = 6000.0  # more than is asked for: what is acknowledged is what can be
_HALF_PER_S = 2000.0
_SECONDS = 8.0
_CHANGES = 60
_WITHIN_S = 300


class Stand:
    """A running stack with one synced store."""

    def __init__(self, home: Home, port: int, visitor: Visitor) -> None:
        self.home, self.port, self.visitor = home, port, visitor
        self.ports: dict[str, int] = json.loads((home.run / "ports.json").read_bytes())
        vault = Vault(home.secrets)
        self.secret = vault.text("shopify-client-secret")
        self.admin_dsn = postgres.embedded(home, vault, base_env())[1]
        self.http = httpx.Client(timeout=30, trust_env=False)
        with psycopg.connect(self.admin_dsn) as admin:
            rows = admin.execute("SELECT id FROM xsight.orders ORDER BY id DESC LIMIT 200")
            self.orders: list[int] = [row[0] for row in rows]

    def pid(self, name: str) -> int:
        """Of a service."""
        return self.home.state()["services"][name]["pid"]

    def act(self, deed: str, **body: Any) -> dict[str, Any]:
        """Something happens to the shop; it tells by webhook."""
        url = f"http://127.0.0.1:{self.ports['sim']}/shops/{_SHOP}/_sim/{deed}"
        return self.http.post(url, json=body).raise_for_status().json()

    def look(self, what: str) -> dict[str, Any]:
        """The simulator's own knowledge of the shop."""
        url = f"http://127.0.0.1:{self.ports['sim']}/shops/{_SHOP}/_sim/{what}"
        return self.http.get(url).raise_for_status().json()


@contextmanager
def stand(**settings: str) -> Iterator[Stand]:
    """Start a stack in a folder of its own, connect and sync a shop; stop and remove it at the end."""
    home = Home(Path(tempfile.mkdtemp(prefix="xs-")))
    home.path.chmod(0o755)
    port = any_free()
    ours = ("XSIGHT_", "DATABASE_URL", "REDIS_URL", "SHOPIFY_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    env = {"XSIGHT_HOME": str(home.path), "XSIGHT_PORT": str(port), "XSIGHT_DEMO": "0"} | settings
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", "up"], cwd=ROOT, env=kept | env, stdout=sys.stderr
    )
    try:
        deadline = time.monotonic() + _WITHIN_S
        while not home.state().get("ready"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Trouble("the stack did not start", f"look into {home.logs}")
            time.sleep(0.1)
        with Visitor(f"http://127.0.0.1:{port}") as visitor:
            visitor.sign_up(
                email=f"{secrets.token_hex(4)}@bench.example",
                password=secrets.token_urlsafe(16),
                name="Bench",
                company="Bench",
            )
            visitor.connect(_SHOP)
            state = visitor.wait_for(visitor.sync(), within_s=_WITHIN_S)
            if state["status"] != "completed":
                raise Trouble(f"the sync ended as {state['status']}", f"look into {home.logs}")
            made = Stand(home, port, visitor)
            with made.http:
                yield made
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(home.path, ignore_errors=True)


def measure(_config: Config) -> int:
    """Capacity, then latency at half the rate that is asked for, then how soon a change is visible."""
    with stand() as made:
        with _standing_still(made.pid("worker")):
            capacity = deliver(made, "capacity", _RATE_PER_S, _SECONDS)
            # as every few minutes: from then on the log is written into files there are
            with psycopg.connect(made.admin_dsn, autocommit=True) as admin:
                admin.execute("CHECKPOINT")
            half = deliver(made, "half", _HALF_PER_S, _SECONDS)
        missing = lost(made, "capacity") + lost(made, "half")
        _drain(made)
        seen_s = [_seen_after(made) for _ in range(_CHANGES)]
    return report(
        "webhooks",
        {
            "acknowledged_per_s": capacity["acknowledged"] / capacity["seconds"],
            "p99_ms": half["p99_ms"],
            "visible_p95_s": statistics.quantiles(seen_s, n=20)[-1],
            "lost": missing,
        },
    )


def deliver(
    made: Stand, name: str, rate_per_s: float, seconds: float, **more: Any
) -> dict[str, Any]:
    """Send from a process of its own; what came of it."""
    order = Order(
        port=made.ports["api"],
        secret=made.secret,
        shop=_SHOP,
        orders=made.orders,
        rate_per_s=rate_per_s,
        seconds=seconds,
        name=name,
        acknowledged=str(made.home.path / f"{name}.acknowledged"),
        **more,
    )
    done = subprocess.run(
        [sys.executable, "-m", "ops.bench.deliveries"],
        cwd=ROOT,
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble("the deliveries broke off", done.stderr[-500:])
    print(f"· {name}: {done.stdout.strip()}", flush=True)
    return json.loads(done.stdout)


def lost(made: Stand, name: str) -> int:
    """Acknowledged deliveries that the inbox does not hold."""
    acknowledged = set((made.home.path / f"{name}.acknowledged").read_text().split())
    with psycopg.connect(made.admin_dsn) as admin:
        rows = admin.execute(
            "SELECT webhook_id FROM control.inbox WHERE webhook_id LIKE %s", [f"{name}-%"]
        )
        return len(acknowledged - {row[0] for row in rows})


@contextmanager
def _standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _drain(made: Stand) -> None:
    """Until everything that was delivered is worked off."""
    deadline = time.monotonic() + _WITHIN_S
    waiting = "SELECT count(*) FROM control.inbox WHERE done_at IS NULL AND dead_at IS NULL"
    while True:
        with psycopg.connect(made.admin_dsn) as admin:
            row = admin.execute(waiting).fetchone()
        if row == (0,):
            return
        if time.monotonic() > deadline:
            raise Trouble(f"{row} webhooks are not worked off", f"look into {made.home.logs}")
        time.sleep(0.5)


def _seen_after(made: Stand) -> float:
    """Seconds from an order at the shop until our API shows it; polled, so up to 0.1 s too long."""
    order = int(made.act("create_order")["id"].rsplit("/", 1)[1])
    begun = time.monotonic()
    while not made.visitor.has(f"/api/v1/orders/{order}"):
        if time.monotonic() - begun > _WITHIN_S:
            raise Trouble(f"order {order} is not seen", f"look into {made.home.logs}")
        time.sleep(0.1)
    return time.monotonic() - begun
