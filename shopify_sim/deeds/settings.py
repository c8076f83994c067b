"""What the merchant changes about the shop itself."""

from zoneinfo import ZoneInfo

from shopify_sim.deeds.body import Body
from shopify_sim.store import Store

__all__ = ["update_shop"]


def update_shop(store: Store, now: int, body: Body) -> Body:
    """Change ``timezone``, ``currency`` (of orders from now on), ``name`` or ``plan``."""
    if "timezone" in body:
        store.zone = ZoneInfo(body["timezone"]).key
    store.currency = body.get("currency", store.currency)
    store.name, store.plan = body.get("name", store.name), body.get("plan", store.plan)
    store.settings_at = now
    store.tell(now, "shop/update", 0)
    return {
        "timezone": store.zone,
        "currency": store.currency,
        "name": store.name,
        "plan": store.plan,
    }
