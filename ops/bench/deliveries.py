"""Shopify in a hurry: signed deliveries at a fixed rate, whatever the receiver makes of it (open loop).

``python -m ops.bench.deliveries`` reads one JSON object from stdin (see ``Order``) and prints one. Latency counts from
the moment a delivery was due, not from when a connection was free for it: else a slow receiver would slow its own test.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import random
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop

__all__ = ["Order", "Outcome", "payload"]

_BODY_BYTES = 6000
_CONNECTIONS = 256
_BODIES = 400
_PATIENCE_S = 15.0
_REPEAT_AFTER_S = 1.0
_MOST_REPEATS = 3
_GOOD, _EMPTY = b"HTTP/1.1 200", b"content-length: 0\r\n\r\n"


@dataclass(frozen=True)
class Order:
    """What to send where. ``duplicates``: share that is sent a second time under the same id.

    ``again``: as Shopify does, send anew what was not acknowledged, on a new connection.
    """

    port: int
    secret: str
    shop: str
    orders: Sequence[int]
    rate_per_s: float
    seconds: float
    name: str
    acknowledged: str  # file: one acknowledged id a line
    more: Mapping[str, Sequence[int]] = field(default_factory=dict)  # other shops, their orders
    duplicates: float = 0.0
    again: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came back. Milliseconds; ``seconds``: from the first due to the last answer.

    ``sender_share``: of a core, that sending took.
    """

    sent: int
    acknowledged: int
    refused: int
    seconds: float
    sender_share: float
    p50_ms: float
    p99_ms: float
    longest_ms: float


def payload(order: int) -> bytes:
    """An order as Shopify sends it, in size; nothing of it but the id is ever read."""
    facts: dict[str, Any] = {
        "id": order,
        "admin_graphql_api_id": f"gid://shopify/Order/{order}",
        "customer": None,
    }
    bare = len(json.dumps(facts | {"note": ""}))
    return json.dumps(facts | {"note": "x" * max(0, _BODY_BYTES - bare)}).encode()


class _Sender:
    """All connections together."""

    def __init__(self, order: Order) -> None:
        dice = random.Random(order.name)  # noqa: S311 - repeatable, guards nothing
        self.order = order
        shops = [(order.shop, order.orders), *order.more.items()]
        self.shops = [dice.choice(shops) for _ in range(_BODIES)]
        self.bodies = [self._signed(dice.choice(orders)) for _, orders in self.shops]
        self.total = round(order.rate_per_s * order.seconds)
        self.numbers = [
            dice.randrange(number) if number and dice.random() < order.duplicates else number
            for number in range(self.total)
        ]
        self.heads = [self._head(number) for number in range(self.total)]
        self.idle: list[_Line] = []
        self.waiting: deque[tuple[float, int]] = deque()
        self.latencies_s: list[float] = []
        self.refused = self.repeats = 0
        self.lines: set[_Line] = set()
        self.ready = asyncio.Event()
        self.acknowledged: list[int] = []

    def _signed(self, order: int) -> tuple[bytes, bytes]:
        body = payload(order)
        digest = hmac.digest(self.order.secret.encode(), body, hashlib.sha256)
        return body, base64.b64encode(digest)

    def _head(self, number: int) -> bytes:
        """Made before the clock starts: the sender's own work must not count for the receiver."""
        body, digest = self.bodies[number % _BODIES]
        head = (
            f"POST /webhooks/orders/updated HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-Shopify-Topic: orders/updated\r\n"
            f"X-Shopify-Shop-Domain: {self.shops[number % _BODIES][0]}\r\n"
            f"X-Shopify-Webhook-Id: {self.order.name}-{number}\r\nX-Shopify-Event-Id: {number}\r\n"
            f"X-Shopify-Triggered-At: 2026-11-22T10:00:00.123456789Z\r\nX-Shopify-Hmac-Sha256: "
        )
        return head.encode() + digest + b"\r\n\r\n"

    def request(self, number: int) -> bytes:
        """The bytes of one delivery; a duplicate has the same."""
        return self.heads[number] + self.bodies[number % _BODIES][0]

    def due(self, at: float, number: int) -> None:
        """Send now, or as soon as a connection is free."""
        if self.idle:
            self.idle.pop().send(at, number)
        else:
            self.waiting.append((at, number))

    def answered(self, line: "_Line", at: float, number: int, *, good: bool) -> None:
        """Note it and use the connection again."""
        if good:
            self.latencies_s.append(time.perf_counter() - at)
            self.acknowledged.append(number)
        else:
            self.missed(at, number)
        if self.waiting:
            line.send(*self.waiting.popleft())
        else:
            self.idle.append(line)

    def missed(self, at: float, number: int) -> None:
        """Not acknowledged: a refusal, or the connection was cut before an answer."""
        self.refused += 1
        if self.order.again and self.refused < _MOST_REPEATS * self.total:
            self.repeats += 1
            asyncio.get_running_loop().call_later(_REPEAT_AFTER_S, self.due, at, number)

    def save(self) -> None:
        """Write down what was acknowledged."""
        ids = (f"{self.order.name}-{number}\n" for number in self.acknowledged)
        Path(self.order.acknowledged).write_text("".join(ids))

    async def connect(self) -> None:
        """Keep so many connections; those that are cut are made anew."""
        loop = asyncio.get_running_loop()
        while True:
            while len(self.lines) < _CONNECTIONS:
                try:
                    await loop.create_connection(lambda: _Line(self), "127.0.0.1", self.order.port)
                except OSError:
                    break  # it is being started again
            else:
                self.ready.set()
            await asyncio.sleep(0.1)


