"""What becomes of orders."""

from shopify_sim.columns import STATUS
from shopify_sim.deeds.body import Body, cents_of, row_in
from shopify_sim.deeds.making import lines_in
from shopify_sim.faces import gid
from shopify_sim.metafields import write_metafields
from shopify_sim.store import Parts, Store

__all__ = [
    "cancel",
    "delete_order",
    "edit",
    "link",
    "pay",
    "refund",
    "touch",
    "update_order",
]


def refund(store: Store, now: int, body: Body) -> Body:
    """Refund an order: ``units`` [[place of the line, quantity]] ([]: none), or all that is left.

    ``amount`` instead: money alone, no lines. ``shipping``: so much of it too. ``adjustment``: money beside the units'
    worth, below zero when more is given back. ``restock``: RETURN, CANCEL, NO_RESTOCK. ``count``: so many times.
    """
    row = row_in(body, "order", "Order")
    first = int(store.orders["first_line"][row])
    units = [(first + place, count) for place, count in body["units"]] if "units" in body else None
    adjustment = cents_of(body.get("adjustment", 0))
    if "amount" in body:
        units, adjustment = [], -cents_of(body["amount"])
    elif "shipping" in body and units is None:
        units = []
    parts = Parts(
        cents_of(body.get("shipping", 0)),
        adjustment,
        body.get("restock", "RETURN"),
        body.get("note"),
    )
    made = [store.refund(row, now, units, parts) for _ in range(int(body.get("count", 1)))]
    last = made[-1]
    return {"cents": last.cents if last else 0, "number": last.number if last else None}


def cancel(store: Store, now: int, body: Body) -> Body:
    """Cancel an order: unpaid it is void; with ``refund`` what was paid is given back."""
    row = row_in(body, "order", "Order")
    if body.get("refund"):
        left = int(store.orders["shipping"][row] - store.orders["refunded_shipping"][row])
        store.refund(row, now, None, Parts(left, restock="CANCEL"))
    store.cancel(row, now)
    return {}


def edit(store: Store, now: int, body: Body) -> Body:
    """Take ``quantity`` units off the line at ``place``, or add ``lines`` as in create_order."""
    row = row_in(body, "order", "Order")
    if "lines" in body:
        store.add_lines(row, now, lines_in(body))
    else:
        line = store.lines_of(row)[int(body.get("place", 0))]
        store.edit(row, now, line, int(body.get("quantity", 1)))
    return {}


def pay(store: Store, now: int, body: Body) -> Body:
    """An unpaid order is paid, or takes another ``status``."""
    row = row_in(body, "order", "Order")
    store.orders["status"][row] = STATUS.index(body.get("status", ""))
    store.touch_order(row, now, "orders/update")
    return {}


def touch(store: Store, now: int, body: Body) -> Body:
    """An order's updatedAt moves, nothing else."""
    store.touch_order(row_in(body, "order", "Order"), now, "orders/update")
    return {}


def update_order(store: Store, now: int, body: Body) -> Body:
    """Change ``tags``, ``note``, ``gateways`` or ``metafields``."""
    row = row_in(body, "order", "Order")
    write_metafields(store, gid("Order", row), body.get("metafields", ()))
    changed = {key: body[key] for key in ("tags", "note", "gateways") if key in body}
    store.notes[row] = store.notes.get(row, {}) | changed
    store.touch_order(row, now, "orders/update")
    return {}


def delete_order(store: Store, now: int, body: Body) -> Body:
    """Delete an order."""
    store.delete_order(row_in(body, "order", "Order"), now)
    return {}


def link(store: Store, now: int, body: Body) -> Body:
    """Give an order to a customer."""
    store.link(row_in(body, "order", "Order"), now, row_in(body, "customer", "Customer"))
    return {}
