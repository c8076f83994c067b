"""Every table of XSight. Policies, grants, migrations and the data dictionary are generated from here.

Three schemas. ``xsight`` holds tenants' data: primary key and every index of each table start with ``tenant_id`` and
row-level security is forced. ``control`` holds what must be found before a tenant is known (accounts, the look-up of
shops) and the queues; it is excepted by name, and notebook roles have no right in it. ``private`` holds what the
policies ask: which notebook login is whose. In a table's ``info``, ``pii`` asks a notebook for the right to personal
data, and ``notebook: False`` closes the table to notebooks.

Conventions: Shopify ids are ``bigint`` (the number in the gid); money is ``numeric(20,4)`` in the shop's currency, and
``*_minor`` repeats it in minor units for the ledger; times are ``timestamptz``; ``day`` counts days since 1970-01-01 in
the shop's own calendar. ``updated_at`` is Shopify's and guards every write; ``deleted_at`` is a tombstone.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["CONTROL", "DATA", "PRIVATE", "Base", "metadata"]

DATA = "xsight"
CONTROL = "control"
PRIVATE = "private"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Money = Numeric(20, 4)
Time = DateTime(timezone=True)


class Base(DeclarativeBase):
    """Declarative base: Python types to PostgreSQL types."""

    metadata = metadata
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        float: Double,
        bool: Boolean,
        bytes: LargeBinary,
        Decimal: Money,
        UUID: Uuid,
        date: Date,
        datetime: Time,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
    }


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


def _tenant() -> Mapped[UUID]:
    return mapped_column(primary_key=True, sort_order=-2)


def _changed_in() -> Mapped[int]:
    """The transaction that wrote the row last; at an update a trigger sets it (``info={"changes": True}``)."""
    return mapped_column(server_default=text("(pg_current_xact_id()::text)::bigint"))


# ------------------------------------------------------------------------------------------------ control
class Tenant(Base):
    """One shop's account. Keyed by our id; the shop's domain may change."""

    __tablename__ = "tenants"
    __table_args__ = {"schema": CONTROL}

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = _now()
    suspended_at: Mapped[datetime | None]


class User(Base):
    """A person who logs in; may belong to several tenants."""

    __tablename__ = "users"
    __table_args__ = {"schema": CONTROL}

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(unique=True)  # stored lower-case
    name: Mapped[str]
    password_hash: Mapped[str | None]  # none: this person logs in elsewhere (OpenID)
    created_at: Mapped[datetime] = _now()
    email_verified_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class Membership(Base):
    """What a user may do in a tenant. Seeing personal data is a right of its own."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("role IN ('owner','admin','analyst','marketer','viewer')", name="role"),
        Index(None, "user_id"),
        {"schema": CONTROL},
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey(Tenant.id, ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    pii: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = _now()


class Session(Base):
    """A log-in in one browser."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id"), {"schema": CONTROL})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    tenant_id: Mapped[UUID | None] = mapped_column(
        ForeignKey(Tenant.id, ondelete="SET NULL")
    )  # the current one
    created_at: Mapped[datetime] = _now()
    seen_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str | None]


class SessionSecret(Base):
    """The digest of one cookie's random value: each audience has its own, so none opens another's door.

    It is good for a quarter of an hour and then for one exchange: ``follows`` names the one it takes over from, until
    it is used for the first time; that one is then retired, and ends the whole log-in if it ever comes again.
    """

    __tablename__ = "session_secrets"
    __table_args__ = (Index(None, "session_id"), Index(None, "follows"), {"schema": CONTROL})

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey(Session.id, ondelete="CASCADE"))
    audience: Mapped[str]  # api | auth | ws | app | connect | hub
    issued_at: Mapped[datetime] = _now()
    follows: Mapped[bytes | None]
    exchanged_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class OneTimeCode(Base):
    """Short-lived, used once: OAuth states, codes of the OpenID provider, links sent by mail."""

    __tablename__ = "one_time_codes"
    __table_args__ = (Index(None, "expires_at"), {"schema": CONTROL})

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]  # shopify_state | oidc_code | login_state | reset | verify
    payload: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Invitation(Base):
    """A place in a tenant, offered to an address; taken with the code that only its mail holds."""

    __tablename__ = "invitations"
    __table_args__ = (Index(None, "tenant_id"), {"schema": CONTROL})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey(Tenant.id, ondelete="CASCADE"))
    email: Mapped[str]
    role: Mapped[str]
    pii: Mapped[bool]
    digest: Mapped[bytes] = mapped_column(unique=True)
    invited_by: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # taken or taken back


class ApiToken(Base):
    """A program's way in, as one member in one tenant: at most what that member may, and of that what it names."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "tenant_id"), Index(None, "user_id"), {"schema": CONTROL})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey(Tenant.id, ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    hint: Mapped[str]  # its last characters, to tell tokens apart
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Mail(Base):
    """A message on its way. It holds a link that lets somebody in, so it is sealed, and forgotten once sent."""

    __tablename__ = "mails"
    __table_args__ = (Index(None, "created_at"), {"schema": CONTROL})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    recipient: Mapped[str]
    subject: Mapped[str]
    sealed: Mapped[str | None]
    created_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]  # when its link is worth nothing any more
    sent_at: Mapped[datetime | None]


class Shop(Base):
    """Look-up from a shop's domain (webhooks, OAuth) to its tenant. One shop belongs to one tenant."""

    __tablename__ = "shops"
    __table_args__ = (Index(None, "tenant_id"), {"schema": CONTROL})

    domain: Mapped[str] = mapped_column(primary_key=True)  # x.myshopify.com
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey(Tenant.id, ondelete="CASCADE"))
    shop_gid: Mapped[str | None] = mapped_column(unique=True)


