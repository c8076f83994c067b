"""A client of the simulator: asks GraphQL, waits for bulk operations, acts on the shop."""

import time
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.support.simulator import APP, running_sim


@dataclass
class Client:
    """One app in one shop, over HTTP."""

    http: httpx.Client
    shop: str
    token: str

    def post(self, query, variables=None, *, version="2026-10", token=None):
        return self.http.post(
            f"/shops/{self.shop}/admin/api/{version}/graphql.json",
            json={"query": query, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": token or self.token},
        )

    def ask(self, query, /, **variables):
        answer = self.post(query, variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def act(self, name, **body):
        answer = self.http.post(f"/shops/{self.shop}/_sim/{name}", json=body)
        answer.raise_for_status()
        return answer.json()

    def truth(self):
        return self.http.get(f"/shops/{self.shop}/_sim/truth").json()

    def start_bulk(self, query, *, group=False):
        mutation = """mutation ($query: String!, $group: Boolean!) {
          bulkOperationRunQuery(query: $query, groupObjects: $group) {
            bulkOperation { id status objectCount url } userErrors { field message code } } }"""
        return self.ask(mutation, query=query, group=group)["bulkOperationRunQuery"]

    def bulk(self, gid):
        query = """query ($id: ID!) { bulkOperation(id: $id) { id status errorCode objectCount rootObjectCount
          fileSize url partialDataUrl completedAt } }"""
        return self.ask(query, id=gid)["bulkOperation"]

    def wait_for_bulk(self, gid):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.bulk(gid)
            if found["status"] not in ("CREATED", "RUNNING", "CANCELING"):
                return found
            time.sleep(0.02)
        raise AssertionError("the bulk operation takes too long")


@pytest.fixture
def client(sim):
    """Of the shop that the fixture `sim` has."""
    with httpx.Client(base_url=sim.url, timeout=30) as http:
        yield Client(http, sim.shop, sim.token)


@pytest.fixture
def opened():
    """Open a simulator of one's own configuration: `with opened(config) as (sim, client)`."""

    @contextmanager
    def opened(config):
        with running_sim(config) as sim, httpx.Client(base_url=sim.url, timeout=30) as http:
            yield sim, Client(http, sim.shop, config.apps[0].token or "")

    return opened


__all__ = ["APP", "Client"]
