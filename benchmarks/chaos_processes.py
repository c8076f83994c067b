"""``make chaos``, processes: each is killed alone, and everything works again, with all the others as they were.

`make test` kills them in two lots: first what others are connected to, then those others.
"""

import os
import subprocess
import sys


def test_each_killed_process_comes_back_and_everything_works():
    test = "tests/ops/test_up.py::test_killed_processes_come_back_and_everything_works"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", test],
        env=os.environ | {"XSIGHT_KILLED": "each"},
        check=False,
    )
    assert done.returncode == 0