class Inbox(Base):
    """Webhooks as they came in, stored before they are acknowledged."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index(
            "ix_inbox_due",
            "tenant_id",
            "due_at",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        {"schema": CONTROL},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str]
    event_id: Mapped[str | None]
    triggered_at: Mapped[datetime | None]
    body: Mapped[bytes]
    received_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    error: Mapped[str | None]


class Job(Base):
    """Work that was promised. The queue in Redis only says that there is something to look at."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_due", "due_at", postgresql_where=text("status IN ('queued','running')")),
        Index(
            "ix_jobs_ended",
            "tenant_id",
            "kind",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
        Index(
            "uq_jobs_live",
            "tenant_id",
            "kind",
            "key",
            unique=True,
            postgresql_where=text("status IN ('queued','running')"),
        ),
        {"schema": CONTROL},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    kind: Mapped[str]  # sync | insights | webhooks
    key: Mapped[str] = mapped_column(
        server_default=text("''")
    )  # one live job per (tenant, kind, key)
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(
        server_default=text("'queued'")
    )  # queued running done failed dead
    next_payload: Mapped[dict[str, Any] | None]  # asked for again while running: what to run next
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    created_at: Mapped[datetime] = _now()
    due_at: Mapped[datetime] = _now()  # queued: when to send; running: lease, re-sent after it
    lease: Mapped[UUID | None]  # who runs it: whoever lost the lease can no longer finish it
    sent_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


class ModelPrior(Base):
    """What models start from where the operator pools them: numbers over all shops, of none (docs/adr/)."""

    __tablename__ = "model_priors"
    __table_args__ = {"schema": CONTROL}

    model: Mapped[str] = mapped_column(primary_key=True)
    computed_at: Mapped[datetime] = _now()
    tenants: Mapped[int] = mapped_column(Integer)
    prior: Mapped[dict[str, Any]]


# ------------------------------------------------------------------------------------------------ private
class ServerRole(Base):
    """Which tenant a minted login reads, on whose behalf, and whether personal data too. Policies ask here."""

    __tablename__ = "server_roles"
    __table_args__ = {"schema": PRIVATE}

    role_name: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey(Tenant.id, ondelete="CASCADE"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    pii: Mapped[bool]
    server: Mapped[str] = mapped_column(unique=True)
    valid_until: Mapped[datetime]
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """By digest of a statement: how often it ran and how many rows it gave, as the audit log has been told."""
    noted_at: Mapped[datetime] = _now()
    created_at: Mapped[datetime] = _now()


# ------------------------------------------------------------------------------------------------ tenant data
class TenantState(Base):
    """One row a tenant: its shop, connection, versions. The connection's tokens are sealed (AES-256-GCM)."""

    __tablename__ = "tenant_state"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    shop_gid: Mapped[str | None]
    domain: Mapped[str | None]
    shop_name: Mapped[str | None]
    currency: Mapped[str] = mapped_column(server_default=text("'USD'"))
    currency_exponent: Mapped[int] = mapped_column(SmallInteger, server_default=text("2"))
    timezone: Mapped[str] = mapped_column(server_default=text("'UTC'"))  # IANA
    plan: Mapped[str | None]
    shop_created_at: Mapped[datetime | None]
    connection: Mapped[str] = mapped_column(
        server_default=text("'none'")
    )  # none connected disconnected
    connected_at: Mapped[datetime | None]
    connection_note: Mapped[str | None]  # why it is disconnected and what to do
    scopes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    history_since: Mapped[date | None]  # set where read_all_orders is missing
    data_version: Mapped[int] = mapped_column(server_default=text("0"))
    synced_at: Mapped[datetime | None]
    watermarks: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'")
    )  # per object, ISO times
    ids_swept_at: Mapped[datetime | None]  # when all ids were last compared with the shop's
    next_ordinal: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rows_removed_in: Mapped[int] = mapped_column(
        server_default=text("0")
    )  # see the trigger "removed"
    insight_run: Mapped[UUID | None]  # the run whose rows are shown
    metafields: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'")
    )  # to be brought along: namespace.key by customers, orders, products


class ShopToken(Base):
    """The shop's token pair, sealed. Apart from ``tenant_state`` because notebooks may read that, never this."""

    __tablename__ = "shop_tokens"
    __table_args__ = {"schema": DATA, "info": {"notebook": False}}

    tenant_id: Mapped[UUID] = _tenant()
    access_sealed: Mapped[str]
    refresh_sealed: Mapped[str | None]
    access_expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = _now()


