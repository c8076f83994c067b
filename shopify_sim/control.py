"""Control endpoints under ``/_sim/``: the truth about a shop, its clock, its faults, and things to do to it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shopify_sim import deeds
from shopify_sim.http import BadRequest, Request, Response
from shopify_sim.shop import Shop
from shopify_sim.truth import facts

if TYPE_CHECKING:
    from shopify_sim.app import Simulator

__all__ = ["act", "truth"]

Body = dict[str, Any]


async def truth(
    _sim: "Simulator", shop: Shop, _request: Request, _found: re.Match[str]
) -> Response:
    """Counts and exact totals, straight from the columns."""
    shop.wind()
    return Response.json(facts(shop.store))


async def act(sim: "Simulator", shop: Shop, request: Request, found: re.Match[str]) -> Response:
    """Do something to a shop; its webhooks are sent at once."""
    body, name = request.json(), found[1]
    shop.wind()
    try:
        if name in SETTINGS:
            shown = SETTINGS[name](sim, shop, body)
        elif name in deeds.DEEDS:
            shown = deeds.DEEDS[name](shop.store, shop.clock.now(), body)
            sim.home.note(shop, name, body)
        else:
            known = ", ".join(sorted({*SETTINGS, *deeds.DEEDS}))
            return Response.json({"error": f"no such action {name!r}; there are {known}"}, 404)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise BadRequest(f"{name}: {type(error).__name__}: {error}") from error
    shown["deliveries"] = sim.courier.dispatch(shop)
    return Response.json(shown)


def _clock(sim: "Simulator", shop: Shop, body: Body) -> Body:
    """``seconds``, ``days`` to move ahead, or nothing to look."""
    seconds = body.get("seconds", 0) + 86_400 * body.get("days", 0)
    now = shop.clock.move(int(seconds * 1_000_000))
    shop.wind()
    sim.home.save(shop)
    return {"now": now // 1_000_000}


def _faults(_sim: "Simulator", shop: Shop, body: Body) -> Body:
    """Change the fault plan; ``drain`` empties the buckets."""
    plan = dict(body)
    if plan.pop("drain", False):
        for installation in shop.installations.values():
            installation.bucket.drain()
    shop.faults.update(plan)
    return {"faults": vars(shop.faults)}


def _uninstall(sim: "Simulator", shop: Shop, _body: Body) -> Body:
    """The merchant removes every app."""
    for client_id in list(shop.installations):
        installation = shop.uninstall(client_id)
        if installation is not None:
            sim.courier.uninstalled(shop, installation)
    sim.home.save(shop)
    return {}


def _expire(_sim: "Simulator", shop: Shop, _body: Body) -> Body:
    """All expiring access tokens end now; their refresh tokens stay good."""
    for installation in shop.installations.values():
        for token in installation.tokens.values():
            if token.expires_at is not None:
                token.expires_at = shop.clock.now()
    return {}


def _scopes(sim: "Simulator", shop: Shop, body: Body) -> Body:
    """The merchant grants other scopes."""
    for installation in shop.installations.values():
        installation.scopes = frozenset(body["scopes"])
    sim.home.save(shop)
    return {"scopes": sorted(body["scopes"])}


def _deliveries(sim: "Simulator", _shop: Shop, _body: Body) -> Body:
    """The last attempts of the courier."""
    return {"log": list(sim.courier.log), "under_way": len(sim.courier.tasks)}


SETTINGS: dict[str, Callable[["Simulator", Shop, Body], Body]] = {
    "clock": _clock,
    "faults": _faults,
    "uninstall": _uninstall,
    "expire_tokens": _expire,
    "scopes": _scopes,
    "deliveries": _deliveries,
}
