"""The CDNOW shop, synced, against an independent reading of the file it comes from."""

from collections import Counter
from decimal import Decimal
from importlib.metadata import distribution

import pytest

from shopify_sim.config import ShopConfig, SimConfig
from tests.support.simulator import APP, running_sim
from tests.sync.conftest import synced


@pytest.fixture
def sim():
    config = SimConfig(
        shops=(ShopConfig("cdnow.myshopify.com", "cdnow"),), apps=(APP,), auto_approve=True
    )
    with running_sim(config) as sim:
        yield sim


def master_file():
    """(customer, day, amount in cents) of each row; the first line is a header."""
    files = distribution("lifetimes").files or []
    path = next(file for file in files if file.name == "CDNOW_master.txt")
    lines = path.locate().read_text().splitlines()[1:]
    return [(words[0], words[1], round(Decimal(words[3]) * 100)) for words in map(str.split, lines)]


async def test_what_is_stored_equals_the_file(access, shop):
    state = await synced(access, shop)
    source = master_file()
    assert state["status"] == "computing"
    assert state["counts"] == {"customers": 23570, "products": 1, "orders": 69659}
    with access.tenancy.connection(shop.id) as connection:
        customers, ordinals, last = connection.execute(
            "SELECT count(*), count(DISTINCT ordinal), max(ordinal) FROM xsight.customers"
        ).fetchone()
        assert (customers, ordinals, last) == (23570, 23570, 23569)
        stored = connection.execute(
            "SELECT c.ordinal, o.day, o.net_minor, o.gross_minor, o.discounts_minor, o.returns_minor"
            " FROM xsight.orders o JOIN xsight.customers c ON c.id = o.customer_id"
        ).fetchall()
    assert len(stored) == len(source) == 69659
    assert sum(row[2] for row in stored) == sum(cents for _, _, cents in source)
    assert all(row[2] == row[3] and row[4] == row[5] == 0 for row in stored)

    # who is who is the simulator's choice: compare each customer's purchases as a multiset
    def purchases(rows):
        by_customer = {}
        for who, cents in rows:
            by_customer.setdefault(who, Counter())[cents] += 1
        return Counter(frozenset(counts.items()) for counts in by_customer.values())

    assert purchases((row[0], row[2]) for row in stored) == purchases(
        (who, cents) for who, _, cents in source
    )
