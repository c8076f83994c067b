"""Server-rendered pages: plain forms and links that need no JavaScript."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response

from api.assets import style_url
from api.redirects import here, see_other, url_with

__all__ = ["PAGE_CSP", "problem_page", "render", "wants_html"]

PAGE_CSP: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'{form_targets}; "
    "base-uri 'none'; frame-ancestors 'none'"
)

_templates: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    template: str, *, status: int = HTTPStatus.OK, form_targets: str = "", **values: Any
) -> Response[str]:
    """A page. ``form_targets`` names origins that a form's answer may redirect to (a browser checks those as well)."""
    html = _templates.get_template(template).render(css=style_url(), **values)
    targets = f" {form_targets}" if form_targets else ""
    headers = {
        "Content-Security-Policy": PAGE_CSP.format(form_targets=targets),
        "Cache-Control": "no-store",
    }
    return Response(html, media_type=MediaType.HTML, status_code=int(status), headers=headers)


def wants_html(request: Request[Any, Any, Any]) -> bool:
    """Whether a person is looking: a navigation asks for HTML first, a script does not."""
    return "text/html" in request.headers.get("accept", "") and not request.scope[
        "path"
    ].startswith("/api/v1")


def problem_page(
    request: Request[Any, Any, Any], body: Mapping[str, Any], headers: Mapping[str, str]
) -> Response[Any]:
    """The same facts as the problem document, for a person; who has to log in is taken there."""
    if body["code"] == "not_logged_in":
        if request.scope["path"] == "/auth/logout":
            return see_other(url_with("/login", out="1"))
        return see_other(
            url_with("/login", next=here(request)) if request.method == "GET" else "/login"
        )
    response = render("problem.html", status=body["status"], problem=body)
    response.headers.update(headers)
    return response
