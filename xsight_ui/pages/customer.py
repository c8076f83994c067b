"""Customer 360: one customer's profile, scores with their evidence, orders and story."""

from xsight_ui.pages import customer_panels as panels
from xsight_ui.pages import lists
from xsight_ui.pages.cells import cell
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["CUSTOMER", "order_columns"]


def order_columns(*, buyer: bool) -> list[Spec]:
    """What a list of orders tells of each."""
    customer = [lists.column("customer_id", "Customer", "buyer", grow=2, min=150)] if buyer else []
    return [
        lists.column("id", "Order", "order", min=158),
        lists.column("processed_at", "Placed", "time", sort="processed_at", min=180),
        *customer,
        lists.column("units", "Items", "count", min=60),
        lists.column("total", "Total", "amount", sort="total", min=92),
        lists.column("net_minor", "Net sales", "money", min=92),
        lists.column("refunded", "Refunded", "amount", min=94),
        lists.column("financial_status", "Payment", "status", min=150),
        lists.column("fulfillment_status", "Delivery", "status", min=116),
    ]


def _panels(document: Document) -> dict[str, Spec]:
    customer = document["customer"]
    if customer is None:
        return {"profile": panels.gone()}
    return {
        "figures": panels.figures(customer, document["segments"] or ()),
        "scores": panels.scores(customer, document["evidence"]),
        "profile": panels.profile(customer),
        "timeline": panels.timeline(customer),
        "memberships": panels.memberships(customer),
        "orders": lists.rows_of(
            "/api/v1/orders",
            ("order", "orders"),
            order_columns(buyer=False),
            sort="-processed_at",
            title="Orders",
            definition="Every order of this customer, cancelled and test orders too; those say so and do not count.",
            fixed={"customer_id": customer["id"]},
            height=360,
            empty="No orders yet",
            cell=cell(f"shop.orders(every=True).query('customer_id == {customer['id']}')"),
        ),
    }


CUSTOMER = PageDef(
    key="customer",
    title="Customer",
    icon="",
    document="customer",
    rows=(
        ("full", ("figures",)),
        ("lead", ("scores", "profile")),
        ("lead", ("timeline", "memberships")),
        ("full", ("orders",)),
    ),
    panels=_panels,
    over_time=False,
    modules=("table",),
    parent=("customers", "Customers"),
)
