"""Sales by day: the simulator's truth, against a reckoning order by order, and as ShopifyQL shows it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from shopify_sim.deeds import DEEDS
from shopify_sim.sales import by_day
from tests.unit.sim.conftest import NOW, shop_of

SALES = """query ($q: String!) { shopifyqlQuery(query: $q) { parseErrors parseWarnings
  tableData { columns { name dataType } rows } } }"""


def do(shop, name, *, days=0, **body):
    now = shop.clock.move(int((days * 86_400 + 1) * 1_000_000))
    shop.wind()
    return DEEDS[name](shop.store, now, body)


def today(shop):
    """The last day of the shop, without what is not about money."""
    (row,) = [row for row in by_day(shop.store) if row["day"] == local(shop).isoformat()]
    return {name: value for name, value in row.items() if value and name not in ("day", "causes")}


def local(shop):
    moment = datetime.fromtimestamp(shop.clock.now() / 1e6, UTC)
    return moment.astimezone(ZoneInfo(shop.store.zone)).date()


@pytest.fixture
def empty(tmp_path):
    """A shop with one old order, so that every day of the test is its own."""
    path = tmp_path / "one.csv"
    path.write_text("customer,date,amount\n1,2020-01-01,10.00\n")
    return shop_of(str(path))


def test_by_hand_order_by_order(still_shop):
    """A generated shop, reckoned slowly: placed orders, and everything refunds, edits and cancellations took back."""
    store, zone = still_shop.store, ZoneInfo(still_shop.store.zone)

    def day(us):
        return datetime.fromtimestamp(us / 1e6, UTC).astimezone(zone).date().isoformat()

    found: dict[str, list[int]] = {}
    live = [row for row in range(len(store.orders)) if store.live_orders()[row]]
    for row in live:
        if store.orders["test"][row]:
            continue
        on = found.setdefault(day(int(store.orders["processed"][row])), [0, 0, 0, 0])
        lines = store.lines_of(row)
        on[0] += 1
        on[1] += sum(int(store.lines["unit"][n]) * int(store.lines["quantity"][n]) for n in lines)
        on[2] += sum(int(store.lines["discount"][n]) for n in lines)
        for refund in store.refunds.get(row, ()):
            found.setdefault(day(refund.at), [0, 0, 0, 0])[3] += refund.cents
    for sale in store.sales:  # edits and cancellations leave no refund
        if sale.cause != "refund" and sale.order in live and not store.orders["test"][sale.order]:
            found.setdefault(day(sale.at), [0, 0, 0, 0])[3] += sale.returns
    shown = {
        row["day"]: [
            row["orders"],
            row["gross_minor"],
            row["discounts_minor"],
            row["returns_minor"],
        ]
        for row in by_day(store)
    }
    assert shown == dict(sorted(found.items()))
    whole = sum(row["net_minor"] for row in by_day(store))
    taken = int(store.orders["removed"][[r for r in live if not store.orders["test"][r]]].sum())
    assert whole == sum(day[1] - day[2] for day in found.values()) - taken


def test_each_part_on_the_day_it_happens(empty):
    lines = [
        {"amount": "20.00", "quantity": 2, "discount": "4.00", "tax": "6.84"},
        {"amount": "50.00", "gift_card": True},
    ]
    order = do(empty, "create_order", lines=lines, shipping="4.90", tip="2.00")["id"]
    placed = {"orders": 1, "gross_minor": 4000, "discounts_minor": 400, "net_minor": 3600}
    placed |= {"taxes_minor": 684, "shipping_minor": 490, "total_minor": 3600 + 684 + 490}
    assert today(empty) == placed
    do(empty, "refund", days=1, order=order, units=[[0, 1]], shipping="4.90", adjustment="-1.00")
    back = {"returns_minor": 1900, "net_minor": -1900, "taxes_minor": -342, "shipping_minor": -490}
    assert today(empty) == back | {"total_minor": -1900 - 342 - 490}
    do(empty, "edit", days=1, order=order, lines=[{"amount": "7.00", "tax": "1.33"}])
    assert today(empty) == {
        "gross_minor": 700,
        "net_minor": 700,
        "taxes_minor": 133,
        "total_minor": 833,
    }
    do(empty, "edit", days=1, order=order, place=0)
    assert today(empty)["returns_minor"] == 1800
    assert by_day(empty.store)[-1]["causes"] == {"returns_by_edit": 1800}
    do(empty, "refund", days=1, order=order, units=[[1, 1]])
    assert today(empty).get("returns_minor", 0) == 0  # a gift card was no sale


def test_tax_inside_the_prices_is_no_sale(empty):
    lines = [{"amount": "119.00", "discount": "11.90", "tax": "17.10"}]
    order = do(empty, "create_order", lines=lines, tax_included=True)["id"]
    shown = today(empty)
    assert (shown["gross_minor"], shown["discounts_minor"]) == (10000, 1000)
    assert (shown["net_minor"], shown["total_minor"]) == (9000, 10710)
    do(empty, "refund", days=1, order=order)
    assert today(empty)["total_minor"] == -10710


def test_cancelled_counts_and_is_taken_back_test_and_deleted_never_were(empty):
    do(empty, "create_order", amount="99.00", test=True)
    gone = do(empty, "create_order", amount="98.00")["id"]
    void = do(empty, "create_order", amount="30.00", shipping="5.00", status="PENDING")["id"]
    do(empty, "delete_order", order=gone)
    assert today(empty)["gross_minor"] == 3000
    do(empty, "cancel", days=1, order=void)
    assert today(empty)["returns_minor"] == 3000
    assert by_day(empty.store)[-1]["causes"] == {"returns_by_cancel": 3000}
    paid = do(empty, "create_order", days=1, amount="12.00", shipping="3.00")["id"]
    do(empty, "cancel", days=1, order=paid, refund=True)
    assert today(empty) == {
        "returns_minor": 1200,
        "net_minor": -1200,
        "shipping_minor": -300,
        "total_minor": -1500,
    }


def test_days_are_the_shops_and_follow_its_zone(empty):
    late = int(datetime(2026, 7, 1, 23, 30, tzinfo=UTC).timestamp())
    do(empty, "create_order", amount="5.00", processed_at=late)

    def days():
        return {row["day"]: row["orders"] for row in by_day(empty.store) if row["day"] > "2026"}

    assert days() == {"2026-07-01": 1}
    do(empty, "update_shop", timezone="Europe/Berlin")
    assert days() == {"2026-07-02": 1}
    winter = int(datetime(2026, 1, 1, 23, 30, tzinfo=UTC).timestamp())
    do(empty, "update_shop", timezone="Europe/London")
    do(empty, "create_order", amount="5.00", processed_at=winter)
    assert days() == {"2026-01-01": 1, "2026-07-02": 1}


def test_another_currency_is_another_book(empty):
    do(empty, "create_order", amount="5.00", presentment={"currency": "CAD", "rate": "1.37"})
    assert today(empty)["gross_minor"] == 500
    do(empty, "update_shop", currency="EUR")
    do(empty, "create_order", amount="8.00")
    assert today(empty)["gross_minor"] == 800


def ql(ask, shop, text):
    return ask(SALES, shop=shop, q=text)["data"]["shopifyqlQuery"]


def test_shopifyql_says_the_same(still_shop, ask):
    names = "orders, gross_sales, discounts, sales_reversals, net_sales, taxes, total_sales"
    shown = ql(ask, still_shop, f"FROM sales SHOW {names} TIMESERIES day SINCE -60d UNTIL today")
    assert shown["parseErrors"] == []
    rows = shown["tableData"]["rows"]
    since = NOW.date() - timedelta(60)
    assert [row["day"] for row in rows] == [str(since + timedelta(n)) for n in range(61)]
    truth = {row["day"]: row for row in by_day(still_shop.store)}
    for row in rows:
        day = truth.get(row["day"])
        assert int(row["orders"]) == (day["orders"] if day else 0)
        for name, key, sign in (
            ("gross_sales", "gross_minor", 1),
            ("discounts", "discounts_minor", -1),
            ("sales_reversals", "returns_minor", -1),
            ("net_sales", "net_minor", 1),
        ):
            assert Decimal(row[name]) * 100 == sign * (day[key] if day else 0)
    assert {column["name"]: column["dataType"] for column in shown["tableData"]["columns"]} == {
        "day": "DAY_TIMESTAMP",
        "orders": "INTEGER",
        **dict.fromkeys(names.split(", ")[1:], "MONEY"),
    }


def test_shopifyql_grains_and_words(still_shop, ask):
    year = f"SINCE {NOW.year}-01-01 UNTIL {NOW.year}-12-31"
    totals = [
        sum(
            int(row["orders"])
            for row in ql(ask, still_shop, f"FROM sales SHOW orders {grain} {year}")["tableData"][
                "rows"
            ]
        )
        for grain in ("", "TIMESERIES day", "TIMESERIES month", "GROUP BY week", "TIMESERIES year")
    ]
    assert len(set(totals)) == 1
    assert totals[0] > 0
    old = ql(ask, still_shop, "FROM sales SHOW returns DURING this_month")
    assert "sales_reversals" in old["parseWarnings"][0]
    newest = ql(
        ask, still_shop, "from sales show orders group by day since -9d order by day desc limit 1"
    )
    assert len(newest["tableData"]["rows"]) == 1
    for wrong, words in (
        ("FROM nothing SHOW orders", "nothing"),
        ("FROM sales SHOW profits", "profits"),
        ("FROM sales SHOW orders SINCE tomorrowish", "tomorrowish"),
        ("SHOW orders", "FROM"),
        ("FROM sales SHOW orders WHERE x = 1", "WHERE"),
    ):
        answer = ql(ask, still_shop, wrong)
        assert answer["tableData"] is None
        assert words in answer["parseErrors"][0]


def test_shopifyql_needs_its_scope(shop, ask):
    shop.installations["app"].scopes -= {"read_reports"}
    (error,) = ask(SALES, q="FROM sales SHOW orders")["errors"]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
