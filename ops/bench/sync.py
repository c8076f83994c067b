"""``xsight bench sync``: how fast a shop comes in, beside PyAirbyte and beside the plainest copy there can be.

Interleaved, on one simulator whose files and pages are made before: our sync of the orders (bulk operation, lines,
discounts, refunds and what they are of) and PyAirbyte's; our guarded merge of the orders' file and the floor. What each
stored is compared before any time counts. Then the same at Shopify's pace, and a million orders.

``XSIGHT_BENCH_SCALE=0.1`` looks quickly at a tenth; ``XSIGHT_BENCH_ROUNDS`` says how many rounds. In parts:
``XSIGHT_BENCH_PARTS=open`` (``throttled``, ``large``) measures that and reports it with what other parts have found
before at the same scale. ``XSIGHT_BENCH_UNDER`` is a command that every timed step is run under, as ``nice`` is one.
"""

import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg

from ops.bench import report
from ops.bench.peers import environment, run_script
from ops.bench.stand import Databases, databases, simulator
from ops.bench.syncer import APP
from ops.config import Config
from ops.home import ROOT
from ops.trouble import Trouble

__all__ = ["measure"]

_SCALE = float(os.environ.get("XSIGHT_BENCH_SCALE", "1"))
_ROUNDS = int(os.environ.get("XSIGHT_BENCH_ROUNDS", "5" if _SCALE >= 1 else "2"))
_PARTS = os.environ.get("XSIGHT_BENCH_PARTS", "open,throttled,large").split(",")
_UNDER = shlex.split(os.environ.get("XSIGHT_BENCH_UNDER", ""))
_ORDERS_PER_CUSTOMER = 2.58  # of a generated shop today, about
_SMALL, _LARGE = (round(orders * _SCALE / _ORDERS_PER_CUSTOMER) for orders in (104_000, 1_040_000))
_SHOP, _LARGE_SHOP = "bench.myshopify.com", "large.myshopify.com"
_PACE = ("--bucket", "1000000000", "--restore", "1000000000")  # of a Shopify that never waits
_BULK_S = 20
_COUNTED = b"""SELECT (SELECT count(*) FROM xsight.orders), (SELECT count(DISTINCT id) FROM xsight.orders),
    (SELECT sum(total)::numeric(18, 2) FROM xsight.orders), (SELECT count(*) FROM xsight.order_lines)"""

Run = dict[str, Any]
Figures = dict[str, float]


def measure(_config: Config) -> int:
    """All of it; an hour on a quiet machine, most of it PyAirbyte's."""
    for peer in ("airbyte-source-shopify", "pyairbyte"):
        environment(peer)
    with databases() as cluster:
        for name, part in (("open", _open), ("throttled", _throttled), ("large", _large)):
            if name in _PARTS:
                _keep(part(cluster))
    found = _kept()
    if {"_large_row_s", "_row_s"} <= found.keys():
        found["linearity"] = found["_large_row_s"] / found["_row_s"]
    return report("sync", {k: v for k, v in found.items() if not k.startswith("_")})


def _open(cluster: Databases) -> Figures:
    runs = _compare(cluster)
    return {
        "orders_per_s": runs.orders / statistics.median(runs.ours_s),
        "ratio_vs_pyairbyte": _ratio(runs.peer_s, runs.ours_s),
        "ratio_vs_copy": _ratio(runs.floor_s, runs.load_s),
        "_row_s": statistics.median(runs.whole_s) / runs.rows,
    }


def _throttled(cluster: Databases) -> Figures:
    runs = _compare_throttled(cluster)
    return {"ratio_vs_pyairbyte_throttled": _ratio(runs.peer_s, runs.ours_s)}


