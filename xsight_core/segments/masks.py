"""A rule as masks over the tenant's mapped ledger: what a preview and a refresh run on.

The same rules as ``sql.py``, on columns. What the ledger does not hold (all that names a person, metafields, comings
and goings) is asked of the database, rule by rule, through ``ask``.
"""

from collections.abc import Callable, Iterator, Mapping
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.errors import InvalidInput
from xsight_core.segments.book import Book
from xsight_core.segments.columns import (
    Codes,
    Column,
    Flags,
    Frame,
    Labels,
    Mask,
    Through,
    coded,
    compare,
    labelled,
)
from xsight_core.segments.events import OF_PRODUCT, Events, LineEvents
from xsight_core.segments.fields import Basis
from xsight_core.segments.operators import NEGATED, Kind
from xsight_core.segments.rules import Event, Group, Node, Rank, Rule, walk
from xsight_core.segments.units import resolve, resolve_n

__all__ = ["Masks"]


class Masks:
    """Evaluates rules on one book; ``ask`` is this question's own way to the database."""

    def __init__(
        self,
        book: Book,
        segments: Mapping[str, Group] | None = None,
        ask: Callable[[Rule], Int] | None = None,
    ) -> None:
        self.book, self.segments, self._ask = book, segments or {}, ask or book.ask

    def customers(self, rule: Group) -> Mask:
        """The living customers whom the rule finds, by ordinal."""
        return self.mask(rule, self.book) & self.book.living

    def mask(self, node: Node, frame: Frame) -> Mask:
        """True or false for each row."""
        if isinstance(node, Group):
            masks = [self.mask(rule, frame) for rule in node.rules]
            join = np.logical_and if node.combinator == "and" else np.logical_or
            found = masks[0]
            for other in masks[1:]:
                found = join(found, other)
            return ~found if node.negated else found
        refuse_missing(node, self.book.basis)
        operator = NEGATED.get(node.operator, node.operator)
        found = self._rule(node, operator, frame)
        return ~found if operator != node.operator else found

    def _rule(self, rule: Rule, operator: str, frame: Frame) -> Mask:
        if rule.field.kind is Kind.SEGMENT:
            names: Any = rule.value
            masks = [self.mask(self.segments[name], frame) for name in names]
            return np.logical_or.reduce(masks)
        if frame is self.book and not in_ledger(rule):
            positive = Rule(rule.field, operator, rule.value, rule.path)
            return self.book.among(self._ask(positive))
        if isinstance(rule.value, Event):
            return self._event(rule.value, rule.field.name)
        if isinstance(rule.value, Rank):
            return self._rank(rule, rule.value)
        return _plain(rule, operator, frame, self.book.basis)

    def _event(self, event: Event, name: str) -> Mask:
        events = self.book.events(event, name)
        if event.where is not None:
            events = self._where(events, event.where)
        n = resolve_n(event, self.book.basis)
        if (
            event.aggregate == "count"
            and (counted := _counted(events, event.comparison, n[0])) is not None
        ):
            return counted
        values, known = events.aggregate(event)
        comparison = NEGATED.get(event.comparison, event.comparison)
        found = compare(values, comparison, n)
        if known is not None:
            found &= known
        return ~found if comparison != event.comparison else found

    def _where(self, events: Events, where: Group) -> Events:
        """What is asked of products is answered by product, and only their lines are looked at for the rest."""
        if not isinstance(events, LineEvents):
            return events.where(self.mask(where, events))
        parts = where.rules if where.combinator == "and" and not where.negated else (where,)
        of_products = [part for part in parts if _about_products(part)]
        for part in of_products:
            events = events.of_products(self.mask(part, events.catalogue))
        for part in parts:
            if part not in of_products:
                events = events.where(self.mask(part, events))
        return events

    def _rank(self, rule: Rule, rank: Rank) -> Mask:
        name = str(rule.field.column)
        column: Any = self.book.column(name)
        among = self.book.living if column.known is None else self.book.living & column.known
        if rank.within is None:
            ordered = self.book.ordered(name)
        else:
            among = among & self.mask(rank.within, self.book)
            ordered = np.sort(column.values[among])
        found = np.zeros(len(self.book), np.bool_)
        for low, high in _spans(rule.operator, rank.numbers, ordered):
            found |= (column.values >= low) & (column.values <= high)
        return found & among


def _counted(events: Events, comparison: str, n: Any) -> Mask | None:
    """Who has so many events, where that is seen without counting everybody's."""
    match comparison:
        case ">=":
            return events.at_least(ceil(n))
        case ">":
            return events.at_least(floor(n) + 1)
        case "<":
            return ~events.at_least(ceil(n))
        case "<=":
            return ~events.at_least(floor(n) + 1)
        case "=" | "!=" if n == 0:
            some = events.at_least(1)
            return some if comparison == "!=" else ~some
        case _:
            return None


