"""Queries over short lists: deletions, bulk operations, webhook subscriptions."""

import re
from typing import Any

import numpy as np

from shopify_sim import search
from shopify_sim.faces import gid, iso
from shopify_sim.paging import Page, list_page
from shopify_sim.projection import Context, FieldFault, resolver
from shopify_sim.resolvers import node_row, warn
from shopify_sim.subscriptions import subscription_row

__all__: list[str] = []

Row = dict[str, Any]


@resolver("QueryRoot", "events")
def _events(_row: Row, args: Row, context: Context) -> Page:
    """Deletions only: nothing else is asked of events."""
    tree = warn(context, "events", args.get("query"))
    gone = context.shop.store.deletions
    columns = {
        "action": np.array(["destroy"] * len(gone)),
        "subject_type": np.array([deletion.kind.lower() for deletion in gone]),
        "created_at": np.array([deletion.at for deletion in gone], np.int64).astype("M8[us]"),
        "id": np.array([deletion.number for deletion in gone], np.int64),
    }
    chosen = np.flatnonzero(search.mask(tree, columns.get, len(gone)))
    rows = [_event(context, gone[place]) for place in chosen.tolist()]
    return list_page(rows, args)


def _event(context: Context, deletion: Any) -> Row:
    return {
        "__typename": "BasicEvent",
        "id": f"gid://shopify/BasicEvent/{deletion.number}",
        "action": "destroy",
        "appTitle": None,
        "attributeToApp": False,
        "attributeToUser": True,
        "createdAt": iso(deletion.at),
        "criticalAlert": False,
        "message": f"{context.shop.store.name} deleted this {deletion.kind.lower()}.",
        "subjectId": gid(deletion.kind, deletion.row),
        "subjectType": deletion.kind.upper(),
    }


@resolver("QueryRoot", "bulkOperation")
def _bulk_operation(_row: Row, args: Row, context: Context) -> Row | None:
    if not args["id"].startswith("gid://shopify/BulkOperation/"):
        raise FieldFault(f"Invalid id: {args['id']}", "RESOURCE_NOT_FOUND")
    return node_row(context, args["id"])


@resolver("QueryRoot", "currentBulkOperation")
def _current(_row: Row, args: Row, context: Context) -> Row | None:
    if args.get("type", "QUERY") != "QUERY":
        return None
    known = list(context.installation.operations.known.values())
    return known[-1].row() if known else None


@resolver("QueryRoot", "bulkOperations")
def _bulk_operations(_row: Row, args: Row, context: Context) -> Page:
    tree = warn(context, "bulkOperations", args.get("query"))
    for shown in re.findall(r"created_at:[<>=]*'?([^\s']+)", args.get("query") or ""):
        if not re.match(r"\d{4}-\d\d-\d\d", shown):
            message = "Invalid timestamp for query filter `created_at`."
            raise FieldFault(message, "BAD_REQUEST")
    known = list(context.installation.operations.known.values())
    columns = {
        "status": np.array([operation.status.lower() for operation in known]),
        "operation_type": np.array(["query"] * len(known)),
        "created_at": np.array([operation.created for operation in known], np.int64).astype(
            "M8[us]"
        ),
        "id": np.array([operation.number for operation in known], np.int64),
    }
    chosen = np.flatnonzero(search.mask(tree, columns.get, len(known)))
    return list_page([known[place].row() for place in chosen.tolist()], args)


@resolver("QueryRoot", "webhookSubscriptions")
def _subscriptions(_row: Row, args: Row, context: Context) -> Page:
    found = list(context.installation.subscriptions.values())
    topics = args.get("topics")
    rows = [subscription_row(s) for s in found if not topics or s["topic"] in topics]
    return list_page(rows, args)


@resolver("QueryRoot", "webhookSubscriptionsCount")
def _subscription_count(_row: Row, _args: Row, context: Context) -> Row:
    return {"count": len(context.installation.subscriptions), "precision": "EXACT"}
