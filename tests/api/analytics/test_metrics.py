"""Metrics, products and customers of a range over REST, against SQL on the tables."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.api.analytics.conftest import ZONE
from tests.api.analytics.questions import refusal, result

TODAY = datetime.now(ZoneInfo(ZONE)).date()
EPOCH = date(1970, 1, 1)
SINCE, UNTIL = TODAY - timedelta(days=200), TODAY - timedelta(days=31)
RANGE = {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
DAYS = {"first": (SINCE - EPOCH).days, "last": (UNTIL - EPOCH).days}
COUNTED = "NOT test AND cancelled_at IS NULL AND deleted_at IS NULL"


def year_before(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


@pytest.mark.parametrize(
    ("by", "column"),
    [
        ("day", "(date '1970-01-01' + day)::text"),
        ("month", "date_trunc('month', date '1970-01-01' + day)::date::text"),
        ("channel", "channel"),
        ("country", "country"),
        ("discount", "discount_codes[1]"),
    ],
)  # fmt: skip
async def test_sales_of_a_range(store, ann, by, column) -> None:
    got = await result(ann, "metrics/net_sales", by=by, **RANGE)
    want = dict(
        store.sql(
            f"SELECT {column}, sum(net_minor)::bigint FROM orders WHERE {COUNTED} "
            "AND day BETWEEN %(first)s AND %(last)s GROUP BY 1",
            **DAYS,
        )
    )
    assert {p["key"]: p["value"] for p in got["points"] if p["value"] or p["key"] in want} == want
    assert got["total"] == sum(p["value"] for p in got["points"]) == sum(want.values())
    if by == "day":
        assert len(got["points"]) == 170


async def test_sales_of_a_channel_and_a_country(store, ann) -> None:
    """The metric, and the Overview's daily arrays, against SQL; unfiltered arrays are the stored ones."""
    ((channel, country),) = store.sql(
        f"SELECT channel, country FROM orders WHERE {COUNTED} AND channel IS NOT NULL AND country IS NOT NULL "
        "GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1"
    )
    of = {"channel": channel, "country": country}
    where = f"{COUNTED} AND channel = %(channel)s AND country = %(country)s"
    ((orders, net),) = store.sql(
        f"SELECT count(*), sum(net_minor)::bigint FROM orders WHERE {where} "
        "AND day BETWEEN %(first)s AND %(last)s",
        **DAYS,
        **of,
    )
    assert (await result(ann, "metrics/net_sales", **RANGE, **of))["total"] == net
    by_channel = await result(ann, "metrics/orders", by="channel", country=country, **RANGE)
    assert next(p["value"] for p in by_channel["points"] if p["key"] == channel) == orders
    daily = (await result(ann, "revenue", **of))["daily"]
    first = (SINCE - date.fromisoformat(daily["start"])).days
    span = slice(first, first + 170)
    assert (sum(daily["orders"][span]), sum(daily["net_minor"][span])) == (orders, net)
    for name, array in (("new_customers", "new_customers"), ("returns", "returns_minor")):
        points = (await result(ann, f"metrics/{name}", **RANGE, **of))["points"]
        assert [p["value"] for p in points] == daily[array][span]
    everything = (await result(ann, "revenue", as_of=TODAY.isoformat()))["daily"]
    stored = (await result(ann, "revenue"))["daily"]
    assert everything == stored
    for name, value in (("country", "Germany"), ("channel", "")):
        assert await refusal(ann, "revenue", **{name: value}) == name


@pytest.mark.parametrize("by", ["day", "channel", "product"])
async def test_returns_stand_on_the_day_of_the_order_or_of_the_refund(store, ann, by) -> None:
    edited = "o.returns_minor - coalesce((SELECT sum(subtotal * 100) FROM refund_lines r WHERE r.order_id = o.id), 0)"
    key = {"day": "(date '1970-01-01' + {day})::text", "channel": "channel", "product": "{product}"}
    query = (
        f"SELECT {key[by].format(day='r.day', product='l.product_id::text')} AS key, b.subtotal * 100 AS minor "
        "FROM refunds r JOIN refund_lines b ON b.order_id = r.order_id AND b.refund_id = r.id "
        "JOIN order_lines l ON l.order_id = r.order_id AND l.id = b.line_id JOIN orders o ON o.id = r.order_id "
        f"WHERE {COUNTED} AND NOT l.gift_card AND r.day BETWEEN %(first)s AND %(last)s UNION ALL "
        f"SELECT {key[by].format(day='o.day', product='NULL')}, {edited} FROM orders o "
        f"WHERE {COUNTED} AND o.day BETWEEN %(first)s AND %(last)s"
    )
    want = dict(store.sql(f"SELECT key, sum(minor)::bigint FROM ({query}) q GROUP BY 1", **DAYS))
    want = {name: minor for name, minor in want.items() if minor}
    refund = await result(ann, "metrics/returns", by=by, returns_on="refund_date", **RANGE)
    assert {p["key"]: p["value"] for p in refund["points"] if p["value"]} == want
    assert refund["metric"] == "returns_on_refund_date"
    net = await result(ann, "metrics/net_sales", by=by, returns_on="refund_date", **RANGE)
    order = await result(ann, "metrics/net_sales", by=by, returns_on="order_date", **RANGE)
    returns = await result(ann, "metrics/returns", by=by, **RANGE)
    assert net["total"] == order["total"] + returns["total"] - refund["total"]
    assert returns["total"] != refund["total"]  # some came back later than the range
    assert await refusal(ann, "metrics/aov", returns_on="refund_date") == "returns_on"


