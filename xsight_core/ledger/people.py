"""Customers by ordinal: who they are, who was merged into whom, who is gone. No personal data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.ledger.columns import longer
from xsight_core.ledger.packed import Connection, Packing

__all__ = ["People", "read_people"]

_PACKING = Packing(
    {"id": "id", "ordinal": "ordinal", "merged_into": "coalesce(merged_into, 0)", "gone": "gone"}
)
_ROWS = """
SELECT id, ordinal, merged_into, (deleted_at IS NOT NULL)::int AS gone FROM xsight.customers
WHERE changed_in >= %(since)s"""


@dataclass(frozen=True, eq=False)
class People:
    """One entry per ordinal.

    Attributes
    ----------
    customer_id : int64
        Shopify's id, 0 where the ordinal is not in use.
    merged_into : int64
        Id of the customer that took this one over, 0 for none.
    gone : uint8
        1 where the customer was deleted.
    waiting : int
        How many of the last entries are customers of orders who have not been synced themselves yet. By the next
        version they have an ordinal of their own.
    """

    customer_id: Int
    merged_into: Int
    gone: Int
    waiting: int = 0

    @property
    def count(self) -> int:
        """Customers the shop has, with and without orders."""
        mask = (self.customer_id != 0) & (self.merged_into == 0) & (self.gone == 0)
        return int(np.count_nonzero(mask)) - self.waiting

    @cached_property
    def by_id(self) -> Int:
        """Ordinals in the order of their customers' ids."""
        return np.argsort(self.customer_id, kind="stable").astype(np.int32)

    @cached_property
    def final(self) -> Int | None:
        """By ordinal, the ordinal in which the customer ended up; None where each is still its own."""
        merged = np.flatnonzero(self.merged_into)
        if len(merged) == 0:
            return None
        final = np.arange(len(self.customer_id), dtype=np.int32)
        final[merged] = self.find(self.merged_into[merged])
        for ordinal in merged.tolist():  # a chain is short; a circle is left where it is
            here, seen = ordinal, {ordinal}
            while (there := int(final[here])) not in seen and there >= 0:
                seen.add(there)
                here = there
            final[ordinal] = here
        return final

    def find(self, ids: Int) -> Int:
        """Ordinals of customers by id, -1 where unknown."""
        if len(self.customer_id) == 0:
            return np.full(len(ids), -1, np.int32)
        known = self.customer_id[self.by_id]
        place = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return np.where(known[place] == ids, self.by_id[place], -1).astype(np.int32)

    def with_all(self, ids: Int) -> Self:
        """With the customers named in orders or merges who are not here yet, at the end."""
        ids = np.r_[ids, self.merged_into[self.merged_into != 0]]
        missing = np.unique(ids[(self.find(ids) < 0) & (ids != 0)])
        if len(missing) == 0:
            return self
        none = np.zeros(len(missing), np.int64)
        return type(self)(
            np.r_[self.customer_id, missing],
            np.r_[self.merged_into, none],
            np.r_[self.gone, none.astype(np.uint8)],
            self.waiting + len(missing),
        )

    def owner(self, ids: Int) -> Int:
        """Ordinals of the customers to whom orders of these ids belong now; -1 for none."""
        ordinal = self.find(ids)
        return ordinal if self.final is None else np.where(ordinal < 0, -1, self.final[ordinal])

    def settled(self) -> Self:
        """Without those who wait."""
        end = len(self.customer_id) - self.waiting
        return type(self)(self.customer_id[:end], self.merged_into[:end], self.gone[:end])

    def can_follow(self, rows: Mapping[str, Int]) -> bool:
        """Whether orders can be followed from here to the changed rows: nobody who was merged goes elsewhere."""
        known = rows["ordinal"] < len(self.customer_id)
        before = self.merged_into[rows["ordinal"][known]]
        return bool(((before == 0) | (before == rows["merged_into"][known])).all())

    def updated(self, rows: Mapping[str, Int]) -> Self:
        """With changed rows; ordinals are never given to another, so entries only change or come."""
        length = max(len(self.customer_id), int(rows["ordinal"].max(initial=-1)) + 1)
        later = replace(
            self,
            customer_id=longer(self.customer_id, length),
            merged_into=longer(self.merged_into, length),
            gone=longer(self.gone, length),
        )
        later.customer_id[rows["ordinal"]] = rows["id"]
        later.merged_into[rows["ordinal"]] = rows["merged_into"]
        later.gone[rows["ordinal"]] = rows["gone"]
        return later


def read_people(connection: Connection, since: int = 0) -> dict[str, Int]:
    """Customers that changed in transaction ``since`` or later, one entry per row."""
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(_PACKING.select(_ROWS), {"since": since}).fetchone()
    return _PACKING.unpack(row or (0,), {})


def nobody() -> People:
    """No customers."""
    none = np.zeros(0, np.int64)
    return People(none, none, none.astype(np.uint8))
