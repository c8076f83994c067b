"""Random shops for the pure functions: as Orders, and as the plain rows they were made of."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from xsight_core.analytics import GUEST, Flag, Lines, Orders, Products, Refunds
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


def catalogue() -> Products:
    """Three products; the ids are 5, 6, 7."""
    texts = {name: np.array([None] * 3, object) for name in ("title", "vendor", "type", "tags")}
    return Products({"product_id": np.array([5, 6, 7])} | texts)


def orders_of(
    rows: list[Row], lines: list[tuple] | None = None, refunds: list[tuple] | None = None
) -> Orders:
    """Ordinals by rising id, columns sorted by (day, id), as the ledger makes them.

    ``lines``: (order id, product id or None, units, gross, net, gift card). ``refunds``: (order id, day, product id or
    None, units, minor, paid).
    """
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
        discount_codes=("SPRING", "VIP"),
        lines=_part(
            Lines, rows, lines or [], ("product", "units", "gross_minor", "net_minor", "flags")
        ),
        refunds=_part(
            Refunds,
            rows,
            refunds or [],
            ("day", "product", "units", "returns_minor", "refunded_minor"),
        ),
        products=catalogue(),
    )


def _part(kind, rows, parts, names):
    place = {row.id: i for i, row in enumerate(rows)}
    parts = sorted(parts, key=lambda part: place[part[0]])
    table = {name: [part[i] for part in parts] for i, name in enumerate(names, start=1)}
    table["product"] = [-1 if p is None else p - 5 for p in table["product"]]
    table["order"] = [place[part[0]] for part in parts]
    zeros = [0] * len(parts)
    return kind({n: np.array(table.get(n, zeros), k) for n, k in kind.COLUMNS.items()})


def shop_with_lines(seed: int, n: int = 80) -> tuple[list[Row], list[tuple], list[tuple]]:
    """Orders whose money is their lines', refunds that give some of it back, gift cards and lines typed in by hand."""
    rng = np.random.default_rng(seed)
    rows, lines, refunds = [], [], []
    odd = [Flag(0), Flag.TEST, Flag.CANCELLED, Flag.DELETED]
    for i in range(n):
        key, day = 100 + 3 * i, FIRST_DAY + int(rng.integers(0, 300))
        mine = []
        for _ in range(int(rng.integers(0, 4))):
            gross = int(rng.integers(0, 5000))
            product = [None, 5, 6, 7][int(rng.integers(4))]
            gift = rng.random() < 0.1
            mine.append((key, product, int(rng.integers(1, 4)), gross, gross - gross // 5, gift))
        lines += mine
        sold = [line for line in mine if not line[5]]
        back = 0
        for line in sold:
            if rng.random() < 0.2:
                refunds.append(
                    (key, day + int(rng.integers(0, 30)), line[1], 1, line[4], line[4] + 9)
                )
                back += line[4]
        edited = int(rng.choice([0, 0, 0, 77]))
        lines += [(key, 6, 0, edited, edited, False)] if edited else []
        rows.append(
            Row(
                id=key,
                customer=None if rng.random() < 0.1 else int(rng.integers(1, 30)),
                day=day,
                gross=sum(line[3] for line in sold) + edited,
                discounts=sum(line[3] - line[4] for line in sold),  # the edited line had none
                returns=back + edited,
                flags=odd[int(rng.choice(4, p=[0.85, 0.05, 0.05, 0.05]))],
                channel=int(rng.integers(-1, 2)),
                country=int(rng.integers(-1, 2)),
                discount=int(rng.integers(-1, 2)),
                units=sum(line[2] for line in sold),
            )
        )
    return rows, lines, refunds


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
