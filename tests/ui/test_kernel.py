"""The page and its kernel: Jupyter's messages over a websocket, answered here as ipykernel answers them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.ui.sample import make_document
from xsight_ui.pages import PAGES

pytestmark = pytest.mark.xdist_group("ui")

ATTACH = "kernel => window.xsight.kit.then(kit => kit.attach(kernel))"
RAN = "() => window.xsight.kit.then(kit => kit.ran())"
LIVE = "performance.getEntriesByName('xs-live').length"


class Kernel:
    """Its end of the page's socket."""

    def __init__(self, page) -> None:
        self.heard: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        self.addresses: list[str] = []
        page.route_web_socket("**/api/kernels/**", self._open)

    def _open(self, socket) -> None:
        self.socket = socket
        self.addresses.append(socket.url)
        socket.on_message(self._hear)

    def _hear(self, text: str) -> None:
        message = json.loads(text)
        self.heard.append(message)
        if message["content"].get("data", {}).get("method") == "request_states":
            states = {"a-layout": {"state": {}}, "the-page": {"state": self.state}}
            data = {"method": "update_states", "states": states}
            self.say("comm_msg", comm_id=message["content"]["comm_id"], data=data)

    def say(self, kind: str, **content: Any) -> None:
        header = {"msg_type": kind, "msg_id": "1", "session": "kernel"}
        self.socket.send(json.dumps({"header": header, "content": content, "channel": "iopub"}))


def test_the_page_follows_its_kernel(visit, site) -> None:
    opened = visit()
    page = opened.page
    kernel = Kernel(page)
    opened.open()
    kernel.state = {"spec": opened.specification(), "data_version": 1}
    page.evaluate(ATTACH, "1234")
    page.evaluate(RAN)
    page.wait_for_function(LIVE)
    assert "api/kernels/1234/channels" in kernel.addresses[0]

    newer = make_document(seed=8) | {"data_version": 42, "computed_at": "2026-11-22T11:42:11+00:00"}
    site.send({"type": "sync:update", "data_version": 42, "insight_run": "r2"})
    until(page, lambda: kernel.heard[-1]["content"]["data"]["method"] == "update")
    asked = kernel.heard[-1]["content"]
    assert asked["comm_id"] == "the-page"
    assert asked["data"]["state"] == {"data_version": 42, "insight_run": "r2"}
    spec = PAGES["overview"].spec(newer | {"insight_run": "r2"}, datetime.now(UTC))
    kernel.say("comm_msg", comm_id="the-page", data={"method": "update", "state": {"spec": spec}})
    net = f"${sum(newer['daily']['net_minor'][-30:]) / 100:,.2f}"
    page.locator("[data-metric=net_sales] .xs-kpi-value", has_text=net).wait_for()
    assert page.evaluate("window.layoutShift") == 0

    kernel.say("status", execution_state="dead")
    page.get_by_text("Not live").wait_for()
    page.goto("about:blank")
    until(page, lambda: any("shutdown/1234" in path for _, path, _ in site.changes))


def test_a_widget_made_while_the_page_listens_and_a_member_who_is_one_no_more(visit, site) -> None:
    opened = visit()
    page = opened.page
    kernel = Kernel(page)
    opened.open()
    page.evaluate(ATTACH, "1234")
    until(page, lambda: kernel.addresses)
    state = {"spec": opened.specification()}
    kernel.say("comm_open", comm_id="p", target_name="jupyter.widget", data={"state": state})
    page.wait_for_function(LIVE)
    assert kernel.heard == []  # nothing had to be asked for
    kernel.socket.close(code=4403)
    page.get_by_text("Not live").wait_for()
    assert len(kernel.addresses) == 1


def until(page, happened) -> None:
    """Let the browser go on until it has."""
    for _ in range(500):
        if happened():
            return
        page.wait_for_timeout(10)
    raise AssertionError("it did not happen")
