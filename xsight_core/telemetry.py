"""Traces (OpenTelemetry) and reports of errors (Sentry): nothing of either unless the operator says where to.

A trace follows a request through the promise of a job (its payload carries ``traceparent``) into the worker and to
Shopify. Names and counts travel, never a body, a query, a header or a person. The packages are an extra of their own
(``telemetry``): without the setting they are not even imported.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from xsight_core.errors import InvalidInput
from xsight_core.logging import redact
from xsight_core.settings import QueueSettings

__all__ = ["carried", "configure_telemetry", "span", "within"]

_PARENT: Final = "traceparent"
_TELLTALE: Final = ("request", "user", "breadcrumbs", "server_name", "modules", "extra")
_tracers: list[Any] = []  # none or one: set in a composition root


def configure_telemetry(settings: QueueSettings, service: str, *, exporter: Any = None) -> None:
    """Once, in the composition root. ``exporter``: in place of the one that sends to the endpoint."""
    if settings.otlp_endpoint or exporter:
        _needs("opentelemetry.sdk", "XSIGHT_OTLP_ENDPOINT")
        _trace(settings.otlp_endpoint, service, exporter)
    if dsn := settings.sentry_dsn.get_secret_value():
        _needs("sentry_sdk", "XSIGHT_SENTRY_DSN")
        import_module("sentry_sdk").init(
            dsn=dsn,
            before_send=_without_secrets,
            default_integrations=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            integrations=[import_module("sentry_sdk.integrations.logging").LoggingIntegration()],
        )


def _needs(module: str, setting: str) -> None:
    try:
        there = find_spec(module)
    except ModuleNotFoundError:
        there = None
    if there is None:
        raise InvalidInput(
            setting,
            "Its packages are not installed: `.venv/bin/uv pip install 'xsight[telemetry]'`.",
        )


def _trace(endpoint: str, service: str, exporter: Any) -> None:
    sdk, export = (import_module(f"opentelemetry.sdk.{name}") for name in ("trace", "trace.export"))
    resource = import_module("opentelemetry.sdk.resources").Resource({"service.name": service})
    provider = sdk.TracerProvider(resource=resource)
    if exporter is not None:
        provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    else:
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        sender = otlp.OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(export.BatchSpanProcessor(sender))
    _tracers[:] = [provider.get_tracer("xsight")]


@contextmanager
def span(name: str, **told: str | int) -> Generator[Any]:
    """A part of a trace; nothing where there is none."""
    if not _tracers:
        yield None
        return
    with _tracers[0].start_as_current_span(name, attributes=told, record_exception=False) as one:
        yield one


def carried() -> dict[str, str]:
    """What a promise takes along, so that who keeps it belongs to the same trace."""
    told: dict[str, str] = {}
    if _tracers:
        _propagator().inject(told)
    return told


@contextmanager
def within(promise: Mapping[str, Any]) -> Generator[None]:
    """In the trace that the promise was made in."""
    if not _tracers or _PARENT not in promise:
        yield
        return
    context = import_module("opentelemetry.context")
    token = context.attach(_propagator().extract({_PARENT: str(promise[_PARENT])}))
    try:
        yield
    finally:
        context.detach(token)


def _propagator() -> Any:
    return import_module(
        "opentelemetry.trace.propagation.tracecontext"
    ).TraceContextTextMapPropagator()


def _without_secrets(event: dict[str, Any], _hint: object) -> dict[str, Any]:
    """What a report may tell: where it happened, and words without secrets."""
    kept = {name: value for name, value in event.items() if name not in _TELLTALE}
    return dict(redact(None, "", kept))
