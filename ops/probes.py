"""Whether a process serves: small questions over the loopback interface, without a client library."""

import asyncio
from pathlib import Path

__all__ = ["file_exists", "http_ok", "valkey_answers"]


async def http_ok(port: int, path: str, *, host: str = "127.0.0.1", headers: str = "") -> bool:
    """Whether ``GET path`` is answered with 2xx."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n{headers}\r\n"
        )
        writer.write(request.encode())
        status = await reader.readline()
        return status.split(b" ")[1:2] != [] and status.split(b" ")[1].startswith(b"2")
    finally:
        writer.close()


async def valkey_answers(port: int, password: str) -> bool:
    """Whether Valkey takes the password and has loaded its data."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"AUTH {password}\r\nPING\r\n".encode())
        return await reader.readline() == b"+OK\r\n" and await reader.readline() == b"+PONG\r\n"
    finally:
        writer.close()


async def file_exists(file: Path) -> bool:
    """Whether the process has touched the file it was given."""
    return file.exists()  # noqa: ASYNC240  # one look at a local disk
