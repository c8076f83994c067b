"""New orders of every kind."""

import numpy as np

from shopify_sim.columns import CHANNELS, STATUS
from shopify_sim.deeds.body import Body, cents_of, coin_of, row_in
from shopify_sim.faces import gid
from shopify_sim.store import Store

__all__ = ["create_order", "lines_in"]

NOTED = ("tags", "note", "gateways", "discounts")


def lines_in(body: Body) -> dict[str, list[int]]:
    """Columns of the lines of one order: ``lines``, or ``line_count`` alike, or one."""
    given = body.get("lines") or [{"amount": body.get("amount", "10.00")}]
    given = list(given) * int(body.get("line_count", 1))
    percent = int(body.get("percent", 0))
    units = [int(line.get("quantity", 1)) for line in given]
    prices = [cents_of(line.get("amount", "10.00")) for line in given]
    worth = [price * unit for price, unit in zip(prices, units, strict=True)]
    off = [
        cents_of(line["discount"]) if "discount" in line else gross * percent // 100
        for line, gross in zip(given, worth, strict=True)
    ]
    return {
        "variant": [int(line.get("variant", 0)) for line in given],
        "quantity": units,
        "unit": prices,
        "discount": off,
        "tax": [cents_of(line.get("tax", 0)) for line in given],
        "gift_card": [bool(line.get("gift_card")) for line in given],
        "application": [int(line.get("application", 0)) for line in given],
    }


def create_order(store: Store, now: int, body: Body) -> Body:
    """A paid order; ``customer`` missing: a guest's. ``count`` makes many alike.

    ``lines``: [{amount, quantity, variant, discount, application, tax, gift_card}], ``line_count`` repeats them.
    ``percent`` is a discount code's; ``discounts`` [{kind: code | automatic | manual | script, code, title, percent,
    amount, method, selection, target}] names others, a line's discount is of the one at ``application``.
    ``shipping``, ``tip``, ``duties``, ``rounding``, ``tax_included``; ``presentment``: {currency, rate}.
    ``processed_at`` (seconds) backdates it, ``test`` marks it, ``channel`` is a number or "pos"; ``status`` PENDING,
    AUTHORIZED, PARTIALLY_PAID or EXPIRED leaves it unpaid. ``tags``, ``note``, ``gateways`` are shown as they are.
    """
    count, lines = int(body.get("count", 1)), lines_in(body)
    customer = row_in(body, "customer", "Customer", optional=True)
    first, number, length = len(store.orders), len(store.lines), len(lines["unit"])
    numbers = {
        "order": np.repeat(np.arange(first, first + count), length),
        "number": np.arange(number, number + count * length),
        "current": lines["quantity"] * count,
    }
    store.lines.append({name: values * count for name, values in lines.items()} | numbers)
    starts = number + length * np.arange(count)
    at = int(body["processed_at"]) * 1_000_000 if "processed_at" in body else now
    gross = sum(p * u for p, u in zip(lines["unit"], lines["quantity"], strict=True))
    alike = {
        "processed": at,
        "created": now,
        "customer": customer,
        "test": bool(body.get("test")),
        "channel": _channel(body.get("channel", 0)),
        "coin": coin_of(store, body),
        "status": STATUS.index(body.get("status", "")),
        "percent": int(body.get("percent", 0)),
        "tax_included": bool(body.get("tax_included")),
        "gross": gross,
        "discount": sum(lines["discount"]),
        "gift_gross": _of_gift_cards(lines, gross=True),
        "gift_discount": _of_gift_cards(lines, gross=False),
        "tax": sum(lines["tax"]),
        "shipping": cents_of(body.get("shipping", 0)),
        "tip": cents_of(body.get("tip", 0)),
        "duties": cents_of(body.get("duties", 0)),
        "rounding": cents_of(body.get("rounding", 0)),
    }
    columns = {name: [value] * count for name, value in alike.items()}
    rows = store.orders.append(columns | {"first_line": starts, "last_line": starts + length})
    noted = {key: body[key] for key in NOTED if key in body}
    for row in rows:
        if noted:
            store.notes[row] = noted
        store.touch_order(row, now, "orders/create")
    if customer >= 0:
        store.customers["updated"][customer] = max(int(store.customers["updated"][customer]), now)
    return {"id": gid("Order", rows[0]), "row": rows[0], "ids": [gid("Order", row) for row in rows]}


def _of_gift_cards(lines: dict[str, list[int]], *, gross: bool) -> int:
    columns = (lines[name] for name in ("gift_card", "unit", "quantity", "discount"))
    rows = zip(*columns, strict=True)
    return sum(unit * count if gross else off for is_card, unit, count, off in rows if is_card)


def _channel(given: int | str) -> int:
    names = [name for name, _, _ in CHANNELS]
    return names.index(given) if isinstance(given, str) else int(given)
