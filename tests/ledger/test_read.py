"""The ledger against the rows it was made of."""

import os
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest

from tests.support.shops import ShopOrder, add_orders, random_orders
from xsight_core.analytics import GUEST, Flag
from xsight_core.ledger import LedgerFolder, read, read_ledger, read_shop

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC"]


@pytest.mark.parametrize("zone", ZONES)
def test_columns_are_the_rows(database, tenancy, tenant, other_tenant, zone):
    orders = random_orders(1, end=NOW)
    add_orders(database.admin_url, tenant.id, orders, zone=zone)
    add_orders(database.admin_url, other_tenant.id, random_orders(2, end=NOW), zone=zone)
    with tenancy.connection(tenant.id) as connection:
        ledger = read_ledger(connection).orders
    assert len(ledger) == len(orders)
    keys = list(zip(ledger.day.tolist(), ledger.order_id.tolist(), strict=True))
    assert keys == sorted(keys)
    by_id = {order.id: order for order in orders}
    for i, order_id in enumerate(ledger.order_id.tolist()):
        order = by_id[order_id]
        ordinal = int(ledger.customer[i])
        assert (None if ordinal == GUEST else int(ledger.customer_id[ordinal])) == order.customer
        assert np.datetime64(int(ledger.day[i]), "D").item() == order.local_date(zone)
        assert ledger.gross_minor[i] == order.gross
        assert ledger.discounts_minor[i] == order.discounts
        assert ledger.returns_minor[i] == order.returns
        assert ledger.net_minor[i] == order.net
        assert ledger.units[i] == order.units
        flags = Flag(int(ledger.flags[i]))
        assert (Flag.TEST in flags, Flag.CANCELLED in flags, Flag.DELETED in flags) == (
            order.test,
            order.cancelled,
            order.deleted,
        )
        assert (Flag.GUEST in flags) == (order.customer is None)
        assert (Flag.ZERO in flags) == (order.gross <= order.discounts)
        channel, country = int(ledger.channel[i]), int(ledger.country[i])
        assert (ledger.channels[channel] if channel >= 0 else None) == order.channel
        assert (ledger.countries[country] if country >= 0 else None) == order.country


def test_more_orders_than_a_block(database, tenancy, tenant, monkeypatch):
    monkeypatch.setattr(read, "_ORDERS_AT_ONCE", 7_000)
    orders = [
        ShopOrder(i, 1 + i % 977, NOW - timedelta(minutes=i), 100 + i) for i in range(1, 50_003)
    ]
    add_orders(database.admin_url, tenant.id, orders)
    with tenancy.connection(tenant.id) as connection:
        ledger = read_ledger(connection)
    assert len(ledger.orders) == 50_002
    assert ledger.customers == 977
    assert ledger.orders.net_minor.sum() == sum(order.net for order in orders)
    picked = np.flatnonzero(ledger.orders.order_id == 50_001)[0]
    assert ledger.orders.customer_id[ledger.orders.customer[picked]] == 1 + 50_001 % 977


def test_no_orders(database, tenancy, tenant):
    with tenancy.connection(tenant.id) as connection:
        ledger = read_ledger(connection)
    assert (len(ledger.orders), ledger.customers, ledger.data_version) == (0, 0, 0)


def test_orders_follow_merged_customers_and_wait_for_unknown_ones(database, tenancy, tenant):
    orders = [
        ShopOrder(i, customer, NOW, 100) for i, customer in enumerate([10, 20, 30, 30], start=1)
    ]
    add_orders(database.admin_url, tenant.id, orders)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("UPDATE xsight.customers SET merged_into = 20 WHERE id = 10")
        admin.execute("UPDATE xsight.customers SET merged_into = 30 WHERE id = 20")
        admin.execute(
            "INSERT INTO xsight.orders SELECT (o).* FROM (SELECT jsonb_populate_record("
            'o, \'{"id": 99, "customer_id": 77}\') o FROM xsight.orders o WHERE id = 1) x'
        )
    with tenancy.connection(tenant.id) as connection:
        ledger = read_ledger(connection)
    owners = dict(
        zip(
            ledger.orders.order_id.tolist(),
            ledger.orders.customer_id[ledger.orders.customer].tolist(),
            strict=True,
        )
    )
    assert owners == {1: 30, 2: 30, 3: 30, 4: 30, 99: 77}
    assert ledger.customers == 1


class TestFolder:
    def test_kept_ledger_is_the_one_read(self, database, tenancy, tenant, tmp_path):
        add_orders(database.admin_url, tenant.id, random_orders(3, end=NOW))
        folder = LedgerFolder(tmp_path / "ledger" / "x")
        with tenancy.connection(tenant.id) as connection:
            shop = read_shop(connection)
            read = read_ledger(connection)
            assert folder.open(shop.data_version) is None
            loaded = folder.load(connection, shop)
        for stored in (loaded, folder.open(shop.data_version)):
            assert stored.customers == read.customers
            assert (stored.orders.channels, stored.orders.countries) == (
                read.orders.channels,
                read.orders.countries,
            )
            for name in (
                "order_id",
                "customer",
                "day",
                "net_minor",
                "flags",
                "customer_id",
                "channel",
            ):
                column = getattr(stored.orders, name)
                assert column.dtype == getattr(read.orders, name).dtype
                np.testing.assert_array_equal(column, getattr(read.orders, name))
            assert not stored.orders.net_minor.flags.writeable  # a view of the file

    def test_stale_is_built_again_and_old_versions_go(self, database, tenancy, tenant, tmp_path):
        folder = LedgerFolder(tmp_path)
        before = None
        for version in (1, 2, 3):
            add_orders(database.admin_url, tenant.id, [ShopOrder(version, 5, NOW, 100 * version)])
            with tenancy.connection(tenant.id) as connection:
                ledger = folder.load(connection, read_shop(connection))
            assert (ledger.data_version, len(ledger.orders)) == (version, version)
            if before is not None:  # whoever has the old one mapped goes on reading it
                assert before.orders.net_minor.tolist() == [100 * v for v in range(1, version)]
            before = ledger
        assert [path.name.partition(".")[0] for path in tmp_path.iterdir()] == ["3"]

    def test_torn_file_is_built_again(self, database, tenancy, tenant, tmp_path):
        folder = LedgerFolder(tmp_path)
        add_orders(database.admin_url, tenant.id, random_orders(4, end=NOW))
        with tenancy.connection(tenant.id) as connection:
            shop = read_shop(connection)
            folder.load(connection, shop)
            (path,) = tmp_path.glob("*/orders.arrow")
            os.truncate(path, path.stat().st_size // 2)
            assert folder.open(shop.data_version) is None
            assert len(folder.load(connection, shop).orders) == 400

    def test_nobody_else_may_read(self, database, tenancy, tenant, tmp_path):
        folder = LedgerFolder(tmp_path / "new")
        with tenancy.connection(tenant.id) as connection:
            folder.load(connection, read_shop(connection))
        paths = [folder.path, *folder.path.rglob("*")]
        assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}
        assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}
