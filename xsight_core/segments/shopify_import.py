"""Shopify's query as a rule of ours: exactly, or refused by naming the attribute."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from xsight_core.segments.reading import InvalidRule, read_rule
from xsight_core.segments.rules import VERSION, Group
from xsight_core.segments.shopify_query import (
    Clause,
    Function,
    InvalidQuery,
    Joined,
    Offset,
    Query,
    Value,
    parse,
)

__all__ = ["CONTAINED", "PLAIN", "from_query"]

PLAIN: Final[dict[str, str]] = {
    "amount_spent": "shopify_spent",
    "number_of_orders": "shopify_orders",
    "first_order_date": "first_order",
    "last_order_date": "last_order",
    "customer_added_date": "created",
    "email_subscription_status": "email_consent",
    "sms_subscription_status": "sms_consent",
    "customer_account_status": "account",
    "rfm_group": "shopify_rfm",
    "predicted_spend_tier": "spend_tier",
    "customer_email_domain": "email_domain",
    "customer_language": "language",
}
"""Attributes with one value, by our field."""

CONTAINED: Final[dict[str, str]] = {
    "customer_tags": "tags",
    "customer_countries": "country",
    "customer_regions": "region",
    "customer_cities": "place",
}
"""Attributes with several values, by our field. Of a customer's places we hold the default address."""

_SIGNS: Final = {"=", "!=", "<", "<=", ">", ">="}
_ONLY_EQUAL: Final = {
    "email_subscription_status",
    "sms_subscription_status",
    "customer_account_status",
    "rfm_group",
    "predicted_spend_tier",
    "customer_email_domain",
    "customer_language",
}
_KM_PER_MILE: Final = 1.609344

_Json = dict[str, Any]


def from_query(text: str) -> Group:
    """The rule that finds the same customers; ``InvalidQuery`` names what we cannot answer."""
    node = _node(parse(text))
    rule = node if "rules" in node else _group("and", [node])
    try:
        return read_rule({"v": VERSION} | rule)
    except InvalidRule as wrong:
        raise InvalidQuery(f"{wrong} (at {wrong.field} of the rule it would be)") from wrong


def _node(query: Query) -> _Json:
    match query:
        case Joined():
            return _group(query.word.lower(), [_node(part) for part in query.parts])
        case Function():
            return _function(query)
        case Clause():
            return _clause(query)


def _group(word: str, rules: list[_Json], *, negated: bool = False) -> _Json:
    return {"combinator": word, "not": negated, "rules": rules}


def _rule(field: str, operator: str, value: Any = None) -> _Json:
    return {"field": field, "operator": operator, "value": value}


def _clause(clause: Clause) -> _Json:
    if clause.name in PLAIN:
        return _plain(clause)
    if clause.name in CONTAINED:
        return _contained(clause)
    if clause.name.startswith("metafields."):
        return _metafield(clause)
    if clause.name in _FUNCTIONS and clause.operator in {"NULL", "NOT NULL"}:
        return _function(Function(clause.name, negated=clause.operator == "NULL"))
    raise _unanswerable(clause.name)


def _unanswerable(name: str) -> InvalidQuery:
    return InvalidQuery(
        f"XSight cannot answer {name}: nothing it holds of this store says so.", name
    )


def _refused(clause: Clause, name: str = "") -> InvalidQuery:
    name = f"{name} ({clause.name})" if name else clause.name
    return InvalidQuery(f"{name} does not take {clause.operator} here.", clause.name)


def _plain(clause: Clause) -> _Json:
    field, operator = PLAIN[clause.name], clause.operator
    if operator in {"NULL", "NOT NULL"}:
        return _rule(field, "null" if operator == "NULL" else "notNull")
    several = clause.name in _ONLY_EQUAL
    if operator in {"IN", "NOT IN"} and several:
        return _rule(field, "in" if operator == "IN" else "notIn", _values(clause))
    if operator == "BETWEEN" and not several:
        return _rule(field, "between", _values(clause))
    if operator not in _SIGNS or (several and operator not in {"=", "!="}):
        raise _refused(clause)
    return _rule(field, operator, _values(clause)[0])


def _contained(clause: Clause) -> _Json:
    field, labels = CONTAINED[clause.name], clause.name == "customer_tags"
    operators = {
        "CONTAINS": "contains" if labels else "=",
        "NOT CONTAINS": "doesNotContain" if labels else "!=",
        "NULL": "null",
        "NOT NULL": "notNull",
    }
    if clause.operator not in operators:
        raise _refused(clause)
    value = _values(clause)[0] if clause.values else None
    return _rule(field, operators[clause.operator], value)


def _metafield(clause: Clause) -> _Json:
    key = clause.name.removeprefix("metafields.")
    if clause.operator not in _SIGNS | {"BETWEEN"}:
        raise _refused(clause)
    kind = _metafield_type(clause)
    values = _values(clause)
    n: Any = values if clause.operator == "BETWEEN" else values[0]
    told = {"key": key, "type": kind, "cmp": clause.operator.lower(), "n": n}
    return _rule("metafield", "matches", told)


