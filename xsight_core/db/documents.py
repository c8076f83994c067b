"""Statements on documents: the numbers of a page as they were computed in one run."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Document

__all__ = ["DocumentKey", "find_key", "find_parts"]


class DocumentKey(NamedTuple):
    """What a document's content depends on."""

    insight_run: UUID
    data_version: int


async def find_key(session: AsyncSession, name: str) -> DocumentKey | None:
    """Which run the document is of."""
    query = select(Document.insight_run, Document.data_version).where(Document.name == name)
    row = (await session.execute(query)).one_or_none()
    return DocumentKey(row.insight_run, row.data_version) if row is not None else None


async def find_parts(
    session: AsyncSession, name: str, parts: Sequence[str]
) -> tuple[DocumentKey, dict[str, Any]] | None:
    """Its key and these of its parts, of one and the same run."""
    columns = [Document.body[part].label(part) for part in parts]
    query = select(Document.insight_run, Document.data_version, *columns).where(
        Document.name == name
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return DocumentKey(row.insight_run, row.data_version), dict(zip(parts, row[2:], strict=True))
