"""``xsight bench load``: many stores at once, everything through the public address, a rolling restart in between.

Stores are synced first. Then, side by side: API clients (locust), open dashboards (websockets), webhooks at a rate,
changes in shops and a sync of one store after the other; api, worker and queue are restarted one by one.
All processes share this machine, the simulated Shopify and the senders too. The sizes are short by default.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from ops import postgres, rolling
from ops.bench import report
from ops.bench.deliveries import Order
from ops.bench.peers import environment
from ops.bench.stand import simulator
from ops.config import Config
from ops.home import ROOT, Home
from ops.memory import pss_bytes, tree
from ops.ports import any_free
from ops.processes import base_env
from ops.trouble import Trouble
from ops.vault import Vault
from ops.visitor import Visitor

__all__ = ["Sizes", "measure"]

_WITHIN_S = 900
_LOOK_EVERY_S = 3.0
_TELL = "bench load: "


def _size(name: str, default: int) -> Any:
    return field(default_factory=lambda: int(os.environ.get(f"XSIGHT_LOAD_{name}", default)))


@dataclass(frozen=True)
class Sizes:
    """How much of everything; the whole is 50 stores of 20,000, 200 webhooks a second, 100 clients, 900 s."""

    stores: int = _size("STORES", 6)
    customers: int = _size("CUSTOMERS", 1000)
    webhooks_per_s: int = _size("WEBHOOKS", 20)
    clients: int = _size("CLIENTS", 20)
    dashboards: int = _size("DASHBOARDS", 20)
    seconds: int = _size("SECONDS", 90)


class Town:
    """A running stack with its stores: who owns them, what they hold."""

    def __init__(self, home: Home, url: str, sim: str, secret: str, process: int) -> None:
        self.home, self.url, self.sim, self.secret, self.process = home, url, sim, secret, process
        self.owners: dict[str, Visitor] = {}
        self.admin_dsn = postgres.embedded(home, Vault(home.secrets), base_env())[1]

    def orders(self) -> dict[str, list[int]]:
        """Some of each store."""
        asked = (
            "SELECT s.domain, (SELECT array_agg(id) FROM (SELECT id FROM xsight.orders o"
            " WHERE o.tenant_id = s.tenant_id ORDER BY id DESC LIMIT 100) x) FROM control.shops s"
        )
        with psycopg.connect(self.admin_dsn) as admin:
            return {str(domain): list(ids) for domain, ids in admin.execute(asked).fetchall()}

    def count(self, asked: str) -> int:
        """One number of the database's."""
        with psycopg.connect(self.admin_dsn) as admin:
            row = admin.execute(asked.encode()).fetchone()
        return int(row[0]) if row else 0

    def act(self, shop: str, deed: str) -> None:
        """Something happens to a shop; it tells by webhook."""
        httpx.post(
            f"{self.sim}/shops/{shop}/_sim/{deed}", json={}, timeout=30, trust_env=False
        ).raise_for_status()


def measure(_config: Config) -> int:
    """Set up, load, look what is left."""
    sizes = Sizes()
    _say(f"{asdict(sizes)}; load average {os.getloadavg()[0]:.1f}")
    locust = environment("locust") / "locust"
    with _town(sizes) as town:
        orders = town.orders()
        made = _load(town, sizes, locust, orders)
        lost = _lost(town, made.pop("acknowledged"))
    _say(json.dumps(made | {"lost": lost}))
    errors = sum(made["errors"].values())
    figures = {key: made[key] for key in ("api_p95_ms", "webhook_p99_ms", "memory_growth_pct")}
    return report("load", {"errors": errors} | figures | {"lost": lost})


