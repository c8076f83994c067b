"""``/auth/operator``: the installation, for those whom ``XSIGHT_OPERATORS`` names. Plain links and forms."""

import asyncio
from importlib.metadata import version
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from redis.exceptions import RedisError

from api.actors import actor_of
from api.forms import fields_of, status_of, to_own_name
from api.origin import csrf_token
from api.redirects import see_other, url_with
from api.resources import Resources, Wired
from api.rights import Right
from api.views import render
from xsight_core.errors import InvalidInput, XsightError
from xsight_core.services import operations
from xsight_core.services.accounts import Identity

__all__ = ["handlers"]

OPERATOR: Final = {"right": Right.OPERATOR}
HOME: Final = "/auth/operator"
ALIVE: Final = ("worker", "relay", "scheduler")

UserRequest = Request[Identity, Any, Any]


@get(HOME, opt=OPERATOR)
async def operator_page(
    request: UserRequest, resources: Wired, after: FromQuery[str] = "", done: FromQuery[str] = ""
) -> Response[str]:
    """Queue, what was given up, stores, versions."""
    return await _page(request, resources, after=after[:20], done=bool(done))


@post("/auth/operator/jobs/{job_id:uuid}/{what:str}", opt=OPERATOR)
async def settle_job(
    request: UserRequest, resources: Wired, job_id: FromPath[UUID], what: FromPath[str]
) -> Response[Any]:
    """``retry`` or ``discard`` a job that was given up."""
    try:
        if _retries(what):
            await operations.retry_job(
                resources.tenancy, actor_of(request), job_id, resources.doorbell
            )
        else:
            await operations.discard_job(resources.tenancy, actor_of(request), job_id)
    except XsightError as error:
        return await _page(request, resources, error=error)
    return see_other(url_with(HOME, done="1"))


@post("/auth/operator/webhooks/{tenant_id:uuid}/{what:str}", opt=OPERATOR)
async def settle_webhooks(
    request: UserRequest, resources: Wired, tenant_id: FromPath[UUID], what: FromPath[str]
) -> Response[Any]:
    """``retry`` or ``discard`` a store's dead webhooks of the form's topic."""
    form = await fields_of(request, "topic")
    try:
        await operations.settle_letters(
            resources.tenancy,
            actor_of(request),
            tenant_id,
            form["topic"],
            retry=_retries(what),
            doorbell=resources.doorbell,
        )
    except XsightError as error:
        return await _page(request, resources, error=error)
    return see_other(url_with(HOME, done="1"))


async def _page(
    request: UserRequest,
    resources: Resources,
    *,
    after: str = "",
    done: bool = False,
    error: XsightError | None = None,
) -> Response[str]:
    state, alive = await asyncio.gather(
        operations.read_state(resources.tenancy, after=after), _alive(resources)
    )
    return render(
        "operator.html",
        status=status_of(error),
        errors={"form": str(error)} if error else {},
        state=state,
        alive=alive,
        version=version("xsight"),
        shopify=resources.settings.shopify_api_version,
        older=url_with(HOME, after=state.after) if state.after else None,
        done=done,
        csrf=csrf_token(request),
    )


async def _alive(resources: Resources) -> dict[str, str]:
    """Who was heard of within fifteen seconds; nobody where Redis does not answer."""
    try:
        told: Any = await resources.redis.mget([f"xsight:alive:{name}" for name in ALIVE])
    except (RedisError, OSError):
        return dict.fromkeys(ALIVE, "not known: Redis does not answer")
    return {n: "alive" if t else "not heard of" for n, t in zip(ALIVE, told, strict=True)}


def _retries(what: str) -> bool:
    if what not in {"retry", "discard"}:
        raise InvalidInput("what", "It is retry or discard.")
    return what == "retry"


handlers = [
    Router(
        "/",
        route_handlers=[operator_page, settle_job, settle_webhooks],
        before_request=to_own_name,
        include_in_schema=False,
    )
]
