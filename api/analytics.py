"""``/api/v1/analytics/*``: what a store's orders say, from any of its days.

Without parameters the answer is what the dashboards show. Each carries an ETag that changes with rows, rules and day,
and not before.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import QueryParameter

from api.analysis_views import (
    About,
    ChurnAnswer,
    CohortValuesAnswer,
    GroupsAnswer,
    MigrationAnswer,
    RevenueAnswer,
    RfmAnswer,
    SizesAnswer,
    ValueAnswer,
    YearsAnswer,
)
from api.cache import Cache
from api.conditional import cached_headers, not_modified
from api.examples import EXAMPLES
from api.parameters import parse_bounds
from api.redirects import here
from api.resources import Resources, Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.analytics import DEFAULT_RULE, Grain, Thresholds, day_number, day_of
from xsight_core.analytics.rfm import DEFAULT_THRESHOLDS
from xsight_core.errors import InvalidInput
from xsight_core.services import analyses, measures
from xsight_core.services.accounts import Identity
from xsight_core.services.documents import document_parts
from xsight_core.services.look import Look, Viewpoint
from xsight_core.services.measures import FIRST_DAY
from xsight_core.services.traits import known_groups

__all__ = ["AsOf", "Channel", "Country", "GrainParam", "answer", "handlers"]

UserRequest = Request[Identity, Any, Any]
READ: dict[str, Any] = {"right": Right.READ}
AsOf = Annotated[
    date | None,
    QueryParameter(
        description="A past day of the shop's calendar to look from; by default the newest."
    ),
]
Bounds = Annotated[
    str | None,
    QueryParameter(max_length=100, description="Four rising bounds, as `30,90,180,365`."),
]
Channel = Annotated[
    str | None, QueryParameter(min_length=1, max_length=200, description="Only of this channel.")
]
Country = Annotated[
    str | None,
    QueryParameter(pattern=r"^[A-Z]{2}$", description="Only to this country, by its ISO code."),
]
GrainParam = Annotated[Grain, QueryParameter(description="Length of the periods.")]
A = TypeVar("A", bound=About)


async def answer(
    request: UserRequest,
    resources: Resources,
    kind: type[A],
    ask: Callable[[Look], dict[str, Any]],
    as_of: date | None = None,
    question: str | None = None,
) -> Response[A | None]:
    """What ``ask`` says of the store's orders, or 304. ``question``: what it depends on beside the address."""
    tenant_id = tenant_of(request)
    if as_of is not None and as_of < FIRST_DAY:
        raise InvalidInput("as_of", f"Give a day from {FIRST_DAY} on.")
    view = await resources.ledgers.viewpoint(tenant_id, as_of)
    if unchanged := not_modified(request, view.key):
        return unchanged
    asked = here(request) if question is None else f"{here(request)}|{question}"
    find = partial(resources.ledgers.ask, tenant_id, view, ask)
    about = _about(view)
    return await _kept(resources.cache, tenant_id, view.key, asked, kind, about, find)


async def _kept(
    cache: Cache,
    tenant_id: UUID,
    key: str,
    asked: str,
    kind: type[A],
    about: dict[str, Any],
    find: Callable[[], Awaitable[Any]],
) -> Response[A | None]:
    """The result that is kept for the key, or what ``find`` gives, and what is to be said of it now."""

    async def work_out() -> bytes:
        checked: Any = msgspec.convert(about | {"result": await find()}, kind)
        return msgspec.json.encode(checked.result)

    result = await cache.read(tenant_id, key, asked, work_out)
    told = msgspec.json.encode(about)
    body: Any = told[:-1] + b',"result":' + result + b"}"  # checked when it was made
    return Response(body, media_type=MediaType.JSON, headers=cached_headers(key))


def _about(view: Viewpoint) -> dict[str, Any]:
    """What every answer says of itself."""
    shop, run = view.shop, view.run
    same = run is not None and (run.data_version, day_number(run.as_of)) == (
        shop.data_version,
        view.as_of,
    )
    return {
        "insight_run": str(run.id) if run and same else None,
        "computed_at": run.computed_at if run and same else None,
        "data_version": shop.data_version,
        "rule_version": DEFAULT_RULE.version,
        "as_of": day_of(view.as_of),
        "shop": {
            "name": shop.name,
            "domain": shop.domain,
            "currency": shop.currency,
            "currency_exponent": shop.currency_exponent,
            "timezone": shop.timezone,
        },
    }


@get("/api/v1/analytics/rfm", opt=READ, tags=["Analytics"], responses=EXAMPLES.of(RfmAnswer))
async def rfm(
    request: UserRequest,
    resources: Wired,
    as_of: AsOf = None,
    recency_days: Bounds = None,
    frequency: Bounds = None,
    monetary_minor: Bounds = None,
) -> Response[RfmAnswer | None]:
    """RFM segments and grid; by thresholds of one's own where given."""
    default = DEFAULT_THRESHOLDS
    thresholds = Thresholds(
        parse_bounds("recency_days", recency_days) or default.recency_days,
        parse_bounds("frequency", frequency) or default.frequency,
        parse_bounds("monetary_minor", monetary_minor) or default.monetary_minor,
    )
    return await answer(
        request, resources, RfmAnswer, lambda look: analyses.rfm_analysis(look, thresholds), as_of
    )


