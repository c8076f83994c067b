"""Alerts and dashboard ask only for what is measured, and each alert says what helps."""

import json
import re

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from api import access
from api.gauges import Gauges
from ops.home import ROOT
from worker import measures
from xsight_core.tenancy import Tenancy

FOLDER = ROOT / "deploy" / "observability"
NAME = re.compile(r"\b(?:xsight|process|up)[a-z_]*\b(?=[{\[)\s]|$)")
OURS = {"up", "process_resident_memory_bytes"}
FIGURES = dict.fromkeys(
    (
        "inbox_waiting",
        "inbox_oldest_s",
        "inbox_dead",
        "stores",
        "shops",
        "hub_servers",
        "sync_lag_s",
    ),
    3.0,
)
KIND = {"kind": "sync", "waiting": 2, "running": 1, "failed": 0, "oldest_due_s": 7.5}


def gauges(read) -> str:
    registry = CollectorRegistry()
    registry.register(Gauges("", read=read))
    return generate_latest(registry).decode()


@pytest.fixture(scope="module")
def measured() -> set[str]:
    """Names of everything that a scrape of API and worker can show."""
    measures.measure("sync")("done")
    measures.count_rows(
        {"type": "sync:completed", "kind": "full", "status": "completed", "rows": 5}
    )
    measures.count_model("worse")
    measures.watch_pool(Tenancy("postgresql://nobody@localhost/nothing"))
    access.REQUESTS.labels("GET", "/x", 200).inc()
    access.SECONDS.labels("/x").observe(0.1)
    text = generate_latest(REGISTRY).decode() + gauges(lambda: (FIGURES, [KIND]))
    return {
        line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[:1] != "#"
    } | OURS


def expressions() -> list[str]:
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return [rule["expr"] for rule in rules] + [t["expr"] for p in panels for t in p["targets"]]


def test_every_expression_asks_for_what_there_is(measured):
    asked = {name for one in expressions() for name in NAME.findall(one)}
    assert len(asked) > 12
    assert asked - measured == set()


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_is_one(expression):
    promql_parser.parse(expression)


def test_every_alert_says_how_long_how_urgent_and_what_helps():
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in groups[0]["rules"]:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "remedy"}


def test_panels_do_not_lie_on_each_other():
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    places = {(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels}
    assert len(places) == len(panels) == len({p["id"] for p in panels})


def test_a_scrape_is_answered_without_a_database_and_asks_it_seldom():
    asked = []

    def read():
        asked.append(1)
        raise OSError

    assert "xsight_database_up 0.0" in gauges(read)
    registry = CollectorRegistry()
    registry.register(Gauges("", read=lambda: (asked.append(1), (FIGURES, [KIND]))[1]))
    for _ in range(3):
        assert (
            'xsight_queue_oldest_due_seconds{kind="sync"} 7.5' in generate_latest(registry).decode()
        )
    assert len(asked) == 2
