"""What becomes of products."""

from shopify_sim.deeds.body import Body, cents_of, row_in
from shopify_sim.faces import gid
from shopify_sim.metafields import write_metafields
from shopify_sim.store import Store
from shopify_sim.tables import Variant

__all__ = ["create_product", "delete_product", "update_product"]


def create_product(store: Store, now: int, body: Body) -> Body:
    """A product with ``variants`` (a number, 1) at ``price``; ``title``, ``kind``, ``collections``, ``metafields``."""
    shelf = store.catalogue
    row, first = len(shelf.titles), len(shelf.variants)
    count, price = int(body.get("variants", 1)), cents_of(body.get("price", "10.00"))
    shelf.titles.append(body.get("title", f"Product {row + 1}"))
    shelf.kinds.append(body.get("kind", "Goods"))
    shelf.updated.append(now)
    shelf.variants += [
        Variant(row, f"Variant {place + 1}", f"NEW-{row}-{place}", price, price // 2)
        for place in range(count)
    ]
    _note(store, row, body)
    store.tell(now, "products/create", row)
    variants = [gid("ProductVariant", first + place) for place in range(count)]
    return {"id": gid("Product", row), "row": row, "variant": first, "variants": variants}


def update_product(store: Store, now: int, body: Body) -> Body:
    """Change ``title``, ``kind``, ``collections`` or ``metafields`` of a product, or only its updatedAt."""
    row = row_in(body, "product", "Product")
    store.catalogue.titles[row] = body.get("title", store.catalogue.titles[row])
    store.catalogue.kinds[row] = body.get("kind", store.catalogue.kinds[row])
    store.catalogue.updated[row] = now
    _note(store, row, body)
    store.tell(now, "products/update", row)
    return {}


def _note(store: Store, row: int, body: Body) -> None:
    if "collections" in body:
        store.collections[row] = list(body["collections"])
    write_metafields(store, gid("Product", row), body.get("metafields", ()))


def delete_product(store: Store, now: int, body: Body) -> Body:
    """Delete a product; old lines keep title and sku."""
    row = row_in(body, "product", "Product")
    store.catalogue.gone.add(row)
    store.note_deletion("Product", row, now)
    return {}
