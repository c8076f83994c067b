"""Kernels forked from a warm process, in the dashboards' own environment."""

import json
import os
import shutil
import subprocess
import tempfile

import pytest

from tests.hub.installation import ROOT

pytestmark = pytest.mark.xdist_group("hub")

CHECKS = [
    "forked from the zygote",
    "own environment and folder",
    "own time zone",
    "no Hub token",
    "random numbers differ",
    "sessions differ",
    "asyncio in a cell",
    "exit codes of children",
    "preloaded",
    "interrupted",
    "the other is not",
    "restarted",
    "shut down",
    "crash noticed, zygote lives",
    "kernels end with their zygote",
    "a new zygote takes over",
    "eight at once",
    "the zygote has one thread",
]


@pytest.fixture(scope="module")
def found():
    python = ROOT / ".venv-dash" / "bin" / "python"
    kernels = ROOT / "hub_config" / "dashboards" / "kernels"
    folder = tempfile.mkdtemp(prefix="xf-")
    try:
        done = subprocess.run(
            [python, "-m", "tests.hub.fork_checks", kernels],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr
    assert "without the fork server" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_check_is_named_here(found):
    assert sorted(found) == sorted(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_a_forked_kernel_is_like_a_started_one(found, check):
    assert found[check]
