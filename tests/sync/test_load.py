"""A bulk file in any order against a naive reading of the same records."""

import json
import random
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.support import records
from xsight_core.errors import Unavailable
from xsight_core.shopify.bulk import BulkResult
from xsight_core.sync import bulkfile
from xsight_core.sync.load import Shop, load_file
from xsight_core.sync.pages import bury


def expected(lines, roots=0):
    return BulkResult(id="x", status="COMPLETED", objects=lines, roots=roots, url="u", error=None)


@pytest.fixture
def load(tenancy, tenant):
    with tenancy.connection(tenant.id) as connection:  # no file is merged in another zone
        connection.execute("UPDATE xsight.tenant_state SET timezone = 'Europe/Berlin'")

    def load(family, lines, *, run=None, objects=None, block=50):
        shop = Shop(tenant.id, "Europe/Berlin", 2)
        blocks = [lines[i : i + block] for i in range(0, len(lines), block)]
        return load_file(
            tenancy,
            shop,
            family,
            blocks,
            run=run or uuid4(),
            expected=expected(len(lines) if objects is None else objects),
            on_batch=lambda _: None,
        )

    return load


def history(seed, orders=120):
    rng = random.Random(seed)
    found = []
    for key in range(1, orders + 1):
        parts = []
        for index in range(rng.randint(0, 4)):
            gross = Decimal(rng.randint(0, 99999)) / 100
            cut = rng.choice([None, str(min(gross, Decimal(rng.randint(1, 500)) / 100))])
            parts.append(records.line(key * 10 + index, key, str(gross), cut))
        net = sum(
            (Decimal(part["originalTotalSet"]["shopMoney"]["amount"]) for part in parts), Decimal(0)
        ) - sum(
            (
                Decimal(share["allocatedAmountSet"]["shopMoney"]["amount"])
                for part in parts
                for share in part["discountAllocations"]
            ),
            Decimal(0),
        )
        returned = Decimal(rng.choice([0, 0, rng.randint(0, int(net * 100))])) / 100
        found.append(
            records.order(
                key,
                net,
                rng.randint(0, 10**8),
                currentSubtotalPriceSet=records.bag(net - returned),
            )
        )
        found += parts
        found += [records.discount(index, key) for index in range(rng.randint(0, 2))]
    return found


def naive(found):
    """Orders and lines as one would read them with everything in memory."""
    orders = {}
    for record in found:
        if "/Order/" in record.get("id", ""):
            key = int(record["id"].rsplit("/", 1)[1])
            current = Decimal(record["currentSubtotalPriceSet"]["shopMoney"]["amount"])
            orders[key] = {
                "gross": Decimal(0),
                "discounts": Decimal(0),
                "current": current,
                "lines": 0,
                "codes": 0,
            }
    for record in found:
        if "__parentId" in record:
            order = orders[int(record["__parentId"].rsplit("/", 1)[1])]
            if "__typename" in record:
                order["codes"] += 1
            else:
                order["lines"] += 1
                order["gross"] += Decimal(record["originalTotalSet"]["shopMoney"]["amount"])
                order["discounts"] += sum(
                    Decimal(share["allocatedAmountSet"]["shopMoney"]["amount"])
                    for share in record["discountAllocations"]
                )
    return sorted(
        (
            key,
            order["gross"],
            order["discounts"],
            int(order["gross"] * 100),
            int((order["gross"] - order["discounts"] - order["current"]) * 100),
            int(order["current"] * 100),
            order["lines"],
            order["codes"],
        )
        for key, order in orders.items()
    )


STORED = """
    SELECT id, gross, discounts, gross_minor, returns_minor, net_minor,
      (SELECT count(*) FROM xsight.order_lines l WHERE l.order_id = o.id),
      (SELECT count(*) FROM xsight.order_discounts d WHERE d.order_id = o.id)
    FROM xsight.orders o ORDER BY id"""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shuffle", [None, 5])
def test_children_anywhere_equal_a_naive_reading(load, rows, monkeypatch, seed, shuffle):
    monkeypatch.setattr(bulkfile.batches, "__kwdefaults__", {"roots": 13})
    found = history(seed)
    loaded = load("orders", records.jsonl(found, shuffle=shuffle, escaped=seed % 2 == 0))
    assert loaded.roots == 120
    assert (loaded.late > 0) == (shuffle is not None)
    assert rows(STORED) == naive(found)


def test_the_same_file_twice_in_one_run_and_in_another_changes_nothing(load, rows, monkeypatch):
    found = history(9)
    run = uuid4()
    load("orders", records.jsonl(found), run=run)
    before = rows(STORED)
    monkeypatch.setattr(bulkfile.batches, "__kwdefaults__", {"roots": 7})
    load("orders", records.jsonl(found + found[:40], shuffle=3), run=run)  # resumed, lines doubled
    assert rows(STORED) == before
    load("orders", records.jsonl(found, shuffle=4))
    assert rows(STORED) == before == naive(found)


