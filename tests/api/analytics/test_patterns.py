"""What goes together, comes next, repeats and breaks the habit, over REST, against SQL and pandas on the tables."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tests.api.analytics.conftest import ZONE
from tests.api.analytics.questions import problem, refusal, result

TODAY = datetime.now(ZoneInfo(ZONE)).date()
EPOCH = date(1970, 1, 1)
COUNTED = "NOT o.test AND o.cancelled_at IS NULL AND o.deleted_at IS NULL"
BASKETS = (
    "SELECT DISTINCT o.id, l.product_id AS product FROM orders o JOIN order_lines l ON l.order_id = o.id "
    f"WHERE {COUNTED} AND l.product_id IS NOT NULL AND NOT l.gift_card"
)
NEXT = (
    "SELECT id, lead(id) OVER (PARTITION BY customer_id ORDER BY day, id) AS following FROM orders o "
    f"WHERE {COUNTED} AND customer_id IS NOT NULL"
)


def check_lift(pair: dict, n11: int, n1: int, n2: int, n: int) -> None:
    assert pair["together"] == n11
    assert pair["support"] == pytest.approx(n11 / n)
    assert pair["confidence"] == pytest.approx(n11 / n1)
    lift, error = (n11 / n) / (n1 / n * n2 / n), np.sqrt(1 / n11 - 1 / n1 + 1 / n2 - 1 / n)
    assert pair["lift"] == pytest.approx(lift)
    assert pair["lift_low"] == pytest.approx(lift * np.exp(-1.6449 * error), rel=1e-3)
    assert pair["lift_high"] == pytest.approx(lift * np.exp(1.6449 * error), rel=1e-3)


async def test_products_bought_together(store, ann) -> None:
    got = await result(ann, "products/together", at_least=3)
    both = store.sql(
        f"WITH b AS ({BASKETS}) SELECT x.product, y.product, count(*)::int FROM b x JOIN b y USING (id) "
        "WHERE x.product < y.product GROUP BY 1, 2 HAVING count(*) >= 3"
    )
    single = dict(
        store.sql(f"WITH b AS ({BASKETS}) SELECT product, count(*)::int FROM b GROUP BY 1")
    )
    ((n,),) = store.sql(f"WITH b AS ({BASKETS}) SELECT count(DISTINCT id)::int FROM b")
    assert got["baskets"] == n
    pairs = {frozenset((p["first"]["id"], p["second"]["id"])): p for p in got["pairs"]}
    assert set(pairs) == {frozenset(row[:2]) for row in both}
    for one, other, n11 in both:
        pair = pairs[frozenset((one, other))]
        check_lift(pair, n11, single[pair["first"]["id"]], single[pair["second"]["id"]], n)
    assert [p["lift_low"] for p in got["pairs"]] == sorted(
        (p["lift_low"] for p in got["pairs"]), reverse=True
    )
    gloves = await result(ann, "products/together", at_least=3, product=502)
    assert {p["first"]["title"] for p in gloves["pairs"]} == {"Gloves"}
    assert len(gloves["pairs"]) == sum(502 in key for key in pairs)
    assert await refusal(ann, "products/together", product=1) == "product"
    assert await refusal(ann, "products/next", at_least=0) == "at_least"


async def test_the_product_of_the_next_order(store, ann) -> None:
    got = await result(ann, "products/next", at_least=1, limit=250)
    with_next = f"WITH b AS ({BASKETS}), n AS ({NEXT}) SELECT {{}} FROM n "
    left = "JOIN b x ON x.id = n.id WHERE n.following IS NOT NULL "
    right = "JOIN b y ON y.id = n.following "
    both = store.sql(
        with_next.format("x.product, y.product, count(*)::int")
        + f"JOIN b x ON x.id = n.id {right} GROUP BY 1, 2"
    )
    before = dict(store.sql(with_next.format("x.product, count(*)::int") + left + "GROUP BY 1"))
    after = dict(store.sql(with_next.format("y.product, count(*)::int") + right + "GROUP BY 1"))
    ((n,),) = store.sql(
        with_next.format("count(*)::int")
        + "WHERE following IS NOT NULL AND (EXISTS (SELECT FROM b WHERE b.id = n.id) "
        "OR EXISTS (SELECT FROM b WHERE b.id = n.following))"
    )
    assert got["baskets"] == n
    pairs = {(p["first"]["id"], p["second"]["id"]): p for p in got["pairs"]}
    assert set(pairs) == {row[:2] for row in both}
    for first, second, n11 in both:
        check_lift(pairs[first, second], n11, before[first], after[second], n)
    one = await result(ann, "products/next", at_least=1, product=503)
    assert {p["first"]["id"] for p in one["pairs"]} == {503}


@pytest.mark.parametrize("nth", [None, 1, 2])
async def test_the_wait_for_the_next_purchase(store, ann, nth) -> None:
    days: dict[int, list[int]] = {}
    for who, day in store.sql(
        f"SELECT DISTINCT customer_id, day FROM orders o WHERE {COUNTED} AND customer_id IS NOT NULL ORDER BY 1, 2"
    ):
        days.setdefault(who, []).append(day)
    end, waits = (TODAY - EPOCH).days, []
    for mine in days.values():
        steps = [(b - a, True) for a, b in pairwise(mine)] + [(end - mine[-1], False)]
        waits += [step for place, step in enumerate(steps, 1) if nth in {None, place} and step[0]]
    share, left, curve = 1.0, len(waits), {}  # Kaplan and Meier, a day at a time
    bought, gone = Counter(w for w, again in waits if again), Counter(w for w, _ in waits)
    for day in range(1, max(gone) + 1):
        share *= 1 - bought[day] / left
        left -= gone[day]
        curve[day] = share
    got = await result(ann, "repurchase", span=30, **({"nth": nth} if nth else {}))
    assert (got["purchases"], got["repeats"]) == (len(waits), sum(again for _, again in waits))
    assert [step["days"] for step in got["curve"]] == list(range(30, max(gone) + 1, 30))
    last = 1.0
    for step in got["curve"]:
        assert step["waiting"] == pytest.approx(curve[step["days"]])
        assert step["waiting_low"] <= step["waiting"] <= step["waiting_high"]
        assert step["chance"] == pytest.approx(1 - step["waiting"] / last, abs=1e-12)
        assert step["at_risk"] == sum(w > step["days"] - 30 for w, _ in waits)
        last = step["waiting"]
    for quantile in got["quantiles"]:
        reached = [day for day, s in curve.items() if s <= 1 - quantile["share"]]
        assert quantile["days"] == (reached[0] if reached else None)
    assert await refusal(ann, "repurchase", nth=0) == "nth"
    assert (await problem(ann, "repurchase", nth=9_999))["code"] == "not_enough_data"


@pytest.fixture(scope="session")
def net(store) -> pd.Series:
    """Net sales by day up to yesterday."""
    rows = dict(
        store.sql(f"SELECT day, sum(net_minor)::bigint FROM orders o WHERE {COUNTED} GROUP BY 1")
    )
    index = range(min(rows), (TODAY - EPOCH).days)
    return pd.Series([float(rows.get(day, 0)) for day in index], index=index)


async def test_the_forecast_and_how_it_did_before(ann, net) -> None:
    """Method, evidence and interval told anew in pandas: level x weekday x half of last year's season."""
    days = 28

    def seasonal(past: pd.Series) -> np.ndarray:
        recent = past.iloc[-56:]
        weekday = recent.groupby(np.arange(56) % 7).mean() / recent.mean()
        values = recent.mean() * weekday.to_numpy()[np.arange(days) % 7]
        if len(past) >= 728:
            smooth = past.to_numpy()
            smooth = np.array(
                [smooth[max(i - 14, 0) : i + 14].sum() / 28 for i in range(len(past))]
            )
            base = past.iloc[-364 - 56 : -364].mean()
            values *= 1 + (smooth[len(past) - 364 : len(past) - 364 + days] / base - 1) / 2
        return values

    made = {
        "seasonal": seasonal,
        "last_week": lambda past: past.iloc[-7:].to_numpy()[np.arange(days) % 7],
    }
    cuts = [len(net) - days * k for k in range(1, 6)] + [len(net) - 364]
    if min(cuts) >= 364:
        made["last_year"] = lambda past: past.iloc[-364 : -364 + days].to_numpy()
    errors = {
        name: np.array(
            [net.iloc[cut : cut + days].to_numpy() - method(net.iloc[:cut]) for cut in cuts]
        )
        for name, method in made.items()
    }
    mae = {name: np.abs(error).mean() for name, error in errors.items()}
    naive = min((name for name in mae if name != "seasonal"), key=mae.get)
    best = "seasonal" if mae["seasonal"] < mae[naive] else naive
    got = await result(ann, "forecast", days=days)
    evidence = got["evidence"]
    assert (evidence["stretches"], evidence["naive"]) == (len(cuts), naive)
    assert (got["method"], evidence["beats_naive"]) == (best, best == "seasonal")
    assert evidence["mae_minor"] == pytest.approx(mae["seasonal"], abs=1)
    assert evidence["naive_mae_minor"] == pytest.approx(mae[naive], abs=1)
    ahead = made[best](net)
    assert [d["net_minor"] for d in got["days"]] == pytest.approx(ahead.tolist(), abs=1)
    assert got["total_minor"] == pytest.approx(ahead.sum(), abs=1)
    spread = 1.6449 * np.sqrt((errors[best] ** 2).mean())
    assert got["days"][0]["net_minor_high"] == pytest.approx(ahead[0] + spread, rel=1e-3)
    assert [d["day"] for d in got["days"]] == [
        (TODAY + timedelta(days=k)).isoformat() for k in range(days)
    ]  # today is not over, so it is forecast too
    then = (TODAY - EPOCH).days - 364
    assert [d["last_year_minor"] for d in got["days"]] == [int(net[then + k]) for k in range(days)]
    assert await refusal(ann, "forecast", days=0) == "days"
    short = await problem(
        ann, "forecast", days=200, as_of=EPOCH + timedelta(days=int(net.index[300]))
    )
    assert (short["status"], short["code"], short["have"], short["need"]) == (
        409, "not_enough_data", 300, 456,
    )  # fmt: skip
    assert short["remedy"] == "Ask for 122 days at most."
    assert short["remedy"] in short["detail"]


