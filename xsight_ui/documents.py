"""Where a page's document comes from: what the insights have stored, or the tenant's rows as they stand.

Read by the dashboard's server before any kernel and by the kernel after it, both with the server's own database role.
"""

# ruff: noqa: S608 - statements are made of our own texts; every value is a parameter
from typing import Any, Final
from urllib.parse import parse_qs

from xsight_ui.queries import CUSTOMER, CUSTOMERS, HEAD_NOW, ORDERS, PRODUCTS

__all__ = ["query_of", "values_of"]

_STORED = """
SELECT body FROM xsight.documents WHERE name = %(name)s ORDER BY data_version DESC LIMIT 1"""

_SYNC = f"""
SELECT jsonb_build_object({HEAD_NOW},
  'connection', jsonb_build_object('state', s.connection, 'note', s.connection_note,
    'since', s.connected_at, 'scopes', s.scopes),
  'metafields', s.metafields,
  'runs', (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.started_at DESC), '[]') FROM (
    SELECT id AS run, kind, status, started_at, finished_at, error,
      coalesce((stats ->> 'rows')::bigint, 0) AS rows,
      (SELECT coalesce(sum(size::bigint), 0) FROM jsonb_each_text(stats -> 'bytes') AS b (family, size)) AS bytes,
      coalesce((stats ->> 'cost_points')::float, 0) AS cost_points,
      coalesce((stats ->> 'requests')::bigint, 0) AS requests,
      coalesce((stats ->> 'set_aside')::bigint, 0) AS set_aside
    FROM xsight.sync_runs ORDER BY started_at DESC LIMIT 30) AS r),
  'completeness', (SELECT report || jsonb_build_object('run', run, 'state', state, 'checked_at', checked_at)
    FROM xsight.completeness ORDER BY checked_at DESC LIMIT 1))
FROM xsight.tenant_state s WHERE s.connection <> 'none' OR s.synced_at IS NOT NULL"""

# No rule and no member: a rule may hold what names a person, and the browser asks for both with the viewer's right.
_SEGMENTS = f"""
SELECT jsonb_build_object({HEAD_NOW},
  'totals', (SELECT body -> 'totals' FROM xsight.documents WHERE name = 'overview'
    ORDER BY data_version DESC LIMIT 1),
  'saved', (SELECT coalesce(jsonb_agg(to_jsonb(g) ORDER BY lower(g.name)), '[]') FROM (
    SELECT id, name, note, template, members, refreshed_at, trouble IS NOT NULL AS troubled,
      (SELECT net_minor FROM xsight.segment_sizes z WHERE z.segment_id = id ORDER BY day DESC LIMIT 1) AS net_minor,
      (SELECT coalesce(jsonb_agg(jsonb_build_array(date '1970-01-01' + day, members) ORDER BY day), '[]') FROM (
        SELECT z.day, z.members FROM xsight.segment_sizes z WHERE z.segment_id = segments.id
        ORDER BY z.day DESC LIMIT 90) AS last) AS sizes
    FROM xsight.segments) AS g))
FROM xsight.tenant_state s WHERE s.data_version > 0"""

_SETTINGS = f"""
SELECT jsonb_build_object({HEAD_NOW},
  'connection', jsonb_build_object('state', s.connection, 'note', s.connection_note,
    'since', s.connected_at, 'scopes', s.scopes, 'plan', s.plan))
FROM xsight.tenant_state s"""

_PUBLISHED = f"""
SELECT jsonb_build_object({HEAD_NOW},
  'publication', (SELECT jsonb_build_object('id', p.id, 'title', p.title, 'version', p.published)
    FROM xsight.publications p WHERE p.id::text = %(word)s AND p.published IS NOT NULL))
FROM xsight.tenant_state s"""

_ASKED: Final = {
    "published": _PUBLISHED,
    "sync": _SYNC,
    "segments": _SEGMENTS,
    "settings": _SETTINGS,
    "customers": CUSTOMERS,
    "customer": CUSTOMER,
    "orders": ORDERS,
    "products": PRODUCTS,
}
_LARGEST_ID: Final = 2**63 - 1


def query_of(name: str) -> str:
    """The statement that gives the document, one row of one column; it may take the parameters of `values_of`."""
    return _ASKED.get(name, _STORED)


def values_of(name: str, search: str) -> dict[str, Any]:
    """The statement's parameters: the page's name and, from the query of its address, what it is about; 0 is nobody."""
    text = parse_qs(search).get("id", [""])[0]
    known = text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID
    return {"name": name, "id": int(text) if known else 0, "word": text[:40].replace("\0", "")}
