"""``/ws/sync``: the progress of a store's syncs, as states. Every message can be lost; the next one heals it."""

import asyncio
from contextlib import suppress
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
import structlog
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from api.origin import is_own_origin
from api.resources import Resources, Wired
from api.rights import Right
from api.rooms import Mailbox
from xsight_core.errors import XsightError
from xsight_core.services import accounts, sync
from xsight_core.services.accounts import Identity

__all__ = ["handlers"]

RECHECK_S: Final = 5.0
STUCK_S: Final = 30.0
"""A client that takes nothing for so long is let go; it comes back to the state as it is then."""
LARGEST_MESSAGE: Final = 4096
# RFC 6455: 1001 going away, 1008 policy violation; 4401 is ours: log in again.
GOING_AWAY, FOREIGN, LOGGED_OUT = 1001, 1008, 4401

log = structlog.stdlib.get_logger("api.sync_socket")

_LEFT: Final = (WebSocketDisconnect, TimeoutError)

Socket = WebSocket[Identity, Any, Any]


class Ask(msgspec.Struct):
    """What a browser may say."""

    type: Literal["sync:subscribe", "sync:unsubscribe", "sync:status"]
    run: UUID


@websocket("/ws/sync", opt={"right": Right.READ})
async def sync_socket(socket: Socket, resources: Wired) -> None:
    """Follow the store one looks at until either side leaves or the log-in ends."""
    if not is_own_origin(socket.headers.get("origin"), resources.settings.public_url):
        await socket.close(FOREIGN, "origin")
        return
    await socket.accept()
    tenant_id = socket.user.tenant_id
    assert tenant_id is not None  # noqa: S101 - the right of the route has made sure
    async with resources.rooms.join(tenant_id) as mailbox:
        runs = await sync.active_runs(resources.tenancy, tenant_id)
        mailbox.put({"type": "sync:active", "run": None, "runs": runs})
        tasks = [
            asyncio.create_task(part)
            for part in (
                _send(socket, mailbox),
                _receive(socket, resources, mailbox),
                _watch(socket, resources),
            )
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(outcome, _LEFT):
                    log.warning("socket.failed", exc_info=outcome)


async def _send(socket: Socket, mailbox: Mailbox) -> None:
    """Send what is newest; a full line holds this up, and older states are dropped meanwhile."""
    async for message in mailbox:
        async with asyncio.timeout(STUCK_S):
            await socket.send_data(msgspec.json.encode(message), mode="text")
    await socket.close(GOING_AWAY, "restart")


async def _receive(socket: Socket, resources: Resources, mailbox: Mailbox) -> None:
    """Answer questions. Reading on is also how a client that left is noticed."""
    while True:
        text = await socket.receive_data(mode="text")
        try:
            if len(text) > LARGEST_MESSAGE:
                raise msgspec.ValidationError("The message is too long.")
            mailbox.put(await _answer(socket, resources, msgspec.json.decode(text, type=Ask)))
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            message = "Send {type: sync:subscribe | sync:unsubscribe | sync:status, run: UUID}."
            mailbox.put(_error(None, "invalid_input", message))


async def _answer(socket: Socket, resources: Resources, ask: Ask) -> dict[str, Any]:
    """The state of a run. All runs of a store are sent anyway, so subscribing means: tell me where it stands."""
    tenant_id = socket.user.tenant_id
    assert tenant_id is not None  # noqa: S101 - see sync_socket
    if ask.type == "sync:unsubscribe":
        return {"type": "sync:unsubscribed", "run": str(ask.run)}
    try:
        state = await sync.run_state(resources.tenancy, tenant_id, ask.run)
    except XsightError as error:
        return _error(ask.run, error.code, str(error))
    return sync.run_message(state)


async def _watch(socket: Socket, resources: Resources) -> None:
    """End with the log-in: a log-out elsewhere, a lost membership, another current store."""
    started = socket.user
    while True:
        await asyncio.sleep(RECHECK_S)
        now = await accounts.identify_session(resources.tenancy, started.session_id)
        if now is None or now.tenant_id != started.tenant_id:
            with suppress(WebSocketDisconnect):
                await socket.close(LOGGED_OUT, "log in again")
            return


def _error(run: UUID | None, code: str, message: str) -> dict[str, Any]:
    return {
        "type": "sync:error",
        "run": str(run) if run else None,
        "error": {"code": code, "message": message},
    }


handlers = [sync_socket]
