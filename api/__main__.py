"""``python -m api``: the service on a loopback port behind the proxy."""

import gc

import uvicorn
from prometheus_client import REGISTRY, start_http_server

from api.app import create_app
from api.gauges import Gauges
from xsight_core.logging import configure_logging
from xsight_core.settings import Settings
from xsight_core.telemetry import configure_telemetry

# Our proxy keeps its connections to us without limit and cannot see that we are just closing one: what it
# sends there then is answered with its own 503. Closing seldom makes that rare; other proxies let go sooner.
_IDLE_CONNECTION_S = 3_600


def main() -> None:
    """Serve until SIGTERM or SIGINT; sockets are closed at once, requests get a few seconds."""
    settings = Settings()  # pyright: ignore[reportCallIssue] - values come from the environment
    configure_logging(level=settings.log_level, form=settings.log_format)
    configure_telemetry(settings, "xsight-api")
    app = create_app(settings)
    if settings.metrics_port is not None:
        pool = app.state["resources"].tenancy.pool
        REGISTRY.register(Gauges(settings.database_url.get_secret_value(), pool=pool))
        start_http_server(settings.metrics_port, addr=settings.metrics_host)
    gc.collect()
    gc.freeze()  # what lives as long as the process is not searched again: that would hold up answers
    uvicorn.run(
        app,
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        # We read X-Forwarded-For ourselves, one hop and no more: see `api.access.client_address`.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=_IDLE_CONNECTION_S,
        timeout_graceful_shutdown=3,
        ws_max_size=16_384,
    )


if __name__ == "__main__":
    main()
