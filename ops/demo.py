"""The demo: its log-in and shops, shown by ``xsight demo`` and at the end of ``xsight up``."""

import asyncio
import json
import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx

from ops.config import Config
from ops.home import ROOT
from ops.processes import base_env, demo_env
from ops.vault import Vault
from ops.visitor import Visitor

__all__ = ["EMAIL", "SHOPS", "make_beside", "show"]

EMAIL = "demo@xsight.local"
SHOPS = {"cdnow.myshopify.com": "CDNOW", "garden.myshopify.com": "Garden"}
MADE = "made"
"""What ``ops.demo_shops`` says once one can log in."""


def show(config: Config, *, as_json: bool) -> int:
    """Print the demo's address, log-in and figures; what is not known yet is null."""
    told = _told(config)
    if as_json:
        print(json.dumps(told))
        return 0
    for key, value in told.items():
        print(f"  {key:<10} {'not yet' if value is None else value}")
    return 0


def _told(config: Config) -> dict[str, Any]:
    state = config.home.state() if config.home.locked() else {}
    password = Vault(config.home.secrets).known("demo-password")
    told: dict[str, Any] = {
        "url": state.get("url"),
        "email": EMAIL if password else None,
        "password": password,
        "shop": next(iter(SHOPS)),
        "customers": None,
        "orders": None,
        "revenue": None,
    }
    if told["url"] and password:
        with suppress(httpx.HTTPError), Visitor(told["url"]) as visitor:
            visitor.log_in(EMAIL, password)
            tenants = visitor.me()["tenants"]
            visitor.look_at(tenants[0]["id"])
            told |= _figures(visitor.stats())
    return told


def _figures(stats: dict[str, Any] | None) -> dict[str, Any]:
    if stats is None:
        return {}
    totals, shop = stats["totals"], stats["shop"]
    revenue = Decimal(totals["revenue_minor"]).scaleb(-shop["currency_exponent"])
    return {
        "customers": totals["customers"],
        "orders": totals["orders"],
        "revenue": float(revenue),  # exact to the cent up to 90 trillion
    }


async def make_beside(config: Config, vault: Vault, admin_dsn: str) -> asyncio.Task[None]:
    """Make the demo shops in a process beside the stack; return once one can log in.

    The task goes on telling how they fill, and ends with them.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops.demo_shops"),
        cwd=ROOT,
        env=base_env() | demo_env(config, vault, admin_dsn),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(config.home.logs / "demo.log").open("ab"),
    )
    assert process.stdout  # noqa: S101  # a pipe, as asked
    made = asyncio.Event()

    async def tell(lines: asyncio.StreamReader) -> None:
        try:
            async for line in lines:
                text = line.decode().rstrip()
                if text == MADE:
                    made.set()
                else:
                    print(f"  {text}", flush=True)
            if await process.wait():
                print(
                    f"  the demo shops are not complete: read {config.home.logs}/demo.log",
                    flush=True,
                )
        finally:
            made.set()
            if process.returncode is None:
                process.kill()
                await process.wait()

    task = asyncio.create_task(tell(process.stdout))
    await made.wait()
    return task
