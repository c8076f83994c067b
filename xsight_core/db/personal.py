"""Where personal data of shops' customers stand: every table, what of a person is in it, and how it is forgotten.

The one list. Erasure, access bundles, the search that proves an erasure and the sealing of backups all follow it, and
a test holds every table and column against it: who adds a table says here what it holds of people, or that it holds
nothing. Files are listed in ``services/belongings.py``, Redis in ``worker/caches.py``.

People who have an account here (users, invitations, mails to them) are not customers of a shop: they are forgotten with
their account, not by these requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["ACCOUNTS", "HOLDINGS", "KEPT_ANYWAY", "NOTHING_PERSONAL", "Holding"]


@dataclass(frozen=True)
class Holding:
    """A table with something of a person in it.

    ``whose`` finds the person's rows: of ``%(ids)s`` (the customer and those merged into them), ``%(orders)s``,
    ``%(emails)s``, ``%(phones)s``, ``%(traces)s`` (patterns of their words in lower case). ``forget`` is what becomes
    of the rows: None, and they are deleted, or what is SET, once for each ``%(ordinal)s`` where it names that.
    ``columns`` are all that may hold something of a person. ``told``: the rows go into the bundle a person may ask for.
    ``sealed_by``: the row's column whose person's own key seals it in a copy (``person_keys.py``); None for what is
    computed anew, or is not worth a word about anybody.
    """

    table: str
    columns: tuple[str, ...]
    whose: str
    forget: str | None = None
    told: bool = False
    sealed_by: str | None = None

    @property
    def name(self) -> str:
        """Without its schema."""
        return self.table.partition(".")[2]


_CUSTOMER: Final = "customer_id = ANY(%(ids)s)"
_SAYS: Final = "lower({column}::text) LIKE ANY(%(traces)s)"
_BIT: Final = (
    "{column} = CASE WHEN length({column}) * 8 > %(ordinal)s"
    " THEN set_bit({column}, %(ordinal)s, 0) ELSE {column} END"
)

HOLDINGS: Final = (
    Holding("xsight.customer_pii", ("customer_id", "email", "phone", "first_name", "last_name", "city", "zip", "note"),
            _CUSTOMER, told=True, sealed_by="customer_id"),
    Holding("xsight.customer_places", ("customer_id", "latitude", "longitude"), _CUSTOMER, told=True,
            sealed_by="customer_id"),
    Holding("xsight.customer_metafields", ("customer_id", "key", "type", "value"), _CUSTOMER, told=True,
            sealed_by="customer_id"),
    Holding("xsight.customer_traits", ("customer_id", "rfm_group", "spend_tier"), _CUSTOMER, told=True),
    Holding("xsight.customer_insights", ("customer_id",), _CUSTOMER, told=True),
    Holding("xsight.customer_history", ("customer_id",), _CUSTOMER, told=True),
    Holding("xsight.segment_events", ("customer_id",), _CUSTOMER, told=True),
    Holding("xsight.tag_changes", ("customer_id", "error"), _CUSTOMER, told=True),
    Holding("xsight.order_pii", ("email", "phone", "city", "zip", "note"),
            "order_id = ANY(%(orders)s) OR lower(email) = ANY(%(emails)s) OR phone = ANY(%(phones)s)", told=True,
            sealed_by="order_id"),
    Holding("xsight.order_metafields", ("key", "type", "value"), "order_id = ANY(%(orders)s)", told=True,
            sealed_by="order_id"),
    Holding("xsight.refunds", ("note",), "order_id = ANY(%(orders)s)", "note = NULL", told=True),
    # The sale stays in the shop's books, and is nobody's any more.
    Holding("xsight.orders", ("customer_id", "tags", "discount_codes", "country", "province"), "id = ANY(%(orders)s)",
            "customer_id = NULL, tags = '{}', province = NULL", told=True),
    Holding("xsight.segment_members", ("bits",), "true", _BIT.format(column="bits")),
    Holding("xsight.segment_actions", ("treated", "held", "error"), "true",
            f"{_BIT.format(column='treated')}, {_BIT.format(column='held')}"),
    Holding("xsight.segments", ("name", "note", "rule", "trouble"),
            f"{_SAYS.format(column='rule')} OR {_SAYS.format(column='name')} OR {_SAYS.format(column='note')}"),
    Holding("xsight.segment_deliveries", ("body", "error"), _SAYS.format(column="body")),
    Holding("xsight.saved_views", ("name", "query", "page"),
            f"{_SAYS.format(column='query')} OR {_SAYS.format(column='name')}"),
    Holding("xsight.exports", ("filters", "error"), _SAYS.format(column="filters")),
    Holding("xsight.publication_versions", ("cells", "parameters", "note", "remark"),
            f"{_SAYS.format(column='cells')} OR {_SAYS.format(column='note')} OR {_SAYS.format(column='remark')}"),
    Holding("xsight.publication_runs", ("parameters", "error"),
            f"{_SAYS.format(column='parameters')} OR {_SAYS.format(column='error')}"),
    Holding("xsight.publications", ("title", "mail_to"), _SAYS.format(column="title")),
    Holding("xsight.quarantine", ("raw", "reason"), _SAYS.format(column="raw")),
    Holding("xsight.person_keys", ("subject", "key"), "subject = ANY(%(subjects)s)"),
    Holding("xsight.customers", ("id", "merged_into", "tags", "country", "province", "state", "locale"),
            "id = ANY(%(ids)s)", told=True),
    # A payload that has been dealt with; one that waits is dealt with first, and the erasure tried again.
    Holding("control.inbox", ("body", "error"),
            "(done_at IS NOT NULL OR dead_at IS NOT NULL) AND lower(encode(body, 'escape')) LIKE ANY(%(traces)s)",
            "body = '', error = NULL"),
    Holding("xsight.privacy_requests", ("customer_id", "request", "report"), _CUSTOMER,
            "customer_id = NULL, request = '{}', finished_at = coalesce(finished_at, now()), status = CASE"
            " WHEN status = 'open' AND topic = 'customers/data_request' THEN 'void' ELSE 'done' END"),
    # Documents are mended in Python: the pages stay.
    Holding("xsight.documents", ("body",), "false"),
)  # fmt: skip
"""In the order in which they are forgotten."""

KEPT_ANYWAY: Final[Mapping[str, str]] = {
    "xsight.audit_events": "who looked at or changed what: a record that others rely on, of bare ids, without a name",
    "xsight.erased_people": "a digest of shop and id, of their orders too, so that no late copy brings them back",
}

ACCOUNTS: Final = "people with an account here"
NOTHING_PERSONAL: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "control.tenants", "control.users", "control.memberships", "control.sessions", "control.session_secrets",
            "control.one_time_codes", "control.invitations", "control.api_tokens", "control.mails",
            "private.server_roles", "xsight.report_schedules", "xsight.report_deliveries",
        ),
        ACCOUNTS,
    ),
    **dict.fromkeys(
        ("control.shops", "xsight.tenant_state", "xsight.shop_tokens", "xsight.shop_pace"), "the shop itself"
    ),
    **dict.fromkeys(
        (
            "xsight.products", "xsight.variants", "xsight.product_collections", "xsight.product_metafields",
            "xsight.order_lines", "xsight.order_discounts",
        ),
        "goods and offers",
    ),
    **dict.fromkeys(
        ("xsight.refund_lines", "xsight.refund_adjustments", "xsight.refund_transactions"), "money of an order"
    ),
    **dict.fromkeys(
        (
            "control.jobs", "control.model_priors", "xsight.sync_runs", "xsight.bulk_spool", "xsight.completeness",
            "xsight.insight_runs", "xsight.segment_sizes", "xsight.segment_refreshes", "xsight.segment_hooks",
            "xsight.alert_rules", "xsight.alert_events", "xsight.branding",
        ),
        "counts, states and parameters",
    ),
}  # fmt: skip
"""Tables that hold nothing of customers, and what they are about. They are searched all the same."""
