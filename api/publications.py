"""``/api/v1/publications*``: notebooks that became pages, from review to roll-back."""

import asyncio
import shutil
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from api.actors import actor_of
from api.resources import Resources, Wired
from api.rights import Right, rights_of
from api.stores import tenant_of
from xsight_core.errors import NotFound
from xsight_core.services import publications
from xsight_core.services.accounts import Identity
from xsight_core.services.publication_notebook import Parameter
from xsight_core.services.publication_runs import files_of
from xsight_core.services.publications import (
    HandIn,
    Plan,
    PublicationDetail,
    PublicationView,
    RunView,
)

__all__ = ["handlers", "page_of"]

UserRequest = Request[Identity, Any, Any]
READ: Final = {"right": Right.READ}
PUBLISH: Final = {"right": Right.PUBLISH}
DECIDE: Final = {"right": Right.DECIDE}
TAGS: Final = ["Publications"]
SANDBOXED: Final = {
    # somebody's notebook wrote it: no script, no form, no origin of ours, nothing from anywhere
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "private, no-cache",
}


class Publications(msgspec.Struct, frozen=True):
    """Publications, by title."""

    items: list[PublicationView]


class Decision(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A reviewer's word."""

    approve: bool
    remark: str = ""


class Shown(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The version to show; `null` takes the page away."""

    version: int | None


class RunWish(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Values for declared parameters; the others keep their defaults."""

    parameters: dict[str, Any] = {}


class ShownPage(msgspec.Struct, frozen=True):
    """What a reader is shown: the newest good run of the version that is published."""

    id: UUID
    title: str
    run: RunView
    parameters: list[Parameter]


@get("/api/v1/publications", opt=READ, tags=TAGS)
async def publication_list(request: UserRequest, resources: Wired) -> Publications:
    """Those that are published; who may publish sees all."""
    own = Right.PUBLISH in rights_of(request.user)
    return Publications(
        await publications.list_publications(
            resources.tenancy, tenant_of(request), published_only=not own
        )
    )


@post("/api/v1/publications", status_code=202, opt=PUBLISH, tags=TAGS)
async def hand_in(
    request: UserRequest, resources: Wired, data: JSONBody[HandIn]
) -> PublicationView:
    """Hand a notebook in: its code is stored without outputs, and run for the reviewers."""
    found, job = await publications.hand_in(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        user_id=request.user.user_id,
        what=data,
    )
    await resources.doorbell.ring(job)
    return found


@get("/api/v1/publications/{publication_id:uuid}", opt=PUBLISH, tags=TAGS)
async def publication(
    request: UserRequest, resources: Wired, publication_id: FromPath[UUID]
) -> PublicationDetail:
    """One with its versions, what each changes, and its newest fifty runs."""
    return await publications.read_publication(
        resources.tenancy, tenant_of(request), publication_id
    )


@get("/api/v1/publications/{publication_id:uuid}/shown", opt=READ, tags=TAGS)
async def publication_shown(
    request: UserRequest, resources: Wired, publication_id: FromPath[UUID]
) -> ShownPage:
    """What readers are shown now."""
    tenant_id = tenant_of(request)
    run = await publications.run_of_page(
        resources.tenancy, tenant_id, publication_id, None, reviews=False
    )
    detail = await publications.read_publication(resources.tenancy, tenant_id, publication_id)
    declared = next(one.parameters for one in detail.versions if one.version == run.version)
    return ShownPage(detail.id, detail.title, run, declared)


@get(
    "/api/v1/publications/{publication_id:uuid}/page",
    opt=READ,
    tags=TAGS,
    media_type=MediaType.HTML,
)
async def publication_page(
    request: UserRequest,
    resources: Wired,
    publication_id: FromPath[UUID],
    run: FromQuery[UUID | None] = None,
) -> Response[bytes]:
    """The page itself, to be framed: HTML without scripts; of a given run, or the newest of the version shown."""
    return await page_of(request, resources, publication_id, run)


@post(
    "/api/v1/publications/{publication_id:uuid}/versions/{version:int}/decision",
    status_code=HTTPStatus.OK,
    opt=DECIDE,
    tags=TAGS,
)
async def decide(
    request: UserRequest,
    resources: Wired,
    publication_id: FromPath[UUID],
    version: FromPath[int],
    data: JSONBody[Decision],
) -> PublicationView:
    """Approve a version, which shows it to all members, or decline it."""
    return await publications.decide(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        user_id=request.user.user_id,
        publication=publication_id,
        version=version,
        approve=data.approve,
        remark=data.remark,
    )


@put("/api/v1/publications/{publication_id:uuid}/shown", opt=DECIDE, tags=TAGS)
async def show(
    request: UserRequest,
    resources: Wired,
    publication_id: FromPath[UUID],
    data: JSONBody[Shown],
) -> PublicationView:
    """Roll back to an approved version, or take the page away."""
    found, job = await publications.show(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        publication=publication_id,
        version=data.version,
    )
    if job is not None:
        await resources.doorbell.ring(job)
    return found


@put("/api/v1/publications/{publication_id:uuid}/plan", opt=DECIDE, tags=TAGS)
async def plan(
    request: UserRequest, resources: Wired, publication_id: FromPath[UUID], data: JSONBody[Plan]
) -> PublicationView:
    """When it runs by itself, and who is told by mail; admins are told when it fails."""
    return await publications.plan(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        publication=publication_id,
        wish=data,
    )


@delete("/api/v1/publications/{publication_id:uuid}", opt=DECIDE, tags=TAGS)
async def remove(request: UserRequest, resources: Wired, publication_id: FromPath[UUID]) -> None:
    """Take it away with all versions and runs."""
    tenant_id, home = tenant_of(request), resources.settings.home
    runs = await publications.remove(
        resources.tenancy, tenant_id, actor_of(request), publication_id
    )
    for run in runs:
        await asyncio.to_thread(shutil.rmtree, files_of(home, tenant_id, run), ignore_errors=True)


@post("/api/v1/publications/{publication_id:uuid}/runs", status_code=202, opt=PUBLISH, tags=TAGS)
async def run_published(
    request: UserRequest,
    resources: Wired,
    publication_id: FromPath[UUID],
    data: JSONBody[RunWish],
) -> RunView:
    """Run the version shown, with parameters of one's own."""
    found, job = await publications.ask_for_run(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        user_id=request.user.user_id,
        publication=publication_id,
        parameters=data.parameters,
    )
    await resources.doorbell.ring(job)
    return found


@post(
    "/api/v1/publications/{publication_id:uuid}/runs/{run_id:uuid}/repeat",
    status_code=202,
    opt=PUBLISH,
    tags=TAGS,
)
async def repeat_run(
    request: UserRequest,
    resources: Wired,
    publication_id: FromPath[UUID],
    run_id: FromPath[UUID],
) -> RunView:
    """Do a run again from its stored snapshot: equal bytes prove that nothing else went into it."""
    await publications.run_of_page(
        resources.tenancy, tenant_of(request), publication_id, run_id, reviews=True
    )
    found, job = await publications.repeat_run(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        user_id=request.user.user_id,
        run=run_id,
    )
    await resources.doorbell.ring(job)
    return found


async def page_of(
    request: UserRequest, resources: Resources, publication_id: UUID, run: UUID | None
) -> Response[bytes]:
    """A run's page as it was made."""
    tenant_id = tenant_of(request)
    found = await publications.run_of_page(
        resources.tenancy,
        tenant_id,
        publication_id,
        run,
        reviews=Right.PUBLISH in rights_of(request.user),
    )
    path = files_of(resources.settings.home, tenant_id, found.id) / "page.html"
    try:
        page = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError:
        raise NotFound("This run has no page (any more); the next run makes one.") from None
    return Response(page, media_type=MediaType.HTML, headers=SANDBOXED)


handlers = [
    publication_list,
    hand_in,
    publication,
    publication_shown,
    publication_page,
    decide,
    show,
    plan,
    remove,
    run_published,
    repeat_run,
]
