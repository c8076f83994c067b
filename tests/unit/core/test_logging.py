"""Secrets that are planted everywhere in an event are found nowhere in the log."""

import io
import json
import logging

import pytest
import structlog

from tests.support.logs import logged_to
from xsight_core.logging import redact

PLANTED = "pl4nted-s3cret"


@pytest.fixture(params=["json", "console"])
def log(request):
    stream = io.StringIO()
    with logged_to(stream, level="DEBUG", form=request.param):
        yield stream


NAMES = [
    "token",
    "access_token",
    "client_secret",
    "password",
    "passwd",
    "Cookie",
    "set-cookie",
    "Authorization",
    "hmac",
    "dsn",
    "api_key",
    "keyring",
    "X-Shopify-Hmac-Sha256",
    "csrf_token",
]
TEXTS = [
    f"postgresql://xsight_app:{PLANTED}@127.0.0.1:5432/xsight",
    f"redis://:{PLANTED}@127.0.0.1/0",
    f"Authorization: Bearer {PLANTED}",
    f"GET /auth/callback?code={PLANTED}&shop=x.myshopify.com&state={PLANTED}",
    f"password={PLANTED}",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_value_under_a_telling_name_is_hidden(log, name):
    structlog.stdlib.get_logger("x").info("event", **{name: PLANTED}, headers={name: [PLANTED]})
    assert PLANTED not in log.getvalue()
    assert "[hidden]" in log.getvalue()


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_inside_a_text_is_hidden(log, text):
    logger = structlog.stdlib.get_logger("x")
    logger.info(text, detail=text, several=[text, {"inner": text}], pair=(text,))
    logging.getLogger("of.a.library").warning("it said %s", text)
    assert PLANTED not in log.getvalue()
    assert len(log.getvalue().splitlines()) == 2


def test_a_secret_in_an_exception_is_hidden(log):
    def connect():
        raise RuntimeError(TEXTS[0])

    try:
        connect()
    except RuntimeError:
        structlog.stdlib.get_logger("x").exception("failed", error=TEXTS[1])
        logging.getLogger("y").exception("failed")
    assert PLANTED not in log.getvalue()
    assert "RuntimeError" in log.getvalue()


def test_bytes_are_not_written(log):
    structlog.stdlib.get_logger("x").info("webhook", body=PLANTED.encode())
    assert PLANTED not in log.getvalue()
    assert f"[{len(PLANTED)} bytes]" in log.getvalue()


def test_what_is_no_secret_stays():
    event = {
        "event": "sync.page",
        "rows": 250,
        "shop": "x.myshopify.com",
        "monkey": "banana",
        "codes": ["TEN"],
    }
    assert redact(None, "info", dict(event)) == event


def test_json_is_one_object_a_line_with_what_was_bound(log):
    with structlog.contextvars.bound_contextvars(request_id="r1", tenant_id="t1"):
        structlog.stdlib.get_logger("xsight.sync").info("sync.page", rows=250)
        logging.getLogger("of.a.library").info("hello %s", "world")
    lines = log.getvalue().splitlines()
    assert len(lines) == 2
    if lines[0].startswith("{"):
        ours, theirs = map(json.loads, lines)
        assert (ours["event"], ours["rows"], ours["level"], ours["request_id"]) == (
            "sync.page",
            250,
            "info",
            "r1",
        )
        assert (theirs["event"], theirs["tenant_id"], theirs["logger"]) == (
            "hello world",
            "t1",
            "of.a.library",
        )


def test_the_level_holds_for_both(log):
    logging.getLogger().setLevel("WARNING")
    structlog.stdlib.get_logger("x").info("quiet")
    logging.getLogger("y").info("quiet")
    assert log.getvalue() == ""
