"""The overview's spec, against numbers worked out by hand and for whatever an insight run may store."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.sample import BEATEN, empty_document, make_document
from xsight_ui.pages import PAGES, navigation

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
OVERVIEW = PAGES["overview"]


def spec_of(**parts: Any) -> dict[str, Any]:
    return OVERVIEW.spec(make_document() | parts, NOW)


def test_without_a_document_the_page_shows_the_way_to_the_first_one():
    spec = OVERVIEW.spec(None, NOW)
    assert (spec["state"], spec["panels"], spec["data_version"]) == ("onboarding", {}, 0)


def test_a_store_without_orders_is_one_state_and_not_nine_empty_tiles():
    spec = OVERVIEW.spec(empty_document(), NOW)
    assert (spec["state"], spec["panels"]) == ("empty", {})
    assert spec["shop"]["currency"] == "USD"


def test_every_panel_has_a_place_and_every_place_a_panel():
    spec = spec_of()
    placed = [key for row in spec["rows"] for key in row["panels"]]
    assert sorted(placed) == sorted(spec["panels"])


def test_every_tile_says_what_it_shows():
    panels = spec_of()["panels"]
    definitions = [panel["definition"] for key, panel in panels.items() if key != "kpis"]
    definitions += [metric["definition"] for metric in panels["kpis"]["metrics"]]
    assert all(len(text) > 40 for text in definitions)


def test_a_metric_is_defined_by_the_registry_where_it_is_one_of_its_metrics():
    told = "Net sales as the registry has them, in so many words."
    panels = spec_of(definitions={"net_sales": told, "orders": "Orders."})["panels"]
    by_key = {metric["key"]: metric["definition"] for metric in panels["kpis"]["metrics"]}
    assert (by_key["net_sales"], by_key["orders"]) == (told, "Orders.")
    assert panels["sales"]["definition"] == told
    assert by_key["returning_share"].startswith("Of the customers")


def test_daily_arrays_reach_the_browser_unchanged():
    document = make_document()
    assert OVERVIEW.spec(document, NOW)["daily"] == document["daily"]


def test_segments_keep_their_order_and_carry_shares_of_customers_and_revenue():
    rfm = {
        "as_of": "2026-11-21",
        "segments": [
            {
                "key": "champions",
                "name": "Champions",
                "customers": 1,
                "revenue_minor": 900,
                "action": "Thank them.",
            },
            {
                "key": "lost",
                "name": "Lost",
                "customers": 3,
                "revenue_minor": 100,
                "action": "Let them go.",
            },
        ],
        "grid": [[0] * 5 for _ in range(5)],
    }
    first, second = spec_of(rfm=rfm)["panels"]["segments"]["items"]
    assert (first["key"], first["share"], first["revenue_share"], first["tone"]) == (
        "champions",
        0.25,
        0.9,
        "best",
    )
    assert (second["key"], second["share"], second["revenue_share"], second["tone"]) == (
        "lost",
        0.75,
        0.1,
        "low",
    )


def test_a_segment_of_a_later_rule_is_shown_without_a_colour_of_its_own():
    segment = {"key": "whales", "name": "Whales", "customers": 2, "revenue_minor": 5, "action": ""}
    rfm = {"as_of": None, "segments": [segment], "grid": [[0] * 5] * 5}
    assert spec_of(rfm=rfm)["panels"]["segments"]["items"][0]["tone"] == "mid"


def test_rfm_grid_takes_rows_of_recency():
    grid = [[10 * r + f for f in range(1, 6)] for r in range(1, 6)]
    rfm = {"as_of": None, "segments": [], "grid": grid}
    panel = spec_of(rfm=rfm)["panels"]["grid"]
    assert panel["cells"] == grid
    assert panel["total"] == sum(map(sum, grid))


def test_cohorts_by_hand():
    part = {
        "grain": "month",
        "cohorts": ["2026-08", "2026-09", "2026-10", "2026-11"],
        "size": [4, 0, 2, 5],
        "active": [[4, 2, 1, None], [0, 0, None, None], [2, None, None, None], [None] * 4],
        "revenue_minor": [
            [400, 100, 60, None],
            [0, 0, None, None],
            [300, None, None, None],
            [None] * 4,
        ],
    }
    panel = spec_of(cohorts=part)["panels"]["cohorts"]
    retention, value = panel["views"]
    assert panel["cohorts"] == [
        "2026-08",
        "2026-10",
        "2026-11",
    ]  # nobody's first order was in September
    assert panel["size"] == [4, 2, 5]
    assert retention["values"] == [[1.0, 0.5, 0.25], [1.0, None, None], [None, None, None]]
    assert retention["average"] == [1.0, 0.5, 0.25]
    assert value["values"] == [[100.0, 125.0, 140.0], [150.0, None, None], [None, None, None]]
    assert value["average"] == pytest.approx([700 / 6, 125.0, 140.0])


def test_only_the_last_twelve_cohorts_are_shown():
    panel = spec_of()["panels"]["cohorts"]
    assert len(panel["cohorts"]) == len(panel["size"]) == len(panel["views"][0]["values"]) == 12
    assert panel["cohorts"][-1] == "2026-11"


def test_a_forecast_that_was_not_made_says_what_is_missing():
    churn = {
        "state": "not_enough_data",
        "have": {"repeat_customers": 12},
        "need": {"repeat_customers": 30},
        "message": "Not enough data yet.",
    }
    panel = spec_of(churn=churn)["panels"]["churn"]
    assert panel["state"]["name"] == "not_enough_data"
    assert panel["state"]["progress"] == [{"label": "repeat customers", "have": 12, "need": 30}]
    assert "histogram" not in panel


def test_a_model_that_failed_gives_its_reason():
    clv = {
        "state": "not_enough_data",
        "have": {},
        "need": {},
        "message": "The fit did not converge.",
    }
    assert spec_of(clv=clv)["panels"]["clv"]["state"]["text"] == "The fit did not converge."


def test_predicted_value_is_held_against_the_same_length_of_time():
    document = make_document(days=400)
    panel = OVERVIEW.spec(document, NOW)["panels"]["clv"]
    assert panel["context"]["past_minor"] == sum(document["daily"]["net_minor"][35:])
    shorter = OVERVIEW.spec(make_document(days=364), NOW)["panels"]["clv"]
    assert "past_minor" not in shorter["context"]


def test_top_customers_hold_no_personal_data():
    rows = spec_of()["panels"]["top"]["rows"]
    assert len(rows) == 10
    assert rows[0]["segment"] == {"name": "Champions", "tone": "best"}
    assert set(rows[0]) == {
        "id",
        "orders",
        "net_minor",
        "last_order_on",
        "segment",
        "churn_90",
        "clv_365_minor",
    }


@pytest.mark.parametrize(("hours", "stale"), [(1, False), (36, False), (37, True)])
def test_numbers_of_the_day_before_yesterday_are_called_stale(hours, stale):
    freshness = {
        "synced_at": (NOW - timedelta(hours=hours)).isoformat(),
        "last_order_on": None,
        "history_since": None,
    }
    assert spec_of(freshness=freshness)["freshness"]["stale"] is stale


def test_a_store_that_was_never_synced_is_not_stale():
    freshness = {"synced_at": None, "last_order_on": None, "history_since": None}
    assert spec_of(freshness=freshness)["freshness"]["stale"] is False


def test_navigation_names_every_page():
    pages = [page.key for page in PAGES.values() if page.parent is None]
    assert [entry["key"] for entry in navigation()] == pages


counts = st.integers(0, 2**53 - 1)
amounts = st.integers(-(2**53 - 1), 2**53 - 1)
text = st.text(max_size=40)


@st.composite
def documents(draw) -> dict[str, Any]:
    """Documents of the agreed form with any content, however unlikely."""
    document = make_document(days=draw(st.integers(1, 5)))
    days = len(document["daily"]["orders"])
    for name in document["daily"].keys() - {"start"}:
        document["daily"][name] = draw(st.lists(amounts, min_size=days, max_size=days))
    months = draw(st.integers(0, 4))
    row = st.lists(st.none() | counts, min_size=months, max_size=months)
    matrix = st.lists(row, min_size=months, max_size=months)
    document["cohorts"] = {
        "grain": "month",
        "cohorts": [f"2026-{month + 1:02d}" for month in range(months)],
        "size": draw(st.lists(st.integers(0, 9), min_size=months, max_size=months)),
        "active": draw(matrix),
        "revenue_minor": draw(matrix),
    }
    segment = st.fixed_dictionaries(
        {"key": text, "name": text, "customers": counts, "revenue_minor": amounts, "action": text}
    )
    document["rfm"]["segments"] = draw(st.lists(segment, max_size=11))
    document["totals"]["orders"] = draw(counts)
    short = {
        "state": "not_enough_data",
        "have": draw(st.dictionaries(text, counts)),
        "need": {},
        "message": "",
    }
    document["churn"] = draw(st.sampled_from([document["churn"], short]))
    document["clv"] = draw(
        st.sampled_from([document["clv"], short, document["clv"] | {"total_minor": 0}])
    )
    return document


@given(documents())
def test_any_document_gives_a_spec_that_is_json(document):
    spec = OVERVIEW.spec(document, NOW)
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec


def test_a_forecast_says_what_it_was_worth_on_the_past():
    panels = spec_of()["panels"]
    churn, value = panels["churn"]["proof"], panels["clv"]["proof"]
    assert churn["tone"] == value["tone"] == "good"
    assert "69% were expected to stay away, 71% did" in churn["text"]
    assert "14% less error" in churn["text"]
    assert "10% less error per customer" in value["text"]
    assert panels["clv"]["total_minor_low"] < panels["clv"]["total_minor"]


def test_a_model_that_lost_is_said_and_not_shown():
    panel = spec_of(churn=BEATEN, clv=BEATEN)["panels"]["churn"]
    assert panel["state"]["name"] == "no_better_than_a_rule"
    assert "0.151" in panel["state"]["text"]
    assert "recency threshold” 0.141" in panel["state"]["text"]
    assert not {"at_risk", "histogram", "proof"} & set(panel)


def test_an_unproven_or_drifting_forecast_carries_a_warning():
    churn = make_document()["churn"]
    unproven = spec_of(
        churn=churn | {"state": "unproven", "evidence": {"state": "not_enough_data"}}
    )
    assert unproven["panels"]["churn"]["proof"]["tone"] == "warn"
    assert "Not proven yet" in unproven["panels"]["churn"]["proof"]["text"]
    assert unproven["panels"]["churn"]["at_risk"] == churn["at_risk"]
    drift = {"state": "worse", "reason": "The holdout error rose from 0.1 to 0.2."}
    proof = spec_of(churn=churn | {"drift": drift})["panels"]["churn"]["proof"]
    assert proof == {"tone": "warn", "text": "Mind: The holdout error rose from 0.1 to 0.2."}
