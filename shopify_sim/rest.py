"""The few REST reads that older connectors still make: shop, scopes, orders, customers, events. For comparisons.

Pages are made once while the shop does not change, so that a comparison measures the connector.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from shopify_sim.faces import ID0, STEP, gid, iso
from shopify_sim.http import BadRequest, Request, Response, failure
from shopify_sim.restrows import customer_rows, order_rows
from shopify_sim.shop import Shop
from shopify_sim.store import Store
from shopify_sim.tables import Column

if TYPE_CHECKING:
    from shopify_sim.app import Simulator

__all__ = ["read", "scopes"]

USUAL_LIMIT, MAX_LIMIT = 50, 250
CALLS = 40  # of the leaky bucket
LIMIT_HEADER = "X-Shopify-Shop-Api-Call-Limit"


@dataclass(frozen=True)
class Listing:
    """A table as REST lists it."""

    table: str
    live: Callable[[Store], Column]
    rows: Callable[[Store, Column], list[dict[str, Any]]]


LISTINGS = {
    "orders": Listing("orders", Store.live_orders, order_rows),
    "customers": Listing("customers", Store.live_customers, customer_rows),
}


async def scopes(
    _sim: "Simulator", shop: Shop, request: Request, _found: re.Match[str]
) -> Response:
    """What the token may do."""
    installation = shop.admit(request.headers.get("x-shopify-access-token", ""))
    if installation is None:
        return failure(401, "Invalid API key or access token")
    return Response.json(
        {"access_scopes": [{"handle": scope} for scope in sorted(installation.scopes)]}
    )


async def read(sim: "Simulator", shop: Shop, request: Request, found: re.Match[str]) -> Response:
    """Answer one of the reads, at the pace of the REST bucket where the plan says so."""
    installation = shop.admit(request.headers.get("x-shopify-access-token", ""))
    if installation is None:
        return failure(401, "Invalid API key or access token")
    shop.wind()
    bucket = installation.rest
    if sim.config.rest_throttled and bucket.available() < 1:
        headers = {"Retry-After": "2.0", LIMIT_HEADER: f"{CALLS}/{CALLS}"}
        return failure(429, "Exceeded 2 calls per second for api client.", headers)
    bucket.take(1 if sim.config.rest_throttled else 0)
    headers = {LIMIT_HEADER: f"{max(1, int(CALLS - bucket.available()))}/{CALLS}"}
    name = found[1]
    if name == "shop":
        return Response.json({"shop": _shop(shop)}, headers=headers)
    if name == "events":
        return Response.json({"events": _events(shop, request.query)}, headers=headers)
    return _page(sim, shop, request, name, headers)


def _page(
    sim: "Simulator", shop: Shop, request: Request, name: str, headers: dict[str, str]
) -> Response:
    query = request.query
    asked = _unpacked(query["page_info"]) if "page_info" in query else dict(query)
    limit = min(int(query.get("limit", USUAL_LIMIT)), MAX_LIMIT)
    start = int(asked.get("start", 0))
    key = f"rest {name} {asked.get('updated_at_min')} {asked.get('updated_at_max')}"
    index: Column = shop.store.memo(key, lambda store: _index(store, LISTINGS[name], asked))
    rows = index[start : start + limit]
    made = shop.store.memo(f"{key} {start} {limit}", lambda store: _body(store, name, rows))
    if start + limit < len(index):
        after = asked | {"start": start + limit}
        url = f"{sim.base_url(shop, request)}{request.path.rpartition(shop.domain)[2]}"
        headers["Link"] = f'<{url}?limit={limit}&page_info={_packed(after)}>; rel="next"'
    return Response(made, 200, headers, "application/json; charset=utf-8")


def _body(store: Store, name: str, rows: Column) -> bytes:
    return orjson.dumps({name: LISTINGS[name].rows(store, rows)})


def _index(store: Store, listing: Listing, asked: dict[str, Any]) -> Column:
    updated = getattr(store, listing.table)["updated"]
    rows = np.flatnonzero(
        listing.live(store)
        & (updated >= _us(asked.get("updated_at_min"), 0))
        & (updated <= _us(asked.get("updated_at_max"), 1 << 62))
    )
    return rows[np.argsort(updated[rows], kind="stable")]


def _us(text: str | None, usual: int) -> int:
    if not text:
        return usual
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise BadRequest(f"{text!r} is not a time") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000


def _packed(asked: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(asked)).decode().rstrip("=")


def _unpacked(text: str) -> dict[str, Any]:
    try:
        return orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise BadRequest("Invalid value for page_info") from error


def _events(shop: Shop, query: dict[str, str]) -> list[dict[str, Any]]:
    since = _us(query.get("created_at_min"), 0)
    return [
        {
            "id": gone.number,
            "subject_id": ID0 + STEP * gone.row,
            "subject_type": gone.kind,
            "verb": "destroy",
            "created_at": iso(gone.at),
            "message": f"{gid(gone.kind, gone.row)} was deleted.",
            "description": "",
        }
        for gone in shop.store.deletions
        if gone.kind == query.get("filter", gone.kind) and gone.at >= since
    ]


def _shop(shop: Shop) -> dict[str, Any]:
    row = shop.row()
    return {
        "id": shop.number,
        "name": row["name"],
        "email": row["email"],
        "domain": shop.domain,
        "myshopify_domain": shop.domain,
        "currency": row["currencyCode"],
        "iana_timezone": row["ianaTimezone"],
        "plan_name": "basic",
        "created_at": row["createdAt"],
        "updated_at": row["updatedAt"],
    }
