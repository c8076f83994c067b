"""How a store's pages and reports look: its own name, one colour, a small picture."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from xsight_core.db import branding as rows
from xsight_core.errors import InvalidInput
from xsight_core.services.audit import Actor, record
from xsight_core.tenancy import Tenancy

__all__ = ["LARGEST_LOGO", "Look", "change_branding", "parse_logo", "read_branding"]

LARGEST_LOGO: Final = 64_000
"""Bytes."""

_LARGEST_SIDE: Final = 512  # pixels
_LONGEST_NAME: Final = 60
_HEADER_BYTES: Final = 13
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KEPT: Final = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


@dataclass(frozen=True, slots=True)
class Look:
    """A store's choices, each None where it made none. ``accent`` is written ``#rrggbb``."""

    name: str | None = None
    accent: str | None = None
    logo: bytes | None = None

    @property
    def logo_version(self) -> str | None:
        """Changes with the picture."""
        return hashlib.sha256(self.logo).hexdigest()[:12] if self.logo else None


async def read_branding(tenancy: Tenancy, tenant_id: UUID) -> Look:
    """As it stands."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_branding(session)
    return Look(found.name, found.accent, found.logo) if found else Look()


async def change_branding(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, changes: dict[str, Any]
) -> Look:
    """Change what is named: ``name``, ``accent``, ``logo``; None takes it away."""
    values = dict(changes)
    if name := values.get("name"):
        values["name"] = _parse_name(name)
    if logo := values.get("logo"):
        values["logo"] = parse_logo(logo)
    for field in ("name", "accent", "logo"):
        if field in values and not values[field]:
            values[field] = None
    async with tenancy.scope(tenant_id) as session:
        if values:
            await rows.put_branding(session, tenant_id, **values)
            told = {key: value for key, value in values.items() if key != "logo"}
            told |= {"logo": values["logo"] is not None} if "logo" in values else {}
            await record(session, tenant_id, actor, "branding.changed", details=told)
    return await read_branding(tenancy, tenant_id)


def parse_logo(png: bytes) -> bytes:
    """The picture and nothing besides: a PNG whose parts are whole, without texts or dates that came along."""
    if len(png) > LARGEST_LOGO:
        raise InvalidInput(
            "logo", f"The picture may have {LARGEST_LOGO // 1000} kB; make it smaller."
        )
    parts = [(kind, body) for kind, body in _chunks(png) if kind in _KEPT]
    kinds = [kind for kind, _ in parts]
    header = parts[0][1] if parts else b""
    if (
        kinds[:1] != [b"IHDR"]
        or len(header) != _HEADER_BYTES
        or kinds[-1] != b"IEND"
        or b"IDAT" not in kinds
    ):
        raise _no_png()
    width, height = struct.unpack(">II", header[:8])
    if not (0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE):
        side = f"{_LARGEST_SIDE} by {_LARGEST_SIDE}"
        raise InvalidInput(
            "logo", f"The picture may have {side} pixels; it has {width} by {height}."
        )
    return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each part, up to the end of the picture."""
    if not png.startswith(_SIGNATURE):
        raise _no_png()
    at = len(_SIGNATURE)
    while at + 12 <= len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        if png[at : at + 12 + size] != _chunk(kind, body):
            raise _no_png()
        yield kind, body
        if kind == b"IEND":
            return
        at += 12 + size
    raise _no_png()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _no_png() -> InvalidInput:
    return InvalidInput("logo", "This is no PNG picture, or it is damaged. Save it as PNG.")


def _parse_name(name: str) -> str:
    text = " ".join(name.split())
    if len(text) > _LONGEST_NAME or not text.isprintable():
        raise InvalidInput("name", f"A name has at most {_LONGEST_NAME} letters.")
    return text
