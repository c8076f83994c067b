"""Every error that reaches the edge, answered: a page for a browser that navigates, else a problem document."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Request, Response

from api.access import request_id
from api.errors import problem, problem_headers
from api.views import problem_page, wants_html

__all__ = ["answer_error"]

PROBLEM_JSON: Final = "application/problem+json"

log = structlog.stdlib.get_logger("api.failures")


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer for ``error``; what we did not foresee is logged whole and told as a request id only."""
    body = problem(error)
    body["request_id"] = request_id(request)
    if body["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request.failed", status=body["status"], problem=body["code"], exc_info=error)
    headers = problem_headers(error)
    if wants_html(request):
        return problem_page(request, body, headers)
    return Response(body, status_code=body["status"], media_type=PROBLEM_JSON, headers=headers)
