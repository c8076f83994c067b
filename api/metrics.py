"""``/api/v1/analytics/metrics*`` and ``products``: the registry's numbers over a range of days."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from api.analysis_views import About
from api.analytics import AsOf, Channel, Country, answer
from api.examples import EXAMPLES
from api.parameters import Limit
from api.resources import Wired
from api.rights import Right
from xsight_core.analytics import on_refund_date
from xsight_core.services import measures
from xsight_core.services.accounts import Identity

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: dict[str, Any] = {"right": Right.READ}
Since = Annotated[date | None, QueryParameter(description="First day, in the shop's calendar.")]
Until = Annotated[date | None, QueryParameter(description="Last day, included.")]
By = Annotated[
    str,
    QueryParameter(
        max_length=20,
        description="day, week, month, quarter, year, or a dimension such as channel.",
    ),
]


class Compare(StrEnum):
    """With which range: as long just before, the same dates a year ago, or the same weekdays 364 days ago."""

    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_YEAR = "previous_year"
    PREVIOUS_YEAR_WEEKDAYS = "previous_year_weekdays"


class ReturnsOn(StrEnum):
    """On which day returns stand."""

    ORDER_DATE = "order_date"
    REFUND_DATE = "refund_date"


class MetricView(msgspec.Struct, frozen=True):
    """A metric; ``money`` is in minor units; ``additive``: its parts add up to the whole."""

    name: str
    unit: str
    additive: bool
    by_product: bool
    definition: str


class Metrics(msgspec.Struct, frozen=True):
    """The metrics there are."""

    items: list[MetricView]
    total: int


class Point(msgspec.Struct, frozen=True):
    """A period by its first day, or a value of the dimension (null: unknown); null value: nothing to divide by."""

    key: str | None
    value: float | None


class Comparison(msgspec.Struct, frozen=True):
    """The same over another range; ``change``: of the totals, relative, null where there is nothing to divide by."""

    kind: str
    since: date
    until: date
    points: list[Point]
    total: float | None
    change: float | None


class Series(msgspec.Struct, frozen=True):
    """A metric over a range; ``total``: of the whole range, never a mean of the points."""

    metric: str
    unit: str
    definition: str
    by: str
    since: date | None
    until: date
    points: list[Point]
    total: float | None
    comparison: Comparison | None


class SeriesAnswer(About, frozen=True, kw_only=True):
    """A metric."""

    result: Series


class ProductSales(msgspec.Struct, frozen=True):
    """``gross - discounts - returns = net``, by the day of the order; without id: lines by hand, and edits.

    ``share``: of all net sales of the range.
    """

    id: int | None
    title: str | None
    units: int
    orders: int
    gross_minor: int
    discounts_minor: int
    returns_minor: int
    net_minor: int
    share: float | None


class Products(msgspec.Struct, frozen=True):
    """Products by net sales."""

    since: date | None
    until: date
    total: int
    products: list[ProductSales]


class ProductsAnswer(About, frozen=True, kw_only=True):
    """Top products."""

    result: Products


class TopCustomer(msgspec.Struct, frozen=True):
    """A customer by id; names come from ``/api/v1/customers?ids=``, masked as the viewer's rights say."""

    id: int
    orders: int
    units: int
    net_minor: int
    share: float | None


class TopCustomers(msgspec.Struct, frozen=True):
    """Customers by net sales in a range, ties by id."""

    since: date | None
    until: date
    customers: list[TopCustomer]


class TopCustomersAnswer(About, frozen=True, kw_only=True):
    """Top customers."""

    result: TopCustomers


@get("/api/v1/analytics/metrics", opt=READ, tags=["Analytics"], sync_to_thread=False)
def metric_list() -> Metrics:
    """The metrics there are, with units and definitions."""
    items = msgspec.convert(measures.metric_names(), list[MetricView])
    return Metrics(items, len(items))


@get(
    "/api/v1/analytics/metrics/{name:str}",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(SeriesAnswer),
)
async def metric(
    request: UserRequest,
    resources: Wired,
    name: FromPath[str],
    by: By = "day",
    since: Since = None,
    until: Until = None,
    compare: Annotated[
        Compare | None, QueryParameter(description="Beside it, another range.")
    ] = None,
    returns_on: Annotated[
        ReturnsOn,
        QueryParameter(
            description="Returns on the day of their order, or of the refund as Shopify's sales report has them."
        ),
    ] = ReturnsOn.ORDER_DATE,
    channel: Channel = None,
    country: Country = None,
    as_of: AsOf = None,
) -> Response[SeriesAnswer | None]:
    """A metric over time or by a dimension, and of a range before; of one channel or country, where asked for.

    Who is new is judged by all orders, whatever their channel and country.
    """
    kind = None if compare is None else compare.value
    if returns_on is ReturnsOn.REFUND_DATE:
        name = on_refund_date(name)
    return await answer(
        request,
        resources,
        SeriesAnswer,
        lambda look: measures.metric_analysis(
            look,
            name,
            by,
            since=since,
            until=until,
            compare=kind,
            channel=channel,
            country=country,
        ),
        as_of,
    )


@get(
    "/api/v1/analytics/products",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(ProductsAnswer),
)
async def products(
    request: UserRequest,
    resources: Wired,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    offset: Annotated[
        int, QueryParameter(ge=0, le=1_000_000, description="How many to leave out in front.")
    ] = 0,
    as_of: AsOf = None,
) -> Response[ProductsAnswer | None]:
    """Products by what was sold of them."""
    return await answer(
        request,
        resources,
        ProductsAnswer,
        lambda look: measures.product_analysis(
            look, since=since, until=until, limit=limit, offset=offset
        ),
        as_of,
    )


@get(
    "/api/v1/analytics/top-customers",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(TopCustomersAnswer),
)
async def top_customers(
    request: UserRequest,
    resources: Wired,
    since: Since = None,
    until: Until = None,
    limit: Limit = 10,
    as_of: AsOf = None,
) -> Response[TopCustomersAnswer | None]:
    """The customers who spent most in a range, without names."""
    return await answer(
        request,
        resources,
        TopCustomersAnswer,
        lambda look: measures.customer_analysis(look, since=since, until=until, limit=limit),
        as_of,
    )


handlers = [metric_list, metric, products, top_customers]