def _about_products(node: Node) -> bool:
    """Whether a product alone tells if its lines match."""
    if isinstance(node, Group):
        return all(_about_products(one) for one in node.rules)
    return node.field.column in OF_PRODUCT


def _spans(
    operator: str, numbers: tuple[float, ...], ordered: NDArray[Any]
) -> Iterator[tuple[Any, Any]]:
    """Where the values lie that rank as asked: least and greatest of each stretch. Ranks rise with values."""
    n = len(ordered)
    if n == 0:
        return
    if operator in _BEYOND:
        top, percent = _BEYOND[operator]
        most = min(n - 1, _most_beyond(numbers[0], n) if percent else int(numbers[0]) - 1)
        yield (ordered[n - 1 - most], ordered[-1]) if top else (ordered[0], ordered[most])
        return
    below = np.r_[0, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1]  # of each distinct value
    up_to = np.r_[below[1:], n]
    holds = np.r_[False, _ranked(operator, numbers, below, up_to, n), False]
    edges = np.flatnonzero(holds[1:] != holds[:-1])
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        yield ordered[below[first]], ordered[below[end - 1]]


_BEYOND = {
    "topPercent": (True, True),
    "bottomPercent": (False, True),
    "topN": (True, False),
    "bottomN": (False, False),
}
"""Operators that bound how many values lie beyond one's own: from the top, in percent."""


def _most_beyond(percent: float, n: int) -> int:
    """The greatest number of values beyond one's own that is less than so many percent of ``n``."""
    most = int(percent * n / 100)
    while most * 100 >= percent * n:
        most -= 1
    while (most + 1) * 100 < percent * n:
        most += 1
    return most


def _ranked(operator: str, numbers: tuple[float, ...], below: Any, up_to: Any, n: int) -> Mask:
    """By the number of values below and up to one's own, of ``n`` in all."""
    if operator == "decile":
        return np.isin(1 + 10 * (below + up_to) // (2 * n), np.array(numbers))
    at = 100 * (below + up_to)
    return (at >= numbers[0] * (2 * n)) & (at <= numbers[1] * (2 * n))


def _plain(rule: Rule, operator: str, frame: Frame, basis: Basis) -> Mask:
    column = frame.column(str(rule.field.column))
    return _holds(column, len(frame), rule.field.kind, operator, resolve(rule, basis))


def _holds(  # noqa: PLR0911 - one answer a kind of column
    column: Column, size: int, kind: Kind, operator: str, wanted: tuple[Any, ...]
) -> Mask:
    match column:
        case Through():
            shared = _holds(column.column, column.size, kind, operator, wanted)
            return np.take(
                np.r_[shared, operator == "null"], column.index
            )  # the last one is for -1
        case Codes():
            if operator == "null":
                return np.asarray(column.codes < 0)
            folds = kind is Kind.TEXT
            holds = _TEXT[operator](wanted)
            return coded(column, lambda name: holds(name.casefold() if folds else name))
        case Labels():
            return _labels(column, operator, wanted, size)
        case Flags():
            return np.asarray(column.values == int(wanted[0]))
        case _:
            if operator == "null":
                none = np.zeros(len(column.values), np.bool_)
                return none if column.known is None else ~column.known
            found = compare(column.values, operator, wanted)
            return found if column.known is None else found & column.known


def _labels(column: Labels, operator: str, wanted: tuple[Any, ...], size: int) -> Mask:
    def who(holds: Callable[[str], bool]) -> Mask:
        return labelled(column, size, lambda name: holds(name.casefold()))

    match operator:
        case "null":
            return ~who(lambda _: True)
        case "all":
            return np.logical_and.reduce([who(lambda name, one=one: name == one) for one in wanted])
        case "beginsWith":
            return who(lambda name: name.startswith(wanted[0]))
        case _:
            return who(lambda name: name in wanted)


_TEXT: dict[str, Callable[[tuple[Any, ...]], Callable[[str], bool]]] = {
    "=": lambda wanted: lambda text: text == wanted[0],
    "in": lambda wanted: lambda text: text in wanted,
    "contains": lambda wanted: lambda text: wanted[0] in text,
    "beginsWith": lambda wanted: lambda text: text.startswith(wanted[0]),
    "endsWith": lambda wanted: lambda text: text.endswith(wanted[0]),
}


def in_ledger(rule: Rule) -> bool:
    """Whether the ledger holds all that a rule asks; what it ranks among is looked at on its own."""
    if not isinstance(rule.value, Event):
        return rule.field.column is not None
    of = rule.value.of
    inner = () if rule.value.where is None else walk(rule.value.where)
    return (of is None or of.column is not None) and all(
        one.field.column is not None for one in inner
    )


def refuse_missing(rule: Rule, basis: Basis) -> None:
    """Data that the store has none of cannot be asked: the answer would look like a finding."""
    if rule.field.needs in basis.missing:
        raise InvalidInput(
            f"{rule.path}.field",
            f"{rule.field.label} cannot be asked: this store has no {rule.field.needs} here yet.",
        )
