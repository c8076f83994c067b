"""``xsight``: every word an operator can say. Each imports what it needs, so ``--help`` is quick."""

import subprocess
import sys
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from typing import Any

import click

from ops.config import Config
from ops.home import ROOT
from ops.trouble import Trouble

__all__ = ["main"]


def _do(module: str, function: str, *args: Any, **options: Any) -> None:
    """Call ``ops.<module>.<function>(config, …)`` and end with its exit code."""
    config = Config.read()
    sys.exit(getattr(import_module(f"ops.{module}"), function)(config, *args, **options) or 0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="xsight")
def xsight() -> None:
    """Customer analytics for Shopify, on your own machine.

    Settings are read from the environment: XSIGHT_HOME (state folder, default var), XSIGHT_PORT (8000),
    XSIGHT_HOST (127.0.0.1), XSIGHT_PUBLIC_URL, DATABASE_URL, REDIS_URL, SHOPIFY_CLIENT_ID and
    SHOPIFY_CLIENT_SECRET, XSIGHT_SANDBOX (auto, bwrap, none), XSIGHT_DEMO (1, 0).
    """


@xsight.command()
@click.option("--detach", is_flag=True, help="Return when all is ready; stop with `xsight down`.")
def up(*, detach: bool) -> None:
    """Start everything; Ctrl-C stops it."""
    if detach:
        _do("detached", "up")
    else:
        _do("stack", "up")


@xsight.command()
def down() -> None:
    """Stop what runs on this state folder."""
    _do("detached", "down")


@xsight.command()
@click.argument("names", nargs=-1, type=click.Choice(["api", "worker", "queue"]))
def restart(names: tuple[str, ...]) -> None:
    """Start processes anew, one after the other, without a request that fails or a job that is lost."""
    _do("rolling", "roll", names)


@xsight.command()
def status() -> None:
    """Show each process; exit code 0 when all are ready, 3 when nothing runs."""
    _do("status", "show")


@xsight.command()
def doctor() -> None:
    """Look for what could keep XSight from running here, and say what helps."""
    _do("doctor", "examine")


@xsight.command()
@click.argument("name", required=False)
@click.option("-n", "--lines", default=50, show_default=True, help="How many of the last lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on showing what is added.")
def logs(name: str | None, lines: int, *, follow: bool) -> None:
    """Show the log of a process, or of all."""
    _do("logs", "show", name, lines=lines, follow=follow)


@xsight.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    _do("stack", "migrate")


@xsight.command()
@click.argument("folder")
@click.option("--keep", type=click.IntRange(min=1), help="How many backups of the folder stay.")
def backup(folder: str, *, keep: int | None) -> None:
    """Write a backup into FOLDER, also while XSight runs. Secrets are not in it."""
    _do("backup", "make", folder, keep=keep)


@xsight.command()
@click.argument("backup")
@click.option("--keys", help="Folder of people's keys, where it does not lie beside the backup.")
def restore(backup: str, *, keys: str | None) -> None:
    """Bring BACKUP back into an empty state folder or database, and compare every row."""
    _do("restore", "bring_back", backup, keys=keys)


@xsight.command()
@click.argument("store")
@click.argument("file")
def export(store: str, file: str) -> None:
    """Write STORE (its short name) with all its data into FILE, to take along."""
    _do("stores", "export", store, file)


@xsight.command("import")
@click.argument("file")
@click.option("--owner", help="E-mail address of an account here that is to own the store.")
def import_(file: str, owner: str | None) -> None:
    """Bring a store in that another installation has exported."""
    _do("stores", "bring_in", file, owner)


@xsight.group()
def store() -> None:
    """One store, by its short name."""


@store.command()
@click.argument("store")
def suspend(store: str) -> None:
    """Keep everybody out, stop its syncs; the data stay."""
    _do("stores", "suspend", store, suspended=True)


@store.command()
@click.argument("store")
def resume(store: str) -> None:
    """The end of a suspension."""
    _do("stores", "suspend", store, suspended=False)


@store.command()
@click.argument("store")
@click.confirmation_option(prompt="All data of this store go, for good. Delete it?")
def delete(store: str) -> None:
    """Delete a suspended store for good."""
    _do("stores", "delete", store)


@xsight.group()
def keys() -> None:
    """Keys that seal the stores' tokens."""


@keys.command()
def rotate() -> None:
    """Make a new key and seal every stored token with it, also while XSight runs."""
    _do("keys", "rotate")


@xsight.command()
def mail() -> None:
    """Show messages that were not sent, with their links: without XSIGHT_SMTP_URL, all of them."""
    _do("letters", "show")


@xsight.group()
def audit() -> None:
    """The audit log."""


@audit.command()
@click.argument("store", required=False)
@click.option("--file", help="An exported log (JSON lines) instead of the database.")
@click.option(
    "--expect", metavar="NUMBER:HASH", help="A head noted earlier, which must still be in it."
)
def verify(store: str | None, file: str | None, expect: str | None) -> None:
    """Recompute the chain of a store (its short name), or of all; exit code 1 when one is broken."""
    _do("audit", "check", store, file=file, expect=expect)


@xsight.group()
def webhooks() -> None:
    """Webhooks that could not be worked on: dead letters."""


@webhooks.command()
@click.option("--store", help="One store only: shop.myshopify.com.")
def dead(store: str | None) -> None:
    """Show dead letters, newest first."""
    _do("webhooks", "show", store=store)


@webhooks.command()
@click.argument("ids", nargs=-1)
@click.option("--store", help="One store only: shop.myshopify.com.")
@click.option("--topic", help="One topic only: orders/updated.")
@click.option("--done", is_flag=True, help="Also what was done in the last day.")
def replay(ids: tuple[str, ...], store: str | None, topic: str | None, *, done: bool) -> None:
    """Work on dead letters again: all, or these ids."""
    _do("webhooks", "replay", store=store, topic=topic, ids=ids, done=done)


@xsight.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
def demo(*, as_json: bool) -> None:
    """Show address, log-in and figures of the demo shop."""
    _do("demo", "show", as_json=as_json)


@xsight.command()
@click.argument(
    "name",
    type=click.Choice(
        [
            "up",
            "overview",
            "sync",
            "webhooks",
            "clv",
            "insights",
            "api",
            "segments",
            "dashboards",
            "lab",
            "load",
        ]
    ),
)
def bench(name: str) -> None:
    """Measure; the last line is JSON: {"bench": NAME, "figures": {…}}."""
    if find_spec("playwright") is None:
        print("· installing what measuring needs (make dev)", flush=True)
        if subprocess.run(["make", "--silent", "dev"], cwd=ROOT, check=False).returncode:
            raise Trouble("what measuring needs could not be installed", "run `make dev` and read")
        invalidate_caches()
    _do(f"bench.{name}", "measure")


@xsight.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sim(arguments: tuple[str, ...]) -> None:
    """Run a simulated Shopify; see `xsight sim --help`."""
    import_module("shopify_sim.cli").main.main(list(arguments), prog_name="xsight sim")


def main() -> None:
    """Entry point: the operator's troubles are one line, never a traceback."""
    try:
        xsight.main(standalone_mode=False)
    except Trouble as trouble:
        print(f"xsight: {trouble}", file=sys.stderr)
        sys.exit(1)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
