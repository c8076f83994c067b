"""What a page shows before any kernel is asked: the tenant's newest document, read as the server's own role."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from xsight_ui.documents import query_of, values_of

__all__ = ["Stored", "read"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A page's stored document, None before the first insights; the shop's name and domain, None before it connects.

    ``brand``: the store's own name, colour and the version of its picture; None where it chose none of them.
    """

    shop_name: str | None
    domain: str | None
    document: dict[str, Any] | None
    brand: dict[str, str | None] | None
    published: Sequence[dict[str, str]] = ()
    """Notebooks that became pages, ``id`` and ``title``: the navigation names them."""


async def read(name: str, search: str = "") -> Stored:
    """The document of a page whose address has the query `search`. Raises psycopg.Error.

    One connection for one statement: a view a second is far below what that costs.
    """
    dsn = Path(os.environ["XSIGHT_DSN_FILE"]).read_text().strip()  # noqa: ASYNC240 - 100 bytes of tmpfs
    statement = f"""
        SELECT (SELECT shop_name FROM xsight.tenant_state),
               (SELECT domain FROM xsight.tenant_state), ({query_of(name)}),
               (SELECT jsonb_build_object('name', name, 'accent', accent,
                  'logo_version', left(encode(sha256(logo), 'hex'), 12)) FROM xsight.branding),
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title) ORDER BY p.title), '[]')
                  FROM xsight.publications p WHERE p.published IS NOT NULL)"""  # noqa: S608 - our own text
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5) as connection:
        cursor = await connection.execute(statement.encode(), values_of(name, search))
        row = await cursor.fetchone()
    return Stored(*row) if row else Stored(None, None, None, None)
