"""Changes are accepted from our own pages only.

``Origin`` must be ours on every change and before every websocket; browsers send it always, scripts have to. With a
session a token is asked for as well, in a header or, for forms that work without JavaScript, in a hidden field. It is
signed for one log-in and one part of the site, so nothing is stored for it. A program's API token needs neither: no
browser sends it by itself.
"""

import hmac
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from api.cookies import audience_of
from api.errors import CrossSite, StaleToken
from api.resources import resources_of
from api.rights import Right

__all__ = ["csrf_token", "is_own_origin", "refuse_cross_site"]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER: Final = "x-csrf-token"
FIELD: Final = "csrf"


def is_own_origin(origin: str | None, public_url: str) -> bool:
    """Exactly our scheme, host and port; ``null``, nothing and look-alikes are not."""
    ours = urlsplit(public_url)
    return origin == f"{ours.scheme}://{ours.netloc}"


def csrf_token(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The token of this log-in for this path's part of the site."""
    subject = f"{connection.user.session_id}|{audience_of(connection.scope['path'])}"
    return resources_of(connection.app).keyring.sign(subject, purpose="csrf")


async def refuse_cross_site(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard of every route: a change needs our Origin, and with a session its token."""
    if (
        not isinstance(connection, Request)
        or connection.method in SAFE
        or handler.opt.get("machine")
    ):
        return
    request: Request[Any, Any, Any] = connection
    is_public = handler.opt["right"] == Right.PUBLIC
    if not is_public and request.user.scopes is not None:
        return
    if not is_own_origin(
        request.headers.get("origin"), resources_of(request.app).settings.public_url
    ):
        raise CrossSite(
            "The Origin header is not that of this site; send the request from our own pages."
        )
    if is_public:
        return
    given = request.headers.get(HEADER) or str((await _form(request)).get(FIELD, ""))
    if not hmac.compare_digest(given.encode(), csrf_token(request).encode()):
        raise StaleToken(
            "The CSRF token is missing or stale; take it from GET /api/auth/me and send X-CSRF-Token."
        )


async def _form(request: Request[Any, Any, Any]) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    return dict(await request.form()) if kind == "application/x-www-form-urlencoded" else {}
