"""A store's ledger as rules read it, opened once for its rows, scores and day, and kept open."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.db import segments as rows
from xsight_core.errors import Forbidden, NotFound
from xsight_core.ledger import Ledger, ShopState, ledger_folder, load_ledger
from xsight_core.ledger.customers import load_customers
from xsight_core.ledger.scores import load_scores
from xsight_core.ledger.shop import need_shop, read_shop
from xsight_core.segments import Basis, Group, Rule, customers_of, read_rule
from xsight_core.segments.book import Book
from xsight_core.segments.facts import load_facts
from xsight_core.segments.finding import asks_personal_data, find_ids
from xsight_core.segments.masks import Masks
from xsight_core.segments.reading import InvalidRule
from xsight_core.segments.references import gather
from xsight_core.services.look import Ledgers, Viewpoint
from xsight_core.tenancy import Tenancy

__all__ = ["Asked", "Books", "open_book", "prepare_book", "reader"]

_OPEN_AT_ONCE: Final = 16
_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class Asked:
    """A question's rules with those that they name, and what they are asked of."""

    masks: Masks
    segments: Mapping[str, Group]
    data_version: int
    names: Mapping[str, str]

    @property
    def book(self) -> Book:
        """The store."""
        return self.masks.book


def open_book(
    tenancy: Tenancy,
    home: Path,
    tenant_id: UUID,
    ledger: Ledger,
    shop: ShopState,
    basis: Basis,
    *,
    keep: bool = True,
) -> Book:
    """A new book. The database is only asked for what no file holds yet.

    Facts of orders are worked out all at once and kept, or (not ``keep``) each when it is asked for.
    """
    folder = ledger_folder(home, tenant_id).path
    with tenancy.connection(tenant_id) as connection:
        people = load_customers(folder, connection, ledger.data_version)
        scores = (
            load_scores(folder, connection, shop.insight_run)
            if shop.insight_run is not None
            else None
        )

    def facts(size: int) -> Any:
        return load_facts(folder, ledger.orders, size, basis.today, ledger.data_version)

    return Book(ledger.orders, people, scores, basis, _nobody, facts if keep else None)


def prepare_book(tenancy: Tenancy, tenant_id: UUID, home: Path) -> None:
    """Have all that rules read kept in files, so that whoever asks next does not wait for it."""
    with tenancy.connection(tenant_id) as connection:
        shop = read_shop(connection)
        basis = Basis(shop.day(datetime.now(UTC)), shop.timezone, shop.currency_exponent)
        ledger = load_ledger(tenancy, home, tenant_id, connection, shop)
    _ = open_book(tenancy, home, tenant_id, ledger, shop, basis).facts


class Books:
    """The books this process has open, the least used one let go first."""

    def __init__(self, tenancy: Tenancy, home: Path) -> None:
        self._tenancy, self._home = tenancy, home
        self._open: OrderedDict[UUID, tuple[object, Book]] = OrderedDict()
        self._lock = threading.Lock()
        self._opening: dict[UUID, threading.Lock] = {}

    async def ask(
        self,
        ledgers: Ledgers,
        tenant_id: UUID,
        trees: list[Group],
        question: Callable[[Asked], _T],
        *,
        personal: bool,
    ) -> _T:
        """The answer to a question about rules, worked out in a thread.

        ``personal``: whoever asks may see what names a person; otherwise a rule that asks it is refused.
        """
        async with self._tenancy.scope(tenant_id) as session:
            shop, missing = await need_shop(session), await rows.read_missing(session)
            saved = (
                {str(s.id): s for s in await rows.list_segments(session)} if _name(trees) else {}
            )
        if shop.data_version == 0:
            raise NotFound(
                "Nothing has been synced for this store yet; connect it and sync it first."
            )
        find = reader({key: one.rule for key, one in saved.items()})
        segments: dict[str, Group] = {}
        for tree in trees:
            segments |= gather(tree, find)
        if not personal and any(asks_personal_data(tree, segments) for tree in trees):
            raise Forbidden("This rule asks what names a person; you may not see that here.")
        basis = Basis(shop.day(datetime.now(UTC)), shop.timezone, shop.currency_exponent, missing)
        view = Viewpoint(shop, None, basis.today, {})
        names = {key: one.name for key, one in saved.items()}

        def answer(look: Any) -> Any:
            book = self._book(tenant_id, look.ledger, shop, basis)
            with ExitStack() as stack:
                ask = self._asking(tenant_id, stack, basis, segments)
                masks = Masks(book, segments, ask)
                return question(Asked(masks, segments, look.ledger.data_version, names))

        return await ledgers.ask(tenant_id, view, answer)  # pyright: ignore[reportReturnType]

    def _asking(
        self, tenant_id: UUID, stack: ExitStack, basis: Basis, segments: Mapping[str, Group]
    ) -> Callable[[Rule], Int]:
        """One connection for all that a question asks of the database, opened when it first does."""
        opened: list[Any] = []

        def ask(rule: Rule) -> Int:
            if not opened:
                opened.append(stack.enter_context(self._tenancy.connection(tenant_id)))
            return find_ids(opened[0], customers_of(Group("and", (rule,)), basis, segments))

        return ask

    def _book(self, tenant_id: UUID, ledger: Ledger, shop: ShopState, basis: Basis) -> Book:
        key = (ledger.data_version, shop.insight_run, basis)
        with self._lock:
            opening = self._opening.setdefault(tenant_id, threading.Lock())
        with opening:  # one opens it, the others wait
            with self._lock:
                known = self._open.get(tenant_id)
            if known is not None and known[0] == key:
                return known[1]
            book = open_book(self._tenancy, self._home, tenant_id, ledger, shop, basis)
            with self._lock:
                self._open[tenant_id] = (key, book)
                self._open.move_to_end(tenant_id)
                while len(self._open) > _OPEN_AT_ONCE:
                    gone, _ = self._open.popitem(last=False)
                    self._opening.pop(gone, None)
        return book


def reader(rules: Mapping[str, Any]) -> Callable[[str], Group | None]:
    """Finds a saved segment's rule by id; one that cannot be read raises ``InvalidRule``."""
    return partial(_find, rules, {})


def _find(rules: Mapping[str, Any], known: dict[str, Group], segment: str) -> Group | None:
    if segment not in rules:
        return None
    if segment not in known:
        known[segment] = read_rule(rules[segment])
    return known[segment]


def _name(trees: list[Group]) -> bool:
    """Whether they name any segment."""
    try:
        for tree in trees:
            gather(tree, lambda _: None)
    except InvalidRule:
        return True
    return False


def _nobody(_: Rule) -> Int:
    return np.zeros(0, np.int64)
