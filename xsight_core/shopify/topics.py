"""Webhook topics, one function each. The registry drives subscription, scopes and dispatch.

A payload is only a trigger: a topic's function says which objects to refetch, which are gone, or
which other thing has happened. What Shopify holds at the time of the refetch is what is stored, so
duplicates and reordering are harmless.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from xsight_core.errors import SchemaChanged

__all__ = ["TOPICS", "Effect", "Topic", "effect_of", "topic"]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook asks for. Ids are the numbers of gids, by object: ``{"orders": (1, 2)}``."""

    refetch: Mapping[str, tuple[int, ...]] = {}
    gone: Mapping[str, tuple[int, ...]] = {}
    shop_changed: bool = False
    uninstalled: bool = False


class Topic(msgspec.Struct, frozen=True):
    """A topic: its name in the header, its scopes, and what its payload means."""

    name: str
    scopes: frozenset[str]
    effect: Callable[[Mapping[str, Any]], Effect]

    @property
    def graphql(self) -> str:
        """The name in ``WebhookSubscriptionTopic``."""
        return self.name.replace("/", "_").upper()


TOPICS: dict[str, Topic] = {}

_Read = Callable[[Mapping[str, Any]], Effect]


def topic(*names: str, scopes: frozenset[str] = frozenset()) -> Callable[[_Read], _Read]:
    """Register what payloads of these topics mean."""

    def register(read: _Read) -> _Read:
        TOPICS.update({name: Topic(name, scopes, read) for name in names})
        return read

    return register


def effect_of(name: str, body: bytes) -> Effect:
    """The effect of a stored webhook; ``SchemaChanged`` where the payload lacks what it needs."""
    if name not in TOPICS:
        raise SchemaChanged(f"Nobody subscribed to the webhook topic {name!r}.")
    try:
        payload = msgspec.json.decode(body)
        return TOPICS[name].effect(payload)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SchemaChanged(
            f"The payload of {name} is not what Shopify documents: {error!r}."
        ) from error


def _id(payload: Mapping[str, Any]) -> int:
    """The object's number, from the gid if there is one: JSON numbers above 2**53 get rounded."""
    gid = payload.get("admin_graphql_api_id")
    return int(str(gid).rsplit("/", 1)[1]) if gid else int(payload["id"])


@topic("customers/create", "customers/update", scopes=frozenset({"read_customers"}))
def customer_changed(payload: Mapping[str, Any]) -> Effect:
    """The payload lacks tags and totals since 2025-01; the refetch has them."""
    return Effect(refetch={"customers": (_id(payload),)})


@topic("customers/delete", scopes=frozenset({"read_customers"}))
def customer_deleted(payload: Mapping[str, Any]) -> Effect:
    """Only customers without orders can be deleted."""
    return Effect(gone={"customers": (_id(payload),)})


@topic("orders/create", "orders/updated", scopes=frozenset({"read_orders"}))
def order_changed(payload: Mapping[str, Any]) -> Effect:
    """An order moves its customer's totals too."""
    customer: Mapping[str, Any] | None = payload.get("customer")
    orders = {"orders": (_id(payload),)}
    return Effect(refetch={**orders, "customers": (_id(customer),)} if customer else orders)


@topic("orders/delete", scopes=frozenset({"read_orders"}))
def order_deleted(payload: Mapping[str, Any]) -> Effect:
    """The payload is the bare number."""
    return Effect(gone={"orders": (_id(payload),)})


@topic("refunds/create", scopes=frozenset({"read_orders"}))
def refund_created(payload: Mapping[str, Any]) -> Effect:
    """A refund is a part of its order."""
    return Effect(refetch={"orders": (int(payload["order_id"]),)})


@topic("products/create", "products/update", scopes=frozenset({"read_products"}))
def product_changed(payload: Mapping[str, Any]) -> Effect:
    """The payload holds at most 100 variants in full; the refetch has all."""
    return Effect(refetch={"products": (_id(payload),)})


@topic("products/delete", scopes=frozenset({"read_products"}))
def product_deleted(payload: Mapping[str, Any]) -> Effect:
    """Old order lines keep their title, sku and vendor."""
    return Effect(gone={"products": (_id(payload),)})


@topic("shop/update")
def shop_updated(payload: Mapping[str, Any]) -> Effect:
    """Name, plan, currency or time zone may be new."""
    return Effect(shop_changed=bool(payload))


@topic("app/uninstalled")
def app_uninstalled(payload: Mapping[str, Any]) -> Effect:
    """The tokens are void from now on."""
    return Effect(uninstalled=bool(payload))
