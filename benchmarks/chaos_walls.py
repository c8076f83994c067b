"""``make chaos``, walls: what a short test can only touch upon.

Promises: how long an answer takes does not tell whether somebody else's store has a thing; roles that change and
members that go while everybody reads let nothing through and stop nothing, over and over.
``XSIGHT_TIMED`` says how many answers are timed of each kind (400), ``XSIGHT_LOAD_ROUNDS`` how many changes (40).
"""

import os
import subprocess
import sys

import pytest

LONG = {"XSIGHT_TIMED": "400", "XSIGHT_LOAD_ROUNDS": "40"}


@pytest.mark.parametrize("test", ["timing", "test_changes_under_load"])
def test_the_walls_hold(test):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "0",
            "-q",
            "-p",
            "no:cacheprovider",
            f"tests/security/{test}.py",
        ],
        env=LONG | os.environ,
        check=False,
    )
    assert done.returncode == 0