def _file() -> Path:
    """What parts have found at this scale."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "xsight-bench" / f"sync-{_SCALE}.json"


def _kept() -> Figures:
    return json.loads(_file().read_text()) if _file().exists() else {}


def _keep(figures: Figures) -> None:
    _file().parent.mkdir(parents=True, exist_ok=True)
    _file().write_text(json.dumps(_kept() | figures))


@dataclass
class Runs:
    """Seconds of interleaved runs."""

    orders: int
    rows: int
    ours_s: list[float]
    peer_s: list[float]
    load_s: list[float]
    floor_s: list[float]
    whole_s: list[float]


class Stage:
    """One simulator and a database in which its shop is connected, copied for every run."""

    def __init__(self, cluster: Databases, address: str, shop: str) -> None:
        self.cluster, self.address, self.shop = cluster, address, shop
        name = cluster.template()
        self.tenant = self._child("connect", name)["tenant"]
        self.truth = self._look("truth")
        self.token = self._token()

    def sync(self, *, only_orders: bool) -> Run:
        """A first sync in a fresh database, with what it stored."""
        with self.cluster.copy() as name:
            made = self._child("sync", name, only_orders=only_orders)
            if made["status"] != "computing":
                raise Trouble(f"the sync ended as {made['status']}", "run it by hand")
            with psycopg.connect(self.cluster.url(name)) as admin:
                ((orders, ids, total, lines),) = admin.execute(_COUNTED).fetchall()
            self._agree("our sync", orders=orders, ids=ids, total=str(total), lines=lines)
            return made

    def load(self, do: str) -> float:
        """Seconds of the guarded merge or the floor, in a fresh database."""
        with self.cluster.copy() as name:
            return self._child(do, name)["seconds"]

    def peer(self) -> float:
        """Seconds of PyAirbyte, with what it stored."""
        with tempfile.TemporaryDirectory(prefix="xs-peer-") as folder:
            order = {
                "shop": self.shop.partition(".")[0],
                "token": self.token,
                "connector": str(environment("airbyte-source-shopify") / "source-shopify"),
                "file": f"{folder}/peer.duckdb",
            }
            made = run_script(
                "pyairbyte", "pyairbyte.py", order | {"do": "read"}, self.address, under=_UNDER
            )
            stored = run_script("pyairbyte", "pyairbyte.py", order | {"do": "look"}, self.address)
        self._agree("PyAirbyte", **stored)
        return made["seconds"]

    def _agree(self, who: str, *, orders: int, ids: int, total: str, lines: int) -> None:
        """Speed without equality is void."""
        truth = self.truth
        wanted = (truth["orders_stored"], truth["orders_stored"], truth["total"], truth["lines"])
        if (orders, ids, total, lines) != wanted:
            raise Trouble(
                f"{who} stored {(orders, ids, total, lines)}, the shop holds {wanted}",
                "no time counts until both are equal",
            )

    def _child(self, do: str, database: str, **more: Any) -> Run:
        order = {
            "do": do,
            "database_url": self.cluster.url(database, "xsight_app"),
            "admin_url": self.cluster.url(database),
            "simulator": self.address,
            "shop": self.shop,
            "tenant": getattr(self, "tenant", None),
            **more,
        }
        under = () if do == "connect" else _UNDER
        command = (*under, sys.executable, "-m", "ops.bench.syncer")
        done = subprocess.run(
            command, input=json.dumps(order), cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Trouble(f"{do} failed: {done.stderr.strip()[-3000:]}", "run it by hand")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def _look(self, name: str) -> Run:
        answer = httpx.get(f"{self.address}/shops/{self.shop}/_sim/{name}", timeout=600)
        found: Run = answer.raise_for_status().json()
        cents = found["stored_total_minor"]
        return found | {"total": f"{cents // 100}.{cents % 100:02d}"}

    def _token(self) -> str:
        """An access token that does not expire; the connector asks for every scope there is a stream for."""
        home = f"{self.address}/shops/{self.shop}/admin/oauth"
        asked = {"client_id": APP[0], "scope": _SCOPES, "redirect_uri": "http://x/", "auto": "1"}
        there = httpx.get(f"{home}/authorize", params=asked).headers["location"]
        code = httpx.URL(there).params["code"]
        given = {"client_id": APP[0], "client_secret": APP[1], "code": code}
        return httpx.post(f"{home}/access_token", json=given).json()["access_token"]


_SCOPES = ",".join(
    f"read_{what}"
    for what in (
        *(
            "orders",
            "all_orders",
            "customers",
            "products",
            "customer_merge",
            "reports",
            "inventory",
        ),
        *("locations", "content", "discounts", "fulfillments", "publications", "shipping"),
    )
)


@contextmanager
def _stage(cluster: Databases, shop: str, customers: int, *options: str) -> Iterator[Stage]:
    still = ("--now", datetime.now(UTC).isoformat(timespec="seconds"))
    source, app = f"generated:{customers}", ":".join(APP)
    with simulator({shop: source}, app, (*still, *options)) as address:
        yield Stage(cluster, address, shop)


def _compare(cluster: Databases) -> Runs:
    with _stage(cluster, _SHOP, _SMALL, *_PACE) as stage:
        stage.sync(only_orders=False)  # makes the files
        stage.peer()  # makes the pages
        whole = stage.sync(only_orders=False)
        runs = Runs(stage.truth["orders_stored"], whole["stats"]["rows"], [], [], [], [], [])
        runs.whole_s.append(whole["seconds"])
        for _ in range(_ROUNDS):
            runs.ours_s.append(stage.sync(only_orders=True)["seconds"])
            runs.peer_s.append(stage.peer())
            runs.load_s.append(stage.load("load"))
            runs.floor_s.append(stage.load("floor"))
            runs.whole_s.append(stage.sync(only_orders=False)["seconds"])
            _say(f"{runs.orders} orders", runs)
        return runs


def _compare_throttled(cluster: Databases) -> Runs:
    with _stage(cluster, _SHOP, _SMALL, "--throttle-rest") as stage:
        stage.sync(only_orders=True)
        plan = {"bulk_latency_s": _BULK_S}
        httpx.post(f"{stage.address}/shops/{_SHOP}/_sim/faults", json=plan).raise_for_status()
        runs = Runs(stage.truth["orders_stored"], 0, [], [], [], [], [])
        for _ in range((_ROUNDS + 1) // 2):
            runs.ours_s.append(stage.sync(only_orders=True)["seconds"])
            runs.peer_s.append(stage.peer())
            _say("at Shopify's pace", runs)
        return runs


def _large(cluster: Databases) -> Figures:
    with _stage(cluster, _LARGE_SHOP, _LARGE, *_PACE) as stage:
        stage.sync(only_orders=False)  # makes the files
        made = stage.sync(only_orders=False)
        print(f"{stage.truth['orders_stored']} orders: {made}", file=sys.stderr)
        return {
            "peak_mb_1m": made["peak_mb"],
            "_large_row_s": made["seconds"] / made["stats"]["rows"],
        }


def _say(what: str, runs: Runs) -> None:
    rounded = {
        name: [round(second, 2) for second in seconds]
        for name, seconds in vars(runs).items()
        if isinstance(seconds, list)
    }
    print(f"{what}: {rounded}", file=sys.stderr)


def _ratio(theirs: list[float], ours: list[float]) -> float:
    """Median of the pairs' ratios."""
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