class Customer(Base):
    """A customer, without personal data. ``ordinal`` is dense per tenant and never reused."""

    __tablename__ = "customers"
    __table_args__ = (
        Index(None, "tenant_id", "updated_at"),
        Index(None, "tenant_id", "changed_in"),
        Index(None, "tenant_id", "ordinal", unique=True),
        Index(
            "ix_customers_merged",
            "tenant_id",
            "id",
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
        {"schema": DATA, "info": {"changes": True, "names_customer": "merged_into"}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    ordinal: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    state: Mapped[str | None]
    locale: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    country: Mapped[str | None]
    province: Mapped[str | None]
    email_consent: Mapped[str | None]
    sms_consent: Mapped[str | None]
    verified_email: Mapped[bool | None]
    tax_exempt: Mapped[bool | None]
    orders_count: Mapped[int | None]  # Shopify's own lifetime figures, for reconciliation only
    amount_spent: Mapped[Decimal | None]
    merged_into: Mapped[int | None]
    deleted_at: Mapped[datetime | None]
    sync_run: Mapped[UUID | None]
    changed_in: Mapped[int] = _changed_in()


class CustomerPii(Base):
    """Everything that names a person. One place to mask and to erase."""

    __tablename__ = "customer_pii"
    __table_args__ = (
        Index(None, "tenant_id", "email"),
        Index(None, "tenant_id", "last_name"),  # searched by their beginnings
        Index(None, "tenant_id", "first_name"),
        {"schema": DATA, "info": {"pii": True}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    email: Mapped[str | None]
    phone: Mapped[str | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    city: Mapped[str | None]
    zip: Mapped[str | None]
    note: Mapped[str | None]


class Order(Base):
    """An order at shop level. ``customer_id`` null = guest.

    ``gross`` = line prices before discounts, ``subtotal`` = after discounts, ``refunded`` = given back so far (all
    refunds), ``net = subtotal - returns`` of its lines; ``total`` = what Shopify calls total price at order time.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index(None, "tenant_id", "processed_at"),
        Index(None, "tenant_id", "customer_id"),
        Index(None, "tenant_id", "updated_at"),
        Index(None, "tenant_id", "changed_in"),
        Index(None, "tenant_id", "total", "id"),
        Index(None, "tenant_id", "name"),
        {"schema": DATA, "info": {"changes": True, "names_customer": "customer_id"}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    name: Mapped[str | None]
    customer_id: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    processed_at: Mapped[datetime]
    day: Mapped[int] = mapped_column(Integer)
    cancelled_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    test: Mapped[bool]
    edited: Mapped[bool]
    financial_status: Mapped[str | None]
    fulfillment_status: Mapped[str | None]
    return_status: Mapped[str | None]
    currency: Mapped[str]
    presentment_currency: Mapped[str | None]
    taxes_included: Mapped[bool]
    channel: Mapped[str | None]  # sourceName
    app: Mapped[str | None]  # name of the app that took the order
    country: Mapped[str | None]
    province: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    discount_codes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    gateways: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    units: Mapped[int] = mapped_column(Integer)
    gross: Mapped[Decimal]
    discounts: Mapped[Decimal]
    subtotal: Mapped[Decimal]
    tax: Mapped[Decimal]
    shipping: Mapped[Decimal]
    tip: Mapped[Decimal]
    total: Mapped[Decimal]
    total_presentment: Mapped[Decimal | None]
    refunded: Mapped[Decimal]
    current_total: Mapped[Decimal]
    current_subtotal: Mapped[Decimal]
    net_payment: Mapped[Decimal | None]
    outstanding: Mapped[Decimal | None]  # still to be paid; negative: owed to the buyer
    duties: Mapped[Decimal | None]
    cash_rounding: Mapped[Decimal | None]
    gross_minor: Mapped[int]
    discounts_minor: Mapped[int]
    returns_minor: Mapped[int]  # subtotal given back or edited away, by order date
    net_minor: Mapped[int]  # gross - discounts - returns
    taxes_minor: Mapped[int] = mapped_column(server_default=text("0"))
    shipping_minor: Mapped[int] = mapped_column(server_default=text("0"))
    deleted_at: Mapped[datetime | None]
    sync_run: Mapped[UUID | None]
    changed_in: Mapped[int] = _changed_in()


class OrderPii(Base):
    """What of an order names a person."""

    __tablename__ = "order_pii"
    __table_args__ = {"schema": DATA, "info": {"pii": True}}

    tenant_id: Mapped[UUID] = _tenant()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    email: Mapped[str | None]
    phone: Mapped[str | None]
    city: Mapped[str | None]
    zip: Mapped[str | None]
    note: Mapped[str | None]


class OrderLine(Base):
    """A line. Title, sku and vendor are what they were at order time; product and variant may be gone."""

    __tablename__ = "order_lines"
    __table_args__ = (Index(None, "tenant_id", "product_id"), {"schema": DATA})

    tenant_id: Mapped[UUID] = _tenant()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    product_id: Mapped[int | None]
    variant_id: Mapped[int | None]
    title: Mapped[str | None]
    variant_title: Mapped[str | None]
    sku: Mapped[str | None]
    vendor: Mapped[str | None]
    quantity: Mapped[int] = mapped_column(Integer)
    current_quantity: Mapped[int] = mapped_column(Integer)
    gift_card: Mapped[bool]
    unit_price: Mapped[Decimal]
    gross: Mapped[Decimal]
    discounts: Mapped[Decimal]  # line and order level, allocated
    net: Mapped[Decimal]
    tax: Mapped[Decimal]
    gross_minor: Mapped[int] = mapped_column(server_default=text("0"))
    net_minor: Mapped[int] = mapped_column(server_default=text("0"))  # gross - discounts


class OrderDiscount(Base):
    """A discount application of an order (code, automatic, manual, script)."""

    __tablename__ = "order_discounts"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    idx: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, sort_order=-1
    )
    kind: Mapped[str]
    code: Mapped[str | None]
    title: Mapped[str | None]
    method: Mapped[str | None]
    target_type: Mapped[str | None]
    target_selection: Mapped[str | None]
    percentage: Mapped[Decimal | None]
    amount: Mapped[Decimal | None]


class Refund(Base):
    """A refund; ``day`` is the shop's day of ``processed_at`` (else ``created_at``)."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index(None, "tenant_id", "day"),
        Index("ix_refunds_bare", "tenant_id", "id", postgresql_where=text("NOT detailed")),
        {"schema": DATA, "info": {"changes_order": True}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    created_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]
    day: Mapped[int] = mapped_column(Integer)
    total: Mapped[Decimal]
    note: Mapped[str | None]
    detailed: Mapped[bool] = mapped_column(server_default=text("false"))  # lines, money are in too


class RefundLine(Base):
    """A refunded line: quantity and money given back."""

    __tablename__ = "refund_lines"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    refund_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    line_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    quantity: Mapped[int] = mapped_column(Integer)
    restock_type: Mapped[str | None]
    subtotal: Mapped[Decimal]
    tax: Mapped[Decimal]


class RefundAdjustment(Base):
    """Money of a refund that is no line's: shipping given back, a discrepancy, an adjustment."""

    __tablename__ = "refund_adjustments"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    refund_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    kind: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)  # adjustment | shipping
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    reason: Mapped[str | None]
    amount: Mapped[Decimal]
    tax: Mapped[Decimal]


class RefundTransaction(Base):
    """A movement of money that a refund led to."""

    __tablename__ = "refund_transactions"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    refund_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    kind: Mapped[str | None]
    status: Mapped[str | None]
    gateway: Mapped[str | None]
    processed_at: Mapped[datetime | None]
    amount: Mapped[Decimal]


class Product(Base):
    """A product as it is now."""

    __tablename__ = "products"
    __table_args__ = (
        Index(None, "tenant_id", "updated_at"),
        {"schema": DATA, "info": {"changes": True}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    title: Mapped[str | None]
    handle: Mapped[str | None]
    status: Mapped[str | None]
    vendor: Mapped[str | None]
    product_type: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    gift_card: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    sync_run: Mapped[UUID | None]
    changed_in: Mapped[int] = _changed_in()


class Variant(Base):
    """A product's variant as it is now."""

    __tablename__ = "variants"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    title: Mapped[str | None]
    sku: Mapped[str | None]
    barcode: Mapped[str | None]
    price: Mapped[Decimal | None]
    compare_at_price: Mapped[Decimal | None]
    unit_cost: Mapped[Decimal | None]
    inventory_quantity: Mapped[int | None] = mapped_column(Integer)
    updated_at: Mapped[datetime | None]


class ProductCollection(Base):
    """That a product is in a collection, as it is now."""

    __tablename__ = "product_collections"
    __table_args__ = (Index(None, "tenant_id", "id"), {"schema": DATA})

    tenant_id: Mapped[UUID] = _tenant()
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    title: Mapped[str | None]
    handle: Mapped[str | None]


class ProductMetafield(Base):
    """A chosen metafield of a product (``tenant_state.metafields``), its value as Shopify writes it."""

    __tablename__ = "product_metafields"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    key: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)  # namespace.key
    type: Mapped[str | None]
    value: Mapped[str | None]


class OrderMetafield(Base):
    """A chosen metafield of an order, its value as Shopify writes it. May name a person, so it asks for that right."""

    __tablename__ = "order_metafields"
    __table_args__ = {"schema": DATA, "info": {"pii": True}}

    tenant_id: Mapped[UUID] = _tenant()
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    key: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)  # namespace.key
    type: Mapped[str | None]
    value: Mapped[str | None]


class SyncRun(Base):
    """A sync from start to end; ``progress`` is the state sent to browsers (``docs/api`` gives its shape)."""

    __tablename__ = "sync_runs"
    __table_args__ = (
        Index(None, "tenant_id", "started_at"),
        Index(
            "uq_sync_runs_active",
            "tenant_id",
            unique=True,
            postgresql_where=text("status IN ('queued','running','computing')"),
        ),
        {"schema": DATA},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    kind: Mapped[str]  # full | delta
    status: Mapped[str]  # queued running computing completed failed cancelled
    requested_by: Mapped[UUID | None]
    started_at: Mapped[datetime] = _now()
    finished_at: Mapped[datetime | None]
    watermark: Mapped[datetime | None]  # changes up to here are in
    cursor: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # where to resume
    progress: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    stats: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'")
    )  # bytes, cost points, seconds a step, notices
    error: Mapped[dict[str, Any] | None]


class BulkSpool(Base):
    """Parts of a bulk file that came apart from their parents, as COPY text; gone when the file is in."""

    __tablename__ = "bulk_spool"
    __table_args__ = (
        Index(None, "tenant_id", "sync_run", "part"),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[int] = mapped_column(Identity(), primary_key=True, sort_order=-1)
    sync_run: Mapped[UUID]
    part: Mapped[str]
    block: Mapped[bytes]


class ShopPace(Base):
    """What is left in the shop's cost bucket at Shopify, as all workers together have it."""

    __tablename__ = "shop_pace"
    __table_args__ = {"schema": DATA, "info": {"notebook": False}}

    tenant_id: Mapped[UUID] = _tenant()
    available: Mapped[float]
    maximum: Mapped[float]
    restore_per_s: Mapped[float]
    at: Mapped[datetime]


class Quarantine(Base):
    """A record that could not be understood, with the reason; never silently dropped."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index(None, "tenant_id", "sync_run"),
        {"schema": DATA, "info": {"pii": True}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[int] = mapped_column(Identity(), primary_key=True, sort_order=-1)
    sync_run: Mapped[UUID | None]
    object: Mapped[str]
    reason: Mapped[str]
    raw: Mapped[str]
    created_at: Mapped[datetime] = _now()


class Completeness(Base):
    """What a sync left us with, held against what the shop says it holds; differences by cause."""

    __tablename__ = "completeness"
    __table_args__ = (Index(None, "tenant_id", "checked_at"), {"schema": DATA})

    tenant_id: Mapped[UUID] = _tenant()
    run: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    state: Mapped[str]  # equal | explained | differs
    report: Mapped[dict[str, Any]]
    checked_at: Mapped[datetime] = _now()


class PrivacyRequest(Base):
    """A request of Shopify's on personal data: to be told of, or to be erased, by ``due_at``.

    Once an erasure is done nothing here names the person: ``subject`` is the digest that ``erased_people`` keeps too,
    ``report`` the proof, store by store.
    """

    __tablename__ = "privacy_requests"
    __table_args__ = (
        Index(None, "tenant_id", "due_at"),
        {"schema": DATA, "info": {"pii": True, "notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    webhook_id: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    topic: Mapped[str]  # customers/data_request | customers/redact | shop/redact
    customer_id: Mapped[int | None]  # null: the whole shop, or somebody erased
    subject: Mapped[bytes | None]
    request: Mapped[dict[str, Any]]  # the payload
    status: Mapped[str] = mapped_column(
        server_default=text("'open'")
    )  # open | done | void (the shop was connected again since)
    received_at: Mapped[datetime] = _now()
    due_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None]


class ErasedPerson(Base):
    """Somebody who was erased, as a digest of shop and id: a late copy of their record is not taken in again."""

    __tablename__ = "erased_people"
    __table_args__ = {"schema": DATA, "info": {"notebook": False}}

    tenant_id: Mapped[UUID] = _tenant()
    subject: Mapped[bytes] = mapped_column(primary_key=True, sort_order=-1)
    erased_at: Mapped[datetime] = _now()


class PersonKey(Base):
    """What seals a customer's personal data in backups, which leave this table out.

    With a person erased their key goes too: every copy of every backup has forgotten them.
    """

    __tablename__ = "person_keys"
    __table_args__ = {"schema": DATA, "info": {"notebook": False}}

    tenant_id: Mapped[UUID] = _tenant()
    subject: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)  # customer:1, order:2
    key: Mapped[bytes]


class InsightRun(Base):
    """One computation as of a day: which data, which rules, which parameters, how good, what to mind.

    ``shown`` runs follow one another on the dashboards; ``past`` ones look back from a day that somebody asked for.
    Its customers' rows are in ``customer_insights`` (``rows`` = scores), in ``customer_history`` (history) or no longer
    kept (none).
    """

    __tablename__ = "insight_runs"
    __table_args__ = (Index(None, "tenant_id", "computed_at"), {"schema": DATA})

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    data_version: Mapped[int]
    rule_version: Mapped[str]
    as_of: Mapped[date]
    computed_at: Mapped[datetime] = _now()
    duration_s: Mapped[float]
    kind: Mapped[str] = mapped_column(server_default=text("'shown'"))  # shown | past
    rows: Mapped[str] = mapped_column(server_default=text("'scores'"))  # scores | history | none
    parameters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    card: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # the model card
    summary: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # for trends
    drift: Mapped[dict[str, Any] | None]  # the alarm, if there is one


class CustomerInsight(Base):
    """A customer's scores of one run. A prediction that could not be made is null, never a made-up number.

    ``_low`` and ``_high`` bound the 90 % interval; days of the next order count from 1970-01-01, as all days do.
    """

    __tablename__ = "customer_insights"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "insight_run"],
            [InsightRun.tenant_id, InsightRun.id],
            ondelete="CASCADE",
        ),
        # lists begin with who spent most: of all, of a segment; or are in one of the other orders
        Index("ix_customer_insights_net", "tenant_id", "insight_run", "net_minor", "customer_id"),
        Index("ix_customer_insights_orders", "tenant_id", "insight_run", "orders", "customer_id"),
        Index("ix_customer_insights_last", "tenant_id", "insight_run", "last_day", "customer_id"),
        Index(
            "ix_customer_insights_churn",
            "tenant_id",
            "insight_run",
            text("coalesce(churn_90, -1.0::float8)"),
            "customer_id",
        ),
        Index(
            "ix_customer_insights_clv",
            "tenant_id",
            "insight_run",
            text("coalesce(clv_365_minor, -1::bigint)"),
            "customer_id",
        ),
        Index(
            "ix_customer_insights_segment",
            "tenant_id",
            "insight_run",
            "segment",
            "net_minor",
            "customer_id",
        ),
        {"schema": DATA},
    )

    tenant_id: Mapped[UUID] = _tenant()
    insight_run: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    orders: Mapped[int] = mapped_column(Integer)
    net_minor: Mapped[int]
    first_day: Mapped[int] = mapped_column(Integer)
    last_day: Mapped[int] = mapped_column(Integer)
    frequency: Mapped[int] = mapped_column(Integer)  # repeat purchase days
    recency_days: Mapped[int] = mapped_column(
        Integer
    )  # first to last purchase day (the models' t_x)
    age_days: Mapped[int] = mapped_column(Integer)  # first purchase day to as_of (the models' T)
    r: Mapped[int] = mapped_column(SmallInteger)
    f: Mapped[int] = mapped_column(SmallInteger)
    m: Mapped[int] = mapped_column(SmallInteger)
    segment: Mapped[str]
    p_alive: Mapped[float | None]
    p_alive_low: Mapped[float | None]
    p_alive_high: Mapped[float | None]
    churn_90: Mapped[float | None]  # P(no order in the next 90 days)
    expected_orders_30: Mapped[float | None]
    expected_orders_30_low: Mapped[float | None]
    expected_orders_30_high: Mapped[float | None]
    expected_orders_90: Mapped[float | None]
    expected_orders_90_low: Mapped[float | None]
    expected_orders_90_high: Mapped[float | None]
    expected_orders_180: Mapped[float | None]
    expected_orders_180_low: Mapped[float | None]
    expected_orders_180_high: Mapped[float | None]
    expected_orders_365: Mapped[float | None]
    expected_orders_365_low: Mapped[float | None]
    expected_orders_365_high: Mapped[float | None]
    clv_30_minor: Mapped[int | None]
    clv_30_minor_low: Mapped[int | None]
    clv_30_minor_high: Mapped[int | None]
    clv_90_minor: Mapped[int | None]
    clv_90_minor_low: Mapped[int | None]
    clv_90_minor_high: Mapped[int | None]
    clv_180_minor: Mapped[int | None]
    clv_180_minor_low: Mapped[int | None]
    clv_180_minor_high: Mapped[int | None]
    clv_365_minor: Mapped[int | None]
    clv_365_minor_low: Mapped[int | None]
    clv_365_minor_high: Mapped[int | None]
    p_order_365: Mapped[float | None]  # P(an order in the next 365 days); given one, its day:
    next_order_day: Mapped[int | None] = mapped_column(Integer)
    next_order_day_low: Mapped[int | None] = mapped_column(Integer)
    next_order_day_high: Mapped[int | None] = mapped_column(Integer)
    reasons: Mapped[list[str] | None]  # codes, the weightiest first
    action: Mapped[str | None]


class CustomerHistory(Base):
    """What of a customer's scores is kept for years: the last run of each month, and days that were asked for."""

    __tablename__ = "customer_history"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "insight_run"],
            [InsightRun.tenant_id, InsightRun.id],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "customer_id"),
        {"schema": DATA},
    )

    tenant_id: Mapped[UUID] = _tenant()
    insight_run: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    orders: Mapped[int] = mapped_column(Integer)
    net_minor: Mapped[int]
    last_day: Mapped[int] = mapped_column(Integer)
    r: Mapped[int] = mapped_column(SmallInteger)
    f: Mapped[int] = mapped_column(SmallInteger)
    m: Mapped[int] = mapped_column(SmallInteger)
    segment: Mapped[str]
    p_alive: Mapped[float | None]
    churn_90: Mapped[float | None]
    expected_orders_90: Mapped[float | None]
    clv_365_minor: Mapped[int | None]


class Document(Base):
    """A page's numbers as JSON, made with the insight run they belong to; what a dashboard paints from."""

    __tablename__ = "documents"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    name: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    insight_run: Mapped[UUID]
    data_version: Mapped[int]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = _now()


class AuditEvent(Base):
    """Who did what, when, from where, to how many rows. Added to, never changed: each hash covers the one before.

    Times, numbers and hashes are the database's (``private.seal_audit_event``), whatever the writer says. The nil
    tenant holds what belongs to no tenant. ``details`` is JSON kept as text, because the hash is over its very bytes.
    """

    __tablename__ = "audit_events"
    __table_args__ = {"schema": DATA, "info": {"notebook": False, "append_only": True}}

    tenant_id: Mapped[UUID] = _tenant()
    seq: Mapped[int] = mapped_column(
        primary_key=True,
        autoincrement=False,
        sort_order=-1,
        server_default=text("0"),  # the trigger's
    )
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor_kind: Mapped[str]  # user | token | notebook | system
    actor: Mapped[str | None]  # a user's or token's id, a database role
    action: Mapped[str]  # member.removed, export.made, …
    object: Mapped[str | None]
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    rows: Mapped[int | None]
    details: Mapped[str] = mapped_column(server_default=text("'{}'"))
    previous: Mapped[bytes] = mapped_column(server_default=text("''"))
    hash: Mapped[bytes] = mapped_column(server_default=text("''"))


class Export(Base):
    """A file of rows that somebody asked for; it is removed at ``expires_at``. It holds no row itself."""

    __tablename__ = "exports"
    __table_args__ = (
        Index(None, "tenant_id", "created_at"),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    kind: Mapped[str]
    format: Mapped[str]  # csv | jsonl | parquet | xlsx
    columns: Mapped[list[str]]
    filters: Mapped[dict[str, Any]]
    personal: Mapped[bool]  # a column of it names people
    status: Mapped[str] = mapped_column(
        server_default=text("'queued'")
    )  # queued running done failed expired
    requested_by: Mapped[UUID]
    created_at: Mapped[datetime] = _now()
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    rows: Mapped[int | None]
    bytes: Mapped[int | None]
    error: Mapped[dict[str, Any] | None]


class SavedView(Base):
    """A list as somebody wants to find it again: ``query`` is the page's address behind the question mark."""

    __tablename__ = "saved_views"
    __table_args__ = (
        Index("uq_saved_views", "tenant_id", "user_id", "page", text("lower(name)"), unique=True),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    user_id: Mapped[UUID]
    page: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[bool]  # everybody in the tenant sees it; whose it is may delete it
    created_at: Mapped[datetime] = _now()


# ------------------------------------------------------------------------------------------------ segments
class Segment(Base):
    """A saved rule. ``rule`` is the language's JSON with its version; ``trouble`` says why it cannot be computed."""

    __tablename__ = "segments"
    __table_args__ = (
        Index("uq_segments_name", "tenant_id", text("lower(name)"), unique=True),
        {"schema": DATA},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    name: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    rule: Mapped[dict[str, Any]]
    template: Mapped[str | None]  # key in the library
    personal: Mapped[bool] = mapped_column(server_default=text("false"))  # asks what names a person
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    refreshed_at: Mapped[datetime | None]
    data_version: Mapped[int | None]
    members: Mapped[int | None] = mapped_column(Integer)
    trouble: Mapped[dict[str, Any] | None]


class SegmentMember(Base):
    """Who is in a segment: one bit a customer, by ordinal, the lowest bit of a byte first (as ``get_bit`` counts).

    ``since_day`` is the shop's day on which membership began to be kept: earlier ones are not known. ``digest`` is that
    of the rule, of those it names and of the data it could ask.
    """

    __tablename__ = "segment_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "segment_id"], [Segment.tenant_id, Segment.id], ondelete="CASCADE"
        ),
        {"schema": DATA},
    )

    tenant_id: Mapped[UUID] = _tenant()
    segment_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    since_day: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str]
    bits: Mapped[bytes]


class SegmentRefresh(Base):
    """What the last refresh of a tenant's segments had seen: rows, scores, day, and transactions (``Mark``)."""

    __tablename__ = "segment_refreshes"
    __table_args__ = {"schema": DATA, "info": {"notebook": False}}

    tenant_id: Mapped[UUID] = _tenant()
    at: Mapped[datetime]
    day: Mapped[int] = mapped_column(Integer)
    data_version: Mapped[int]
    insight_run: Mapped[UUID | None]
    mark: Mapped[dict[str, Any]]


class SegmentEvent(Base):
    """A customer came into a segment or left it; ``day`` is the shop's."""

    __tablename__ = "segment_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "segment_id"], [Segment.tenant_id, Segment.id], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "segment_id", "day"),
        {"schema": DATA},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[int] = mapped_column(Identity(), primary_key=True, sort_order=-1)
    segment_id: Mapped[UUID]
    customer_id: Mapped[int]
    entered: Mapped[bool]
    at: Mapped[datetime]
    day: Mapped[int] = mapped_column(Integer)


class SegmentSize(Base):
    """How many were in a segment on a day of the shop's, by the day's last refresh."""

    __tablename__ = "segment_sizes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "segment_id"], [Segment.tenant_id, Segment.id], ondelete="CASCADE"
        ),
        {"schema": DATA},
    )

    tenant_id: Mapped[UUID] = _tenant()
    segment_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, sort_order=-1)
    members: Mapped[int] = mapped_column(Integer)
    net_minor: Mapped[int]


