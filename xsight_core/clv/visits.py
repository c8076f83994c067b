"""The days on which customers bought: what models and rules of thumb are tried on, as of any day."""

from dataclasses import dataclass

import numpy as np

from xsight_core.clv.summary import Array, PurchaseSummary, purchase_summary
from xsight_core.errors import InvalidInput

__all__ = ["Past", "Visits"]


@dataclass(frozen=True, eq=False)
class Past:
    """What was known of the customers at the end of a day; one entry for each who had bought by then.

    Attributes
    ----------
    known : bool, one entry per customer of the visits
        Had bought by then; the arrays below have an entry for each of these.
    visits : int
        Days with a purchase.
    silence : int
        Days since the last one.
    gap : int
        Days between the last two; 0 where there was one.
    age : int
        Days since the first.
    """

    known: Array
    visits: Array
    silence: Array
    gap: Array
    age: Array


@dataclass(frozen=True, eq=False)
class Visits:
    """One entry per customer and day with a purchase, by (customer, day).

    Attributes
    ----------
    customer : int
        Who, once each, rising.
    starts : int
        Where each customer's visits begin; the length at the end.
    day : int
    spend : float
        Net of returns; a visit whose goods came back is a visit.
    """

    customer: Array
    starts: Array
    day: Array
    spend: Array

    @classmethod
    def of(cls, customer: Array, day: Array, spend: Array) -> "Visits":
        """From orders in any order; those of one customer on one day are one visit."""
        customer, day, spend = np.asarray(customer), np.asarray(day), np.asarray(spend)
        if not len(customer) == len(day) == len(spend):
            raise InvalidInput("orders", "customer, day and spend need one entry per order each.")
        if any(array.dtype.kind not in "iu" for array in (customer, day)) and len(day):
            raise InvalidInput("orders", "customer and day are whole numbers.")
        if not np.isfinite(spend).all():
            raise InvalidInput("spend", "One finite amount per order is needed.")
        if len(day) == 0:
            none = np.zeros(0, np.int64)
            return cls(none, np.zeros(1, np.int64), none, none.astype(float))
        newer = np.diff(customer)
        if not ((newer > 0) | ((newer == 0) & (np.diff(day) >= 0))).all():
            order = np.lexsort((day, customer))
            customer, day, spend = customer[order], day[order], spend[order]
        opens = np.r_[True, customer[1:] != customer[:-1]]
        visit = np.flatnonzero(opens | np.r_[True, day[1:] != day[:-1]])
        money = np.add.reduceat(spend, visit).astype(float)
        who = opens[visit]
        starts = np.r_[np.flatnonzero(who), len(visit)]
        return cls(customer[visit[who]], starts, day[visit].astype(np.int64), money)

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def owner(self) -> Array:
        """Whose each visit is."""
        return np.repeat(self.customer, np.diff(self.starts))

    def summary(self, as_of: int) -> PurchaseSummary:
        """As of the end of a day."""
        return purchase_summary(self.owner, self.day, self.spend, as_of)

    def count(self, after: int, until: int) -> Array:
        """Visits in (after, until] per customer."""
        return self._sums(((self.day > after) & (self.day <= until)).astype(np.int64))

    def spent(self, after: int, until: int) -> Array:
        """Money in (after, until] per customer."""
        return self._sums(np.where((self.day > after) & (self.day <= until), self.spend, 0.0))

    def past(self, as_of: int) -> Past:
        """As of the end of a day."""
        count = self._sums((self.day <= as_of).astype(np.int64))
        known = count > 0
        start, visits = self.starts[:-1][known], count[known]
        last = start + visits - 1
        before = np.maximum(last - 1, start)
        return Past(
            known=known,
            visits=visits,
            silence=as_of - self.day[last],
            gap=self.day[last] - self.day[before],
            age=as_of - self.day[start],
        )

    def _sums(self, values: Array) -> Array:
        total = np.r_[np.zeros(1, values.dtype), np.cumsum(values)]
        return np.diff(total[self.starts])
