"""What is on the screen equals the document, worked out here a second time."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from tests.ui.sample import make_document

pytestmark = pytest.mark.xdist_group("ui")

PERIODS = {"30 days": 30, "90 days": 90, "12 months": 365, "All time": None}


def money(minor: int) -> str:
    return f"${Decimal(minor) / 100:,.2f}"


def figures(daily: dict, first: int, last: int) -> dict[str, str]:
    """The key figures of the days [first, last), as a merchant reads them."""
    total = {name: sum(values[first:last]) for name, values in daily.items() if name != "start"}
    ordered = total["new_customers"] + total["returning_customers"]
    return {
        "net_sales": money(total["net_minor"]),
        "orders": f"{total['orders']:,}",
        "average_order": money(round(Decimal(total["net_minor"]) / total["orders"])),
        "new_customers": f"{total['new_customers']:,}",
        "returning_share": f"{total['returning_customers'] / ordered:.1%}",
    }


def shown(visit) -> dict[str, str]:
    return {
        card.get_attribute("data-metric"): card.locator(".xs-kpi-value").inner_text()
        for card in visit.page.locator(".xs-kpi").all()
    }


def test_key_figures_of_every_period(visit, site):
    daily = site.document["daily"]
    length = len(daily["orders"])
    opened = visit()
    opened.open()
    for label, days in PERIODS.items():
        opened.page.get_by_role("button", name=label, exact=True).click()
        assert shown(opened) == figures(daily, length - days if days else 0, length), label
        before = opened.texts(".xs-kpi-note")
        if days is None:
            assert before == ["whole history"] * 5
        else:
            past = figures(daily, length - 2 * days, length - days)
            assert [note.split("vs ")[1] for note in before] == list(past.values()), label


def test_change_needs_a_whole_period_before(visit, site):
    site.document = make_document(days=170)
    net = site.document["daily"]["net_minor"]
    now, past = sum(net[-30:]), sum(net[-60:-30])
    opened = visit()
    opened.open()
    badge = opened.page.locator("[data-metric=net_sales] .xs-delta")
    assert badge.inner_text().strip().endswith(f"{abs(now - past) / past:.1%}")
    assert badge.get_attribute("data-tone") == ("up" if now > past else "down")
    opened.page.get_by_role("button", name="90 days").click()
    assert opened.texts(".xs-kpi-note") == ["no earlier period"] * 5


def test_the_address_keeps_the_period(visit):
    opened = visit()
    opened.open().get_by_role("button", name="90 days").click()
    assert opened.page.url.endswith("?days=90")
    chosen = shown(opened)
    opened.open("?days=90")
    assert shown(opened) == chosen
    opened.open("?days=nonsense")
    assert opened.page.locator("[data-key='30']").get_attribute("aria-pressed") == "true"


def test_segments_grid_and_cohorts(visit, site):
    document = site.document
    opened = visit()
    page = opened.open()
    for segment in document["rfm"]["segments"]:
        row = page.locator(f"[data-segment={segment['key']}]")
        assert row.locator(".xs-segments-1").inner_text() == f"{segment['customers']:,}"
    for recency in range(1, 6):
        for frequency in range(1, 6):
            cell = page.locator(f"[data-cell='{recency}{frequency}'] b").inner_text()
            assert cell == str(document["rfm"]["grid"][recency - 1][frequency - 1])
    cohorts = document["cohorts"]
    row = cohorts["cohorts"].index("2026-03")
    cells = page.locator("[data-cohort='2026-03'] td").all_inner_texts()
    shares = [
        count / cohorts["size"][row] for count in cohorts["active"][row][1:] if count is not None
    ]
    assert cells[0] == str(cohorts["size"][row])
    assert [cell for cell in cells[1:] if cell] == [f"{share:.1%}" for share in shares]


def test_churn_value_and_top_customers(visit, site):
    document = site.document
    opened = visit()
    page = opened.open()
    assert opened.text("[data-panel=churn] .xs-figure") == f"{document['churn']['at_risk']:,}"
    assert opened.text("[data-panel=clv] .xs-figure") == money(document["clv"]["total_minor"])
    rows = page.locator("[data-panel=top] .tabulator-row").all()
    assert len(rows) == 10
    first = rows[0].locator(".tabulator-cell").all_inner_texts()
    top = document["top_customers"][0]
    assert first[0].split()[-2:] == ["Grace", "Hopper"]  # from the API, with the viewer's session
    assert first[1:] == [
        "Champions",
        "44",
        money(top["net_minor"]),
        "Nov 18, 2026",
        "4%",
        "$900.00",
    ]
    assert "Customer …0009" in rows[9].inner_text()  # masked for this viewer


def test_money_in_the_currency_and_its_own_decimals(visit, site):
    site.document = make_document(currency="JPY", currency_exponent=0)
    opened = visit()
    opened.open()
    expected = sum(site.document["daily"]["net_minor"][-30:])
    assert opened.text("[data-metric=net_sales] .xs-kpi-value") == f"¥{expected:,}"


def test_dates_are_the_shops_days_wherever_the_viewer_is(visit):
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        opened = visit(timezone_id=zone)
        opened.open()
        assert opened.text(".xs-stamp-days") == "Oct 23 – Nov 21, 2026"


def exported(visit, panel, entry) -> Path:
    page = visit.page
    page.locator(f"[data-panel={panel}] [aria-label^=Options]").click()
    with page.expect_download() as download:
        page.locator(f"[data-panel={panel}]").get_by_role("menuitem", name=entry).click()
    return Path(download.value.path())


def test_csv_holds_the_exact_numbers(visit, site):
    opened = visit()
    opened.open()
    rows = list(
        csv.reader(io.StringIO(exported(opened, "sales", "Download CSV").read_text("utf-8-sig")))
    )
    net = site.document["daily"]["net_minor"]
    assert rows[0] == ["From", "To", "Net sales", "Period before"]
    assert [Decimal(row[2]) for row in rows[1:]] == [Decimal(minor) / 100 for minor in net[-30:]]
    assert [Decimal(row[3]) for row in rows[1:]] == [Decimal(minor) / 100 for minor in net[-60:-30]]


def test_csv_does_not_let_a_name_become_a_formula(visit, site):
    site.names[7_000_000_000_000] = "=HYPERLINK(1)"
    opened = visit()
    opened.open()
    assert '"\'=HYPERLINK(1)"' in exported(opened, "top", "Download CSV").read_text("utf-8-sig")


PANELS = ["kpis", "sales", "mix", "segments", "grid", "cohorts", "churn", "top", "clv"]
PICTURED = {"kpis", "sales", "cohorts", "top"}  # one of each way of drawing


def test_every_tile_has_csv_image_and_table(visit):
    opened = visit()
    page = opened.open()
    for panel in PANELS:
        assert len(exported(opened, panel, "Download CSV").read_text("utf-8-sig").splitlines()) > 1
        if panel in PICTURED:
            image = exported(opened, panel, "Download image").read_bytes()
            assert image.startswith(b"\x89PNG"), panel
            assert len(image) > 10_000, panel
        if panel == "top":
            continue  # is a table
        page.locator(f"[data-panel={panel}] [aria-label^=Options]").click()
        page.locator(f"[data-panel={panel}]").get_by_role("menuitem", name="Show as table").click()
        page.locator(f"[data-panel={panel}] .xs-plain tbody tr").first.wait_for()
        page.locator(f"[data-panel={panel}] [aria-label^=Options]").click()
        page.locator(f"[data-panel={panel}]").get_by_role(
            "menuitem", name="Show as picture"
        ).click()
        page.wait_for_function(
            "panel => !document.querySelector(`[data-panel=${panel}] .xs-plain`)", arg=panel
        )


def test_one_order_is_enough_for_a_page(visit, site):
    document = make_document(days=1)
    daily = {
        name: [1] if isinstance(values, list) else values
        for name, values in document["daily"].items()
    }
    site.document = document | {"daily": daily, "totals": document["totals"] | {"orders": 1}}
    opened = visit()
    opened.open()
    assert shown(opened)["orders"] == "1"
    for label in PERIODS:
        opened.page.get_by_role("button", name=label, exact=True).click()
        assert shown(opened)["net_sales"] == "$0.01"
