"""The command: ``xsight sim`` and ``python -m shopify_sim``."""

from datetime import UTC, datetime
from pathlib import Path

import click
import uvicorn

from shopify_sim.app import create_app
from shopify_sim.config import AppConfig, ShopConfig, SimConfig
from shopify_sim.schema import LATEST, load
from shopify_sim.sources import SourceError
from shopify_sim.sources.transactions import TransactionsError

__all__ = ["main"]


@click.group()
def main() -> None:
    """A simulated Shopify: several shops in one process, on Shopify's own Admin schema.

    A shop is at http://HOST:PORT/shops/NAME.myshopify.com/ and, by its Host header, at http://HOST:PORT/.
    """


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True, help="Port to listen on.")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what shall outlive the process.",
)
@click.option(
    "--shop",
    "shops",
    multiple=True,
    required=True,
    metavar="DOMAIN=SOURCE",
    help="A shop. SOURCE: cdnow, generated:CUSTOMERS[:SEED], or a CSV/Parquet file of transactions "
    "(columns customer, date, amount[, units]).",
)
@click.option(
    "--on-demand",
    "on_demand",
    multiple=True,
    metavar="START=SOURCE",
    help="A shop is founded when somebody asks for a name that begins so, e.g. trial-=cdnow.",
)
@click.option(
    "--app",
    "apps",
    multiple=True,
    envvar="SHOPIFY_SIM_APPS",
    show_envvar=True,  # a command line can be read by everybody on the machine
    metavar="ID:SECRET[:REDIRECT_PREFIX]",
    help="An app that may be installed; its redirect_uri must start with the prefix.",
)
@click.option("--auto-approve", is_flag=True, help="Install without showing the form.")
@click.option(
    "--now", metavar="ISO_TIME", help="Stand still at this time, e.g. 2026-11-22T12:00:00Z."
)
@click.option("--bucket", default=2000.0, show_default=True, help="Points of an app's bucket.")
@click.option("--restore", default=100.0, show_default=True, help="Points restored a second.")
@click.option("--throttle-rest", is_flag=True, help="Hold REST reads to 40 calls and 2 a second.")
@click.option(
    "--token-life", default=3600, show_default=True, help="Seconds an access token lives."
)
@click.option("--log-level", default="warning", show_default=True)
def serve(
    *,
    host: str,
    port: int,
    home: Path | None,
    shops: tuple[str, ...],
    on_demand: tuple[str, ...],
    apps: tuple[str, ...],
    auto_approve: bool,
    now: str | None,
    bucket: float,
    restore: float,
    throttle_rest: bool,
    token_life: int,
    log_level: str,
) -> None:
    """Serve shops until stopped."""
    try:
        config = SimConfig(
            shops=tuple(_shop(text) for text in shops),
            apps=tuple(_app(text) for text in apps),
            on_demand=dict(_start(text) for text in on_demand),
            home=home,
            now=_moment(now) if now else None,
            auto_approve=auto_approve,
            bucket_maximum=bucket,
            bucket_restore_per_s=restore,
            rest_throttled=throttle_rest,
            access_token_life_s=token_life,
        )
        load(LATEST)  # before the shops: what reading it needs for a moment is theirs then
        app = create_app(config)
    except (SourceError, TransactionsError) as error:
        raise click.ClickException(str(error)) from error
    for shop in config.shops:
        click.echo(f"http://{host}:{port}/shops/{shop.domain}/  {shop.source}")
    uvicorn.run(app, host=host, port=port, log_level=log_level, access_log=False)


def _shop(text: str) -> ShopConfig:
    domain, _, source = text.partition("=")
    if not source or not domain.endswith(".myshopify.com"):
        raise click.BadParameter(f"{text!r}: write NAME.myshopify.com=SOURCE", param_hint="--shop")
    return ShopConfig(domain, source)


def _start(text: str) -> tuple[str, str]:
    start, _, source = text.partition("=")
    if not start or not source:
        raise click.BadParameter(f"{text!r}: write START=SOURCE", param_hint="--on-demand")
    return start, source


def _app(text: str) -> AppConfig:
    client_id, _, rest = text.partition(":")
    secret, _, prefix = rest.partition(":")
    if not client_id or not secret:
        raise click.BadParameter("write ID:SECRET[:REDIRECT_PREFIX]", param_hint="--app")
    return AppConfig(client_id, secret, prefix or "http")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r}: write 2026-11-22T12:00:00Z", param_hint="--now"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
