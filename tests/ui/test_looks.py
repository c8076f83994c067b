"""Widths, themes, stability and accessibility of the page in each of its states."""

import json

import pytest

from tests.ui.looks import look_over, serious
from tests.ui.sample import BEATEN, empty_document, make_document

pytestmark = pytest.mark.xdist_group("ui")

SHORT = {
    "state": "not_enough_data",
    "have": {"repeat_customers": 3},
    "need": {"repeat_customers": 30},
    "message": "",
}
STATES = {
    "ready": make_document(),
    "onboarding": None,
    "empty": empty_document(),
    "not enough data": make_document(days=40) | {"churn": SHORT, "clv": BEATEN},
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_and_fits(visit, site, state):
    site.document = STATES[state]
    look_over(visit(bypass_csp=True), "overview")


def test_open_menus_are_accessible(visit):
    opened = visit(bypass_csp=True)
    page = opened.open()
    for button in (
        "#xs-user",
        "#xs-store",
        "[data-panel=cohorts] [aria-label^=Options]",
        "[data-panel=churn] .xs-about",
    ):
        page.locator(button).click()
        assert serious(page, ".xs-anchor:has(> .xs-popup:not([hidden]))") == [], button
        page.keyboard.press("Escape")
        assert page.locator(button).evaluate("button => button === document.activeElement")


def test_all_panels_are_painted(visit):
    opened = visit()
    page = opened.open()
    assert page.locator(".xs-tile").count() == 9
    assert page.locator(".xs-skeleton, .xs-state").count() == 0
    for panel in ("sales", "mix", "churn"):
        assert page.locator(f"[data-panel={panel}] svg path").count() > 5
    marks = page.evaluate("performance.getEntriesByType('mark').map((mark) => mark.name)")
    assert marks.index("xs-first") < marks.index("xs-charts") < marks.index("xs-complete")


def test_the_theme_is_switched_by_hand_and_stays(visit):
    opened = visit()
    page = opened.open()
    light = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    line = page.locator("[data-panel=sales] svg path").evaluate_all(
        "paths => paths.map(p => p.getAttribute('stroke'))"
    )
    page.locator("#xs-theme").click()
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") != light
    assert (
        page.locator("[data-panel=sales] svg path").evaluate_all(
            "paths => paths.map(p => p.getAttribute('stroke'))"
        )
        != line
    )
    page.reload()
    page.wait_for_function("performance.getEntriesByName('xs-complete').length")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_keyboard_reaches_period_menu_and_content(visit):
    opened = visit()
    page = opened.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.locator("[data-key='30']").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("[data-key='90']").get_attribute("aria-pressed") == "true"
    page.locator("[data-panel=segments] [aria-label^=Options]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Download CSV"


def test_reduced_motion_stops_animations(visit, site):
    site.document = None
    opened = visit(reduced_motion="reduce")
    page = opened.open()
    running = (
        "document.getAnimations().filter((animation) => animation.playState === 'running').length"
    )
    site.send(
        {"type": "sync:progress", "run": "r", "status": "running", "percent": 50, "counts": {}}
    )
    page.get_by_text("Syncing 50%").or_(page.get_by_text("50%")).first.wait_for()
    assert page.evaluate(running) == 0


def test_no_width_needs_sideways_scrolling(visit):
    opened = visit(width=1920)
    page = opened.open()
    for width in (1920, 1280, 1180, 961, 820, 640, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(
            "width => document.querySelector('[data-panel=sales] svg').clientWidth < width",
            arg=width,
        )
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_long_names_and_large_amounts_stay_inside(visit, site):
    document = make_document(
        name="Donaudampfschifffahrtsgesellschaftskapitänsmützen " * 4, domain="x" * 60
    )
    document["daily"]["net_minor"] = [minor * 90_000 for minor in document["daily"]["net_minor"]]
    document["rfm"]["segments"][0]["name"] = "A segment with a very long name " * 3
    site.document = document
    site.names = dict.fromkeys(site.names, "Wolfeschlegelsteinhausenbergerdorff " * 3)
    for width in (390, 1440):
        page = visit(width=width).open("?days=all")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        wide = page.evaluate(
            "[...document.querySelectorAll('.xs-kpi-value')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
        )
        assert wide == 0, json.dumps(page.locator(".xs-kpi-value").all_inner_texts())
