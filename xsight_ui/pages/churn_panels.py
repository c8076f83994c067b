"""Panels of the Churn & CLV page. Pure functions: a part of the document in, JSON out."""

from collections.abc import Mapping, Sequence
from typing import Any

from xsight_ui.pages.cells import cell
from xsight_ui.pages.panels import SEGMENT_TONES

__all__ = ["at_risk", "backtest", "calibration", "limits", "model_card", "spread"]

Part = Mapping[str, Any]
Panel = dict[str, Any]

_LIMITS = (
    "It does not know why a customer stays away: it sees the days and the amounts of orders, nothing else.",
    "It says how likely, never who: of ten customers with a chance of 70 %, about seven stay away and three do not.",
    "It takes the past for the future: a new price, a campaign or a shortage is not in it until orders show it.",
    "Seasons are not in it: who buys once a year, say for Christmas, looks lost in summer.",
    "It does not say what would change a customer’s mind. Only a hold-out group shows whether a campaign did.",
    "“Still a customer” is a chance that the model works out and nobody can see; “no order in 90 days” can be checked.",
    "Guests have no history, so they are not in any of this.",
)


def at_risk(part: Part | None, names: Mapping[str, str], state: Panel | None) -> Panel:
    """Who is likely to be lost, with the most to lose first. No names: the browser asks with the viewer's rights."""
    panel: Panel = {
        "kind": "at_risk",
        "title": "At risk",
        "subtitle": "Who used to come back and probably will not, the most to lose first",
        "definition": "Customers with at least two days with an order whose chance of no order in the next 90 days is "
        "above one half. The reasons are each customer’s own numbers; the action follows from them. Names are shown to "
        "viewers who may see personal data.",
        "height": 560,
    }
    if part is None:
        return panel | {"state": state}
    rows = [
        dict(row)
        | {
            "segment": {
                "name": names.get(row["segment"], row["segment"]),
                "tone": SEGMENT_TONES.get(row["segment"], "mid"),
            }
        }
        for row in part["customers"]
    ]
    worth = part["by"].removesuffix("_minor")
    panel |= {
        "total": part["total"],
        "people": True,
        "rows": rows,
        "cell": cell(f"""
            scores = shop.scores()
            risky = scores[(scores["churn_90"] >= 0.5) & (scores["frequency"] > 0)]
            risky.nlargest({len(rows) or 1}, "{worth}")
        """),
    }
    if rows:
        return panel
    text = "Nobody who used to come back has a chance above one half of staying away."
    return panel | {"state": {"name": "empty", "title": "Nobody is at risk", "text": text}}


def spread(part: Part | None, state: Panel | None) -> Panel:
    """How chances and values are spread over the customers."""
    panel: Panel = {
        "kind": "spread",
        "title": "Spread",
        "subtitle": "Of all customers",
        "definition": "Still a customer: the model’s chance that a customer has not left for good. Value: net sales "
        "expected in the next 12 months, in steps that widen as the amounts do. Tenths: what the most valuable tenth "
        "of the customers brings of it, and each tenth after it.",
        "height": 330,
    }
    if part is None:
        return panel | {"state": state}
    return panel | {
        "p_alive": part["p_alive"],
        "clv": part["clv"],
        "cell": cell("""
            alive = (shop.scores()["p_alive"] * 10).astype(int).clip(upper=9)
            alive.value_counts().reindex(range(10), fill_value=0).rename_axis("chance, tenths")
        """),
    }


def calibration(evidence: Part, as_of: str) -> Panel:
    """What was forecast for the shop's own past, and what came."""
    panel = {
        "kind": "calibration",
        "title": "Calibration",
        "subtitle": "Chance of no order as forecast, and as it came",
        "definition": "The model is fitted on what was known 90 days ago and told to forecast the days since. "
        "Customers are put into ten bands by their chance. On the diagonal the chance is right; the larger the dot, "
        "the more customers.",
        "as_of": as_of,
        "evidence": dict(evidence),
        "height": 330,
        "cell": cell('shop.model("{as_of}").curve'),
    }
    return panel if evidence["state"] == "ok" else panel | {"state": _untried(evidence)}


def backtest(evidence: Part, as_of: str) -> Panel:
    """Models and rules of thumb on the same past."""
    panel = {
        "kind": "backtest",
        "title": "Backtest",
        "subtitle": "Models beside rules of thumb, on this store’s own past",
        "definition": "Brier: mean squared error of the chance, lower is better. Calibration error: how far chances "
        "are from what came, on average. Orders: mean error per customer. Lift: how many times more orders the best "
        "tenth by forecast made than the average. A model that loses to a rule of thumb is not shown.",
        "as_of": as_of,
        "evidence": dict(evidence),
        "height": 330,
        "cell": cell('shop.model("{as_of}").evidence'),
    }
    return panel if evidence["state"] == "ok" else panel | {"state": _untried(evidence)}


def limits(warnings: Sequence[Part]) -> Panel:
    """What must not be read into the numbers."""
    return {
        "kind": "limits",
        "title": "What this cannot say",
        "subtitle": "Before you act on it",
        "definition": "What no forecast of this kind knows, and what to mind about this store’s.",
        "warnings": [warning["message"] for warning in warnings],
        "limits": list(_LIMITS),
        "height": 330,
    }


def model_card(card: Part) -> Panel:
    """Data, rules, models and run: everything one needs to know to trust the numbers, or not to."""
    models = card["models"]
    return {
        "kind": "model_card",
        "title": "Model card",
        "subtitle": "What the numbers rest on",
        "definition": "Which rows were read, by which rules they count, which model won and what it found. The same "
        "rows and rules give the same numbers to the last digit.",
        "data": dict(card["data"]),
        "run": dict(card["run"]),
        "rules": dict(card["rules"]),
        "models": {
            "state": models["state"],
            "champion": models["champion"],
            "parameters": {
                name: value
                for part in ("purchases", "spend")
                for name, value in ((models[part] or {}).get("parameters") or {}).items()
            },
            "spend": (models["spend"] or {}).get("name"),
            "repaired": models["calibration"] is not None,
        },
        "height": 250,
        "cell": cell("shop.model_card()"),
    }


def _untried(evidence: Part) -> Panel:
    """Why there is no backtest."""
    have, need = evidence.get("have") or {}, evidence.get("need") or {}
    return {
        "name": "not_enough_data",
        "title": "Not tried yet",
        "text": evidence.get("message") or "The store’s past is too short to try a forecast on it.",
        "progress": [
            {"label": key.replace("_", " "), "have": have.get(key, 0), "need": wanted}
            for key, wanted in need.items()
        ],
    }
