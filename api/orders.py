"""``/api/v1/orders*``."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import QueryParameter

from api.conditional import cached_headers, not_modified
from api.counts import counter_of
from api.fields import Fields, PartialPage, pick
from api.parameters import LARGEST_ID, Cursor, Id, Limit, Word
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services import customers, orders
from xsight_core.services.accounts import Identity
from xsight_core.services.orders import (
    ORDER_SORTS,
    OrderDetail,
    OrderFilter,
    OrderPage,
    OrderTotals,
    OrderView,
)

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
SortParam = Annotated[
    str, QueryParameter(max_length=40, description=f"One of {', '.join(ORDER_SORTS)}.")
]
AnId = Annotated[int | None, QueryParameter(ge=1, le=LARGEST_ID)]
Flag = Annotated[bool | None, QueryParameter(description="Only those that are, or are not.")]
Amount = Annotated[Decimal | None, QueryParameter(description="Of the order's total.")]


@get("/api/v1/orders", opt={"right": Right.READ}, tags=["Orders"])
async def order_list(
    request: UserRequest,
    resources: Wired,
    customer_id: AnId = None,
    product_id: AnId = None,
    since: Annotated[
        date | None, QueryParameter(description="First day, in the shop's own calendar.")
    ] = None,
    until: Annotated[date | None, QueryParameter(description="Last day, included.")] = None,
    financial_status: Word = None,
    fulfillment_status: Word = None,
    channel: Word = None,
    country: Word = None,
    tag: Word = None,
    discount_code: Word = None,
    total_min: Amount = None,
    total_max: Amount = None,
    test: Flag = None,
    cancelled: Flag = None,
    sort: SortParam = "-processed_at",
    totals: Annotated[
        bool | None, QueryParameter(description="With what all of them come to.")
    ] = None,
    fields: Fields = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response[OrderPage | PartialPage]:
    """Orders, newest first."""
    tenant_id = tenant_of(request)
    key = await customers.shown_key(resources.tenancy, tenant_id)
    if answered := not_modified(request, key):
        return answered
    which = OrderFilter(
        customer_id=customer_id,
        since=since,
        until=until,
        financial_status=financial_status,
        fulfillment_status=fulfillment_status,
        channel=channel,
        country=country,
        tag=tag,
        discount_code=discount_code,
        product_id=product_id,
        total_min=total_min,
        total_max=total_max,
        test=test,
        cancelled=cancelled,
    )
    page = await orders.list_orders(
        resources.tenancy,
        tenant_id,
        which=which,
        sort=sort,
        cursor=cursor,
        limit=limit,
        counted=counter_of(resources, tenant_id),
    )
    if totals:
        page = msgspec.structs.replace(page, totals=await _totals(resources, tenant_id, key, which))
    return Response(pick(page, OrderView, fields), headers=cached_headers(key))


async def _totals(resources: Wired, tenant_id: UUID, key: str, which: OrderFilter) -> OrderTotals:
    """Kept for as long as the rows are the same."""

    async def make() -> bytes:
        return msgspec.json.encode(await orders.total_orders(resources.tenancy, tenant_id, which))

    kept = await resources.cache.read(tenant_id, key, f"order totals {which!r}", make)
    return msgspec.json.decode(kept, type=OrderTotals)


@get("/api/v1/orders/{order_id:int}", opt={"right": Right.READ}, tags=["Orders"])
async def order(request: UserRequest, resources: Wired, order_id: Id) -> OrderDetail:
    """One order with its lines, discounts and refunds."""
    found = await orders.read_order(
        resources.tenancy, tenant_of(request), order_id, pii=request.user.pii
    )
    resources.reads.note(request, "orders.read", rows=1, object=str(order_id))
    return found


handlers = [order_list, order]
