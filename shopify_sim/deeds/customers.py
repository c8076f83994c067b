"""What becomes of customers."""

from shopify_sim.deeds.body import Body, row_in
from shopify_sim.faces import gid
from shopify_sim.metafields import write_metafields
from shopify_sim.people import FAMILY, GIVEN
from shopify_sim.store import Store

__all__ = ["create_customer", "delete_customer", "merge_customers", "update_customer"]


def create_customer(store: Store, now: int, body: Body) -> Body:
    """A new customer; ``profile`` may hold first_name, last_name, email, tags, note."""
    row = len(store.customers)
    people = {"given": [row % len(GIVEN)], "family": [row % len(FAMILY)]}
    consent = {"email_consent": [body.get("email_consent", 0)], "consent_at": [now]}
    (row,) = store.customers.append({"created": [now], **people, **consent})
    if body.get("profile"):
        store.profiles[row] = dict(body["profile"])
    store.touch_customer(row, now, "customers/create")
    return {"id": gid("Customer", row), "row": row}


def update_customer(store: Store, now: int, body: Body) -> Body:
    """Change names, e-mail, tags, note (``profile``), ``email_consent`` or ``metafields`` of a customer."""
    row = row_in(body, "customer", "Customer")
    write_metafields(store, gid("Customer", row), body.get("metafields", ()))
    store.profiles.setdefault(row, {}).update(body.get("profile", {}))
    if "email_consent" in body:
        store.customers["email_consent"][row] = int(body["email_consent"])
        store.customers["consent_at"][row] = now
    store.touch_customer(row, now)
    return {}


def delete_customer(store: Store, now: int, body: Body) -> Body:
    """Delete a customer; false when it has orders."""
    return {"deleted": store.delete_customer(row_in(body, "customer", "Customer"), now)}


def merge_customers(store: Store, now: int, body: Body) -> Body:
    """Merge ``absorbed`` into ``kept``; ``failed``: Shopify tries and nothing moves."""
    kept, absorbed = row_in(body, "kept", "Customer"), row_in(body, "absorbed", "Customer")
    if body.get("failed"):
        store.tell(now, "customers/merge", kept, ~absorbed)
    else:
        store.merge(kept, absorbed, now)
    return {}
