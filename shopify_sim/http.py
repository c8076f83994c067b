"""Just enough HTTP on plain ASGI: a request, an answer."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

__all__ = ["BadRequest", "Receive", "Request", "Response", "Scope", "Send", "failure"]

Scope = dict[str, Any]
Receive = Any
Send = Any
MAX_BODY = 4 << 20


class BadRequest(ValueError):
    """The request cannot be understood."""


@dataclass
class Request:
    """A request with its body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    scheme: str = "http"

    @staticmethod
    async def read(scope: Scope, receive: Receive) -> "Request":
        """Read it all."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > MAX_BODY:
                raise BadRequest("request body too large")
            if not message.get("more_body"):
                break
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        return Request(scope["method"], scope["path"], query, headers, body, scope["scheme"])

    @property
    def origin(self) -> str:
        """Where the client found us."""
        return f"{self.scheme}://{self.headers.get('host', '127.0.0.1')}"

    def json(self) -> dict[str, Any]:
        """Body as a JSON object."""
        try:
            found = orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"not JSON: {error}") from error
        if not isinstance(found, dict):
            raise BadRequest("not a JSON object")
        return found

    def form(self) -> dict[str, Any]:
        """Body as a form or JSON, by its content type."""
        if "json" in self.headers.get("content-type", ""):
            return self.json()
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Response:
    """An answer; ``body`` may be bytes or come in pieces. ``cut``: it never ends, the connection does."""

    body: bytes | AsyncIterator[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/plain; charset=utf-8"
    cut: bool = False

    @staticmethod
    def json(
        content: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> "Response":
        """JSON."""
        kind = "application/json; charset=utf-8"
        raw = orjson.dumps(content, default=_plain)
        return Response(raw, status, dict(headers or {}), kind)

    @staticmethod
    def redirect(url: str) -> "Response":
        """302."""
        return Response(b"", 302, {"location": url})

    async def send(self, send: Send) -> None:
        """Send it."""
        headers = {"content-type": self.content_type, **self.headers}
        if isinstance(self.body, bytes):
            headers["content-length"] = str(len(self.body) + self.cut)
        raw = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        if isinstance(self.body, bytes):
            await send({"type": "http.response.body", "body": self.body, "more_body": self.cut})
            return
        async for piece in self.body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if not self.cut:
            await send({"type": "http.response.body", "body": b""})


def failure(status: int, errors: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An error outside GraphQL, in Shopify's shape."""
    return Response.json({"errors": errors}, status, headers)


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    return json.JSONEncoder().default(value)
