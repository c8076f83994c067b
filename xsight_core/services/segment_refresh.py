"""Who is in each segment: all of a store's segments in one pass, or only the customers who changed.

One transaction writes members, comings and goings, sizes and what hooks are told, so that they never disagree. A
refresh that was cut off has done nothing, and is simply done again.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import psycopg
import structlog

from xsight_core.analytics.columns import Int
from xsight_core.db import membership as rows
from xsight_core.db.hooks import tell_hooks
from xsight_core.db.membership import LastRefresh, Stored
from xsight_core.db.segments import missing_data
from xsight_core.errors import InvalidInput, XsightError
from xsight_core.ledger import Ledger, ShopState, load_ledger, read_shop
from xsight_core.ledger.mark import Mark, read_mark
from xsight_core.segments import Basis, Group, customers_of, document, read_rule
from xsight_core.segments.bits import packed, unpacked
from xsight_core.segments.book import Book
from xsight_core.segments.columns import Mask
from xsight_core.segments.few import changed_customers, few_book, products_changed
from xsight_core.segments.finding import find_ids
from xsight_core.segments.masks import Masks, in_ledger
from xsight_core.segments.references import gather
from xsight_core.segments.rules import Rank, Rule, walk
from xsight_core.services.segment_books import open_book, reader
from xsight_core.tenancy import Tenancy

__all__ = ["Refreshed", "refresh_segments"]

_FEW: Final = 20_000
_PATIENCE_S: Final = 60.0  # of a rule that the database has to answer; nobody waits for it

_Connection = psycopg.Connection[tuple[Any, ...]]

log = structlog.get_logger()


@dataclass(frozen=True)
class Refreshed:
    """What a refresh came to; ``whole`` segments were asked of everybody, the others of who changed."""

    segments: int
    whole: int
    entered: int
    left: int
    troubled: int


@dataclass(frozen=True)
class _Work:
    """A segment to be worked out."""

    stored: Stored
    tree: Group
    named: Mapping[str, Group]
    digest: str

    def local(self, *, products: bool, scores: bool) -> bool:
        """Whether who did not change stays; ``products``, ``scores``: those have changed."""
        every = (rule for tree in (self.tree, *self.named.values()) for rule in walk(tree))
        return not any(
            isinstance(rule.value, Rank)
            or not in_ledger(rule)
            or (products and rule.field.name == "products")
            or (scores and rule.field.group == "Scores")
            for rule in every
            if rule.field.scope == "customer" and rule.field.name != "segment"
        )


async def refresh_segments(
    tenancy: Tenancy,
    tenant_id: UUID,
    home: Path,
    *,
    whole: bool = False,
    now: datetime | None = None,
) -> Refreshed:
    """Bring who is in a tenant's segments up to its rows, scores and the shop's day."""
    now = now or datetime.now(UTC)
    return await asyncio.to_thread(_refresh, tenancy, tenant_id, home, whole=whole, now=now)


def _refresh(
    tenancy: Tenancy, tenant_id: UUID, home: Path, *, whole: bool, now: datetime
) -> Refreshed:
    started = time.perf_counter()
    with tenancy.connection(tenant_id) as connection:
        rows.lock_segments(connection, tenant_id)
        mark, shop = read_mark(connection), read_shop(connection)
        basis = Basis(
            shop.day(now), shop.timezone, shop.currency_exponent, missing_data(connection)
        )
        pass_ = _Pass(tenancy, tenant_id, home, connection, shop, basis, now)
        works = pass_.works(rows.read_stored(connection))
        last = None if whole else rows.last_refresh(connection)
        everybody, few = _divide(connection, works, last, shop, mark, basis)
        pass_.ask_few(few)
        pass_.ask_everybody(everybody, keep=len(everybody) == len(works))
        rows.note_refresh(
            connection,
            LastRefresh(now, basis.today, shop.data_version, shop.insight_run, asdict(mark)),
        )
        done = pass_.finish(len(works), len(everybody))
    log.info("segments.refreshed", seconds=round(time.perf_counter() - started, 3), **asdict(done))
    return done


def _divide(
    connection: _Connection,
    works: list[_Work],
    last: LastRefresh | None,
    shop: ShopState,
    mark: Mark,
    basis: Basis,
) -> tuple[list[_Work], tuple[list[_Work], list[int]]]:
    """Segments to ask of everybody; those to ask of who changed, and who that is."""
    same = last is not None and last.day == basis.today and mark.follows(last.mark)
    if last is None or not same:
        return works, ([], [])
    changed, products = list[int](), False
    if last.data_version != shop.data_version:
        since = last.mark["since"]
        found = changed_customers(connection, since, _FEW)
        if found is None:
            return works, ([], [])
        changed, products = found, products_changed(connection, since)
    elif last.insight_run == shop.insight_run:
        fresh = [work for work in works if work.digest != work.stored.digest]
        return fresh, ([work for work in works if work not in fresh], [])
    scores = last.insight_run != shop.insight_run
    few = [
        work
        for work in works
        if work.digest == work.stored.digest and work.local(products=products, scores=scores)
    ]
    return [work for work in works if work not in few], (few, changed)


class _Pass:
    """One refresh."""

    def __init__(
        self,
        tenancy: Tenancy,
        tenant_id: UUID,
        home: Path,
        connection: _Connection,
        shop: ShopState,
        basis: Basis,
        now: datetime,
    ) -> None:
        self.tenancy, self.tenant_id, self.home = tenancy, tenant_id, home
        self.connection, self.shop, self.basis, self.now = connection, shop, basis, now
        self.entered = self.left = self.troubled = 0
        self.events: list[tuple[UUID, list[int], bool]] = []

    def works(self, stored: list[Stored]) -> list[_Work]:
        """What can be worked out; what cannot is reported at the segment."""
        find, works = reader({str(one.id): one.rule for one in stored}), list[_Work]()
        for one in stored:
            try:
                tree = read_rule(one.rule)
                named = gather(tree, find, str(one.id))
            except InvalidInput as wrong:
                self._trouble(one, wrong)
                continue
            works.append(_Work(one, tree, named, _digest(tree, named, self.basis)))
        return works

    def ask_few(self, few: tuple[list[_Work], list[int]]) -> None:
        """Look at the customers who changed."""
        works, changed = few
        book, ordinals = (
            few_book(self.connection, changed, self.shop.insight_run, self.basis)
            if changed
            else (None, np.zeros(0, np.int64))
        )
        for work in works:
            before = unpacked(work.stored.bits or b"", int(ordinals.max(initial=-1)) + 1)
            after = before.copy()
            if book is not None:
                after[ordinals] = Masks(book, work.named).customers(work.tree)
            ids = (
                {}
                if book is None
                else dict(zip(ordinals.tolist(), book.people.columns["id"].tolist(), strict=True))
            )
            self._put(work, before, after, ids, None)

    def ask_everybody(self, works: list[_Work], *, keep: bool) -> None:
        """Look at everybody, once for all segments; ``keep`` the facts where many are going to be asked for."""
        if not works:
            return
        ledger: Ledger = load_ledger(
            self.tenancy, self.home, self.tenant_id, self.connection, self.shop
        )
        book = open_book(
            self.tenancy, self.home, self.tenant_id, ledger, self.shop, self.basis, keep=keep
        )
        ids, net = book.people.columns["id"], book.column("net")
        for work in works:
            try:
                after = self._masks(book, work).customers(work.tree)[: len(ids)]
            except XsightError as wrong:
                self._trouble(work.stored, wrong)
                continue
            before = unpacked(work.stored.bits or b"", len(ids))
            spent = int(getattr(net, "values")[: len(ids)].sum(where=after))  # noqa: B009 - Numbers
            self._put(work, before, after, ids, spent)

    def _masks(self, book: Book, work: _Work) -> Masks:
        def ask(rule: Rule) -> Int:
            statement = customers_of(Group("and", (rule,)), self.basis, work.named)
            return find_ids(self.connection, statement, timeout_s=_PATIENCE_S)

        return Masks(book, work.named, ask)

    def _put(self, work: _Work, before: Mask, after: Mask, ids: Any, net_minor: int | None) -> None:
        size = max(len(before), len(after))
        before, after = _longer(before, size), _longer(after, size)
        if work.stored.bits is not None:  # the first time nobody comes: they are there
            for entered, moved in ((True, after & ~before), (False, before & ~after)):
                who = [int(ids[ordinal]) for ordinal in np.flatnonzero(moved).tolist()]
                if who:
                    self.events.append((work.stored.id, who, entered))
        rows.put_membership(
            self.connection,
            work.stored,
            digest=work.digest,
            bits=packed(after),
            day=self.basis.today,
            at=self.now,
            data_version=self.shop.data_version,
            members=int(np.count_nonzero(after)),
            net_minor=net_minor,
        )

    def _trouble(self, stored: Stored, wrong: XsightError) -> None:
        self.troubled += 1
        field = f"rule.{wrong.field}" if isinstance(wrong, InvalidInput) else "rule"
        rows.note_trouble(self.connection, stored.id, field, str(wrong))

    def finish(self, segments: int, whole: int) -> Refreshed:
        """Write comings and goings, and what hooks are told of them."""
        rows.add_events(
            self.connection, self.tenant_id, self.events, at=self.now, day=self.basis.today
        )
        tell_hooks(self.connection, self.tenant_id, self.events, at=self.now)
        entered = sum(len(who) for _, who, came in self.events if came)
        left = sum(len(who) for _, who, came in self.events if not came)
        return Refreshed(segments, whole, entered, left, self.troubled)


def _digest(tree: Group, named: Mapping[str, Group], basis: Basis) -> str:
    told = [document(tree), {key: document(one) for key, one in named.items()}]
    text = json.dumps([told, sorted(basis.missing)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _longer(mask: Mask, size: int) -> Mask:
    return mask if len(mask) == size else np.r_[mask, np.zeros(size - len(mask), np.bool_)]
