"""``/assets/*``: the built front end and the pages' own style sheet, named by content, cached for ever.

Files are listed once: nothing outside of the list can be named. A ``.br`` or ``.gz`` sibling made by the build is
sent to whoever accepts it; the style sheet, which is not built, is compressed here.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from api.rights import Right
from xsight_core.errors import NotFound
from xsight_ui.assets import ASSETS_URL, STATIC, manifest

__all__ = ["Asset", "assets", "handlers", "style_url"]

SITE_CSS: Final = Path(__file__).parent / "static" / "site.css"
SUFFIXES: Final = {".br": "br", ".gz": "gzip"}
IMMUTABLE: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
    # Lab may live on an origin of its own and loads the same files.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True)
class Asset:
    """A file in memory, by encoding; ``""`` is the file as it is."""

    media_type: str
    bodies: Mapping[str, bytes]

    def best(self, accepted: str) -> tuple[str, bytes]:
        """The smallest form the client takes."""
        names = {
            part.partition(";")[0].strip()
            for part in accepted.split(",")
            if not part.strip().endswith(";q=0")
        }
        usable = [
            (encoding, body)
            for encoding, body in self.bodies.items()
            if not encoding or encoding in names
        ]
        return min(usable, key=lambda form: len(form[1]))


@cache
def assets() -> dict[str, Asset]:
    """Every file there is, by its path below ``/assets/``. Empty before the front end is built, but for our own."""
    built = [path for path in STATIC.rglob("*") if path.is_file() and path.suffix not in SUFFIXES]
    found = {path.relative_to(STATIC).as_posix(): _read(path) for path in built}
    css = _site_css()
    return found | {_site_name(): Asset("text/css", {"": css, "gzip": gzip.compress(css, mtime=0)})}


def style_url() -> str:
    """Address of the pages' style sheet."""
    return ASSETS_URL + _site_name()


@cache
def _site_css() -> bytes:
    """The pages' own rules, set in the dashboards' letters where these have been built."""
    rules = SITE_CSS.read_bytes()
    try:
        font = manifest()["font"]
    except FileNotFoundError:
        return rules
    face = (
        "@font-face{font-family:Inter;font-weight:100 900;font-display:swap;"
        f'src:url({font}) format("woff2")}}\n'
    )
    return face.encode() + rules


def _site_name() -> str:
    return f"site.{hashlib.sha256(_site_css()).hexdigest()[:10]}.css"


def _read(path: FromPath[Path]) -> Asset:
    siblings = {name: path.with_name(path.name + suffix) for suffix, name in SUFFIXES.items()}
    bodies = {"": path.read_bytes()} | {
        name: file.read_bytes() for name, file in siblings.items() if file.is_file()
    }
    return Asset(_media_type(path), bodies)


def _media_type(path: FromPath[Path]) -> str:
    """Modules need a JavaScript type whatever the machine's own table says."""
    known = {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".woff2": "font/woff2",
        ".map": "application/json",
    }
    return (
        known.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    )


@get(
    ASSETS_URL + "{path:path}",
    opt={"right": Right.PUBLIC, "unlimited": True},
    include_in_schema=False,
    sync_to_thread=False,
)
def read_asset(request: Request[Any, Any, Any], path: FromPath[Path]) -> Response[bytes]:
    """A file of the front end."""
    name = path.as_posix().lstrip("/")
    asset = assets().get(name)
    if asset is None:
        raise NotFound("There is no such file; the page may be older than the server, reload it.")
    encoding, body = asset.best(request.headers.get("accept-encoding", ""))
    # The manifest keeps its name over builds, so it is asked for again.
    headers = IMMUTABLE if "manifest" not in name else IMMUTABLE | {"Cache-Control": "no-cache"}
    if encoding:
        headers = headers | {"Content-Encoding": encoding}
    return Response(body, media_type=asset.media_type, headers=headers)


handlers = [read_asset]
