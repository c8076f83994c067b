"""Making the file of an export. Apart from asking for one, because it needs the libraries of the formats."""

import asyncio
import threading
from pathlib import Path
from uuid import UUID, uuid4

from xsight_core.db import exports as rows
from xsight_core.errors import Conflict
from xsight_core.services.audit import Actor, record
from xsight_core.services.export_files import open_file
from xsight_core.services.exports import (
    LIFETIME,
    ExportView,
    ExportWish,
    file_of,
    form_of,
    parse_wish,
    promise_end,
    read_export,
)
from xsight_core.tenancy import Tenancy

__all__ = ["make_export"]


async def make_export(
    tenancy: Tenancy, tenant_id: UUID, export_id: UUID, home: Path
) -> ExportView | None:
    """Write the file; None when it was taken back. Started anew it begins anew."""
    async with tenancy.scope(tenant_id) as session:
        export = await rows.start_export(session, export_id)
    if export is None:
        return None
    wish = ExportWish(
        export.kind, form_of(export), list(export.columns), dict(export.filters), export.personal
    )
    path = file_of(home, tenant_id, export)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = await _in_thread(tenancy, tenant_id, export_id, wish, path)
    async with tenancy.scope(tenant_id) as session:
        size = path.stat().st_size
        until = await rows.end_export(session, export_id, lifetime=LIFETIME, rows=count, size=size)
        if until is not None:
            by = Actor("user", str(export.requested_by))
            await record(
                session, tenant_id, by, "export.made", object=str(export_id), rows_seen=count
            )
            await promise_end(session, tenant_id, export_id, until)
    if until is None:
        path.unlink(missing_ok=True)
        return None
    return await read_export(tenancy, tenant_id, export_id)


async def _in_thread(
    tenancy: Tenancy, tenant_id: UUID, export_id: UUID, wish: ExportWish, path: Path
) -> int:
    """Write in a thread; when this task is cancelled the thread stops at the next block."""
    stop = threading.Event()
    writing = asyncio.create_task(
        asyncio.to_thread(_write, tenancy, tenant_id, export_id, wish, path, stop)
    )
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(writing, return_exceptions=True)
        raise


def _write(
    tenancy: Tenancy,
    tenant_id: UUID,
    export_id: UUID,
    wish: ExportWish,
    path: Path,
    stop: threading.Event,
) -> int:
    kind, columns, filters = parse_wish(wish)
    aside = path.with_name(f"{path.stem}.{uuid4().hex}.part")
    aside.touch(mode=0o600)
    count = 0
    try:
        with (
            tenancy.connection(tenant_id) as connection,
            open_file(wish.format, aside, columns) as file,
        ):
            for block in rows.read_rows(connection, kind, columns, kind.where(filters), export_id):
                if stop.is_set():
                    raise Conflict("The export was stopped.")
                file.write(block)
                count += len(block)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return count
