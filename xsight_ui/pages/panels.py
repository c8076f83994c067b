"""Panels made from the parts of an insight document. Pure functions: a part of the document in, JSON out."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, takewhile
from typing import Any

from xsight_ui.pages.cells import cell

__all__ = [
    "churn",
    "cohorts",
    "kpis",
    "lifetime_value",
    "rfm_grid",
    "segments",
    "stack",
    "top_customers",
    "trend",
]

Part = Mapping[str, Any]
Panel = dict[str, Any]
Matrix = Sequence[Sequence[int | None]]

COHORTS_SHOWN = 12

SEGMENT_TONES = {
    "champions": "best",
    "loyal": "best",
    "potential_loyalists": "good",
    "new_customers": "good",
    "promising": "good",
    "need_attention": "mid",
    "about_to_sleep": "mid",
    "at_risk": "warn",
    "cannot_lose": "warn",
    "hibernating": "low",
    "lost": "low",
}
"""Five tones, best to lowest, so that colour says how alive a segment is. Unknown names are shown as `mid`."""

_GUESTS_ONLY = {
    "name": "empty",
    "title": "No orders yet",
    "text": "This fills in with the first order of your store.",
}

_SHOWN = frozenset({"ok", "unproven"})
"""States of a prediction that may be seen; the others say why not."""

_LEARNS = "The model learns from customers who came back. It starts by itself once there is enough."

_KPI_CELL = cell("""
    days = dict(since="{since}", until="{until}"{where})
    names = ["net_sales", "orders", "aov", "new_customers"]
    figures = pd.Series({name: shop.metric(name, **days).attrs["total"] for name in names})
    new = shop.metric("new_customers", "day", **days).sum()
    returning = shop.metric("returning_customers", "day", **days).sum()
    figures["returning_share"] = returning / (new + returning) if new + returning else None
    figures
""")

_CHURN_CELL = cell("""
    churn = shop.scores()["churn_90"]
    bands = (churn * 10).astype(int).clip(upper=9)
    bands.value_counts().reindex(range(10), fill_value=0).rename_axis("chance, tenths")
""")

_VALUE_CELL = cell("""
    value = shop.scores()["clv_365"]
    pd.Series({"total": value.sum(), "per customer": value.mean()})
""")


def kpis(metrics: Sequence[Part]) -> Panel:
    """Headline numbers of the chosen period, each with its change and its course."""
    return {
        "kind": "kpis",
        "title": "Key figures",
        "metrics": [dict(metric) for metric in metrics],
        "cell": _KPI_CELL,
    }


def trend(metric: Part) -> Panel:
    """One measure over the chosen period, with the period before it."""
    return {
        "kind": "trend",
        "title": metric["label"],
        "subtitle": "Over the chosen period",
        "definition": metric["definition"],
        "metric": dict(metric),
        "height": 286,
        "cell": cell(
            f'shop.metric("{metric["key"]}", "day", since="{{since}}", until="{{until}}"{{where}})'
        ),
    }


def stack(title: str, definition: str, fields: Sequence[tuple[str, str]]) -> Panel:
    """Daily counts that add up, e.g. new and returning customers."""
    return {
        "kind": "stack",
        "title": title,
        "subtitle": "Customers who ordered",
        "definition": definition,
        "fields": [{"field": field, "label": label} for field, label in fields],
        "height": 286,
        "cell": _stack_cell(fields),
    }


def segments(rfm: Part) -> Panel:
    """Customers and their revenue by segment, in the document's order."""
    found = rfm["segments"]
    customers = sum(segment["customers"] for segment in found)
    revenue_minor = sum(segment["revenue_minor"] for segment in found)
    items = [
        {
            "key": segment["key"],
            "name": segment["name"],
            "customers": segment["customers"],
            "share": _share(segment["customers"], customers),
            "revenue_minor": segment["revenue_minor"],
            "revenue_share": _share(segment["revenue_minor"], revenue_minor),
            "action": segment["action"],
            "tone": SEGMENT_TONES.get(segment["key"], "mid"),
        }
        for segment in found
    ]
    panel = {
        "kind": "segments",
        "title": "Customer segments",
        "subtitle": "Who your customers are today",
        "definition": "Every customer with an order gets 1 to 5 points for recency, frequency and money; equal "
        "customers always get equal points. The three scores name one of eleven segments.",
        "as_of": rfm.get("as_of"),
        "items": items,
        "height": 430,
        "cell": cell("shop.segments()"),
    }
    return panel if customers else panel | {"state": _GUESTS_ONLY}


def rfm_grid(rfm: Part) -> Panel:
    """How many customers have each pair of recency and frequency scores."""
    flat = [cell for row in rfm["grid"] for cell in row]
    total = sum(flat)
    panel = {
        "kind": "rfm_grid",
        "title": "Recency and frequency",
        "subtitle": "Customers by score, 5 is best",
        "definition": "Recency: how lately a customer ordered. Frequency: how often. "
        "Top right are your best customers, bottom right the good ones you are losing.",
        "cells": [flat[start : start + 5] for start in range(0, len(flat), 5)],
        "total": total,
        "height": 430,
        "cell": cell('shop.rfm().groupby(["r", "f"]).size().unstack(fill_value=0)'),
    }
    return panel if total else panel | {"state": _GUESTS_ONLY}


