"""Where `next` may lead."""

import pytest

from api.redirects import own_path


@pytest.mark.parametrize(
    "target",
    [
        "/app/overview",
        "/app/customers/123?from=2026-01-01",
        "/connect",
        "/auth?shop=garden.myshopify.com",
        "/auth/oauth/authorize?client_id=xsight-hub&redirect_uri=http%3A%2F%2F127.0.0.1%3A8000%2Fhub%2Foauth_callback",
        "/hub/user-redirect/lab",
    ],
)
def test_our_own_places(target) -> None:
    assert own_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "overview",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/app/overview\\@evil.example",
        "https://evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " /app/overview",
        "/app/overview ",
        "/app/overview\n",
        "\t//evil.example",
        "/\t/evil.example",
        "/app/over\r\nview",
        "/app//evil.example",
        "/app/../..//evil.example",
        "/app/%2e%2e",
        "/connect@evil.example",
        "/connect.evil.example",
        "/auth/logout",
        "/auth/callback?code=1",
        "/user/t-other/app/overview",
        "/api/auth/me",
        "/webhooks/x",
        "/hub/../../x",
        "/APP/overview",
        "/app/\u043everview",
        "/app/overview?x=\u202e",
        "/app/overview#@evil.example",
    ],
)
def test_everything_else_leads_to_the_overview(target) -> None:
    assert own_path(target) == "/app/overview"
