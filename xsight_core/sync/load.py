"""A bulk file into the tenant's tables: parse and stage one batch while the one before is merged.

A batch is a transaction, and how far the file is read is stored with it: whatever breaks off goes on
after the last batch that was committed.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from xsight_core.db.statistics import refresh_statistics
from xsight_core.db.tables import (
    Base,
    Customer,
    CustomerPii,
    Order,
    OrderLine,
    OrderPii,
    Product,
    Variant,
)
from xsight_core.errors import Unavailable
from xsight_core.shopify.bulk import BulkResult
from xsight_core.shopify.mapping import PARTS
from xsight_core.sync.bulkfile import Batch, batches
from xsight_core.sync.merge import merge, merge_late, put_aside, stage, take_back
from xsight_core.tenancy import Tenancy

__all__ = ["Loaded", "Shop", "load_file"]

_BULK_LACKS = frozenset({"refund_lines", "refund_adjustments", "refund_transactions"})
"""A connection inside a list cannot be fetched in bulk."""

_TABLES: dict[str, tuple[type[Base], ...]] = {
    "customers": (Customer, CustomerPii),
    "orders": (Order, OrderLine, OrderPii),
    "products": (Product, Variant),
}

Keep = Callable[[Connection[Any], "Loaded"], None]


class Shop(msgspec.Struct, frozen=True):
    """What of a shop decides how its records become rows."""

    tenant_id: UUID
    timezone: str
    exponent: int


class Loaded(msgspec.Struct):
    """What a file has brought so far. ``bytes``: how much of it is committed."""

    lines: int = 0
    roots: int = 0
    accepted: int = 0
    set_aside: int = 0
    late: int = 0
    bytes: int = 0


def _keep_nothing(_connection: Connection[Any], _loaded: Loaded) -> None: ...


def load_file(
    tenancy: Tenancy,
    shop: Shop,
    family: str,
    blocks: Iterable[list[bytes]],
    *,
    run: UUID,
    expected: BulkResult,
    on_batch: Callable[[Loaded], None],
    so_far: Loaded | None = None,
    keep: Keep = _keep_nothing,
) -> Loaded:
    """Merge a bulk file, a transaction a batch. Blocking: run it in a thread.

    ``so_far``: what an earlier try has committed; ``blocks`` then start behind it. ``keep`` stores
    how far it is, in the batch's own transaction. ``on_batch`` is called after each commit; what it
    raises ends the load there. Raises ``Unavailable`` when the file has not as many lines as
    Shopify wrote.
    """
    loaded = so_far or Loaded()
    if not loaded.bytes:
        with tenancy.connection(shop.tenant_id) as connection:
            take_back(connection, family, run=run)
    load = _Load(tenancy, shop, family, run, loaded, keep)
    with ThreadPoolExecutor(1, thread_name_prefix="merge") as merger:
        merging: Future[None] | None = None
        for batch in batches(family, blocks, timezone=shop.timezone):
            transaction, connection = load.staged(batch)
            with transaction:
                if merging is not None:
                    merging.result()
                    on_batch(loaded)
                ready = transaction.pop_all()
            merging = merger.submit(load.merge, ready, connection, batch)
        if merging is not None:
            merging.result()
            on_batch(loaded)
    if loaded.lines < expected.objects:
        raise Unavailable(
            f"The bulk file of {family} has {loaded.lines} lines, Shopify wrote"
            f" {expected.objects}: it is not complete and will be read again."
        )
    with tenancy.connection(shop.tenant_id) as connection:
        refresh_statistics(connection, *_TABLES[family])
    load.merge_late()
    return loaded


class _Load:
    """One file under way."""

    def __init__(
        self, tenancy: Tenancy, shop: Shop, family: str, run: UUID, loaded: Loaded, keep: Keep
    ) -> None:
        self._tenancy, self._shop, self._family, self._run = tenancy, shop, family, run
        self._loaded, self._keep = loaded, keep

    def staged(self, batch: Batch) -> tuple[ExitStack, Connection[Any]]:
        """A transaction with the batch in its temporary tables."""
        with ExitStack() as transaction:
            connection = transaction.enter_context(self._tenancy.connection(self._shop.tenant_id))
            # what a crash may lose of it is lost together with how far we are, and read again
            connection.execute("SET LOCAL synchronous_commit = off")
            stage(connection, self._family, batch.rows, clean=batch.clean, keep=_BULK_LACKS)
            batch.let_go()
            return transaction.pop_all(), connection

    def merge(self, transaction: ExitStack, connection: Connection[Any], batch: Batch) -> None:
        """Merge what is staged and commit it."""
        loaded = self._loaded
        with transaction:
            accepted = merge(
                connection,
                self._family,
                run=self._run,
                exponent=self._shop.exponent,
                parts={part: batch.staged[part] for part in PARTS[self._family]},
                keep=_BULK_LACKS,
            )
            if batch.faults:
                put_aside(connection, batch.faults, run=self._run)
            after = Loaded(
                lines=loaded.lines + batch.lines,
                roots=loaded.roots + batch.roots,
                accepted=loaded.accepted + accepted,
                set_aside=loaded.set_aside + len(batch.faults),
                bytes=loaded.bytes + batch.bytes,
            )
            self._keep(connection, after)
        for name in ("lines", "roots", "accepted", "set_aside", "bytes"):
            setattr(loaded, name, getattr(after, name))

    def merge_late(self) -> None:
        """Merge what came apart from its parents, now that all parents are in."""
        merged: int | None = 0
        while merged is not None:
            self._loaded.late += merged
            with self._tenancy.connection(self._shop.tenant_id) as connection:
                connection.execute("SET LOCAL synchronous_commit = off")
                merged = merge_late(
                    connection, self._family, run=self._run, exponent=self._shop.exponent
                )
