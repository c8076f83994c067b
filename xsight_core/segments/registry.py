"""Every field there is. A new line here is in the language, its schema, the builder, the docs and the tests.

``sql`` is read over ``sources.CustomerRows``, ``OrderRows`` or ``LineRows``; ``column`` names the same thing in the
ledger (``ledger_frames.py``).
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, Double, Integer, cast, func, literal, select

from xsight_core.analytics.segments import SEGMENTS
from xsight_core.db.tables import ProductCollection
from xsight_core.segments.fields import Example, Field
from xsight_core.segments.operators import Kind
from xsight_core.segments.sources import minor

__all__ = ["CUSTOMER", "LINE", "ORDER", "RFM_GROUPS"]

_Sql = Callable[[Any], ColumnElement[Any]]

CONSENTS: Final = ("NOT_SUBSCRIBED", "PENDING", "SUBSCRIBED", "UNSUBSCRIBED", "INVALID", "REDACTED")
STATES: Final = ("DECLINED", "DISABLED", "ENABLED", "INVITED")
RFM_GROUPS: Final = (
    "ACTIVE",
    "ALMOST_LOST",
    "AT_RISK",
    "CHAMPIONS",
    "DORMANT",
    "LOYAL",
    "NEEDS_ATTENTION",
    "NEW",
    "PREVIOUSLY_LOYAL",
    "PROMISING",
    "PROSPECTS",
)
_HORIZONS: Final = (30, 90, 180, 365)


def _float(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(column, Double)


def _share(part: ColumnElement[Any], whole: ColumnElement[Any]) -> ColumnElement[Any]:
    """A part of a whole; null where there is no whole."""
    return _float(part) / func.nullif(_float(whole), 0.0)


def _counted(name: str) -> _Sql:
    """A sum over counted orders; 0 for who has none."""
    return lambda t: func.coalesce(t.facts[name], 0)


def _score(name: str) -> _Sql:
    return lambda t: t.scores[name]


def _row(
    name: str, label: str, kind: Kind, doc: str, sql: _Sql, example: tuple[str, Any], **rest: Any
) -> tuple[str, str, Kind, str, _Sql, Example, dict[str, Any]]:
    return name, label, kind, doc, sql, Example(*example), rest


def _group(title: str, *rows: Any, **common: Any) -> list[Field]:
    """Fields of one heading. The ledger's column has the field's name unless the database alone knows (``asked``)."""
    fields: list[Field] = []
    for name, label, kind, doc, sql, example, rest in rows:
        told = common | rest
        column = None if told.pop("asked", False) else told.pop("column", name)
        fields.append(
            Field(
                name=name,
                label=label,
                kind=kind,
                group=title,
                doc=doc,
                sql=sql,
                example=example,
                column=column,
                **told,
            )
        )
    return fields


_WHO: Final = _group(
    "Who",
    _row(
        "customer_id",
        "Customer",
        Kind.ID,
        "Shopify’s number of the customer.",
        lambda t: t.customer.c.id,
        ("in", [1001, 1002]),
    ),
    _row(
        "tags",
        "Tags",
        Kind.LABELS,
        "The customer’s tags.",
        lambda t: t.customer.c.tags,
        ("contains", "vip"),
    ),
    _row(
        "email",
        "E-mail",
        Kind.TEXT,
        "The e-mail address.",
        lambda t: t.pii.email,
        ("endsWith", "@example.com"),
        personal=True,
        asked=True,
    ),
    _row(
        "email_domain",
        "E-mail domain",
        Kind.TEXT,
        "What stands behind the @.",
        lambda t: func.nullif(func.split_part(t.pii.email, "@", 2), ""),
        ("=", "example.com"),
        personal=True,
        asked=True,
    ),
    _row(
        "phone",
        "Phone",
        Kind.TEXT,
        "The phone number.",
        lambda t: t.pii.phone,
        ("beginsWith", "+49"),
        personal=True,
        asked=True,
    ),
    _row(
        "first_name",
        "First name",
        Kind.TEXT,
        "The first name.",
        lambda t: t.pii.first_name,
        ("=", "Ada"),
        personal=True,
        asked=True,
    ),
    _row(
        "last_name",
        "Last name",
        Kind.TEXT,
        "The last name.",
        lambda t: t.pii.last_name,
        ("contains", "love"),
        personal=True,
        asked=True,
    ),
    _row(
        "has_email",
        "Has an e-mail address",
        Kind.FLAG,
        "Whether an e-mail address is known.",
        lambda t: t.pii.email.is_not(None),
        ("=", True),
    ),
    _row(
        "has_phone",
        "Has a phone number",
        Kind.FLAG,
        "Whether a phone number is known.",
        lambda t: t.pii.phone.is_not(None),
        ("=", True),
    ),
    _row(
        "account",
        "Account",
        Kind.CHOICE,
        "The state of the customer account.",
        lambda t: t.customer.c.state,
        ("=", "ENABLED"),
        values=STATES,
    ),
    _row(
        "verified_email",
        "E-mail verified",
        Kind.FLAG,
        "Whether the address was confirmed.",
        lambda t: t.customer.c.verified_email,
        ("=", True),
    ),
    _row(
        "tax_exempt",
        "Tax exempt",
        Kind.FLAG,
        "Whether the customer pays no tax.",
        lambda t: t.customer.c.tax_exempt,
        ("=", False),
    ),
    _row(
        "language",
        "Language",
        Kind.TEXT,
        "Locale such as en or de-AT.",
        lambda t: t.customer.c.locale,
        ("beginsWith", "de"),
    ),
    _row(
        "created",
        "Added on",
        Kind.DATE,
        "When the customer was added to the store.",
        lambda t: t.day(t.customer.c.created_at),
        (">=", {"rel": "-30d"}),
    ),
    _row(
        "metafield",
        "Metafield",
        Kind.METAFIELD,
        "A customer metafield, compared as text, number, date or flag.",
        lambda t: t.customer.c.id,
        (
            "matches",
            {
                "key": "facts.birth_date",
                "type": "date",
                "cmp": "between",
                "n": [{"rel": "start-of-month"}, {"rel": "+30d"}],
            },
        ),
        personal=True,
        asked=True,
        needs="metafields",
    ),
)

_CONSENT: Final = _group(
    "Consent",
    _row(
        "email_consent",
        "E-mail consent",
        Kind.CHOICE,
        "Consent to marketing by e-mail.",
        lambda t: t.customer.c.email_consent,
        ("=", "SUBSCRIBED"),
        values=CONSENTS,
    ),
    _row(
        "sms_consent",
        "SMS consent",
        Kind.CHOICE,
        "Consent to marketing by SMS.",
        lambda t: t.customer.c.sms_consent,
        ("in", ["SUBSCRIBED", "PENDING"]),
        values=CONSENTS,
    ),
)


def _region(t: Any) -> ColumnElement[Any]:
    return t.customer.c.country + "-" + t.customer.c.province


def _place(t: Any) -> ColumnElement[Any]:
    return _region(t) + "-" + func.replace(t.pii.city, " ", "")


_WHERE: Final = _group(
    "Where",
    _row(
        "country",
        "Country",
        Kind.TEXT,
        "Country of the default address, ISO code.",
        lambda t: t.customer.c.country,
        ("in", ["DE", "AT", "CH"]),
    ),
    _row(
        "region", "Region", Kind.TEXT, "Country and province, e.g. US-NY.", _region, ("=", "US-NY")
    ),
    _row(
        "city",
        "City",
        Kind.TEXT,
        "City of the default address.",
        lambda t: t.pii.city,
        ("=", "Berlin"),
        personal=True,
        asked=True,
    ),
    _row(
        "place",
        "Place",
        Kind.TEXT,
        "Shopify’s way to write a city: US-NY-NewYorkCity.",
        _place,
        ("=", "US-NY-NewYorkCity"),
        personal=True,
        asked=True,
    ),
    _row(
        "zip",
        "Postal code",
        Kind.TEXT,
        "Postal code of the default address.",
        lambda t: t.pii.zip,
        ("beginsWith", "10"),
        personal=True,
        asked=True,
    ),
    _row(
        "distance",
        "Distance",
        Kind.DISTANCE,
        "The default address lies within so many kilometres.",
        lambda t: t.place.latitude,
        ("matches", {"latitude": 52.52, "longitude": 13.405, "km": 25}),
        personal=True,
        asked=True,
        needs="coordinates",
    ),
)

_BUYING: Final = _group(
    "Buying",
    _row(
        "orders_count",
        "Orders",
        Kind.COUNT,
        "Counted orders: no test, cancelled or deleted ones.",
        _counted("orders"),
        (">=", 5),
    ),
    _row(
        "gross",
        "Gross sales",
        Kind.MONEY,
        "Prices of all lines, before discounts and returns.",
        _counted("gross"),
        ("between", [100, 500]),
    ),
    _row(
        "sales",
        "Sales",
        Kind.MONEY,
        "Gross sales less discounts, before returns.",
        lambda t: func.coalesce(t.facts.gross - t.facts.discounts, 0),
        (">", 250),
    ),
    _row(
        "net",
        "Net sales",
        Kind.MONEY,
        "After discounts and returns: what revenue means here.",
        _counted("net"),
        ("topPercent", 10),
    ),
    _row(
        "discounts",
        "Discounts",
        Kind.MONEY,
        "Discounts on counted orders.",
        _counted("discounts"),
        ("=", 0),
    ),
    _row(
        "returns",
        "Returns",
        Kind.MONEY,
        "Given back for returned or removed lines.",
        _counted("returns"),
        (">", 0),
    ),
    _row(
        "units",
        "Units",
        Kind.COUNT,
        "Items ordered.",
        _counted("units"),
        (
            "topN",
            {
                "n": 100,
                "within": {
                    "combinator": "and",
                    "rules": [{"field": "country", "operator": "=", "value": "US"}],
                },
            },
        ),
    ),
    _row(
        "aov",
        "Average order",
        Kind.MONEY,
        "Net sales per counted order; not known without an order.",
        lambda t: _share(t.facts.net, t.facts.orders),
        ("bottomPercent", 25),
    ),
    _row(
        "discount_share",
        "Discount share",
        Kind.SHARE,
        "Discounts as a share of gross sales.",
        lambda t: _share(t.facts.discounts, t.facts.gross),
        (">=", 0.2),
    ),
    _row(
        "refund_share",
        "Refund share",
        Kind.SHARE,
        "Returns as a share of sales.",
        lambda t: _share(t.facts.returns, t.facts.gross - t.facts.discounts),
        ("notBetween", [0, 0.1]),
    ),
    _row(
        "first_order",
        "First order",
        Kind.DATE,
        "Day of the first counted order.",
        lambda t: t.facts.first_day,
        ("between", ["2026-01-01", {"rel": "today"}]),
    ),
    _row(
        "last_order",
        "Last order",
        Kind.DATE,
        "Day of the last counted order.",
        lambda t: t.facts.last_day,
        ("<", {"rel": "-6m"}),
    ),
    _row(
        "days_since_order",
        "Days since the last order",
        Kind.COUNT,
        "Days from the last counted order to today.",
        lambda t: literal(t.basis.today, Integer) - t.facts.last_day,
        ("<=", 60),
    ),
    _row(
        "rhythm",
        "Own rhythm",
        Kind.NUMBER,
        "Median days from one purchase day to the next; needs two.",
        lambda t: t.rhythm.days,
        ("bottomN", 50),
    ),
    _row(
        "overdue",
        "Overdue",
        Kind.NUMBER,
        "Days since the last order over the own rhythm: 2 is twice as long as usual.",
        lambda t: _float(literal(t.basis.today, Integer) - t.facts.last_day) / t.rhythm.days,
        (">", 1.5),
    ),
    _row(
        "first_channel",
        "First channel",
        Kind.TEXT,
        "Where the first counted order came from.",
        lambda t: t.ends.first_channel,
        ("=", "web"),
    ),
    _row(
        "last_channel",
        "Last channel",
        Kind.TEXT,
        "Where the last counted order came from.",
        lambda t: t.ends.last_channel,
        ("!=", "pos"),
    ),
    _row(
        "shopify_orders",
        "Orders, by Shopify",
        Kind.COUNT,
        "Shopify’s own number of orders.",
        lambda t: func.coalesce(t.customer.c.orders_count, 0),
        (">=", 3),
    ),
    _row(
        "shopify_spent",
        "Spent, by Shopify",
        Kind.MONEY,
        "Shopify’s own amount spent.",
        lambda t: func.coalesce(minor(t.customer.c.amount_spent, t.basis), 0),
        (">", 199.99),
    ),
)


def _bounded(name: str, label: str, kind: Kind, doc: str, example: tuple[str, Any]) -> list[Any]:
    """A prediction and the two ends of its 90 % interval."""
    return [
        _row(
            name + end,
            label + said,
            kind,
            doc + (f" The {said[2:-1]} end of its 90 % interval." if end else ""),
            _score(_of_table(name) + end),
            example,
        )
        for end, said in (("", ""), ("_low", " (lower)"), ("_high", " (upper)"))
    ]


def _of_table(name: str) -> str:
    """The column of ``customer_insights``."""
    if name.startswith("clv_"):
        return f"{name}_minor"
    return "next_order_day" if name == "next_order" else name


_SCORES: Final = _group(
    "Scores",
    _row("r", "Recency score", Kind.COUNT, "1 to 5; 5 bought last.", _score("r"), (">=", 4)),
    _row(
        "f",
        "Frequency score",
        Kind.COUNT,
        "1 to 5; 5 buys most often.",
        _score("f"),
        ("between", [2, 4]),
    ),
    _row("m", "Monetary score", Kind.COUNT, "1 to 5; 5 spends most.", _score("m"), ("=", 5)),
    _row(
        "rfm_segment",
        "RFM segment",
        Kind.CHOICE,
        "One of our eleven.",
        _score("segment"),
        ("in", ["at_risk", "cannot_lose"]),
        values=tuple(one.key for one in SEGMENTS),
    ),
    _row(
        "shopify_rfm",
        "RFM group, by Shopify",
        Kind.CHOICE,
        "One of Shopify’s eleven.",
        lambda t: t.traits.rfm_group,
        ("=", "CHAMPIONS"),
        values=RFM_GROUPS,
        asked=True,
        needs="traits",
    ),
    _row(
        "spend_tier",
        "Spend tier, by Shopify",
        Kind.CHOICE,
        "What Shopify expects the customer to spend.",
        lambda t: t.traits.spend_tier,
        ("notIn", ["LOW"]),
        values=("HIGH", "MEDIUM", "LOW"),
        asked=True,
        needs="traits",
    ),
    *_bounded(
        "p_alive",
        "Still a customer",
        Kind.SHARE,
        "Probability that the customer has not left for good.",
        (">=", 0.8),
    ),
    _row(
        "churn_90",
        "Churn",
        Kind.SHARE,
        "Probability of no order in the next 90 days.",
        _score("churn_90"),
        (">", 0.5),
    ),
    *(
        row
        for days in _HORIZONS
        for row in _bounded(
            f"expected_orders_{days}",
            f"Expected orders, {days} days",
            Kind.NUMBER,
            f"Orders expected in the next {days} days.",
            (">=", 1),
        )
    ),
    *(
        row
        for days in _HORIZONS
        for row in _bounded(
            f"clv_{days}",
            f"Value, {days} days",
            Kind.MONEY,
            f"What the customer is expected to bring in within {days} days.",
            ("decile", [9, 10]),
        )
    ),
    *_bounded(
        "next_order",
        "Next order",
        Kind.DATE,
        "The day the next order is expected.",
        ("between", [{"rel": "today"}, {"rel": "+14d"}]),
    ),
)

_NOBODY = "00000000-0000-0000-0000-000000000000"
_SEGMENTS: Final = _group(
    "Segments",
    _row(
        "segment",
        "Segment",
        Kind.SEGMENT,
        "In another saved segment, by its rule as it is now.",
        lambda t: t.customer.c.id,
        ("in", [_NOBODY]),
    ),
    _row(
        "entered",
        "Came into a segment",
        Kind.MEMBERSHIP,
        "Came into a saved segment on or after a day.",
        lambda t: t.customer.c.id,
        ("matches", {"segment": _NOBODY, "since": {"rel": "-7d"}}),
        asked=True,
    ),
    _row(
        "left",
        "Left a segment",
        Kind.MEMBERSHIP,
        "Left a saved segment on or after a day.",
        lambda t: t.customer.c.id,
        ("matches", {"segment": _NOBODY, "since": {"rel": "-7d"}}),
        asked=True,
    ),
)

_EVENTS: Final = _group(
    "Events",
    _row(
        "orders",
        "Orders in a window",
        Kind.EVENT,
        "An aggregate of the counted orders that match.",
        lambda t: t.customer.c.id,
        ("matches", {"agg": "count", "cmp": ">=", "n": 2, "window": {"from": {"rel": "-90d"}}}),
    ),
    _row(
        "products",
        "Products bought",
        Kind.EVENT,
        "An aggregate of the bought lines that match; `count` counts orders.",
        lambda t: t.customer.c.id,
        (
            "doesNotMatch",
            {
                "agg": "count",
                "cmp": ">=",
                "n": 1,
                "where": {
                    "combinator": "and",
                    "rules": [{"field": "vendor", "operator": "=", "value": "Acme"}],
                },
            },
        ),
    ),
)

_ORDERS: Final = _group(
    "Order",
    _row(
        "date",
        "Day",
        Kind.DATE,
        "The shop’s day of the order.",
        lambda t: t.order.c.day,
        (">=", "2026-01-01"),
        column="day",
    ),
    _row(
        "nth",
        "Which order",
        Kind.COUNT,
        "1 is the customer’s first counted order.",
        lambda t: t.numbered.nth,
        ("=", 1),
    ),
    _row(
        "gross",
        "Gross sales",
        Kind.MONEY,
        "Before discounts and returns.",
        lambda t: t.order.c.gross,
        (">=", 50),
        aggregated=True,
    ),
    _row(
        "discounts",
        "Discounts",
        Kind.MONEY,
        "On lines and order.",
        lambda t: t.order.c.discounts,
        (">", 0),
        aggregated=True,
    ),
    _row(
        "returns",
        "Returns",
        Kind.MONEY,
        "Given back.",
        lambda t: t.order.c.returns,
        ("=", 0),
        aggregated=True,
    ),
    _row(
        "net",
        "Net sales",
        Kind.MONEY,
        "After discounts and returns.",
        lambda t: t.order.c.net,
        ("between", [20, 80]),
        aggregated=True,
    ),
    _row(
        "total",
        "Total",
        Kind.MONEY,
        "What was to be paid, with tax and shipping.",
        lambda t: minor(t.order.c.total, t.basis),
        (">=", 100),
        asked=True,
        aggregated=True,
    ),
    _row(
        "units",
        "Units",
        Kind.COUNT,
        "Items ordered.",
        lambda t: t.order.c.units,
        (">=", 3),
        aggregated=True,
    ),
    _row(
        "channel",
        "Channel",
        Kind.TEXT,
        "Where the order came from.",
        lambda t: t.order.c.channel,
        ("in", ["web", "pos"]),
    ),
    _row(
        "country",
        "Country",
        Kind.TEXT,
        "Where the order went.",
        lambda t: t.order.c.country,
        ("=", "US"),
    ),
    _row(
        "discount_code",
        "Discount code",
        Kind.TEXT,
        "The first code used.",
        lambda t: t.order.c.discount_code,
        ("notNull", None),
    ),
    scope="order",
)


def _collections(t: Any) -> ColumnElement[Any]:
    """Ids of the collections that the line's product is in."""
    of = ProductCollection.__table__
    return (
        select(func.array_agg(of.c.id))
        .where(of.c.tenant_id == t.line.c.tenant_id, of.c.product_id == t.line.c.product_id)
        .correlate(t.line)
        .scalar_subquery()
    )