@get(
    "/api/v1/analytics/rfm/migration",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(MigrationAnswer),
)
async def migration(
    request: UserRequest,
    resources: Wired,
    since: Annotated[date | None, QueryParameter(description="The earlier day; needed.")] = None,
    as_of: AsOf = None,
) -> Response[MigrationAnswer | None]:
    """Which customers moved from which segment to which."""
    if since is None:
        raise InvalidInput("since", "Say from which day on: since=2026-06-30.")
    start = day_number(since)
    return await answer(
        request,
        resources,
        MigrationAnswer,
        lambda look: analyses.migration_analysis(look, start),
        as_of,
    )


@get(
    "/api/v1/analytics/rfm/history",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(SizesAnswer),
)
async def history(
    request: UserRequest,
    resources: Wired,
    months: Annotated[
        int, QueryParameter(ge=1, le=60, description="How many months' ends to look back at.")
    ] = 12,
    as_of: AsOf = None,
) -> Response[SizesAnswer | None]:
    """How large each segment was at each month's end, scored by what was known then."""
    return await answer(
        request,
        resources,
        SizesAnswer,
        lambda look: analyses.history_analysis(look, months),
        as_of,
    )


@get(
    "/api/v1/analytics/rfm/shopify",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(GroupsAnswer),
)
async def groups(
    request: UserRequest, resources: Wired, as_of: AsOf = None
) -> Response[GroupsAnswer | None]:
    """Shopify's eleven groups as scored here, and how well they agree with the groups that Shopify gave, if it did."""
    tenant_id = tenant_of(request)

    def ask(look: Look) -> dict[str, Any]:
        known = known_groups(resources.tenancy, tenant_id) if as_of is None else {}
        return analyses.group_analysis(look, known)

    return await answer(request, resources, GroupsAnswer, ask, as_of)


@get("/api/v1/analytics/churn", opt=READ, tags=["Analytics"], responses=EXAMPLES.of(ChurnAnswer))
async def churn(
    request: UserRequest, resources: Wired, as_of: AsOf = None
) -> Response[ChurnAnswer | None]:
    """How likely customers are to stay away, with the evidence for it."""
    if as_of is not None:
        return await answer(request, resources, ChurnAnswer, analyses.churn_analysis, as_of)
    return await _stored(request, resources, ChurnAnswer, "churn")


@get("/api/v1/analytics/clv", opt=READ, tags=["Analytics"], responses=EXAMPLES.of(ValueAnswer))
async def clv(
    request: UserRequest, resources: Wired, as_of: AsOf = None
) -> Response[ValueAnswer | None]:
    """What customers are expected to bring in, in all and by segment, with 90 % intervals."""
    if as_of is not None:
        return await answer(request, resources, ValueAnswer, analyses.value_analysis, as_of)
    return await _stored(request, resources, ValueAnswer, "clv")


@get(
    "/api/v1/analytics/clv/cohorts",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(CohortValuesAnswer),
)
async def clv_cohorts(
    request: UserRequest,
    resources: Wired,
    grain: GrainParam = Grain.MONTH,
    as_of: AsOf = None,
) -> Response[CohortValuesAnswer | None]:
    """What is expected of the customers of each cohort: orders and discounted sales by horizon, with 90 % intervals."""
    return await answer(
        request,
        resources,
        CohortValuesAnswer,
        lambda look: analyses.value_by_cohort(look, grain),
        as_of,
    )


@get(
    "/api/v1/analytics/clv/years",
    opt=READ,
    tags=["Analytics"],
    responses=EXAMPLES.of(YearsAnswer),
)
async def clv_years(
    request: UserRequest,
    resources: Wired,
    years: Annotated[int, QueryParameter(ge=1, le=5, description="How many years ahead.")] = 3,
    as_of: AsOf = None,
) -> Response[YearsAnswer | None]:
    """What today's customers are expected to bring in in each coming year, discounted, with 90 % intervals."""
    return await answer(
        request,
        resources,
        YearsAnswer,
        lambda look: analyses.yearly_value_analysis(look, years),
        as_of,
    )


@get(
    "/api/v1/analytics/revenue", opt=READ, tags=["Analytics"], responses=EXAMPLES.of(RevenueAnswer)
)
async def revenue(
    request: UserRequest,
    resources: Wired,
    channel: Channel = None,
    country: Country = None,
    as_of: AsOf = None,
) -> Response[RevenueAnswer | None]:
    """Orders, sales and customers by day; of one channel or country, or a past day, without the totals of all time."""
    if (channel, country, as_of) != (None, None, None):
        return await answer(
            request,
            resources,
            RevenueAnswer,
            lambda look: measures.daily_analysis(look, channel=channel, country=country),
            as_of,
        )
    return await _stored(request, resources, RevenueAnswer, "totals", "daily")


async def _stored(
    request: UserRequest, resources: Resources, kind: type[A], *names: str
) -> Response[A | None]:
    """Parts of the run that is shown."""
    tenant_id = tenant_of(request)
    view = await resources.ledgers.viewpoint(tenant_id)
    if unchanged := not_modified(request, view.run_key):
        return unchanged

    async def find() -> Any:
        _, parts = await document_parts(resources.tenancy, tenant_id, "overview", names)
        results = [parts[name] for name in names]
        return results[0] if len(results) == 1 else dict(zip(names, results, strict=True))

    about = _about(view)
    if view.run is not None:
        about |= {"insight_run": str(view.run.id), "data_version": view.run.data_version}
    asked = f"overview {' '.join(names)}"
    return await _kept(resources.cache, tenant_id, view.run_key, asked, kind, about, find)


handlers = [
    rfm,
    migration,
    history,
    groups,
    churn,
    clv,
    clv_cohorts,
    clv_years,
    revenue,
]
