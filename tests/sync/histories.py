"""Random histories of a shop: what happens to it, what its webhooks do on their way, and a picture of our rows."""

import random
from typing import Any

from xsight_core.shopify.mapping import COLUMNS

__all__ = ["History", "picture"]

_PARENTS = {"variants": "products", "order_pii": "orders"}
_PARENT_KEY = {"customers": "customer_id", "orders": "order_id", "products": "product_id"}
# Shopify's own lifetime totals and groups: they move without the customer's version, and nothing is counted from them.
_APART = {"customers": {"orders_count", "amount_spent"}}
_LEFT_OUT = {"customer_traits"}


def picture(rows) -> dict[str, list[Any]]:
    """All that is there, by table, without tombstones and what hangs on them."""
    found: dict[str, list[Any]] = {}
    for table, columns in COLUMNS.items():
        if table in _LEFT_OUT:
            continue
        if table in _PARENT_KEY:
            where = "t.deleted_at IS NULL"
        else:
            owner = table.partition("_")[0] + "s"
            parent = _PARENTS.get(table) or (owner if owner in _PARENT_KEY else "orders")
            where = (
                f"EXISTS (SELECT FROM xsight.{parent} p WHERE p.id = t.{_PARENT_KEY[parent]}"
                " AND p.deleted_at IS NULL)"
            )
        shown = [_shown(table, column) for column in columns if column not in _APART.get(table, ())]
        found[table] = rows(
            f"SELECT {', '.join(shown)} FROM xsight.{table} t WHERE {where} ORDER BY 1, 2"
        )
        found[table].sort(key=repr)
    found["sums"] = rows(
        "SELECT id, customer_id, gross, discounts, subtotal, gross_minor, discounts_minor, returns_minor, net_minor"
        " FROM xsight.orders WHERE deleted_at IS NULL ORDER BY id"
    )
    return found


def _shown(table: str, column: str) -> str:
    """A line of an order forgets a product that was deleted since; the order's own version does not move."""
    if table == "order_lines" and column in {"product_id", "variant_id"}:
        return f"(SELECT t.{column} FROM xsight.products p WHERE p.id = t.product_id AND p.deleted_at IS NULL)"
    return f"t.{column}"


class History:
    """Deeds by a seed; what the shop tells of them is caught instead of sent."""

    def __init__(self, store, sim, seed: int) -> None:
        self.store, self.dice = store, random.Random(seed)
        self.orders: list[str] = []
        self.customers: list[str] = []
        self.products: list[str] = []
        self.caught: list[tuple[str, str, bytes]] = []  # id, topic, body
        sim.app.courier._send_all = self._catch

    def _catch(self, _shop, made) -> None:
        for delivery in made:
            topic = delivery.headers["X-Shopify-Topic"]
            self.caught.append((delivery.webhook_id, topic, delivery.body))

    def step(self) -> None:
        """One deed, at the same second as the last or later."""
        if self.dice.random() < 0.3:
            self.store.act("clock", seconds=self.dice.choice([1, 60, 3600, 86_400]))
        deeds = [self._order, self._order, self._customer, self._product]
        if self.orders:
            deeds += [self._refund, self._edit, self._cancel, self._delete_order, self._touch]
        if self.customers:
            deeds += [self._rename, self._merge, self._delete_customer, self._link]
        if self.products:
            deeds += [self._change_product, self._delete_product]
        self.dice.choice(deeds)()

    def arrivals(self, *, lost: float, again: float) -> list[tuple[str, str, bytes]]:
        """What of the webhooks comes, in any order, some of them twice."""
        told, self.caught = self.caught, []
        come = [one for one in told if self.dice.random() >= lost]
        come += [one for one in come if self.dice.random() < again]
        self.dice.shuffle(come)
        late = [one for one in come if self.dice.random() < 0.2]
        self.caught = late  # with a later batch
        return [one for one in come if one not in late]

    def _order(self) -> None:
        who = (
            {"customer": self.dice.choice(self.customers)}
            if self.customers and self.dice.random() < 0.8
            else {}
        )
        lines = [
            {
                "amount": f"{self.dice.randrange(1, 9999) / 100:.2f}",
                "quantity": self.dice.randrange(1, 5),
            }
            for _ in range(self.dice.randrange(1, 4))
        ]
        made = self.store.act("create_order", lines=lines, test=self.dice.random() < 0.1, **who)
        self.orders.append(made["id"])

    def _customer(self) -> None:
        self.customers.append(self.store.act("create_customer")["id"])

    def _product(self) -> None:
        self.products.append(
            self.store.act("create_product", variants=self.dice.randrange(1, 4))["id"]
        )

    def _refund(self) -> None:
        self.store.act("refund", order=self.dice.choice(self.orders), units=[[0, 1]])

    def _edit(self) -> None:
        self.store.act("edit", order=self.dice.choice(self.orders))

    def _cancel(self) -> None:
        self.store.act("cancel", order=self.dice.choice(self.orders))

    def _touch(self) -> None:
        self.store.act("touch", order=self.dice.choice(self.orders))

    def _delete_order(self) -> None:
        order = self.orders.pop(self.dice.randrange(len(self.orders)))
        self.store.act("delete_order", order=order)

    def _rename(self) -> None:
        profile = {
            "first_name": f"N{self.dice.randrange(99)}",
            "tags": [f"t{self.dice.randrange(9)}"],
        }
        self.store.act(
            "update_customer", customer=self.dice.choice(self.customers), profile=profile
        )

    def _merge(self) -> None:
        if len(self.customers) > 1:
            kept, absorbed = self.dice.sample(self.customers, 2)
            self.customers.remove(absorbed)
            self.store.act("merge_customers", kept=kept, absorbed=absorbed)

    def _delete_customer(self) -> None:
        who = self.dice.choice(self.customers)
        if self.store.act("delete_customer", customer=who)["deleted"]:
            self.customers.remove(who)

    def _link(self) -> None:
        if self.orders:
            order, who = self.dice.choice(self.orders), self.dice.choice(self.customers)
            self.store.act("link", order=order, customer=who)

    def _change_product(self) -> None:
        title = f"P{self.dice.randrange(99)}"
        self.store.act("update_product", product=self.dice.choice(self.products), title=title)

    def _delete_product(self) -> None:
        product = self.products.pop(self.dice.randrange(len(self.products)))
        self.store.act("delete_product", product=product)
