"""Answers that a client need not fetch twice: an ETag that changes with the numbers and not before."""

from typing import Any

from litestar import Request, Response

__all__ = ["cached_headers", "not_modified"]


def cached_headers(key: str) -> dict[str, str]:
    """For an answer that depends on ``key``, the question and the store one looks at."""
    return {"ETag": f'"{key}"', "Cache-Control": "private, no-cache", "Vary": "Cookie"}


def not_modified(request: Request[Any, Any, Any], key: str) -> Response[Any] | None:
    """304 where the client says that it has the answer already."""
    given = request.headers.get("if-none-match", "")
    if f'"{key}"' not in [tag.strip().removeprefix("W/") for tag in given.split(",")]:
        return None
    return Response(None, status_code=304, headers=cached_headers(key))