@contextmanager
def _town(sizes: Sizes) -> Iterator[Town]:
    home, port = Home(Path(tempfile.mkdtemp(prefix="xs-"))), any_free()
    home.path.chmod(0o755)
    url, secret = f"http://127.0.0.1:{port}", secrets.token_hex(16)
    shops = {
        f"load-{n}.myshopify.com": f"generated:{sizes.customers}:{n}" for n in range(sizes.stores)
    }
    ours = ("XSIGHT_", "DATABASE_URL", "REDIS_URL", "SHOPIFY_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home.path, ignore_errors=True)
        sim = stack.enter_context(simulator(shops, f"load:{secret}:{url}", ("--restore", "100000")))
        env |= {"XSIGHT_HOME": str(home.path), "XSIGHT_PORT": str(port)}
        env |= {"XSIGHT_LOG_LEVEL": "WARNING"}
        env |= {f"XSIGHT_RATE_{whom}": "0" for whom in ("USER", "TENANT", "ADDRESS")}
        env |= {"SHOPIFY_CLIENT_ID": "load", "SHOPIFY_CLIENT_SECRET": secret}
        env |= {"SHOPIFY_URL_TEMPLATE": f"{sim}/shops/{{shop}}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "ops", "up"], cwd=ROOT, env=env, stdout=sys.stderr
        )
        stack.callback(process.wait, 60)
        stack.callback(process.terminate)
        deadline = time.monotonic() + _WITHIN_S
        while not home.state().get("ready"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Trouble("the stack did not start", f"look into {home.logs}")
            time.sleep(0.1)
        town = Town(home, url, sim, secret, process.pid)
        for shop in shops:
            town.owners[shop] = stack.enter_context(Visitor(url))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(_move_in, town.owners, town.owners.values()))
        _say(f"{len(shops)} stores are synced")
        yield town


def _move_in(shop: str, owner: Visitor) -> None:
    email, password = f"{secrets.token_hex(6)}@bench.example", secrets.token_urlsafe(16)
    owner.sign_up(email=email, password=password, name="Load", company=shop)
    owner.connect(shop)
    state = owner.wait_for(owner.sync(), within_s=_WITHIN_S)
    if state["status"] != "completed":
        raise Trouble(f"the sync of {shop} ended as {state['status']}", "look at what it says")


def _load(town: Town, sizes: Sizes, locust: Path, orders: dict[str, list[int]]) -> dict[str, Any]:
    cookies = {
        audience: [owner.cookie(f"xs_{audience}") for owner in town.owners.values()]
        for audience in ("api", "ws")
    }
    stop, memory = threading.Event(), list[tuple[float, int]]()
    begun = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        clients = pool.submit(_clients, town, sizes, locust, cookies["api"])
        pages = pool.submit(_dashboards, town, sizes, cookies["ws"])
        hooks = pool.submit(_webhooks, town, sizes, orders)
        syncs = pool.submit(_syncs, town, stop)
        looks = pool.submit(_look_at_memory, town, memory, stop)
        time.sleep(sizes.seconds / 8)
        for name in rolling.ROLLED:
            rolling.restart(town.home, name)
        _say(f"restarted everything {time.monotonic() - begun:.0f} s after the beginning")
        asked, opened, sent = clients.result(), pages.result(), hooks.result()
        stop.set()
        synced, _ = syncs.result(), looks.result()
    _say(f"webhooks {sent}")
    _say(f"dashboards {opened}; syncs {synced}")
    errors = {
        "api": asked["failures"],
        "webhooks": sent["sent"] - sent["acknowledged"],
        "dashboards": opened["late"],
        "syncs": synced["failed"],
    }
    return {
        "requests": asked["requests"],
        "api_p95_ms": asked["p95_ms"],
        "webhook_p99_ms": sent["p99_ms"],
        "memory_growth_pct": _growth(memory, sizes.seconds),
        "errors": errors,
        "acknowledged": town.home.path / "load.acknowledged",
    }


def _clients(town: Town, sizes: Sizes, locust: Path, cookies: list[str]) -> dict[str, Any]:
    many, seconds = str(sizes.clients), f"{sizes.seconds}s"
    command = [str(locust), "-f", str(Path(__file__).with_name("load_clients.py")), "-H", town.url]
    command += ["--headless", "-u", many, "-r", many, "-t", seconds, "--json", "--only-summary"]
    env = {"PATH": os.environ["PATH"], "XSIGHT_LOAD_COOKIES": json.dumps(cookies)}
    done = subprocess.run(
        command, cwd=town.home.path, env=env, capture_output=True, text=True, check=False
    )
    if not done.stdout.strip().endswith("]"):
        raise Trouble("the clients broke off", done.stderr[-800:])
    kinds = json.loads(done.stdout[done.stdout.index("[") :])
    times: dict[float, int] = {}
    for kind in kinds:
        p95 = _share({float(ms): n for ms, n in kind["response_times"].items()}, 0.95)
        _say(f"{kind['name']}: {kind['num_requests']}, failed {kind['num_failures']}, p95 {p95} ms")
        for ms, count in kind["response_times"].items():
            times[float(ms)] = times.get(float(ms), 0) + count
    if failures := sum(kind["num_failures"] for kind in kinds):
        _say(f"{failures} requests failed: {done.stderr[-1500:]}")
    requests = sum(kind["num_requests"] for kind in kinds)
    return {"requests": requests, "failures": failures, "p95_ms": _share(times, 0.95)}


def _share(times: dict[float, int], share: float) -> float:
    rest = share * sum(times.values())
    for ms in sorted(times):
        rest -= times[ms]
        if rest <= 0:
            return ms
    return 0.0


def _dashboards(town: Town, sizes: Sizes, cookies: list[str]) -> dict[str, Any]:
    order = {"url": town.url, "cookies": cookies}
    return _run("load_sockets", order | {"sockets": sizes.dashboards, "seconds": sizes.seconds})


def _webhooks(town: Town, sizes: Sizes, orders: dict[str, list[int]]) -> dict[str, Any]:
    (shop, ids), *rest = orders.items()
    order = Order(
        port=int(town.url.rpartition(":")[2]),
        secret=town.secret,
        shop=shop,
        orders=ids,
        more=dict(rest),
        rate_per_s=sizes.webhooks_per_s,
        seconds=sizes.seconds,
        name="load",
        acknowledged=str(town.home.path / "load.acknowledged"),
    )
    return _run("deliveries", asdict(order))


def _run(module: str, order: dict[str, Any]) -> dict[str, Any]:
    """A process of its own: what it measures must not wait for us."""
    done = subprocess.run(
        [sys.executable, "-m", f"ops.bench.{module}"],
        cwd=ROOT,
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble(f"{module} broke off", done.stderr[-800:])
    return json.loads(done.stdout.splitlines()[-1])


def _syncs(town: Town, stop: threading.Event) -> dict[str, int]:
    """One store after the other: an order comes in, then everything that changed is fetched."""
    told = {"completed": 0, "failed": 0}
    while not stop.is_set():
        for shop, owner in town.owners.items():
            if stop.is_set():
                break
            try:
                town.act(shop, "create_order")
                state = owner.wait_for(owner.sync(), within_s=_WITHIN_S)
            except (httpx.HTTPError, TimeoutError) as error:
                _say(f"sync of {shop}: {error!r}")
                told["failed"] += 1
                continue
            told["completed" if state["status"] == "completed" else "failed"] += 1
    return told


def _look_at_memory(town: Town, memory: list[tuple[float, int]], stop: threading.Event) -> None:
    begun = time.monotonic()
    while not stop.wait(_LOOK_EVERY_S):
        memory.append((time.monotonic() - begun, pss_bytes(tree(town.process))))


def _growth(memory: list[tuple[float, int]], seconds: float) -> float:
    """Percent: the mean of the last third over that of the second."""
    thirds = [
        [size for at, size in memory if part * seconds / 3 <= at < (part + 1) * seconds / 3]
        for part in range(3)
    ]
    means = [sum(third) / len(third) for third in thirds]
    _say(f"memory by thirds: {[round(mean / 1e6) for mean in means]} MB")
    return 100 * (means[2] / means[1] - 1)


def _lost(town: Town, acknowledged: Path) -> int:
    """Acknowledged deliveries the inbox does not hold, those given up, and jobs that did not end well."""
    names = set(acknowledged.read_text().split())
    with psycopg.connect(town.admin_dsn) as admin:
        rows = admin.execute("SELECT webhook_id FROM control.inbox WHERE webhook_id LIKE 'load-%'")
        missing = len(names - {row[0] for row in rows})
    begun = time.monotonic()
    while (
        left := town.count(
            "SELECT (SELECT count(*) FROM control.inbox WHERE done_at IS NULL AND dead_at IS NULL)"
            " + (SELECT count(*) FROM control.jobs WHERE status IN ('queued', 'running') AND due_at <= now())"
        )
    ) and time.monotonic() - begun < _WITHIN_S:
        time.sleep(0.5)
    _say(f"all worked off {time.monotonic() - begun:.0f} s after the end")
    dead = town.count("SELECT count(*) FROM control.inbox WHERE dead_at IS NOT NULL")
    failed = town.count("SELECT count(*) FROM control.jobs WHERE status IN ('failed', 'dead')")
    return missing + left + dead + failed


def _say(text: str) -> None:
    print(f"{_TELL}{text}", file=sys.stderr, flush=True)
