"""``make chaos``: many syncs of small shops, and something is killed at a random point of each.

Of every sync the worker, the relay, Valkey or PostgreSQL is killed with SIGKILL, or Valkey is emptied, at
a moment drawn from the time a sync takes. Promise: each ends by itself with what its shop holds, to the
cent, nothing twice and nothing lost; where only Valkey was emptied, within a minute. And the whole CDNOW
shop comes in as its file says. ``XSIGHT_CHAOS_SYNCS`` says how many (200), ``XSIGHT_CHAOS_SEED`` repeats
an order.
"""

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import redis
from pydantic import SecretStr

from ops import embedded
from ops.ports import any_free
from shopify_sim.config import ShopConfig, SimConfig
from tests.support.simulator import APP, Sim, running_sim
from tests.support.tenants import add_tenant
from tests.sync.conftest import approve
from tests.worker.conftest import environment
from xsight_core.db import migrate, roles
from xsight_core.services import sync
from xsight_core.services.connect import ShopAccess
from xsight_core.settings import Settings
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.tenancy import Tenancy

SYNCS = int(os.environ.get("XSIGHT_CHAOS_SYNCS", "200"))
SEED = int(os.environ.get("XSIGHT_CHAOS_SEED", secrets.randbelow(10**6)))
AT_ONCE = int(os.environ.get("XSIGHT_CHAOS_AT_ONCE", "10"))
KILL_WITHIN_S = 20.0
DONE_WITHIN_S = 600.0
CAUGHT_UP_WITHIN_S = 60.0  # when all that was lost is what Valkey held
VICTIMS = ("worker", "worker", "relay", "valkey", "postgres", "flush")
EMPTIED_EVERY = 4  # waves: in such a one nothing is killed
ROOT = Path(__file__).parents[1]
HELD = """
    SELECT (SELECT count(*) FROM xsight.customers WHERE deleted_at IS NULL),
           (SELECT count(*) FROM xsight.products WHERE deleted_at IS NULL),
           (SELECT count(*) FROM xsight.orders WHERE deleted_at IS NULL),
           (SELECT count(*) FROM xsight.refunds),
           (SELECT count(DISTINCT refund_id) FROM xsight.refund_lines),
           (SELECT sum(net_minor) FROM xsight.orders
              WHERE NOT test AND cancelled_at IS NULL AND deleted_at IS NULL),
           (SELECT count(*) FROM xsight.quarantine), (SELECT count(*) FROM xsight.bulk_spool)"""


