"""Filters counted on columns: the same as pandas counts them row by row."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest

from xsight_core.db.customers import CustomerFilter
from xsight_core.ledger.customers import Customers
from xsight_core.ledger.scores import Scores
from xsight_core.services.directory import Sheet

COUNTRIES, SEGMENTS = ("CA", "DE", "US"), ("champions", "lost")
DAY = date(2026, 1, 1)
NONE = np.iinfo(np.int64).min
KEYS = {
    "orders": "orders",
    "net": "net_minor",
    "last_order": "last_day",
    "churn": "churn_90",
    "clv": "clv_365_minor",
}


@dataclass
class Made:
    sheet: Sheet
    frame: pd.DataFrame


def made(size: int = 3000) -> Made:
    """Customers in any order of ids, with gaps, some deleted; scores of two thirds of them."""
    rng = np.random.default_rng(7)
    ids = rng.permutation(size * 3)[:size] + 1
    frame = pd.DataFrame(
        {
            "id": ids,
            "living": rng.random(size) > 0.1,
            "country": rng.integers(-1, 3, size),
            "vip": rng.random(size) < 0.2,
            "scored": rng.random(size) < 0.7,
            "segment": rng.integers(0, 2, size),
            "orders": rng.integers(1, 9, size),
            "net_minor": rng.integers(-100, 10_000, size),
            "churn_90": np.where(rng.random(size) < 0.2, np.nan, rng.random(size)),
            "clv_365_minor": np.where(rng.random(size) < 0.1, NONE, rng.integers(-5, 50, size)),
            "last_day": (DAY - date(1970, 1, 1)).days + rng.integers(0, 300, size),
        }
    )
    holders = np.flatnonzero(frame["vip"])
    people = Customers(
        1,
        {
            "id": ids,
            "bits": frame["living"].astype(np.int16).to_numpy() | 4,
            "country": frame["country"].to_numpy(),
            "email_consent": np.zeros(size, np.int16),
            "tag_holders": np.r_[holders, holders[:3]],
            "tag_starts": np.array([0, len(holders), len(holders) + 3]),
        },
        {"country": COUNTRIES, "email_consent": ("SUBSCRIBED",), "tags": ("vip", "x")},
    )
    rows = frame[frame["scored"]].sort_values("id")
    names = ("segment", "orders", "net_minor", "churn_90", "clv_365_minor", "last_day")
    columns = {"customer_id": rows["id"].to_numpy()} | {n: rows[n].to_numpy() for n in names}
    return Made(Sheet.of(people, Scores(uuid4(), columns, SEGMENTS)), frame)


def test_every_filter_counts_what_pandas_counts() -> None:
    found = made()
    all_, sheet = found.frame[found.frame["living"]], found.sheet
    scored = all_[all_["scored"]]
    late = DAY + timedelta(days=100)
    number = (late - date(1970, 1, 1)).days
    for which, want in (
        (CustomerFilter(), len(all_)),
        (CustomerFilter(country="DE"), (all_["country"] == 1).sum()),
        (CustomerFilter(country="XX"), 0),
        (CustomerFilter(tag="vip"), all_["vip"].sum()),
        (CustomerFilter(tag="none"), 0),
        (CustomerFilter(email_consent="SUBSCRIBED"), len(all_)),
        (CustomerFilter(segment="lost"), (scored["segment"] == 1).sum()),
        (CustomerFilter(segment="none"), 0),
        (CustomerFilter(orders_min=3, orders_max=5), scored["orders"].between(3, 5).sum()),
        (CustomerFilter(net_max=0), (scored["net_minor"] <= 0).sum()),
        (CustomerFilter(churn_min=0.0), scored["churn_90"].notna().sum()),
        (CustomerFilter(ordered_since=late), (scored["last_day"] >= number).sum()),
        (
            CustomerFilter(ordered_until=late, tag="vip", country="US"),
            ((scored["last_day"] <= number) & scored["vip"] & (scored["country"] == 2)).sum(),
        ),
    ):
        assert sheet.count(which) == want, which


def test_what_the_columns_do_not_know_is_not_counted() -> None:
    sheet = made(10).sheet
    assert sheet.count(CustomerFilter(ids=[1])) is None
    assert sheet.count(CustomerFilter(email="a@example.com")) is None


@pytest.mark.parametrize("sort", [sign + name for sign in ("", "-") for name in KEYS])
def test_pages_hold_whom_pandas_sorts_there_each_once(sort: str) -> None:
    found = made(1500)
    frame = found.frame[found.frame["living"] & found.frame["scored"]]
    key = KEYS[sort.lstrip("-")]
    keys = frame[key].where(frame[key].notna() & (frame[key] != NONE), -1)
    for which, wanted in (
        (CustomerFilter(), frame),
        (
            CustomerFilter(country="DE", orders_min=4),
            frame[(frame["country"] == 1) & (frame["orders"] >= 4)],
        ),
        (CustomerFilter(segment="none"), frame[:0]),
    ):
        rows = wanted.assign(key=keys.loc[wanted.index]).sort_values(
            ["key", "id"], ascending=not sort.startswith("-")
        )
        want, ids, behind = rows["id"].tolist(), [], None
        while page := found.sheet.page(which, sort, behind, 40):
            ids += page
            behind = (rows.loc[rows["id"] == page[-1], "key"].item(), page[-1])
        assert ids == want


def test_pages_the_columns_do_not_know() -> None:
    sheet = made(10).sheet
    assert sheet.page(CustomerFilter(ids=[1]), "-net", None, 5) is None
    assert sheet.page(CustomerFilter(), "-created_at", None, 5) is None
