"""``/api/v1/analytics/cohorts*``: customers by their first order, all of them or any, cut by how they came."""

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter

from api.analysis_views import CohortCutsAnswer, CohortsAnswer
from api.analytics import AsOf, GrainParam, answer
from api.examples import EXAMPLES
from api.parameters import LARGEST_ID, parse_ids
from api.resources import Wired
from api.rights import Right
from xsight_core.analytics import Grain
from xsight_core.errors import InvalidInput
from xsight_core.services.accounts import Identity
from xsight_core.services.cohort_analyses import CohortWish, cohort_analysis, cohort_cuts

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: dict[str, Any] = {"right": Right.READ}
_MOST_CUSTOMERS = 50_000


class Cut(StrEnum):
    """How customers came: what their first order was of, or came by."""

    PRODUCT = "product"
    CHANNEL = "channel"
    DISCOUNT = "discount"
    COUNTRY = "country"


Values = Annotated[
    str | None,
    QueryParameter(
        max_length=20,
        description="A measure to give beside: active, retention, orders, revenue_minor, returns_minor, ltv_minor, "
        "aov_minor or refund_rate.",
    ),
]
Bands = Annotated[
    bool,
    QueryParameter(description="90 % bootstrap bands of retention, ltv_minor or aov_minor."),
]


class Crowd(msgspec.Struct, forbid_unknown_fields=True):
    """Customers of one's choice, by Shopify's ids; ids that nobody has are no error."""

    customer_ids: list[Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]]
    grain: Grain = Grain.MONTH
    values: str | None = None
    bands: bool = False


@get(
    "/api/v1/analytics/cohorts",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(CohortsAnswer),
)
async def cohorts(
    request: UserRequest,
    resources: Wired,
    grain: GrainParam = Grain.MONTH,
    values: Values = None,
    bands: Bands = False,  # noqa: FBT002 - a query's
    customers: Annotated[
        str | None,
        QueryParameter(max_length=5000, description="Ids of the only customers to look at."),
    ] = None,
    as_of: AsOf = None,
) -> Response[CohortsAnswer | None]:
    """Retention, orders and revenue by the period of the first order; periods that are not over are null."""
    wish = CohortWish(grain, values, bands, parse_ids(customers, "customers"))
    return await answer(
        request, resources, CohortsAnswer, lambda look: cohort_analysis(look, wish), as_of
    )


@post(
    "/api/v1/analytics/cohorts",
    status_code=200,
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(CohortsAnswer),
)
async def cohorts_of(
    request: UserRequest, resources: Wired, data: JSONBody[Crowd], as_of: AsOf = None
) -> Response[CohortsAnswer | None]:
    """Cohorts of up to 50,000 customers of one's choice, e.g. the members of a segment."""
    if len(data.customer_ids) > _MOST_CUSTOMERS:
        raise InvalidInput("customer_ids", f"Give at most {_MOST_CUSTOMERS:,} customers at once.")
    wish = CohortWish(data.grain, data.values, data.bands, sorted(set(data.customer_ids)))
    return await answer(
        request,
        resources,
        CohortsAnswer,
        lambda look: cohort_analysis(look, wish),
        as_of,
        question=repr(wish),
    )


@get(
    "/api/v1/analytics/cohorts/cuts",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(CohortCutsAnswer),
)
async def cuts(
    request: UserRequest,
    resources: Wired,
    by: Annotated[Cut, QueryParameter(description="What of the first order.")] = Cut.CHANNEL,
    grain: GrainParam = Grain.MONTH,
    values: Values = None,
    bands: Bands = False,  # noqa: FBT002 - a query's
    most: Annotated[
        int, QueryParameter(ge=1, le=50, description="How many values, the most frequent first.")
    ] = 10,
    as_of: AsOf = None,
) -> Response[CohortCutsAnswer | None]:
    """Cohorts apart by first product, channel, discount code or country."""
    wish = CohortWish(grain, values, bands)
    return await answer(
        request,
        resources,
        CohortCutsAnswer,
        lambda look: cohort_cuts(look, wish, by, most),
        as_of,
    )


handlers = [cohorts, cohorts_of, cuts]
