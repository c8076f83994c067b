"""``/api/v1/products*``."""

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import QueryParameter

from api.conditional import cached_headers, not_modified
from api.counts import counter_of
from api.fields import Fields, PartialPage, pick
from api.parameters import Cursor, Id, Limit, Word
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services import customers, products
from xsight_core.services.accounts import Identity
from xsight_core.services.products import (
    PRODUCT_SORTS,
    ProductDetail,
    ProductFilter,
    ProductPage,
    ProductView,
)

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
SortParam = Annotated[
    str, QueryParameter(max_length=40, description=f"One of {', '.join(PRODUCT_SORTS)}.")
]


@get("/api/v1/products", opt={"right": Right.READ}, tags=["Products"])
async def product_list(
    request: UserRequest,
    resources: Wired,
    vendor: Word = None,
    product_type: Word = None,
    status: Word = None,
    tag: Word = None,
    sort: SortParam = "title",
    fields: Fields = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response[ProductPage | PartialPage]:
    """Products as they are now."""
    tenant_id = tenant_of(request)
    key = await customers.shown_key(resources.tenancy, tenant_id)
    if answered := not_modified(request, key):
        return answered
    page = await products.list_products(
        resources.tenancy,
        tenant_id,
        which=ProductFilter(vendor, product_type, status, tag),
        sort=sort,
        cursor=cursor,
        limit=limit,
        counted=counter_of(resources, tenant_id),
    )
    return Response(pick(page, ProductView, fields), headers=cached_headers(key))


@get("/api/v1/products/{product_id:int}", opt={"right": Right.READ}, tags=["Products"])
async def product(request: UserRequest, resources: Wired, product_id: Id) -> ProductDetail:
    """One product with its variants and collections."""
    return await products.read_product(resources.tenancy, tenant_of(request), product_id)


handlers = [product_list, product]
