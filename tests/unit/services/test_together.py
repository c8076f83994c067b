"""Questions asked together: one statement for many, and never an answer older than its question."""

import asyncio

import pytest

from xsight_core.services.together import Together


class Store:
    """Answers with how often it had been asked when it began to look."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.slowly = asyncio.Event()
        self.slowly.set()

    async def answer(self, keys):
        self.batches.append(list(keys))
        now = len(self.batches)
        await self.slowly.wait()
        if "broken" in keys:
            raise LookupError("broken")
        return {key: now for key in keys if key != "unknown"}


async def test_who_comes_meanwhile_waits_for_the_next_and_is_answered_with_the_others() -> None:
    store = Store()
    store.slowly.clear()
    together = Together(store.answer)
    first = asyncio.create_task(together.ask("a"))
    while not store.batches:
        await asyncio.sleep(0)  # until it is under way
    later = [asyncio.create_task(together.ask(key)) for key in ("a", "b", "a", "unknown")]
    await asyncio.sleep(0)  # they have asked
    store.slowly.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2, 2, 2, None]
    assert store.batches == [["a"], ["a", "b", "unknown"]]
    assert await together.ask("a") == 3  # nothing is kept


async def test_an_error_reaches_all_of_its_batch_and_no_other() -> None:
    store = Store()
    together = Together(store.answer)
    told = await asyncio.gather(
        *(together.ask(key) for key in ("a", "broken")), return_exceptions=True
    )
    assert [type(error) for error in told] == [LookupError, LookupError]
    assert await together.ask("a") == 2


async def test_who_leaves_takes_the_answer_from_nobody() -> None:
    store = Store()
    store.slowly.clear()
    together = Together(store.answer)
    one, two = (asyncio.create_task(together.ask("a")) for _ in range(2))
    while not store.batches:
        await asyncio.sleep(0)
    one.cancel()
    store.slowly.set()
    assert await two == 1
    with pytest.raises(asyncio.CancelledError):
        await one
