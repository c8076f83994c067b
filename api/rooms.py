"""Progress of a tenant's syncs to every socket that watches it: one Redis subscription a process and tenant.

Messages carry state, not changes, so a slow socket needs only the newest of each kind: its mailbox keeps one message
per run and type and forgets the older one. Memory is bounded by the number of runs, not by the speed of the client.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Literal
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from xsight_core.services.sync import PROGRESS_CHANNEL

__all__ = ["Mailbox", "Rooms"]

RETRY_S: Final = 1.0
CONFIRM_S: Final = 1.0

log = structlog.stdlib.get_logger("api.rooms")

Message = dict[str, Any]


class Mailbox:
    """What one socket has not sent yet. Iterating ends when it is closed."""

    def __init__(self) -> None:
        self._unsent: dict[tuple[Any, Any], Message] = {}
        self._changed = asyncio.Event()
        self._closed = False

    def put(self, message: Message) -> None:
        """Keep the newest per run; an end of a run replaces its progress."""
        run = message.get("run")
        if message.get("type") in {"sync:completed", "sync:failed"}:
            self._unsent.pop(("sync:progress", run), None)
        self._unsent[message.get("type"), run] = message
        self._changed.set()

    def close(self) -> None:
        """No more after what is in it."""
        self._closed = True
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Messages as they come, oldest kind first."""
        while True:
            while self._unsent:
                yield self._unsent.pop(next(iter(self._unsent)))
            if self._closed:
                return
            self._changed.clear()
            await self._changed.wait()


class Room:
    """A tenant's mailboxes; ``heard`` once Redis has confirmed that its messages reach us."""

    def __init__(self) -> None:
        self.mailboxes: set[Mailbox] = set()
        self.heard = asyncio.Event()


class Rooms:
    """Every mailbox of this process, by tenant, and the one connection that fills them."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # typed in part only
        self._rooms: dict[str, Room] = {}
        self._pubsub: Any = None
        self._listener: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def join(self, tenant_id: UUID) -> AsyncGenerator[Mailbox]:
        """A mailbox that receives the tenant's messages until the block ends.

        Entered when nothing sent from now on can be missed (or Redis is silent and nothing will come): read the
        state after that, not before.
        """
        channel = f"{PROGRESS_CHANNEL}{tenant_id}"
        mailbox = Mailbox()
        if (room := self._rooms.get(channel)) is None:
            room = self._rooms[channel] = Room()
            await self._tell("subscribe", channel)
        room.mailboxes.add(mailbox)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(room.heard.wait(), CONFIRM_S)
            yield mailbox
        finally:
            room.mailboxes.discard(mailbox)
            if not room.mailboxes and self._rooms.get(channel) is room:
                del self._rooms[channel]
                await self._tell("unsubscribe", channel)

    @property
    def sockets(self) -> int:
        """How many are watching."""
        return sum(len(room.mailboxes) for room in self._rooms.values())

    def start(self) -> None:
        """Begin to listen."""
        self._listener = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Let every socket finish, then stop."""
        for room in self._rooms.values():
            for mailbox in room.mailboxes:
                mailbox.close()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _listen(self) -> None:
        """Follow Redis for ever; after a broken connection the next message heals what was missed."""
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(
                        PROGRESS_CHANNEL, *self._rooms
                    )  # never without a channel: simplest to wait on
                    self._pubsub = pubsub
                    while True:
                        if message := await pubsub.get_message(timeout=None):
                            self._deliver(message)
            except (RedisError, OSError) as error:
                log.warning("rooms.interrupted", reason=type(error).__name__)
                self._pubsub = None
                await asyncio.sleep(RETRY_S)

    async def _tell(self, verb: Literal["subscribe", "unsubscribe"], channel: str) -> None:
        """Change what we hear. Between connections there is nothing to do: the next one begins with all rooms."""
        if self._pubsub is not None:
            with suppress(RedisError, OSError):
                await getattr(self._pubsub, verb)(channel)

    def _deliver(self, message: Message) -> None:
        room = self._rooms.get(_text(message["channel"]))
        if room is None:
            return
        if message["type"] == "subscribe":
            room.heard.set()
        elif message["type"] == "message":
            try:
                body: Message = json.loads(message["data"])
            except ValueError:
                log.warning("rooms.unreadable", channel=_text(message["channel"]))
                return
            for mailbox in room.mailboxes:
                mailbox.put(body)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