def _metafield_type(clause: Clause) -> str:
    match clause.values[0]:
        case bool():
            return "flag"
        case int() | Decimal():
            return "number"
        case date() | Offset():
            return "date"
        case _:
            return "text"


def _values(clause: Clause) -> list[Any]:
    return [_value(value, clause.name) for value in clause.values]


def _value(value: Value, name: str) -> Any:
    match value:
        case datetime():
            raise InvalidQuery(f"XSight keeps days: {name} takes a day here, not a time.", name)
        case date():
            return value.isoformat()
        case Offset():
            return {"rel": value.text}
        case Decimal():
            return float(value)
        case _:
            return value


def _function(function: Function) -> _Json:
    if function.name not in _FUNCTIONS:
        raise _unanswerable(function.name)
    return _FUNCTIONS[function.name](function)


def _orders(function: Function) -> _Json:
    return _event(function, "orders", {"date": "date", "amount": "total"}, "sum_amount", "total")


def _products(function: Function) -> _Json:
    filters = {"date": "date", "id": "product", "tag": "product_tag"}
    return _event(function, "products", filters, "sum_quantity", "quantity")


def _event(function: Function, field: str, filters: dict[str, str], summed: str, of: str) -> _Json:
    where: list[_Json] = []
    asked: list[_Json] = []
    for one in function.parameters:
        if one.name in filters:
            where.append(_filter(one, filters[one.name], function.name))
        elif one.name in {"count", summed}:
            asked.append(_compared(one, function.name, None if one.name == "count" else of))
        else:
            raise _unanswerable(f"{function.name} ({one.name})")
    if where:
        among = {"where": _group("and", where)}
        asked = [one | among for one in asked] or [_ONE_OR_MORE | among]
    events = asked or [_ONE_OR_MORE]
    if len(events) == 1:
        return _rule(field, "doesNotMatch" if function.negated else "matches", events[0])
    rules = [_rule(field, "matches", event) for event in events]
    return _group("and", rules, negated=function.negated)


_ONE_OR_MORE: Final[_Json] = {"agg": "count", "cmp": ">=", "n": 1}


def _filter(clause: Clause, field: str, function: str) -> _Json:
    values, operator = _values(clause), clause.operator
    if field == "product_tag":
        if operator != "=":
            raise _refused(clause, function)
        return _rule(field, "contains", values[0])
    if operator in {"IN", "NOT IN"} and field == "product":
        return _rule(field, "in" if operator == "IN" else "notIn", values)
    if operator == "BETWEEN" and field != "product":
        return _rule(field, "between", values)
    if operator not in _SIGNS or (field == "product" and operator not in {"=", "!="}):
        raise _refused(clause, function)
    return _rule(field, operator, values[0])


def _compared(clause: Clause, function: str, of: str | None) -> _Json:
    """Refused where customers without any order would pass: the reference does not say whether Shopify counts them."""
    if clause.operator not in _SIGNS | {"BETWEEN"}:
        raise _refused(clause, function)
    values: list[Any] = _values(clause)
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        raise InvalidQuery(f"{function} ({clause.name}) takes a number.", clause.name)
    if _holds_of_nothing(clause.operator, values):
        raise InvalidQuery(
            f"{function} ({clause.name} {clause.operator} …) is true of nobody’s orders too, and Shopify does not say "
            "whether it then finds customers without any. Write NOT MATCHES with the opposite.",
            clause.name,
        )
    told: _Json = {"agg": "count" if of is None else "sum", "cmp": clause.operator.lower()}
    return told | {"n": values if len(values) > 1 else values[0]} | ({"of": of} if of else {})


def _holds_of_nothing(operator: str, values: list[Any]) -> bool:
    match operator:
        case "=":
            return values[0] == 0
        case "!=":
            return values[0] != 0
        case "BETWEEN":
            return values[0] <= 0 <= values[1]
        case "<" | "<=":
            return values[0] > 0 or (operator == "<=" and values[0] == 0)
        case _:
            return values[0] < 0 or (operator == ">=" and values[0] == 0)


_PLACE: Final = ("coordinates", "distance")


def _within(function: Function) -> _Json:
    told = {one.name: one for one in function.parameters}
    where, km, miles = (told.get(name) for name in ("coordinates", "distance_km", "distance_mi"))
    far = km or miles
    if (
        where is None
        or far is None
        or len(told) != len(_PLACE)
        or {where.operator, far.operator} - {"=", "<="}
    ):
        raise InvalidQuery(
            f"{function.name} takes coordinates = 'latitude,longitude' and distance_km or distance_mi.",
            function.name,
        )
    try:
        latitude, longitude = (float(part) for part in str(where.values[0]).split(","))
        distance = float(Decimal(str(far.values[0]))) * (1 if km else _KM_PER_MILE)
    except (ValueError, ArithmeticError):
        raise InvalidQuery(
            f"{function.name}: the place or distance is no number.", function.name
        ) from None
    value = {"latitude": latitude, "longitude": longitude, "km": distance}
    return _rule("distance", "doesNotMatch" if function.negated else "matches", value)


_FUNCTIONS: Final[dict[str, Callable[[Function], _Json]]] = {
    "orders_placed": _orders,
    "products_purchased": _products,
    "customer_within_distance": _within,
}
