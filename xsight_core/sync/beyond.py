"""What a record holds beyond the first page of its nested lists. Nothing of it is ever left out."""

from typing import Any

from xsight_core.shopify.client import ShopifyClient

__all__ = ["complete", "refunds_by_ids"]

_PAGE = 250
_REFUNDS_AT_ONCE = 250  # as many ids as Shopify takes; what they cost it says itself
_REFUNDS_SHOWN = 50  # as our documents ask; a list without a cursor does not say that it goes on

Node = dict[str, Any]


async def complete(client: ShopifyClient, family: str, node: Node) -> None:
    """Fetch what is missing in a node of a page, into the node."""
    if family == "orders":
        await _rest(client, "order_line_items_page", "order", node, "lineItems")
        await _rest(client, "order_discounts_page", "order", node, "discountApplications")
        if len(node.get("refunds") or ()) >= _REFUNDS_SHOWN:
            await _all_refunds(client, node)
        else:
            for refund in node.get("refunds") or ():
                await _complete_refund(client, refund)
    elif family == "products":
        await _rest(client, "product_variants_page", "product", node, "variants")
        await _rest(client, "product_collections_page", "product", node, "collections")


async def refunds_by_ids(client: ShopifyClient, gids: list[str]) -> list[Node]:
    """Refunds with all they are made of; those that are gone are missing."""
    found = await client.by_ids("refunds_by_ids", gids, at_once=_REFUNDS_AT_ONCE)
    for node in found:
        await _complete_refund(client, node)
    return found


async def _all_refunds(client: ShopifyClient, order: Node) -> None:
    answer: Node | None = (await client.execute("order_refund_ids", {"id": order["id"]}))["order"]
    if answer is not None:  # else deleted meanwhile
        gids = [refund["id"] for refund in answer["refunds"]]
        order["refunds"] = await refunds_by_ids(client, gids)


async def _complete_refund(client: ShopifyClient, refund: Node) -> None:
    await _rest(client, "refund_line_items_page", "node", refund, "refundLineItems")


async def _rest(client: ShopifyClient, name: str, root: str, node: Node, field: str) -> None:
    """Follow a nested connection to its end."""
    connection: Node = node.get(field) or {}
    page: Node = connection.get("pageInfo") or {}
    while page.get("hasNextPage"):
        variables = {"id": node["id"], "first": _PAGE, "after": page["endCursor"]}
        answer: Node | None = (await client.execute(name, variables))[root]
        if answer is None:  # deleted meanwhile
            return
        connection["nodes"] += answer[field]["nodes"]
        page = answer[field]["pageInfo"]
