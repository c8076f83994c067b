"""What the dashboard must show of the CDNOW shop, computed from the raw file with pandas alone: no product code.

    python -m tests.support.cdnow

The rules, in words, so that they can be checked one by one:

* the shop's calendar is America/New_York; all dates move by the whole weeks that bring the last one to yesterday or
  the latest day before it; every line of the file is an order, also the 80 without a positive amount;
* recency = days from the last order to today; frequency = orders; monetary = sum of amounts;
* F is 1, 2, 3, 4 for 1, 2, 3, 4–5 orders and 5 from 6 on; R and M are the fifth in which the mid-rank falls (ties
  share one), recency ranked from long ago to lately;
* the segment is looked up by the three digits;
* a cohort is the month of the first order; cell k counts customers with an order k months later; the current month
  and later ones are not complete.
"""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.metadata import files
from zoneinfo import ZoneInfo

import pandas as pd

__all__ = ["CELLS", "ZONE", "expected", "transactions"]

ZONE = "America/New_York"
_LAST = date(1998, 6, 30)

CELLS = {
    "champions": "555 554 544 545 454 455 445",
    "loyal": "543 444 435 355 354 345 344 335",
    "potential_loyalists": "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 "
    "333 323",
    "new_customers": "512 511 422 421 412 411 311",
    "promising": "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313",
    "need_attention": "535 534 443 434 343 334 325 324",
    "about_to_sleep": "331 321 312 221 213 231 241 251",
    "at_risk": "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124",
    "cannot_lose": "155 154 144 214 215 115 114 113",
    "hibernating": "332 322 233 232 223 222 132 123 122 212 211",
    "lost": "111 112 121 131 141 151",
}


def transactions(now: datetime) -> pd.DataFrame:
    """The file's lines: customer, date (moved), cents, units."""
    (path,) = (file for file in files("lifetimes") or () if file.name == "CDNOW_master.txt")
    lines = [line.split() for line in path.read_text().splitlines()[1:] if line.strip()]
    frame = pd.DataFrame(lines, columns=["customer", "date", "units", "amount"])
    yesterday = now.astimezone(ZoneInfo(ZONE)).date() - timedelta(days=1)
    weeks = (yesterday - _LAST).days // 7
    return pd.DataFrame(
        {
            "customer": frame["customer"].astype(int),
            "date": pd.to_datetime(frame["date"], format="%Y%m%d") + pd.Timedelta(weeks=weeks),
            "cents": [int(Decimal(amount) * 100) for amount in frame["amount"]],
            "units": frame["units"].astype(int),
        }
    )


def fifths(values: pd.Series) -> pd.Series:
    """Scores from 1 to 5: pandas' average rank is below + (equal + 1) / 2, so the mid-rank is half a rank less."""
    return (((values.rank(method="average") - 0.5) * 5) // len(values)).astype(int) + 1


def customers(frame: pd.DataFrame, today: date) -> pd.DataFrame:
    """One row per customer: figures, scores, segment."""
    by = frame.groupby("customer").agg(
        last=("date", "max"), first=("date", "min"), orders=("date", "size"), cents=("cents", "sum")
    )
    by["r"] = fifths(-(pd.Timestamp(today) - by["last"]).dt.days)
    by["f"] = pd.cut(by["orders"], [0, 1, 2, 3, 5, 10**9], labels=[1, 2, 3, 4, 5]).astype(int)
    by["m"] = fifths(by["cents"])
    key = {cell: name for name, cells in CELLS.items() for cell in cells.split()}
    digits = by["r"].astype(str) + by["f"].astype(str) + by["m"].astype(str)
    by["segment"] = digits.map(key)
    return by


def cohort_cells(frame: pd.DataFrame, today: date) -> dict[str, int]:
    """Distinct customers by ``"YYYY-MM+k"``: cohort and months since; complete months only."""
    month = frame["date"].dt.year * 12 + frame["date"].dt.month - 1
    first = month.groupby(frame["customer"]).transform("min")
    pairs = pd.DataFrame({"customer": frame["customer"], "cohort": first, "k": month - first})[
        month < today.year * 12 + today.month - 1
    ].drop_duplicates()
    counts = pairs.groupby(["cohort", "k"]).size()
    return {
        f"{cohort // 12}-{cohort % 12 + 1:02d}+{k}": int(n) for (cohort, k), n in counts.items()
    }


def expected(now: datetime) -> dict:
    """Customers, orders, revenue in cents, customers and cents by segment, grid by (R, F), cohort cells."""
    frame = transactions(now)
    today = now.astimezone(ZoneInfo(ZONE)).date()
    people = customers(frame, today)
    grid = people.groupby(["r", "f"]).size()
    return {
        "customers": len(people),
        "orders": len(frame),
        "revenue_minor": int(frame["cents"].sum()),
        "segments": {name: int((people["segment"] == name).sum()) for name in CELLS},
        "segment_revenue_minor": {
            name: int(people.loc[people["segment"] == name, "cents"].sum()) for name in CELLS
        },
        "grid": [[int(grid.get((r, f), 0)) for f in range(1, 6)] for r in range(1, 6)],
        "cohort_cells": cohort_cells(frame, today),
        "last_order_on": frame["date"].max().date().isoformat(),
        "repeat_customers": int((people["orders"] > 1).sum()),
    }


if __name__ == "__main__":
    print(json.dumps(expected(datetime.now(ZoneInfo(ZONE))), indent=1))
