"""Jobs that compute are done in processes that come and go; the worker itself stays without their libraries."""

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.worker.conftest import ROOT, environment
from worker.calculators import Calculators
from xsight_core.errors import XsightError
from xsight_core.services.jobs import ClaimedJob

NUMERICAL = {"numpy", "pandas", "pyarrow", "scipy", "duckdb"}


@pytest.mark.parametrize(
    "process", ["worker.__main__", "worker.relay", "worker.scheduler", "worker.queue"]
)
def test_what_only_carries_work_loads_nothing_numerical(process):
    code = f"import sys, {process}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not NUMERICAL & set(done.stdout.split())


@pytest.fixture
def look_back(tenant):
    """A job that reads the database and cannot be done: the day is yet to come."""

    def job(as_of="2999-01-01"):
        payload = {"as_of": as_of}
        return ClaimedJob(uuid4(), tenant.id, "look_back", "", payload, 1, uuid4())

    return job


@pytest.fixture
async def calculators(settings, monkeypatch):
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    calculators = Calculators(kept_s=1.0)
    yield calculators
    await calculators.close()


def children() -> set[int]:
    found = set()
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            ours = int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid()
            if ours and "worker.calculator" in (folder / "cmdline").read_text():
                found.add(int(folder.name))
    return found


async def gone(within_s=60.0):
    async with asyncio.timeout(within_s):
        while children():
            await asyncio.sleep(0.05)


async def test_it_says_what_went_wrong_is_used_again_and_ends_by_itself(calculators, look_back):
    with pytest.raises(XsightError, match="over in the shop's calendar") as refused:
        await calculators.do(look_back())
    assert (refused.value.code, refused.value.retryable) == ("invalid_input", False)
    before = children()
    with pytest.raises(RuntimeError, match="ValueError"):
        await calculators.do(look_back("no day"))
    assert children() == before
    assert len(before) == 1
    await gone()


async def test_a_job_that_is_cancelled_or_killed_ends_its_process(calculators, look_back):
    doing = asyncio.ensure_future(calculators.do(look_back()))
    async with asyncio.timeout(60):
        while not children():
            await asyncio.sleep(0.01)
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    await gone()
    doing = asyncio.ensure_future(calculators.do(look_back()))
    async with asyncio.timeout(60):
        while not (found := children()):
            await asyncio.sleep(0.01)
    os.kill(found.pop(), 9)
    with pytest.raises(RuntimeError, match="ended with -9"):
        await doing
    await gone()
