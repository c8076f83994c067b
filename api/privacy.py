"""``/api/v1/privacy/*``: what customers have asked about their personal data, until when, and the proof."""

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from api.actors import actor_of
from api.resources import Resources, Wired
from api.rights import Right
from api.sessions import ring
from api.stores import tenant_of
from api.trail import note
from api.views import render
from xsight_core.errors import Forbidden
from xsight_core.services import compliance
from xsight_core.services.accounts import Identity
from xsight_core.services.compliance import Bundle, RequestView

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
PRIVACY: Final = {"right": Right.PRIVACY}
ALONE: Final = {"Cache-Control": "no-store"}


class Requests(msgspec.Struct, frozen=True):
    """Requests, the most urgent first, and how many of them wait or are late."""

    items: list[RequestView]
    open: int
    overdue: int


class NewRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Of whom (Shopify's id) and what: to be told what is kept, or to be forgotten."""

    customer: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    what: Literal["tell", "forget"]


@get("/api/v1/privacy/requests", opt=PRIVACY, tags=["Privacy"])
async def privacy_requests(request: UserRequest, resources: Wired) -> Requests:
    """Requests of customers, or of Shopify about the whole shop; thirty days are allowed for each."""
    found = await compliance.list_requests(resources.tenancy, tenant_of(request))
    waiting = [one for one in found if one.status == "open"]
    return Requests(found, len(waiting), sum(one.overdue for one in waiting))


@post("/api/v1/privacy/requests", opt=PRIVACY, tags=["Privacy"])
async def privacy_ask(
    request: UserRequest, resources: Wired, data: JSONBody[NewRequest]
) -> RequestView:
    """A customer asked you, not Shopify: make the bundle, or forget them. What is forgotten does not come back."""
    asked, job = await compliance.ask(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        customer_id=data.customer,
        forget=data.what == "forget",
    )
    await ring(resources, job)
    return asked


@get("/api/v1/privacy/requests/{request_id:str}/bundle", opt=PRIVACY, tags=["Privacy"])
async def privacy_bundle(
    request: UserRequest,
    resources: Wired,
    request_id: FromPath[str],
    form: FromQuery[Literal["json", "html"]] = "json",
) -> Response[Any]:
    """Everything that is kept of the person who asks, and who looked at it: for the owner to pass on.

    It is made now and kept nowhere. Asks for the right to personal data.
    """
    bundle = await _bundle(request, resources, request_id)
    await note(
        request,
        resources,
        "privacy.bundle_read",
        tenant_id=tenant_of(request),
        object=request_id,
        rows_seen=bundle.rows,
    )
    if form == "html":
        page = render("bundle.html", bundle=bundle, store=request.user.tenant_name)
        page.headers |= _attached(request_id, "html")
        return page
    return Response(
        msgspec.json.format(msgspec.json.encode(bundle)),
        media_type=MediaType.JSON,
        headers=ALONE | _attached(request_id, "json"),
    )


@post(
    "/api/v1/privacy/requests/{request_id:str}/answer",
    opt=PRIVACY,
    tags=["Privacy"],
    status_code=HTTPStatus.NO_CONTENT,
)
async def privacy_answer(request: UserRequest, resources: Wired, request_id: FromPath[str]) -> None:
    """The bundle was passed on: the request is done. When, by whom, and the bundle's digest are kept."""
    await answer(request, resources, request_id)


async def answer(request: UserRequest, resources: Resources, request_id: str) -> None:
    """Close a question of a customer's."""
    bundle = await _bundle(request, resources, request_id)
    await compliance.answer_request(
        resources.tenancy,
        tenant_of(request),
        actor_of(request),
        request_id,
        bundle=msgspec.json.encode(bundle.data),
    )


async def _bundle(request: UserRequest, resources: Resources, request_id: str) -> Bundle:
    if not request.user.pii:
        raise Forbidden("This names people; you may not see that in this store.")
    return await compliance.make_bundle(resources.tenancy, tenant_of(request), request_id)


def _attached(request_id: str, suffix: str) -> dict[str, str]:
    """A file name of nothing but letters, whatever the request is called."""
    name = "".join(letter for letter in request_id if letter.isascii() and letter.isalnum())[:40]
    return {"Content-Disposition": f'attachment; filename="personal-data-{name}.{suffix}"'}


handlers = [privacy_requests, privacy_ask, privacy_bundle, privacy_answer]
