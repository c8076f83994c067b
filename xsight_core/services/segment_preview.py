"""Who a rule finds, while it is being written: counted on the mapped ledger, with the statement that defines it."""

import time
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np

from xsight_core.analytics import day_of
from xsight_core.segments import Group, customers_of, document, read_rule, shown
from xsight_core.segments.book import Book
from xsight_core.segments.columns import Mask
from xsight_core.segments.words import sentence
from xsight_core.services.look import Ledgers
from xsight_core.services.segment_books import Asked, Books

__all__ = ["Explanation", "Overlap", "SegmentPreview", "Step", "explain", "overlap", "preview"]

_SAMPLE: Final = 10


class Step(msgspec.Struct, frozen=True):
    """How many are left after a condition (all of …), or how many it finds by itself (any of …)."""

    path: str
    customers: int


class SegmentPreview(msgspec.Struct, frozen=True):
    """``sample`` are the ids of the ten who spent most; names come from ``/api/v1/customers?ids=``."""

    customers: int
    of: int
    share: float | None
    net_minor: int
    net_share: float | None
    funnel: list[Step]
    sample: list[int]
    rule: dict[str, Any]
    sentence: str
    as_of: str
    data_version: int
    milliseconds: float


class Explanation(msgspec.Struct, frozen=True):
    """A rule as a sentence, and as the one statement that defines it."""

    sentence: str
    sql: str
    parameters: dict[str, Any]
    rule: dict[str, Any]


class Overlap(msgspec.Struct, frozen=True):
    """``both[i][j]``: customers in rules ``i`` and ``j``; ``jaccard``: the same over those in either of them.

    ``only[i]`` are in no other of the rules.
    """

    customers: list[int]
    only: list[int]
    both: list[list[int]]
    jaccard: list[list[float | None]]
    data_version: int


async def preview(
    books: Books, ledgers: Ledgers, tenant_id: UUID, rule: object, *, personal: bool
) -> SegmentPreview:
    """What a rule finds now. ``personal``: whoever asks may see what names a person."""
    tree = read_rule(rule)
    return await books.ask(
        ledgers, tenant_id, [tree], lambda asked: _preview(tree, asked), personal=personal
    )


async def explain(
    books: Books, ledgers: Ledgers, tenant_id: UUID, rule: object, *, personal: bool
) -> Explanation:
    """What a rule means."""
    tree = read_rule(rule)

    def told(asked: Asked) -> Explanation:
        statement = shown(customers_of(tree, asked.book.basis, asked.segments))
        return Explanation(
            sentence(tree, asked.names),
            statement.text,
            {name: _plain(value) for name, value in statement.parameters.items()},
            document(tree),
        )

    return await books.ask(ledgers, tenant_id, [tree], told, personal=personal)


async def overlap(
    books: Books, ledgers: Ledgers, tenant_id: UUID, trees: list[Group], *, personal: bool
) -> Overlap:
    """How much rules have in common."""
    return await books.ask(
        ledgers, tenant_id, trees, lambda asked: _overlap(trees, asked), personal=personal
    )


def _preview(tree: Group, asked: Asked) -> SegmentPreview:
    started = time.perf_counter()
    book = asked.book
    living = book.living
    found, steps = living, list[Step]()
    every, some = living, np.zeros(len(book), np.bool_)
    for rule in tree.rules:
        one = asked.masks.mask(rule, book) & living
        every, some = every & one, some | one
        found = every if tree.combinator == "and" else one
        steps.append(Step(rule.path, int(np.count_nonzero(found))))
    members = every if tree.combinator == "and" else some
    if tree.negated:
        members = living & ~members
    return SegmentPreview(
        **_figures(members, book),
        funnel=steps,
        rule=document(tree),
        sentence=sentence(tree, asked.names),
        as_of=day_of(book.basis.today).isoformat(),
        data_version=asked.data_version,
        milliseconds=round((time.perf_counter() - started) * 1e3, 2),
    )


def _figures(members: Mask, book: Book) -> dict[str, Any]:
    count, of, total = int(np.count_nonzero(members)), book.living_count, book.living_net
    # of bytes in one pass, exact: as flags or with `where` it takes twice to six times as long
    spent = int(np.einsum("i,i->", book.facts.of("net"), members.view(np.uint8)))
    who = book.facts.most_sales(members, _SAMPLE)
    return {
        "customers": count,
        "of": of,
        "share": count / of if of else None,
        "net_minor": spent,
        "net_share": spent / total if total else None,
        "sample": book.people.columns["id"][who].tolist(),
    }


def _overlap(trees: list[Group], asked: Asked) -> Overlap:
    masks = [asked.masks.customers(tree) for tree in trees]
    bits = [np.packbits(mask) for mask in masks]
    count = [int(np.count_nonzero(mask)) for mask in masks]
    times = np.sum(masks, axis=0, dtype=np.uint8)
    both = [
        [count[i] if i == j else int(np.bitwise_count(a & b).sum()) for j, b in enumerate(bits)]
        for i, a in enumerate(bits)
    ]
    return Overlap(
        customers=count,
        only=[int(np.count_nonzero(mask & (times == 1))) for mask in masks],
        both=both,
        jaccard=[
            [_part(shared, count[i] + count[j] - shared) for j, shared in enumerate(line)]
            for i, line in enumerate(both)
        ],
        data_version=asked.data_version,
    )


def _part(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
