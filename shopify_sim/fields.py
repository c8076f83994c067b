"""Which column shows in which GraphQL field: one table for pages and bulk files alike."""

from typing import Any

from shopify_sim.columns import LineBatch, OrderBatch
from shopify_sim.recipes import (
    Amount,
    Bag,
    Const,
    Gid,
    Plain,
    Recipe,
    Ref,
    Rows,
    Shared,
    Text,
    rows_of,
)
from shopify_sim.refunds import refund_row

__all__ = ["CUSTOMER", "LINE", "ORDER"]


def _lines(batch: OrderBatch) -> list[list[dict[str, Any]]]:
    rows = iter(rows_of("LineItem", LINE, LineBatch(batch.store, batch.line_rows)))
    return [[next(rows) for _ in range(count)] for count in batch.line_counts]


def _refunds(batch: OrderBatch) -> list[list[dict[str, Any]]]:
    made, none = batch.store.refunds, []
    return [
        [refund_row(batch.store, refund) for refund in made[row]] if row in made else none
        for row in batch.rows.tolist()
    ]


def _roundings(batch: OrderBatch) -> list[dict[str, Any]]:
    found = zip(batch.rounding, batch.coins, strict=True)
    made = {
        key: _rounding(batch, *key) for key in set(zip(batch.rounding, batch.coins, strict=True))
    }
    return [made[key] for key in found]


def _rounding(batch: OrderBatch, cents: int, coin: int) -> dict[str, Any]:
    return {"paymentSet": batch.store.bag(cents, coin), "refundSet": batch.store.bag(0, coin)}


YES, NO = Const(value=True), Const(value=False)
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
    "confirmed": YES,
    "closed": NO,
    "edited": Plain("edited"),
    "unpaid": Plain("unpaid"),
    "fullyPaid": Plain("fully_paid"),
    "displayFinancialStatus": Plain("financial", safe=True),
    "displayFulfillmentStatus": Const("FULFILLED"),
    "returnStatus": Plain("returns", safe=True),
    "currencyCode": Plain("shop_currency", safe=True),
    "presentmentCurrencyCode": Plain("presentment_currency", safe=True),
    "taxesIncluded": Plain("tax_included"),
    "dutiesIncluded": NO,
    "sourceName": Plain("source", safe=True),
    "sourceIdentifier": Const(None),
    "email": Plain("contact"),
    "phone": Const(None),
    "customerLocale": Const("en"),
    "tags": Plain("tags"),
    "note": Plain("note"),
    "poNumber": Const(None),
    "app": Plain("app"),
    "attribution": Const(None),
    "retailLocation": Plain("location"),
    "customer": Ref("Customer", "customer"),
    "purchasingEntity": Ref("Customer", "customer"),
    "billingAddress": Plain("address"),
    "shippingAddress": Plain("address"),
    "paymentGatewayNames": Plain("gateways"),
    "discountCodes": Plain("codes"),
    "subtotalLineItemsQuantity": Plain("units", safe=True),
    "currentSubtotalLineItemsQuantity": Plain("units_now", safe=True),
    "totalPriceSet": Bag("total"),
    "subtotalPriceSet": Bag("subtotal"),
    "originalTotalPriceSet": Bag("total"),
    "currentTotalPriceSet": Bag("total_now"),
    "currentSubtotalPriceSet": Bag("subtotal_now"),
    "totalTaxSet": Bag("tax", "tax"),
    "currentTotalTaxSet": Bag("tax_now", "tax"),
    "totalShippingPriceSet": Bag("shipping", "shipping"),
    "currentShippingPriceSet": Bag("shipping_now", "shipping"),
    "totalRefundedShippingSet": Bag("refunded_shipping", "shipping"),
    "totalTipReceivedSet": Bag("tip", "tip"),
    "refundDiscrepancySet": Bag("discrepancy"),
    "totalOutstandingSet": Bag("outstanding"),
    "totalDiscountsSet": Bag("discount"),
    "currentTotalDiscountsSet": Bag("discount_now"),
    "totalRefundedSet": Bag("refunded"),
    "totalReceivedSet": Bag("received"),
    "netPaymentSet": Bag("kept"),
    "originalTotalDutiesSet": Bag("duties", "duties", none=True),
    "currentTotalDutiesSet": Bag("duties", "duties", none=True),
    "totalCashRoundingAdjustment": Rows(_roundings),
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
    "vendor": Shared(lambda store: store.name),
    "quantity": Plain("quantity", safe=True),
    "currentQuantity": Plain("current", safe=True),
    "refundableQuantity": Plain("current", safe=True),
    "isGiftCard": Plain("gift_card"),
    "taxable": YES,
    "requiresShipping": YES,
    "product": Ref("Product", "product"),
    "variant": Ref("ProductVariant", "variant"),
    "sellingPlan": Const(None),
    "originalUnitPriceSet": Bag("unit"),
    "originalTotalSet": Bag("gross"),
    "discountedTotalSet": Bag("net"),
    "discountedUnitPriceSet": Bag("unit_net"),
    "discountedUnitPriceAfterAllDiscountsSet": Bag("unit_net"),
    "totalDiscountSet": Bag("discount"),
    "discountAllocations": Plain("allocations"),
    "taxLines": Plain("taxes"),
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
    "verifiedEmail": YES,
    "taxExempt": NO,
    "dataSaleOptOut": NO,
    "productSubscriberStatus": Const("NEVER_SUBSCRIBED"),
    "lifetimeDuration": Const("over 1 year"),
    "numberOfOrders": Plain("order_count", safe=True),
    "amountSpent": Amount("spent"),
    "defaultEmailAddress": Plain("email_address"),
    "defaultPhoneNumber": Plain("phone_number"),
    "defaultAddress": Plain("address"),
    "statistics": Plain("statistics"),
    "mergeable": Const(
        {"isMergeable": True, "reason": None, "errorFields": [], "mergeInProgress": None}
    ),
}
