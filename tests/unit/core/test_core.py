"""Small promises of the foundation: errors, settings, slugs, delays, and a suite that cannot reach the network."""

import re
import socket

import pytest
import pytest_socket
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xsight_core import errors
from xsight_core.services.jobs import retry_delay
from xsight_core.services.tenants import new_slug
from xsight_core.settings import Settings

REQUIRED = {
    "database_url": "postgresql://xsight_app:pl4nted@localhost/xsight",
    "redis_url": "redis://:pl4nted@localhost",
    "keyring": "a:pl4nted",
}


def every_error(kind=errors.XsightError):
    yield kind
    for sub in kind.__subclasses__():
        yield from every_error(sub)


def test_every_error_has_a_code_of_its_own_and_is_exported_and_in_the_tree():
    ours = [kind for kind in every_error() if kind.__module__ == errors.__name__]
    assert len({kind.code for kind in ours}) == len(ours)
    assert {kind.__name__ for kind in ours} == set(errors.__all__)
    for kind in ours:
        assert re.search(rf"\b{kind.__name__}\b", errors.__doc__)


def test_settings_do_not_print_secrets_and_do_not_change():
    settings = Settings.model_validate(REQUIRED | {"shopify_client_secret": "pl4nted,old"})
    assert "pl4nted" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.shopify_secrets == ("pl4nted", "old")
    with pytest.raises(ValidationError):
        settings.api_port = 1


@pytest.mark.parametrize(
    ("url", "secure"), [("https://x.example", True), ("http://127.0.0.1:8000", False)]
)
def test_a_public_https_origin_makes_cookies_secure(url, secure):
    assert Settings.model_validate(REQUIRED | {"public_url": url}).secure is secure


@given(st.text(max_size=60))
def test_a_slug_fits_dns_links_and_hub_names_whatever_the_company(name):
    assert re.fullmatch(r"[a-z][a-z0-9]{6,19}", new_slug(name))


def test_slugs_of_one_name_differ():
    assert len({new_slug("Acme") for _ in range(500)}) == 500


def test_delays_double_up_to_a_quarter_of_an_hour():
    for attempts, seconds in ((1, 5), (2, 10), (5, 80), (9, 900), (30, 900)):
        for _ in range(20):
            assert 0.8 * seconds <= retry_delay(attempts).total_seconds() <= 1.2 * seconds


def test_unit_tests_cannot_open_a_socket():
    with pytest.warns(UserWarning, match="socket"), pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)
