"""The composition root: settings in, application out. Nothing else makes connections or knows which parts there are."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig

from api import (
    account_pages,
    accounts,
    alerts,
    analytics,
    assets,
    audit,
    branding,
    cohorts,
    completeness,
    customers,
    dashboards,
    docs,
    exports,
    external,
    health,
    insight_runs,
    members,
    metrics,
    openid,
    operator,
    orders,
    pages,
    patterns,
    privacy,
    products,
    publication_pages,
    publications,
    reports,
    saved_views,
    search,
    segment_actions,
    segment_members,
    segments,
    shopify,
    stores,
    sync_socket,
    syncs,
    tokens,
)
from api.access import AccessLog
from api.failures import answer_error
from api.limits import limit_rate
from api.origin import refuse_cross_site
from api.resources import Resources, make_resources
from api.rights import Right, check_rights_stated, identify_caller, require_right
from api.schema import Described
from api.webhooks import WebhookDoor
from xsight_core.settings import Settings

__all__ = ["create_app"]

LARGEST_BODY: Final = 1_000_000
PARTS: Final = (
    account_pages,
    accounts,
    alerts,
    analytics,
    assets,
    audit,
    branding,
    cohorts,
    completeness,
    customers,
    dashboards,
    docs,
    exports,
    external,
    health,
    insight_runs,
    metrics,
    members,
    openid,
    operator,
    orders,
    pages,
    privacy,
    patterns,
    products,
    publication_pages,
    publications,
    reports,
    saved_views,
    search,
    segment_actions,
    segment_members,
    segments,
    shopify,
    stores,
    sync_socket,
    syncs,
    tokens,
)


def create_app(settings: Settings) -> Litestar:
    """The service. Raises ``RuntimeError`` when a route does not say who may use it."""
    resources = make_resources(settings)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await resources.serve(stack)
            yield

    def provide_resources() -> Resources:
        return resources

    app = Litestar(
        [handler for part in PARTS for handler in part.handlers],
        dependencies={"resources": Provide(provide_resources, sync_to_thread=False)},
        exception_handlers={Exception: answer_error},
        guards=[identify_caller, limit_rate, require_right, refuse_cross_site],
        lifespan=[lifespan],
        logging_config=None,
        openapi_config=_openapi(),
        request_max_body_size=LARGEST_BODY,
        state=State({"resources": resources}),
    )
    check_rights_stated(app)
    app.asgi_handler = WebhookDoor(
        AccessLog(
            app.asgi_handler,
            secure=settings.secure,
            trusted_proxies=settings.trusted_proxies,
        ),
        secrets=settings.shopify_secrets,
        inbox=resources.inbox,
        announcer=resources.announcer,
    )
    return app


def _openapi() -> OpenAPIConfig:
    """What is in the document; ``api.schema`` completes and ``api.docs`` serves it."""
    return OpenAPIConfig(
        title="XSight",
        version="1",
        description="Customer analytics of the store one looks at. Changes need `Origin` and `X-CSRF-Token`, "
        "or a token.",
        openapi_router=Router(
            "/api/schema", route_handlers=[], opt={"right": Right.PUBLIC}, include_in_schema=False
        ),
        render_plugins=[Described(path="/")],
        use_handler_docstrings=True,
    )