_LINES: Final = _group(
    "Product",
    _row(
        "product",
        "Product",
        Kind.ID,
        "Shopify’s number of the product.",
        lambda t: t.line.c.product_id,
        ("in", [7001, 7002]),
    ),
    _row(
        "variant",
        "Variant",
        Kind.ID,
        "Shopify’s number of the variant.",
        lambda t: t.line.c.variant_id,
        ("=", 7101),
    ),
    _row(
        "title",
        "Title",
        Kind.TEXT,
        "The product’s title as it is now.",
        lambda t: t.product.c.title,
        ("contains", "gloves"),
    ),
    _row(
        "vendor",
        "Vendor",
        Kind.TEXT,
        "The product’s vendor as it is now.",
        lambda t: t.product.c.vendor,
        ("=", "Acme"),
    ),
    _row(
        "type",
        "Type",
        Kind.TEXT,
        "The product’s type as it is now.",
        lambda t: t.product.c.product_type,
        ("=", "Seeds"),
    ),
    _row(
        "product_tag",
        "Product tags",
        Kind.LABELS,
        "The product’s tags as they are now.",
        lambda t: t.product.c.tags,
        ("contains", "sale"),
    ),
    _row(
        "collection",
        "Collections",
        Kind.IDS,
        "Numbers of the collections the product is in now.",
        _collections,
        ("contains", 8001),
        needs="collections",
        asked=True,
    ),
    _row(
        "quantity",
        "Units of the line",
        Kind.COUNT,
        "Items of this line.",
        lambda t: t.line.c.quantity,
        (">=", 2),
        aggregated=True,
    ),
    _row(
        "line_net",
        "Line after discounts",
        Kind.MONEY,
        "The line’s price after its share of all discounts.",
        lambda t: t.line.c.net_minor,
        (">=", 30),
        aggregated=True,
    ),
    scope="line",
)
_OF_ORDER: Final = ("date", "nth", "channel", "country", "discount_code")

CUSTOMER: Final[dict[str, Field]] = {
    one.name: one for one in [*_WHO, *_CONSENT, *_WHERE, *_BUYING, *_SCORES, *_SEGMENTS, *_EVENTS]
}
"""What a rule can ask of a customer."""

ORDER: Final[dict[str, Field]] = {one.name: one for one in _ORDERS}
"""What ``where`` can ask of an order."""

LINE: Final[dict[str, Field]] = {one.name: one for one in _LINES} | {
    name: ORDER[name] for name in _OF_ORDER
}
"""What ``where`` can ask of a bought line, and of the order it is in."""
