"""What clients of the API ask in ``xsight bench load``; a file of locust's, run in locust's environment.

``XSIGHT_LOAD_COOKIES``: the API's cookie of each store's owner.
"""

# ruff: noqa: ANN001, ANN201, D101, S311 - locust finds what it needs by name
# pyright: reportMissingImports=false, reportGeneralTypeIssues=false
import json
import os
import random
from itertools import cycle

from locust import FastHttpUser, between, task

COOKIES = cycle(json.loads(os.environ["XSIGHT_LOAD_COOKIES"]))
SORTS = ("-net", "-orders", "last_order", "id")


class Client(FastHttpUser):
    wait_time = between(0.5, 1.5)
    network_timeout = connection_timeout = 30.0

    def on_start(self):
        self.headers = {"Cookie": next(COOKIES)}
        self.ids = [0]

    def ask(self, path, name):
        return self.client.get(f"/api/v1{path}", name=name, headers=self.headers)

    @task(6)
    def customers(self):
        path = f"/customers?limit=50&sort={random.choice(SORTS)}&orders_min={random.randint(1, 3)}"
        answer = self.ask(path, "customers")
        if answer.status_code == 200:  # noqa: PLR2004
            self.ids = [item["id"] for item in answer.json()["items"]] or self.ids

    @task(5)
    def customer(self):
        if self.ids[0]:
            self.ask(f"/customers/{random.choice(self.ids)}", "customer")

    @task(3)
    def orders(self):
        self.ask("/orders?limit=50", "orders")

    @task(3)
    def stats(self):
        self.ask("/tenants/me/stats", "stats")

    @task(2)
    def rfm(self):
        self.ask("/analytics/rfm", "rfm")

    @task(2)
    def revenue(self):
        self.ask("/analytics/revenue", "revenue")

    @task(2)
    def sales(self):
        self.ask("/analytics/metrics/net_sales?by=month", "net_sales")

    @task(1)
    def state(self):
        self.ask("/tenants/me/sync-status", "sync-status")
