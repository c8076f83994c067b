"""Orders and customers as REST shows them."""

from typing import Any

from shopify_sim.columns import CustomerBatch, LineBatch, OrderBatch
from shopify_sim.faces import ID0, STEP, gid, iso, money
from shopify_sim.store import Refund, Store
from shopify_sim.tables import Column

__all__ = ["customer_rows", "order_rows"]

Row = dict[str, Any]
AMOUNTS = {  # REST name -> column of cents
    "total_price": "total",
    "subtotal_price": "subtotal",
    "total_tax": "tax",
    "total_discounts": "discount",
    "current_total_price": "total_now",
    "current_subtotal_price": "subtotal_now",
    "current_total_tax": "tax_now",
    "current_total_discounts": "discount_now",
}


def _set(store: Store, cents: int, coin: int) -> Row:
    bag = store.bag(cents, coin)
    return {
        face: {"amount": bag[key]["amount"], "currency_code": bag[key]["currencyCode"]}
        for face, key in (("shop_money", "shopMoney"), ("presentment_money", "presentmentMoney"))
    }


def order_rows(store: Store, rows: Column) -> list[Row]:
    """Orders with lines, customer and refunds."""
    batch = OrderBatch(store, rows)
    lines = iter(_line_rows(store, batch))
    people = _people(store, batch)
    made: list[Row] = []
    for place, row in enumerate(rows.tolist()):
        coin = batch.coins[place]
        amounts: Row = {}
        for name, column in AMOUNTS.items():
            cents = getattr(batch, column)[place]
            amounts[name] = money(cents)
            amounts[f"{name}_set"] = _set(store, cents, coin)
        customer = batch.customer[place]
        address = batch.address[place]
        shown = {
            "city": address["city"],
            "zip": address["zip"],
            "country": address["country"],
            "country_code": address["countryCodeV2"],
            "province": address["province"],
            "province_code": address["provinceCode"],
        }
        made.append(
            {
                "id": batch.ids[place],
                "admin_graphql_api_id": gid("Order", row),
                "name": f"#{batch.number[place]}",
                "number": batch.number[place],
                "order_number": batch.number[place],
                "confirmed": True,
                "confirmation_number": batch.confirmation[place],
                "created_at": batch.created[place],
                "updated_at": batch.updated[place],
                "processed_at": batch.processed[place],
                "cancelled_at": batch.cancelled[place],
                "cancel_reason": batch.cancel_reason[place],
                "closed_at": None,
                "test": batch.test[place],
                "currency": batch.shop_currency[place],
                "presentment_currency": batch.presentment_currency[place],
                "taxes_included": batch.tax_included[place],
                "email": batch.contact[place],
                "contact_email": batch.contact[place],
                "financial_status": batch.financial[place].lower(),
                "fulfillment_status": "fulfilled",
                "source_name": batch.source[place],
                "tags": ", ".join(batch.tags[place]),
                "note": batch.note[place],
                **amounts,
                "total_shipping_price_set": _set(store, batch.shipping[place], coin),
                "total_line_items_price": money(batch.subtotal[place] + batch.discount[place]),
                "discount_codes": [
                    {"code": code, "type": "percentage"} for code in batch.codes[place]
                ],
                "payment_gateway_names": batch.gateways[place],
                "billing_address": shown,
                "shipping_address": shown,
                "customer": people.get(customer) if customer else None,
                "line_items": [next(lines) for _ in range(batch.line_counts[place])],
                "refunds": [_refund(store, refund) for refund in store.refunds.get(row, ())],
                "tax_lines": [],
                "shipping_lines": [],
                "fulfillments": [],
                "note_attributes": [],
            }
        )
    return made


def _people(store: Store, batch: OrderBatch) -> dict[int | None, Row]:
    rows = batch.of("customer")
    known = CustomerBatch(store, rows[rows >= 0].astype("int64"))
    return dict(zip(known.ids, _customers(known), strict=True))


def _line_rows(store: Store, batch: OrderBatch) -> list[Row]:
    lines = LineBatch(store, batch.line_rows)
    made: list[Row] = []
    for place, key in enumerate(lines.ids):
        coin = lines.coins[place]
        made.append(
            {
                "id": key,
                "admin_graphql_api_id": f"gid://shopify/LineItem/{key}",
                "title": lines.title[place],
                "name": lines.title[place],
                "variant_title": lines.variant_title[place],
                "sku": lines.sku[place],
                "vendor": store.name,
                "product_id": lines.product[place],
                "variant_id": lines.variant[place],
                "product_exists": lines.product[place] is not None,
                "quantity": lines.quantity[place],
                "current_quantity": lines.current[place],
                "fulfillable_quantity": 0,
                "gift_card": lines.gift_card[place],
                "grams": 100,
                "taxable": True,
                "requires_shipping": True,
                "price": money(lines.unit[place]),
                "price_set": _set(store, lines.unit[place], coin),
                "total_discount": money(lines.discount[place]),
                "total_discount_set": _set(store, lines.discount[place], coin),
                "properties": [],
                "tax_lines": [],
                "duties": [],
                "discount_allocations": [],
            }
        )
    return made


def _refund(store: Store, refund: Refund) -> Row:
    key, at = ID0 + STEP * refund.number, iso(refund.at)
    return {
        "id": key,
        "admin_graphql_api_id": f"gid://shopify/Refund/{key}",
        "order_id": ID0 + STEP * refund.order,
        "created_at": at,
        "processed_at": at,
        "note": refund.parts.note,
        "restock": True,
        "refund_line_items": [
            {
                "id": key + place,
                "line_item_id": ID0 + STEP * int(store.lines["number"][part.line]),
                "quantity": part.quantity,
                "restock_type": refund.parts.restock.lower(),
                "subtotal": part.cents / 100,
                "total_tax": part.tax / 100,
            }
            for place, part in enumerate(refund.lines)
        ],
        "order_adjustments": [],
        "transactions": [{"id": key, "kind": "refund", "amount": money(refund.cents)}],
    }


def customer_rows(store: Store, rows: Column) -> list[Row]:
    """Customers by row number."""
    return _customers(CustomerBatch(store, rows))


def _customers(batch: CustomerBatch) -> list[Row]:
    columns = zip(
        batch.ids,
        batch.email,
        batch.first_name,
        batch.last_name,
        batch.created,
        batch.updated,
        batch.order_count,
        batch.spent,
        batch.tags,
        strict=True,
    )
    return [
        {
            "id": key,
            "admin_graphql_api_id": f"gid://shopify/Customer/{key}",
            "email": email,
            "first_name": first,
            "last_name": last,
            "created_at": created,
            "updated_at": updated,
            "orders_count": orders,
            "total_spent": money(cents),
            "state": "disabled",
            "verified_email": True,
            "tags": ", ".join(tags),
            "currency": batch.store.currency,
        }
        for key, email, first, last, created, updated, orders, cents, tags in columns
    ]
