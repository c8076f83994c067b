"""A shop from a file of transactions: columns customer, date, amount and, if there are any, units."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shopify_sim.sources.ledger import Ledger, day_starts, from_ledger, hours
from shopify_sim.tables import Tables

__all__ = ["TransactionsError", "load"]

ZONE = "UTC"


class TransactionsError(ValueError):
    """The file cannot be used; the text names column and remedy."""


def load(path: Path) -> Tables:
    """Read CSV or Parquet (by its ending). A date without time gets a time of day; times are UTC unless they say."""
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        frame = pd.read_csv(path, dtype={"customer": str, "amount": str})
    missing = [name for name in ("customer", "date", "amount") if name not in frame]
    if missing:
        raise TransactionsError(
            f"{path.name}: no column {', '.join(missing)}; have {', '.join(map(str, frame.columns))}"
        )
    try:
        moments = pd.to_datetime(frame["date"], utc=True, format="ISO8601")
    except ValueError as error:
        raise TransactionsError(f"{path.name}: column date: write 2026-01-31 ({error})") from error
    us = moments.dt.as_unit("us").astype("int64").to_numpy()
    days = us // 86_400_000_000
    if (us % 86_400_000_000 == 0).all():
        us = day_starts(days, ZONE) + hours(len(us), 1)
    customer, _ = pd.factorize(frame["customer"], sort=True)
    cents = np.array([_cents(path, amount) for amount in frame["amount"]], np.int64)
    units = frame["units"].to_numpy(np.int64) if "units" in frame else np.ones(len(us), np.int64)
    ledger = Ledger(customer.astype(np.int64), us // 1_000_000 * 1_000_000, cents, units)
    return from_ledger(
        ledger, name=path.stem, currency="USD", zone=ZONE, product="Item", place=slice(0, 6)
    )


def _cents(path: Path, amount: Any) -> int:
    try:
        cents = Decimal(str(amount)) * 100
    except InvalidOperation as error:
        raise TransactionsError(f"{path.name}: column amount: {amount!r} is no number") from error
    if cents < 0:
        raise TransactionsError(f"{path.name}: column amount: {amount!r} is negative")
    return int(cents.to_integral_value())
