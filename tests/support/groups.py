"""Spreads the tests over the workers of a run: module by module, so that what a module shares is made once.

Modules that share a started service stay together on one worker: they carry ``xdist_group("…")``. ``--dist loadgroup``
of pytest-xdist 3.8 does that by changing test ids, which pytest 9.2 no longer lets it do.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

GROUP = re.compile(r'^pytestmark = pytest\.mark\.xdist_group\("(\w+)"\)', re.MULTILINE)
ROOT = Path(__file__).parents[2]
LAST = ("tests/unit/", "tests/db/", "tests/sim/")
"""Short ones, for the end: until then no worker has to wait for another."""


class Groups(LoadScopeScheduling):
    """A scope is a group, or one module."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return group_of(file) or file


@cache
def group_of(file: str) -> str | None:
    """The group that the module says it is in."""
    found = GROUP.search((ROOT / file).read_text())
    return found[1] if found else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups first: they take longest. A stable sort, the same in every worker."""

    def turn(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0]
        return 0 if group_of(file) else 2 if file.startswith(LAST) else 1

    items.sort(key=turn)


def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False
    return Groups(config, log)
