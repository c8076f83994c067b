"""Byte pumps between a sandbox and the outside."""

import asyncio
from pathlib import Path

from hub_config.relay import door_in, port_of


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_door_carries_both_ways_and_leaves_nothing_open(tmp_path):
    async def shout(reader, writer):
        writer.write((await reader.read()).upper())
        writer.close()

    inside = await asyncio.start_unix_server(shout, str(tmp_path / "s"))
    door = await door_in(tmp_path / "s")
    before = open_files()
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(door))
        writer.write(b"hello")
        writer.write_eof()
        assert await reader.read() == b"HELLO"
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(60):
        while open_files() > before:
            await asyncio.sleep(0.01)
    door.close()
    inside.close()


async def test_nobody_behind_the_door_closes_it(tmp_path):
    door = await door_in(tmp_path / "nobody")
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(door))
    assert await reader.read() == b""
    writer.close()
    door.close()