async def test_who_is_new_is_judged_by_all_of_history(store, ann) -> None:
    got = await result(ann, "metrics/new_customers", by="month", **RANGE)
    ((want,),) = store.sql(
        f"SELECT count(*) FROM (SELECT min(day) AS first FROM orders WHERE {COUNTED} AND customer_id IS NOT NULL "
        "GROUP BY customer_id) f WHERE first BETWEEN %(first)s AND %(last)s",
        **DAYS,
    )
    assert got["total"] == want == sum(p["value"] for p in got["points"])
    by_channel = await result(ann, "metrics/customers", by="channel", **RANGE)
    want = store.sql(
        f"SELECT channel, count(DISTINCT customer_id) FROM orders WHERE {COUNTED} "
        "AND day BETWEEN %(first)s AND %(last)s GROUP BY 1",
        **DAYS,
    )
    assert {p["key"]: p["value"] for p in by_channel["points"]} == dict(want)


@pytest.mark.parametrize(
    ("compare", "first", "last"),
    [
        ("previous_period", SINCE - timedelta(days=170), SINCE - timedelta(days=1)),
        ("previous_year_weekdays", SINCE - timedelta(days=364), UNTIL - timedelta(days=364)),
        ("previous_year", year_before(SINCE), year_before(UNTIL)),
    ],
)
async def test_an_average_is_compared_whole_with_whole(store, ann, compare, first, last) -> None:
    got = await result(ann, "metrics/aov", by="week", compare=compare, **RANGE)
    averages = [
        store.sql(
            f"SELECT sum(net_minor)::float8 / count(*) FROM orders WHERE {COUNTED} "
            "AND day BETWEEN %(first)s AND %(last)s",
            first=(since - EPOCH).days,
            last=(until - EPOCH).days,
        )[0][0]
        for since, until in ((SINCE, UNTIL), (first, last))
    ]
    before = got["comparison"]
    assert (before["since"], before["until"]) == (first.isoformat(), last.isoformat())
    assert [got["total"], before["total"]] == pytest.approx(averages)
    assert before["change"] == pytest.approx(averages[0] / averages[1] - 1)


async def test_products_and_customers_of_a_range(store, ann) -> None:
    got = await result(ann, "products", **RANGE)
    rows = store.sql(
        "SELECT l.product_id, sum(l.quantity)::int, count(DISTINCT o.id)::int, sum(l.gross_minor)::int, "
        "sum(l.gross_minor - l.net_minor)::int, coalesce(sum(b.subtotal * 100), 0)::int "
        "FROM orders o JOIN order_lines l ON l.order_id = o.id "
        "LEFT JOIN refund_lines b ON b.order_id = o.id AND b.line_id = l.id "
        f"WHERE {COUNTED} AND NOT l.gift_card AND l.product_id IS NOT NULL AND day BETWEEN %(first)s AND %(last)s "
        "GROUP BY 1",
        **DAYS,
    )
    names = ("id", "units", "orders", "gross_minor", "discounts_minor", "returns_minor")
    want = [dict(zip(names, row, strict=True)) for row in rows]
    known = [p for p in got["products"] if p["id"] is not None]
    assert [{n: p[n] for n in names} for p in sorted(known, key=lambda p: p["id"])] == want
    for product in got["products"]:
        assert product["net_minor"] == (
            product["gross_minor"] - product["discounts_minor"] - product["returns_minor"]
        )
    net = [p["net_minor"] for p in got["products"]]
    assert net == sorted(net, reverse=True)
    by_product = await result(ann, "metrics/net_sales", by="product", **RANGE)
    key = {None if p["id"] is None else str(p["id"]): p["net_minor"] for p in got["products"]}
    assert {p["key"]: p["value"] for p in by_product["points"] if p["value"]} == key
    assert sum(net) == by_product["total"]  # one number by two routes
    assert [p["title"] for p in known if p["id"] in {501, 505}] in (
        ["Trowel", "#505"],
        ["#505", "Trowel"],
    )
    top = await result(ann, "top-customers", limit=5, **RANGE)
    want = store.sql(
        f"SELECT customer_id, count(*), sum(units), sum(net_minor)::bigint FROM orders WHERE {COUNTED} "
        "AND customer_id IS NOT NULL AND day BETWEEN %(first)s AND %(last)s GROUP BY 1 ORDER BY 4 DESC, 1 LIMIT 5",
        **DAYS,
    )
    assert [
        tuple(c[n] for n in ("id", "orders", "units", "net_minor")) for c in top["customers"]
    ] == want


async def test_ranges_that_are_none(ann) -> None:
    assert await refusal(ann, "metrics/orders", since="0001-01-01") == "since"
    assert await refusal(ann, "metrics/orders", until="0001-01-05") == "until"
    assert await refusal(ann, "rfm/history", as_of="0001-01-01") == "as_of"
    assert await refusal(ann, "top-customers", until="2999-01-01") == "until"
    assert await refusal(ann, "products", since="2026-02-01", until="2026-01-01") == "since"
    assert await refusal(ann, "metrics/orders", returns_on="sometimes") == "returns_on"
    nothing = await result(ann, "metrics/aov", by="month", since="1990-01-01", until="1990-03-01")
    assert [p["value"] for p in nothing["points"]] == [None] * 3
    assert nothing["total"] is None
