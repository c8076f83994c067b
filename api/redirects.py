"""Where a browser may be sent. A target from outside is a path of ours from a short list, or it is not followed."""

import re
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.connection import ASGIConnection

__all__ = ["DEFAULT_TARGET", "here", "own_path", "see_other", "url_with"]

DEFAULT_TARGET: Final = "/app/overview"
# One leading slash, then characters that no browser rewrites: no backslash, control, space, colon-slash-slash.
_OWN: Final = re.compile(
    r"/(?:app/[a-z0-9-]+(?:/[a-z0-9-]+)*|connect|auth|auth/account|auth/oauth/authorize|hub/[\w./%-]*)(?:\?[\w.~!$&'()*+,;=:@/?%-]*)?",
    re.ASCII,
)


def own_path(target: str | None) -> str:
    """``target`` when it is one of our own places, else the Overview."""
    return target if target and _OWN.fullmatch(target) and "/.." not in target else DEFAULT_TARGET


def url_with(path: str, **query: str) -> str:
    """The path with a query."""
    return f"{path}?{urlencode(query)}" if query else path


def here(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Path and query as asked for. The framework's own ``url`` would trust the ``Host`` header, and trip over it."""
    query = connection.scope["query_string"].decode("latin-1")
    return f"{connection.scope['path']}?{query}" if query else connection.scope["path"]


def see_other(location: str, **response: Any) -> Response[None]:
    """Go there with GET, and do not remember this answer."""
    headers = {"Location": location, "Cache-Control": "no-store"}
    return Response(None, status_code=303, headers=headers, **response)
