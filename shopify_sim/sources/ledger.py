"""A shop from bare transactions: who, when, how much, how many units."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from shopify_sim.people import FAMILY, GIVEN
from shopify_sim.tables import CUSTOMER, LINE, ORDER, Catalogue, Column, Table, Tables, Variant

__all__ = ["Ledger", "day_starts", "from_ledger", "hours"]

OPENS_S, CLOSES_S = 8 * 3600, 22 * 3600  # orders without a time of day get one in between


@dataclass(frozen=True)
class Ledger:
    """Transactions in any order; ``customer`` numbers them from 0, ``at`` is microseconds UTC."""

    customer: Column
    at: Column
    cents: Column
    units: Column


def day_starts(days: Column, zone: str) -> Column:
    """Microseconds UTC of midnight in the zone, for days since 1970."""
    unique, inverse = np.unique(days, return_inverse=True)
    place = ZoneInfo(zone)
    starts = [
        int(
            datetime.combine(
                date(1970, 1, 1) + timedelta(int(d)), datetime.min.time(), place
            ).timestamp()
        )
        for d in unique
    ]
    return np.asarray(starts, np.int64)[inverse] * 1_000_000


def hours(count: int, seed: int) -> Column:
    """Times of day in microseconds, whole seconds between opening and closing, from a seed."""
    drawn = np.random.default_rng(seed).integers(OPENS_S, CLOSES_S, count)
    return drawn * 1_000_000


def from_ledger(
    ledger: Ledger, *, name: str, currency: str, zone: str, product: str, place: slice
) -> Tables:
    """One paid order per transaction, its units on one line, or two where the price does not divide."""
    order = np.lexsort((np.arange(len(ledger.at)), ledger.at))
    at, cents = ledger.at[order], ledger.cents[order]
    units, customer = np.maximum(ledger.units[order], 1), ledger.customer[order]
    count = int(customer.max()) + 1 if len(customer) else 0
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, customer, at)
    draw = np.random.default_rng(count)
    places = np.arange(place.start, place.stop)
    customers = {
        "created": first,
        "updated": first,
        "given": draw.integers(0, len(GIVEN), count),
        "family": draw.integers(0, len(FAMILY), count),
        "place": draw.choice(places, count),
        "email_consent": draw.choice(3, count, p=[0.5, 0.45, 0.05]),
        "consent_at": first,
    }
    lines, first_line, last_line = _lines(cents, units)
    orders = {
        "processed": at,
        "created": at,
        "updated": at,
        "customer": customer,
        "place": customers["place"][customer],
        "gross": cents,
        "first_line": first_line,
        "last_line": last_line,
    }
    start = int(at[0]) if len(at) else 0
    catalogue = Catalogue(
        [product], ["Goods"], [Variant(0, "Default Title", "UNIT", 1000, 500)], start
    )
    return Tables(
        Table(CUSTOMER, customers),
        Table(ORDER, orders),
        Table(LINE, lines),
        catalogue,
        currency,
        zone,
        name,
    )


def _lines(cents: Column, units: Column) -> tuple[dict[str, Column], Column, Column]:
    """All units but one at the price rounded down, the last one at what is left: exact to the cent."""
    unit = cents // units
    left = cents - unit * (units - 1)
    split = left != unit
    counts = np.where(split, 2, 1)
    last = np.cumsum(counts)
    first = last - counts
    total = int(last[-1]) if len(last) else 0
    quantity, price = np.ones(total, np.int64), np.zeros(total, np.int64)
    quantity[first] = np.where(split, units - 1, units)
    price[first] = unit
    price[last[split] - 1] = left[split]
    columns = {
        "order": np.repeat(np.arange(len(cents)), counts),
        "number": np.arange(total),
        "quantity": quantity,
        "current": quantity,
        "unit": price,
    }
    return columns, first, last