def cohorts(part: Part) -> Panel:
    """What share of each month's new customers came back in every later month, and what they brought in all.

    Months in which nobody ordered for the first time make no row; months that no cohort has lived through, no column.
    """
    shown = [row for row, size in enumerate(part["size"]) if size][-COHORTS_SHOWN:]
    names, sizes, active, revenue = (
        [part[column][row] for row in shown]
        for column in ("cohorts", "size", "active", "revenue_minor")
    )
    earned = [list(accumulate(_known(row))) for row in revenue]
    panel = {
        "kind": "cohorts",
        "title": "Cohorts",
        "subtitle": "By the month of the first order",
        "definition": "Retention: share of a cohort that ordered again in the n-th month after the first order. "
        "Value: net sales per customer of the cohort up to that month. Months that are not over yet stay empty.",
        "cohorts": names,
        "size": sizes,
        "views": [
            _cohort_view("retention", "Retention", "percent", 1, active, sizes),
            _cohort_view("value", "Value", "money", 0, earned, sizes),
        ],
        "height": 396,
        "cell": cell("""
            pd.concat({"retention": shop.cohorts("retention"), "value": shop.cohorts("ltv")}, axis=1)
        """),
    }
    return panel if names else panel | {"state": _GUESTS_ONLY}


def _cohort_view(
    key: str, label: str, number: str, first: int, rows: Matrix, sizes: Sequence[int]
) -> dict[str, Any]:
    """Rows per customer of the cohort, and their mean over all; `first` is the first month worth showing."""
    average = _weighted_mean(rows, sizes)
    width = sum(mean is not None for mean in average)
    values = [
        [_share(cell, size) for cell in row[:width]] for row, size in zip(rows, sizes, strict=True)
    ]
    padded = [row + [None] * (width - len(row)) for row in values]
    return {
        "key": key,
        "label": label,
        "format": number,
        "first": first,
        "values": padded,
        "average": average[:width],
    }


def churn(part: Part) -> Panel:
    """How likely customers are to stay away, as a distribution; or what is missing to say so."""
    days = part.get("horizon_days", 90)
    panel: Panel = {
        "kind": "churn",
        "title": "Churn risk",
        "subtitle": f"Chance of no order in the next {days} days",
        "definition": f"Churn here is one thing: no order in the next {days} days. The model learns from the times "
        "between this store's own orders. At risk are customers with a chance above one half who used to come back.",
        "height": 396,
    }
    if part["state"] not in _SHOWN:
        return panel | {"state": _withheld(part, "A churn forecast")}
    known = ("horizon_days", "customers", "expected_churn", "at_risk", "histogram")
    shown = {name: part[name] for name in known}
    return panel | shown | {"proof": _proof(part), "cell": _CHURN_CELL}


def lifetime_value(part: Part, context: Part) -> Panel:
    """What today's customers will bring in over the coming year; `context` holds what it is compared with."""
    days = part.get("horizon_days", 365)
    panel: Panel = {
        "kind": "lifetime_value",
        "title": "Predicted value",
        "subtitle": "Next 12 months" if days == 365 else f"Next {days} days",  # noqa: PLR2004 - days of a year
        "definition": f"Net sales that today's customers are expected to bring in the next {days} days: expected "
        "orders times expected spend, added up. Customers you win from now on come on top.",
        "height": 420,
    }
    if part["state"] not in _SHOWN:
        return panel | {"state": _withheld(part, "A forecast of customer value")}
    known = {name: part[name] for name in ("horizon_days", "total_minor", "mean_minor")}
    bounds = {name: part.get(name) for name in ("total_minor_low", "total_minor_high")}
    said = {"proof": _value_proof(part), "context": dict(context), "cell": _VALUE_CELL}
    return panel | known | bounds | said


