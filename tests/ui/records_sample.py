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


def customer_document(place: int = 3, **changes: Any) -> dict[str, Any]:
    """What the page of one customer shows before the API is asked."""
    stored = make_document()
    known = ("data_version", "insight_run", "computed_at", "shop", "freshness")
    person = _customer(place, scored=True) | {"name": None}
    person["scores"] |= SCORES
    person |= {
        "refunds": {"orders": 1, "returns_minor": 4_200},
        "memberships": [{"id": "s1", "name": "Bought twice in spring", "members": 812}],
    }
    return (
        {key: stored[key] for key in known}
        | {
            "segments": stored["rfm"]["segments"],
            "evidence": {"churn": stored["churn"], "clv": stored["clv"]},
            "customer": person,
        }
        | changes
    )


SCORES = {
    "churn_90": 0.73,
    "p_alive": 0.61,
    "p_alive_low": 0.52,
    "p_alive_high": 0.7,
    "expected_orders_365": 2.34,
    "expected_orders_365_low": 1.8,
    "expected_orders_365_high": 2.9,
    "clv_365_minor_low": 60_100,
    "clv_365_minor_high": 120_000,
    "p_order_365": 0.71,
    "next_order_on_low": "2026-12-01",
    "next_order_on_high": "2027-05-03",
}
REASONS = ["Last order 143 days ago; usually every 40.", "Two of the last three were returned."]


def order_rows(count: int = 120) -> list[dict[str, Any]]:
    """The newest first; every ninth a guest's, every eleventh cancelled."""
    return [
        {
            "id": 5_000_000_000_000 - n,
            "name": f"#{2400 - n}",
            "customer_id": None if n % 9 == 5 else FIRST_ID + n % 30,
            "processed_at": (TODAY - timedelta(hours=7 * n)).isoformat(),
            "units": 1 + n % 4,
            "gross": "130.00",
            "discounts": "5.50",
            "tax": "12.00",
            "shipping": "4.90",
            "total": f"{100 + n}.40",
            "net_minor": 10_000 + 100 * n,
            "refunded": "12.00" if n % 7 == 3 else "0.00",
            "financial_status": ("PAID", "PARTIALLY_REFUNDED", "PENDING")[n % 3],
            "fulfillment_status": ("FULFILLED", "UNFULFILLED")[n % 2],
            "cancelled_at": TODAY.isoformat() if n % 11 == 10 else None,
            "test": False,
        }
        for n in range(count)
    ]


def orders_document() -> dict[str, Any]:
    """What the Orders page shows before the API is asked."""
    stored = make_document()
    known = ("data_version", "insight_run", "computed_at", "shop", "freshness")
    return {key: stored[key] for key in known} | {"rows": order_rows(40)}


def api_of_orders(query: dict[str, str]) -> dict[str, Any]:
    """``GET /api/v1/orders``."""
    rows = order_rows()
    start, limit = int(query.get("cursor", 0)), int(query.get("limit", 50))
    totals = {
        "orders": 120,
        "counted": 110,
        "gross_minor": 1_560_000,
        "discounts_minor": 66_000,
        "returns_minor": 40_100,
        "net_minor": 1_453_900,
    }
    following = str(start + limit) if start + limit < len(rows) else None
    page = {"items": rows[start : start + limit], "total": len(rows), "next_cursor": following}
    return page | ({"totals": totals} if "totals" in query else {})


def order_detail() -> dict[str, Any]:
    """``GET /api/v1/orders/{id}`` of the newest."""
    line = {
        "id": 1,
        "title": "Watering can",
        "variant_title": "Green",
        "sku": "WC-1",
        "quantity": 2,
    }
    line |= {"current_quantity": 1, "unit_price": "65.00", "discounts": "5.50", "net": "124.50"}
    return {
        "order": order_rows(1)[0],
        "email": "c0@example.com",
        "masked": False,
        "lines": [line],
        "discounts": [{"kind": "code", "code": "SPRING", "title": None}],
        "refunds": [{"id": 1, "created_at": TODAY.isoformat(), "total": "12.00"}],
    }


def story() -> dict[str, Any]:
    """``GET /api/v1/customers/{id}/timeline``."""
    at = TODAY.isoformat()
    money = {"name": "#2400", "total": "100.40", "currency": "USD"}
    score = {"segment": "at_risk", "was": "loyal", "r": 2, "f": 4, "m": 3, "churn_90": 0.73}
    items = [
        {
            "at": at,
            "kind": "order",
            "id": "1",
            "facts": money | {"cancelled": False, "test": False},
        },
        {"at": at, "kind": "refund", "id": "2", "facts": money},
        {"at": at, "kind": "score", "id": "3", "facts": score},
        {"at": at, "kind": "segment", "id": "4", "facts": {"name": "VIP", "entered": True}},
        {"at": at, "kind": "webhook", "id": "5", "facts": {"topic": "customers/update"}},
    ]
    return {"items": items, "next_cursor": None}


def furnish(site: Any, *, pii: bool = True) -> None:
    """Give the stand-in what these pages ask for."""
    one = _customer(3, scored=True)
    one["scores"] |= {"reasons": REASONS, "action_text": "Write to them within the week."}
    site.documents |= {
        "customers": customers_document(),
        "customer": customer_document(),
        "orders": orders_document(),
    }
    site.answers |= {
        "/api/v1/customers": api_of_customers(pii=pii),
        f"/api/v1/customers/{one['id']}": one if pii else one | _MASKED,
        f"/api/v1/customers/{one['id']}/timeline": story(),
        "/api/v1/orders": api_of_orders,
        "/api/v1/orders/5000000000000": order_detail(),
        "/api/v1/views": {"items": []},
    }
