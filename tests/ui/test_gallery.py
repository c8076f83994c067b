"""The gallery: each component in each of its states, looked at as a whole and held against a stored structure."""

import json
from pathlib import Path

import pytest

from tests.ui.looks import seen_in, serious

pytestmark = pytest.mark.xdist_group("ui")

STORED = Path(__file__).with_name("gallery_structure.json")
# Of each tile what it is, what is in it and whether anything is cut off at its sides.
STRUCTURE = """() => [...document.querySelectorAll('[data-panel]')].map((tile) => {
  const count = (what) => tile.querySelectorAll(what).length;
  const box = tile.getBoundingClientRect();
  const state = tile.querySelector('[data-state]');
  return [tile.dataset.panel, {
    kind: tile.dataset.kind ?? 'kpis', state: state ? state.dataset.state : null,
    title: tile.querySelector('h2')?.textContent,
    charts: count('.xs-chart svg'), tables: count('table'), rows: count('tbody tr'), fields: count('input, select'),
    outside: [...tile.querySelectorAll('.xs-tile-body > *')]
      .filter((part) => part.getBoundingClientRect().right > box.right + 1).length,
  }];
})"""


@seen_in("light", 1440)
def test_every_component_is_whole_accessible_and_as_it_was(visit, site, theme, width):
    site.documents["gallery"] = None
    site.answers = {
        "/api/v1/tenants/me/quarantine": {"items": [], "total": 0, "next_cursor": None},
        "/api/v1/tenants/me/webhooks": {
            "waiting": 0, "done": 0, "dead": 0, "last_received_at": None, "waiting_since": None,
        },
    }  # fmt: skip
    page = visit(width=width, theme=theme, bypass_csp=True).open(page="gallery")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.layoutShift") < 0.01
    assert serious(page) == []
    assert len(page.screenshot(full_page=True)) > 100_000
    found = dict(page.evaluate(STRUCTURE))
    if not STORED.exists():
        STORED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        pytest.fail("The structure is stored now: look at the gallery, then run this again.")
    assert found == json.loads(STORED.read_text())
    states = {tile["state"] for tile in found.values()}
    assert {None, "empty", "error", "not_enough_data", "no_better_than_a_rule"} <= states
    assert sum(tile["outside"] for tile in found.values()) == 0
    assert page.locator("[data-panel=state-loading] .xs-skeleton").count() == 1
