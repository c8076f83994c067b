"""``/api/v1/search``."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import QueryParameter

from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services.accounts import Identity
from xsight_core.services.search import Found, search

__all__ = ["handlers"]


@get("/api/v1/search", opt={"right": Right.READ}, tags=["Search"])
async def find(
    request: Request[Identity, Any, Any],
    resources: Wired,
    q: Annotated[
        str,
        QueryParameter(
            min_length=2,
            max_length=100,
            pattern=r"^[^\x00]*[^\s\x00][^\x00]*$",
            description="A number, an order's name, the beginning of a name or e-mail address, part of a title.",
        ),
    ],
) -> Found:
    """Customers, orders, products and segments, a few of each. Customers by name only for who may see personal data."""
    found = await search(resources.tenancy, tenant_of(request), q, pii=request.user.pii)
    resources.reads.note(request, "customers.read", rows=len(found.customers))
    return found


handlers = [find]
