"""The outermost layer: a request id, security headers, one log line and one measurement for every request."""

import asyncio
import time
from ipaddress import ip_address, ip_network
from typing import Any, Final
from uuid import uuid4

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from xsight_core.errors import InvalidInput, XsightError
from xsight_core.telemetry import span

__all__ = ["AccessLog", "TooSlow", "add_header", "client_address", "request_id"]

log = structlog.stdlib.get_logger("api.access")

REQUESTS: Final = Counter(
    "xsight_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
SECONDS: Final = Histogram(
    "xsight_http_request_seconds",
    "Time to the last byte.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

# `same-origin`, not `no-referrer`: with the latter browsers send `Origin: null` from our own forms.
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
HSTS: Final = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
BODY_S: Final = 30.0
"""A body that is not here by then does not come: whoever trickles it would hold a place for ever."""
QUIET: Final = ("/health", "/ready", "/assets/")
LOOPBACK: Final = ("127.0.0.1", "::1", "")


def request_id(connection: Any) -> str:
    """The id under which the log knows this request."""
    return str(connection.scope.get("request_id", ""))


def add_header(scope: Any, name: str, value: str) -> None:
    """A header for the answer, whatever the answer will be: also for errors and websockets."""
    scope.setdefault("answer_headers", []).append((name, value))


def client_address(scope: Any) -> str:
    """Who is asking, as :class:`AccessLog` found out; empty for one of our own processes."""
    return str(scope.get("client_address", ""))


class TooSlow(XsightError):
    """A body that trickles."""

    code = "request_timeout"


class Hops:
    """Which proxies are believed: our own, on loopback, and those the operator lists.

    A proxy appends the address of its peer to ``X-Forwarded-For``. It is read from the end, as long as the one who
    wrote it is believed; whatever stands before that came from the client.
    """

    def __init__(self, trusted_proxies: str) -> None:
        try:
            self._trusted = [
                ip_network(part.strip()) for part in trusted_proxies.split(",") if part
            ]
        except ValueError as error:
            raise InvalidInput(
                "XSIGHT_TRUSTED_PROXIES", f"Write networks like 10.0.0.0/8,192.0.2.1: {error}."
            ) from None

    def client(self, scope: Any) -> str:
        """The first address from the end that is no proxy's. Empty: a process of ours that came without a proxy."""
        peer = (scope.get("client") or ("", 0))[0]
        if peer not in LOOPBACK and not self._believes(peer):
            return peer
        lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = [hop.strip() for hop in b",".join(lines).decode("latin-1").split(",") if hop.strip()]
        while len(hops) > 1 and self._believes(hops[-1]):
            hops.pop()
        if hops:
            return hops[-1]
        return "" if peer in LOOPBACK else peer

    def _believes(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


class BodyInTime:
    """``receive`` of a request whose body has to come within ``BODY_S``; else ``TooSlow``."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._due: float | None = time.monotonic() + BODY_S

    async def __call__(self) -> Any:
        """The next message."""
        if self._due is None:
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._due - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow("The body did not come in time; send it again in one go.") from None
        if message["type"] != "http.request" or not message.get("more_body"):
            self._due = None
        return message


def _name(traced: Any, scope: Any, status: int) -> None:
    """By the route, which is known at the end; the address itself is left out."""
    if traced is not None:
        traced.update_name(f"{scope.get('method', 'WEBSOCKET')} {scope.get('path_template')}")
        traced.set_attribute("http.response.status_code", status)


def _brings_body(scope: Any) -> bool:
    return scope["type"] == "http" and scope["method"] not in {"GET", "HEAD", "OPTIONS"}


class AccessLog:
    """ASGI middleware around the whole application, so that addresses which do not exist are logged too."""

    def __init__(self, app: ASGIApp, *, secure: bool, trusted_proxies: str = "") -> None:
        self._app = app
        self._hops = Hops(trusted_proxies)
        headers = HEADERS | HSTS if secure else HEADERS
        self._headers = [(key.lower().encode(), value.encode()) for key, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or socket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        name = uuid4().hex
        scope["request_id"] = name  # type: ignore[typeddict-unknown-key]
        scope["client_address"] = self._hops.client(scope)  # type: ignore[typeddict-unknown-key]
        status = 0
        start = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.accept"}:
                status = int(message.get("status", 101))
                self._add_headers(message, name, scope)
            await send(message)

        receiving = BodyInTime(receive) if _brings_body(scope) else receive
        with (
            structlog.contextvars.bound_contextvars(request_id=name),
            span("request", request_id=name) as traced,
        ):
            try:
                await self._app(scope, receiving, send_with_headers)
            finally:
                self._record(scope, status, time.perf_counter() - start)
                _name(traced, scope, status)

    def _add_headers(self, message: Any, name: str, scope: Any) -> None:
        """Ours, unless the handler has said something else."""
        said: list[tuple[bytes, bytes]] = [
            *message.get("headers", ()),
            (b"x-request-id", name.encode()),
            *(
                (key.lower().encode(), value.encode("latin-1"))
                for key, value in scope.get("answer_headers", ())
            ),
        ]
        names = {header.lower() for header, _ in said}
        message["headers"] = [*said, *(one for one in self._headers if one[0] not in names)]

    def _record(self, scope: Any, status: int, duration_s: float) -> None:
        """The query is left out: codes, states and signatures travel in it."""
        method = scope.get("method", "WEBSOCKET")
        route = scope.get("path_template") or "unknown"
        REQUESTS.labels(method, route, status).inc()
        SECONDS.labels(route).observe(duration_s)
        if scope["path"].startswith(QUIET) and status < 400:  # noqa: PLR2004 - the first error
            return
        user = scope.get("user")
        log.info(
            "request",
            method=method,
            path=scope["path"],
            status=status,
            duration_ms=round(duration_s * 1000, 1),
            client=client_address(scope) or "-",
            user_id=str(user.user_id) if user else None,
            tenant_id=str(user.tenant_id) if user and user.tenant_id else None,
        )
