"""Keeps tests that share a started service on one worker, so that it is started once.

``--dist loadgroup`` of pytest-xdist 3.8 does that by changing test ids, which pytest 9.2 no longer lets it do. Here the
worker is chosen by the ``xdist_group("…")`` that a test's module carries.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

GROUP = re.compile(r'^pytestmark = pytest\.mark\.xdist_group\("(\w+)"\)', re.MULTILINE)
ROOT = Path(__file__).parents[2]


class Groups(LoadScopeScheduling):
    """A scope is a group, or one test."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0]) or nodeid


@cache
def group_of(file: str) -> str | None:
    """The group that the module says it is in."""
    found = GROUP.search((ROOT / file).read_text())
    return found[1] if found else None


def pytest_xdist_make_scheduler(config, log):
    return Groups(config, log) if config.getvalue("dist") == "loadgroup" else None
