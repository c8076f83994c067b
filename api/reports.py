"""``/api/v1/reports*``: pages by mail; ``/unsubscribe``: the way out that every such mail has."""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from api.access import client_address
from api.actors import actor_of
from api.parameters import Limit
from api.resources import Wired
from api.rights import Right, rights_of
from api.sessions import ring
from api.stores import tenant_of
from api.throttle import Limit as Rate
from api.views import render
from xsight_core.errors import InvalidInput
from xsight_core.services import reports
from xsight_core.services.accounts import Identity
from xsight_core.services.reports import DeliveryView, ReportView, ReportWish
from xsight_ui.pages import PAGES

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: Final = {"right": Right.READ}
WAYS_OUT: Final = Rate("unsubscribe", burst=60, every_s=10)
_NO_REPORTS: Final = frozenset({"settings"})


class Every(StrEnum):
    """How often."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """A page by mail. ``on``: a weekday (0: Monday) or a day of the month; ``hour``: of the shop's day.

    ``user``: the member who gets it, by default oneself; others only by who decides about the store.
    """

    page: Annotated[str, msgspec.Meta(max_length=40)]
    every: Every = Every.WEEK
    on: Annotated[int, msgspec.Meta(ge=0, le=31)] = 0
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 8
    format: Literal["html", "pdf"] = "pdf"
    user: UUID | None = None


class PageChoice(msgspec.Struct):
    """A page there are reports of."""

    key: str
    title: str


class Reports(msgspec.Struct):
    """Schedules: everybody's to who decides, else one's own. ``mails``: whether a mail server is set up."""

    items: list[ReportView]
    pages: list[PageChoice]
    mails: bool


class Made(msgspec.Struct):
    """A new schedule."""

    id: UUID


class Deliveries(msgspec.Struct):
    """Mails of a schedule, the newest first."""

    items: list[DeliveryView]


def _decides(request: UserRequest) -> bool:
    return Right.STORE in rights_of(request.user)


@get("/api/v1/reports", opt=READ, tags=["Reports"])
async def report_list(request: UserRequest, resources: Wired) -> Reports:
    """What is sent when to whom."""
    only = None if _decides(request) else request.user.user_id
    found = await reports.list_reports(resources.tenancy, tenant_of(request), user_id=only)
    return Reports(found, _pages(), resources.post.sends)


@post("/api/v1/reports", opt=READ, tags=["Reports"])
async def create_report(request: UserRequest, resources: Wired, data: JSONBody[Wish]) -> Made:
    """A page by mail, with its reader's rights at the time of sending."""
    if data.page not in {page.key for page in _pages()}:
        raise InvalidInput("page", f"Choose one of {', '.join(page.key for page in _pages())}.")
    wish = ReportWish(
        page=data.page,
        format=data.format,
        every=data.every.value,
        on=0 if data.every is Every.DAY else data.on,
        hour=data.hour,
        user=data.user or request.user.user_id,
    )
    schedule = await reports.add_report(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        wish,
        by=request.user.user_id,
        decides=_decides(request),
    )
    return Made(schedule)


@delete("/api/v1/reports/{report_id:uuid}", opt=READ, tags=["Reports"])
async def remove_report(request: UserRequest, resources: Wired, report_id: FromPath[UUID]) -> None:
    """No more of it."""
    await reports.remove_report(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        report_id,
        by=request.user.user_id,
        decides=_decides(request),
    )


@post("/api/v1/reports/{report_id:uuid}/send", status_code=202, opt=READ, tags=["Reports"])
async def send_report(request: UserRequest, resources: Wired, report_id: FromPath[UUID]) -> None:
    """One more mail of it, now."""
    job = await reports.send_now(
        resources.tenancy,
        tenant_of(request),
        report_id,
        by=request.user.user_id,
        decides=_decides(request),
    )
    await ring(resources, job)


@get("/api/v1/reports/{report_id:uuid}/deliveries", opt=READ, tags=["Reports"])
async def report_deliveries(
    request: UserRequest, resources: Wired, report_id: FromPath[UUID], limit: Limit = 50
) -> Deliveries:
    """What became of each mail."""
    return Deliveries(
        await reports.report_history(
            resources.tenancy,
            tenant_of(request),
            report_id,
            by=request.user.user_id,
            decides=_decides(request),
            limit=limit,
        )
    )


@get("/unsubscribe", opt={"right": Right.PUBLIC}, sync_to_thread=False)
def unsubscribe_form(code: FromQuery[str] = "") -> Response[str]:
    """Only asks: scanners of mail open links too."""
    return render("unsubscribe.html", code=code[:1000], done=False)


@post("/unsubscribe", opt={"right": Right.PUBLIC, "machine": True}, status_code=200)
async def unsubscribe(
    request: Request[Any, Any, Any], resources: Wired, code: FromQuery[str] = ""
) -> Response[str]:
    """No more of these mails. Programs that show mail may ask by themselves (RFC 8058), without session or origin."""
    await resources.throttle.admit((WAYS_OUT, client_address(request.scope)))
    await reports.unsubscribe(resources.tenancy, resources.keyring, code[:1000])
    return render("unsubscribe.html", code="", done=True)


def _pages() -> list[PageChoice]:
    return [
        PageChoice(page.key, page.title)
        for page in PAGES.values()
        if page.parent is None and page.key not in _NO_REPORTS
    ]


handlers = [
    report_list,
    create_report,
    remove_report,
    send_report,
    report_deliveries,
    Router("/", route_handlers=[unsubscribe_form, unsubscribe], include_in_schema=False),
]
