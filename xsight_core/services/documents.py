"""Reading what was computed: a page's document, or parts of it, with the key that caches may use."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from xsight_core.db import documents as rows
from xsight_core.db.documents import DocumentKey
from xsight_core.errors import NotFound
from xsight_core.tenancy import Tenancy

__all__ = ["DocumentKey", "document_key", "document_parts"]

_NOTHING_YET = "Nothing has been computed for this store yet; connect it and sync it first."


async def document_key(tenancy: Tenancy, tenant_id: UUID, name: str) -> DocumentKey:
    """The run and data version of a document, or ``NotFound``: cheap, for conditional requests."""
    async with tenancy.scope(tenant_id) as session:
        key = await rows.find_key(session, name)
    if key is None:
        raise NotFound(_NOTHING_YET)
    return key


async def document_parts(
    tenancy: Tenancy, tenant_id: UUID, name: str, parts: Sequence[str]
) -> tuple[DocumentKey, dict[str, Any]]:
    """Parts of a document and their key, or ``NotFound``."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_parts(session, name, parts)
    if found is None:
        raise NotFound(_NOTHING_YET)
    return found
