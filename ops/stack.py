"""``xsight up``: databases, schema, processes, demo; then whatever happens until it is told to stop."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ops import demo, postgres, valkey
from ops.config import Config
from ops.external import check_database, check_redis
from ops.guard import guarded
from ops.home import ROOT
from ops.ports import choose, require_free
from ops.processes import PORTS, base_env, migration_env, processes
from ops.sandbox import notice
from ops.service import Service
from ops.serving import with_database
from ops.supervisor import Supervisor
from ops.trouble import Trouble
from ops.vault import Vault

__all__ = ["migrate", "up"]

_HURRY_AFTER_S = 1.0


def up(config: Config) -> int:
    """Run the stack in the foreground; the exit code is 0 after an orderly stop."""
    config.home.make()
    config.home.lock()  # kept until the last of us is gone
    require_free(config.port, config.host)
    pid = os.getpid()
    return guarded(lambda: _run(lambda: _up(config, pid)))


def migrate(config: Config) -> int:
    """Bring the schema up to date; the embedded database is started for it where it does not run."""
    return with_database(config, lambda admin_dsn: _migrate(config, admin_dsn))


def _run(work: Callable[[], Any]) -> int:
    try:
        return asyncio.run(work()) or 0
    except Trouble as trouble:
        print(f"xsight: {trouble}", file=sys.stderr, flush=True)
        return 1


async def _up(config: Config, pid: int) -> None:
    home, vault = config.home, Vault(config.home.secrets)
    begun = time.monotonic()
    state: dict[str, Any] = {"pid": pid, "url": config.public_url, "ready": False, "services": {}}

    def changed(services: dict[str, Any]) -> None:
        home.write_state(state | {"services": services})

    supervisor = Supervisor(home.logs, say=_say, changed=changed)
    stop = _stop_asked()

    async def start() -> None:
        print(f"XSight starts on {home.path}", flush=True)
        ports = choose(PORTS, home.run / "ports.json")
        databases, admin_dsn, redis_url = await asyncio.to_thread(_databases, config, vault, ports)
        await supervisor.start(databases)
        await _migrate(config, admin_dsn)
        if warning := notice(config.sandbox):
            print(warning, flush=True)
        await supervisor.start(processes(config, vault, ports, admin_dsn, redis_url))
        task = await demo.make_beside(config, vault, admin_dsn) if config.demo else None
        print(_welcome(config, vault, time.monotonic() - begun), flush=True)
        state["ready"] = True
        changed(supervisor.state())
        if task:
            await task

    home.write_state(state)
    work = asyncio.create_task(start())
    halt = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([work, halt], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()  # its Trouble, if it had one
            await halt
        print("XSight stops", flush=True)
    finally:
        work.cancel()
        halt.cancel()
        await asyncio.gather(work, halt, return_exceptions=True)
        await supervisor.stop()
        home.write_state({})


def _welcome(config: Config, vault: Vault, after_s: float) -> str:
    log_in = (
        f"    {demo.EMAIL}   password  {vault.text('demo-password')}\n"
        "    shops: CDNOW and Garden, being filled from simulated Shopify stores\n"
    )
    return (
        f"\nXSight is up after {after_s:.0f} s\n\n    {config.public_url}\n"
        f"{log_in if config.demo else ''}\n"
        f"Stop it with Ctrl-C or `xsight down`. Logs: {config.home.logs}\n"
    )


def _databases(
    config: Config, vault: Vault, ports: dict[str, int]
) -> tuple[list[Service], str, str]:
    """What is to be started, the administrator's DSN, the address of Redis."""
    services: list[Service] = []
    admin_dsn, redis_url = config.database_url, config.redis_url
    if admin_dsn:
        check_database(admin_dsn)
    if redis_url:
        check_redis(redis_url)
    if not admin_dsn:
        service, admin_dsn = postgres.embedded(config.home, vault, base_env())
        services.append(service)
    if not redis_url:
        service, redis_url = valkey.embedded(config.home, vault, base_env(), ports["valkey"])
        services.append(service)
    return services, admin_dsn, redis_url


async def _migrate(config: Config, admin_dsn: str) -> None:
    begun = time.monotonic()
    log = config.home.logs / "migrate.log"
    env = base_env() | migration_env(Vault(config.home.secrets), admin_dsn)
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "xsight_core.db.migrate"),
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            raise
    if code:
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise Trouble(
            f"the schema could not be brought up to date: {''.join(last)}",
            f"read {log}; nothing was changed",
        )
    _say(f"{'schema':<10} {'ready':<8}{time.monotonic() - begun:5.1f} s")


def _stop_asked() -> asyncio.Event:
    """Set by SIGINT, SIGTERM, SIGHUP. Asked again after a moment, everything is killed at once."""
    stop = asyncio.Event()
    first = 0.0

    def asked() -> None:
        nonlocal first
        if not stop.is_set():
            first = time.monotonic()
            stop.set()
        elif time.monotonic() - first > _HURRY_AFTER_S:
            os._exit(130)  # the guard and the children's own orders do the rest

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, asked)
    return stop


def _say(line: str) -> None:
    with suppress(OSError):  # nobody listens any more, or the disk is full: no reason to end
        print(f"  {line}", flush=True)
