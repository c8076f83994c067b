"""A person at a browser: what they do on XSight's pages, and what they see."""

import json
import re
import secrets
import time
from typing import Any

from playwright.sync_api import Browser, Page, expect

__all__ = ["Person"]

PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)  # five seconds else

# Percent shown, and whether the numbers are there.
WATCH_SYNC = """() => {
  const rail = document.querySelector("#xs-page [role=progressbar]");
  return [rail ? Number(rail.getAttribute("aria-valuenow")) : null, Boolean(document.querySelector(".xs-kpi-value"))];
}"""

# Start a kernel in the Lab that this page shows, run code, return what it printed.
RUN_IN_LAB = """
async ([base, code]) => {
  const xsrf = document.cookie.split("; ").find((part) => part.startsWith("_xsrf="))?.slice(6) ?? "";
  const kernel = await (await fetch(`${base}api/kernels`, {
    method: "POST", headers: { "X-XSRFToken": xsrf }, body: JSON.stringify({ name: "python3" }),
  })).json();
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}${base}api/kernels/${kernel.id}/channels`);
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
  const request = {
    header: { msg_id: "ask", msg_type: "execute_request", username: "", session: "test", version: "5.3" },
    parent_header: {}, metadata: {}, channel: "shell", buffers: [],
    content: { code, silent: false, store_history: false, user_expressions: {} },
  };
  let printed = "";
  const done = new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.parent_header.msg_id !== "ask") return;
      if (message.msg_type === "stream") printed += message.content.text;
      if (message.msg_type === "error") printed += message.content.traceback.join("\\n");
      // the last on the channel that brings what was printed
      if (message.msg_type === "status" && message.content.execution_state === "idle") resolve();
    };
  });
  socket.send(JSON.stringify(request));
  await done;
  socket.close();
  return printed;
}
"""


class Person:
    """One browser profile with one page."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self.percents: list[int] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", self._see)

    def _hear(self, message) -> None:
        if "Content Security Policy" in message.text:
            self.errors.append(message.text)

    def _see(self, request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def sign_up(self, name: str, company: str) -> None:
        self.page.goto(self.url)
        self.page.get_by_role("link", name=re.compile("Create|Sign up|Start")).first.click()
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_label("Company or store").fill(company)
        self.page.get_by_label("E-mail").fill(f"{secrets.token_hex(4)}@example.com")
        self.page.get_by_label("Password").fill(secrets.token_urlsafe(16))
        self.page.get_by_role("button", name="Create account").click()
        self.page.wait_for_url("**/connect")

    def connect(self, shop: str) -> None:
        self.page.get_by_label("Your store’s address").fill(shop)
        self.page.get_by_role("button", name="Continue to Shopify").click()
        self.page.get_by_role("button", name="Install app").click()
        self.page.wait_for_url("**/user/*/app/overview")

    def sync(self) -> None:
        """Press the button, watch the progress until the numbers are there by themselves."""
        self.page.get_by_role("button", name="Sync now").first.click()
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while True:
            percent, arrived = self.page.evaluate(WATCH_SYNC)
            if percent is not None and (not self.percents or percent != self.percents[-1]):
                self.percents.append(percent)
            if arrived:
                return
            assert time.monotonic() < deadline, self.page.inner_text("body")
            self.page.wait_for_timeout(50)

    def open_overview(self) -> None:
        self.page.goto(f"{self.url}/app/overview")
        self.page.wait_for_url("**/user/*/app/overview*")
        expect(self.page.locator(".xs-kpi-value").first).to_be_visible(timeout=PATIENCE_MS)

    def wait_live(self) -> None:
        self.page.wait_for_function("performance.getEntriesByName('xs-live').length")

    def key_figures(self, period: str) -> dict[str, str]:
        self.page.get_by_role("button", name=period, exact=True).click()
        return {
            card.get_attribute("data-metric") or "": card.locator(".xs-kpi-value").inner_text()
            for card in self.page.locator(".xs-kpi").all()
        }

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()

    def get(self, path: str) -> tuple[int, Any]:
        """A request with this person's cookies."""
        answer = self.context.request.get(self.url + path)
        try:
            return answer.status, answer.json()
        except ValueError:
            return answer.status, answer.text()

    def run_in_lab(self, code: str) -> Any:
        """Open the notebooks and run code in a new kernel; it prints one JSON value."""
        self.page.goto(f"{self.url}/app/lab")
        self.page.wait_for_url(re.compile(r"/user/[^/]+/lab"))
        self.page.wait_for_selector("#jp-main-dock-panel")
        base = re.sub(r"(/user/[^/]+/).*", r"\1", self.page.url.removeprefix(self.url))
        printed = self.page.evaluate(RUN_IN_LAB, [base, code])
        try:
            return json.loads(printed)
        except ValueError:
            raise AssertionError(printed) from None
