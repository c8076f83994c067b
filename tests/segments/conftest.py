from pathlib import Path

import numpy as np
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.segments.naive import Naive
from tests.segments.shops import EPOCH, TODAY, ZONE, random_shop, write
from tests.support.receivers import receiver  # noqa: F401 - fixture
from tests.support.tenants import add_tenant
from xsight_core.ledger import read_ledger
from xsight_core.ledger.customers import load_customers
from xsight_core.ledger.scores import load_scores
from xsight_core.segments import Basis, Group, customers_of
from xsight_core.segments.book import Book
from xsight_core.segments.masks import Masks

BASIS = Basis(today=(TODAY - EPOCH).days, zone=ZONE)


class World:
    """A random shop in the tables, and the two ways to read it."""

    asked = 0

    def __init__(self, database, seed: int, folder: Path) -> None:
        self.tenant = add_tenant(database.admin_url, f"shop{seed}")
        self.shop = random_shop(self.tenant.id, seed)
        write(database.admin_url, self.shop)
        self.naive = Naive(self.shop, TODAY, ZONE)
        self.engine = create_engine(
            database.app_url.replace("postgresql:", "postgresql+psycopg:"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
        )
        self.connection = self.engine.connect()
        self.connection.execute(
            text("SELECT set_config('app.tenant_id', :id, false)"), {"id": str(self.tenant.id)}
        )

        with psycopg.connect(database.app_url) as connection:
            connection.execute(
                "SELECT set_config('app.tenant_id', %s, true)", [str(self.tenant.id)]
            )
            ledger = read_ledger(connection)
            people = load_customers(folder, connection, ledger.data_version)
            scores = load_scores(folder, connection, self.shop.insight_run)
        self.book = Book(ledger.orders, people, scores, BASIS, self.ask)

    def ask(self, rule):
        self.asked += 1
        return np.array(sorted(self.by_sql(customers_of(Group("and", (rule,)), BASIS))), np.int64)

    def by_masks(self, rule, segments=None) -> set[int]:
        found = Masks(self.book, segments).customers(rule)
        return set(self.book.people.columns["id"][found[: len(self.book.people)]].tolist())

    def by_sql(self, statement) -> set[int]:
        found = self.connection.execute(statement).scalars().all()
        assert len(found) == len(set(found))
        return set(found)

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()


@pytest.fixture(scope="session")
def worlds(cluster, tmp_path_factory):
    """Three shops of one database; read only."""
    with cluster.fresh() as database:
        worlds = [
            World(database, seed, tmp_path_factory.mktemp(f"ledger{seed}")) for seed in (1, 2, 3)
        ]
        yield worlds
        for world in worlds:
            world.close()
