"""Outgoing webhooks: ``segment.entered`` and ``segment.left``, signed, tried again, and put aside when it is no use.

An address is looked up before each delivery, and the connection goes to the very address that was checked: a name
that comes to point into our own network is refused then. A receiver checks ``X-XSight-Signature: t=…,v1=…``:
HMAC-SHA256 of ``t``, a dot and the body, with the secret that was shown once. Messages may come twice
(``X-XSight-Delivery`` tells), and a later one before an earlier one.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

import httpx
import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.crypto import Keyring, new_secret
from xsight_core.db import hooks as rows
from xsight_core.errors import Conflict, InvalidInput, NotFound
from xsight_core.services.audit import Actor, record
from xsight_core.services.jobs import retry_delay
from xsight_core.tenancy import Tenancy

__all__ = [
    "HookView",
    "MessageView",
    "NewHook",
    "add_hook",
    "deliver_hooks",
    "list_hooks",
    "list_messages",
    "remove_hook",
    "retry_dead",
    "sign",
]

PURPOSE: Final = "segment hook"
_MOST_HOOKS: Final = 10
_TRIES: Final = 10
_AT_ONCE: Final = 50
_TIMEOUT: Final = httpx.Timeout(10.0)
_LONGEST_URL: Final = 2000
_PORTS: Final = {"https": 443, "http": 80}

log = structlog.get_logger()


class HookView(msgspec.Struct, frozen=True):
    """An address that is told, and how many messages wait for it or were given up."""

    id: UUID
    url: str
    created_at: datetime
    waiting: int = 0
    dead: int = 0


class NewHook(msgspec.Struct, frozen=True):
    """A hook just made; ``secret`` is shown now and never again."""

    hook: HookView
    secret: str


class MessageView(msgspec.Struct, frozen=True):
    """A message; ``state`` is waiting, delivered or dead."""

    id: int
    event: str
    segment_id: UUID
    state: str
    attempts: int
    due_at: datetime
    error: str | None
    created_at: datetime


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def add_hook(
    tenancy: Tenancy,
    keyring: Keyring,
    tenant_id: UUID,
    actor: Actor,
    *,
    url: str,
    by: UUID | None,
    private: bool = False,
) -> NewHook:
    """Tell an address from now on. ``private``: it may be one of our own network."""
    parts = _parse(url, private=private)
    try:
        await _addresses(parts, private=private)
    except _Refused as no:
        raise InvalidInput("url", no.reason) from no
    secret = new_secret()
    async with tenancy.scope(tenant_id) as session:
        if len(await rows.list_hooks(session)) >= _MOST_HOOKS:
            raise Conflict(f"A store has at most {_MOST_HOOKS} hooks; remove one first.")
        sealed = keyring.seal(secret, tenant_id=tenant_id, purpose=PURPOSE)
        row = await rows.add_hook(
            session, tenant_id=tenant_id, url=url, secret_sealed=sealed, created_by=by
        )
        host = parts.hostname
        await record(
            session, tenant_id, actor, "hook.created", object=str(row["id"]), details={"host": host}
        )
    return NewHook(HookView(**row), secret)


async def list_hooks(tenancy: Tenancy, tenant_id: UUID) -> list[HookView]:
    """All of them."""
    async with tenancy.scope(tenant_id) as session:
        return [HookView(**row) for row in await rows.list_hooks(session)]


async def remove_hook(tenancy: Tenancy, tenant_id: UUID, actor: Actor, hook_id: UUID) -> None:
    """Tell it nothing more."""
    async with tenancy.scope(tenant_id) as session:
        if not await rows.remove_hook(session, hook_id):
            raise NotFound("There is no such hook.")
        await record(session, tenant_id, actor, "hook.removed", object=str(hook_id))


async def list_messages(
    tenancy: Tenancy, tenant_id: UUID, hook_id: UUID, *, limit: int
) -> list[MessageView]:
    """Its newest messages."""
    async with tenancy.scope(tenant_id) as session:
        await _check_hook(session, hook_id)
        return [MessageView(**row) for row in await rows.list_deliveries(session, hook_id, limit)]


async def retry_dead(tenancy: Tenancy, tenant_id: UUID, actor: Actor, hook_id: UUID) -> int:
    """Try what was given up once more; how many messages that is."""
    async with tenancy.scope(tenant_id) as session:
        await _check_hook(session, hook_id)
        count = await rows.revive(session, hook_id)
        await rows.promise_rest(session)
        await record(
            session,
            tenant_id,
            actor,
            "hook.retried",
            object=str(hook_id),
            details={"messages": count},
        )
    return count


async def _check_hook(session: AsyncSession, hook_id: UUID) -> None:
    if all(row["id"] != hook_id for row in await rows.list_hooks(session)):
        raise NotFound("There is no such hook.")


async def deliver_hooks(
    tenancy: Tenancy,
    keyring: Keyring,
    http: httpx.AsyncClient,
    tenant_id: UUID,
    *,
    private: bool = False,
) -> int:
    """Send what is due; how many messages were taken. What fails is due again later, at most ten times."""
    taken = 0
    while True:
        async with tenancy.scope(tenant_id) as session:
            due = await rows.due_deliveries(session, _AT_ONCE)
        for message in due:
            secret = keyring.open(message["secret_sealed"], tenant_id=tenant_id, purpose=PURPOSE)
            error = await _send(
                http, message["url"], message["id"], message["body"], secret, private
            )
            tries = message["attempts"] + 1
            state = "delivered" if error is None else "dead" if tries >= _TRIES else "waiting"
            if error is not None:
                log.warning("hook.failed", delivery=message["id"], attempt=tries, error=error)
            async with tenancy.scope(tenant_id) as session:
                delay = retry_delay(tries)
                await rows.note_delivery(
                    session, message["id"], state=state, error=error, delay=delay
                )
        taken += len(due)
        if len(due) < _AT_ONCE:
            break
    async with tenancy.scope(tenant_id) as session:
        await rows.promise_rest(session)
    return taken


def sign(secret: str, at: int, body: bytes) -> str:
    """The value of ``X-XSight-Signature``."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


