"""``/api/v1/orders*``."""

from datetime import date
from typing import Annotated, Any

from litestar import Request, get
from litestar.params import QueryParameter

from api.parameters import LARGEST_ID, Cursor, Id, Limit
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services import orders
from xsight_core.services.accounts import Identity
from xsight_core.services.orders import ORDER_SORTS, OrderDetail, OrderFilter, OrderPage

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
SortParam = Annotated[
    str, QueryParameter(max_length=40, description=f"One of {', '.join(ORDER_SORTS)}.")
]


@get("/api/v1/orders", opt={"right": Right.READ}, tags=["Orders"])
async def order_list(
    request: UserRequest,
    resources: Wired,
    customer_id: Annotated[int | None, QueryParameter(ge=1, le=LARGEST_ID)] = None,
    since: Annotated[
        date | None, QueryParameter(description="First day, in the shop's own calendar.")
    ] = None,
    until: Annotated[date | None, QueryParameter(description="Last day, included.")] = None,
    sort: SortParam = "-processed_at",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> OrderPage:
    """Orders, newest first."""
    return await orders.list_orders(
        resources.tenancy,
        tenant_of(request),
        which=OrderFilter(customer_id, since, until),
        sort=sort,
        cursor=cursor,
        limit=limit,
    )


@get("/api/v1/orders/{order_id:int}", opt={"right": Right.READ}, tags=["Orders"])
async def order(request: UserRequest, resources: Wired, order_id: Id) -> OrderDetail:
    """One order with its lines, discounts and refunds."""
    found = await orders.read_order(
        resources.tenancy, tenant_of(request), order_id, pii=request.user.pii
    )
    resources.reads.note(request, "orders.read", rows=1, object=str(order_id))
    return found


handlers = [order_list, order]
