"""A database to work on: the one that runs already, else the embedded one, started for it and stopped after."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ops import postgres
from ops.config import Config
from ops.external import check_database
from ops.guard import guarded
from ops.processes import base_env
from ops.supervisor import Supervisor
from ops.trouble import Trouble
from ops.vault import Vault

__all__ = ["with_database"]


def with_database(config: Config, work: Callable[[str], Awaitable[None]]) -> int:
    """Do ``work`` with the administrator's DSN; the exit code."""
    config.home.make()
    if config.database_url:
        check_database(config.database_url)
        return _run(work(config.database_url))
    if config.home.locked():
        _, admin_dsn = postgres.embedded(config.home, Vault(config.home.secrets), base_env())
        return _run(work(admin_dsn))
    config.home.lock()
    return guarded(lambda: _run(_alone(config, work)))


def _run(work: Awaitable[None]) -> int:
    async def wait() -> None:
        await work

    try:
        asyncio.run(wait())
    except Trouble as trouble:
        print(f"xsight: {trouble}", file=sys.stderr, flush=True)
        return 1
    return 0


async def _alone(config: Config, work: Callable[[str], Awaitable[None]]) -> None:
    service, admin_dsn = postgres.embedded(config.home, Vault(config.home.secrets), base_env())
    supervisor = Supervisor(config.home.logs, say=_say)
    try:
        await supervisor.start([service])
        await work(admin_dsn)
    finally:
        await supervisor.stop()


def _say(line: str) -> None:
    with suppress(OSError):  # nobody listens any more
        print(f"  {line}", flush=True)
