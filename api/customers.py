"""``/api/v1/customers*``."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import QueryParameter

from api.parameters import Cursor, Id, Limit, parse_ids
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services import customers
from xsight_core.services.accounts import Identity
from xsight_core.services.customers import CUSTOMER_SORTS, CustomerPage, CustomerView

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
SortParam = Annotated[
    str, QueryParameter(max_length=40, description=f"One of {', '.join(CUSTOMER_SORTS)}.")
]


@get("/api/v1/customers", opt={"right": Right.READ}, tags=["Customers"])
async def customer_list(
    request: UserRequest,
    resources: Wired,
    ids: Annotated[
        str | None, QueryParameter(max_length=5000, description="Only these, as `1,2,3`.")
    ] = None,
    segment: Annotated[
        str | None,
        QueryParameter(pattern=r"^[a-z0-9_-]{1,60}$", description="Key of an RFM segment."),
    ] = None,
    sort: SortParam = "-net",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CustomerPage:
    """Customers with their scores. Names and addresses need the right to personal data."""
    page = await customers.list_customers(
        resources.tenancy,
        tenant_of(request),
        pii=request.user.pii,
        sort=sort,
        cursor=cursor,
        limit=limit,
        segment=segment,
        ids=parse_ids(ids),
    )
    resources.reads.note(request, "customers.read", rows=len(page.items))
    return page


@get("/api/v1/customers/{customer_id:int}", opt={"right": Right.READ}, tags=["Customers"])
async def customer(request: UserRequest, resources: Wired, customer_id: Id) -> CustomerView:
    """One customer."""
    found = await customers.read_customer(
        resources.tenancy, tenant_of(request), customer_id, pii=request.user.pii
    )
    resources.reads.note(request, "customers.read", rows=1, object=str(customer_id))
    return found


handlers = [customer_list, customer]
