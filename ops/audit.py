"""``xsight audit verify``: recompute the chains of the audit log, in the database or from an exported file."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from ops import postgres
from ops.config import Config
from ops.processes import app_dsn, base_env
from ops.trouble import Trouble
from ops.vault import Vault
from xsight_core.services import tenants
from xsight_core.services.audit import INSTALLATION, Verdict, verify, verify_tenant
from xsight_core.tenancy import Tenancy

__all__ = ["check"]

HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


def check(config: Config, slug: str | None, *, file: str | None, expect: str | None) -> int:
    """Print one line a chain; 0 when all hold, 1 when one is broken."""
    noted = _noted(expect)
    if file is not None:
        try:
            verdict = asyncio.run(verify(_lines(Path(file)), expect=noted))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Trouble(f"{file} is no exported audit log: {error}", "export it again") from None
        return _say(file, verdict)
    vault = Vault(config.home.secrets)
    admin_dsn = config.database_url or postgres.embedded(config.home, vault, base_env())[1]
    return asyncio.run(_check_database(app_dsn(vault, admin_dsn), slug, noted))


async def _check_database(dsn: str, slug: str | None, noted: tuple[int, str] | None) -> int:
    tenancy = Tenancy(dsn)
    try:
        known = {"(installation)": INSTALLATION} | await tenants.all_tenants(tenancy)
        if slug is not None and slug not in known:
            raise Trouble(f"there is no store {slug}", "name one of: " + ", ".join(sorted(known)))
        chosen: dict[str, UUID] = known if slug is None else {slug: known[slug]}
        found = [
            _say(name, await verify_tenant(tenancy, tenant_id, expect=noted))
            for name, tenant_id in sorted(chosen.items())
        ]
        return max(found)
    finally:
        await tenancy.close()


def _say(name: str, verdict: Verdict) -> int:
    if verdict.broken_at is None:
        print(f"  {name:<24} {verdict.events:>8} events  head {verdict.events}:{verdict.head}")
        return 0
    print(f"  {name:<24} BROKEN at event {verdict.broken_at}: {verdict.reason}")
    return 1


async def _lines(file: Path) -> AsyncGenerator[Mapping[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _noted(expect: str | None) -> tuple[int, str] | None:
    if expect is None:
        return None
    match = HEAD.fullmatch(expect)
    if match is None:
        raise Trouble(f"{expect} is no head", "write it as verify printed it: NUMBER:HASH")
    return int(match[1]), match[2]
