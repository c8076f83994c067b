"""Metafields: what apps and merchants wrote beside an object."""

import zlib
from collections.abc import Sequence
from typing import Any

from shopify_sim.faces import ID0, STEP
from shopify_sim.store import Store

__all__ = ["metafield_rows", "write_metafields"]


def write_metafields(store: Store, owner: str, given: Sequence[dict[str, Any]]) -> None:
    """Write or overwrite metafields of an object: {namespace, key, type, value}."""
    kept = {(m["namespace"], m["key"]): m for m in store.metafields.get(owner, ())}
    for field in given:
        usual = {"namespace": "custom", "type": "single_line_text_field"}
        whole = usual | field
        kept[whole["namespace"], whole["key"]] = whole
    store.metafields[owner] = list(kept.values())


def metafield_rows(
    store: Store, owner: str, keys: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Rows of an object's metafields; ``keys``: only these, as namespace.key."""
    return [
        _row(owner, field)
        for field in store.metafields.get(owner, ())
        if not keys or f"{field['namespace']}.{field['key']}" in keys
    ]


def _row(owner: str, field: dict[str, Any]) -> dict[str, Any]:
    name = f"{owner}/{field['namespace']}.{field['key']}"
    number = ID0 + STEP * zlib.crc32(name.encode())
    return {
        "__typename": "Metafield",
        "id": f"gid://shopify/Metafield/{number}",
        "legacyResourceId": number,
        "ownerType": owner.split("/")[3].upper(),
        **{key: field[key] for key in ("namespace", "key", "type", "value")},
        "jsonValue": field["value"],
    }
