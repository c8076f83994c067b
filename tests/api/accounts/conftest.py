"""One API and one database for all tests of a module, emptied of people before each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

from tests.api.conftest import Api, serve
from tests.support.postgres import Cluster, Database
from tests.support.simulator import Sim
from xsight_core.settings import Settings


@dataclass
class House:
    api: Api
    database: Database
    valkey: str


def make_settings(
    database: Database, valkey: str, sim: Sim, home: Path, **more: object
) -> Settings:
    return Settings.model_validate(
        {
            "home": home,
            "database_url": database.app_url,
            "ingest_database_url": database.ingest_url,
            "redis_url": valkey,
            "keyring": "test:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "shopify_client_id": sim.client_id,
            "shopify_client_secret": sim.client_secret,
            "shopify_url_template": sim.url_template,
            **more,
        }
    )


@pytest.fixture(scope="module")
def house(
    cluster: Cluster, valkey: str, sim: Sim, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    home = tmp_path_factory.mktemp("home")
    with cluster.fresh() as database, serve(make_settings(database, valkey, sim, home)) as api:
        yield House(api, database, valkey)


@pytest.fixture
def database(house: House) -> Database:
    return house.database


@pytest.fixture
def api(house: House) -> Api:
    with psycopg.connect(house.database.admin_url) as admin:
        admin.execute("TRUNCATE control.users, control.tenants CASCADE")
    with redis.Redis.from_url(house.valkey) as client:
        client.flushall()
    return house.api
