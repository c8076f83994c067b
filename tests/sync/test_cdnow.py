"""The CDNOW shop, synced, against an independent reading of the file it comes from.

Of every tenth customer; ``XSIGHT_CDNOW=1`` takes them all (``make chaos`` does).
"""

import csv
import os
from collections import Counter
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path

import pytest

from shopify_sim.config import ShopConfig, SimConfig
from tests.support.simulator import APP, running_sim
from tests.sync.conftest import synced

EVERY = int(os.environ.get("XSIGHT_CDNOW", "10"))
CUSTOMERS, ORDERS = {1: (23570, 69659), 10: (2357, 6787)}[EVERY]


@pytest.fixture
def sim(tmp_path):
    source = "cdnow"
    if EVERY > 1:
        source = str(tmp_path / "part.csv")
        with Path(source).open("w") as file:
            rows = csv.writer(file)
            rows.writerow(["customer", "date", "amount"])
            for who, day, cents in master_file():
                rows.writerow([who, f"{day[:4]}-{day[4:6]}-{day[6:]}", f"{cents / 100:.2f}"])
    config = SimConfig(
        shops=(ShopConfig("cdnow.myshopify.com", source),), apps=(APP,), auto_approve=True
    )
    with running_sim(config) as sim:
        yield sim


def master_file():
    """(customer, day, amount in cents) of each row; the first line is a header."""
    files = distribution("lifetimes").files or []
    path = next(file for file in files if file.name == "CDNOW_master.txt")
    lines = path.locate().read_text().splitlines()[1:]
    rows = [(words[0], words[1], round(Decimal(words[3]) * 100)) for words in map(str.split, lines)]
    return [row for row in rows if int(row[0]) % EVERY == 0]


async def test_what_is_stored_equals_the_file(access, shop):
    state = await synced(access, shop)
    source = master_file()
    assert state["status"] == "computing"
    assert state["counts"] == {"customers": CUSTOMERS, "products": 1, "orders": ORDERS}
    with access.tenancy.connection(shop.id) as connection:
        customers, ordinals, last = connection.execute(
            "SELECT count(*), count(DISTINCT ordinal), max(ordinal) FROM xsight.customers"
        ).fetchone()
        assert (customers, ordinals, last) == (CUSTOMERS, CUSTOMERS, CUSTOMERS - 1)
        stored = connection.execute(
            "SELECT c.ordinal, o.day, o.net_minor, o.gross_minor, o.discounts_minor, o.returns_minor"
            " FROM xsight.orders o JOIN xsight.customers c ON c.id = o.customer_id"
        ).fetchall()
    assert len(stored) == len(source) == ORDERS
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
