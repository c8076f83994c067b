"""Faults of the Admin API, before a query is looked at."""

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from shopify_sim.http import Response, failure

if TYPE_CHECKING:
    from shopify_sim.shop import Shop

__all__ = ["WEB_PAGE", "trouble"]

WEB_PAGE = b"<!doctype html><html><head><title>Shopify</title></head><body>Something went wrong.</body></html>"
HTML = "text/html; charset=utf-8"
STATUS = {
    "server_errors": (500, "Internal Server Error"),
    "unavailable": (503, "Service Unavailable"),
    "too_many_requests": (429, "Exceeded 2 calls per second for api client."),
    "unauthorized": (
        401,
        "[API] Invalid API key or access token (unrecognized login or wrong password)",
    ),
}
AT_RANDOM = (
    "server_errors",
    "unavailable",
    "too_many_requests",
    "throttled",
    "html_answers",
    "cut_answers",
)


async def trouble(shop: "Shop", headers: dict[str, str]) -> Response | None:
    """Wait as the plan says; the answer of a fault that strikes, if one does."""
    faults = shop.faults
    shop.asked += 1
    if faults.touch_every and shop.asked % faults.touch_every == 0:
        _touch(shop)
    await asyncio.sleep(faults.latency_s)
    if faults.strike("stalls"):
        await asyncio.sleep(faults.stall_s)
    name = str(shop.asked)
    if faults.draw("random", name) < faults.random_faults:
        chosen = AT_RANDOM[int(faults.draw("which", name) * len(AT_RANDOM))]
        setattr(faults, chosen, getattr(faults, chosen) + 1)
    for fault, (status, words) in STATUS.items():
        if faults.strike(fault):
            extra = {"Retry-After": "1.0"} if status == 429 else {}  # noqa: PLR2004
            return failure(status, words, headers | extra)
    if faults.strike("html_answers"):
        return Response(WEB_PAGE, 200, headers, HTML)
    if faults.strike("cut_answers"):
        return Response(b'{"data":{', 200, headers, "application/json; charset=utf-8", cut=True)
    return None


def _touch(shop: "Shop") -> None:
    """Some order changes now."""
    rows = np.flatnonzero(shop.store.live_orders())
    if len(rows):
        place = int(shop.faults.draw("touch", str(shop.asked)) * len(rows))
        shop.store.touch_order(int(rows[place]), shop.clock.now(), "orders/update")
