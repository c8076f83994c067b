"""Who a rule finds, while it is being written: counted on the mapped ledger, with the statement that defines it."""

import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np
import psycopg

from xsight_core.analytics import day_of
from xsight_core.db.segments import find_ids, missing_data, saved_rules
from xsight_core.errors import Forbidden
from xsight_core.ledger import ledger_folder
from xsight_core.ledger.customers import load_customers
from xsight_core.ledger.scores import load_scores
from xsight_core.segments import Basis, Group, Rule, customers_of, document, read_rule, shown
from xsight_core.segments.book import Book
from xsight_core.segments.columns import Numbers
from xsight_core.segments.finding import asks_personal_data
from xsight_core.segments.masks import Masks
from xsight_core.segments.references import gather
from xsight_core.services.look import Ledgers, Look
from xsight_core.tenancy import Tenancy

__all__ = ["Previews", "SegmentPreview", "Step"]

_OPEN_AT_ONCE: Final = 16
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
    sql: str
    parameters: dict[str, Any]
    as_of: str
    data_version: int
    milliseconds: float


class Previews:
    """The books this process has open: one a store, made anew with its rows, its scores and its day."""

    def __init__(self, tenancy: Tenancy, home: Path) -> None:
        self._tenancy, self._home = tenancy, home
        self._open: OrderedDict[UUID, tuple[object, Book]] = OrderedDict()
        self._lock = threading.Lock()

    async def preview(
        self, ledgers: Ledgers, tenant_id: UUID, rule: object, *, personal: bool
    ) -> dict[str, Any]:
        """What a rule finds now. ``personal``: whoever asks may see what names a person."""
        tree = read_rule(rule)
        view = await ledgers.viewpoint(tenant_id)
        return await ledgers.ask(
            tenant_id, view, lambda look: self._work_out(tenant_id, look, tree, personal=personal)
        )

    def _work_out(
        self, tenant_id: UUID, look: Look, tree: Group, *, personal: bool
    ) -> dict[str, Any]:
        with self._tenancy.connection(tenant_id) as connection:
            rules = saved_rules(connection)

            def find(segment: str) -> Group | None:
                return read_rule(rules[segment]) if segment in rules else None

            segments = gather(tree, find)
            if not personal and asks_personal_data(tree, segments):
                raise Forbidden("This rule asks what names a person; you may not see that here.")
            book = self._book(tenant_id, connection, look)
            book.ask = lambda rule: find_ids(
                connection, customers_of(Group("and", (rule,)), book.basis, segments)
            )
            started = time.perf_counter()
            found = _found(tree, Masks(book, segments))
            statement = shown(customers_of(tree, book.basis, segments))
        return msgspec.to_builtins(
            SegmentPreview(
                **found,
                rule=document(tree),
                sql=statement.text,
                parameters={name: _plain(value) for name, value in statement.parameters.items()},
                as_of=day_of(book.basis.today).isoformat(),
                data_version=look.ledger.data_version,
                milliseconds=round((time.perf_counter() - started) * 1e3, 2),
            )
        )

    def _book(
        self, tenant_id: UUID, connection: psycopg.Connection[tuple[Any, ...]], look: Look
    ) -> Book:
        shop = look.view.shop
        today = shop.day(datetime.now(UTC))
        missing = missing_data(connection)
        key = (look.ledger.data_version, shop.insight_run, today, missing)
        with self._lock:
            known = self._open.get(tenant_id)
        if known is not None and known[0] == key:
            return known[1]
        folder = ledger_folder(self._home, tenant_id).path
        scores = shop.insight_run and load_scores(folder, connection, shop.insight_run)
        book = Book(
            look.ledger.orders,
            load_customers(folder, connection, look.ledger.data_version),
            scores,
            Basis(today, shop.timezone, shop.currency_exponent, missing),
            _nobody,
        )
        with self._lock:
            self._open[tenant_id] = (key, book)
            self._open.move_to_end(tenant_id)
            while len(self._open) > _OPEN_AT_ONCE:
                self._open.popitem(last=False)
        return book


def _nobody(_: Rule) -> np.ndarray[Any, Any]:
    return np.zeros(0, np.int64)


def _found(tree: Group, masks: Masks) -> dict[str, Any]:
    book = masks.book
    net = book.column("net")
    assert isinstance(net, Numbers)  # noqa: S101 - the registry's own field
    found, steps = book.living, list[Step]()
    for rule in tree.rules:
        one = masks.mask(rule, book) & book.living
        found = found & one if tree.combinator == "and" else one
        steps.append(Step(rule.path, int(np.count_nonzero(found))))
    members = masks.customers(tree)
    count, of = int(np.count_nonzero(members)), int(np.count_nonzero(book.living))
    spent, total = int(net.values[members].sum()), int(net.values[book.living].sum())
    who = np.flatnonzero(members)
    if len(who) > _SAMPLE:
        who = who[np.argpartition(-net.values[who], _SAMPLE - 1)[:_SAMPLE]]
    who = who[np.argsort(-net.values[who], kind="stable")]
    return {
        "customers": count,
        "of": of,
        "share": count / of if of else None,
        "net_minor": spent,
        "net_share": spent / total if total else None,
        "funnel": steps,
        "sample": book.people.columns["id"][who].tolist(),
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