def top_customers(rows: Sequence[Part], segment_names: Mapping[str, str]) -> Panel:
    """The customers with the highest net sales. No names: the browser asks for them with the viewer's own rights."""
    panel = {
        "kind": "table",
        "title": "Top customers",
        "subtitle": "By net sales, all time",
        "definition": "Customers with the highest net sales over the whole history. "
        "Churn risk: chance of no order in the next 90 days. Predicted: net sales expected in the next 12 months. "
        "Names are shown to viewers who may see personal data.",
        "columns": [
            {"field": "id", "title": "Customer", "format": "customer", "grow": 3, "min": 190},
            {"field": "segment", "title": "Segment", "format": "segment", "min": 136},
            {"field": "orders", "title": "Orders", "format": "count", "min": 68},
            {"field": "net_minor", "title": "Net sales", "format": "money", "min": 98},
            {"field": "last_order_on", "title": "Last order", "format": "date", "min": 106},
            {"field": "churn_90", "title": "Churn risk", "format": "risk", "min": 92},
            {"field": "clv_365_minor", "title": "Predicted", "format": "money", "min": 100},
        ],
        "rows": [
            dict(row)
            | {
                "segment": {
                    "name": segment_names.get(row["segment"], row["segment"]),
                    "tone": SEGMENT_TONES.get(row["segment"], "mid"),
                }
            }
            for row in rows
        ],
        "height": 420,
        "cell": cell("""
            scores = shop.scores()
            columns = ["segment", "orders", "net", "last_order_on", "churn_90", "clv_365"]
            scores.nlargest(10, "net_minor")[columns]
        """),
    }
    return panel if rows else panel | {"state": _GUESTS_ONLY}


def _stack_cell(fields: Sequence[tuple[str, str]]) -> str:
    names = [field for field, _ in fields]
    return cell(f"""
        days = dict(since="{{since}}", until="{{until}}"{{where}})
        pd.DataFrame({{name: shop.metric(name, "day", **days) for name in {names!r}}})
    """)


def _share(part: int | None, whole: int) -> float | None:
    return None if part is None or not whole else part / whole


def _known(row: Sequence[int | None]) -> list[int]:
    """The months of a cohort up to the first that is not over yet."""
    return [cell for cell in takewhile(lambda cell: cell is not None, row) if cell is not None]


def _weighted_mean(rows: Matrix, sizes: Sequence[int]) -> list[float | None]:
    """Mean over the cohorts that have reached each month, weighted by their size."""
    months = max((len(row) for row in rows), default=0)
    means = []
    for month in range(months):
        reached = [
            (row[month], size)
            for row, size in zip(rows, sizes, strict=True)
            if month < len(row) and row[month] is not None
        ]
        means.append(
            _share(sum(cell or 0 for cell, _ in reached), sum(size for _, size in reached))
        )
    return means


def _proof(part: Part) -> dict[str, Any] | None:
    """In a sentence, what the forecast was worth on the store's own past; `tone` warns where it got worse."""
    drift, evidence = part.get("drift") or {}, part.get("evidence") or {}
    if drift.get("state") == "worse":
        return {"tone": "warn", "text": f"Mind: {drift['reason']}"}
    if part["state"] == "unproven":
        text = "Not proven yet: this store’s past is too short to try the forecast on it."
        return {"tone": "warn", "text": text}
    if evidence.get("state") != "ok":
        return None
    days, skill = evidence["horizon_days"], evidence["skill"]
    text = (
        f"Tried on the store’s own last {days} days: {evidence['predicted']:.0%} were expected to stay away, "
        f"{evidence['observed']:.0%} did. {skill:.0%} less error than the best rule of thumb."
    )
    return {"tone": "good", "text": text}


def _value_proof(part: Part) -> dict[str, Any] | None:
    """The same for the forecast of spend, held against last year's spend in proportion."""
    said, evidence = _proof(part), part.get("evidence") or {}
    if said is None or said["tone"] == "warn" or not evidence.get("value"):
        return said if said and said["tone"] == "warn" else None
    model, rule = evidence["value"]
    gain = 1 - model["mae"] / rule["mae"] if rule["mae"] else 0.0
    better = f"{gain:.0%} less error per customer" if gain > 0 else "a better order of customers"
    text = (
        f"Tried on the store’s own last {evidence['horizon_days']} days: {better} than last year’s "
        "spend in proportion."
    )
    return {"tone": "good", "text": text}


def _withheld(part: Part, what: str) -> dict[str, Any]:
    """Why there is no prediction: too little to learn from, or a model that did not earn it."""
    if part["state"] != "no_better_than_a_rule":
        return _not_enough(part, what)
    evidence = part.get("evidence") or {}
    text = part.get("message") or ""
    if evidence.get("state") == "ok" and not evidence["beats_baseline"]:
        rule, error = min(evidence["baselines"].items(), key=lambda pair: pair[1])
        text += (
            f" Mean squared error over the last {evidence['horizon_days']} days: {evidence['brier']:.3f}, "
            f"of the rule “{rule.replace('_', ' ')}” {error:.3f}."
        )
    return {
        "name": "no_better_than_a_rule",
        "title": "Tried, and not good enough to show",
        "text": f"{text} It is tried again every night.",
        "progress": [],
    }


def _not_enough(part: Part, what: str) -> dict[str, Any]:
    """The state that says what there is and what it takes, in place of a made-up number."""
    have, need = part.get("have") or {}, part.get("need") or {}
    return {
        "name": "not_enough_data",
        "title": f"{what} needs more history",
        "text": _LEARNS if need else part.get("message") or "",
        "progress": [
            {"label": key.replace("_", " "), "have": have.get(key, 0), "need": wanted}
            for key, wanted in need.items()
        ],
    }
