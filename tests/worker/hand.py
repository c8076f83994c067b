"""A worker with tasks for tests: it writes down what it starts and ends.

python tests/worker/hand.py REDIS_URL LEDGER IDLE_TIMEOUT_MS
"""

import asyncio
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from taskiq.acks import AcknowledgeType
from taskiq.receiver import Receiver

from worker.alive import stop_signal
from worker.broker import StreamBroker

__all__ = ["create"]


def create(url: str, ledger: Path, idle_timeout_ms: int) -> StreamBroker:
    broker = StreamBroker(url, queue_name="hands", idle_timeout=idle_timeout_ms, xread_block=200)

    def note(word: str, name: str) -> None:
        with ledger.open("a") as file:
            file.write(f"{word} {name}\n")

    async def slow(name: str, seconds: float) -> None:
        note("start", name)
        await asyncio.sleep(seconds)
        note("end", name)

    async def poison(name: str) -> None:
        note("start", name)
        os.kill(os.getpid(), signal.SIGKILL)

    broker.register_task(slow, task_name="slow")
    broker.register_task(poison, task_name="poison")
    return broker


async def main(url: str, ledger: str, idle_timeout_ms: str) -> None:
    broker = create(url, Path(ledger), int(idle_timeout_ms))
    broker.is_worker_process = True
    with ThreadPoolExecutor(1) as executor:
        receiver = Receiver(
            broker,
            executor,
            max_async_tasks=2,
            run_startup=True,
            ack_type=AcknowledgeType.WHEN_EXECUTED,
        )
        await receiver.listen(stop_signal())
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
