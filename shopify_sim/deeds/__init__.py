"""What tests and demos can do to a shop, one function each: (store, time, body) -> what to show."""

from collections.abc import Callable

from shopify_sim.deeds import catalogue, customers, orders, settings
from shopify_sim.deeds.body import Body
from shopify_sim.deeds.making import create_order
from shopify_sim.store import Store

__all__ = ["DEEDS"]

DEEDS: dict[str, Callable[[Store, int, Body], Body]] = {
    deed.__name__: deed
    for deed in (
        create_order,
        orders.refund,
        orders.cancel,
        orders.edit,
        orders.pay,
        orders.touch,
        orders.update_order,
        orders.delete_order,
        orders.link,
        customers.create_customer,
        customers.update_customer,
        customers.delete_customer,
        customers.merge_customers,
        catalogue.create_product,
        catalogue.update_product,
        catalogue.delete_product,
        settings.update_shop,
    )
}
