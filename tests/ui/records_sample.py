"""Customers, orders and products as the API tells of them, and the documents of their pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.ui.sample import make_document

__all__ = ["api_of_customers", "customer_rows", "customers_document"]

TODAY = datetime(2026, 11, 22, 15, tzinfo=UTC)
FIRST_ID = 7_000_000_000_000
_NAMES = (
    "Grace Hopper",
    "Łukasz Żółć",
    "山田 花子",
    "Wolfeschlegelsteinhausenbergerdorff van der Meer-Schwarzenegger",
    "Omar Haddad",
    "Zoë Ångström",
    "Ivo",
)
_SEGMENTS = ("champions", "loyal", "at_risk", "new_customers", "hibernating")
_CONSENT = ("SUBSCRIBED", "NOT_SUBSCRIBED", None, "UNSUBSCRIBED")


def customer_rows(count: int = 260) -> list[dict[str, Any]]:
    """By net sales, the highest first; the last two never ordered."""
    return [_customer(n, scored=n < count - 2) for n in range(count)]


def _customer(n: int, *, scored: bool) -> dict[str, Any]:
    last = (TODAY - timedelta(days=3 + 7 * n % 400)).date()
    return {
        "id": FIRST_ID + n,
        "name": _NAMES[n % len(_NAMES)],
        "email": f"c{n}@example.com",
        "phone": None,
        "city": "Utrecht",
        "masked": False,
        "created_at": (TODAY - timedelta(days=500 + n)).isoformat(),
        "updated_at": TODAY.isoformat(),
        "country": ("NL", "US", None)[n % 3],
        "province": None,
        "state": "ENABLED",
        "tags": ["vip"] if n % 9 == 0 else [],
        "email_consent": _CONSENT[n % 4],
        "sms_consent": None,
        "scores": {
            "orders": 1 + (260 - n) // 8,
            "net_minor": 402_155 - 1_431 * n,
            "first_order_on": "2024-02-03",
            "last_order_on": last.isoformat(),
            "r": 5 - n % 5,
            "f": 4,
            "m": 3,
            "segment": _SEGMENTS[n % 5],
            "churn_90": None if n % 11 == 8 else round(n % 100 / 100, 2),
            "clv_365_minor": None if n % 11 == 8 else 90_000 - 300 * n,
            "next_order_on": (last + timedelta(days=44)).isoformat(),
        }
        if scored
        else None,
    }


def customers_document(**changes: Any) -> dict[str, Any]:
    """What the Customers page shows before the API is asked: no names."""
    stored = make_document()
    rows = [row | {"name": None} for row in customer_rows()[:40]]
    known = ("data_version", "insight_run", "computed_at", "shop", "freshness", "totals")
    return (
        {key: stored[key] for key in known}
        | {"segments": stored["rfm"]["segments"], "rows": rows}
        | changes
    )


def api_of_customers(rows: list[dict[str, Any]] | None = None, *, pii: bool = True) -> Any:
    """``GET /api/v1/customers``: the filters and sorts that the tests use, in pages."""
    everybody = customer_rows() if rows is None else rows

    def answer(query: dict[str, str]) -> dict[str, Any]:
        found = everybody
        if "ids" in query:
            found = [row for row in found if str(row["id"]) in query["ids"].split(",")]
        if segment := query.get("segment"):
            found = [row for row in found if (row["scores"] or {}).get("segment") == segment]
        if country := query.get("country"):
            found = [row for row in found if row["country"] == country]
        if least := query.get("orders_min"):
            found = [
                row for row in found if row["scores"] and row["scores"]["orders"] >= int(least)
            ]
        if query.get("sort") == "orders":
            found = found[::-1]
        start, limit = int(query.get("cursor", 0)), int(query.get("limit", 50))
        page = [row if pii else row | _MASKED for row in found[start : start + limit]]
        following = str(start + limit) if start + limit < len(found) else None
        return {"items": page, "total": len(found), "next_cursor": following}

    return answer


_MASKED = {"name": None, "email": None, "phone": None, "city": None, "masked": True}
