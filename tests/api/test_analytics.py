"""The analytics routes: against the shop's list of orders, from any day, and what they refuse."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.api.shops import fill_store
from xsight_core.services.insights import store_look_back

TODAY = datetime.now(UTC).date()


@pytest.fixture
async def ann(api, tenancy, database):
    async with api.member() as ann:
        home = api.settings.home
        ann.orders = await fill_store(database.admin_url, tenancy, await ann.tenant_id(), home)
        ann.known = [o for o in ann.orders if o.counts and o.customer is not None]
        yield ann


async def result(browser, path: str, **query):
    answer = await browser.get(f"/api/v1/analytics/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


async def refusal(browser, path: str, **query):
    answer = await browser.get(f"/api/v1/analytics/{path}", params=query)
    assert answer.status_code == 422, answer.text
    return answer.json()["field"]


async def test_rfm_of_a_past_day_knows_no_later_order(ann) -> None:
    for ago in (0, 1, 200, 650, 5000):
        day = TODAY - timedelta(days=ago)
        rfm = await result(ann, "rfm", as_of=day.isoformat())
        seen = [o for o in ann.known if o.local_date("UTC") <= day]
        assert sum(s["customers"] for s in rfm["segments"]) == len({o.customer for o in seen})
        assert sum(s["revenue_minor"] for s in rfm["segments"]) == sum(o.net for o in seen)
        assert sum(map(sum, rfm["grid"])) == len({o.customer for o in seen})
        assert rfm["as_of"] == day.isoformat()


async def test_rfm_by_thresholds_of_ones_own(ann) -> None:
    rfm = await result(ann, "rfm", frequency="2,4,8,16", recency_days="30,60,90,120")
    counts = Counter(o.customer for o in ann.known)
    last = {}
    for order in ann.known:
        last[order.customer] = max(last.get(order.customer, date.min), order.local_date("UTC"))
    want = Counter(
        (
            5 - sum(edge <= (TODAY - last[c]).days - (0) for edge in (30, 60, 90, 120)),
            1 + sum(edge <= n for edge in (2, 4, 8, 16)),
        )
        for c, n in counts.items()
    )
    got = {(r, f): n for r, row in enumerate(rfm["grid"], 1) for f, n in enumerate(row, 1) if n}
    # recency r days scores 5 - #{e < r}: thirty days ago is still within thirty days
    assert sum(got.values()) == sum(want.values()) == len(counts)
    assert {f: sum(n for (_, g), n in got.items() if g == f) for f in range(1, 6)} == {
        f: sum(n for (_, g), n in want.items() if g == f) for f in range(1, 6)
    }
    assert rfm["thresholds"]["frequency"] == [2, 4, 8, 16]
    assert rfm["thresholds"]["monetary_minor"] is None
    for bad in ("2,4,8", "8,4,2,1", "a,b,c,d", "1,1,2,3", "1.5,2,3,4", ""):
        assert await refusal(ann, "rfm", frequency=bad) == "frequency"


async def test_migration_counts_everybody_once(ann) -> None:
    since = TODAY - timedelta(days=180)
    moved = await result(ann, "rfm/migration", since=since.isoformat())
    before = await result(ann, "rfm", as_of=since.isoformat())
    after = await result(ann, "rfm")
    rows = [sum(row) for row in moved["matrix"]]
    columns = [sum(column) for column in zip(*moved["matrix"], strict=True)]
    assert rows[:-1] == [s["customers"] for s in before["segments"]]
    assert columns == [s["customers"] for s in after["segments"]]
    first = {}
    for order in ann.known:
        first[order.customer] = min(first.get(order.customer, date.max), order.local_date("UTC"))
    assert rows[-1] == sum(day > since for day in first.values())
    assert await refusal(ann, "rfm/migration", since=TODAY.isoformat()) == "since"


@pytest.mark.parametrize("grain", ["week", "month", "quarter", "year"])
async def test_cohorts_by_every_period(ann, grain) -> None:
    cohorts = await result(ann, "cohorts", grain=grain)
    assert sum(cohorts["size"]) == len({o.customer for o in ann.known})

    def period(day: date) -> int:
        return {
            "week": (day.toordinal() - 1) // 7,
            "month": day.year * 12 + day.month,
            "quarter": day.year * 4 + (day.month - 1) // 3,
            "year": day.year,
        }[grain]

    start = min(period(o.local_date("UTC")) for o in ann.known)
    now = period(TODAY)
    first, cells = {}, Counter()
    for order in sorted(ann.known, key=lambda o: o.at):
        cohort = first.setdefault(order.customer, period(order.local_date("UTC")))
        cells[cohort - start, period(order.local_date("UTC")) - cohort] += order.net
    for row, values in enumerate(cohorts["revenue_minor"]):
        for age, value in enumerate(values):
            over = start + row + age < now
            assert value == (cells[row, age] if over else None)


async def test_churn_and_value_carry_their_evidence(ann) -> None:
    churn, value = await result(ann, "churn"), await result(ann, "clv")
    assert churn["state"] in {"ok", "not_enough_data", "unproven", "no_better_than_a_rule"}
    assert value["state"] in {"ok", "not_enough_data", "unproven", "no_better_than_a_rule"}
    assert churn["state"] == "not_enough_data" or "evidence" in churn


async def test_a_forecast_of_a_past_day_is_the_one_that_is_stored_of_it(ann, api, tenancy) -> None:
    day = TODAY - timedelta(days=120)
    churn = await result(ann, "churn", as_of=day.isoformat())
    value = await result(ann, "clv", as_of=day.isoformat())
    run = await store_look_back(tenancy, await ann.tenant_id(), api.settings.home, day)
    assert churn["state"] == run.summary["state"]
    assert churn.get("at_risk") == run.summary["at_risk"]
    assert value.get("total_minor") == run.summary["clv_365_minor"]
    assert (await result(ann, "churn", as_of="2001-01-01"))["state"] == "not_enough_data"


async def test_a_customers_scores_come_with_intervals_reasons_and_an_action(ann) -> None:
    state = (await result(ann, "churn"))["state"]
    page = (await ann.get("/api/v1/customers?limit=250")).json()["items"]
    scores = [item["scores"] for item in page if item["scores"]]
    assert scores
    for one in scores:
        if state not in {"ok", "unproven"}:
            assert one["churn_90"] is one["next_order_on"] is one["action"] is None
            assert one["reasons"] == []
            continue
        assert one["p_alive_low"] <= one["p_alive"] <= one["p_alive_high"]
        assert one["next_order_on_low"] <= one["next_order_on"] <= one["next_order_on_high"]
        assert one["next_order_on_low"] > TODAY.isoformat()
        silence = (TODAY - date.fromisoformat(one["last_order_on"])).days
        assert f"{silence} days ago" in one["reasons"][0]
        assert one["action_text"].endswith(".")


async def test_every_metric_over_time_and_against_the_year_before(ann) -> None:
    listed = (await ann.get("/api/v1/analytics/metrics")).json()
    assert listed["total"] == len(listed["items"]) >= 15
    counted = [o for o in ann.orders if o.counts]
    since, until = TODAY - timedelta(days=59), TODAY - timedelta(days=10)
    query = {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "compare": "previous_year_weekdays",
    }
    net = await result(ann, "metrics/net_sales", by="day", **query)
    want = Counter()
    for order in counted:
        want[order.local_date("UTC").isoformat()] += order.net
    assert len(net["points"]) == 50
    assert all(point["value"] == want[point["key"]] for point in net["points"])
    assert net["total"] == sum(point["value"] for point in net["points"])
    before = net["comparison"]
    assert before["since"] == (since - timedelta(days=364)).isoformat()
    assert all(point["value"] == want[point["key"]] for point in before["points"])
    channels = await result(ann, "metrics/orders", by="channel")
    assert {p["key"]: p["value"] for p in channels["points"]} == Counter(o.channel for o in counted)
    for metric in listed["items"]:
        month = await result(ann, f"metrics/{metric['name']}", by="month")
        assert len(month["points"]) >= 23
        if metric["additive"]:
            year = await result(ann, f"metrics/{metric['name']}", by="year")
            assert month["total"] == pytest.approx(year["total"]), metric["name"]
    assert await refusal(ann, "metrics/nett_sales") == "name"
    assert await refusal(ann, "metrics/orders", by="fortnight") == "by"
    assert await refusal(ann, "metrics/orders", compare="previous_year") == "since"
    assert await refusal(ann, "metrics/orders", compare="best_year") == "compare"
    assert await refusal(ann, "metrics/orders", until="2999-01-01") == "until"
    assert await refusal(ann, "metrics/orders", since="2026-02-01", until="2026-01-01") == "since"


async def test_bad_parameters_are_named(ann) -> None:
    future = (TODAY + timedelta(days=3)).isoformat()
    assert await refusal(ann, "rfm", as_of=future) == "as_of"
    assert await refusal(ann, "rfm", as_of="yesterday") == "as_of"
    assert await refusal(ann, "cohorts", grain="day") == "grain"
    assert await refusal(ann, "cohorts", grain="decade") == "grain"
    assert await refusal(ann, "rfm/migration") == "since"
    assert await refusal(ann, "model-card", run="x") == "run"
    assert await refusal(ann, "runs", cursor="x") == "cursor"


async def test_what_has_not_changed_is_not_sent_again(ann, database, tenancy) -> None:
    paths = ("rfm?as_of=2026-01-05", "cohorts?grain=week", "rfm/migration?since=2026-01-05")
    for path in (*paths, "churn", "model-card"):
        first = await ann.get(f"/api/v1/analytics/{path}")
        headers = {"If-None-Match": first.headers["etag"]}
        again = await ann.get(f"/api/v1/analytics/{path}", headers=headers)
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == first.headers["etag"]
        assert "private" in first.headers["cache-control"]


async def test_runs_cards_and_looking_back(ann, api, tenancy) -> None:
    (run,) = (await ann.get("/api/v1/analytics/runs")).json()["items"]
    assert (run["kind"], run["rows"], run["drift"]) == ("shown", "scores", None)
    card = (await ann.get("/api/v1/analytics/model-card")).json()
    assert card["run"]["id"] == run["id"]
    assert card["data"]["orders"] == sum(o.counts for o in ann.orders)
    same = (await ann.get(f"/api/v1/analytics/model-card?run={run['id']}")).json()
    assert same == card
    none = "00000000-0000-0000-0000-000000000000"
    assert (await ann.get(f"/api/v1/analytics/model-card?run={none}")).status_code == 404
    day = TODAY - timedelta(days=100)
    promised = await ann.post("/api/v1/analytics/runs", json={"as_of": day.isoformat()})
    assert promised.status_code == 202, promised.text
    again = await ann.post("/api/v1/analytics/runs", json={"as_of": day.isoformat()})
    assert again.json() == promised.json()  # one promise, however often asked for
    await store_look_back(tenancy, await ann.tenant_id(), api.settings.home, day)
    page = (await ann.get("/api/v1/analytics/runs?limit=1")).json()
    assert (page["total"], page["items"][0]["kind"]) == (2, "past")
    rest = (await ann.get(f"/api/v1/analytics/runs?cursor={page['next_cursor']}")).json()
    assert [r["id"] for r in rest["items"]] == [run["id"]]
    assert rest["next_cursor"] is None
    customer = min(ann.known, key=lambda o: o.at).customer
    points = (await ann.get(f"/api/v1/customers/{customer}/history")).json()["items"]
    assert [p["as_of"] for p in points] == [day.isoformat(), run["as_of"]]
    for point in points:
        seen = [
            o
            for o in ann.known
            if o.customer == customer and o.local_date("UTC").isoformat() <= point["as_of"]
        ]
        assert (point["orders"], point["net_minor"]) == (len(seen), sum(o.net for o in seen))
    assert (await ann.get("/api/v1/customers/987654/history")).status_code == 404


async def test_another_store_has_nothing_of_it(ann, api) -> None:
    run = (await ann.get("/api/v1/analytics/runs")).json()["items"][0]["id"]
    customer = ann.known[0].customer
    async with api.member("bob@example.com") as bob:
        for path in (
            "analytics/rfm?as_of=2026-01-05",
            "analytics/cohorts",
            f"analytics/model-card?run={run}",
            f"customers/{customer}/history",
        ):
            assert (await bob.get(f"/api/v1/{path}")).status_code == 404, path
        assert (await bob.get("/api/v1/analytics/runs")).json()["total"] == 0
        refused = await bob.post("/api/v1/analytics/runs", json={"as_of": "2026-01-05"})
        assert refused.status_code == 404
