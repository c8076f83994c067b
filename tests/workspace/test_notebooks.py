"""Every starter notebook, run by the analysts' own environment, for a shop with orders and for one without."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.shops import add_orders, random_orders, set_shop
from tests.workspace.servers import mint
from xsight_core.services.insights import compute_insights

PROJECT = Path(__file__).resolve().parents[2]
LAB = PROJECT / ".venv-lab" / "bin" / "python"
STARTERS = sorted((PROJECT / "notebooks" / "analysis").glob("*.ipynb"))


async def execute(notebook: Path, env: dict[str, str]) -> list[dict]:
    process = await asyncio.create_subprocess_exec(
        LAB if LAB.exists() else sys.executable,
        Path(__file__).with_name("execute.py"),
        notebook,
        env=os.environ | {"PYTHONPATH": str(PROJECT)} | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()[-3000:]
    return json.loads(out)


@pytest.mark.parametrize("notebook", STARTERS, ids=lambda path: path.stem)
@pytest.mark.parametrize("orders", [1200, 0])
async def test_starter(database, tenancy, tenant, other_tenant, tmp_path, notebook, orders):
    now = datetime.now(UTC)
    set_shop(database.admin_url, tenant.id, zone="Europe/Berlin")
    made = random_orders(31, orders=orders, customers=250, end=now)
    add_orders(database.admin_url, tenant.id, made, zone="Europe/Berlin")
    add_orders(database.admin_url, other_tenant.id, random_orders(32, orders=50, end=now))
    await compute_insights(tenancy, tenant.id, tmp_path / "home", now=now)
    env = {
        "XSIGHT_DSN_FILE": str(mint(database, tenant, tmp_path, pii=False)),
        "XSIGHT_LEDGER_DIR": str(tmp_path / "home" / "ledger" / str(tenant.id)),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    outputs = await execute(notebook, env)
    card = outputs[0]["text/html"]
    counted = [order for order in made if order.counts]
    assert f"{len(counted):,}" in card
    assert f"{sum(order.net for order in counted) / 100:,.2f} USD" in card
