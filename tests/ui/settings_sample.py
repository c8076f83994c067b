"""A document of the Settings page, and what the API answers to an owner of the store."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.ui.sync_sample import make_sync_document

__all__ = ["ANSWERS", "RIGHTS", "make_settings_document"]

NOW = datetime.now(UTC)
RIGHTS = [
    "user",
    "read",
    "sync",
    "connect",
    "lab",
    "store",
    "members",
    "tokens",
    "audit",
    "privacy",
]


def make_settings_document(**sync: Any) -> dict[str, Any]:
    """A connected store."""
    of_sync = make_sync_document(**sync)
    kept = ("data_version", "insight_run", "computed_at", "shop", "freshness")
    return {key: of_sync[key] for key in kept} | {
        "connection": of_sync["connection"] | {"plan": "Basic"}
    }


def _at(**ago: int) -> str:
    return (NOW - timedelta(**ago)).isoformat()


def _member(
    n: int, name: str, role: str, *, pii: bool = False, you: bool = False
) -> dict[str, Any]:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.com"
    return {"id": f"m{n}", "email": email, "name": name, "role": role, "pii": pii, "created_at": _at(days=30),
            "seen_at": None if n == 3 else _at(hours=n), "you": you}  # fmt: skip


ANSWERS: dict[str, Any] = {
    "/api/v1/analytics/runs": {"items": [{"as_of": "2026-11-22"}], "total": 1, "next_cursor": None},
    "/api/v1/members": {
        "members": [
            _member(1, "Ada Byron", "owner", pii=True, you=True),
            _member(2, "Grace Hopper", "analyst"),
            _member(3, "Maximiliane von Württemberg-Hohenlohe", "viewer"),
        ],
        "invitations": [
            {"id": "i1", "email": "zoe@example.com", "role": "marketer", "pii": True,
             "created_at": _at(days=1), "expires_at": _at(days=-6)},
        ],
    },
    "/api/v1/tokens": {
        "tokens": [
            {"id": "t1", "user_id": "m1", "email": "ada@example.com", "name": "Nightly export", "hint": "x7Qa",
             "scopes": ["export", "read"], "created_at": _at(days=9), "expires_at": _at(days=-81),
             "used_at": _at(hours=5)},
        ],
        "scopes": ["audit", "export", "members", "pii", "privacy", "read", "segments", "store", "sync"],
    },
    "/api/v1/alerts": {
        "items": [
            {"id": "a1", "name": "Sales fall", "metric": "net_sales", "unit": "money", "test": "falls", "bound": 0.2,
             "days": 7, "against": "previous_period", "least_orders": 20, "mail_to": ["m1"], "tell_hooks": False,
             "says": "", "state": "firing", "since": _at(hours=9), "value": 1_234_500, "before": 2_099_900,
             "judged_at": _at(minutes=12), "trouble": None},
            {"id": "a2", "name": "Too many returns", "metric": "return_rate", "unit": "ratio", "test": "above",
             "bound": 0.08, "days": 28, "against": None, "least_orders": 200, "mail_to": [], "tell_hooks": True,
             "says": "", "state": "unknown", "since": None, "value": None, "before": None,
             "judged_at": _at(minutes=12), "trouble": "120 orders in 28 days; the rule asks for 200."},
        ],
        "firing": 1,
    },
    "/api/v1/reports": {
        "items": [
            {"id": "p1", "page": "overview", "format": "pdf", "every": "week", "on": 0, "hour": 8, "user": "m1",
             "email": "ada@example.com", "next_at": _at(days=-2), "stopped": None, "last_state": "sent",
             "last_at": _at(days=5), "last_error": None},
            {"id": "p2", "page": "sync", "format": "html", "every": "day", "on": 0, "hour": 18, "user": "m2",
             "email": "grace@example.com", "next_at": None, "stopped": "Its reader does not want it any more.",
             "last_state": "failed", "last_at": _at(days=5),
             "last_error": "The mail server refused the message (550)."},
        ],
        "pages": [{"key": "overview", "title": "Overview"}, {"key": "sync", "title": "Sync"}],
        "mails": False,
    },
    "/api/v1/reports/p1/deliveries": {
        "items": [{"due_at": _at(days=5), "state": "sent", "attempts": 2, "error": None, "sent_at": _at(days=5),
                   "personal": True, "bytes": 48_112}]
    },
    "/api/v1/alerts/a1/events": {
        "items": [{"at": _at(hours=9), "state": "firing", "value": 1_234_500, "before": 2_099_900,
                   "until": "2026-11-21"}]
    },
    "/api/v1/analytics/metrics": {
        "items": [{"name": name, "unit": unit, "additive": True, "by_product": False, "definition": ""}
                  for name, unit in (("net_sales", "money"), ("orders", "count"), ("return_rate", "ratio"))],
        "total": 3,
    },
    "/api/v1/tenants/me/branding": {"name": None, "accent": None, "logo_version": None, "palette": {}},
    "/api/v1/audit": {
        "items": [
            {"seq": 60 - n, "at": _at(minutes=7 * n), "actor_kind": "user", "actor": "m1", "email": "ada@example.com",
             "action": "member.changed" if n % 3 else "export.created", "object": f"o{n}", "address": "127.0.0.1",
             "request_id": "r", "rows": None if n % 3 else 1200, "details": {"role": "viewer"} if n % 3 else {},
             "hash": "0"}
            for n in range(8)
        ],
        "total": 60,
        "next_cursor": "older",
    },
    "/api/v1/privacy/requests": {
        "items": [
            {"id": "w1", "topic": "customers/data_request", "status": "open", "customer_id": 7000000000001,
             "received_at": _at(days=3), "due_at": _at(days=-27), "days_left": 26, "overdue": False,
             "finished_at": None, "report": None},
            {"id": "w2", "topic": "customers/redact", "status": "done", "customer_id": None,
             "received_at": _at(days=40),
             "due_at": _at(days=10), "days_left": None, "overdue": False, "finished_at": _at(days=39),
             "report": {"left": 0, "files_searched": 12}},
        ],
        "open": 1,
        "overdue": 0,
    },
    "/api/auth/sessions": {
        "sessions": [
            {"id": "s1", "created_at": _at(hours=3), "seen_at": _at(minutes=1), "expires_at": _at(days=-9),
             "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36", "current": True},
            {"id": "s2", "created_at": _at(days=2), "seen_at": _at(days=1), "expires_at": _at(days=-9),
             "user_agent": "Mozilla/5.0 (iPhone) Safari/605", "current": False},
        ]
    },
}  # fmt: skip
