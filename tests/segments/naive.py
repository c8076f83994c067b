"""A second reading of rules, slow and by the letter: JSON and pandas, nothing of the product's.

It knows no tree, no registry and no SQL. What it says about a shop is what the language means.
"""

import calendar
import json
import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

EPOCH = date(1970, 1, 1)


class Naive:
    """One shop's rows, and the day it is."""

    def __init__(self, shop, today: date, zone: str, exponent: int = 2, segments=None) -> None:
        self.today, self.zone, self.exponent = today, ZoneInfo(zone), exponent
        self.segments, self.ranks = segments or {}, {}
        rows = shop.rows
        self.people = [
            c for c in rows["customers"] if c["deleted_at"] is None and c["merged_into"] is None
        ]
        self.pii = by(rows.get("customer_pii", []))
        self.traits, self.places = (
            by(rows.get("customer_traits", [])),
            by(rows.get("customer_places", [])),
        )
        self.scores = by(rows.get("customer_insights", []))
        self.metafields = {
            (m["customer_id"], m["key"]): m["value"] for m in rows.get("customer_metafields", [])
        }
        self.events = rows.get("segment_events", [])
        into = {c["id"]: c["merged_into"] for c in rows["customers"]}

        def final(customer):
            while into.get(customer) is not None:
                customer = into[customer]
            return customer

        today_number = (today - EPOCH).days
        counted = [
            o | {"customer": final(o["customer_id"])}
            for o in sorted(rows["orders"], key=lambda o: (o["day"], o["id"]))
            if o["customer_id"] is not None
            and not o["test"]
            and o["currency"] == "USD"
            and o["cancelled_at"] is None
            and o["deleted_at"] is None
            and o["day"] <= today_number
        ]
        self.orders: dict[int, list[dict[str, Any]]] = {}
        for order in counted:
            own = self.orders.setdefault(order["customer"], [])
            own.append(order | {"nth": len(own) + 1})
        self.lines: dict[int, list[dict[str, Any]]] = {}
        products = {p["id"]: p for p in rows["products"]}
        collections: dict[int, list[int]] = {}
        for one in rows.get("product_collections", []):
            collections.setdefault(one["product_id"], []).append(one["id"])
        of_order = {o["id"]: o for own in self.orders.values() for o in own}
        for line in rows.get("order_lines", []):
            order = of_order.get(line["order_id"])
            if order is not None:
                product = products.get(line["product_id"], {})
                self.lines.setdefault(order["customer"], []).append(
                    {
                        "order": order,
                        "line": line,
                        "product": product,
                        "collections": collections.get(line["product_id"], []),
                    }
                )

    def find(self, rule) -> set[int]:
        return {
            c["id"]
            for c in self.people
            if self.holds(rule, lambda name, c=c: self.of_customer(c, name), c["id"])
        }

    # ---------------------------------------------------------------- trees
    def holds(self, node, read, customer) -> bool:
        if "rules" in node:
            join = all if node["combinator"] == "and" else any
            return join(self.holds(rule, read, customer) for rule in node["rules"]) != node.get(
                "not", False
            )
        name, operator, value = node["field"], node["operator"], node.get("value")
        if name == "segment":
            inside = any(customer in self.find(self.segments[one]) for one in value)
            return inside == (operator == "in")
        if operator in {"matches", "doesNotMatch"}:
            return self.matches(name, value, customer) == (operator == "matches")
        if operator in {"topPercent", "bottomPercent", "topN", "bottomN", "decile", "percentile"}:
            return self.ranked(name, operator, value, customer)
        return compare(read(name), operator, value, self.unit(name))

    def unit(self, name):
        return lambda value: self.day(value) if is_date(value) else value

    def day(self, value) -> date:
        if isinstance(value, str):
            return date.fromisoformat(value)
        text, now = value["rel"], self.today
        named = {
            "today": now,
            "yesterday": now - timedelta(1),
            "tomorrow": now + timedelta(1),
            "start-of-week": now - timedelta(now.weekday()),
            "start-of-month": now.replace(day=1),
            "start-of-quarter": date(
                now.year,
                {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7, 9: 7}.get(now.month, 10),
                1,
            ),
            "start-of-year": date(now.year, 1, 1),
        }
        if text in named:
            return named[text]
        number, unit = int(text[:-1]), text[-1]
        if unit in "dw":
            return now + timedelta(number * (1 if unit == "d" else 7))
        later = pd.Timestamp(now) + pd.DateOffset(months=number * {"m": 1, "q": 3, "y": 12}[unit])
        assert later.day <= calendar.monthrange(later.year, later.month)[1]
        return later.date()

    # ---------------------------------------------------------------- values
    def of_customer(self, c, name):
        pii, own = self.pii.get(c["id"], {}), self.orders.get(c["id"], [])
        score, minor = self.scores.get(c["id"], {}), Decimal(10) ** self.exponent

        def total(column):
            return Decimal(sum(o[column] for o in own)) / minor

        def days(days):
            return None if days is None else EPOCH + timedelta(days)

        def money(value):
            return None if value is None else Decimal(value) / minor

        if name.startswith(("p_alive", "churn", "expected_orders")):
            return score.get(name)
        if name.startswith("clv_"):
            horizon, _, end = name.removeprefix("clv_").partition("_")
            return money(score.get(f"clv_{horizon}_minor" + (f"_{end}" if end else "")))
        if name.startswith("next_order"):
            return days(score.get(name.replace("next_order", "next_order_day")))
        gross, off, back = total("gross_minor"), total("discounts_minor"), total("returns_minor")
        first, last = (own[0], own[-1]) if own else (None, None)
        since = (self.today - days(last["day"])).days if own else None
        rhythm = self.rhythm(own) if name in {"rhythm", "overdue"} else None
        region = (
            None
            if c["country"] is None or c["province"] is None
            else f"{c['country']}-{c['province']}"
        )
        city = pii.get("city")
        return {
            "customer_id": c["id"],
            "tags": c["tags"],
            "email": pii.get("email"),
            "phone": pii.get("phone"),
            "first_name": pii.get("first_name"),
            "last_name": pii.get("last_name"),
            "city": city,
            "zip": pii.get("zip"),
            "email_domain": pii["email"].partition("@")[2] if pii.get("email") else None,
            "has_email": pii.get("email") is not None,
            "has_phone": pii.get("phone") is not None,
            "account": c["state"],
            "verified_email": c["verified_email"],
            "tax_exempt": c["tax_exempt"],
            "language": c["locale"],
            "created": c["created_at"].astimezone(self.zone).date(),
            "email_consent": c["email_consent"],
            "sms_consent": c["sms_consent"],
            "country": c["country"],
            "region": region,
            "place": None
            if region is None or city is None
            else f"{region}-{city.replace(' ', '')}",
            "orders_count": len(own),
            "gross": gross,
            "sales": gross - off,
            "net": gross - off - back,
            "discounts": off,
            "returns": back,
            "units": sum(o["units"] for o in own),
            "aov": (gross - off - back) / len(own) if own else None,
            "discount_share": float(off / gross) if gross else None,
            "refund_share": float(back / (gross - off)) if gross - off else None,
            "first_order": days(first["day"]) if own else None,
            "last_order": days(last["day"]) if own else None,
            "days_since_order": since,
            "rhythm": rhythm,
            "overdue": since / rhythm if rhythm else None,
            "first_channel": first["channel"] if own else None,
            "last_channel": last["channel"] if own else None,
            "shopify_orders": c["orders_count"] or 0,
            "shopify_spent": c["amount_spent"] or Decimal(0),
            "r": score.get("r"),
            "f": score.get("f"),
            "m": score.get("m"),
            "rfm_segment": score.get("segment"),
            "shopify_rfm": self.traits.get(c["id"], {}).get("rfm_group"),
            "spend_tier": self.traits.get(c["id"], {}).get("spend_tier"),
        }[name]

    def rhythm(self, own):
        gaps = pd.Series(sorted({o["day"] for o in own}), dtype="float64").diff().dropna()
        return None if gaps.empty else float(gaps.median())

    def of_order(self, o, name):
        minor = Decimal(10) ** self.exponent
        if name in {"gross", "discounts", "returns", "net"}:
            return Decimal(o[f"{name}_minor"]) / minor
        if name == "date":
            return EPOCH + timedelta(o["day"])
        if name == "discount_code":
            return o["discount_codes"][0] if o["discount_codes"] else None
        return o[name]

    def of_line(self, line, name):
        own, product = line["line"], line["product"]
        known = {
            "product": own["product_id"],
            "variant": own["variant_id"],
            "quantity": own["quantity"],
            "line_net": Decimal(own["net_minor"]) / 100,
            "title": product.get("title"),
            "vendor": product.get("vendor"),
            "type": product.get("product_type"),
            "product_tag": product.get("tags", []),
            "collection": line["collections"],
        }
        return known[name] if name in known else self.of_order(line["order"], name)

    # ---------------------------------------------------------------- our own operators
    def matches(self, name, value, customer) -> bool:
        if name in {"entered", "left"}:
            since = (self.day(value["since"]) - EPOCH).days
            return any(
                e["customer_id"] == customer
                and str(e["segment_id"]) == value["segment"]
                and e["entered"] == (name == "entered")
                and e["day"] >= since
                for e in self.events
            )
        if name == "distance":
            place = self.places.get(customer)
            return place is not None and kilometres(place, value) <= value["km"]
        if name == "metafield":
            return self.metafield(value, customer)
        return self.event(name, value, customer)

    def metafield(self, value, customer) -> bool:
        text = self.metafields.get((customer, value["key"]))
        read = None
        if text is not None and value["type"] == "number":
            read = Decimal(text) if text.replace(".", "").isdigit() else None
        elif text is not None and value["type"] == "flag":
            read = {"true": True, "false": False}.get(text)
        elif text is not None and value["type"] == "date":
            read = text if text[:4].isdigit() and text[4:5] == "-" else None
            n = value["n"] if isinstance(value["n"], list) else [value["n"]]
            n = [self.day(one).isoformat() for one in n]
            return compare(read, value["cmp"], n if len(n) > 1 else n[0], lambda one: one)
        else:
            read = text
        return compare(read, value["cmp"], value["n"], lambda one: one)

    def event(self, name, value, customer) -> bool:
        events = (self.orders if name == "orders" else self.lines).get(customer, [])
        of = self.of_order if name == "orders" else self.of_line
        window = value.get("window", {})
        if "from" in window:
            events = [e for e in events if of(e, "date") >= self.day(window["from"])]
        if "to" in window:
            events = [e for e in events if of(e, "date") <= self.day(window["to"])]
        if "where" in value:
            events = [
                e
                for e in events
                if self.holds(value["where"], lambda field, e=e: of(e, field), None)
            ]
        aggregate, days = value["agg"], [of(e, "date") for e in events]
        numbers = [of(e, value["of"]) for e in events] if "of" in value else []
        result: Any = {
            "count": lambda: (
                len({e["order"]["id"] for e in events}) if name == "products" else len(events)
            ),
            "sum": lambda: sum(numbers),
            "avg": lambda: sum(numbers) / len(numbers) if numbers else None,
            "min": lambda: min(numbers, default=None),
            "max": lambda: max(numbers, default=None),
            "first": lambda: min(days, default=None),
            "last": lambda: max(days, default=None),
            "daysSince": lambda: (self.today - max(days)).days if days else None,
        }[aggregate]()
        return compare(result, value["cmp"], value["n"], self.unit(None))

    def ranked(self, name, operator, value, customer) -> bool:
        key = json.dumps([name, operator, value], sort_keys=True)
        if key not in self.ranks:
            self.ranks[key] = self.rank(name, operator, value)
        return self.ranks[key](customer)

    def rank(self, name, operator, value):
        n, within = (value["n"], value.get("within")) if isinstance(value, dict) else (value, None)
        base = self.find(within) if within is not None else {c["id"] for c in self.people}
        values = pd.Series(
            {c["id"]: self.of_customer(c, name) for c in self.people if c["id"] in base},
            dtype=object,
        ).dropna()
        values = pd.to_numeric(values.map(float))
        below, up_to, size = values.rank(method="min") - 1, values.rank(method="max"), len(values)
        middle = 100 * (below + up_to) / max(2 * size, 1)
        who = {
            "topPercent": lambda: (size - up_to) * 100 < n * size,
            "bottomPercent": lambda: below * 100 < n * size,
            "topN": lambda: size - up_to < n,
            "bottomN": lambda: below < n,
            "decile": lambda: (1 + 10 * (below + up_to) // max(2 * size, 1)).isin(n),
            "percentile": lambda: (middle >= n[0]) & (middle <= n[1]),
        }[operator]()
        found = set(who.index[who])
        return lambda customer: customer in found


def by(rows):
    return {row["customer_id"]: row for row in rows}


def is_date(value) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, str) and len(value) == 10 and value[4:5] == "-" and value[:4].isdigit()
    )


