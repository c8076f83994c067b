"""Fixtures for real services. Nothing here is mocked; `tests/unit` may not open a socket at all.

One PostgreSQL serves every worker of a run; each test that asks gets a fresh copy of the migrated database.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_socket

from tests.support.postgres import Cluster, Database, shared_cluster, stop_cluster
from tests.support.tenants import TestTenant, add_tenant
from tests.support.valkey import running_valkey
from xsight_core.settings import Settings
from xsight_core.tenancy import Tenancy

UNIT = Path(__file__).parent / "unit"
pytest_plugins = [
    "tests.support.browser",
    "tests.support.groups",
    "tests.support.simulator",
    "tests.support.stack",
    "tests.support.thrift",
]


class Run:
    """What all workers of one test run share: a short folder, and the process whose end ends it all."""

    def __init__(self, config: pytest.Config) -> None:
        given = getattr(config, "workerinput", None)
        self.is_worker = given is not None
        if given is not None:
            self.folder, self.pid = Path(given["xsight_folder"]), given["xsight_pid"]
        else:
            self.folder, self.pid = Path(tempfile.mkdtemp(prefix="xs-")), os.getpid()
            self.folder.chmod(0o711)  # the server's own uid has to reach its files when we are root


RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUN] = Run(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    run = node.config.stash[RUN]
    node.workerinput["xsight_folder"], node.workerinput["xsight_pid"] = str(run.folder), run.pid


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash[RUN]
    if not run.is_worker:
        stop_cluster(run.folder)
        shutil.rmtree(run.folder, ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if UNIT in item.path.parents:
        pytest_socket.disable_socket(
            allow_unix_socket=True
        )  # event loops talk to themselves through one


def pytest_runtest_teardown() -> None:
    pytest_socket.enable_socket()


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The run's PostgreSQL. Asked for by `database`; a test of its own roles starts another."""
    run = request.config.stash[RUN]
    return shared_cluster(run.folder, run.pid)


@pytest.fixture(scope="session")
def _worker_database(cluster: Cluster) -> Iterator[Database]:
    with cluster.fresh() as database:
        yield database


@pytest.fixture
def database(_worker_database: Database) -> Database:
    """A migrated database without a row: this worker's, emptied, at a tenth of what a new one costs."""
    _worker_database.empty()
    return _worker_database


@pytest.fixture
def own_database(cluster: Cluster) -> Iterator[Database]:
    """One that nobody else has, for what changes roles, rights or tables."""
    with cluster.fresh() as database:
        yield database


@pytest.fixture
async def tenancy(database: Database) -> AsyncIterator[Tenancy]:
    tenancy = Tenancy(database.app_url)
    yield tenancy
    await tenancy.close()


@pytest.fixture
def tenant(database: Database) -> TestTenant:
    """A committed tenant without a shop."""
    return add_tenant(database.admin_url, "north")


@pytest.fixture
def other_tenant(database: Database) -> TestTenant:
    return add_tenant(database.admin_url, "south")


@pytest.fixture
def valkey_url(tmp_path: Path) -> Iterator[str]:
    """A Valkey of this test's own."""
    with running_valkey(tmp_path) as url:
        yield url


@pytest.fixture
def settings(database: Database, valkey_url: str, sim, tmp_path: Path) -> Settings:
    """Settings of an installation made of the other fixtures. The environment is not read."""
    return Settings.model_validate(
        {
            "home": tmp_path / "home",
            "database_url": database.app_url,
            "ingest_database_url": database.ingest_url,
            "redis_url": valkey_url,
            "keyring": "test:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "shopify_client_id": sim.client_id,
            "shopify_client_secret": sim.client_secret,
            "shopify_url_template": sim.url_template,
        }
    )
