"""Recipes: which column shows in which GraphQL field, and how. One table for pages and bulk files alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shopify_sim.columns import LineBatch, OrderBatch
from shopify_sim.faces import ID0, STEP, gid, iso
from shopify_sim.store import Store

__all__ = ["CUSTOMER", "LINE", "ORDER", "Recipe", "refund_row", "rows_of", "values"]


@dataclass(frozen=True)
class Plain:
    """A column as it is. ``safe``: text that needs no escaping, or numbers."""

    column: str
    safe: bool = False


@dataclass(frozen=True)
class Gid:
    """Global id of a column of numbers."""

    kind: str
    column: str


@dataclass(frozen=True)
class Text:
    """A number in a pattern, e.g. "#%s"."""

    pattern: str
    column: str


@dataclass(frozen=True)
class Bag:
    """MoneyBag of a column of cents."""

    column: str


@dataclass(frozen=True)
class Amount:
    """MoneyV2 of a column of cents."""

    column: str


@dataclass(frozen=True)
class Ref:
    """Another object, of which the row holds only the id; None where there is none."""

    kind: str
    column: str


@dataclass(frozen=True)
class Const:
    """The same for every row."""

    value: Any


@dataclass(frozen=True)
class Shared:
    """The same for every row of a shop."""

    of: Callable[[Store], Any]


@dataclass(frozen=True)
class Zero:
    """MoneyBag of nothing."""


@dataclass(frozen=True)
class Rows:
    """Values made for the whole batch by a function."""

    make: Callable[[Any], list[Any]]


Recipe = Plain | Gid | Text | Bag | Amount | Ref | Const | Shared | Zero | Rows


def values(recipe: Recipe, batch: Any) -> list[Any]:
    """Python values of a recipe, one per row."""
    store: Store = batch.store
    match recipe:
        case Plain(column):
            return getattr(batch, column)
        case Gid(kind, column):
            prefix = f"gid://shopify/{kind}/"
            return [key if key is None else f"{prefix}{key}" for key in getattr(batch, column)]
        case Text(pattern, column):
            return [pattern % value for value in getattr(batch, column)]
        case Bag(column):
            return [store.bag(cents) for cents in getattr(batch, column)]
        case Amount(column):
            return [store.amount(cents) for cents in getattr(batch, column)]
        case Ref(kind, column):
            prefix = f"gid://shopify/{kind}/"
            return [
                key and {"__typename": kind, "id": f"{prefix}{key}"}
                for key in getattr(batch, column)
            ]
        case Const(value):
            return [value] * len(batch.rows)
        case Shared(of):
            return [of(store)] * len(batch.rows)
        case Zero():
            return [store.bag(0)] * len(batch.rows)
        case Rows(make):
            return make(batch)


def rows_of(kind: str, recipes: dict[str, Recipe], batch: Any) -> list[dict[str, Any]]:
    """Row dicts of a batch, for the projector."""
    names = ("__typename", *recipes)
    columns = [values(recipe, batch) for recipe in recipes.values()]
    return [dict(zip(names, (kind, *row), strict=True)) for row in zip(*columns, strict=True)]


def _lines(batch: OrderBatch) -> list[list[dict[str, Any]]]:
    rows = iter(rows_of("LineItem", LINE, LineBatch(batch.store, batch.line_rows)))
    return [[next(rows) for _ in range(count)] for count in batch.line_counts]


def _refunds(batch: OrderBatch) -> list[list[dict[str, Any]]]:
    made, none = batch.store.refunds, []
    return [
        [refund_row(batch.store, refund) for refund in made[row]] if row in made else none
        for row in batch.rows.tolist()
    ]


def refund_row(store: Store, refund: Any) -> dict[str, Any]:
    """Row of a refund with its lines and its transaction."""
    from_number = ID0 + STEP * refund.number
    at = iso(refund.at)
    amount = store.bag(refund.cents)
    lines = [
        {
            "id": f"gid://shopify/RefundLineItem/{from_number + place}",
            "quantity": quantity,
            "restockType": "RETURN",
            "restocked": True,
            "lineItem": {"id": gid("LineItem", int(store.lines["number"][line]))},
            "subtotalSet": store.bag(cents),
            "totalTaxSet": store.bag(0),
        }
        for place, (line, quantity, cents) in enumerate(refund.lines)
    ]
    transaction = {
        "id": f"gid://shopify/OrderTransaction/{from_number}",
        "kind": "REFUND",
        "status": "SUCCESS",
        "gateway": "shopify_payments",
        "processedAt": at,
        "test": False,
        "amountSet": amount,
    }
    return {
        "__typename": "Refund",
        "id": f"gid://shopify/Refund/{from_number}",
        "legacyResourceId": from_number,
        "createdAt": at,
        "processedAt": at,
        "updatedAt": at,
        "note": refund.note,
        "return": None,
        "totalRefundedSet": amount,
        "refundLineItems": lines,
        "refundShippingLines": [],
        "orderAdjustments": [],
        "transactions": [transaction],
    }


_NO_TAX_OR_SHIPPING = {
    name: Zero()
    for name in (
        "totalTaxSet",
        "totalShippingPriceSet",
        "totalTipReceivedSet",
        "totalRefundedShippingSet",
        "totalOutstandingSet",
        "refundDiscrepancySet",
        "currentTotalTaxSet",
        "currentShippingPriceSet",
    )
}

ORDER: dict[str, Recipe] = {
    "id": Gid("Order", "ids"),
    "legacyResourceId": Plain("ids", safe=True),
    "name": Text("#%s", "number"),
    "number": Plain("number", safe=True),
    "confirmationNumber": Plain("confirmation", safe=True),
    "createdAt": Plain("created", safe=True),
    "updatedAt": Plain("updated", safe=True),
    "processedAt": Plain("processed", safe=True),
    "closedAt": Const(None),
    "cancelledAt": Plain("cancelled"),
    "cancelReason": Plain("cancel_reason"),
    "test": Plain("test"),
    "confirmed": Const(True),
    "closed": Const(False),
    "edited": Plain("edited"),
    "unpaid": Const(False),
    "fullyPaid": Plain("fully_paid"),
    "displayFinancialStatus": Plain("financial", safe=True),
    "displayFulfillmentStatus": Const("FULFILLED"),
    "returnStatus": Plain("returns", safe=True),
    "currencyCode": Shared(lambda store: store.currency),
    "presentmentCurrencyCode": Shared(lambda store: store.currency),
    "taxesIncluded": Const(False),
    "dutiesIncluded": Const(False),
    "sourceName": Plain("source", safe=True),
    "sourceIdentifier": Const(None),
    "email": Plain("contact"),
    "phone": Const(None),
    "customerLocale": Const("en"),
    "tags": Const([]),
    "note": Const(None),
    "poNumber": Const(None),
    "app": Plain("app"),
    "attribution": Const(None),
    "retailLocation": Plain("location"),
    "customer": Ref("Customer", "customer"),
    "purchasingEntity": Ref("Customer", "customer"),
    "billingAddress": Plain("address"),
    "shippingAddress": Plain("address"),
    "paymentGatewayNames": Const(["shopify_payments"]),
    "discountCodes": Plain("codes"),
    "subtotalLineItemsQuantity": Plain("units", safe=True),
    "currentSubtotalLineItemsQuantity": Plain("units_now", safe=True),
    **_NO_TAX_OR_SHIPPING,
    **dict.fromkeys(("totalPriceSet", "subtotalPriceSet", "originalTotalPriceSet"), Bag("total")),
    **dict.fromkeys(("currentTotalPriceSet", "currentSubtotalPriceSet"), Bag("total_now")),
    "totalDiscountsSet": Bag("discount"),
    "currentTotalDiscountsSet": Bag("discount_now"),
    "totalRefundedSet": Bag("refunded"),
    "totalReceivedSet": Bag("received"),
    "netPaymentSet": Bag("kept"),
    "originalTotalDutiesSet": Const(None),
    "currentTotalDutiesSet": Const(None),
    "totalCashRoundingAdjustment": Shared(
        lambda store: {"paymentSet": store.bag(0), "refundSet": store.bag(0)}
    ),
    "discountApplications": Plain("discounts"),
    "lineItems": Rows(_lines),
    "refunds": Rows(_refunds),
}

LINE: dict[str, Recipe] = {
    "id": Gid("LineItem", "ids"),
    "title": Plain("title"),
    "name": Plain("title"),
    "variantTitle": Plain("variant_title"),
    "sku": Plain("sku"),
    "vendor": Shared(lambda store: store.tables.name),
    "quantity": Plain("quantity", safe=True),
    "currentQuantity": Plain("current", safe=True),
    "refundableQuantity": Plain("current", safe=True),
    "isGiftCard": Const(False),
    "taxable": Const(True),
    "requiresShipping": Const(True),
    "product": Ref("Product", "product"),
    "variant": Ref("ProductVariant", "variant"),
    "sellingPlan": Const(None),
    "originalUnitPriceSet": Bag("unit"),
    "originalTotalSet": Bag("gross"),
    "discountedTotalSet": Bag("net"),
    "discountedUnitPriceAfterAllDiscountsSet": Bag("unit_net"),
    "totalDiscountSet": Bag("discount"),
    "discountAllocations": Plain("allocations"),
    "taxLines": Const([]),
}

CUSTOMER: dict[str, Recipe] = {
    "id": Gid("Customer", "ids"),
    "legacyResourceId": Plain("ids", safe=True),
    "createdAt": Plain("created", safe=True),
    "updatedAt": Plain("updated", safe=True),
    "firstName": Plain("first_name"),
    "lastName": Plain("last_name"),
    "displayName": Plain("display_name"),
    "email": Plain("email"),
    "state": Const("DISABLED"),
    "locale": Const("en"),
    "note": Plain("note"),
    "tags": Plain("tags"),
    "verifiedEmail": Const(True),
    "taxExempt": Const(False),
    "dataSaleOptOut": Const(False),
    "productSubscriberStatus": Const("NEVER_SUBSCRIBED"),
    "lifetimeDuration": Const("over 1 year"),
    "numberOfOrders": Plain("order_count", safe=True),
    "amountSpent": Amount("spent"),
    "defaultEmailAddress": Plain("email_address"),
    "defaultPhoneNumber": Plain("phone_number"),
    "defaultAddress": Plain("address"),
    "mergeable": Const(
        {"isMergeable": True, "reason": None, "errorFields": [], "mergeInProgress": None}
    ),
}
