"""The search box: opened by key or hand, walked by arrows, and what it says when there is nothing or no right."""

import pytest

from tests.ui.looks import check_look, seen_in, serious
from tests.ui.segments_sample import IDS, answers, make_segments_document
from tests.ui.test_live import Ignored

pytestmark = pytest.mark.xdist_group("ui")

CUSTOMER = {"id": 7_000_000_000_001, "name": "Łukasz Żółć", "email": "lukasz@example.com"}
ORDER = {
    "id": 5_000_000_000_002,
    "name": "#1042",
    "processed_at": "2026-11-20T21:30:00Z",
    "total": "49.90",
    "currency": "USD",
}
PRODUCT = {"id": 9_000_000_000_003, "title": "Watering can " + "with a long spout " * 6}
FOUND = {
    "customers": [CUSTOMER],
    "orders": [ORDER],
    "products": [PRODUCT | {"vendor": "Haws"}],
    "segments": [{"id": IDS[0], "name": "Lu: worth a letter", "members": 1204}],
}
NOTHING = {key: [] for key in FOUND}


def ask(page, text):
    box = page.get_by_role("combobox", name="Search")
    box.fill(text)
    page.wait_for_function("() => !document.querySelector('.xs-search').ariaBusy")
    page.locator(".xs-search-said:not(:text('Searching'))").wait_for()
    return box


@seen_in("light", 1440)
def test_what_is_found_is_grouped_and_walked_by_keyboard(visit, site, theme, width):
    site.answers = answers() | {"/api/v1/search": FOUND}  # it ends on the page Segments
    site.documents["segments"] = make_segments_document()
    opened = visit(bypass_csp=True, theme=theme, width=width)
    page = opened.open()
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search")
    assert box.evaluate("box => box === document.activeElement && box.value === ''")
    assert page.get_by_role("option").first.inner_text() == "Overview"
    assert serious(page, ".xs-search") == []
    ask(page, "lu")
    groups = page.locator(".xs-search-group").all_inner_texts()
    assert groups == ["Customers", "Orders", "Products", "Segments"]
    assert [query for path, query in site.asked if path.endswith("/search")] == [{"q": "lu"}]
    texts = page.get_by_role("option").all_inner_texts()
    assert texts[0] == "Łukasz Żółć\nlukasz@example.com"
    assert texts[1] == "#1042\nNov 20, 2026, 04:30 PM · $49.90"
    assert texts[3].endswith("1,204 customers")
    assert "4 found." in page.locator(".xs-search-said").inner_text()
    assert serious(page, ".xs-search") == []
    check_look(page, theme, width)
    chosen = page.locator("[aria-selected=true]")
    for key, place in (
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowUp", 1),
        ("ArrowUp", 0),
        ("ArrowUp", 3),
    ):
        page.keyboard.press(key)
        assert chosen.get_attribute("id") == f"xs-found-{place}"
        assert box.get_attribute("aria-activedescendant") == f"xs-found-{place}"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/app/segments?id={IDS[0]}")


def test_pages_and_their_tabs_are_found_by_what_they_are_about(visit, site):
    site.answers["/api/v1/search"] = NOTHING
    page = visit().open()
    page.get_by_role("button", name="Search").click()
    ask(page, "API tok")
    tokens = page.get_by_role("option", name="API tokens Settings")
    assert tokens.get_attribute("href").endswith("/app/settings?tab=tokens")
    ask(page, "lifetime")
    assert page.get_by_role("option").all_inner_texts() == ["Churn & CLV"]
    page.keyboard.press("Escape")
    assert page.locator(".xs-search").count() == 0
    assert page.evaluate("document.activeElement.id") == "xs-search"


def test_nothing_no_right_no_session_and_no_answer_are_told(visit, site):
    site.answers["/api/v1/search"] = NOTHING
    opened = visit()
    page = opened.open()
    opened.errors = Ignored("Failed to load resource")
    page.keyboard.press("/")
    said = page.locator(".xs-search-said")
    page.get_by_role("combobox").fill("q")
    assert "one more character" in said.inner_text()
    ask(page, "qqqq")
    assert said.inner_text() == "Nothing is called or numbered “qqqq”."
    assert page.get_by_role("combobox").get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")  # nothing to go to
    site.answers["/api/v1/search"] = FOUND | {
        "customers": [CUSTOMER | {"name": None, "email": None}]
    }
    ask(page, "7000000000001")
    first = page.get_by_role("option").first
    assert first.inner_text() == "Customer …0001\n7000000000001"
    site.answers["/api/v1/search"] = ({"detail": "Too many questions at once."}, 429)
    ask(page, "rest")
    assert said.inner_text() == "Too many questions at once."
    page.context.set_offline(True)
    ask(page, "lost")
    assert said.inner_text() == "XSight cannot be reached just now."
    page.context.set_offline(False)
    site.end_session()
    page.locator("[data-link=ended]").wait_for()
    ask(page, "gone")
    assert "session" in said.inner_text()


def test_a_slower_answer_to_an_older_question_is_not_shown(visit, site):
    site.answers["/api/v1/search"] = lambda query: (
        NOTHING | {"segments": [{"id": "s", "name": query["q"], "members": 3}]}
    )
    page = visit().open()
    held = []
    page.route("**/api/v1/search?q=first", lambda route: held.append(route))  # noqa: PLW0108 - playwright asks for a function of Python
    page.keyboard.press("/")
    page.get_by_role("combobox").fill("first")
    while not held:
        page.wait_for_timeout(20)
    ask(page, "second")
    held[0].continue_()
    page.wait_for_load_state("networkidle")
    assert page.get_by_role("option").first.inner_text() == "second\n3 customers"