class _Line(asyncio.Protocol):
    """One kept-alive connection, one delivery at a time."""

    def __init__(self, sender: _Sender) -> None:
        self._sender = sender
        self._under_way: tuple[float, int] | None = None
        self._answer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self._transport = transport
        self._sender.lines.add(self)
        if self._sender.waiting:
            self.send(*self._sender.waiting.popleft())
        else:
            self._sender.idle.append(self)

    def send(self, at: float, number: int) -> None:
        """One delivery that was due ``at``."""
        self._under_way = at, number
        self._transport.write(self._sender.request(number))

    def data_received(self, data: bytes) -> None:
        """Answers are small: head and length come together, as a rule."""
        if self._under_way is not None and not self._answer and data.endswith(_EMPTY):
            at, number = self._under_way
            self._under_way = None
            self._sender.answered(self, at, number, good=data.startswith(_GOOD))
            return
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or self._under_way is None:
            return
        length = next(
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        if len(body) < length:
            return
        good, self._answer = head.startswith(_GOOD), b""
        at, number = self._under_way
        self._under_way = None
        self._sender.answered(self, at, number, good=good)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """What was under way is not acknowledged."""
        self._sender.lines.discard(self)
        if self in self._sender.idle:
            self._sender.idle.remove(self)
        if self._under_way is not None:
            self._sender.missed(*self._under_way)


async def _send(order: Order) -> Outcome:
    sender = _Sender(order)
    connecting = asyncio.create_task(sender.connect())
    await sender.ready.wait()
    start, worked = time.perf_counter(), time.process_time()
    for place, number in enumerate(sender.numbers):
        at = start + place / order.rate_per_s
        ahead = at - time.perf_counter()
        if ahead > 0.0005:  # noqa: PLR2004 - the loop's own grain
            await asyncio.sleep(ahead)
        elif place % 64 == 0:
            await asyncio.sleep(0)
        sender.due(at, number)
    deadline = time.perf_counter() + (_PATIENCE_S if not order.again else 10 * _PATIENCE_S)
    while len(sender.latencies_s) + sender.refused - sender.repeats < sender.total:
        if time.perf_counter() > deadline:
            break
        await asyncio.sleep(0.002)
    seconds = time.perf_counter() - start
    worked = time.process_time() - worked
    connecting.cancel()
    sender.save()
    ordered = sorted(sender.latencies_s) or [float("nan")]

    def share(part: float) -> float:
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    return Outcome(
        sent=sender.total,
        acknowledged=len(sender.latencies_s),
        refused=sender.refused,
        seconds=seconds,
        sender_share=worked / seconds,
        p50_ms=share(0.5),
        p99_ms=share(0.99),
        longest_ms=share(1.0),
    )


def main() -> None:
    """Entry point."""
    order = Order(**json.load(sys.stdin))
    print(json.dumps(asdict(uvloop.run(_send(order)))))


if __name__ == "__main__":
    main()
