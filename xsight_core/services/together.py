"""Questions that many ask at once, asked of the database once.

Whoever asks while a statement is under way waits for the next one, which then answers all who came meanwhile: under
load one statement serves a hundred requests, and still every answer was read after its question had come.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

__all__ = ["Together"]

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """``answer`` gives what it knows of the keys; a key that is not in its answer is None."""

    def __init__(self, answer: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._answer = answer
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, key: K) -> V | None:
        """The answer for one key, as of some moment between now and its coming."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return await asyncio.shield(future)

    async def _serve(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            try:
                found = await self._answer(list(batch))
            except BaseException as error:
                for future in batch.values():
                    if isinstance(error, Exception):
                        future.set_exception(error)
                        future.exception()  # nobody may be left to look at it
                    else:
                        future.cancel()
                if not isinstance(error, Exception):
                    raise
            else:
                for key, future in batch.items():
                    future.set_result(found.get(key))
