"""Customers of the next data version, made of the last one's and the rows that changed: as if all were read again."""

import numpy as np
import psycopg
import pytest

from tests.segments.shops import random_shop, write
from tests.support.tenants import add_tenant
from xsight_core.ledger import customers
from xsight_core.ledger.customers import load_customers
from xsight_core.ledger.some_customers import TEXTS

NUMBERS = ("id", "created", "shopify_orders", "shopify_spent", "bits")


class Rows:
    """A shop's rows and the folder its versions are kept in."""

    def __init__(self, database, folder):
        self.database, self.folder = database, folder
        self.tenant = add_tenant(database.admin_url, "later")
        shop = random_shop(self.tenant.id, 11)
        self.ids = sorted(row["id"] for row in shop.rows["customers"])
        write(database.admin_url, shop)
        self.version = 1

    def change(self, *statements):
        with psycopg.connect(self.database.admin_url) as admin:
            for statement in statements:
                admin.execute(statement)
        self.version += 1

    def load(self, place):
        with psycopg.connect(self.database.app_url) as connection:
            connection.execute(
                "SELECT set_config('app.tenant_id', %s, true)", [str(self.tenant.id)]
            )
            return load_customers(self.folder / place, connection, self.version)


@pytest.fixture
def rows(database, tmp_path):
    rows = Rows(database, tmp_path)
    rows.load("kept")
    return rows


def told(people):
    """What is known of each, whatever codes texts and tags have."""
    numbers = {name: np.asarray(people.columns[name]).tolist() for name in NUMBERS}
    texts = {
        name: [None if code < 0 else people.names[name][code] for code in people.columns[name]]
        for name in TEXTS
    }
    tags = people.tags
    holders = {
        name: tags.holders[tags.starts[i] : tags.starts[i + 1]].tolist()
        for i, name in enumerate(tags.names)
    }
    return numbers, texts, holders


def test_it_is_as_if_all_were_read_again(rows, monkeypatch):
    rng = np.random.default_rng(3)
    for turn in range(6):
        some = ",".join(map(str, rng.choice(rows.ids, 4, replace=False)))
        one, other = rng.choice(rows.ids, 2, replace=False)
        rows.change(
            f"UPDATE xsight.customers SET tags = '{{late,t{turn}}}', country = 'Z{turn % 3}', "
            f"amount_spent = {turn} WHERE id IN ({some})",
            f"UPDATE xsight.customers SET tags = '{{}}', province = NULL WHERE id = {one}",
            f"UPDATE xsight.customers SET deleted_at = now(), locale = 'eo' WHERE id = {other}",
            "INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at, tags) "
            f"SELECT tenant_id, {9_000_000 + turn}, max(ordinal) + {1 + turn}, now(), now(), "
            "'{fresh}' FROM xsight.customers GROUP BY tenant_id",
        )
        with monkeypatch.context() as patched:
            patched.setattr(customers, "_read", None)  # not all of them
            later = rows.load("kept")
        assert told(later) == told(rows.load(f"anew{turn}"))
        assert len(list((rows.folder / "kept").glob("traits-*"))) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE xsight.tenant_state SET timezone = 'Pacific/Auckland'",
        "UPDATE xsight.tenant_state SET currency_exponent = 0",
        "DELETE FROM xsight.customers WHERE id = (SELECT max(id) FROM xsight.customers)",
    ],
)
def test_what_no_changed_row_tells_has_all_read(rows, statement):
    rows.change(statement)
    assert told(rows.load("kept")) == told(rows.load("anew"))
