# pyright: reportMissingTypeStubs=false
"""What rules ask of counted orders most, worked out once for a data version and day, and kept beside the ledger.

Three tables, mapped: the counted orders of customers, their lines, and a row per customer. Lines are indexed by
product. A cache, never the truth: what is missing or torn is worked out again.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.parts import Lines
from xsight_core.ledger.columns import keep_columns, open_columns
from xsight_core.segments.columns import Mask

__all__ = ["SUMS", "Facts", "load_facts", "make_facts", "total"]

_FORMAT: Final = 2
SUMS: Final = ("gross", "discounts", "returns", "net")
_EXACT: Final = 2**53  # sums below it are exact as floats, and bincount is fast


@dataclass(frozen=True, eq=False)
class Facts:
    """Columns by name.

    Attributes
    ----------
    counted : Orders
        The counted orders of customers, by day and id; ``nth`` is which of the customer's each one is, from 1.
    by_product, product_starts
        Rows of the counted lines in the order of their product: those of product ``i`` stand at
        ``by_product[product_starts[i]:product_starts[i + 1]]``, rising; the last product is none.
    line_customer
        Whose line it is.
    turn_day, c_end
        Days of the counted orders by (customer, day, id); those of customer ``i`` are the ``c_count[i]`` before
        ``c_end[i]``.
    """

    counted: Orders
    columns: Mapping[str, Any]

    @property
    def nth(self) -> Int:
        """Of each counted order."""
        return self.columns["nth"]

    def of(self, name: str) -> Int:
        """A column with a row per customer."""
        return self.columns[f"c_{name}"]

    def most_sales(self, members: Mask, count: int) -> Int:
        """Ordinals of the members who spent most, the most first; of equals the lower ordinal."""
        order, first, step = self.of("by_net"), 0, 4096
        found: list[Int] = []
        while first < len(order) and sum(map(len, found)) < count:
            part = order[first : first + step]
            found.append(part[members[part]])
            first, step = first + step, step * 4
        return np.concatenate([np.zeros(0, np.int32), *found])[:count]

    def lines_of(self, products: Mask) -> Int:
        """Rows of the counted lines of some products, rising; the mask's last entry is for lines without one."""
        starts, rows = self.columns["product_starts"], self.columns["by_product"]
        parts = [rows[starts[i] : starts[i + 1]] for i in np.flatnonzero(products)]
        return np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int32)


def load_facts(folder: Path, orders: Orders, size: int, today: int, data_version: int) -> Facts:
    """The facts of a data version and day: out of the folder, or worked out and kept there."""
    place = folder / f"facts-{data_version}.{_FORMAT}.{today}.{size}"
    found = open_columns(place)
    if found is None:
        keep_columns(place, dict(_Working(orders, size, today)), {})
        for other in folder.glob("facts-*"):
            if other != place and _older(other, data_version):
                shutil.rmtree(other, ignore_errors=True)
        found = open_columns(place)
    return make_facts(orders, size, today) if found is None else _facts(orders, found[0])


def make_facts(orders: Orders, size: int, today: int) -> Facts:
    """The same, kept nowhere: each column is worked out when it is first asked for."""
    return _facts(orders, _Working(orders, size, today))


def _older(place: Path, data_version: int) -> bool:
    number = place.name.removeprefix("facts-").partition(".")[0]
    return number.isdigit() and int(number) <= data_version


def _facts(orders: Orders, columns: Mapping[str, Any]) -> Facts:
    at = columns["at"]

    def lines() -> Lines:
        kept = {"order": columns["line_order"]}
        taken = columns["line_at"]
        return Lines(_Picked(kept, lambda name: getattr(orders.lines, name)[taken]), len(taken))

    counted = Orders(
        _Picked(
            {"customer": columns["customer"], "day": columns["day"]},
            lambda name: getattr(orders, name)[at],
        ),
        len(at),
        customer_id=orders.customer_id,
        channels=orders.channels,
        countries=orders.countries,
        discount_codes=lambda: orders.discount_codes,
        rule=orders.rule,
        lines=lines,
        products=lambda: orders.products,
    )
    return Facts(counted, columns)


