"""A trace leads from a request to what was promised; a report of an error holds no secret. Off, nothing is imported."""

import subprocess
import sys

import httpx
import pytest
import sentry_sdk
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sentry_sdk.transport import Transport

from xsight_core import telemetry
from xsight_core.settings import QueueSettings
from xsight_core.shopify.client import ShopifyClient

SETTINGS = QueueSettings(database_url="postgresql://x", redis_url="redis://x")


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    telemetry.configure_telemetry(SETTINGS, "test", exporter=exporter)
    yield exporter.get_finished_spans
    telemetry._tracers.clear()


async def test_a_trace_goes_from_request_to_promise_to_shopify(spans):
    with telemetry.span("request"):
        promise = {"run": "1"} | telemetry.carried()
    assert set(promise) == {"run", "traceparent"}

    async def token(_refused):
        return "shpat_secret"

    def answer(_request):
        return httpx.Response(200, json={"data": {"shop": {"name": "secret name"}}})

    with telemetry.within(promise), telemetry.span("job sync"):
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = ShopifyClient(
                http,
                shop="a.myshopify.com",
                url_template="https://{shop}",
                version="2026-10",
                token=token,
            )
            await client.execute("shop")
    request, shopify, job = spans()
    assert (request.name, job.name, shopify.name) == ("request", "job sync", "shopify shop")
    assert {one.context.trace_id for one in (request, job, shopify)} == {request.context.trace_id}
    assert job.parent.span_id == request.context.span_id
    assert shopify.parent.span_id == job.context.span_id
    assert "secret" not in "".join(one.to_json() for one in spans())


def test_off_nothing_is_carried_and_nothing_imported():
    with telemetry.span("request") as one:
        assert one is None
        assert telemetry.carried() == {}
    told = (
        "import sys, api.app, worker.carry;"
        "print([m for m in sys.modules if m.startswith(('opentelemetry.exporter', 'sentry_sdk'))])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def trouble(customer):
    try:
        int(f"postgresql://app:hunter2@db/x{len(customer)}")
    except ValueError as error:
        return error


def test_a_report_holds_no_secret_and_nobody(monkeypatch):
    sent = []

    class Kept(Transport):
        def capture_envelope(self, envelope):
            sent.append(envelope.serialize().decode())

    start = sentry_sdk.init
    monkeypatch.setattr(sentry_sdk, "init", lambda **given: start(transport=Kept, **given))
    settings = SETTINGS.model_copy(
        update={"sentry_dsn": type(SETTINGS.database_url)("https://k@localhost/1")}
    )
    telemetry.configure_telemetry(settings, "test")
    try:
        sentry_sdk.capture_exception(trouble("ann@example.com"))
    finally:
        sentry_sdk.flush()
        start()
    assert len(sent) == 1
    assert "ValueError" in sent[0]
    assert "hunter2" not in sent[0]
    assert "ann@example" not in sent[0]
