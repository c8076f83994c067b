"""``/api/v1/analytics/`` ``products/together``, ``products/next``, ``repurchase``, ``forecast``, ``anomalies``."""

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import QueryParameter

from api.analytics import AsOf, answer
from api.examples import EXAMPLES
from api.parameters import LARGEST_ID, Limit
from api.pattern_views import (
    AnomaliesAnswer,
    ForecastAnswer,
    PairsAnswer,
    RepurchaseAnswer,
)
from api.resources import Wired
from api.rights import Right
from xsight_core.services import patterns
from xsight_core.services.accounts import Identity

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: dict[str, Any] = {"right": Right.READ}
Product = Annotated[
    int | None, QueryParameter(ge=1, le=LARGEST_ID, description="Only pairs with this product.")
]
AtLeast = Annotated[
    int, QueryParameter(ge=1, le=1_000_000, description="Pairs seen less often are left out.")
]


@get(
    "/api/v1/analytics/products/together",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(PairsAnswer),
)
async def together(
    request: UserRequest,
    resources: Wired,
    product: Product = None,
    at_least: AtLeast = 5,
    limit: Limit = 50,
    as_of: AsOf = None,
) -> Response[PairsAnswer | None]:
    """Products found in one order more often than chance would have it, the surest first."""
    return await answer(
        request,
        resources,
        PairsAnswer,
        lambda look: patterns.together_analysis(
            look, product=product, at_least=at_least, limit=limit
        ),
        as_of,
    )


@get(
    "/api/v1/analytics/products/next",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(PairsAnswer),
)
async def following(
    request: UserRequest,
    resources: Wired,
    product: Product = None,
    at_least: AtLeast = 5,
    limit: Limit = 50,
    as_of: AsOf = None,
) -> Response[PairsAnswer | None]:
    """What customers buy (`second`) in the order after one with a product (`first`), the surest first."""
    return await answer(
        request,
        resources,
        PairsAnswer,
        lambda look: patterns.next_analysis(look, product=product, at_least=at_least, limit=limit),
        as_of,
    )


@get(
    "/api/v1/analytics/repurchase",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(RepurchaseAnswer),
)
async def repurchase(
    request: UserRequest,
    resources: Wired,
    nth: Annotated[
        int | None,
        QueryParameter(ge=1, le=10_000, description="Only from this purchase of a customer on."),
    ] = None,
    span: Annotated[int, QueryParameter(ge=1, le=366, description="Days a step of the curve.")] = 7,
    as_of: AsOf = None,
) -> Response[RepurchaseAnswer | None]:
    """How long customers take to their next purchase; those who still wait are counted in."""
    return await answer(
        request,
        resources,
        RepurchaseAnswer,
        lambda look: patterns.repurchase_analysis(look, nth=nth, span=span),
        as_of,
    )


@get(
    "/api/v1/analytics/forecast",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(ForecastAnswer),
)
async def forecast(
    request: UserRequest,
    resources: Wired,
    days: Annotated[int, QueryParameter(ge=1, le=366, description="How many, from today on.")] = 28,
    as_of: AsOf = None,
) -> Response[ForecastAnswer | None]:
    """Net sales of the coming days beside last year's, and how such forecasts did on this store's past."""
    return await answer(
        request,
        resources,
        ForecastAnswer,
        lambda look: patterns.forecast_analysis(look, days=days),
        as_of,
    )


@get(
    "/api/v1/analytics/anomalies",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(AnomaliesAnswer),
)
async def anomalies(
    request: UserRequest,
    resources: Wired,
    last: Annotated[
        int, QueryParameter(ge=1, le=366, description="How many days to look through.")
    ] = 28,
    threshold: Annotated[
        float,
        QueryParameter(gt=0, le=1000, description="From how many standard deviations on."),
    ] = 3.5,
    as_of: AsOf = None,
) -> Response[AnomaliesAnswer | None]:
    """Days whose net sales are out of line, and what made them so."""
    return await answer(
        request,
        resources,
        AnomaliesAnswer,
        lambda look: patterns.anomaly_analysis(look, last=last, threshold=threshold),
        as_of,
    )


handlers = [together, following, repurchase, forecast, anomalies]
