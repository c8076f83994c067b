"""Reads stored documents of the tenant that this process belongs to.

The connection is made with the server's own database role, read from a file that only this process may open; row-level
security shows that role its own tenant and nothing else. It lives for one statement.
"""

import os
from pathlib import Path
from typing import Any

import psycopg

from xsight_ui.documents import query_of, values_of

__all__ = ["read_document"]


def read_document(name: str) -> dict[str, Any] | None:
    """Body of the newest document of that name, or None before the first insights are there.

    What a page is about stands in the query of its address, which Voila hands to the kernel.
    """
    path = os.environ.get("XSIGHT_DSN_FILE")
    if not path:
        message = (
            "XSIGHT_DSN_FILE is not set: dashboards run in a server that XSight's Hub has started"
        )
        raise RuntimeError(message)
    with psycopg.connect(Path(path).read_text().strip(), connect_timeout=5) as connection:
        values = values_of(name, os.environ.get("QUERY_STRING", ""))
        row = connection.execute(query_of(name).encode(), values).fetchone()
    return row[0] if row else None