class SegmentHook(Base):
    """Somebody else's address that is told who came into segments and who left them."""

    __tablename__ = "segment_hooks"
    __table_args__ = {"schema": DATA, "info": {"notebook": False}}

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    url: Mapped[str]
    secret_sealed: Mapped[str]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = _now()


class SegmentDelivery(Base):
    """One message to a hook; ``state`` is waiting, delivered or dead."""

    __tablename__ = "segment_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "hook_id"], [SegmentHook.tenant_id, SegmentHook.id], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "state", "due_at"),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[int] = mapped_column(Identity(), primary_key=True, sort_order=-1)
    hook_id: Mapped[UUID]
    segment_id: Mapped[UUID]
    event: Mapped[str]  # segment.entered | segment.left
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    due_at: Mapped[datetime] = _now()
    error: Mapped[str | None]
    created_at: Mapped[datetime] = _now()


class SegmentAction(Base):
    """Something done to a segment's members: an export, or a tag written to Shopify; who was held out of it.

    ``treated`` and ``held`` are the two arms, a bit a customer as in ``segment_members``. ``state`` is planned,
    running, done, failed, undoing or undone.
    """

    __tablename__ = "segment_actions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "segment_id"], [Segment.tenant_id, Segment.id], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "segment_id"),
        {"schema": DATA},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    segment_id: Mapped[UUID]
    kind: Mapped[str]  # tags | export
    state: Mapped[str] = mapped_column(server_default=text("'planned'"))
    tag: Mapped[str | None]
    held_out: Mapped[float] = mapped_column(server_default=text("0"))
    seed: Mapped[int] = mapped_column(server_default=text("0"))
    day: Mapped[int] = mapped_column(Integer)
    treated: Mapped[bytes]
    held: Mapped[bytes]
    error: Mapped[str | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = _now()
    ended_at: Mapped[datetime | None]


class TagChange(Base):
    """A tag that an action adds to a customer or takes off; ``state`` is waiting, done, failed or undone."""

    __tablename__ = "tag_changes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "action_id"],
            [SegmentAction.tenant_id, SegmentAction.id],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "action_id", "state"),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    action_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    add: Mapped[bool]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    error: Mapped[str | None]


