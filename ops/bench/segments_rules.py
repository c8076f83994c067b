"""Twenty typical rules, each as XSight reads it and as DuckDB's SQL over native tables; their counts must agree."""

from typing import Any, Final

__all__ = ["RULES", "TABLES"]

TABLES: Final = """
CREATE TABLE facts AS SELECT customer, count(*) AS orders, sum(net) AS net, sum(discounts) AS discounts,
  min(day) AS first_day, max(day) AS last_day FROM o GROUP BY customer;
CREATE TABLE rhythms AS SELECT customer, median(gap) AS rhythm FROM (
  SELECT customer, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM
  (SELECT DISTINCT customer, day FROM o)) WHERE gap IS NOT NULL GROUP BY customer;
CREATE TABLE c AS SELECT p.*, f.orders, f.net, f.discounts, f.first_day, f.last_day, f.net / f.orders AS aov,
  r.rhythm, ({today} - f.last_day) / r.rhythm AS overdue
  FROM p JOIN facts f USING (customer) LEFT JOIN rhythms r USING (customer) ORDER BY customer;
"""

_Json = dict[str, Any]


def _r(field: str, operator: str, value: Any = None) -> _Json:
    return {"field": field, "operator": operator, "value": value}


def _all(*rules: _Json, negated: bool = False) -> _Json:
    return {"combinator": "and", "not": negated, "rules": list(rules)}


def _any(*rules: _Json) -> _Json:
    return {"combinator": "or", "rules": list(rules)}


def _ago(days: int) -> _Json:
    return {"rel": f"-{days}d"}


def _orders(cmp: str, n: Any, since: int, until: int | None = None, **more: Any) -> _Json:
    window = {"from": _ago(since)} | ({} if until is None else {"to": _ago(until)})
    return _r("orders", "matches", {"agg": "count", "cmp": cmp, "n": n, "window": window} | more)


def _bought(*where: _Json, operator: str = "matches", **more: Any) -> _Json:
    return _r(
        "products", operator, {"agg": "count", "cmp": ">=", "n": 1, "where": _all(*where)} | more
    )


def _in_window(condition: str, since: int, until: int = 0, what: str = "count(*)") -> str:
    return (
        f"customer IN (SELECT customer FROM o WHERE day BETWEEN {{today}} - {since} AND {{today}} - {until} "  # noqa: S608
        f"GROUP BY customer HAVING {what} {condition})"
    )


def _ranked(order: str, condition: str) -> str:
    return (
        "customer IN (SELECT customer FROM (SELECT customer, "  # noqa: S608 - ours
        f"rank() OVER (ORDER BY {order}) AS r, count(*) OVER () AS n FROM c) WHERE {condition})"
    )


RULES: Final[tuple[tuple[str, _Json, str], ...]] = (
    ("repeat buyers", _all(_r("orders_count", ">=", 3)), "orders >= 3"),
    ("middle spenders", _all(_r("net", "between", [100, 500])), "net BETWEEN 10000 AND 50000"),
    (
        "reachable in North America",
        _all(_r("country", "in", ["US", "CA"]), _r("email_consent", "=", "SUBSCRIBED")),
        "country IN ('US', 'CA') AND consent = 'SUBSCRIBED'",
    ),
    ("tagged", _all(_r("tags", "contains", "vip")), "vip"),
    (
        "lapsed",
        _all(_r("last_order", "<", _ago(180)), _r("orders_count", ">=", 2)),
        "last_day < {today} - 180 AND orders >= 2",
    ),
    ("new", _all(_r("first_order", ">=", _ago(90))), "first_day >= {today} - 90"),
    (
        "at risk",
        _all(_r("rfm_segment", "in", ["at_risk", "cannot_lose"])),
        "segment IN ('at_risk', 'cannot_lose')",
    ),
    (
        "leaving and worth it",
        _all(_r("churn_90", ">", 0.6), _r("clv_365", ">", 100)),
        "churn_90 > 0.6 AND clv_365_minor > 10000",
    ),
    ("overdue", _all(_r("overdue", ">", 2)), "overdue > 2"),
    (
        "top tenth by sales",
        _all(_r("net", "topPercent", 10)),
        _ranked("net DESC", "(r - 1) * 100 < 10 * n"),
    ),
    (
        "ten thousand of most value",
        _all(_r("clv_365", "topN", 10_000)),
        _ranked("clv_365_minor DESC", "r <= 10000"),
    ),
    (
        "lowest quarter by average order",
        _all(_r("aov", "bottomPercent", 25)),
        _ranked("aov", "(r - 1) * 100 < 25 * n"),
    ),
    ("twice in 90 days", _all(_orders(">=", 2, 90)), _in_window(">= 2", 90)),
    ("thrice in a year", _all(_orders(">=", 3, 365)), _in_window(">= 3", 365)),
    (
        "spent in half a year",
        _all(_orders(">", 300, 180, agg="sum", of="net")),
        _in_window("> 30000", 180, what="sum(net)"),
    ),
    (
        "bought before, not since",
        _all(_orders(">=", 1, 365, 181), _orders("=", 0, 180)),
        _in_window(">= 1", 365, 181) + " AND NOT " + _in_window(">= 1", 180),
    ),
    (
        "bought a product",
        _all(_bought(_r("product", "=", 41))),
        "customer IN (SELECT customer FROM l WHERE product = 41)",
    ),
    (
        "bought a vendor's within a year",
        _all(_bought(_r("vendor", "=", "Vendor 7"), window={"from": _ago(365)})),
        "customer IN (SELECT customer FROM l WHERE vendor = 'Vendor 7' AND day >= {today} - 365)",
    ),
    (
        "never bought a type",
        _all(
            _bought(_r("type", "=", "Type 3"), operator="doesNotMatch"),
            _r("orders_count", ">=", 2),
        ),
        "orders >= 2 AND customer NOT IN (SELECT customer FROM l WHERE type = 'Type 3')",
    ),
    (
        "nested",
        _all(
            _any(_all(_r("country", "=", "US"), _r("net", ">", 300)), _r("orders_count", ">=", 8)),
            _all(_r("tags", "contains", "vip"), negated=True),
        ),
        "((country = 'US' AND net > 30000) OR orders >= 8) AND NOT vip",
    ),
)
