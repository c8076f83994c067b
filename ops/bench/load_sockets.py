"""Open dashboards in ``xsight bench load``: websockets that follow a store's syncs and come back when they are cut.

``python -m ops.bench.load_sockets`` reads ``{"url", "cookies", "sockets", "seconds"}`` from stdin; its last line says
how many messages came, how often a socket was made anew, and how often that took longer than a page would wait.
"""

import asyncio
import json
import sys
import time
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

__all__ = ["main"]

_AGAIN_S = 0.5
_PATIENCE_S = 10.0


class Dashboards:
    """All of them together."""

    def __init__(self, url: str, cookies: list[str], until: float) -> None:
        self.url, self.cookies, self.until = url, cookies, until
        self.messages = self.again = self.late = 0

    async def follow(self, number: int) -> None:
        """One page, until the end."""
        cookie = self.cookies[number % len(self.cookies)]
        cut_at = time.monotonic()
        while time.monotonic() < self.until:
            try:
                async with asyncio.timeout(self.until - time.monotonic()):
                    async with self._socket(cookie) as socket:
                        self.late += time.monotonic() - cut_at > _PATIENCE_S
                        try:
                            await self._listen(socket)
                        finally:
                            cut_at = time.monotonic()
            except TimeoutError:
                return
            except (WebSocketException, OSError):
                pass  # cut, or the proxy answers 503 while nobody is behind it
            self.again += 1
            await asyncio.sleep(_AGAIN_S)

    async def _listen(self, socket: ClientConnection) -> None:
        async for _ in socket:
            self.messages += 1

    def _socket(self, cookie: str) -> connect:
        return connect(
            self.url.replace("http", "ws", 1) + "/ws/sync",
            origin=self.url,  # pyright: ignore[reportArgumentType]
            additional_headers={"Cookie": cookie},
            proxy=None,
            compression=None,
        )


async def main(order: dict[str, Any]) -> None:
    """Follow for so many seconds."""
    made = Dashboards(order["url"], order["cookies"], time.monotonic() + order["seconds"])
    await asyncio.gather(*(made.follow(number) for number in range(order["sockets"])))
    print(json.dumps({"messages": made.messages, "again": made.again, "late": made.late}))


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
