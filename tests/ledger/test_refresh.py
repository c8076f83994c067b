"""A refreshed ledger is the one that would be built anew."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import psycopg
import pytest

from tests.support.shops import ShopOrder, add_orders, random_orders
from xsight_core.analytics import Orders
from xsight_core.analytics.orders import GUEST
from xsight_core.ledger import LedgerFolder, read, read_ledger, read_shop, store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def told(orders: Orders) -> dict[str, list]:
    """What a ledger says, without ordinals and codes: they depend on who came first."""

    def names(codes, words):
        return [words[code] if code >= 0 else None for code in codes.tolist()]

    def people(ordinals):
        return [0 if o == GUEST else int(orders.customer_id[o]) for o in ordinals.tolist()]

    def products(ordinals):
        ids = orders.products.product_id
        return [0 if o < 0 else int(ids[o]) for o in ordinals.tolist()]

    plain = {
        name: getattr(orders, name).tolist()
        for name in Orders.COLUMNS
        if name not in {"customer", "channel", "country", "discount"}
    }
    lines, refunds, catalogue = orders.lines, orders.refunds, orders.products
    assert (np.diff(lines.order) >= 0).all()
    assert (np.diff(refunds.order) >= 0).all()
    owner = orders.order_id[lines.order].tolist(), orders.order_id[refunds.order].tolist()
    return plain | {
        "customer": people(orders.customer),
        "channel": names(orders.channel, orders.channels),
        "country": names(orders.country, orders.countries),
        "discount": names(orders.discount, orders.discount_codes),
        "lines": sorted(
            zip(
                owner[0],
                products(lines.product),
                *(
                    getattr(lines, n).tolist()
                    for n in lines.COLUMNS
                    if n not in {"order", "product"}
                ),
                strict=True,
            )
        ),
        "refunds": sorted(
            zip(
                owner[1],
                products(refunds.product),
                *(
                    getattr(refunds, n).tolist()
                    for n in refunds.COLUMNS
                    if n not in {"order", "product"}
                ),
                strict=True,
            )
        ),
        "products": sorted(
            zip(catalogue.product_id.tolist(), catalogue.title, catalogue.tags, strict=True)
        ),
    }


class Changer:
    """Random changes to a tenant's rows, as syncs, webhooks and erasures make them."""

    def __init__(self, database, tenant, seed):
        self.database, self.tenant, self.rng = database, tenant, random.Random(seed)
        self.next_order = 5000

    def __call__(self):
        kinds = [
            self.orders_come, self.orders_change, self.orders_move, self.orders_go, self.lines_change,
            self.refunds_come, self.refunds_go, self.customers_merge, self.customers_go,
            self.orders_before_customers, self.products_change,
        ]  # fmt: skip
        with psycopg.connect(self.database.admin_url) as admin:
            self.admin = admin
            for change in self.rng.sample(kinds, self.rng.randint(1, 4)):
                change()
            self.run("UPDATE xsight.tenant_state SET data_version = data_version + 1 WHERE true")

    def run(self, statement, *values):
        tenant = "tenant_id = %s"
        return self.admin.execute(
            statement.replace("WHERE", f"WHERE {tenant} AND"), [self.tenant.id, *values]
        )

    def pick(self, table, n=3):
        ids = [row[0] for row in self.run(f"SELECT id FROM xsight.{table} WHERE true ORDER BY id")]
        return self.rng.sample(ids, min(n, len(ids)))

    def orders_come(self):
        self.admin.commit()
        day = self.rng.choice([0, 0, 3, 400])  # today, or imported from long ago
        made = []
        for _ in range(self.rng.randint(1, 5)):
            self.next_order += 1
            at = NOW - timedelta(days=day, minutes=self.rng.randint(0, 900))
            customer = self.rng.choice([None, self.rng.randint(1, 80)])
            made.append(
                ShopOrder(
                    self.next_order, customer, at, 700, channel=self.rng.choice(["web", "tv"])
                )
            )
        add_orders(self.database.admin_url, self.tenant.id, made)

    def orders_before_customers(self):
        for order in self.pick("orders", 1):
            stranger = self.rng.randint(900, 905)
            self.run(
                "UPDATE xsight.orders SET customer_id = " + str(stranger) + " WHERE id = %s", order
            )

    def orders_change(self):
        for order in self.pick("orders"):
            amount = self.rng.randint(0, 9000)
            self.run(
                f"UPDATE xsight.orders SET gross_minor = {amount}, net_minor = {amount}, discounts_minor = 0, "
                f"returns_minor = 0, taxes_minor = {amount // 9}, test = NOT test, "
                f"discount_codes = ARRAY['C{amount % 7}'], country = 'N{amount % 3}' WHERE id = %s",
                order,
            )

    def orders_move(self):
        self.run("UPDATE xsight.orders SET day = day + 1 WHERE id = ANY(%s)", self.pick("orders"))

    def orders_go(self):
        self.run(
            "UPDATE xsight.orders SET deleted_at = now() WHERE id = ANY(%s)", self.pick("orders")
        )

    def lines_change(self):
        for order in self.pick("orders"):
            self.run("DELETE FROM xsight.order_lines WHERE order_id = %s", order)
            for line in range(self.rng.randint(0, 3)):
                self.admin.execute(
                    "INSERT INTO xsight.order_lines (tenant_id, order_id, id, product_id, quantity, current_quantity, "
                    "gift_card, unit_price, gross, discounts, net, tax, gross_minor, net_minor) "
                    "VALUES (%s, %s, %s, %s, %s, 1, %s, 1, 1, 0, 1, 0, 100, 90)",
                    [
                        self.tenant.id, order, line, self.rng.choice([None, 1, 2, self.rng.randint(3, 9)]),
                        line + 1, line == 2,
                    ],
                )  # fmt: skip
            self.run("UPDATE xsight.orders SET units = 9 WHERE id = %s", order)

    def refunds_come(self):
        for order in self.pick("orders"):
            refund = self.rng.randint(1, 10**9)
            self.admin.execute(
                "INSERT INTO xsight.refunds (tenant_id, order_id, id, created_at, day, total) "
                "VALUES (%s, %s, %s, %s, 20700, %s)",
                [self.tenant.id, order, refund, NOW, Decimal("12.34")],
            )
            for line in range(self.rng.randint(0, 2)):
                self.admin.execute(
                    "INSERT INTO xsight.refund_lines (tenant_id, order_id, refund_id, line_id, quantity, "
                    "subtotal, tax) VALUES (%s, %s, %s, %s, 1, %s, 0)",
                    [self.tenant.id, order, refund, line, Decimal("5.55")],
                )

    def refunds_go(self):
        for refund in self.pick("refunds", 1):
            self.run("DELETE FROM xsight.refund_lines WHERE refund_id = %s", refund)
            self.run("DELETE FROM xsight.refunds WHERE id = %s", refund)

    def customers_merge(self):
        kept, *absorbed = self.pick("customers") or [None]
        free = {
            row[0] for row in self.run("SELECT id FROM xsight.customers WHERE merged_into IS NULL")
        }
        if kept in free:
            gone = [a for a in absorbed if a in free]
            self.run(f"UPDATE xsight.customers SET merged_into = {kept} WHERE id = ANY(%s)", gone)

    def customers_go(self):
        self.run(
            "UPDATE xsight.customers SET deleted_at = now() WHERE id = ANY(%s)",
            self.pick("customers"),
        )

    def products_change(self):
        number = self.rng.randint(1, 12)
        self.admin.execute(
            "INSERT INTO xsight.products AS p (tenant_id, id, title, tags, gift_card, created_at, updated_at) "
            "VALUES (%s, %s, %s, ARRAY['new','hot'], false, now(), now()) "
            "ON CONFLICT (tenant_id, id) DO UPDATE SET title = excluded.title",
            [self.tenant.id, number, f"title {self.rng.random()}"],
        )


