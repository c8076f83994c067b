"""A bulk file into the tenant's tables: parse and stage one batch while the one before is merged."""

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import IO, Any
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

_BULK_LACKS = frozenset({"refund_lines"})  # a connection inside a list cannot be fetched in bulk

_TABLES: dict[str, tuple[type[Base], ...]] = {
    "customers": (Customer, CustomerPii),
    "orders": (Order, OrderLine, OrderPii),
    "products": (Product, Variant),
}


class Shop(msgspec.Struct, frozen=True):
    """What of a shop decides how its records become rows."""

    tenant_id: UUID
    timezone: str
    exponent: int


class Loaded(msgspec.Struct):
    """What a file has brought so far."""

    lines: int = 0
    roots: int = 0
    accepted: int = 0
    set_aside: int = 0
    late: int = 0


def load_file(
    tenancy: Tenancy,
    shop: Shop,
    family: str,
    blocks: Iterable[list[bytes]],
    *,
    run: UUID,
    expected: BulkResult,
    on_batch: Callable[[Loaded], None],
) -> Loaded:
    """Merge a bulk file, a transaction a batch. Blocking: run it in a thread.

    ``on_batch`` is called after each commit; what it raises ends the load there. Raises
    ``Unavailable`` when the file has not as many lines as Shopify wrote.
    """
    loaded = Loaded()
    with tenancy.connection(shop.tenant_id) as connection:
        take_back(connection, family, run=run)
    with ExitStack() as files, ThreadPoolExecutor(1, thread_name_prefix="merge") as merger:
        late: dict[str, IO[bytes]] = {
            table: files.enter_context(tempfile.TemporaryFile())
            for table in PARTS[family]
            if table not in _BULK_LACKS
        }
        merging: Future[None] | None = None
        for batch in batches(family, blocks, timezone=shop.timezone):
            transaction, connection = _staged(tenancy, shop, family, batch)
            with transaction:
                if merging is not None:
                    merging.result()
                    on_batch(loaded)
                ready = transaction.pop_all()
            merging = merger.submit(
                _merge, ready, connection, family, batch, shop, run, late, loaded
            )
        if merging is not None:
            merging.result()
            on_batch(loaded)
        if loaded.lines != expected.objects:
            raise Unavailable(
                f"The bulk file of {family} has {loaded.lines} lines, Shopify wrote"
                f" {expected.objects}: it is not complete and will be read again."
            )
        with tenancy.connection(shop.tenant_id) as connection:
            refresh_statistics(connection, *_TABLES[family])
        if any(spool.tell() for spool in late.values()):
            with tenancy.connection(shop.tenant_id) as connection:
                loaded.late = merge_late(connection, family, late, run=run, exponent=shop.exponent)
    return loaded


def _staged(
    tenancy: Tenancy, shop: Shop, family: str, batch: Batch
) -> tuple[ExitStack, Connection[Any]]:
    with ExitStack() as transaction:
        connection = transaction.enter_context(tenancy.connection(shop.tenant_id))
        connection.execute("SET LOCAL synchronous_commit = off")  # the run's own commit comes after
        stage(connection, family, batch.rows, clean=batch.clean)
        return transaction.pop_all(), connection


def _merge(
    transaction: ExitStack,
    connection: Connection[Any],
    family: str,
    batch: Batch,
    shop: Shop,
    run: UUID,
    late: dict[str, IO[bytes]],
    loaded: Loaded,
) -> None:
    with transaction:
        accepted = merge(
            connection,
            family,
            run=run,
            exponent=shop.exponent,
            late=late,
            keep=_BULK_LACKS,
        )
        if batch.faults:
            put_aside(connection, batch.faults, run=run)
    loaded.lines += batch.lines
    loaded.roots += batch.roots
    loaded.accepted += accepted
    loaded.set_aside += len(batch.faults)
