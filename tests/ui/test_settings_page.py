"""The Settings page: its tabs in the address, what an owner does on it, and what is said to who may not."""

import pytest

from tests.ui.looks import seen_in, serious
from tests.ui.settings_sample import ANSWERS, RIGHTS, make_settings_document

pytestmark = pytest.mark.xdist_group("ui")

TABS = ("store", "members", "tokens", "alerts", "reports", "branding", "audit", "privacy", "you")


@pytest.fixture
def settings_page(visit, site):
    def open_page(tab="", rights=RIGHTS, document=None, **look):
        site.documents["settings"] = document or make_settings_document()
        site.rights, site.answers = rights, dict(ANSWERS)
        query = f"?tab={tab}" if tab else ""
        open_page.visit = visit(bypass_csp=True, **look)
        return open_page.visit.open(query, page="settings")

    return open_page


def settled(page):
    page.wait_for_function(
        "!document.querySelector('.xs-row:not([hidden]) .xs-skeleton') && document.fonts.status === 'loaded'"
    )


@seen_in("dark", 390)
def test_every_tab_is_accessible_and_fits(settings_page, theme, width):
    page = settings_page(theme=theme, width=width)
    for tab in TABS:
        page.locator(f"[data-tab={tab}]").click()
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width, tab
        assert page.locator(".xs-row:not([hidden]) [data-state=error]").count() == 0, tab
        assert serious(page) == [], tab
    assert page.evaluate("window.layoutShift") < 0.01


def test_tabs_stand_in_the_address_and_take_keys(settings_page):
    page = settings_page("tokens")
    assert page.locator("[aria-selected=true]").inner_text() == "API tokens"
    page.locator("[data-tab=tokens]").press("ArrowRight")
    assert page.url.endswith("?tab=alerts")
    page.go_back()
    page.locator("[data-tab=tokens][aria-selected=true]").wait_for()
    assert page.locator("[data-panel=tokens]").is_visible()
    assert not page.locator("[data-panel=alerts]").is_visible()


def test_members_are_invited_changed_and_removed(settings_page, site):
    page = settings_page("members")
    rows = page.locator("[data-panel=members] tbody tr")
    rows.first.wait_for()
    assert rows.nth(0).get_by_role("button").count() == 0  # oneself
    site.changed["PATCH", "/api/v1/members/m2"] = (204, None)
    rows.nth(1).get_by_role("combobox").select_option("marketer")
    page.get_by_text("Grace Hopper is marketer now").wait_for()
    assert site.changes[-1] == ("PATCH", "/api/v1/members/m2", {"role": "marketer"})
    site.changed["DELETE", "/api/v1/members/m3"] = (204, None)
    button = rows.nth(2).get_by_role("button")
    button.click()
    assert len(site.changes) == 1  # asked, not done
    button.click()
    page.get_by_text("is out; log-ins").wait_for()
    invited = {
        "invitation": ANSWERS["/api/v1/members"]["invitations"][0],
        "link": "https://x/i?c=1",
    }
    site.changed["POST", "/api/v1/invitations"] = (
        422,
        {"code": "invalid_input", "field": "email", "detail": "This is no e-mail address."},
    )
    form = page.locator("[data-panel=invite] form")
    form.get_by_role("textbox", name="E-mail").fill("zoe")
    form.get_by_role("button", name="Invite").click()
    form.get_by_text("This is no e-mail address.").wait_for()
    assert form.get_by_role("textbox", name="E-mail").get_attribute("aria-invalid") == "true"
    site.changed["POST", "/api/v1/invitations"] = (201, invited)
    form.get_by_role("textbox", name="E-mail").fill("zoe@example.com")
    form.get_by_role("button", name="Invite").click()
    page.get_by_text("https://x/i?c=1").wait_for()
    refusal = settings_page.visit.errors.pop()  # the browser tells of the refusal too
    assert "422" in refusal


