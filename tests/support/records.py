"""Shopify records for tests of the sync, made by a seeded generator that knows what they mean."""

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

__all__ = ["customer", "discount", "jsonl", "line", "order", "product", "variant"]

START = datetime(2024, 1, 1, tzinfo=UTC)


def moment(seconds: int) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def bag(amount: str | Decimal) -> dict:
    return {"shopMoney": {"amount": str(amount), "currencyCode": "USD"}}


def customer(key: int, updated: int = 0, **more) -> dict:
    return {
        "id": f"gid://shopify/Customer/{key}",
        "createdAt": moment(0),
        "updatedAt": moment(updated),
        "firstName": f"First {key}",
        "tags": ["a,b", 'quo"te', "back\\slash"],
        "numberOfOrders": "3",
        "amountSpent": {"amount": "12.50", "currencyCode": "USD"},
        "defaultEmailAddress": {
            "emailAddress": f"c{key}@example.com",
            "marketingState": "SUBSCRIBED",
        },
        "defaultPhoneNumber": None,
        "defaultAddress": {"city": "Köln", "provinceCode": None, "countryCodeV2": "DE", "zip": "1"},
        **more,
    }


def order(key: int, subtotal: str | Decimal = "10.00", updated: int = 0, **more) -> dict:
    return {
        "id": f"gid://shopify/Order/{key}",
        "name": f"#{key}",
        "createdAt": moment(updated),
        "updatedAt": moment(updated),
        "processedAt": moment(updated),
        "closedAt": None,
        "cancelledAt": None,
        "test": False,
        "edited": False,
        "currencyCode": "USD",
        "taxesIncluded": False,
        "totalPriceSet": bag(subtotal),
        "totalRefundedSet": bag("0.0"),
        "currentTotalPriceSet": bag(subtotal),
        "currentSubtotalPriceSet": bag(subtotal),
        "subtotalPriceSet": bag(subtotal),
        "totalTaxSet": bag("0.0"),
        "totalShippingPriceSet": bag("0.0"),
        "tags": [],
        "discountCodes": [],
        "paymentGatewayNames": ["bogus"],
        "subtotalLineItemsQuantity": 1,
        "customer": {"id": f"gid://shopify/Customer/{key % 7 + 1}"},
        "refunds": [],
        **more,
    }


def line(
    key: int, order: int, gross: str | Decimal = "10.00", discount: str | None = None, **more
) -> dict:
    shares = (
        []
        if discount is None
        else [{"allocatedAmountSet": bag(discount), "discountApplication": {"index": 0}}]
    )
    return {
        "id": f"gid://shopify/LineItem/{key}",
        "title": f"Thing\t{key}\nnew",
        "quantity": 1,
        "currentQuantity": 1,
        "isGiftCard": False,
        "product": {"id": f"gid://shopify/Product/{key % 5 + 1}"},
        "variant": None,
        "originalUnitPriceSet": bag(gross),
        "originalTotalSet": bag(gross),
        "discountAllocations": shares,
        "taxLines": [],
        **more,
        "__parentId": f"gid://shopify/Order/{order}",
    }


def discount(index: int, order: int, code: str = "TEN") -> dict:
    return {
        "__typename": "DiscountCodeApplication",
        "index": index,
        "allocationMethod": "ACROSS",
        "targetSelection": "ALL",
        "targetType": "LINE_ITEM",
        "value": {"__typename": "PricingPercentageValue", "percentage": 10.0},
        "code": code,
        "__parentId": f"gid://shopify/Order/{order}",
    }


def product(key: int, updated: int = 0, **more) -> dict:
    return {
        "id": f"gid://shopify/Product/{key}",
        "title": f"Product {key}",
        "tags": [],
        "isGiftCard": False,
        "createdAt": moment(0),
        "updatedAt": moment(updated),
        **more,
    }


def variant(key: int, product: int, price: str = "9.99") -> dict:
    return {
        "id": f"gid://shopify/ProductVariant/{key}",
        "title": "Default",
        "price": price,
        "__parentId": f"gid://shopify/Product/{product}",
    }


def jsonl(records: list[dict], *, escaped: bool = True, shuffle: int | None = None) -> list[bytes]:
    """The records as Shopify writes them: slashes escaped, no spaces; ``shuffle`` is a seed."""
    records = list(records)
    if shuffle is not None:
        random.Random(shuffle).shuffle(records)
    lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]
    return [(text.replace("/", "\\/") if escaped else text).encode() for text in lines]
