"""Cohorts of all, of some and cut by how customers came, over REST, against pandas on the tables."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tests.api.analytics.conftest import ZONE
from tests.api.analytics.questions import refusal, result

TODAY = datetime.now(ZoneInfo(ZONE)).date()
ALIAS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
FIRST_LINES = """
SELECT DISTINCT ON (order_id) order_id, product_id FROM order_lines WHERE product_id IS NOT NULL
ORDER BY order_id, gross_minor DESC, product_id
"""


@pytest.fixture(scope="session")
def known(store) -> pd.DataFrame:
    """Counted orders of customers with what each customer's first order was."""
    rows = store.sql(
        "SELECT o.id, customer_id, day, net_minor, returns_minor, channel, country, discount_codes[1], product_id "
        f"FROM orders o LEFT JOIN ({FIRST_LINES}) l ON l.order_id = o.id WHERE customer_id IS NOT NULL "
        "AND NOT test AND cancelled_at IS NULL AND deleted_at IS NULL ORDER BY day, o.id"
    )
    names = ["id", "who", "day", "net", "returns", "channel", "country", "discount", "product"]
    frame = pd.DataFrame(rows, columns=names)
    frame["date"] = pd.to_datetime(frame["day"], unit="D")
    first = frame.drop_duplicates("who").set_index("who")
    for name in ("channel", "country", "discount", "product", "date"):
        frame[f"first_{name}"] = frame["who"].map(first[name])
    return frame


def table(frame: pd.DataFrame, grain: str) -> dict[str, dict[str, list]]:
    """What a cohort's rows should say, by its label."""
    period, first = (
        frame[n].dt.to_period(ALIAS[grain]).map(lambda p: p.ordinal) for n in ("date", "first_date")
    )
    now = pd.Timestamp(TODAY).to_period(ALIAS[grain]).ordinal
    by = frame.assign(cohort=first, age=period - first).groupby(["cohort", "age"])
    cells = by.agg(
        active=("who", "nunique"),
        orders=("who", "size"),
        revenue_minor=("net", "sum"),
        returns_minor=("returns", "sum"),
    )
    said = {}
    for cohort, mine in cells.groupby(level=0):
        over = mine.droplevel(0).reindex(range(int(now - cohort)), fill_value=0)
        size, money, back = mine["active"].iloc[0], over["revenue_minor"], over["returns_minor"]
        ratios = {
            "retention": over["active"] / size,
            "ltv_minor": money.cumsum() / size,
            "aov_minor": money / over["orders"].where(over["orders"] > 0),
            "refund_rate": back / (money + back).where(money + back > 0),
        }
        columns = {**over, **ratios}
        said[int(cohort)] = {
            name: [None if np.isnan(value) else value for value in map(float, column)]
            for name, column in columns.items()
        }
    return said


def compare(got: dict, want: dict, measure: str) -> None:
    """Each cohort with customers, cell by cell; what is not over is null."""
    rows = [i for i, size in enumerate(got["size"]) if size]
    assert len(rows) == len(want)
    for row, said in zip(rows, want.values(), strict=True):
        for name, cells in [
            *((n, got[n][row]) for n in ("active", "orders", "revenue_minor")),
            (measure, got["measure"]["cells"][row]),
        ]:
            over = said[name]
            assert cells[len(over) :] == [None] * (len(cells) - len(over))
            assert cells[: len(over)] == pytest.approx(over)


@pytest.mark.parametrize(
    ("grain", "measure"),
    [
        ("week", "retention"),
        ("month", "ltv_minor"),
        ("month", "returns_minor"),
        ("quarter", "aov_minor"),
        ("year", "refund_rate"),
    ],
)
async def test_every_measure(ann, known, grain, measure) -> None:
    got = await result(ann, "cohorts", grain=grain, values=measure)
    compare(got, table(known, grain), measure)


async def test_of_any_customers(store, ann, known) -> None:
    chosen = sorted(known["who"].unique())[::9]
    want = table(known[known["who"].isin(chosen)], "month")
    asked = {"customer_ids": [*map(int, chosen), 987654321], "values": "retention"}
    answer = await ann.post("/api/v1/analytics/cohorts", json=asked)
    assert answer.status_code == 200, answer.text
    compare(answer.json()["result"], want, "retention")
    other = await ann.post("/api/v1/analytics/cohorts", json={"customer_ids": [], "bands": False})
    assert other.json()["result"]["size"] == []  # nobody, and not the answer before
    few = ",".join(map(str, chosen[:20]))
    got = await result(ann, "cohorts", customers=few, values="orders")
    compare(got, table(known[known["who"].isin(chosen[:20])], "month"), "orders")


@pytest.mark.parametrize("by", ["product", "channel", "discount", "country"])
async def test_cut_by_how_customers_came(ann, known, by) -> None:
    got = await result(ann, "cohorts/cuts", by=by, grain="quarter", values="ltv_minor", most=50)
    came = known[f"first_{by}"]
    keys = came.map(lambda key: None if pd.isna(key) else str(int(key) if by == "product" else key))
    assert {p["key"]: p["customers"] for p in got["parts"]} == {
        key if isinstance(key, str) else None: n
        for key, n in known["who"].groupby(keys, dropna=False).nunique().items()
    }
    assert got["values_of"] == len(got["parts"])
    for part in got["parts"]:
        mine = keys.isna() if part["key"] is None else keys == part["key"]
        compare(part["cohorts"], table(known[mine], "quarter"), "ltv_minor")
    sizes = [p["customers"] for p in got["parts"]]
    assert sizes == sorted(sizes, reverse=True)
    if by == "product":
        assert {p["key"]: p["title"] for p in got["parts"]}["501"] == "Trowel"


async def test_bands_hold_nine_in_ten_as_the_binomial_says(ann) -> None:
    got = await result(ann, "cohorts", grain="quarter", values="retention", bands=True)
    measure = got["measure"]
    assert measure["level"] == 0.9
    compared = 0
    for row, size in enumerate(got["size"]):
        for age, p in enumerate(measure["cells"][row]):
            low, high = (measure[bound][row][age] for bound in ("low", "high"))
            assert (low is None) == (high is None) == (p is None)
            if p is not None and size > 100 and 0.05 < p < 0.95:
                width = 2 * 1.645 * np.sqrt(p * (1 - p) / size)
                assert high - low == pytest.approx(width, rel=0.25)
                assert low <= p <= high
                compared += 1
    assert compared > 3


async def test_cohorts_that_are_none(ann) -> None:
    assert await refusal(ann, "cohorts", values="weather") == "values"
    assert await refusal(ann, "cohorts", bands=True) == "values"
    assert await refusal(ann, "cohorts", bands=True, values="orders") == "values"
    assert await refusal(ann, "cohorts", customers="x") == "customers"
    assert await refusal(ann, "cohorts", grain="day") == "grain"
    assert await refusal(ann, "cohorts/cuts", by="weather") == "by"
    assert await refusal(ann, "cohorts/cuts", most=0) == "most"
    for wrong in ({"customer_ids": [-1]}, {"customer_ids": [2**63]}, {"customer_ids": "1"}, {}):
        answer = await ann.post("/api/v1/analytics/cohorts", json=wrong)
        assert answer.status_code in {400, 422}, answer.text
    answer = await ann.post(
        "/api/v1/analytics/cohorts", json={"customer_ids": [1], "values": "weather"}
    )
    assert answer.json()["field"] == "values"
