"""``/api/v1/customers*``."""

from datetime import date
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import QueryParameter

from api.conditional import cached_headers, not_modified
from api.counts import counter_of
from api.fields import Fields, PartialPage, pick
from api.parameters import LARGEST_ID, Cursor, Id, Limit, Word, parse_ids, parse_words
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services import customers, timeline
from xsight_core.services.accounts import Identity
from xsight_core.services.customers import (
    CUSTOMER_SORTS,
    CustomerFilter,
    CustomerPage,
    CustomerView,
)
from xsight_core.services.timeline import Timeline

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
SortParam = Annotated[
    str, QueryParameter(max_length=40, description=f"One of {', '.join(CUSTOMER_SORTS)}.")
]
Whole = Annotated[int | None, QueryParameter(ge=0, le=2**31 - 1)]
Minor = Annotated[
    int | None, QueryParameter(ge=-LARGEST_ID, le=LARGEST_ID, description="In minor units.")
]
Day = Annotated[date | None, QueryParameter(description="A day in the shop's own calendar.")]


@get("/api/v1/customers", opt={"right": Right.READ}, tags=["Customers"])
async def customer_list(
    request: UserRequest,
    resources: Wired,
    ids: Annotated[
        str | None, QueryParameter(max_length=5000, description="Only these, as `1,2,3`.")
    ] = None,
    email: Annotated[
        str | None,
        QueryParameter(max_length=254, description="This address; for who may see personal data."),
    ] = None,
    segment: Annotated[
        str | None,
        QueryParameter(pattern=r"^[a-z0-9_-]{1,60}$", description="Key of an RFM segment."),
    ] = None,
    country: Word = None,
    tag: Word = None,
    email_consent: Word = None,
    orders_min: Whole = None,
    orders_max: Whole = None,
    net_min: Minor = None,
    net_max: Minor = None,
    churn_min: Annotated[
        float | None, QueryParameter(ge=0, le=1, description="At least so likely to be lost.")
    ] = None,
    ordered_since: Day = None,
    ordered_until: Day = None,
    product_id: Annotated[
        int | None, QueryParameter(ge=1, le=LARGEST_ID, description="Who bought this product.")
    ] = None,
    sort: SortParam = "-net",
    fields: Fields = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response[CustomerPage | PartialPage]:
    """Customers with their scores. Names and addresses need the right to personal data."""
    tenant_id = tenant_of(request)
    key = f"{await customers.shown_key(resources.tenancy, tenant_id)}.{request.user.pii:d}"
    if answered := not_modified(request, key):
        return answered
    page = await customers.list_customers(
        resources.tenancy,
        tenant_id,
        pii=request.user.pii,
        which=CustomerFilter(
            ids=parse_ids(ids),
            email=email,
            country=country,
            tag=tag,
            email_consent=email_consent,
            segment=segment,
            orders_min=orders_min,
            orders_max=orders_max,
            net_min=net_min,
            net_max=net_max,
            churn_min=churn_min,
            ordered_since=ordered_since,
            ordered_until=ordered_until,
            product_id=product_id,
        ),
        sort=sort,
        cursor=cursor,
        limit=limit,
        counted=counter_of(resources, tenant_id),
        directory=resources.directory,
    )
    resources.reads.note(request, "customers.read", rows=len(page.items))
    return Response(pick(page, CustomerView, fields), headers=cached_headers(key))


@get("/api/v1/customers/{customer_id:int}", opt={"right": Right.READ}, tags=["Customers"])
async def customer(request: UserRequest, resources: Wired, customer_id: Id) -> CustomerView:
    """One customer."""
    found = await customers.read_customer(
        resources.tenancy, tenant_of(request), customer_id, pii=request.user.pii
    )
    resources.reads.note(request, "customers.read", rows=1, object=str(customer_id))
    return found


@get("/api/v1/customers/{customer_id:int}/timeline", opt={"right": Right.READ}, tags=["Customers"])
async def customer_timeline(
    request: UserRequest,
    resources: Wired,
    customer_id: Id,
    kinds: Annotated[
        str | None,
        QueryParameter(
            max_length=200, description="Of order, refund, webhook, segment, score; all without it."
        ),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Timeline:
    """What happened with a customer, the newest first."""
    return await timeline.read_timeline(
        resources.tenancy,
        tenant_of(request),
        customer_id,
        kinds=parse_words(kinds),
        cursor=cursor,
        limit=limit,
    )


handlers = [customer_list, customer, customer_timeline]
