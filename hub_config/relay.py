"""Doors through a sandbox's wall: byte pumps between unix sockets and loopback ports.

A sandbox has a network of its own with nothing in it. Its server listens on a unix socket in a folder that both sides
see, and a loopback port outside leads there; the Hub's port outside is reached through a unix socket inside. The Hub
cannot address a server's unix socket itself: JupyterHub 6.1 stores such an address with a port appended.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["door_in", "door_out", "port_of"]

CHUNK_BYTES = 1 << 16
Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def door_in(socket: Path) -> asyncio.Server:
    """A free loopback port that leads to the unix socket of a server inside a sandbox."""
    return await asyncio.start_server(
        _pump_to(lambda: asyncio.open_unix_connection(str(socket))), "127.0.0.1", 0
    )


async def door_out(socket: Path, host: str, port: int) -> asyncio.Server:
    """A unix socket, to be bound into sandboxes, that leads to one port outside."""
    socket.unlink(missing_ok=True)  # noqa: ASYNC240 - once, before anybody waits
    return await asyncio.start_unix_server(
        _pump_to(lambda: asyncio.open_connection(host, port)), str(socket)
    )


def port_of(server: asyncio.Server) -> int:
    """The port a ``door_in`` got."""
    return server.sockets[0].getsockname()[1]


def _pump_to(connect: Connect) -> Callable[..., Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await connect()
        except OSError:
            writer.close()  # nobody there yet: the caller tries again
            return
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:  # a stream whose both directions have ended stays open until it is closed
            far_writer.close()
            writer.close()

    return serve


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end, then close only this direction: the other may still be speaking."""
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
            return
    writer.close()
