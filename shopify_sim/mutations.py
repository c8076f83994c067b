"""Mutations an analytics app uses."""

from typing import Any

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
