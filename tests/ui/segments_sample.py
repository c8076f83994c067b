"""What the Segments page is painted from and what the API answers it, in small."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.ui.sample import make_document
from xsight_core.segments import Basis
from xsight_core.segments.builder import builder

__all__ = ["EVERY_EDITOR", "IDS", "answers", "make_segments_document"]

NOW = datetime(2026, 11, 22, 10, 42, 11, tzinfo=UTC)
IDS = [f"0193c0de-0000-7000-8000-00000000010{n}" for n in range(3)]
NAMES = ("Champions", "Läuft aus <b>& mehr</b>", "山田のお客様")


def _rule(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def _where(*rules: Any, joined: str = "and") -> dict[str, Any]:
    return {"combinator": joined, "not": False, "rules": list(rules)}


OFTEN = {"v": 1} | _where(_rule("orders_count", ">=", 5))
_BIRTHDAYS = [{"rel": "start-of-month"}, {"rel": "+30d"}]
_METAFIELD = {"key": "facts.birth_date", "type": "date", "cmp": "between", "n": _BIRTHDAYS}
_BOUGHT = {
    "agg": "sum",
    "of": "line_net",
    "cmp": ">=",
    "n": 30,
    "window": {"from": {"rel": "-6m"}},
    "where": _where(_rule("vendor", "=", "Acme"), _rule("product_tag", "in", ["sale"])),
}
EVERY_EDITOR = {"v": 1} | _where(
    _rule("net", "between", [50, 199.5]),
    _rule("discount_share", ">=", 0.2),
    _rule("last_order", "between", ["2026-01-01", {"rel": "-30d"}]),
    _rule("has_email", "=", True),
    _rule("email_consent", "in", ["SUBSCRIBED", "PENDING"]),
    _rule("country", "notNull", None),
    _rule("net", "topN", {"n": 100, "within": _where(_rule("country", "=", "US"))}),
    _rule("clv_365", "decile", [9, 10]),
    _rule("aov", "percentile", [40, 60]),
    _rule("segment", "notIn", [IDS[1]]),
    _rule("entered", "matches", {"segment": IDS[1], "since": {"rel": "-7d"}}),
    _rule("distance", "matches", {"latitude": 52.52, "longitude": 13.405, "km": 25}),
    _rule("metafield", "matches", _METAFIELD),
    _where(
        _rule("products", "doesNotMatch", _BOUGHT),
        joined="or",
    ),
)  # fmt: skip
"""One condition for each editor that there is."""


def make_segments_document(count: int = 3) -> dict[str, Any]:
    """A shop with so many saved segments."""
    document = make_document(days=60)
    keys = ("data_version", "insight_run", "computed_at", "shop", "freshness", "totals")
    days = [date(2026, 11, 22) - timedelta(days=back) for back in range(20, -1, -1)]
    sizes = [[str(day), 1000 + 7 * i] for i, day in enumerate(days)]
    items = [
        {
            "id": IDS[n],
            "name": NAMES[n],
            "note": "",
            "template": None,
            "members": 1234 * n,
            "refreshed_at": NOW.isoformat() if n < 2 else None,
            "troubled": n == 1,
            "net_minor": 7_654_321 * n,
            "sizes": sizes if n < 2 else [],
        }
        for n in range(count)
    ]  # fmt: skip
    return {key: document[key] for key in keys} | {"saved": items}


def _saved(n: int) -> dict[str, Any]:
    return {
        "id": IDS[n],
        "name": NAMES[n],
        "note": "",
        "template": None,
        "rule": OFTEN,
        "sentence": "Customers where orders is at least 5.",
        "masked": False,
        "members": 1234 * n,
        "created_at": NOW.isoformat(),
        "updated_at": NOW.isoformat(),
        "refreshed_at": NOW.isoformat(),
        "trouble": {"field": "rule.v", "message": "Version 99 is not known."} if n == 1 else None,
    }


def answers(rule: dict[str, Any] = OFTEN) -> dict[str, Any]:
    """By path."""
    fields = builder(Basis(0), personal=True)
    measure = {"treated": 5120.5, "held": 4380.0, "lift": 740.5, "low": 120.0, "high": 1361.0}
    action = {
        "id": IDS[2],
        "segment_id": IDS[0],
        "kind": "tags",
        "state": "done",
        "tag": "letter",
        "held_out": 0.1,
        "seed": 1,
        "day": "2026-09-01",
        "error": None,
        "created_at": NOW.isoformat(),
        "ended_at": NOW.isoformat(),
        "changes": {"waiting": 0, "done": 1111, "failed": 0, "undone": 0},
    }
    mine = f"/api/v1/segments/{IDS[0]}"
    return {
        "/api/v1/segments": {"items": [_saved(n) for n in range(3)], "total": 3},
        "/api/v1/segments/library": {
            "items": [
                {
                    "key": f"t{n}",
                    "group": "loyalty" if n < 3 else "risk",
                    "name": f"Ready {n}",
                    "purpose": "Bought last, most often and for most.",
                    "action": "Early access, a thank-you.",
                    "rule": None if n == 1 else OFTEN,
                    "sentence": "Customers where orders is at least 5.",
                    "customers": None if n == 1 else 12 * n,
                }
                for n in range(5)
            ]
        },
        "/api/v1/segments/fields": fields
        | {
            "choices": {
                "customer": {"country": [{"name": "US", "label": "US"}]},
                "products": {"vendor": [{"name": "Acme", "label": "Acme"}]},
            },
            "currency_exponent": 2,
        },
        "/api/v1/segments/preview": {
            "customers": 321,
            "of": 1234,
            "share": 321 / 1234,
            "net_minor": 7_654_321,
            "net_share": 0.4,
            "funnel": [{"path": f"rules[{n}]", "customers": 900 - n} for n in range(14)],
            "sample": [7_000_000_000_000 + n for n in range(5)],
            "rule": rule,
            "sentence": "Customers where orders is at least 5.",
            "as_of": "2026-11-22",
            "data_version": 1,
            "milliseconds": 1.5,
        },
        "/api/v1/segments/course": {
            "points": [
                {"day": f"2026-{month:02}-22", "customers": 40 * month} for month in range(5, 12)
            ],
            "as_today": ["Tags"],
            "reason": None,
        },
        mine: _saved(0) | {"rule": rule},
        f"{mine}/sizes": {
            "items": [
                {"day": f"2026-11-{day:02}", "members": 100 + day, "net_minor": 10_000 * day}
                for day in range(1, 23)
            ]
        },
        f"{mine}/members": {
            "items": [7_000_000_000_000 + n for n in range(7)],
            "total": 1234,
            "next_cursor": "7",
            "on": "2026-11-22",
        },
        f"{mine}/moves": {
            "days": [{"day": "2026-11-21", "entered": 2, "left": 1}],
            "newest": [
                {"customer": 7_000_000_000_000 + n, "entered": n != 1, "at": NOW.isoformat()}
                for n in range(3)
            ],
        },
        f"{mine}/actions": {"items": [action, action | {"id": IDS[1], "kind": "export", "tag": None, "held_out": 0.0}]},
        f"/api/v1/actions/{IDS[2]}/lift": {
            "since": "2026-09-01",
            "until": "2026-11-22",
            "treated": {"customers": 1111, "orders": 700, "net_minor": 5_688_875},
            "held": {"customers": 123, "orders": 60, "net_minor": 538_740},
            "orders": measure,
            "net_minor": measure,
        },
        f"{mine}/sample-size": {
            "customers": 1234,
            "mean_minor": 5000.0,
            "deviation_minor": 9000.0,
            "effect_minor": 500.0,
            "needed": 28_000,
            "smallest_minor": 2400.0,
            "enough": False,
        },
        "/api/v1/segments/overlap": {
            "customers": [1234, 2468],
            "only": [234, 1468],
            "both": [[1234, 1000], [1000, 2468]],
            "jaccard": [[1.0, 0.37], [0.37, 1.0]],
            "data_version": 1,
        },
    }  # fmt: skip
