"""The command says what it wants."""

import pytest
from click.testing import CliRunner

from shopify_sim.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["serve", *arguments])


def test_help_names_every_option():
    shown = CliRunner().invoke(main, ["serve", "--help"]).output
    for option in ("--port", "--home", "--shop", "--app", "--auto-approve", "--now", "--bucket"):
        assert option in shown
    assert "cdnow" in shown
    assert "generated:CUSTOMERS" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--shop", "garden=generated:5"), "write NAME.myshopify.com=SOURCE"),
        (
            ("--shop", "a.myshopify.com=nowhere.csv"),
            "write cdnow, generated:CUSTOMERS[:SEED], or a",
        ),
        (("--shop", "a.myshopify.com=generated:x"), "write generated:CUSTOMERS or"),
        (("--shop", "a.myshopify.com=cdnow", "--app", "id"), "write ID:SECRET[:REDIRECT_PREFIX]"),
        (("--shop", "a.myshopify.com=cdnow", "--now", "noon"), "write 2026-11-22T12:00:00Z"),
        ((), "Missing option '--shop'"),
    ],
)
def test_a_wrong_option_is_named(arguments, words):
    result = run(*arguments)
    assert result.exit_code != 0
    assert words in " ".join(result.output.split())