def test_an_older_record_never_wins_and_its_lines_neither(load, rows):
    load("orders", records.jsonl([records.order(1, "5.00", 100), records.line(11, 1, "5.00")]))
    load("orders", records.jsonl([records.order(1, "9.00", 50), records.line(12, 1, "9.00")]))
    assert rows("SELECT id, net_minor FROM xsight.orders") == [(1, 500)]
    assert rows("SELECT id FROM xsight.order_lines") == [(11,)]
    load("orders", records.jsonl([records.order(1, "7.00", 150), records.line(13, 1, "7.00")]))
    assert rows("SELECT id, net_minor FROM xsight.orders") == [(1, 700)]
    assert rows("SELECT id FROM xsight.order_lines") == [(13,)]


def test_customers_get_dense_ordinals_that_never_change(load, rows):
    load("customers", records.jsonl([records.customer(key) for key in (30, 10, 20)]))
    load("customers", records.jsonl([records.customer(key, 5) for key in (20, 5, 30, 40)]))
    stored = dict(rows("SELECT id, ordinal FROM xsight.customers"))
    assert stored == {10: 0, 20: 1, 30: 2, 5: 3, 40: 4}
    assert rows("SELECT next_ordinal FROM xsight.tenant_state") == [(5,)]
    assert rows("SELECT tags FROM xsight.customers WHERE id = 5") == [
        (["a,b", 'quo"te', "back\\slash"],)
    ]
    assert rows("SELECT city, email FROM xsight.customer_pii WHERE customer_id = 5") == [
        ("Köln", "c5@example.com")
    ]


def test_what_cannot_be_understood_is_put_aside_with_its_reason(load, rows):
    bad_money = records.order(2, totalPriceSet=records.bag("12,50"))
    no_date = {k: v for k, v in records.order(3).items() if k != "processedAt"}
    lines = records.jsonl([records.order(1), bad_money, no_date, {"id": "gid://shopify/Shop/1"}])
    loaded = load("orders", [*lines, b'{"id":"gid:\\/\\/shopify\\/Order\\/4",broken'])
    assert (loaded.accepted, loaded.set_aside) == (1, 4)
    reasons = dict(rows("SELECT split_part(raw, ',', 1), reason FROM xsight.quarantine"))
    assert "totalPriceSet.shopMoney.amount" in " ".join(reasons.values())
    assert "processedAt" in " ".join(reasons.values())
    assert "a line of unknown kind" in reasons.values()
    assert rows("SELECT id FROM xsight.orders") == [(1,)]


def test_control_characters_do_not_break_the_copy(load, rows):
    order = records.order(1, note="a\x00b\x01c\x02d\x03e\tf\\N\ng", name="\\.")
    loaded = load("orders", [json.dumps(order).replace("/", "\\/").replace(": ", ":").encode()])
    assert loaded.accepted == 1
    assert rows("SELECT name FROM xsight.orders") == [("\\.",)]
    assert rows("SELECT note FROM xsight.order_pii") == [("abcde\tf\\N\ng",)]


def test_a_file_that_is_too_short_is_not_taken_for_the_whole(load):
    with pytest.raises(Unavailable, match="has 1 lines, Shopify wrote 2"):
        load("orders", records.jsonl([records.order(1)]), objects=2)


def test_products_with_variants(load, rows):
    load(
        "products",
        records.jsonl([records.product(1), records.variant(5, 1), records.variant(6, 1)]),
    )
    load("products", records.jsonl([records.product(1, 9), records.variant(6, 1, "1.00")]))
    assert rows("SELECT id, price FROM xsight.variants") == [(6, Decimal("1.00"))]


def test_every_committed_change_moves_the_data_version(load, rows):
    load("products", records.jsonl([records.product(1)]))
    [(first,)] = rows("SELECT data_version FROM xsight.tenant_state")
    load("products", records.jsonl([records.product(1, -9)]))  # older: nothing changes
    assert rows("SELECT data_version FROM xsight.tenant_state") == [(first,)]
    load("products", records.jsonl([records.product(1, 9)]))
    assert rows("SELECT data_version FROM xsight.tenant_state") == [(first + 1,)]


async def test_tombstones_of_customers_keep_the_ordinals_dense(load, rows, tenancy, tenant):
    load("customers", records.jsonl([records.customer(key) for key in (10, 20)]))
    shop = Shop(tenant.id, "UTC", 2)
    await bury(tenancy, shop, {"customers": [20, 5, 7]})
    load("customers", records.jsonl([records.customer(key, 99) for key in (7, 20, 30)]))
    stored = rows("SELECT id, ordinal, deleted_at IS NULL FROM xsight.customers ORDER BY ordinal")
    assert stored == [(10, 0, True), (20, 1, False), (5, 2, False), (7, 3, False), (30, 4, True)]
    assert rows("SELECT next_ordinal FROM xsight.tenant_state") == [(5,)]
