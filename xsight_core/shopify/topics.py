"""Webhook topics, one function each. The registry drives subscription, scopes, dispatch, replay and their test.

A payload is only a trigger: a topic's function says which objects to refetch, which are gone, or
which other thing has happened. What Shopify holds at the time of the refetch is what is stored, so
duplicates and reordering are harmless.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from xsight_core.errors import SchemaChanged

__all__ = ["REQUIRED_SCOPES", "TOPICS", "Effect", "Topic", "effect_of", "topic"]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook asks for. Ids are the numbers of gids, by object: ``{"orders": (1, 2)}``.

    ``merged``: the customer that stayed and the one that it absorbed. ``privacy``: a request of
    Shopify's on personal data, about this customer (0: the whole shop).
    """

    refetch: Mapping[str, tuple[int, ...]] = {}
    gone: Mapping[str, tuple[int, ...]] = {}
    merged: tuple[int, int] | None = None
    shop_changed: bool = False
    uninstalled: bool = False
    privacy: int | None = None


class Topic(msgspec.Struct, frozen=True):
    """A topic: its name in the header, what it needs, what its payload means.

    ``subscribed``: by us, at each shop; the others are set once in the app's own configuration.
    ``optional``: a shop that does not grant the scopes does without.
    """

    name: str
    effect: Callable[[Mapping[str, Any]], Effect]
    scopes: frozenset[str]
    subscribed: bool
    optional: bool

    @property
    def graphql(self) -> str:
        """The name in ``WebhookSubscriptionTopic``."""
        return self.name.replace("/", "_").upper()


TOPICS: dict[str, Topic] = {}

_Read = Callable[[Mapping[str, Any]], Effect]


def topic(
    *names: str, scope: str | None = None, subscribed: bool = True, optional: bool = False
) -> Callable[[_Read], _Read]:
    """Register what payloads of these topics mean."""
    scopes = frozenset({scope} if scope else ())

    def register(read: _Read) -> _Read:
        for name in names:
            TOPICS[name] = Topic(name, read, scopes, subscribed, optional)
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
    return _number(gid) if gid else _whole(payload["id"])


def _number(gid: Any) -> int:
    return _whole(int(str(gid).rsplit("/", 1)[1]))


def _whole(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or not 0 < number < 2**63:
        raise ValueError(f"{number} is no id")
    return number


@topic("customers/create", "customers/update", scope="read_customers")
def customer_changed(payload: Mapping[str, Any]) -> Effect:
    """The payload lacks tags and totals since 2025-01; the refetch has them."""
    return Effect(refetch={"customers": (_id(payload),)})


@topic("customers/delete", scope="read_customers")
def customer_deleted(payload: Mapping[str, Any]) -> Effect:
    """Only customers without orders can be deleted."""
    return Effect(gone={"customers": (_id(payload),)})


@topic("customers/merge", scope="read_customer_merge", optional=True)
def customers_merged(payload: Mapping[str, Any]) -> Effect:
    """A merge may have failed; then both are as they were, and are looked at anew."""
    kept = _number(payload["admin_graphql_api_customer_kept_id"])
    absorbed = _number(payload["admin_graphql_api_customer_deleted_id"])
    if str(payload.get("status")).lower() == "failed":
        return Effect(refetch={"customers": (kept, absorbed)})
    return Effect(merged=(kept, absorbed), refetch={"customers": (kept,)})


@topic("orders/create", "orders/updated", scope="read_orders")
def order_changed(payload: Mapping[str, Any]) -> Effect:
    """An order moves its customer's totals too."""
    customer: Mapping[str, Any] | None = payload.get("customer")
    orders = {"orders": (_id(payload),)}
    return Effect(refetch={**orders, "customers": (_id(customer),)} if customer else orders)


@topic("orders/delete", scope="read_orders")
def order_deleted(payload: Mapping[str, Any]) -> Effect:
    """The payload is the bare number."""
    return Effect(gone={"orders": (_id(payload),)})


@topic("refunds/create", scope="read_orders")
def refund_created(payload: Mapping[str, Any]) -> Effect:
    """A refund is a part of its order."""
    return Effect(refetch={"orders": (_whole(payload["order_id"]),)})


@topic("products/create", "products/update", scope="read_products")
def product_changed(payload: Mapping[str, Any]) -> Effect:
    """The payload holds at most 100 variants in full; the refetch has all."""
    return Effect(refetch={"products": (_id(payload),)})


@topic("products/delete", scope="read_products")
def product_deleted(payload: Mapping[str, Any]) -> Effect:
    """Old order lines keep their title, sku and vendor."""
    return Effect(gone={"products": (_id(payload),)})


@topic("shop/update")
def shop_updated(payload: Mapping[str, Any]) -> Effect:
    """Name, plan, currency or time zone may be new."""
    _id(payload)
    return Effect(shop_changed=True)


@topic("app/scopes_update")
def scopes_updated(payload: Mapping[str, Any]) -> Effect:
    """The merchant has granted other scopes; which, the shop is asked."""
    list(payload["current"])
    return Effect(shop_changed=True)


@topic("app/uninstalled")
def app_uninstalled(payload: Mapping[str, Any]) -> Effect:
    """The tokens are void from now on."""
    _id(payload)
    return Effect(uninstalled=True)


@topic("bulk_operations/finish")
def bulk_finished(payload: Mapping[str, Any]) -> Effect:
    """A run that waits asks by itself: to be told changes nothing."""
    _number(payload["admin_graphql_api_id"])
    return Effect()


@topic("customers/data_request", "customers/redact", subscribed=False)
def customer_privacy(payload: Mapping[str, Any]) -> Effect:
    """A customer wants to know what is kept, or that it is erased."""
    return Effect(privacy=_id(payload["customer"]))


@topic("shop/redact", subscribed=False)
def shop_redacted(payload: Mapping[str, Any]) -> Effect:
    """Two days after an uninstall: everything of this shop is to go."""
    _whole(payload["shop_id"])
    return Effect(privacy=0)


REQUIRED_SCOPES = frozenset[str]().union(
    *(topic.scopes for topic in TOPICS.values() if not topic.optional)
)
"""What a shop has to grant for its webhooks to make sense."""
