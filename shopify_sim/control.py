"""Control endpoints under ``/_sim/``: the truth about a shop, its clock, its faults, and things to do to it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from shopify_sim.deeds import DEEDS
from shopify_sim.faces import gid
from shopify_sim.http import BadRequest, Request, Response
from shopify_sim.sales import by_day
from shopify_sim.shop import Shop
from shopify_sim.spoilt import Damage
from shopify_sim.truth import facts

if TYPE_CHECKING:
    from shopify_sim.app import Simulator

__all__ = ["act", "look"]

Body = dict[str, Any]
Query = dict[str, str]


async def look(sim: "Simulator", shop: Shop, request: Request, found: re.Match[str]) -> Response:
    """Something about a shop, straight from the columns and not from any answer."""
    show = SHOWN.get(found[1])
    if show is None:
        known = ", ".join(sorted(SHOWN))
        return Response.json({"error": f"nothing to see at {found[1]!r}; there are {known}"}, 404)
    shop.wind()
    try:
        return Response.json(show(sim, shop, request.query))
    except (KeyError, ValueError) as error:
        raise BadRequest(f"{found[1]}: {type(error).__name__}: {error}") from error


def _truth(_sim: "Simulator", shop: Shop, _query: Query) -> Body:
    """Counts and exact totals."""
    return facts(shop.store)


def _sales(_sim: "Simulator", shop: Shop, query: Query) -> Body:
    """Sales by day on Shopify's definitions; ``since``, ``until`` (days), ``zone``."""
    since, until = query.get("since", ""), query.get("until", "9999")
    zone = query.get("zone", shop.store.zone)
    days = [row for row in by_day(shop.store, zone) if since <= str(row["day"]) <= until]
    return {"timezone": zone, "currency": shop.store.currency, "days": days}


def _ids(_sim: "Simulator", shop: Shop, _query: Query) -> Body:
    """Global ids of everything that is there."""
    store = shop.store
    return {
        "orders": [gid("Order", row) for row in np.flatnonzero(store.live_orders()).tolist()],
        "customers": [
            gid("Customer", row) for row in np.flatnonzero(store.live_customers()).tolist()
        ],
        "products": [
            gid("Product", row)
            for row in range(len(store.catalogue.titles))
            if row not in store.catalogue.gone
        ],
        "merged": {
            gid("Customer", row): gid("Customer", int(store.customers["merged_into"][row]))
            for row in np.flatnonzero(store.customers["merged_into"] >= 0).tolist()
        },
    }


def _requests(_sim: "Simulator", shop: Shop, query: Query) -> Body:
    """The last Admin API requests; ``since`` a number."""
    since = int(query.get("since", 0))
    kept = [entry for entry in shop.requests if entry["number"] > since]
    return {"asked": shop.asked, "requests": kept}


SHOWN: dict[str, Callable[["Simulator", Shop, Query], Body]] = {
    "truth": _truth,
    "sales": _sales,
    "ids": _ids,
    "requests": _requests,
}


async def act(sim: "Simulator", shop: Shop, request: Request, found: re.Match[str]) -> Response:
    """Do something to a shop; its webhooks are sent at once."""
    body, name = request.json(), found[1]
    shop.wind()
    try:
        if name in SETTINGS:
            shown = SETTINGS[name](sim, shop, body)
        elif name in DEEDS:
            shown = DEEDS[name](shop.store, shop.clock.now(), body)
            sim.home.note(shop, name, body)
        else:
            known = ", ".join(sorted({*SETTINGS, *DEEDS}))
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


def _spoil(_sim: "Simulator", shop: Shop, body: Body) -> Body:
    """Break the object ``id`` wherever it is shown: ``values`` by dotted path, ``missing``, ``garbled`` lines."""
    damage = Damage(
        body.get("values", {}), tuple(body.get("missing", ())), bool(body.get("garbled"))
    )
    shop.damages[body["id"]] = damage
    return {"spoilt": sorted(shop.damages)}


def _mend(_sim: "Simulator", shop: Shop, body: Body) -> Body:
    """Mend the object ``id``, or all; a mended object has not changed."""
    for key in [body["id"]] if "id" in body else list(shop.damages):
        shop.damages.pop(key, None)
    return {"spoilt": sorted(shop.damages)}


def _persons(_sim: "Simulator", shop: Shop, body: Body) -> Body:
    """Whether the app may see who somebody is (protected customer data): ``allowed``."""
    shop.persons_hidden = not body.get("allowed", True)
    return {"allowed": not shop.persons_hidden}


def _rename(sim: "Simulator", shop: Shop, body: Body) -> Body:
    """The shop moves to another ``domain``; its id stays, and the old name still leads to it."""
    if body["domain"] in sim.shops:
        raise ValueError(f"{body['domain']} is taken")
    shop.domain = body["domain"]
    sim.shops[shop.domain] = shop
    shop.store.tell(shop.clock.now(), "shop/update", 0)
    return {"domain": shop.domain}


def _unsubscribe(sim: "Simulator", shop: Shop, body: Body) -> Body:
    """Subscriptions vanish, of a ``topic`` (orders/create) or all."""
    wanted = body.get("topic", "").upper().replace("/", "_")
    gone: list[str] = []
    for installation in shop.installations.values():
        for key, subscription in list(installation.subscriptions.items()):
            if not wanted or subscription["topic"] == wanted:
                del installation.subscriptions[key]
                gone.append(key)
    sim.home.save(shop)
    return {"gone": gone}


def _webhook(sim: "Simulator", shop: Shop, body: Body) -> Body:
    """Sign and send any ``body`` under any ``topic``, to ``uri`` or where others are sent."""
    return {"sent": sim.courier.post(shop, body["topic"], body["body"], body.get("uri"))}


def _comply(sim: "Simulator", shop: Shop, body: Body) -> Body:
    """Send a compliance webhook: ``topic``, ``customer``, ``orders``; to ``uri`` or where others are sent."""
    return {"sent": sim.courier.comply(shop, body)}


def _scopes(sim: "Simulator", shop: Shop, body: Body) -> Body:
    """The merchant grants other scopes."""
    for installation in shop.installations.values():
        before, installation.scopes = installation.scopes, frozenset(body["scopes"])
        sim.courier.rescoped(shop, installation, before)
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
    "spoil": _spoil,
    "mend": _mend,
    "comply": _comply,
    "webhook": _webhook,
    "unsubscribe": _unsubscribe,
    "rename": _rename,
    "persons": _persons,
}
