"""``POST /webhooks/…``: signature, shop, inbox, 200. It names no topic and reads no payload.

A webhook is acknowledged once its row is committed. The worker hears of it later, outside of the answer's path.

This is an ASGI application around the others: a flash sale brings thousands of deliveries a second, and routing,
guards, a log line and the headers that browsers want would cost several times what storing one does
(``docs/benchmarks.md``). Deliveries that are refused are answered and logged as everywhere else.
"""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import msgspec
import structlog
from litestar.types import ASGIApp, Receive, Scope, Send

from api.access import REQUESTS, SECONDS
from api.announcer import Announcer
from api.errors import BadSignature, TooLarge, problem, problem_headers
from api.inbox import InboxWriter
from xsight_core.db.intake import Webhook
from xsight_core.errors import InvalidInput
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.signature import webhook_signature_is_valid

__all__ = ["WebhookDoor"]

PREFIX: Final = "/webhooks/"
ROUTE: Final = "/webhooks"
LARGEST_BODY: Final = 5_000_000
LONGEST_HEADER: Final = 200
OK_HEADERS: Final = [(b"content-length", b"0")]

log = structlog.stdlib.get_logger("api.webhooks")


class WebhookDoor:
    """Takes Shopify's deliveries and hands everything else on."""

    def __init__(
        self, app: ASGIApp, *, secrets: tuple[str, ...], inbox: InboxWriter, announcer: Announcer
    ) -> None:
        self._app = app
        self._secrets, self._inbox, self._announcer = secrets, inbox, announcer
        self._seconds = SECONDS.labels(ROUTE)
        self._acknowledged = REQUESTS.labels("POST", ROUTE, 200)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or socket."""
        if (
            scope["type"] != "http"
            or scope["method"] != "POST"
            or not scope["path"].startswith(PREFIX)
        ):
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        try:
            await self._take(scope, receive)
        except Exception as error:  # noqa: BLE001 - whatever it is, Shopify gets an answer
            await _refuse(error, scope, send)
        else:
            await _answer(send, 200, OK_HEADERS, b"")
            self._acknowledged.inc()
        self._seconds.observe(time.perf_counter() - start)

    async def _take(self, scope: Any, receive: Receive) -> None:
        """Store what Shopify signed; the path's topic is only an address, the header names it."""
        headers = {name: value for name, value in scope["headers"] if b"shopify-" in name}
        body = await _read(receive)
        if not webhook_signature_is_valid(body, _header(headers, "hmac-sha256"), self._secrets):
            raise BadSignature("The signature does not belong to this body.")
        shop = parse_shop_domain(_header(headers, "shop-domain"))
        webhook = Webhook(
            shop=shop,
            webhook_id=_header(headers, "webhook-id") or hashlib.sha256(body).hexdigest(),
            topic=_header(headers, "topic") or scope["path"].removeprefix(PREFIX)[:LONGEST_HEADER],
            event_id=_header(headers, "event-id") or None,
            triggered_at=_time(_header(headers, "triggered-at")),
            body=body,
        )
        tenant_id = await self._inbox.store(webhook)
        if tenant_id is None:
            # Shopify did sign it, and sending it again would not make us know the shop.
            log.info("webhook.unknown_shop", shop=shop, topic=webhook.topic)
        else:
            self._announcer.announce(tenant_id)


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidInput("body", "The delivery broke off.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise TooLarge(f"A delivery has at most {LARGEST_BODY} bytes.")
        if not message.get("more_body"):
            return b"".join(parts)


def _header(headers: Mapping[bytes, bytes], name: str) -> str:
    """Both spellings: newer deliveries drop the ``X-``."""
    sent = headers.get(b"x-shopify-" + name.encode()) or headers.get(b"shopify-" + name.encode())
    value = (sent or b"").decode("latin-1")
    if len(value) > LONGEST_HEADER or not value.isprintable():
        raise InvalidInput(f"X-Shopify-{name.title()}", "The header is not one that Shopify sends.")
    return value


def _time(text: str) -> datetime | None:
    """Only told, never relied upon: a time that makes no sense is none."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


async def _refuse(error: Exception, scope: Any, send: Send) -> None:
    """A problem document; what is our own fault is logged whole, and Shopify sends it again."""
    document: dict[str, Any] = problem(error) | {"request_id": uuid4().hex}
    status: int = document["status"]
    event = {"path": scope["path"], "status": status, "request_id": document["request_id"]}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("webhook.failed", problem=document["code"], exc_info=error, **event)
    else:
        log.warning("webhook.refused", problem=document["code"], **event)
    body = msgspec.json.encode(document)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", document["request_id"].encode()),
        *(
            (name.lower().encode(), value.encode())
            for name, value in problem_headers(error).items()
        ),
    ]
    await _answer(send, status, headers, body)
    REQUESTS.labels("POST", ROUTE, status).inc()


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