class CustomerTrait(Base):
    """What Shopify itself thinks of a customer."""

    __tablename__ = "customer_traits"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    rfm_group: Mapped[str | None]
    spend_tier: Mapped[str | None]


class CustomerPlace(Base):
    """Where a customer's default address lies, in degrees."""

    __tablename__ = "customer_places"
    __table_args__ = {"schema": DATA, "info": {"pii": True}}

    tenant_id: Mapped[UUID] = _tenant()
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    latitude: Mapped[float]
    longitude: Mapped[float]


class CustomerMetafield(Base):
    """A customer's metafield, its value as Shopify writes it. May name a person, so it asks for that right."""

    __tablename__ = "customer_metafields"
    __table_args__ = {"schema": DATA, "info": {"pii": True}}

    tenant_id: Mapped[UUID] = _tenant()
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-1)
    key: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)  # namespace.key
    type: Mapped[str | None]
    value: Mapped[str | None]


# -------------------------------------------------------------------------------------------- the store's choices
class Branding(Base):
    """How the store's pages and reports look: its name, one colour, a small picture (PNG)."""

    __tablename__ = "branding"
    __table_args__ = {"schema": DATA}

    tenant_id: Mapped[UUID] = _tenant()
    name: Mapped[str | None]
    accent: Mapped[str | None]  # #rrggbb; dark enough for white text
    logo: Mapped[bytes | None]
    updated_at: Mapped[datetime] = _now()


