"""Result files of bulk operations: signed address, byte ranges, gzip where it is asked for."""

import asyncio
import re
import secrets
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from shopify_sim.http import Request, Response
from shopify_sim.shop import Shop
from shopify_sim.trouble import WEB_PAGE

if TYPE_CHECKING:
    from shopify_sim.app import Simulator

__all__ = ["download"]

CHUNK = 1 << 18
EXPIRED = b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code><Message>Invalid argument.</Message></Error>"


async def download(
    _sim: "Simulator", shop: Shop, request: Request, found: re.Match[str]
) -> Response:
    """Send a result file, or a part of it. No access token: the address itself is the key."""
    query = request.query
    if shop.faults.strike("expired_urls"):
        return Response(EXPIRED, 400, content_type="application/xml")
    if shop.faults.strike("html_downloads"):
        return Response(WEB_PAGE, content_type="text/html; charset=utf-8")
    for installation in shop.installations.values():
        operation = installation.operations.file(
            found[1], query.get("Expires", "0"), query.get("Signature", "")
        )
        if operation is not None and operation.path is not None and operation.path.exists():
            end = operation.size * 2 // 3 if operation.truncated else operation.size
            cut = request.method == "GET" and shop.faults.strike("cut_downloads")
            return _file(request, operation.path, operation.size, end, cut=cut)
    return Response(EXPIRED, 400, content_type="application/xml")


def _file(request: Request, path: Path, size: int, end: int, *, cut: bool) -> Response:
    query = request.query
    headers = {
        "accept-ranges": "bytes",
        "content-disposition": query.get("response-content-disposition", "attachment"),
    }
    kind = query.get("response-content-type", "application/jsonl")
    span = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if span:
        start, stop = int(span[1]), min(size, int(span[2]) + 1 if span[2] else size)
        if start >= size or stop <= start:
            return Response(b"", 416, {"content-range": f"bytes */{size}"})
        headers["content-range"] = f"bytes {start}-{stop - 1}/{size}"
        stop = min(stop, end)
        return Response(_read(path, start, _cut(start, stop, cut)), 206, headers, kind, cut)
    if request.method == "HEAD":
        return Response(b"", 200, headers, kind)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
        whole = end == size and not cut
        pieces = _packed(path, headers) if whole else _gzip(_read(path, 0, _cut(0, end, cut)))
        return Response(pieces, 200, headers, kind, cut)
    headers["content-length"] = str(end)
    return Response(_read(path, 0, _cut(0, end, cut)), 200, headers, kind, cut)


def _cut(start: int, stop: int, cut: bool) -> int:  # noqa: FBT001
    """Where the bytes really end."""
    return (start + stop) // 2 if cut else stop


async def _read(path: Path, start: int, stop: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < stop:
            piece = file.read(min(CHUNK, stop - start))
            start += len(piece)
            yield piece
            await asyncio.sleep(0)


def _packed(path: Path, headers: dict[str, str]) -> AsyncIterator[bytes]:
    """A whole file packed; the first time it is kept so."""
    packed = path.with_suffix(".gz")
    if not packed.exists():
        return _kept(_gzip(_read(path, 0, path.stat().st_size)), packed)
    headers["content-length"] = str(packed.stat().st_size)
    return _read(packed, 0, packed.stat().st_size)


async def _kept(pieces: AsyncIterator[bytes], packed: Path) -> AsyncIterator[bytes]:
    """Pass pieces on and keep them: a file is asked for more than once where connectors are compared."""
    making = packed.with_name(f"{packed.name}.{secrets.token_hex(4)}")
    try:
        with making.open("wb") as file:
            async for piece in pieces:
                file.write(piece)
                yield piece
        making.rename(packed)
    finally:
        making.unlink(missing_ok=True)


async def _gzip(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(1, wbits=31)
    async for piece in pieces:
        packed = packer.compress(piece)
        if packed:
            yield packed
    yield packer.flush()