class Machines:
    """PostgreSQL, Valkey, a worker and a relay; whatever dies is started again."""

    def __init__(self, folder: Path, sim: Sim) -> None:
        self.folder, self.children = folder, dict[str, subprocess.Popen[bytes]]()
        passwords = {role: secrets.token_hex(8) for role in roles.LOGINS}
        password, sockets = secrets.token_hex(8), folder / "s"
        embedded.init_postgres(folder / "data", password=password)
        sockets.mkdir()
        if os.geteuid() == 0:
            user = embedded.postgres_user()
            os.chown(sockets, user["user"], user["group"])
        self.ports = {"postgres": any_free(), "valkey": any_free()}
        where = f"127.0.0.1:{self.ports['postgres']}"
        self.admin = f"postgresql://postgres:{password}@{where}"
        self.redis_url = f"redis://:{password}@127.0.0.1:{self.ports['valkey']}/0"
        self.commands = {
            "postgres": embedded.postgres_command(
                folder / "data", socket_dir=sockets, port=self.ports["postgres"], settings={}
            ),
            "valkey": embedded.valkey_command(
                folder / "valkey.conf",
                data_dir=folder,
                port=self.ports["valkey"],
                password=password,
            ),
            "worker": [sys.executable, "-m", "worker"],
            "relay": [sys.executable, "-m", "worker.relay"],
        }
        self.settings = Settings.model_validate(
            {
                "home": folder / "home",
                "database_url": f"postgresql://xsight_app:{passwords['xsight_app']}@{where}/xsight",
                "redis_url": self.redis_url,
                "keyring": f"k1:{b64encode(secrets.token_bytes(32)).decode()}",
                "shopify_client_id": sim.client_id,
                "shopify_client_secret": SecretStr(sim.client_secret),
                "shopify_url_template": sim.url_template,
            }
        )
        self.start("postgres")
        embedded.wait_for_postgres(f"{self.admin}/postgres", self.children["postgres"])
        with psycopg.connect(f"{self.admin}/postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE xsight")
        migrate.upgrade(f"{self.admin}/xsight", passwords)
        for name in ("valkey", "worker", "relay"):
            self.start(name)

    def start(self, name: str) -> None:
        user = embedded.postgres_user() if name == "postgres" else {}
        env = os.environ if name in self.ports else environment(self.settings)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                self.commands[name], cwd=ROOT, env=env, stdout=log, stderr=log, **user
            )

    def heal(self) -> None:
        """Start again what is gone, as a supervisor does."""
        for name, child in self.children.items():
            if child.poll() is not None:
                self.start(name)

    def strike(self, what: str) -> None:
        """Kill it, or empty Valkey."""
        if what == "flush":
            try:
                redis.Redis.from_url(self.redis_url).flushall()
            except redis.RedisError:
                return
        else:
            self.children[what].send_signal(signal.SIGKILL)
            self.children[what].wait()

    def said(self) -> str:
        """The ends of the logs."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text()[-6000:]}" for log in logs)

    def end(self) -> None:
        for name in ("worker", "relay", "valkey", "postgres"):
            child = self.children.get(name)
            if child is not None and child.poll() is None:
                child.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
                try:
                    child.wait(15)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()


def test_every_sync_ends_with_what_its_shop_holds():
    print(f"seed {SEED}", flush=True)
    config = SimConfig(
        shops=(ShopConfig("garden.myshopify.com", "generated:5"),),
        on_demand={"chaos-": "generated:60"},
        apps=(APP,),
        auto_approve=True,
    )
    with tempfile.TemporaryDirectory(prefix="xc-") as folder, running_sim(config) as sim:
        Path(folder).chmod(0o711)
        machines = Machines(Path(folder), sim)
        try:
            asyncio.run(play(machines, sim, random.Random(SEED)))
        except BaseException:
            print(machines.said(), flush=True)
            raise
        finally:
            machines.end()


def test_the_whole_cdnow_shop_is_what_its_file_says():
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    env = os.environ | {"XSIGHT_CDNOW": "1"}
    done = subprocess.run([*command, "tests/sync/test_cdnow.py"], cwd=ROOT, env=env, check=False)
    assert done.returncode == 0


async def play(machines: Machines, sim: Sim, dice: random.Random) -> None:
    struck, slowest_s, done = dict[str, int](), 0.0, 0
    tenancy = Tenancy(machines.settings.database_url.get_secret_value())
    async with httpx.AsyncClient(timeout=30) as http:
        access = ShopAccess.from_settings(machines.settings, tenancy, http)
        while done < SYNCS:
            wave = [
                f"chaos-{done + place}.myshopify.com" for place in range(min(AT_ONCE, SYNCS - done))
            ]
            runs = [await begin(machines, access, sim, shop) for shop in wave]
            emptied = done // AT_ONCE % EMPTIED_EVERY == 1
            started = time.monotonic()
            strikes = sorted(dice.uniform(0, KILL_WITHIN_S) for _ in wave)
            for at in strikes:
                await asyncio.sleep(max(0.0, started + at - time.monotonic()))
                what = "flush" if emptied else dice.choice(VICTIMS)
                machines.strike(what)
                machines.heal()
                struck[what] = struck.get(what, 0) + 1
            struck_at = time.monotonic()
            for shop, (tenant, run) in zip(wave, runs, strict=True):
                await completed(machines, tenancy, tenant, run)
                held, truth = await hold(tenancy, tenant), await true(http, sim, shop)
                assert held == truth, (shop, held, truth)
            took_s = time.monotonic() - struck_at
            assert not emptied or took_s <= CAUGHT_UP_WITHIN_S, took_s
            slowest_s = max(slowest_s, took_s)
            done += len(wave)
            print(f"{done} syncs, struck {struck}, all caught up {slowest_s:.0f} s", flush=True)
    await tenancy.close()


async def begin(machines: Machines, access: ShopAccess, sim: Sim, shop: str) -> tuple[UUID, UUID]:
    """A tenant with a shop of its own, whose first sync has been asked for."""
    tenant = await patiently(
        machines, lambda: asyncio.to_thread(add_tenant, f"{machines.admin}/xsight", "chaos")
    )
    query = await approve(sim, shop)
    await patiently(
        machines, lambda: access.connect(tenant.id, parse_shop_domain(shop), query["code"])
    )
    state = await patiently(machines, lambda: sync.request_sync(access.tenancy, tenant.id))
    return tenant.id, UUID(state["run"])


async def completed(machines: Machines, tenancy: Tenancy, tenant: UUID, run: UUID) -> None:
    deadline = time.monotonic() + DONE_WITHIN_S
    while True:
        state = await patiently(machines, lambda: sync.run_state(tenancy, tenant, run))
        assert state["status"] not in {"failed", "cancelled"}, state
        if state["status"] == "completed":
            return
        assert time.monotonic() < deadline, state
        await asyncio.sleep(0.3)


async def hold(tenancy: Tenancy, tenant: UUID) -> tuple[int, ...]:
    with tenancy.connection(tenant) as connection:
        return tuple(map(int, connection.execute(HELD).fetchone()))


async def true(http: httpx.AsyncClient, sim: Sim, shop: str) -> tuple[int, ...]:
    answer = await http.get(f"{sim.url}/shops/{shop}/_sim/truth")
    truth = answer.raise_for_status().json()
    net = truth["gross_minor"] - truth["discounts_minor"] - truth["removed_minor"]
    refunds = truth["refunds"]
    return (
        *(truth["customers"], truth["products"], truth["orders_stored"]),
        *(refunds, refunds, net, 0, 0),
    )


async def patiently(machines: Machines, ask, within_s: float = 60.0):
    """A question may meet the moment in which the database comes back."""
    deadline = time.monotonic() + within_s
    while True:
        machines.heal()
        try:
            return await ask()
        except Exception as error:  # whatever an outage looks like
            if time.monotonic() > deadline or isinstance(error, AssertionError):
                raise
        await asyncio.sleep(0.5)