class ReportSchedule(Base):
    """A page that a member gets by mail, with that member's rights; ``next_at`` is when it is due next."""

    __tablename__ = "report_schedules"
    __table_args__ = (
        Index(None, "tenant_id", "next_at"),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    page: Mapped[str]
    format: Mapped[str]  # html | pdf
    every: Mapped[str]  # day | week | month
    on: Mapped[int] = mapped_column(SmallInteger)  # weekday (0 = Monday) or day of the month
    hour: Mapped[int] = mapped_column(SmallInteger)  # of the shop's day
    user_id: Mapped[UUID]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = _now()
    next_at: Mapped[datetime | None]  # null: stopped
    stopped: Mapped[str | None]  # why


class ReportDelivery(Base):
    """One mail of a schedule: waiting, sent, skipped or failed."""

    __tablename__ = "report_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "schedule_id"],
            [ReportSchedule.tenant_id, ReportSchedule.id],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "schedule_id", "due_at", unique=True),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    schedule_id: Mapped[UUID]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    personal: Mapped[bool | None]  # it named people, as its reader may see them
    bytes: Mapped[int | None]
    insight_run: Mapped[UUID | None]


class AlertRule(Base):
    """A bound on a metric, looked at after every insight run; ``state`` is quiet, firing or unknown."""

    __tablename__ = "alert_rules"
    __table_args__ = {"schema": DATA, "info": {"notebook": False}}

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    name: Mapped[str]
    metric: Mapped[str]  # of the registry
    test: Mapped[str]  # above | below | rises | falls
    bound: Mapped[float]  # in the metric's unit (money: minor units); of rises and falls: a share
    days: Mapped[int] = mapped_column(Integer)  # the last whole days of the shop
    against: Mapped[str | None]  # previous_period | previous_year
    least_orders: Mapped[int] = mapped_column(Integer)  # in each range, else nothing is said
    mail_to: Mapped[list[Any]]  # users' ids
    tell_hooks: Mapped[bool]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = _now()
    state: Mapped[str] = mapped_column(server_default=text("'unknown'"))
    since: Mapped[datetime | None]  # the state's
    value: Mapped[float | None]
    before: Mapped[float | None]
    judged_at: Mapped[datetime | None]
    trouble: Mapped[str | None]  # why nothing can be said


