"""Carries out what an action planned: tags that come and go in Shopify, ten customers a request, at the shop's pace."""

from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import func

from xsight_core.db import segment_actions as rows
from xsight_core.errors import AccessDenied, NotFound, TokenRevoked
from xsight_core.services.connect import ShopAccess
from xsight_core.shopify.client import ShopifyClient

__all__ = ["write_tags"]

_AT_ONCE: Final = 10  # as many as the documents have fields
_DOCUMENTS: Final = {True: "customer_tags_add", False: "customer_tags_remove"}
_NOBODY: Final = "gid://shopify/Customer/1"

log = structlog.get_logger()


async def write_tags(access: ShopAccess, tenant_id: UUID, action: UUID) -> int:
    """Carry an action out, or take it back, from where it stands; how many customers were written.

    What the shop refuses for one customer is noted there. An error of the whole leaves the rest waiting.
    """
    async with access.tenancy.scope(tenant_id) as session:
        found = await rows.find_action(session, action)
    if found is None:
        raise NotFound("There is no such action.")
    if found["state"] not in {"planned", "running", "undoing"}:
        return 0
    undoing = found["state"] == "undoing"
    before, after = ("done", "undone") if undoing else ("waiting", "done")
    written = 0
    try:
        client = await access.client(tenant_id)
        while True:
            async with access.tenancy.scope(tenant_id) as session:
                state = await rows.find_action(session, action)
                changes = await rows.waiting(session, action, before, limit=_AT_ONCE)
            if not changes or state is None or (state["state"] == "undoing") != undoing:
                break
            customers, add = [customer for customer, _ in changes], changes[0][1] != undoing
            failed = await _send(client, _DOCUMENTS[add], str(found["tag"]), customers)
            async with access.tenancy.scope(tenant_id) as session:
                await rows.note_changes(session, action, customers, after, failed)
            written += len(changes)
    except (AccessDenied, TokenRevoked) as refused:
        async with access.tenancy.scope(tenant_id) as session:
            await rows.change_action(session, action, state="failed", error=str(refused))
        raise
    async with access.tenancy.scope(tenant_id) as session:
        state = await rows.find_action(session, action, locked=True)
        if state is not None and (state["state"] == "undoing") == undoing:
            ended = "undone" if undoing else "done"
            await rows.change_action(session, action, state=ended, ended_at=func.now())
    log.info("tags.written", action=str(action), customers=written, undone=undoing)
    return written


async def _send(
    client: ShopifyClient, document: str, tag: str, customers: list[int]
) -> dict[int, str]:
    """Who was refused, and why."""
    variables: dict[str, Any] = {"tags": [tag]}
    for i in range(_AT_ONCE):
        there = i < len(customers)
        variables[f"c{i}"] = f"gid://shopify/Customer/{customers[i]}" if there else _NOBODY
        variables[f"u{i}"] = there
    data = await client.execute(document, variables)
    failed: dict[int, str] = {}
    for i, customer in enumerate(customers):
        errors = data[f"r{i}"]["userErrors"]
        if errors:
            failed[customer] = "; ".join(error["message"] for error in errors)
    return failed
