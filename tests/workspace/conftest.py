"""One database and its tenants for all tests of a module: notebooks only read."""

from collections.abc import Iterator

import pytest

from tests.support.postgres import Cluster, Database
from tests.support.tenants import TestTenant, add_tenant


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    with cluster.fresh() as database:
        yield database


@pytest.fixture(scope="module")
def tenant(database: Database) -> TestTenant:
    return add_tenant(database.admin_url, "north")


@pytest.fixture(scope="module")
def other_tenant(database: Database) -> TestTenant:
    return add_tenant(database.admin_url, "south")
