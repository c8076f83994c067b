"""``xsight bench api``: one process of the API on a shop of 1 M customers and 5 M orders.

The shop is filled and its insights computed once, and kept in the state folder (``bench/api``) for the next run, until
tables or generator change. Then one API process answers one program: lists of customers by many filters, single
customers, analyses that are kept and analyses that are not, reads of kept answers as fast as they come, and 500
websockets that follow one sync.
"""

import asyncio
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import psycopg
import redis

from ops import embedded
from ops.bench import insights_data, report
from ops.bench.insights_data import fill
from ops.config import Config
from ops.home import ROOT
from ops.ports import any_free
from ops.postgres import SETTINGS
from ops.trouble import Trouble
from xsight_core.db import migrate, roles
from xsight_core.services.accounts import add_member, open_session, sign_up
from xsight_core.services.insights import compute_insights
from xsight_core.tenancy import Tenancy

__all__ = ["TENANT", "kept", "measure", "serving", "version"]

TENANT = UUID("00000000-0000-4000-8000-0000000000d1")
_PASSWORD = "bench"  # noqa: S105 - of a server on a socket of its own
_KEYRING = "bench:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
_WITHIN_S = 60.0
_PEOPLE_SQL = (
    (
        "UPDATE xsight.customers SET country = (ARRAY['US','CA','DE','FR','GB','AU'])[1 + id % 6], "
        "tags = CASE WHEN id % 50 = 0 THEN ARRAY['vip'] ELSE '{}' END, "
        "email_consent = (ARRAY['SUBSCRIBED','NOT_SUBSCRIBED'])[1 + id % 2]"
    ),
    (
        "INSERT INTO xsight.customer_pii (tenant_id, customer_id, email, first_name, last_name, city) "
        "SELECT tenant_id, id, 'c' || id || '@example.com', 'First' || id, 'Last', 'Town' FROM xsight.customers"
    ),
)


def measure(config: Config) -> int:
    """Fill what is not filled, serve, measure."""
    folder = config.home.path / "bench" / "api"
    told = version([Path(insights_data.__file__)], *_PEOPLE_SQL)
    with kept(folder, told, _fill) as urls, serving(folder, urls) as (url, cookies, broker):
        done = subprocess.run(
            [sys.executable, "-m", "ops.bench.api_load", url, json.dumps(cookies), broker],
            env=os.environ | {"XSIGHT_BENCH_TENANT": str(TENANT)},
            stdout=subprocess.PIPE,
            check=True,
        )
    return report("api", json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def kept(
    folder: Path, version: str, fill: Callable[[dict[str, str], Path], None]
) -> Iterator[dict[str, str]]:
    """A server with a shop in it, filled at the first time and kept in place of what another version has left.

    Addresses as the superuser (``admin``), the application (``app``) and what ingests; ``home`` is its state folder.
    """
    place = folder / version
    if folder.exists():
        for old in folder.iterdir():
            if old.is_dir() and old != place:
                shutil.rmtree(old)
    place.mkdir(parents=True, exist_ok=True)
    marker = place / "filled"
    with _postgres(place, new=not marker.exists()) as urls:
        if not marker.exists():
            started = time.perf_counter()
            fill(urls, place / "home")
            marker.touch()
            took = time.perf_counter() - started
            sys.stderr.write(f"filled in {took:.0f} s, kept in {place}\n")
        yield urls | {"home": str(place / "home")}


def version(sources: Sequence[Path], *more: str) -> str:
    """Of tables, generator and what else is told: another one, another shop."""
    files = [*sorted(migrate.SCRIPTS.glob("versions/*.py")), *sources]
    told = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    told.update("".join(more).encode())
    return told.hexdigest()[:12]


@contextmanager
def _postgres(place: Path, *, new: bool) -> Iterator[dict[str, str]]:
    """As `xsight up` runs it; an empty database where it is to be ``new``."""
    sockets = place / "s"
    embedded.init_postgres(place / "data", password=_PASSWORD)
    sockets.mkdir(exist_ok=True)
    user: dict[str, Any] = dict(embedded.postgres_user())
    if user:
        os.chown(sockets, user["user"], user["group"])
    settings = SETTINGS | {"max_wal_size": "8GB", "autovacuum": "off"}
    command = embedded.postgres_command(
        place / "data", socket_dir=sockets, port=5432, settings=settings
    )
    with (place / "postgres.log").open("wb") as log:
        server: Any = subprocess.Popen(
            command, stdout=log, stderr=log, cwd="/", start_new_session=True, **user
        )

    def url(role: str, database: str = "xsight") -> str:
        return f"postgresql://{role}:{_PASSWORD}@/{database}?host={quote(str(sockets), safe='')}"

    try:
        embedded.wait_for_postgres(url("postgres", "postgres"), server)
        if new:
            with psycopg.connect(url("postgres", "postgres"), autocommit=True) as admin:
                admin.execute("DROP DATABASE IF EXISTS xsight WITH (FORCE)")
                admin.execute("CREATE DATABASE xsight")
        migrate.upgrade(url("postgres"), dict.fromkeys(roles.LOGINS, _PASSWORD))
        yield {"admin": url("postgres"), "app": url(roles.APP), "ingest": url(roles.INGEST)}
    finally:
        server.send_signal(embedded.STOP_POSTGRES)
        server.wait(60)


def _fill(urls: dict[str, str], home: Path) -> None:
    fill(urls["admin"], TENANT)
    with psycopg.connect(urls["admin"]) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "UPDATE xsight.tenant_state SET domain = 'bench.myshopify.com', synced_at = now(), next_ordinal = "
            "(SELECT max(ordinal) + 1 FROM xsight.customers)"
        )
        for statement in _PEOPLE_SQL:
            admin.execute(statement)
    _compute(urls, home)


