"""What the pages of records show at first, asked of the tenant's rows when the page is asked for.

Shaped like the API's answers, so that one piece of front end shows both; without personal data, which the browser
fetches with the viewer's own right to it. Each statement gives one row of one column, none before the first insights.
The parameter ``id`` is the object a page is about.
"""

# ruff: noqa: S608 - statements are made of the texts above them; every value is a parameter
from typing import Final, LiteralString

__all__ = ["CUSTOMER", "CUSTOMERS", "HEAD_NOW", "ORDERS", "PRODUCTS"]

_HEAD: Final[LiteralString] = """
  'data_version', s.data_version, 'insight_run', s.insight_run,
  'shop', jsonb_build_object('name', s.shop_name, 'domain', s.domain, 'currency', s.currency,
    'currency_exponent', s.currency_exponent, 'timezone', s.timezone),
  'freshness', jsonb_build_object('synced_at', s.synced_at, 'last_order_on', NULL,
    'history_since', s.history_since)"""

HEAD: Final[LiteralString] = f"""{_HEAD},
  'computed_at', (SELECT computed_at FROM xsight.insight_runs WHERE id = s.insight_run)"""
"""Which shop, which state, how fresh; the same for everybody who asks between two runs."""
HEAD_NOW: Final[LiteralString] = f"{_HEAD}, 'computed_at', clock_timestamp()"
"""The same of what is told as it stands this moment."""

_SEGMENTS: Final[LiteralString] = """
  'segments', (SELECT body -> 'rfm' -> 'segments' FROM xsight.documents WHERE name = 'overview')"""

_SHOWN: Final[LiteralString] = "FROM xsight.tenant_state s WHERE s.insight_run IS NOT NULL"

_SCORES: Final[LiteralString] = """
  'scores', jsonb_build_object('orders', i.orders, 'net_minor', i.net_minor,
    'first_order_on', date '1970-01-01' + i.first_day, 'last_order_on', date '1970-01-01' + i.last_day,
    'r', i.r, 'f', i.f, 'm', i.m, 'segment', i.segment, 'churn_90', i.churn_90,
    'clv_365_minor', i.clv_365_minor, 'next_order_on', date '1970-01-01' + i.next_order_day)"""

_PERSON: Final[LiteralString] = """
  'id', c.id, 'name', NULL, 'country', c.country, 'province', c.province, 'tags', c.tags,
  'email_consent', c.email_consent, 'sms_consent', c.sms_consent, 'created_at', c.created_at"""

CUSTOMERS: Final[LiteralString] = f"""
SELECT jsonb_build_object({HEAD}, {_SEGMENTS},
  'totals', (SELECT body -> 'totals' FROM xsight.documents WHERE name = 'overview'),
  'rows', (SELECT coalesce(jsonb_agg(best.row ORDER BY best.net_minor DESC, best.id DESC), '[]') FROM (
    SELECT i.net_minor, c.id, jsonb_build_object({_PERSON}, {_SCORES}) AS row
    FROM xsight.customer_insights i
    JOIN xsight.customers c ON c.tenant_id = i.tenant_id AND c.id = i.customer_id
    WHERE i.tenant_id = s.tenant_id AND i.insight_run = s.insight_run AND c.deleted_at IS NULL
    ORDER BY i.net_minor DESC, i.customer_id DESC LIMIT 40) AS best))
{_SHOWN}"""

CUSTOMER: Final[LiteralString] = f"""
SELECT jsonb_build_object({HEAD}, {_SEGMENTS},
  'evidence', (SELECT jsonb_build_object('churn', body -> 'churn', 'clv', body -> 'clv')
    FROM xsight.documents WHERE name = 'overview'),
  'customer', (SELECT jsonb_build_object({_PERSON}, 'state', c.state, 'updated_at', c.updated_at,
    'scores', (SELECT to_jsonb(i) - 'tenant_id' || jsonb_build_object(
        'first_order_on', date '1970-01-01' + i.first_day, 'last_order_on', date '1970-01-01' + i.last_day,
        'next_order_on', date '1970-01-01' + i.next_order_day,
        'next_order_on_low', date '1970-01-01' + i.next_order_day_low,
        'next_order_on_high', date '1970-01-01' + i.next_order_day_high)
      FROM xsight.customer_insights i WHERE i.tenant_id = s.tenant_id
        AND i.insight_run = s.insight_run AND i.customer_id = c.id),
    'refunds', (SELECT jsonb_build_object('orders', count(*) FILTER (WHERE o.refunded > 0),
        'returns_minor', coalesce(sum(o.returns_minor), 0))
      FROM xsight.orders o WHERE o.tenant_id = s.tenant_id AND o.customer_id = c.id AND o.deleted_at IS NULL
        AND o.cancelled_at IS NULL AND NOT o.test),
    'memberships', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name, 'members', g.members)
        ORDER BY lower(g.name)), '[]')
      FROM xsight.segments g JOIN xsight.segment_members m ON m.tenant_id = g.tenant_id AND m.segment_id = g.id
      WHERE g.tenant_id = s.tenant_id AND NOT g.personal
        AND CASE WHEN c.ordinal < 8 * length(m.bits) THEN get_bit(m.bits, c.ordinal) = 1 END))
    FROM xsight.customers c WHERE c.tenant_id = s.tenant_id AND c.id = %(id)s AND c.deleted_at IS NULL))
{_SHOWN}"""

ORDERS: Final[LiteralString] = f"""
SELECT jsonb_build_object({HEAD},
  'rows', (SELECT coalesce(jsonb_agg(to_jsonb(o) - 'day' ORDER BY o.processed_at DESC, o.id DESC), '[]') FROM (
    SELECT id, name, customer_id, processed_at, units, total::text, net_minor, refunded::text, financial_status,
      fulfillment_status, cancelled_at, test, day
    FROM xsight.orders
    WHERE tenant_id = s.tenant_id AND deleted_at IS NULL
      AND processed_at >= now() - interval '32 days'
      AND day > (now() AT TIME ZONE s.timezone)::date - date '1970-01-01' - 30
    ORDER BY processed_at DESC, id DESC LIMIT 40) AS o))
{_SHOWN}"""

# What was sold of each product in the last days is stored; the browser asks for the range that its address names.
PRODUCTS: Final[LiteralString] = f"""
SELECT jsonb_build_object({HEAD},
  'totals', (SELECT body -> 'totals' FROM xsight.documents WHERE name = 'overview'),
  'sold', (SELECT body -> 'sold' FROM xsight.documents WHERE name = 'products'))
{_SHOWN}"""
