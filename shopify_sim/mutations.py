"""Mutations an analytics app uses."""

from typing import Any

from shopify_sim.faces import row_of
from shopify_sim.installation import covers
from shopify_sim.projection import Context, FieldFault, resolver
from shopify_sim.subscriptions import create, subscription_row

__all__: list[str] = []

Row = dict[str, Any]


@resolver("Mutation", "bulkOperationRunQuery")
def _run(_row: Row, args: Row, context: Context) -> Row:
    operations = context.installation.operations
    group = bool(args.get("groupObjects")) or context.shop.faults.grouped_files
    made, errors = operations.run(context.schema, args["query"], context.base_url, group=group)
    if made is None:
        return {"bulkOperation": None, "userErrors": errors}
    fresh = {"status": "CREATED", "objectCount": 0, "rootObjectCount": 0, "completedAt": None}
    started = {**made.row(), **fresh, "url": None, "fileSize": None, "partialDataUrl": None}
    return {"bulkOperation": started, "userErrors": []}


@resolver("Mutation", "bulkOperationCancel")
def _cancel(_row: Row, args: Row, context: Context) -> Row:
    if not args["id"].startswith("gid://shopify/BulkOperation/"):
        raise FieldFault(f"Invalid id: {args['id']}", "RESOURCE_NOT_FOUND")
    operation, errors = context.installation.operations.cancel(args["id"])
    return {"bulkOperation": operation and operation.row(), "userErrors": errors}


@resolver("Mutation", "webhookSubscriptionCreate")
def _subscribe(_row: Row, args: Row, context: Context) -> Row:
    made, errors = create(
        context.installation.subscriptions,
        args["topic"],
        args["webhookSubscription"],
        context.now_us,
        context.schema.version,
    )
    return {"webhookSubscription": made and subscription_row(made), "userErrors": errors}


@resolver("Mutation", "webhookSubscriptionDelete")
def _unsubscribe(_row: Row, args: Row, context: Context) -> Row:
    if context.installation.subscriptions.pop(args["id"], None) is None:
        message = "Webhook subscription does not exist"
        return {
            "deletedWebhookSubscriptionId": None,
            "userErrors": [{"field": ["id"], "message": message}],
        }
    return {"deletedWebhookSubscriptionId": args["id"], "userErrors": []}


@resolver("Mutation", "appUninstall")
def _uninstall(_row: Row, _args: Row, context: Context) -> Row:
    installation = context.installation
    context.shop.uninstall(installation.client_id)
    app = {"id": f"gid://shopify/App/{installation.number}", "title": "XSight"}
    return {"app": app, "userErrors": []}


def _tagged(args: Row, context: Context) -> tuple[int | None, list[str]]:
    """The customer's row and tags; None where it is gone."""
    if not covers(context.installation.scopes, "write_customers"):
        text = "Access denied for tagsAdd field. Required access: `write_customers` access scope."
        raise FieldFault(text, "ACCESS_DENIED")
    store, row = context.shop.store, row_of(args["id"], "Customer")
    if row is None:
        raise FieldFault(f"Invalid id: {args['id']}", "RESOURCE_NOT_FOUND")
    if row >= len(store.customers) or store.customers["gone"][row]:
        return None, []
    return row, list(store.profiles.get(row, {}).get("tags", ()))


def _retag(
    row: int | None, args: Row, before: list[str], after: list[str], context: Context
) -> Row:
    if row is None:
        error = {"field": ["id"], "message": "Customer does not exist"}
        return {"node": None, "userErrors": [error]}
    if after != before:
        store = context.shop.store
        store.profiles.setdefault(row, {})["tags"] = sorted(after, key=str.casefold)
        store.touch_customer(row, context.now_us)
    return {"node": {"__typename": "Customer", "id": args["id"]}, "userErrors": []}


@resolver("Mutation", "tagsAdd")
def _add_tags(_row: Row, args: Row, context: Context) -> Row:
    row, before = _tagged(args, context)
    known = {tag.casefold() for tag in before}
    fresh = [tag for tag in args["tags"] if tag.casefold() not in known]
    if any(len(tag) > _LONGEST_TAG for tag in fresh):
        error = {"field": ["tags"], "message": "Tags must be 40 characters or less"}
        return {"node": None, "userErrors": [error]}
    if len(before) + len(fresh) > _MOST_TAGS:
        error = {"field": ["tags"], "message": f"Tags can have at most {_MOST_TAGS} items"}
        return {"node": None, "userErrors": [error]}
    return _retag(row, args, before, [*before, *fresh], context)


@resolver("Mutation", "tagsRemove")
def _remove_tags(_row: Row, args: Row, context: Context) -> Row:
    row, before = _tagged(args, context)
    gone = {tag.casefold() for tag in args["tags"]}
    return _retag(row, args, before, [t for t in before if t.casefold() not in gone], context)


_LONGEST_TAG, _MOST_TAGS = 40, 250