def _compute(urls: dict[str, str], home: Path) -> None:
    async def compute() -> None:
        tenancy = Tenancy(urls["app"])
        try:
            await compute_insights(tenancy, TENANT, home)
        finally:
            await tenancy.close()

    asyncio.run(compute())
    with psycopg.connect(urls["admin"], autocommit=True) as admin:
        for table in ("customers", "customer_pii", "customer_insights", "documents"):
            admin.execute(f"VACUUM ANALYZE xsight.{table}")


@contextmanager
def serving(folder: Path, urls: dict[str, str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """One API process without rate limits: its address, the cookies of a member, its Redis."""
    port = any_free()
    url = f"http://127.0.0.1:{port}"
    with _valkey(folder) as broker:
        env = {
            "PATH": os.environ["PATH"],
            "XSIGHT_HOME": urls["home"],
            "XSIGHT_PUBLIC_URL": url,
            "XSIGHT_DATABASE_URL": urls["app"],
            "XSIGHT_INGEST_DATABASE_URL": urls["ingest"],
            "XSIGHT_REDIS_URL": broker,
            "XSIGHT_KEYRING": _KEYRING,
            "XSIGHT_API_PORT": str(port),
            "XSIGHT_RATE_USER": "0",
            "XSIGHT_RATE_TENANT": "0",
            "XSIGHT_RATE_ADDRESS": "0",
            "XSIGHT_LOG_LEVEL": "WARNING",
        }
        cookies = asyncio.run(_member(urls["app"]))
        with (folder / "api.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "api"], cwd=ROOT, env=env, stdout=log, stderr=log
            )
        try:
            _wait(process, url, folder / "api.log")
            yield url, cookies, broker
        finally:
            process.terminate()
            process.wait(30)


async def _member(app_url: str) -> dict[str, str]:
    """The cookies of an owner of the shop."""
    tenancy = Tenancy(app_url)
    try:
        email = f"{secrets.token_hex(6)}@example.com"
        user = await sign_up(
            tenancy, email=email, password=secrets.token_hex(12), name="Bench", company="Bench"
        )
        await add_member(tenancy, tenant_id=TENANT, user_id=user, role="owner")
        opened = await open_session(tenancy, user, tenant_id=TENANT)
    finally:
        await tenancy.close()
    return {"xs_api": opened["api"], "xs_ws": opened["ws"]}


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    data, port, password = folder / "valkey", any_free(), secrets.token_hex(12)
    data.mkdir(exist_ok=True)
    command = embedded.valkey_command(
        data / "valkey.conf", data_dir=data, port=port, password=password
    )
    with (data / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    try:
        deadline = time.monotonic() + _WITHIN_S
        with redis.Redis.from_url(url) as client:
            while True:
                try:
                    client.flushall()
                    break
                except redis.ConnectionError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while True:
        try:
            if httpx.get(f"{url}/ready", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise Trouble("the API did not start", f"look into {log}")
        time.sleep(0.05)
