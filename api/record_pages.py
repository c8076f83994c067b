"""Pages of the record: who did what, and what customers asked. Plain links and forms, no JavaScript."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery

from api import privacy
from api.forms import status_of, to_own_name
from api.origin import csrf_token
from api.redirects import see_other, url_with
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from api.views import render
from xsight_core.errors import InvalidInput, XsightError
from xsight_core.services import audit, compliance
from xsight_core.services.accounts import Identity
from xsight_core.services.audit import AuditFilter, AuditPage

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
PAGE: Final = 50
KINDS: Final = (
    "login", "member.", "token.", "segment.", "export.", "customers.", "orders.", "notebook.", "privacy.", "store.",
)  # fmt: skip


@get("/auth/audit", opt={"right": Right.AUDIT})
async def audit_page(
    request: UserRequest,
    resources: Wired,
    action: FromQuery[str] = "",
    actor: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    cursor: FromQuery[str] = "",
) -> Response[str]:
    """Events of the store, the newest first, fifty a page; days are UTC's, the last one included."""
    asked = {"action": action[:80], "actor": actor[:80], "since": since, "until": until}
    page, error = AuditPage([], 0, None), None
    try:
        last = _day("until", until)
        which = AuditFilter(
            action=asked["action"] or None,
            actor=asked["actor"] or None,
            since=_day("since", since),
            until=last + timedelta(days=1) if last else None,
        )
        page = await audit.list_events(
            resources.tenancy, tenant_of(request), which, cursor=cursor or None, limit=PAGE
        )
    except InvalidInput as fault:
        error = fault
    older = url_with("/auth/audit", **asked, cursor=page.next_cursor) if page.next_cursor else None
    return render(
        "audit.html",
        status=status_of(error),
        errors={"form": str(error)} if error else {},
        asked=asked,
        kinds=KINDS,
        page=page,
        older=older,
        identity=request.user,
    )


@get("/auth/privacy", opt={"right": Right.PRIVACY})
async def privacy_page(
    request: UserRequest, resources: Wired, done: FromQuery[str] = ""
) -> Response[str]:
    """Requests of customers and how they stand."""
    return await _privacy(request, resources, done=bool(done))


@post("/auth/privacy/{request_id:str}/answer", opt={"right": Right.PRIVACY})
async def privacy_answered(
    request: UserRequest, resources: Wired, request_id: FromPath[str]
) -> Response[Any]:
    """The bundle was passed on."""
    try:
        await privacy.answer(request, resources, request_id)
    except XsightError as error:
        return await _privacy(request, resources, error=error)
    return see_other(url_with("/auth/privacy", done="1"))


async def _privacy(
    request: UserRequest, resources: Any, *, done: bool = False, error: XsightError | None = None
) -> Response[str]:
    found = await compliance.list_requests(resources.tenancy, tenant_of(request))
    return render(
        "privacy_requests.html",
        status=status_of(error),
        errors={"form": str(error)} if error else {},
        requests=found,
        identity=request.user,
        done=done,
        csrf=csrf_token(request),
    )


def _day(field: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        raise InvalidInput(field, "Write a day as 2026-11-22.") from None


handlers = [
    Router(
        "/",
        route_handlers=[audit_page, privacy_page, privacy_answered],
        before_request=to_own_name,
        include_in_schema=False,
    )
]
