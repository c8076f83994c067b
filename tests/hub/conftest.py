"""One Hub for all tests of this folder: starting one takes seconds."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.installation import Installation
from tests.support.postgres import Cluster, Database
from tests.support.tenants import TestTenant, add_tenant


@pytest.fixture(scope="session")
def hub_database(cluster: Cluster) -> Iterator[Database]:
    with cluster.fresh() as database:
        yield database


@pytest.fixture(scope="session")
def hub(hub_database: Database) -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="xh-"))
    installation = Installation(folder, hub_database)
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def north(hub_database: Database) -> TestTenant:
    return add_tenant(hub_database.admin_url, "north")


@pytest.fixture(scope="session")
def south(hub_database: Database) -> TestTenant:
    return add_tenant(hub_database.admin_url, "south")
