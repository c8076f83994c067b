"""Rows of products and variants."""

import zlib
from typing import Any

from shopify_sim.faces import ID0, STEP, gid, iso, money
from shopify_sim.store import Store

__all__ = ["collection_rows", "product_row", "variant_row"]


def product_row(store: Store, row: int) -> dict[str, Any]:
    """A product with its variants."""
    shelf = store.catalogue
    variants = [n for n, variant in enumerate(shelf.variants) if variant.product == row]
    prices = [shelf.variants[n].price for n in variants] or [0]
    made = iso(shelf.created)
    return {
        "__typename": "Product",
        "id": gid("Product", row),
        "legacyResourceId": ID0 + STEP * row,
        "title": shelf.titles[row],
        "handle": shelf.titles[row].lower().replace(" ", "-"),
        "status": "ACTIVE",
        "vendor": store.name,
        "productType": shelf.kinds[row],
        "tags": [],
        "isGiftCard": False,
        "category": None,
        "createdAt": made,
        "updatedAt": iso(shelf.updated[row]),
        "publishedAt": made,
        "totalInventory": 100 * len(variants),
        "variantsCount": {"count": len(variants), "precision": "EXACT"},
        "priceRangeV2": {
            "minVariantPrice": store.amount(min(prices)),
            "maxVariantPrice": store.amount(max(prices)),
        },
        "collections": collection_rows(store, row),
        "variants": [
            variant_row(store, n, position) for position, n in enumerate(variants, start=1)
        ],
    }


def collection_rows(store: Store, row: int) -> list[dict[str, Any]]:
    """Collections of a product: its kind, until a deed says otherwise."""
    titles = store.collections.get(row, [store.catalogue.kinds[row]])
    return [
        {
            "__typename": "Collection",
            "id": f"gid://shopify/Collection/{ID0 + STEP * zlib.crc32(title.encode())}",
            "legacyResourceId": ID0 + STEP * zlib.crc32(title.encode()),
            "title": title,
            "handle": title.lower().replace(" ", "-"),
            "updatedAt": iso(store.catalogue.created),
        }
        for title in titles
    ]


def variant_row(store: Store, row: int, position: int) -> dict[str, Any]:
    """A variant; its product is named by id."""
    variant = store.catalogue.variants[row]
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", row),
        "legacyResourceId": ID0 + STEP * row,
        "title": variant.title,
        "displayName": f"{store.catalogue.titles[variant.product]} - {variant.title}",
        "sku": variant.sku,
        "barcode": None,
        "price": money(variant.price),
        "compareAtPrice": None,
        "position": position,
        "inventoryQuantity": 100,
        "createdAt": iso(store.catalogue.created),
        "updatedAt": iso(store.catalogue.updated[variant.product]),
        "selectedOptions": [{"name": "Size", "value": variant.title}],
        "inventoryItem": {"id": gid("InventoryItem", row), "unitCost": store.amount(variant.cost)},
    }
