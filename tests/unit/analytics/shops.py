"""Random shops for the pure functions: as Orders, and as the plain rows they were made of."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from xsight_core.analytics import GUEST, Flag, Orders
from xsight_core.analytics.orders import COLUMNS

PLAIN = Flag(0)
FIRST_DAY = 19_000  # 2022-01-08


@dataclass(frozen=True)
class Row:
    id: int
    customer: int | None
    day: int
    gross: int = 1000
    discounts: int = 0
    returns: int = 0
    flags: Flag = PLAIN
    channel: int = -1
    country: int = -1
    units: int = 1
    taxes: int = 0
    shipping: int = 0
    discount: int = -1

    @property
    def net(self) -> int:
        return self.gross - self.discounts - self.returns


def orders_of(rows: list[Row]) -> Orders:
    """Ordinals by rising id, columns sorted by (day, id), as the ledger makes them."""
    rows = sorted(rows, key=lambda row: (row.day, row.id))
    people = sorted({row.customer for row in rows if row.customer is not None})
    ordinal = {person: i for i, person in enumerate(people)}
    table = {
        "order_id": [row.id for row in rows],
        "customer": [GUEST if row.customer is None else ordinal[row.customer] for row in rows],
        "day": [row.day for row in rows],
        "gross_minor": [row.gross for row in rows],
        "discounts_minor": [row.discounts for row in rows],
        "returns_minor": [row.returns for row in rows],
        "net_minor": [row.net for row in rows],
        "units": [row.units for row in rows],
        "flags": [int(row.flags) for row in rows],
        "channel": [row.channel for row in rows],
        "country": [row.country for row in rows],
        "taxes_minor": [row.taxes for row in rows],
        "shipping_minor": [row.shipping for row in rows],
        "discount": [row.discount for row in rows],
    }
    columns = {name: np.array(table[name], kind) for name, kind in COLUMNS.items()}
    return Orders(
        **columns,
        customer_id=np.array(people, np.int64),
        channels=("pos", "web"),
        countries=("DE", "US"),
    )


def frame_of(rows: list[Row], as_of: int) -> pd.DataFrame:
    """The rows that count, as an analyst would take them."""
    kept = [
        {
            "id": row.id,
            "customer": row.customer,
            "day": row.day,
            "date": pd.Timestamp(row.day, unit="D"),
            "gross": row.gross,
            "discounts": row.discounts,
            "returns": row.returns,
            "net": row.net,
            "units": row.units,
            "channel": row.channel,
            "country": row.country,
        }
        for row in rows
        if row.day <= as_of and not row.flags & (Flag.TEST | Flag.CANCELLED | Flag.DELETED)
    ]
    columns = [
        "id",
        "customer",
        "day",
        "date",
        "gross",
        "discounts",
        "returns",
        "net",
        "units",
        "channel",
        "country",
    ]
    return pd.DataFrame(kept, columns=columns)


@st.composite
def shops(draw, *, most=60, days=900):
    """Shops with ties, guests, orders that do not count, negative and zero money."""
    n = draw(st.integers(0, most))
    seed = draw(st.integers(0, 2**32 - 1))
    crowd = draw(st.integers(1, 25))
    span = draw(st.sampled_from([1, 3, 40, days]))
    rng = np.random.default_rng(seed)
    odd = [Flag(0), Flag.TEST, Flag.CANCELLED, Flag.DELETED, Flag.ZERO]
    rows = []
    for i in range(n):
        gross = int(rng.choice([0, 500, 1000, int(rng.integers(1, 90_000))]))
        rows.append(
            Row(
                id=int(i * 7 + 100),
                customer=None if rng.random() < 0.1 else int(rng.integers(1, crowd + 1)) * 11,
                day=FIRST_DAY + int(rng.integers(0, span)),
                gross=gross,
                discounts=int(rng.choice([0, gross // 3])),
                returns=int(rng.choice([0, 0, gross, gross + 300])),
                flags=odd[int(rng.choice(5, p=[0.8, 0.05, 0.05, 0.05, 0.05]))],
                channel=int(rng.integers(-1, 2)),
                country=int(rng.integers(-1, 2)),
                units=int(rng.integers(0, 5)),
            )
        )
    return rows, FIRST_DAY + span + draw(st.integers(-20, 40))
