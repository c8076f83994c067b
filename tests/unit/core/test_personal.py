"""The list of personal data is whole: a new table or column that may hold some, and is not listed, fails here."""

import re

import pytest
from sqlalchemy import ARRAY, JSON, LargeBinary, Text

from xsight_core.db.personal import ACCOUNTS, HOLDINGS, KEPT_ANYWAY, NOTHING_PERSONAL
from xsight_core.db.tables import metadata

TABLES = {str(table): table for table in metadata.sorted_tables}
SUSPECT = re.compile(
    r"customer|person|buyer|visitor|e_?mail|phone|(first|last|full)_name|address|street|city|zip|postal|latitude"
    r"|longitude|note$|birth|subject|recipient|\bip\b|agent|raw"
)
FREE = (Text, JSON, LargeBinary, ARRAY)
# What of a table with personal data says nothing of anybody: words of ours or of Shopify's, and ids of things.
PLAIN = {
    "xsight.publications": {"every"},
    "xsight.publication_versions": {"digest", "state"},
    "xsight.publication_runs": {"reason", "run_key", "sha256", "status"},
    "xsight.customer_insights": {"segment", "reasons", "action"},
    "xsight.customer_history": {"segment"},
    "xsight.tag_changes": {"state"},
    "xsight.orders": {
        "name", "cancel_reason", "financial_status", "fulfillment_status", "return_status", "currency",
        "presentment_currency", "channel", "app", "gateways",
    },
    "xsight.segment_members": {"digest"},
    "xsight.segment_actions": {"kind", "state", "tag"},
    "xsight.segments": {"template"},
    "xsight.segment_deliveries": {"event", "state"},
    "xsight.exports": {"kind", "format", "columns", "status"},
    "xsight.quarantine": {"object"},
    "xsight.customers": {"email_consent", "sms_consent"},
    "control.inbox": {"webhook_id", "topic", "event_id"},
    "xsight.privacy_requests": {"webhook_id", "topic", "status", "subject"},
    "xsight.documents": {"name"},
}  # fmt: skip
# Columns of other tables with a name that makes one look twice.
LOOKED_AT = {
    ("xsight.tenant_state", "connection_note"), ("xsight.tenant_state", "note"),
    ("xsight.completeness", "raw"), ("xsight.segment_sizes", "customers"),
}  # fmt: skip


def test_every_table_is_in_one_list_and_no_other():
    listed = [*{holding.table for holding in HOLDINGS}, *KEPT_ANYWAY, *NOTHING_PERSONAL]
    assert sorted(listed) == sorted(TABLES)


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda holding: holding.table)
def test_every_column_that_may_say_something_is_listed_with_its_table(holding):
    columns = TABLES[holding.table].columns
    assert set(holding.columns) <= set(columns.keys())
    said = {c.name for c in columns if isinstance(c.type, FREE) or "customer" in c.name}
    assert said - set(holding.columns) == PLAIN.get(holding.table, set()) - set(holding.columns)


@pytest.mark.parametrize(
    "name", [name for name, why in NOTHING_PERSONAL.items() if why != ACCOUNTS]
)
def test_a_table_without_personal_data_has_no_column_that_sounds_so(name):
    sounds = {c.name for c in TABLES[name].columns if SUSPECT.search(c.name)}
    assert {(name, column) for column in sounds} <= LOOKED_AT


def test_what_asks_for_the_right_to_personal_data_is_listed():
    asks = {str(table) for table in TABLES.values() if table.info.get("pii")}
    assert asks <= {holding.table for holding in HOLDINGS}


def test_a_column_that_nobody_listed_would_be_noticed():
    for name in ("customer_email", "phone", "ship_city", "raw", "visitor_id", "user_agent"):
        assert SUSPECT.search(name)
