"""``POST /webhooks/…``: signature, shop, inbox, 200. It names no topic and reads no payload.

A webhook is acknowledged once its row is committed. The worker hears of it later, outside of the answer's path.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog
from litestar import MediaType, Request, Response, post
from litestar.params import FromPath

from api.errors import BadSignature
from api.resources import Wired
from api.rights import Right
from xsight_core.db.intake import Webhook
from xsight_core.errors import InvalidInput
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.signature import webhook_signature_is_valid

__all__ = ["handlers"]

LARGEST_BODY: Final = 5_000_000
LONGEST_HEADER: Final = 200

log = structlog.stdlib.get_logger("api.webhooks")


@post(
    "/webhooks/{topic:path}",
    status_code=200,
    opt={"right": Right.PUBLIC, "machine": True},
    request_max_body_size=LARGEST_BODY,
    tags=["Webhooks"],
)
async def receive_webhook(
    request: Request[Any, Any, Any], resources: Wired, topic: FromPath[Path]
) -> Response[bytes]:
    """Store what Shopify signed; the path's topic is only an address, the header names it."""
    body = await request.body()
    if not webhook_signature_is_valid(
        body, _header(request, "Hmac-Sha256"), resources.settings.shopify_secrets
    ):
        raise BadSignature("The signature does not belong to this body.")
    shop = parse_shop_domain(_header(request, "Shop-Domain"))
    webhook = Webhook(
        shop=shop,
        webhook_id=_header(request, "Webhook-Id") or hashlib.sha256(body).hexdigest(),
        topic=_header(request, "Topic") or topic.as_posix().strip("/"),
        event_id=_header(request, "Event-Id") or None,
        triggered_at=_time(_header(request, "Triggered-At")),
        body=body,
    )
    tenant_id = await resources.inbox.store(webhook)
    if tenant_id is None:
        # Shopify did sign it, and sending it again would not make us know the shop.
        log.info("webhook.unknown_shop", shop=shop, topic=webhook.topic)
        return Response(b"", media_type=MediaType.TEXT)
    resources.announcer.announce(tenant_id)
    return Response(b"", media_type=MediaType.TEXT)


def _header(request: Request[Any, Any, Any], name: str) -> str:
    """Both spellings: newer deliveries drop the ``X-``."""
    value = request.headers.get(f"x-shopify-{name}") or request.headers.get(f"shopify-{name}") or ""
    if len(value) > LONGEST_HEADER or not value.isprintable():
        raise InvalidInput(f"X-Shopify-{name}", "The header is not one that Shopify sends.")
    return value


def _time(text: str) -> datetime | None:
    """Only told, never relied upon: a time that makes no sense is none."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


handlers = [receive_webhook]
