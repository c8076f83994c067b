"""``/app/*``: stable links to the dashboards and to Lab, whichever server runs them."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from api.hub import dashboard_server
from api.redirects import DEFAULT_TARGET, here, see_other
from api.resources import Resources, Wired
from api.rights import Right
from api.views import render
from xsight_core.errors import NotFound
from xsight_core.services.accounts import Identity

__all__ = ["handlers"]

PATIENCE_S: Final = 1.0
PAGE: Final = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)*", re.ASCII)

UserRequest = Request[Identity, Any, Any]


@get("/app", opt={"right": Right.PUBLIC}, include_in_schema=False, sync_to_thread=False)
def app_root() -> Response[None]:
    """The first page."""
    return see_other(DEFAULT_TARGET)


@get("/app/{page:path}", opt={"right": Right.READ}, include_in_schema=False)
async def dashboard(request: UserRequest, resources: Wired, page: FromPath[Path]) -> Response[Any]:
    """The page on the dashboard server of the store one looks at."""
    name = page.as_posix().strip("/")
    if not PAGE.fullmatch(name):
        raise NotFound("There is no such page.")
    server = dashboard_server(request.user.slug or "")
    if not await resources.hub.wait_ready(server, timeout_s=PATIENCE_S):
        return await _wait(resources, "Starting your dashboards")
    return see_other(f"/user/{server}{here(request)}")


@get("/app/lab", opt={"right": Right.LAB}, include_in_schema=False, sync_to_thread=False)
def lab() -> Response[None]:
    """One's own JupyterLab in the current store.

    A Hub user is a person in one store, so the Hub is made to log in anew: after a switch of stores it would
    otherwise go on with the user of the one before. It starts the server where it does not run.
    """
    return see_other("/hub/oauth_login?next=/hub/user-redirect/lab")


async def _wait(resources: Resources, title: str) -> Response[str]:
    """A page that looks again by itself."""
    is_up = await resources.hub.is_up()
    return render(
        "waiting.html",
        status=HTTPStatus.ACCEPTED if is_up else HTTPStatus.SERVICE_UNAVAILABLE,
        title=title,
        is_up=is_up,
        every_s=1 if is_up else 3,
    )


handlers = [app_root, dashboard, lab]
