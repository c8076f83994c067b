"""Whether a process serves: small questions over the loopback interface, without a client library."""

import asyncio
from http import HTTPStatus
from pathlib import Path

__all__ = ["file_exists", "http_ok", "http_status", "proxy_serves", "valkey_answers"]


async def http_status(port: int, path: str, *, host: str = "127.0.0.1", headers: str = "") -> int:
    """The status of ``GET path``."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n{headers}\r\n"
        )
        writer.write(request.encode())
        return int((await reader.readline()).split(b" ")[1])
    finally:
        writer.close()


async def http_ok(port: int, path: str) -> bool:
    """Whether ``GET path`` is answered with 200."""
    return await http_status(port, path) == HTTPStatus.OK


async def proxy_serves(public: tuple[str, int], api_port: int, token: str) -> bool:
    """Whether the proxy has both its doors; it would live on with one."""
    headers = f"Authorization: token {token}\r\n"
    if await http_status(api_port, "/api/routes", headers=headers) != HTTPStatus.OK:
        return False
    await http_status(public[1], "/health", host=public[0])  # whatever the API says: it was asked
    return True


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