async def test_days_out_of_line_and_what_made_them_so(store, ann, net) -> None:
    got = await result(ann, "anomalies", last=100, threshold=2.5)
    want = {}
    for day in net.index[-100:]:
        same = [[net[day - 7 * week + k] for week in range(1, 9)] for k in range(7)]
        usual = [np.median(values) for values in same]
        off = [abs(v - usual[k]) for k, values in enumerate(same) for v in values]
        spread = max(1.4826 * np.median(off), 0.05 * np.mean(np.abs(usual)), 1)
        z = (net[day] - usual[0]) / spread
        if abs(z) >= 2.5:
            want[(EPOCH + timedelta(days=int(day))).isoformat()] = (net[day], usual[0], z)
    assert want
    assert [d["day"] for d in got["days"]] == sorted(want, reverse=True)
    for one in got["days"]:
        assert (one["net_minor"], one["expected_minor"], one["z"]) == pytest.approx(
            want[one["day"]], abs=0.6
        )
    one = got["days"][0]
    day = (date.fromisoformat(one["day"]) - EPOCH).days
    by_channel = dict(
        store.sql(
            "SELECT coalesce(channel, 'unknown'), "
            "sum(CASE WHEN day = %(day)s THEN net_minor ELSE -net_minor / 8.0 END)::float8 "
            f"FROM orders o WHERE {COUNTED} AND (day = %(day)s OR day = ANY(%(others)s)) GROUP BY 1",
            day=day,
            others=[day - 7 * week for week in range(1, 9)],
        )
    )
    said = {c["name"]: c["minor"] for c in one["causes"] if c["kind"] == "channel"}
    assert said == pytest.approx({name: by_channel[name] for name in said}, abs=1)
    assert {c["kind"] for c in one["causes"]} == {"factor", "channel", "country", "product"}
    assert await refusal(ann, "anomalies", threshold=-1) == "threshold"
    assert await refusal(ann, "anomalies", last=0) == "last"
    early = await problem(ann, "anomalies", as_of="2001-01-01")
    assert (early["code"], early["have"], early["remedy"]) == (
        "not_enough_data",
        0,
        "It comes with time.",
    )
