"""The floor of a load: a bulk file of orders, decoded and copied into tables without a key, by one thread.

Nothing is checked, nothing is guarded, nothing can be done twice; what is slower than this is the price of being right.
"""

from collections.abc import Iterable
from typing import Any

import orjson
import psycopg

__all__ = ["copy_plainly"]

_BATCH = 20_000
_TABLES = {
    "orders": """id bigint, name text, customer_id bigint, created_at timestamptz, updated_at timestamptz,
        processed_at timestamptz, cancelled_at timestamptz, closed_at timestamptz, cancel_reason text, test bool,
        edited bool, financial_status text, fulfillment_status text, return_status text, currency text,
        presentment_currency text, taxes_included bool, channel text, app text, country text, province text,
        tags text, discount_codes text, gateways text, units int, total numeric(20,4), presented numeric(20,4),
        tax numeric(20,4), shipping numeric(20,4), tip numeric(20,4), refunded numeric(20,4),
        outstanding numeric(20,4), net_payment numeric(20,4), duties numeric(20,4), current_total numeric(20,4),
        current_subtotal numeric(20,4), cash_rounding numeric(20,4)""",
    "order_pii": "order_id bigint, email text, phone text, city text, zip text, note text",
    "order_lines": """order_id bigint, id bigint, product_id bigint, variant_id bigint, title text, variant_title text,
        sku text, vendor text, quantity int, current_quantity int, gift_card bool, unit_price numeric(20,4),
        gross numeric(20,4), tax text, allocations text""",
    "order_discounts": """order_id bigint, idx int, kind text, code text, title text, method text, target_type text,
        target_selection text, percentage text, amount text""",
    "refunds": """order_id bigint, id bigint, created_at timestamptz, processed_at timestamptz, total numeric(20,4),
        note text""",
}

Rows = dict[str, list[str]]


def copy_plainly(url: str, blocks: Iterable[list[bytes]]) -> dict[str, int]:
    """Rows by table."""
    counts = dict.fromkeys(_TABLES, 0)
    with psycopg.connect(url) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("DROP SCHEMA IF EXISTS floor CASCADE")
        connection.execute("CREATE SCHEMA floor")
        for name, columns in _TABLES.items():
            connection.execute(f"CREATE TABLE floor.{name} ({columns})".encode())
        connection.commit()
        rows: Rows = {name: [] for name in _TABLES}
        waiting = 0
        for lines in blocks:
            for line in lines:
                if line:
                    _add(rows, orjson.loads(line))
            waiting += len(lines)
            if waiting >= _BATCH:
                _copy(connection, rows, counts)
                waiting = 0
        _copy(connection, rows, counts)
    return counts


def _copy(connection: psycopg.Connection[Any], rows: Rows, counts: dict[str, int]) -> None:
    for name, made in rows.items():
        if made:
            with connection.cursor().copy(f"COPY floor.{name} FROM STDIN".encode()) as copy:
                copy.write("".join(made))
            counts[name] += len(made)
            made.clear()
    connection.commit()


def _text(values: tuple[Any, ...]) -> str:
    cells = ["\\N" if value is None else str(value) for value in values]
    text = "\t".join(cells)
    if "\n" in text or text.count("\t") >= len(cells):
        cells = [cell.replace("\t", " ").replace("\n", " ") for cell in cells]
        text = "\t".join(cells)
    return text + "\n"


def _number(gid: str) -> str:
    return gid[gid.rindex("/") + 1 :]


def _add(rows: Rows, row: dict[str, Any]) -> None:
    parent = row.get("__parentId")
    if parent is None:
        _add_order(rows, row)
    elif "index" in row:
        value = row["value"]
        names = ("__typename", "code", "title", "allocationMethod", "targetType", "targetSelection")
        cells = (row["index"], *(row.get(name) for name in names))
        amounts = (value.get("percentage"), value.get("amount"))
        rows["order_discounts"].append(_text((_number(parent), *cells, *amounts)))
    else:
        _add_line(rows, row, _number(parent))


def _add_order(rows: Rows, row: dict[str, Any]) -> None:
    def money(name: str) -> str | None:
        bag = row[name]
        return bag and bag["shopMoney"]["amount"]

    key, customer, app = _number(row["id"]), row["customer"], row["app"]
    place = row["shippingAddress"] or row["billingAddress"] or {}
    rows["orders"].append(
        _text(
            (
                key,
                row["name"],
                customer and _number(customer["id"]),
                row["createdAt"],
                row["updatedAt"],
                row["processedAt"],
                row["cancelledAt"],
                row["closedAt"],
                row["cancelReason"],
                row["test"],
                row["edited"],
                row["displayFinancialStatus"],
                row["displayFulfillmentStatus"],
                row["returnStatus"],
                row["currencyCode"],
                row["presentmentCurrencyCode"],
                row["taxesIncluded"],
                row["sourceName"],
                app and app["name"],
                place.get("countryCodeV2"),
                place.get("provinceCode"),
                ",".join(row["tags"]),
                ",".join(row["discountCodes"]),
                ",".join(row["paymentGatewayNames"]),
                row["subtotalLineItemsQuantity"],
                money("totalPriceSet"),
                row["totalPriceSet"]["presentmentMoney"]["amount"],
                money("totalTaxSet"),
                money("totalShippingPriceSet"),
                money("totalTipReceivedSet"),
                money("totalRefundedSet"),
                money("totalOutstandingSet"),
                money("netPaymentSet"),
                money("originalTotalDutiesSet"),
                money("currentTotalPriceSet"),
                money("currentSubtotalPriceSet"),
                row["totalCashRoundingAdjustment"]["paymentSet"]["shopMoney"]["amount"],
            )
        )
    )
    person = (row["email"], row["phone"], place.get("city"), place.get("zip"), row["note"])
    rows["order_pii"].append(_text((key, *person)))
    for refund in row["refunds"]:
        total = refund["totalRefundedSet"]["shopMoney"]["amount"]
        times = (refund["createdAt"], refund["processedAt"])
        rows["refunds"].append(_text((key, _number(refund["id"]), *times, total, refund["note"])))


def _add_line(rows: Rows, row: dict[str, Any], order: str) -> None:
    product, variant, taxes = row["product"], row["variant"], row["taxLines"]
    shares = row["discountAllocations"]
    rows["order_lines"].append(
        _text(
            (
                order,
                _number(row["id"]),
                product and _number(product["id"]),
                variant and _number(variant["id"]),
                row["title"],
                row["variantTitle"],
                row["sku"],
                row["vendor"],
                row["quantity"],
                row["currentQuantity"],
                row["isGiftCard"],
                row["originalUnitPriceSet"]["shopMoney"]["amount"],
                row["originalTotalSet"]["shopMoney"]["amount"],
                taxes[0]["priceSet"]["shopMoney"]["amount"] if taxes else None,
                orjson.dumps(shares).decode() if shares else None,
            )
        )
    )
