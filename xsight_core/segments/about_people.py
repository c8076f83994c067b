"""Who a customer is: identity, consent, place."""

from typing import Any, Final

from sqlalchemy import ColumnElement, func

from xsight_core.segments.headings import group, row
from xsight_core.segments.operators import Kind

__all__ = ["CONSENT", "WHERE", "WHO"]

CONSENTS: Final = ("NOT_SUBSCRIBED", "PENDING", "SUBSCRIBED", "UNSUBSCRIBED", "INVALID", "REDACTED")
STATES: Final = ("DECLINED", "DISABLED", "ENABLED", "INVITED")

WHO: Final = group(
    "Who",
    row(
        "customer_id",
        "Customer",
        Kind.ID,
        "Shopify’s number of the customer.",
        lambda t: t.customer.c.id,
        ("in", [1001, 1002]),
    ),
    row(
        "tags",
        "Tags",
        Kind.LABELS,
        "The customer’s tags.",
        lambda t: t.customer.c.tags,
        ("contains", "vip"),
    ),
    row(
        "email",
        "E-mail",
        Kind.TEXT,
        "The e-mail address.",
        lambda t: t.pii.email,
        ("endsWith", "@example.com"),
        personal=True,
        asked=True,
    ),
    row(
        "email_domain",
        "E-mail domain",
        Kind.TEXT,
        "What stands behind the @.",
        lambda t: func.nullif(func.split_part(t.pii.email, "@", 2), ""),
        ("=", "example.com"),
        personal=True,
        asked=True,
    ),
    row(
        "phone",
        "Phone",
        Kind.TEXT,
        "The phone number.",
        lambda t: t.pii.phone,
        ("beginsWith", "+49"),
        personal=True,
        asked=True,
    ),
    row(
        "first_name",
        "First name",
        Kind.TEXT,
        "The first name.",
        lambda t: t.pii.first_name,
        ("=", "Ada"),
        personal=True,
        asked=True,
    ),
    row(
        "last_name",
        "Last name",
        Kind.TEXT,
        "The last name.",
        lambda t: t.pii.last_name,
        ("contains", "love"),
        personal=True,
        asked=True,
    ),
    row(
        "has_email",
        "Has an e-mail address",
        Kind.FLAG,
        "Whether an e-mail address is known.",
        lambda t: t.pii.email.is_not(None),
        ("=", True),
    ),
    row(
        "has_phone",
        "Has a phone number",
        Kind.FLAG,
        "Whether a phone number is known.",
        lambda t: t.pii.phone.is_not(None),
        ("=", True),
    ),
    row(
        "account",
        "Account",
        Kind.CHOICE,
        "The state of the customer account.",
        lambda t: t.customer.c.state,
        ("=", "ENABLED"),
        values=STATES,
    ),
    row(
        "verified_email",
        "E-mail verified",
        Kind.FLAG,
        "Whether the address was confirmed.",
        lambda t: t.customer.c.verified_email,
        ("=", True),
    ),
    row(
        "tax_exempt",
        "Tax exempt",
        Kind.FLAG,
        "Whether the customer pays no tax.",
        lambda t: t.customer.c.tax_exempt,
        ("=", False),
    ),
    row(
        "language",
        "Language",
        Kind.TEXT,
        "Locale such as en or de-AT.",
        lambda t: t.customer.c.locale,
        ("beginsWith", "de"),
    ),
    row(
        "created",
        "Added on",
        Kind.DATE,
        "When the customer was added to the store.",
        lambda t: t.day(t.customer.c.created_at),
        (">=", {"rel": "-30d"}),
    ),
    row(
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

CONSENT: Final = group(
    "Consent",
    row(
        "email_consent",
        "E-mail consent",
        Kind.CHOICE,
        "Consent to marketing by e-mail.",
        lambda t: t.customer.c.email_consent,
        ("=", "SUBSCRIBED"),
        values=CONSENTS,
    ),
    row(
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


WHERE: Final = group(
    "Where",
    row(
        "country",
        "Country",
        Kind.TEXT,
        "Country of the default address, ISO code.",
        lambda t: t.customer.c.country,
        ("in", ["DE", "AT", "CH"]),
    ),
    row(
        "region", "Region", Kind.TEXT, "Country and province, e.g. US-NY.", _region, ("=", "US-NY")
    ),
    row(
        "city",
        "City",
        Kind.TEXT,
        "City of the default address.",
        lambda t: t.pii.city,
        ("=", "Berlin"),
        personal=True,
        asked=True,
    ),
    row(
        "place",
        "Place",
        Kind.TEXT,
        "Shopify’s way to write a city: US-NY-NewYorkCity.",
        _place,
        ("=", "US-NY-NewYorkCity"),
        personal=True,
        asked=True,
    ),
    row(
        "zip",
        "Postal code",
        Kind.TEXT,
        "Postal code of the default address.",
        lambda t: t.pii.zip,
        ("beginsWith", "10"),
        personal=True,
        asked=True,
    ),
    row(
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