class AlertEvent(Base):
    """A rule that began to fire, or came to rest."""

    __tablename__ = "alert_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "rule_id"], [AlertRule.tenant_id, AlertRule.id], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "rule_id"),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[int] = mapped_column(Identity(), primary_key=True, sort_order=-1)
    rule_id: Mapped[UUID]
    at: Mapped[datetime] = _now()
    state: Mapped[str]  # firing | quiet
    value: Mapped[float | None]
    before: Mapped[float | None]
    until: Mapped[date]  # last day of the range that was looked at
    insight_run: Mapped[UUID | None]


# -------------------------------------------------------------------------------------------- published notebooks
class Publication(Base):
    """A notebook that became a page. ``published`` is the version shown; ``next_at`` when it runs by itself.

    Notebook servers may read it: the dashboards' frame lists the published ones.
    """

    __tablename__ = "publications"
    __table_args__ = (Index(None, "tenant_id", "next_at"), {"schema": DATA})

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    title: Mapped[str]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = _now()
    published: Mapped[int | None] = mapped_column(Integer)
    every: Mapped[str | None]  # day | week | month
    hour: Mapped[int] = mapped_column(SmallInteger, server_default=text("6"))  # of the shop's day
    next_at: Mapped[datetime | None]
    mail_to: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # users' ids


