"""Where shops come from: CDNOW to the cent, generated shops from their seed, files of transactions."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.metadata import files
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from shopify_sim import sources
from shopify_sim.history import advance
from shopify_sim.sources import SourceError, cdnow, generated
from shopify_sim.sources.transactions import TransactionsError
from shopify_sim.store import Store
from shopify_sim.truth import facts
from tests.unit.sim.conftest import NOW

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def purchases():
    """The raw file by other means: lines, words, Decimal."""
    (path,) = [p for p in files("lifetimes") if p.name == "CDNOW_master.txt"]
    lines = path.locate().read_text().splitlines()[1:]
    words = [line.split() for line in lines]
    return [
        (int(who), date(int(day[:4]), int(day[4:6]), int(day[6:])), int(units), Decimal(dollars))
        for who, day, units, dollars in words
    ]


@pytest.fixture(scope="module")
def store():
    store = Store(cdnow.load(NOW))
    advance(store, int(NOW.timestamp()) * 1_000_000, told=False)
    return store


def test_cdnow_counts_and_sum(purchases, store):
    shown = facts(store)
    assert shown["customers"] == shown["buyers"] == 23_570 == len({who for who, *_ in purchases})
    assert shown["orders"] == 69_659 == len(purchases)
    assert shown["zero_value_orders"] == 80 == sum(amount == 0 for *_, amount in purchases)
    assert shown["net_minor"] == sum(amount for *_, amount in purchases) * 100 == 250_031_563


def test_cdnow_days_move_by_whole_weeks_to_the_last_past_week(purchases, store):
    today = NOW.astimezone(NEW_YORK).date()
    moved = store.tables.truth["shift_days"]
    last = max(day for _, day, *_ in purchases) + timedelta(moved)
    assert moved % 7 == 0
    assert timedelta(1) <= today - last <= timedelta(7)
    moments = store.orders["processed"].tolist()
    days = [datetime.fromtimestamp(us / 1e6, UTC).astimezone(NEW_YORK).date() for us in moments]
    assert max(days) == last
    assert Counter(days) == Counter(day + timedelta(moved) for _, day, *_ in purchases)


def test_cdnow_every_purchase_is_one_order_with_its_units(purchases, store):
    moved = timedelta(store.tables.truth["shift_days"])
    expected = Counter((who, day + moved, units, amount) for who, day, units, amount in purchases)
    orders = store.orders
    units = np.add.reduceat(store.lines["quantity"], orders["first_line"])
    worth = np.add.reduceat(store.lines["quantity"] * store.lines["unit"], orders["first_line"])
    found = Counter(
        (who + 1, datetime.fromtimestamp(us / 1e6, NEW_YORK).date(), count, Decimal(cents) / 100)
        for who, us, count, cents in zip(
            orders["customer"].tolist(),
            orders["processed"].tolist(),
            units.tolist(),
            worth.tolist(),
            strict=True,
        )
    )
    assert found == expected


@pytest.mark.parametrize("day", range(8))
def test_cdnow_is_never_in_the_future(day):
    now = NOW + timedelta(day, hours=-11)
    tables = cdnow.load(now)
    latest = int(tables.orders["processed"].max())
    assert now.timestamp() - 8 * 86_400 < latest / 1e6 < now.timestamp()


def test_generated_shops_are_made_of_their_seed():
    first, again, other = (
        generated.load(200, 1, NOW),
        generated.load(200, 1, NOW),
        generated.load(200, 2, NOW),
    )
    for name, column in first.orders.columns.items():
        assert (column == again.orders[name]).all()
    assert (
        len(first.orders) != len(other.orders)
        or (first.orders["gross"] != other.orders["gross"]).any()
    )


def state(store):
    tables = (store.orders, store.customers, store.lines)
    columns = [column.tobytes() for table in tables for column in table.columns.values()]
    return columns, store.refunds, store.deletions, store.changes


def test_a_clock_that_moves_in_steps_gets_where_one_that_jumps_does():
    start = int(NOW.timestamp()) * 1_000_000
    end = start + 60 * 86_400_000_000
    jumping, walking = (Store(generated.load(150, 4, NOW)) for _ in range(2))
    for store in (jumping, walking):
        advance(store, start, told=False)
    advance(jumping, end)
    for moment in np.linspace(start, end, 77).astype(np.int64).tolist():
        advance(walking, moment)
    assert state(jumping) == state(walking)
    assert {change.kind for change in jumping.changes} >= {
        "orders/create",
        "refunds/create",
        "customers/create",
    }


def test_money_of_a_generated_shop_adds_up():
    store = Store(generated.load(600, 9, NOW))
    advance(store, int(NOW.timestamp()) * 1_000_000, told=False)
    orders, lines = store.orders, store.lines
    value = lines["quantity"] * lines["unit"]
    assert (np.bincount(lines["order"], value, len(orders)) == orders["gross"]).all()
    assert (np.bincount(lines["order"], lines["discount"], len(orders)) == orders["discount"]).all()
    refunded = np.zeros(len(orders), np.int64)
    for row, made in store.refunds.items():
        refunded[row] += sum(refund.cents for refund in made)
        assert all(sum(part[2] for part in refund.lines) == refund.cents for refund in made)
    assert (refunded == orders["refunded"]).all()
    assert (orders["removed"] >= orders["refunded"]).all()
    gone = np.bincount(lines["order"], lines["current"], len(orders)) == 0
    total = orders["gross"] - orders["discount"]
    assert (
        orders["removed"][gone] == total[gone]
    ).all()  # all taken off: all the money, to the cent
    shown = facts(store)
    for name in (
        "test_orders",
        "cancelled_orders",
        "guest_orders",
        "refunds",
        "repeat_buyers",
        "deletions",
    ):
        assert shown[name]
    assert abs(shown["customers"] - 600) < 15


def test_a_file_of_transactions(tmp_path):
    path = tmp_path / "corner.csv"
    path.write_text(
        "customer,date,amount,units\nanna,2026-01-31,10.00,3\nbert,2026-02-01,0.05,1\nanna,2026-02-01,7,2\n"
    )
    store = Store(sources.load(str(path), NOW))
    advance(store, int(NOW.timestamp()) * 1_000_000, told=False)
    shown = facts(store)
    assert (shown["customers"], shown["orders"], shown["net_minor"]) == (2, 3, 1705)
    assert (shown["first_day"], shown["last_day"]) == ("2026-01-31", "2026-02-01")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("who,date,amount\nanna,2026-01-31,1\n", "no column customer"),
        ("customer,date,amount\nanna,2026-01-31,much\n", "column amount: 'much'"),
        ("customer,date,amount\nanna,someday,1\n", "column date"),
        ("customer,date,amount\nanna,2026-01-31,-1\n", "negative"),
    ],
)
def test_a_bad_file_is_named(tmp_path, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(TransactionsError, match=words):
        sources.load(str(path), NOW)


@pytest.mark.parametrize("source", ["cdnov", "generated:many", "generated:0", "nowhere.csv"])
def test_an_unknown_source_is_named(source):
    with pytest.raises(SourceError, match=source):
        sources.load(source, NOW)
