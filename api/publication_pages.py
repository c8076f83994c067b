"""Pages on published notebooks: the list, a draft to hand in, a review with page and changes. No JavaScript."""

import asyncio
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery

from api.actors import actor_of
from api.forms import FAULTS, fields_of, status_of, to_own_name
from api.hub import person_server
from api.origin import csrf_token
from api.redirects import see_other
from api.resources import Resources, Wired
from api.rights import Right, rights_of
from api.stores import tenant_of
from api.views import PAGE_CSP, render
from xsight_core.errors import InvalidInput, XsightError
from xsight_core.services import publications
from xsight_core.services.accounts import Identity
from xsight_core.services.drafts import drafts, read_draft
from xsight_core.services.publications import HandIn, Plan

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
PUBLISH: Final = {"right": Right.PUBLISH}
DECIDE: Final = {"right": Right.DECIDE}
PLACE: Final = "/auth/publications"


@get(PLACE, opt={"right": Right.READ})
async def publications_page(
    request: UserRequest, resources: Wired, done: FromQuery[str] = ""
) -> Response[str]:
    """All that are published; to who may publish also what waits, and drafts that lie ready."""
    own = Right.PUBLISH in rights_of(request.user)
    found = await publications.list_publications(
        resources.tenancy, tenant_of(request), published_only=not own
    )
    ready = await asyncio.to_thread(drafts, resources.settings.home, _lab(request)) if own else []
    return render(
        "publications.html",
        identity=request.user,
        items=found,
        drafts=ready,
        own=own,
        done=bool(done),
    )


@get(f"{PLACE}/new", opt=PUBLISH)
async def new_page(
    request: UserRequest, resources: Wired, draft: FromQuery[str] = ""
) -> Response[str]:
    """A draft out of one's own home, before it is handed in."""
    return await _new(request, resources, draft)


@post(f"{PLACE}/new", opt=PUBLISH)
async def handed_in(request: UserRequest, resources: Wired) -> Response[Any]:
    """Hand it in."""
    form = await fields_of(request, "draft", "title", "note", "publication")
    try:
        body = await _draft(request, resources, form["draft"])
        what = msgspec.convert(
            {
                "title": form["title"],
                "note": form["note"],
                "notebook": body,
                "publication": form["publication"] or None,
            },
            HandIn,
        )
        found, job = await publications.hand_in(
            resources.tenancy,
            tenant_of(request),
            actor_of(request),
            user_id=request.user.user_id,
            what=what,
        )
    except msgspec.ValidationError as error:
        return await _new(request, resources, form["draft"], InvalidInput("title", str(error)))
    except FAULTS as error:
        return await _new(request, resources, form["draft"], error)
    await resources.doorbell.ring(job)
    return see_other(f"{PLACE}/{found.id}")


@get(f"{PLACE}/{{publication_id:uuid}}", opt=PUBLISH)
async def review_page(
    request: UserRequest, resources: Wired, publication_id: FromPath[UUID]
) -> Response[str]:
    """Page, changes, versions and runs of one."""
    return await _review(request, resources, publication_id)


@post(f"{PLACE}/{{publication_id:uuid}}/decision", opt=DECIDE)
async def decided(
    request: UserRequest, resources: Wired, publication_id: FromPath[UUID]
) -> Response[Any]:
    """Approve or decline."""
    form = await fields_of(request, "version", "word", "remark")
    try:
        await publications.decide(
            resources.tenancy,
            tenant_of(request),
            actor_of(request),
            user_id=request.user.user_id,
            publication=publication_id,
            version=_number(form["version"]),
            approve=form["word"] == "approve",
            remark=form["remark"],
        )
    except FAULTS as error:
        return await _review(request, resources, publication_id, error)
    return see_other(f"{PLACE}/{publication_id}")


@post(f"{PLACE}/{{publication_id:uuid}}/shown", opt=DECIDE)
async def shown(
    request: UserRequest, resources: Wired, publication_id: FromPath[UUID]
) -> Response[Any]:
    """Roll back, or take away."""
    form = await fields_of(request, "version")
    try:
        _, job = await publications.show(
            resources.tenancy,
            tenant_of(request),
            actor_of(request),
            publication=publication_id,
            version=_number(form["version"]) if form["version"] else None,
        )
    except FAULTS as error:
        return await _review(request, resources, publication_id, error)
    if job is not None:
        await resources.doorbell.ring(job)
    return see_other(f"{PLACE}/{publication_id}")


@post(f"{PLACE}/{{publication_id:uuid}}/plan", opt=DECIDE)
async def planned(
    request: UserRequest, resources: Wired, publication_id: FromPath[UUID]
) -> Response[Any]:
    """Say when it runs by itself; whoever says so is told by mail, if they want."""
    form = await fields_of(request, "every", "hour", "mail")
    try:
        wish = msgspec.convert(
            {
                "every": form["every"] or "never",
                "hour": _number(form["hour"]),
                "mail_to": [str(request.user.user_id)] if form["mail"] else [],
            },
            Plan,
        )
        await publications.plan(
            resources.tenancy,
            tenant_of(request),
            actor_of(request),
            publication=publication_id,
            wish=wish,
        )
    except msgspec.ValidationError as error:
        return await _review(request, resources, publication_id, InvalidInput("every", str(error)))
    except FAULTS as error:
        return await _review(request, resources, publication_id, error)
    return see_other(f"{PLACE}/{publication_id}")


async def _new(
    request: UserRequest, resources: Resources, draft: str, error: XsightError | None = None
) -> Response[str]:
    await _draft(request, resources, draft)
    return render(
        "publication_new.html",
        status=status_of(error),
        errors={"form": str(error)} if error else {},
        identity=request.user,
        draft=draft,
        items=await publications.list_publications(resources.tenancy, tenant_of(request)),
        csrf=csrf_token(request),
    )


async def _review(
    request: UserRequest,
    resources: Resources,
    publication_id: UUID,
    error: XsightError | None = None,
) -> Response[str]:
    found = await publications.read_publication(
        resources.tenancy, tenant_of(request), publication_id
    )
    looked_at = found.in_review or found.published
    seen = next(
        (one for one in found.runs if one.version == looked_at and one.status == "done"), None
    )
    page = render(
        "publication.html",
        status=status_of(error),
        errors={"form": str(error)} if error else {},
        identity=request.user,
        one=found,
        version=next((one for one in found.versions if one.version == looked_at), None),
        run=seen,
        decides=Right.DECIDE in rights_of(request.user),
        csrf=csrf_token(request),
    )
    page.headers["Content-Security-Policy"] = (
        f"{PAGE_CSP.format(form_targets='')}; frame-src 'self'"
    )
    return page


async def _draft(request: UserRequest, resources: Resources, name: str) -> dict[str, Any]:
    body = await asyncio.to_thread(read_draft, resources.settings.home, _lab(request), name)
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise InvalidInput("draft", "This is no notebook.") from error


def _lab(request: UserRequest) -> str:
    """Name of the person's Lab at the Hub, and of its home."""
    return person_server(request.user.slug or "", request.user.user_id)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidInput("version", "Give a whole number.") from None


handlers = [
    Router(
        "/",
        route_handlers=[
            publications_page, new_page, handed_in, review_page, decided, shown, planned,
        ],
        before_request=to_own_name,
        include_in_schema=False,
    )
]  # fmt: skip
