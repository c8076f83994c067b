# pyright: reportMissingTypeStubs=false
"""What rules ask of counted orders most, worked out once for a data version and day, and kept beside the ledger.

Three tables, mapped: the counted orders of customers, their lines, and a row per customer. Lines are indexed by
product. A cache, never the truth: what is missing or torn is worked out again.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.parts import Lines
from xsight_core.ledger.columns import keep_columns, open_columns
from xsight_core.segments.columns import Mask

__all__ = ["SUMS", "Facts", "load_facts", "make_facts", "total"]

_FORMAT: Final = 1
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
        keep_columns(place, _work_out(orders, size, today), {})
        for other in folder.glob("facts-*"):
            if other != place and _older(other, data_version):
                shutil.rmtree(other, ignore_errors=True)
        found = open_columns(place)
    return make_facts(orders, size, today) if found is None else _facts(orders, found[0])


def make_facts(orders: Orders, size: int, today: int) -> Facts:
    """The same, kept nowhere."""
    return _facts(orders, _work_out(orders, size, today))


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


def _work_out(orders: Orders, size: int, today: int) -> dict[str, Any]:
    end = int(np.searchsorted(orders.day, today, side="right"))
    keep = orders.rule.keeps(orders)[:end] & (orders.customer[:end] >= 0)
    at = np.flatnonzero(keep).astype(np.int32)
    customer, day = orders.customer[at], orders.day[at]
    picked = orders.take(at)
    columns: dict[str, Any] = {"at": at, "customer": customer, "day": day}
    columns |= _of_customers(picked, customer, day, size)
    index, starts = picked.by_customer, picked.starts
    nth = np.zeros(len(at), np.int32)
    if len(index):
        nth[index] = np.arange(len(index)) - starts[picked.buyer] + 1
    columns["nth"] = nth
    columns |= _rhythm(customer[index], day[index], size)
    return columns | _lines(orders, at)


def _of_customers(orders: Orders, customer: Int, day: Int, size: int) -> dict[str, Any]:
    count = np.bincount(customer, minlength=size).astype(np.int32)
    told: dict[str, Any] = {"c_count": count}
    for name in (*SUMS, "units"):
        told[f"c_{name}"] = total(
            customer, getattr(orders, name if name == "units" else f"{name}_minor"), size
        )
    told["c_by_net"] = np.argsort(-told["c_net"], kind="stable").astype(np.int32)
    last, first = np.zeros(size, np.int32), np.zeros(size, np.int32)
    last[customer] = day  # of several the last one written stays
    first[customer[::-1]] = day[::-1]
    told |= {"c_first_day": first, "c_last_day": last}
    for name, step in (("first_channel", -1), ("last_channel", 1)):
        codes = np.full(size, -1, np.int16)
        codes[customer[::step]] = orders.channel[::step]
        told[f"c_{name}"] = codes
    return told


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
