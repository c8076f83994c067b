"""Where a browser is sent that has logged out: past a Hub that is down, never past one that is busy."""

import asyncio

from api.hub import HubClient
from ops.ports import any_free

PAGES_WAIT_S = 1


async def test_a_hub_that_is_down_is_passed_by():
    hub = HubClient(f"http://127.0.0.1:{any_free()}/hub/api", "token")
    assert await hub.way_out() == "/login?out=1"
    await hub.close()


async def test_a_busy_hub_is_waited_for():
    idle = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await idle.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        hub = HubClient(f"http://127.0.0.1:{port}/hub/api", "token")
        way = asyncio.create_task(hub.way_out())
        done, _ = await asyncio.wait({way}, timeout=PAGES_WAIT_S + 0.2)
        assert not done
        idle.set()
        assert await way == "/hub/logout"
        await hub.close()
