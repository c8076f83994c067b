"""Requests with a token; problem documents become :class:`ApiError`."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from xsight_core.errors import XsightError

__all__ = ["ApiError", "Transport"]

_TRIES: Final = 4
_LONGEST_WAIT_S: Final = 30.0
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503


class ApiError(XsightError):
    """The API refused. ``code`` is stable, ``field`` names what to mend, ``request_id`` finds it in the log."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        field = f" ({problem['field']})" if problem.get("field") else ""
        super().__init__(f"{problem.get('detail') or f'HTTP {status}'}{field}")
        self.status = status
        self.code = str(problem.get("code", "internal"))  # pyright: ignore[reportAttributeAccessIssue]
        self.field: str | None = problem.get("field")
        self.request_id: str | None = problem.get("request_id")


class Transport:
    """One connection pool. What is told to wait waits and asks again; a change only where it was not taken."""

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 60, http: httpx.Client | None = None
    ) -> None:
        self._http = http or httpx.Client(timeout=timeout_s, follow_redirects=False)
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
    ) -> Any:
        """The answer's JSON; None where there is none."""
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        tries = 1
        answer = self._send(method, path, asked, body)
        while tries < _TRIES and _may_repeat(method, answer.status_code):
            time.sleep(min(float(answer.headers.get("Retry-After", "1")), _LONGEST_WAIT_S))
            tries += 1
            answer = self._send(method, path, asked, body)
        if answer.is_error:
            raise ApiError(answer.status_code, _problem(answer))
        return answer.json() if answer.content else None

    def _send(
        self, method: str, path: str, query: Mapping[str, Any], body: object
    ) -> httpx.Response:
        return self._http.request(
            method, self._url + path, params=query, json=body, headers=self._headers
        )

    def fetch(self, url: str) -> httpx.Response:
        """A file by its link, which needs no token; to be read as a stream and closed."""
        answer = self._http.send(self._http.build_request("GET", url), stream=True)
        if answer.is_error:
            answer.read()
            answer.close()
            raise ApiError(answer.status_code, _problem(answer))
        return answer


def _may_repeat(method: str, status: int) -> bool:
    """Whether it was not taken at all (429), or may be asked twice."""
    return status == _TOO_MANY or (status == _UNAVAILABLE and method == "GET")


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found: Any = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]