@pytest.mark.parametrize("whole", [True, False], ids=["written whole", "laid over"])
@pytest.mark.parametrize(("seed", "two"), [(1, False), (2, True)], ids=["alone", "by two"])
def test_refreshed_is_rebuilt(database, tenancy, tenant, tmp_path, monkeypatch, seed, two, whole):
    """By one connection, and by two that read many orders in parts."""
    monkeypatch.setattr(store, "_SMALL", 10**9 if whole else 0)
    monkeypatch.setattr(read, "_FEW", 0)
    monkeypatch.setattr(read, "_ORDERS_AT_ONCE", 20 if two else 200_000)
    opened = []

    def another():
        opened.append(1)
        return tenancy.connection(tenant.id)

    monkeypatch.setattr(store, "_REWRITE", 1)
    folder, change = LedgerFolder(tmp_path), Changer(database, tenant, seed)
    add_orders(database.admin_url, tenant.id, random_orders(seed, orders=150, end=NOW))
    rebuilt = []
    monkeypatch.setattr(store, "read_ledger", lambda *at: rebuilt.append(1) or read_ledger(*at))
    for turn in range(14):
        with tenancy.connection(tenant.id) as connection:
            shop = read_shop(connection)
            refreshed = folder.load(connection, shop, another if two else None)
            anew = read_ledger(connection)
        assert refreshed.data_version == shop.data_version
        assert refreshed.customers == anew.customers
        assert told(refreshed.orders) == told(anew.orders), turn
        assert told(folder.open(shop.data_version).orders) == told(anew.orders)
        as_of = (NOW.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days - 30
        assert told(refreshed.orders.counted(as_of)) == told(anew.orders.counted(as_of))
        change()
    assert len(rebuilt) <= 3
    assert len(opened) > 5 or not two
    assert len(list(tmp_path.iterdir())) == 1


def test_what_cannot_be_refreshed_is_read_anew(database, tenancy, tenant, tmp_path, monkeypatch):
    """Rows that vanished, another currency, another history of the database."""
    add_orders(database.admin_url, tenant.id, random_orders(5, orders=60, end=NOW))
    folder, built = LedgerFolder(tmp_path), []
    monkeypatch.setattr(store, "read_ledger", lambda *at: built.append(1) or read_ledger(*at))

    def load(*statements):
        with psycopg.connect(database.admin_url) as admin:
            for statement in (
                *statements,
                "UPDATE xsight.tenant_state SET data_version = data_version + 1",
            ):
                admin.execute(statement)
        before = len(built)
        with tenancy.connection(tenant.id) as connection:
            got = folder.load(connection, read_shop(connection))
            assert told(got.orders) == told(read_ledger(connection).orders)
        return len(built) > before

    assert load()
    assert not load("UPDATE xsight.orders SET units = 3 WHERE id = 1003")
    assert load("DELETE FROM xsight.orders WHERE id = 1004")
    assert not load("UPDATE xsight.orders SET units = 4 WHERE id = 1003")
    assert load("UPDATE xsight.tenant_state SET currency = 'EUR'")
    assert not load()
    words = next(tmp_path.glob("*/ledger.json"))
    words.write_text(words.read_text().replace('"history": "', '"history": "1'))
    assert load()


def test_what_commits_late_is_not_missed(database, tenancy, tenant, tmp_path):
    """A transaction that was under way while the ledger was read shows in the next one, whatever came between."""
    add_orders(database.admin_url, tenant.id, random_orders(6, orders=50, end=NOW))
    folder = LedgerFolder(tmp_path)

    def load():
        with tenancy.connection(tenant.id) as connection:
            return folder.load(connection, read_shop(connection)).orders

    with psycopg.connect(database.admin_url) as slow:
        slow.execute("UPDATE xsight.orders SET units = 77 WHERE id = 1001")
        add_orders(database.admin_url, tenant.id, [ShopOrder(9001, 1, NOW, 100)])
        assert 77 not in load().units
        slow.execute("SELECT 1")
    add_orders(database.admin_url, tenant.id, [ShopOrder(9002, 1, NOW, 100)])
    assert 77 in load().units