async def _send(
    http: httpx.AsyncClient,
    url: str,
    delivery: int,
    body: Any,
    secret: str,
    private: bool,  # noqa: FBT001
) -> str | None:
    """None when it was taken, else why not."""
    content = json.dumps(body, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "XSight-Webhooks/1",
        "X-XSight-Event": body["type"],
        "X-XSight-Delivery": str(delivery),
        "X-XSight-Signature": sign(secret, int(datetime.now(UTC).timestamp()), content),
    }
    try:
        parts = _parse(url, private=private)
        address = (await _addresses(parts, private=private))[0]
        host = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{host}:{parts.port or _PORTS[parts.scheme]}").geturl()
        async with http.stream(
            "POST",
            target,
            content=content,
            headers=headers | {"Host": parts.netloc},
            timeout=_TIMEOUT,
            follow_redirects=False,
            extensions={"sni_hostname": parts.hostname},
        ) as answer:
            return None if answer.is_success else f"It answered {answer.status_code}."
    except _Refused as no:
        return no.reason
    except InvalidInput as no:
        return str(no)
    except httpx.HTTPError as error:
        return f"It cannot be reached: {type(error).__name__}."


def _parse(url: str, *, private: bool) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput("url", "This is not an address.") from error
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or len(url) > _LONGEST_URL:
        raise InvalidInput("url", "Give an address that begins with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidInput("url", "An address here has no user, password or #fragment.")
    if not url.isascii() or any(c.isspace() or not c.isprintable() for c in url) or port == 0:
        raise InvalidInput("url", "The address holds characters that none can hold.")
    return parts


async def _addresses(parts: SplitResult, *, private: bool) -> Sequence[str]:
    """Where the name points to now; refused when any of it is not in the public network."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            parts.hostname, parts.port or _PORTS[parts.scheme], type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise _Refused("Its name cannot be found.") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not private and not all(_public(one) for one in addresses):
        raise _Refused("It does not point into the public network.")
    return addresses


def _public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None or ip in _NAT64:
            return False  # an address within an address: nobody needs that here
    return ip.is_global and not ip.is_multicast


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
