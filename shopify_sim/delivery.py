"""The courier: sends webhooks over HTTP, retries, drops a subscription that keeps failing."""

import asyncio
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

from shopify_sim.columns import CustomerBatch
from shopify_sim.faces import ID0, STEP, iso, row_of
from shopify_sim.schema import LATEST
from shopify_sim.webhooks import NAMESPACE, Delivery, deliveries, package

if TYPE_CHECKING:
    from shopify_sim.app import Simulator
    from shopify_sim.installation import Installation
    from shopify_sim.shop import Shop

__all__ = ["Courier"]

TIMEOUT = httpx.Timeout(5, connect=1)
RETRIES = 8
FIRST_RETRY_S = 1.0  # Shopify spreads 8 retries over 4 hours; seconds do for a simulator
RETRY_FACTOR = 2.0
MAX_FAILURES = 8  # in a row: then the subscription is deleted
KEPT = 1000


class Courier:
    """Sends what the shops' changes tell."""

    def __init__(self, sim: "Simulator") -> None:
        """Nothing is on its way yet."""
        self.sim = sim
        self.client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self.tasks: set[asyncio.Task[None]] = set()
        self.held: dict[str, list[Delivery]] = {}  # by shop, while the plan keeps them back
        self.told: dict[str, int] = {}  # shop -> number of the last change told
        self.log: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def dispatch(self, shop: "Shop") -> int:
        """Send everything that changed since the last time; returns how many deliveries."""
        last = self.told.get(shop.domain, 0)
        changes = [change for change in shop.store.changes if change.number > last]
        if changes:
            self.told[shop.domain] = changes[-1].number
            shop.store.changes.clear()
        made: list[Delivery] = []
        for installation in shop.installations.values():
            subscriptions = list(installation.subscriptions.values())
            secret = self.sim.apps[installation.client_id].client_secret
            for change in changes if subscriptions else ():
                made += deliveries(shop.store, shop.domain, secret, change, subscriptions)
        made += self._finished(shop)
        self._send_all(shop, made)
        return len(made)

    def _finished(self, shop: "Shop") -> list[Delivery]:
        made: list[Delivery] = []
        while shop.finished:
            installation, operation = shop.finished.pop()
            content = {
                "admin_graphql_api_id": operation.gid,
                "completed_at": iso(operation.completed) if operation.completed else None,
                "created_at": iso(operation.created),
                "error_code": operation.error and operation.error.lower(),
                "status": operation.status.lower(),
                "type": "query",
            }
            made += self._told(shop, installation, "bulk_operations/finish", content, operation.gid)
        return made

    def _told(
        self, shop: "Shop", installation: "Installation", topic: str, content: Any, name: str
    ) -> list[Delivery]:
        secret = self.sim.apps[installation.client_id].client_secret
        event = str(uuid.uuid5(NAMESPACE, f"{shop.domain}/{name}"))
        enum = topic.upper().replace("/", "_")
        return [
            package(shop.domain, secret, topic, content, subscription, event, shop.clock.now())
            for subscription in installation.subscriptions.values()
            if subscription["topic"] == enum
        ]

    def uninstalled(self, shop: "Shop", installation: "Installation") -> None:
        """Tell an app that it was removed."""
        content = {**shop.row(), "id": shop.number, "domain": shop.domain}
        name = f"uninstalled/{shop.clock.now()}"
        self._send_all(shop, self._told(shop, installation, "app/uninstalled", content, name))

    def rescoped(self, shop: "Shop", installation: "Installation", before: frozenset[str]) -> None:
        """Tell an app that its scopes changed."""
        now = shop.clock.now()
        content = {
            "id": installation.number,
            "previous": sorted(before),
            "current": sorted(installation.scopes),
            "updated_at": iso(now),
        }
        name = f"scopes/{now}"
        self._send_all(shop, self._told(shop, installation, "app/scopes_update", content, name))

    def comply(self, shop: "Shop", body: dict[str, Any]) -> int:
        """Send one of the topics that are subscribed to in the app's own settings."""
        content: dict[str, Any] = {"shop_id": shop.number, "shop_domain": shop.domain}
        if body["topic"] != "shop/redact":
            row = row_of(body["customer"], "Customer") if "customer" in body else None
            person = None if row is None else CustomerBatch(shop.store, np.array([row]))
            email = person.email[0] if person else None
            content["customer"] = {"id": row and ID0 + STEP * row, "email": email, "phone": None}
            orders = [int(key.rpartition("/")[2]) for key in body.get("orders", ())]
            if body["topic"] == "customers/data_request":
                content |= {"orders_requested": orders, "data_request": {"id": shop.number}}
            else:
                content["orders_to_redact"] = orders
        return self.post(shop, body["topic"], content, body.get("uri"))

    def post(self, shop: "Shop", topic: str, content: Any, uri: str | None) -> int:
        """Send something that no subscription asked for; to where others are sent unless it is said."""
        made: list[Delivery] = []
        for client_id, app in self.sim.apps.items():
            known = shop.installations.get(client_id)
            subscribed = list(known.subscriptions.values()) if known else []
            to = uri or next((s["uri"] for s in subscribed), None)
            if to is None:
                continue
            target = {"id": "settings", "uri": to, "version": LATEST, "failures": 0}
            event = str(uuid.uuid4())
            secret, now = app.client_secret, shop.clock.now()
            made.append(package(shop.domain, secret, topic, content, target, event, now))
        self._send_all(shop, made)
        return len(made)

    def _send_all(self, shop: "Shop", made: list[Delivery]) -> None:
        faults, held = shop.faults, self.held.setdefault(shop.domain, [])
        if faults.webhook_hold:
            held += made
            return
        if held:
            made = [*held, *made]
            made.sort(key=lambda delivery: faults.draw("order", delivery.webhook_id))
            held.clear()
        if faults.webhook_shuffle:
            made = sorted(made, key=lambda delivery: faults.draw("order", delivery.webhook_id))
        for delivery in made:
            key = delivery.webhook_id
            if faults.draw("drop", key) < faults.webhook_drop:
                self._note(delivery, "dropped")
                continue
            if faults.draw("hmac", key) < faults.webhook_bad_hmac:
                signature = delivery.headers["X-Shopify-Hmac-Sha256"]
                delivery.headers["X-Shopify-Hmac-Sha256"] = signature[::-1]
            late = faults.draw("late", key) < faults.webhook_late
            copies = 2 if faults.draw("duplicate", key) < faults.webhook_duplicate else 1
            for _ in range(copies):
                self._spawn(shop, delivery, faults.webhook_late_s if late else 0)

    def _spawn(self, shop: "Shop", delivery: Delivery, wait_s: float) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(shop, delivery, wait_s))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _deliver(self, shop: "Shop", delivery: Delivery, wait_s: float) -> None:
        pause = FIRST_RETRY_S
        for attempt in range(1 + RETRIES):
            await asyncio.sleep(wait_s)
            delivery.attempts = attempt + 1
            status = await self._post(delivery)
            self._note(delivery, status)
            if isinstance(status, int) and 200 <= status < 300:  # noqa: PLR2004
                delivery.subscription["failures"] = 0
                return
            wait_s, pause = pause, pause * RETRY_FACTOR
        self._give_up(shop, delivery)

    async def _post(self, delivery: Delivery) -> int | str:
        try:
            uri = delivery.subscription["uri"]
            answer = await self.client.post(uri, content=delivery.body, headers=delivery.headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return answer.status_code

    def _give_up(self, shop: "Shop", delivery: Delivery) -> None:
        subscription = delivery.subscription
        subscription["failures"] += 1
        if subscription["failures"] >= MAX_FAILURES:
            for installation in shop.installations.values():
                installation.subscriptions.pop(subscription["id"], None)
            self.sim.home.save(shop)

    def _note(self, delivery: Delivery, outcome: int | str) -> None:
        topic = delivery.headers["X-Shopify-Topic"]
        entry = {"id": delivery.webhook_id, "topic": topic, "attempt": delivery.attempts}
        self.log.append({**entry, "outcome": outcome})

    async def close(self) -> None:
        """Stop sending."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.client.aclose()