def compare(have, operator, value, unit) -> bool:
    """What an operator says of a value; nothing but the negated ones holds of a missing one."""
    opposite = {
        "!=": "=",
        "notIn": "in",
        "notBetween": "between",
        "doesNotContain": "contains",
        "notNull": "null",
        "doesNotBeginWith": "beginsWith",
        "doesNotEndWith": "endsWith",
        "notAll": "all",
    }
    if operator in opposite:
        return not compare(have, opposite[operator], value, unit)
    if operator == "null":
        return have is None or have == []
    if have is None:
        return False

    def same(one):
        if isinstance(have, float) and not isinstance(one, bool) and isinstance(one, int | float):
            return float(one)
        if isinstance(have, Decimal) and isinstance(one, int | float):
            return Decimal(str(one))
        return one.casefold() if isinstance(one, str) else unit(one)

    if isinstance(have, date):
        wanted = [unit(one) for one in (value if isinstance(value, list) else [value])]
    else:
        wanted = [same(one) for one in (value if isinstance(value, list) else [value])]
    if isinstance(have, list):
        labels = [one.casefold() if isinstance(one, str) else one for one in have]
        return {
            "contains": lambda: wanted[0] in labels,
            "in": lambda: any(w in labels for w in wanted),
            "all": lambda: all(w in labels for w in wanted),
            "beginsWith": lambda: any(x.startswith(wanted[0]) for x in labels),
        }[operator]()
    have = have.casefold() if isinstance(have, str) else have
    return {
        "=": lambda: have == wanted[0],
        "<": lambda: have < wanted[0],
        "<=": lambda: have <= wanted[0],
        ">": lambda: have > wanted[0],
        ">=": lambda: have >= wanted[0],
        "in": lambda: have in wanted,
        "between": lambda: wanted[0] <= have <= wanted[1],
        "contains": lambda: wanted[0] in have,
        "beginsWith": lambda: have.startswith(wanted[0]),
        "endsWith": lambda: have.endswith(wanted[0]),
    }[operator]()


def kilometres(place, circle) -> float:
    """The spherical law of cosines: another formula than the product's."""
    a, b = math.radians(place["latitude"]), math.radians(circle["latitude"])
    across = math.radians(place["longitude"] - circle["longitude"])
    return 6371.0088 * math.acos(
        min(1.0, math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(across))
    )