class _Picked(Mapping[str, Int]):
    """Some columns as they are, the others brought when they are asked for."""

    def __init__(self, kept: Mapping[str, Int], bring: Callable[[str], Int]) -> None:
        self._kept, self._bring = kept, bring

    def __getitem__(self, name: str) -> Int:
        return self._kept[name] if name in self._kept else self._bring(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


class _Working(Mapping[str, Any]):
    """Columns of facts, worked out together with those beside them when one is first asked for."""

    def __init__(self, orders: Orders, size: int, today: int) -> None:
        self._orders, self._size = orders, size
        end = int(np.searchsorted(orders.day, today, side="right"))
        keep = orders.rule.keeps(orders)[:end] & (orders.customer[:end] >= 0)
        self._at = np.flatnonzero(keep).astype(np.int32)
        self._picked = orders.take(self._at)
        self._customer, self._day = orders.customer[self._at], orders.day[self._at]
        self._made = {"at": self._at, "customer": self._customer, "day": self._day}
        lines = ("line_at", "line_order", "line_customer", "by_product", "product_starts")
        self._makers: dict[str, Callable[[], dict[str, Any]]] = {
            "c_count": self._count,
            **{f"c_{name}": partial(self._sum, name) for name in (*SUMS, "units")},
            "c_by_net": lambda: {
                "c_by_net": np.argsort(-self["c_net"], kind="stable").astype("i4")
            },
            **dict.fromkeys(("c_first_day", "c_last_day"), self._days),
            **dict.fromkeys(("c_first_channel", "c_last_channel"), self._channels),
            **dict.fromkeys(("nth", "turn_day", "c_end", "c_rhythm"), self._in_turn),
            **dict.fromkeys(lines, lambda: _lines(orders, self._at)),
        }

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made |= self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(["at", "customer", "day", *self._makers])

    def __len__(self) -> int:
        return 3 + len(self._makers)

    def _count(self) -> dict[str, Any]:
        return {"c_count": np.bincount(self._customer, minlength=self._size).astype(np.int32)}

    def _sum(self, name: str) -> dict[str, Any]:
        values = getattr(self._picked, name if name == "units" else f"{name}_minor")
        return {f"c_{name}": total(self._customer, values, self._size)}

    def _days(self) -> dict[str, Any]:
        last, first = np.zeros(self._size, np.int32), np.zeros(self._size, np.int32)
        last[self._customer] = self._day  # of several the last one written stays
        first[self._customer[::-1]] = self._day[::-1]
        return {"c_first_day": first, "c_last_day": last}

    def _channels(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name, step in (("first_channel", -1), ("last_channel", 1)):
            codes = np.full(self._size, -1, np.int16)
            codes[self._customer[::step]] = self._picked.channel[::step]
            told[f"c_{name}"] = codes
        return told

    def _in_turn(self) -> dict[str, Any]:
        """What is asked of a customer's orders one after the other."""
        index, starts = self._picked.by_customer, self._picked.starts
        nth = np.zeros(len(self._at), np.int32)
        if len(index):
            nth[index] = np.arange(len(index)) - starts[self._picked.buyer] + 1
        day, end = self._day[index], np.cumsum(self["c_count"], dtype=np.int32)
        told = {"nth": nth, "turn_day": day, "c_end": end}
        return told | _rhythm(self._customer[index], day, self._size)


def total(customer: Int, values: Int, size: int) -> Int:
    """Sum per customer, exact."""
    if float(np.abs(values, dtype=np.float64).sum()) < _EXACT:
        return np.bincount(customer, weights=values, minlength=size).astype(np.int64)
    summed = np.zeros(size, np.int64)
    np.add.at(summed, customer, values)
    return summed


def _rhythm(customer: Int, day: Int, size: int) -> dict[str, Any]:
    """Median of the days from one day with an order to the next; orders come by customer and day."""
    gap = np.diff(day)
    real = (customer[1:] == customer[:-1]) & (gap > 0)
    who, gap = customer[1:][real].astype(np.int64), gap[real]
    key = who << 32 | gap  # one sort of integers that hold both
    key.sort()
    gap = key & 0xFFFFFFFF
    count = np.bincount(who, minlength=size)
    start = np.cumsum(count) - count
    known = count > 0
    median = np.full(size, np.nan)
    low, high = (start + (count - 1) // 2)[known], (start + count // 2)[known]
    median[known] = (gap[low] + gap[high]) / 2
    return {"c_rhythm": median}


def _lines(orders: Orders, at: Int) -> dict[str, Any]:
    lines = orders.lines
    position = np.full(len(orders), -1, np.int32)
    position[at] = np.arange(len(at), dtype=np.int32)
    moved = position[lines.order]
    line_at = np.flatnonzero(moved >= 0).astype(np.int32)
    line_order = moved[line_at]
    product = lines.product[line_at]
    none = len(orders.products)
    product = np.where(product < 0, none, product).astype(np.int64)
    key = product << 32 | np.arange(len(product))
    key.sort()
    count = np.bincount(product, minlength=none + 1)
    return {
        "line_at": line_at,
        "line_order": line_order,
        "line_customer": orders.customer[at][line_order],
        "by_product": (key & 0xFFFFFFFF).astype(np.int32),
        "product_starts": np.r_[0, np.cumsum(count)],
    }