class PublicationVersion(Base):
    """A notebook's code as it was handed in; ``state`` is review, approved, declined or withdrawn."""

    __tablename__ = "publication_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "publication_id"],
            [Publication.tenant_id, Publication.id],
            ondelete="CASCADE",
        ),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    publication_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
    version: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, sort_order=-1
    )
    digest: Mapped[str]
    cells: Mapped[list[Any]]
    parameters: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str] = mapped_column(server_default=text("'review'"))
    submitted_by: Mapped[UUID]
    submitted_at: Mapped[datetime] = _now()
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(server_default=text("''"))


class PublicationRun(Base):
    """One execution; ``run_key`` is the digest of code, data version and parameters, ``repeats`` the run done again.

    ``reason`` is review, publish, schedule, asked or repeat; ``status`` queued, running, done or failed.
    """

    __tablename__ = "publication_runs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "publication_id", "version"],
            [
                PublicationVersion.tenant_id,
                PublicationVersion.publication_id,
                PublicationVersion.version,
            ],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "publication_id", "created_at"),
        {"schema": DATA, "info": {"notebook": False}},
    )

    tenant_id: Mapped[UUID] = _tenant()
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, sort_order=-1)
    publication_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str]
    repeats: Mapped[UUID | None]
    parameters: Mapped[dict[str, Any]]
    requested_by: Mapped[UUID | None]
    run_key: Mapped[str | None]
    data_version: Mapped[int | None]
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    error: Mapped[dict[str, Any] | None]
    sha256: Mapped[str | None]
    bytes: Mapped[int | None]
    created_at: Mapped[datetime] = _now()
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
