"""Every starter notebook, run by the analysts' own environment, for a shop with orders and for one without."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import jupytext
import pytest

from tests.support.shops import add_orders, random_orders, set_shop
from tests.support.tenants import add_tenant
from tests.workspace.servers import mint
from xsight_core.services.insights import compute_insights
from xsight_core.tenancy import Tenancy

PROJECT = Path(__file__).resolve().parents[2]
LAB = PROJECT / ".venv-lab" / "bin" / "python"
STARTERS = sorted((PROJECT / "notebooks" / "analysis").glob("*.ipynb"))


@pytest.fixture(scope="module")
def execute(tmp_path_factory):
    """Ask the analysts' own environment to run a notebook: one process for all of them."""
    folder = tmp_path_factory.mktemp("ipython")
    env = os.environ | {"PYTHONPATH": str(PROJECT), "IPYTHONDIR": str(folder)}
    with (
        (folder / "errors").open("w") as errors,
        subprocess.Popen(
            [LAB if LAB.exists() else sys.executable, Path(__file__).with_name("execute.py")],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):

        def ask(notebook: Path, env: dict[str, str]) -> list[str]:
            process.stdin.write(json.dumps({"notebook": str(notebook), "env": env}) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, (folder / "errors").read_text()[-3000:]
            return json.loads(answer)

        yield ask
        process.stdin.close()


@pytest.fixture(scope="module", params=[1200, 0], ids=["orders", "empty"])
def opened(request, database, tmp_path_factory):
    """A shop with so many orders, beside another: the environment of its notebook server, and what it holds."""
    now, folder = datetime.now(UTC), tmp_path_factory.mktemp("shop")
    mine, other = add_tenant(database.admin_url, "mine"), add_tenant(database.admin_url, "other")
    set_shop(database.admin_url, mine.id, zone="Europe/Berlin")
    made = random_orders(31, orders=request.param, customers=250, end=now)
    add_orders(database.admin_url, mine.id, made, zone="Europe/Berlin")
    add_orders(database.admin_url, other.id, random_orders(32, orders=50, end=now))

    async def compute() -> None:
        tenancy = Tenancy(database.app_url)
        await compute_insights(tenancy, mine.id, folder / "home", now=now)
        await tenancy.close()

    asyncio.run(compute())
    env = {
        "XSIGHT_DSN_FILE": str(mint(database, mine, folder, pii=False)),
        "XSIGHT_LEDGER_DIR": str(folder / "home" / "ledger" / str(mine.id)),
    }
    return env, [order for order in made if order.counts]


@pytest.mark.parametrize("notebook", STARTERS, ids=lambda path: path.stem)
def test_starter(opened, execute, notebook):
    env, counted = opened
    card, last = execute(notebook, env)
    assert f"{len(counted):,}" in card
    assert f"{sum(order.net for order in counted) / 100:,.2f} USD" in card
    assert last


@pytest.mark.parametrize("notebook", STARTERS, ids=lambda path: path.stem)
def test_starter_and_its_script_are_one(notebook):
    pair = jupytext.read(notebook.parent / "scripts" / f"{notebook.stem}.py")
    cells = json.loads(notebook.read_text())["cells"]
    assert [(cell["cell_type"], "".join(cell["source"])) for cell in cells] == [
        (cell.cell_type, cell.source) for cell in pair.cells
    ]
    assert not any(cell.get("outputs") for cell in cells)