def test_a_token_is_shown_once(settings_page, site):
    page = settings_page("tokens")
    made = {"token": ANSWERS["/api/v1/tokens"]["tokens"][0], "secret": "xs_secret"}
    site.changed["POST", "/api/v1/tokens"] = (201, made)
    form = page.locator("[data-panel=new_token] form")
    form.get_by_label("Name").fill("Nightly export")
    form.get_by_label("Make exports").check()
    form.get_by_role("button", name="Make token").click()
    page.get_by_text("xs_secret").wait_for()
    sent = {"name": "Nightly export", "days": 90, "scopes": ["export", "read"]}
    assert site.changes[-1][2] == sent
    page.reload()
    page.locator("[data-panel=tokens] tbody tr").wait_for()
    assert page.get_by_text("xs_secret").count() == 0


def test_an_alert_is_made_in_the_metrics_own_unit(settings_page, site):
    site.alerts_firing = 1
    page = settings_page("alerts")
    rows = page.locator("[data-panel=alerts] tbody tr")
    rows.first.wait_for()
    assert "$12,345.00" in rows.nth(0).inner_text()
    assert "the rule asks for 200" in rows.nth(1).inner_text()
    rows.nth(0).get_by_text("History").click()
    rows.nth(0).get_by_text("before $20,999.00").nth(1).wait_for()
    assert page.locator(".xs-nav-count").inner_text().split() == ["1", "alert", "fires"]
    form = page.locator("[data-panel=alert] form")
    site.changed["POST", "/api/v1/alerts"] = (201, ANSWERS["/api/v1/alerts"]["items"][0])
    form.get_by_label("Name").fill("A weak day")
    form.get_by_label("Tell me when it").select_option("below")
    form.get_by_label("Bound, USD").fill("250.50")
    form.get_by_role("button", name="Make alert").click()
    page.wait_for_function("!document.querySelector('[data-panel=alert] input').value")
    sent = site.changes[-1][2]
    assert (sent["bound"], sent["against"], sent["days"]) == (25_050, None, 7)
    form.get_by_label("Tell me when it").select_option("rises")
    form.get_by_label("Bound, percent").fill("much")
    form.get_by_role("button", name="Make alert").click()
    form.get_by_text("Write a number.").wait_for()


def test_what_a_role_may_not_is_said(settings_page, site):
    site.role = "viewer"
    page = settings_page("members", rights=["user", "read"])
    page.locator("[data-panel=members]").get_by_text("You are a viewer in this store").wait_for()
    for tab, panel in (("tokens", "tokens"), ("audit", "audit"), ("privacy", "requests")):
        page.locator(f"[data-tab={tab}]").click()
        page.locator(f"[data-panel={panel}]").get_by_text("Not part of your role").wait_for()
    page.locator("[data-tab=store]").click()
    assert page.get_by_role("button", name="Disconnect").count() == 0
    page.locator("[data-tab=you]").click()
    page.locator("[data-panel=sessions] tbody tr").first.wait_for()


def test_the_store_tells_its_connection_and_lets_go(settings_page, site):
    page = settings_page(document=make_settings_document(history_since="2026-09-20"))
    tile = page.locator("[data-panel=connection]")
    assert "History since Sep 20, 2026" in tile.inner_text()
    assert "America/New_York" in tile.inner_text()
    site.documents["settings"] = make_settings_document(connection="disconnected")
    site.changed["POST", "/api/v1/tenants/me/disconnect"] = (204, None)
    tile.get_by_role("button", name="Disconnect").click()
    tile.get_by_role("button", name="Stop reading this shop?").click()
    tile.get_by_text("No sync can run").wait_for()


def test_a_stores_own_look_is_on_every_page(settings_page, site):
    site.brand = {"name": "Garden & Grove", "accent": "#0f7a4f", "logo_version": None}
    page = settings_page()
    assert page.locator(".xs-brand").inner_text() == "Garden & Grove"
    colour = page.locator("[aria-selected=true]").evaluate(
        "e => getComputedStyle(e).borderBottomColor"
    )
    assert colour == "rgb(15, 122, 79)"


def test_the_audit_log_is_filtered_by_its_address(settings_page, site):
    page = settings_page("audit&action=member.")
    page.locator("[data-panel=audit] tbody tr").first.wait_for()
    assert page.get_by_label("What").input_value() == "member."
    assert page.get_by_text("60 events").is_visible()
    page.get_by_label("From").fill("2026-11-01")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**since=2026-11-01*")
    page.get_by_role("button", name="Older").click()
    page.locator("[data-panel=audit] tbody tr").nth(15).wait_for()
