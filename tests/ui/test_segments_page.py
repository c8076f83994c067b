"""The Segments page: list, library, one segment and the builder, in both looks. With the real API: tests/browser."""

import pytest

from tests.ui.looks import check_look
from tests.ui.sample import make_document
from tests.ui.segments_sample import EVERY_EDITOR, IDS, OFTEN, answers, make_segments_document
from tests.ui.test_live import live

pytestmark = pytest.mark.xdist_group("ui")


@pytest.fixture
def segments(visit, site):
    """Open a part of the page; once ``ready`` is there, it is seen in both looks."""

    def open_page(
        query="", *, ready=".xs-template", saved=3, rights=("segments", "export"), **more
    ):
        site.documents["segments"] = make_segments_document(saved)
        site.answers = answers(**more)
        site.rights = [*site.rights, *rights]
        page = visit().open(query, "segments")
        assert page.evaluate("window.layoutShift") < 0.05
        page.locator(ready).first.wait_for()
        for theme, width in (("light", 1440), ("dark", 390)):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 900})
            check_look(page, theme, width)
        return page

    return open_page


def test_the_list_is_painted_from_what_is_stored_and_the_library_beside_it(segments):
    page = segments()
    first = page.locator(f"tr[data-segment-id='{IDS[1]}']")
    assert first.locator("a").inner_text() == "Läuft aus <b>& mehr</b>"
    assert "cannot be worked out" in first.inner_text()
    assert first.locator("td").first.inner_text() == "1,234"
    cards = page.locator(".xs-template")
    assert cards.count() == 3
    page.get_by_role("button", name="Risk").click()
    assert cards.locator("h3").all_inner_texts() == ["Ready 3", "Ready 4"]
    cards.first.get_by_role("button", name="Use Ready 3").click()
    page.locator(".xs-found-count[data-count='321']").wait_for()
    assert page.get_by_label("Name", exact=True).input_value() == "Ready 3"
    page.go_back()
    page.locator(".xs-room:empty").wait_for(state="attached")
    assert first.is_visible()


def test_without_a_segment_the_way_to_the_first_is_shown(segments):
    page = segments(saved=0, rights=())
    assert "No segment saved yet" in page.locator("[data-panel=saved]").inner_text()
    assert page.get_by_role("button", name="New segment").count() == 0
    assert page.locator(".xs-template .xs-button").count() == 0


def test_one_segment_shows_who_is_in_it_and_what_was_done(segments, site):
    page = segments(f"?id={IDS[0]}", ready="[data-panel=overlap] td")
    members = page.locator("[data-customer]")
    members.nth(6).wait_for()
    assert members.nth(1).locator("a").inner_text() == "Łukasz Żółć"
    lift = page.locator("[data-action]").first
    assert "+$7.41" in lift.inner_text()
    assert "the interval leaves out 0" in lift.inner_text()
    assert "2 came and 1 left" in page.locator("[data-panel=moves]").inner_text()
    overlap = page.locator("[data-panel=overlap] tbody tr")
    assert "1,000" in overlap.inner_text()
    assert site.changes[-1][1] == "/api/v1/segments/overlap"
    page.get_by_role("link", name="← Segments").click()
    assert page.locator("[data-panel=saved]").is_visible()


def test_every_editor_gives_back_the_rule_it_was_given(segments, site):
    page = segments(f"?id={IDS[0]}&edit=1", ready=".xs-course li", rule=EVERY_EDITOR)
    page.locator(".xs-found-count[data-count='321']").wait_for()
    asked = [body for _, path, body in site.changes if path.endswith("/preview")]
    assert asked[0] == {"rule": EVERY_EDITOR}
    conditions = page.locator(".xs-rule")
    assert conditions.count() == 17
    unnamed = page.locator(".xs-rules :is(input, select, button)").evaluate_all(
        "all => all.filter(one => !(one.ariaLabel || one.title || one.innerText || one.labels?.length)).length"
    )
    assert unnamed == 0
    page.get_by_label("Net sales: value: to").first.fill("250")
    page.wait_for_function(
        "() => document.querySelector('.xs-found').getAttribute('aria-busy') === 'false'"
    )
    assert site.changes[-1][2]["rule"]["rules"][0]["value"] == [50, 250]
    page.get_by_label("Remove condition").or_(page.get_by_title("Remove condition")).first.click()
    page.wait_for_function("() => document.querySelectorAll('.xs-rule').length === 16")


def test_in_a_notebook_the_builder_stands_alone_and_its_rule_is_the_kernels(visit, site):
    """On a page without our shell, from what anywidget hands over."""
    site.answers = answers()
    site.rights = [*site.rights, "segments"]
    page = visit(width=900).page
    page.goto(f"{site.url}/notebook")
    live(page, "renderBuilder", rule={}, name="", segment=None, shop=make_document(days=9)["shop"])
    page.locator(".xs-found-count[data-count='321']").wait_for()
    assert ["customers", 321] in page.evaluate("window.model.sent")
    value = page.get_by_label("Orders: value")
    value.fill("7")
    page.wait_for_function(
        "window.model.sent.some(([name, rule]) => name === 'rule' && rule.rules[0].value === 7)"
    )
    page.evaluate("rule => window.model.change('rule', rule)", OFTEN)  # b.rule = … in a cell
    page.wait_for_function("document.querySelector('[aria-label=\"Orders: value\"]').value === '5'")
    page.wait_for_function(
        "() => document.querySelector('.xs-found').getAttribute('aria-busy') === 'false'"
    )
    assert site.changes[-1][2]["rule"]["rules"] == OFTEN["rules"]
