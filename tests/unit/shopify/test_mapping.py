"""Records to rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from xsight_core.shopify.mapping import (
    COLUMNS,
    PARTS,
    Rows,
    add_line,
    add_order,
    day_of,
)
from xsight_core.shopify.payload import LineNode, OrderNode, number

amounts = st.decimals(0, 10**9, places=2).map(str)


def row(rows, table, key):
    return dict(zip(COLUMNS[table], rows.tables[table][key], strict=True))


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
)
def test_a_day_is_the_shops_own(moment, zone):
    day = day_of(moment, ZoneInfo(zone))
    local = datetime(1970, 1, 1) + timedelta(days=day)
    assert local.date() == moment.astimezone(ZoneInfo(zone)).date()


@pytest.mark.parametrize(
    ("moment", "day"),
    [  # the clocks of New York change at 2024-03-10 07:00 UTC and 2024-11-03 06:00 UTC
        ("2024-03-10T04:59:59Z", "2024-03-09"),
        ("2024-03-10T05:00:00Z", "2024-03-10"),
        ("2024-03-11T03:59:59Z", "2024-03-10"),
        ("2024-03-11T04:00:00Z", "2024-03-11"),
        ("2024-11-04T04:59:59Z", "2024-11-03"),
        ("2024-11-04T05:00:00Z", "2024-11-04"),
    ],
)
def test_days_around_the_change_of_the_clocks(moment, day):
    expected = (datetime.fromisoformat(day) - datetime(1970, 1, 1)).days
    assert day_of(datetime.fromisoformat(moment), ZoneInfo("America/New_York")) == expected


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
)
def test_the_quick_way_to_a_day_is_the_right_one(moment, zone):
    assert Rows(zone).day(moment) == day_of(moment, ZoneInfo(zone))


@given(amounts, st.lists(amounts, max_size=3))
def test_a_lines_discounts_are_its_shares_and_nothing_is_lost(gross, shares):
    record = records.line(1, 2, gross)
    record["discountAllocations"] = [{"allocatedAmountSet": records.bag(share)} for share in shares]
    rows = Rows("UTC")
    add_line(rows, msgspec.convert(record, LineNode), 2)
    line = row(rows, "order_lines", (2, 1))
    assert Decimal(line["gross"]) == Decimal(gross)
    assert Decimal(line["discounts"]) == sum(map(Decimal, shares), Decimal(0))
    assert Decimal(line["net"]) == Decimal(gross) - Decimal(line["discounts"])


@given(st.permutations([0, 1, 1, 2, 3, 3]))
def test_in_any_order_the_newest_version_stays_with_its_own_parts(versions):
    rows = Rows("UTC")
    for version in versions:
        lines = [records.line(version * 10 + place, 1) for place in range(version)]
        order = records.order(1, f"{version}.00", version, lineItems={"nodes": lines})
        add_order(rows, msgspec.convert(order, OrderNode))
    assert Decimal(row(rows, "orders", 1)["total"]) == 3
    assert sorted(rows.tables["order_lines"]) == [(1, 30), (1, 31), (1, 32)]


@pytest.mark.parametrize(
    "amount",
    [
        "NaN",
        "Infinity",
        "1e5",
        "",
        "1,5",
        "0x1",
        " 1",
        "1\n",
        "1\n2",
        "9" * 16,
        "1.",
        ".5",
        "1.2.3",
        "--1",
        "١",
    ],
)
def test_money_that_is_no_plain_decimal_is_refused(amount):
    line = records.line(1, 2) | {"originalTotalSet": records.bag(amount)}
    with pytest.raises(ValueError, match="is no amount of money"):
        add_line(Rows("UTC"), msgspec.convert(line, LineNode), 2)


def test_unknown_values_and_fields_are_kept_and_ignored():
    order = records.order(1, displayFinancialStatus="SOMETHING_NEW", somethingNew={"a": 1})
    rows = Rows("UTC")
    add_order(rows, msgspec.convert(order, OrderNode))
    assert row(rows, "orders", 1)["financial_status"] == "SOMETHING_NEW"


def test_what_names_a_person_may_be_missing():
    order = records.order(1, customer=None, email=None, shippingAddress=None, billingAddress=None)
    rows = Rows("UTC")
    add_order(rows, msgspec.convert(order, OrderNode))
    assert row(rows, "orders", 1)["customer_id"] is None
    assert row(rows, "order_pii", 1) == dict.fromkeys(COLUMNS["order_pii"]) | {"order_id": 1}


def test_numbers_of_gids():
    assert number("gid://shopify/Order/820982911946154508") == 820982911946154508
    for gid in ("", "Order/x", "gid://shopify/Order/", "nothing"):
        with pytest.raises(ValueError):
            number(gid)


def test_every_part_is_keyed_by_its_parent_first():
    for family, parts in PARTS.items():
        assert all(COLUMNS[part][0] == f"{family.removesuffix('s')}_id" for part in parts)
