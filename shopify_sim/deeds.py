"""What tests and demos can do to a shop, one function each: (store, time, body) -> what to show."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from shopify_sim.faces import gid, row_of
from shopify_sim.people import FAMILY, GIVEN
from shopify_sim.store import Store

__all__ = ["DEEDS"]

Body = dict[str, Any]


def _row(body: Body, key: str, kind: str, *, optional: bool = False) -> int:
    """Row of a global id (or a row number) in the body."""
    value = body.get(key)
    if value is None and optional:
        return -1
    row = row_of(value, kind) if isinstance(value, str) else value
    if not isinstance(row, int):
        raise ValueError(f"{key}: give the global id of a {kind}")  # noqa: TRY004
    return row


def _cents(amount: Any) -> int:
    return int((Decimal(str(amount)) * 100).to_integral_value())


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


def create_order(store: Store, now: int, body: Body) -> Body:
    """A paid order. ``lines``: [{amount, quantity, variant}]; ``customer`` missing: a guest's.

    ``processed_at`` (seconds) backdates it, ``test`` marks it, ``channel`` is a number; ``count`` makes many alike.
    """
    count = int(body.get("count", 1))
    lines = body.get("lines") or [{"amount": body.get("amount", "10.00")}]
    customer = _row(body, "customer", "Customer", optional=True)
    units = [int(line.get("quantity", 1)) for line in lines]
    prices = [_cents(line.get("amount", "10.00")) for line in lines]
    variants = [int(line.get("variant", 0)) for line in lines]
    first, number = len(store.orders), len(store.lines)
    store.lines.append(
        {
            "order": [first + n for n in range(count) for _ in lines],
            "number": list(range(number, number + count * len(lines))),
            "variant": variants * count,
            "quantity": units * count,
            "current": units * count,
            "unit": prices * count,
        }
    )
    starts = [number + n * len(lines) for n in range(count)]
    at = int(body["processed_at"]) * 1_000_000 if "processed_at" in body else now
    gross = sum(price * unit for price, unit in zip(prices, units, strict=True))
    rows = store.orders.append(
        {
            "processed": [at] * count,
            "created": [now] * count,
            "customer": [customer] * count,
            "test": [bool(body.get("test"))] * count,
            "channel": [int(body.get("channel", 0))] * count,
            "gross": [gross] * count,
            "first_line": starts,
            "last_line": [start + len(lines) for start in starts],
        }
    )
    for row in rows:
        store.touch_order(row, now, "orders/create")
    if customer >= 0:
        store.customers["updated"][customer] = max(int(store.customers["updated"][customer]), now)
    return {"id": gid("Order", rows[0]), "row": rows[0], "ids": [gid("Order", row) for row in rows]}


def refund(store: Store, now: int, body: Body) -> Body:
    """Refund an order: ``units`` [[place of the line, quantity]], or all that is left."""
    row = _row(body, "order", "Order")
    first = int(store.orders["first_line"][row])
    units = [(first + place, count) for place, count in body["units"]] if "units" in body else None
    made = store.refund(row, now, units, body.get("note"))
    return {"cents": made.cents if made else 0, "number": made.number if made else None}


def cancel(store: Store, now: int, body: Body) -> Body:
    """Cancel an order."""
    store.cancel(_row(body, "order", "Order"), now)
    return {}


def edit(store: Store, now: int, body: Body) -> Body:
    """Take ``quantity`` units off the line at ``place`` of an order."""
    row = _row(body, "order", "Order")
    line = store.lines_of(row)[int(body.get("place", 0))]
    store.edit(row, now, line, int(body.get("quantity", 1)))
    return {}


def touch(store: Store, now: int, body: Body) -> Body:
    """An order's updatedAt moves, nothing else."""
    store.touch_order(_row(body, "order", "Order"), now, "orders/update")
    return {}


def delete_order(store: Store, now: int, body: Body) -> Body:
    """Delete an order."""
    store.delete_order(_row(body, "order", "Order"), now)
    return {}


def link(store: Store, now: int, body: Body) -> Body:
    """Give an order to a customer."""
    store.link(_row(body, "order", "Order"), now, _row(body, "customer", "Customer"))
    return {}


def update_customer(store: Store, now: int, body: Body) -> Body:
    """Change names, e-mail, tags, note (``profile``) or ``email_consent`` of a customer."""
    row = _row(body, "customer", "Customer")
    store.profiles.setdefault(row, {}).update(body.get("profile", {}))
    if "email_consent" in body:
        store.customers["email_consent"][row] = int(body["email_consent"])
        store.customers["consent_at"][row] = now
    store.touch_customer(row, now)
    return {}


def delete_customer(store: Store, now: int, body: Body) -> Body:
    """Delete a customer; false when it has orders."""
    return {"deleted": store.delete_customer(_row(body, "customer", "Customer"), now)}


def merge_customers(store: Store, now: int, body: Body) -> Body:
    """Merge ``absorbed`` into ``kept``."""
    store.merge(_row(body, "kept", "Customer"), _row(body, "absorbed", "Customer"), now)
    return {}


def delete_product(store: Store, now: int, body: Body) -> Body:
    """Delete a product; old lines keep title and sku."""
    row = _row(body, "product", "Product")
    store.catalogue.gone.add(row)
    store.note_deletion("Product", row, now)
    return {}


DEEDS: dict[str, Callable[[Store, int, Body], Body]] = {
    deed.__name__: deed
    for deed in (
        create_customer,
        create_order,
        refund,
        cancel,
        edit,
        touch,
        delete_order,
        link,
        update_customer,
        delete_customer,
        merge_customers,
        delete_product,
    )
}
