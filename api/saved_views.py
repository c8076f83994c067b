"""``/api/v1/views*``: views of lists that people keep."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.errors import Forbidden
from xsight_core.services import saved_views
from xsight_core.services.accounts import Identity
from xsight_core.services.saved_views import ViewView

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
PAGE = r"^[a-z][a-z0-9-]{0,39}$"


class ViewWish(msgspec.Struct, forbid_unknown_fields=True):
    """What to keep: `query` is the page's address behind the question mark."""

    page: Annotated[str, msgspec.Meta(pattern=PAGE)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    query: Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\x00]*$")]
    shared: bool = False


class Views(msgspec.Struct, frozen=True):
    """By name."""

    items: list[ViewView]


@get("/api/v1/views", opt={"right": Right.READ}, tags=["Views"])
async def view_list(
    request: UserRequest,
    resources: Wired,
    page: Annotated[str, QueryParameter(pattern=PAGE, description="Of this page.")],
) -> Views:
    """One's own views of a page, and those that others share."""
    user = request.user
    return Views(
        await saved_views.list_views(resources.tenancy, tenant_of(request), user.user_id, page)
    )


@post("/api/v1/views", opt={"right": Right.READ}, tags=["Views"])
async def save_view(request: UserRequest, resources: Wired, data: JSONBody[ViewWish]) -> ViewView:
    """Keep a view."""
    _person(request)
    return await saved_views.save_view(
        resources.tenancy,
        tenant_of(request),
        request.user.user_id,
        page=data.page,
        name=data.name,
        query=data.query,
        shared=data.shared,
    )


@delete("/api/v1/views/{view_id:uuid}", opt={"right": Right.READ}, tags=["Views"])
async def delete_view(request: UserRequest, resources: Wired, view_id: FromPath[UUID]) -> None:
    """Delete a view of one's own."""
    _person(request)
    await saved_views.delete_view(
        resources.tenancy, tenant_of(request), request.user.user_id, view_id
    )


def _person(request: UserRequest) -> None:
    """A token that may read changes nothing."""
    if request.user.scopes is not None:
        raise Forbidden("Views are kept by people, not by programs.")


handlers = [view_list, save_view, delete_view]
