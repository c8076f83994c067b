"""A shop's Admin API over GraphQL: paced by cost, retried where safe, failures as typed errors."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import httpx
import msgspec
import structlog

from xsight_core.errors import (
    AccessDenied,
    SchemaChanged,
    ShopifyError,
    Throttled,
    TokenRevoked,
    Unavailable,
)
from xsight_core.shopify.documents import document
from xsight_core.shopify.domain import ShopDomain, shop_url
from xsight_core.shopify.pace import Pace

__all__ = ["CostExceeded", "ShopifyClient", "TokenSource"]

log = structlog.get_logger()

TokenSource = Callable[[str | None], Awaitable[str]]
"""Gives the shop's access token. The argument is one the shop has just refused, or None."""

_ATTEMPTS = 6
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 20.0
_PATIENCE_S = 120.0  # with a bucket that never fills up
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class CostExceeded(ShopifyError):
    """The query is dearer than any single query may be: ask for a smaller page."""

    code = "shopify_cost_exceeded"


class _Retry(Exception):
    """The request may be sent again, ``after_s`` later; None: our own back-off decides."""

    def __init__(self, error: ShopifyError, after_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.after_s = error, after_s


class ShopifyClient:
    """One shop at one API version. ``http`` is shared and not closed here."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        shop: ShopDomain,
        url_template: str,
        version: str,
        token: TokenSource,
        pace: Pace | None = None,
    ) -> None:
        self.shop, self.version, self.http = shop, version, http
        self.cost_points = 0.0
        self._url = shop_url(url_template, shop, f"/admin/api/{version}/graphql.json")
        self._token, self._pace = token, pace or Pace()
        self._warned = False

    async def execute(
        self, name: str, variables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The ``data`` of document ``name``. A mutation is repeated only if it did not run."""
        text, variables = document(name, self.version), dict(variables or {})
        repeatable = not text.lstrip().startswith("mutation")
        kind, waited_s, refused = f"{name}:{variables.get('first')}", 0.0, None
        for attempt in range(1, _ATTEMPTS + 1):
            await asyncio.sleep(self._pace.wait_s(kind, time.monotonic()))
            token = await self._token(refused)
            try:
                return await self._send(text, variables, kind, token, repeatable=repeatable)
            except TokenRevoked:
                if refused is not None:
                    raise
                refused = token
            except _Retry as retry:
                pause_s = _pause_s(attempt, retry.after_s)
                waited_s += pause_s
                if attempt == _ATTEMPTS or waited_s > _PATIENCE_S:
                    raise retry.error from retry.__cause__
                log.info(
                    "shopify.retry",
                    document=name,
                    attempt=attempt,
                    pause_s=round(pause_s, 2),
                    error=str(retry),
                )
                await asyncio.sleep(pause_s)
        raise TokenRevoked(f"{self.shop} refuses the renewed token. Connect the store again.")

    async def pages(
        self, name: str, root: str, *, query: str | None, first: int, after: str | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """The nodes of a connection, a page at a time; a page that is too dear is halved."""
        while True:
            try:
                data = await self.execute(name, {"first": first, "after": after, "query": query})
            except CostExceeded:
                if first == 1:
                    raise
                first = max(1, first // 2)
                continue
            connection: dict[str, Any] = data[root]
            yield connection["nodes"]
            if not connection["pageInfo"]["hasNextPage"]:
                return
            after = connection["pageInfo"]["endCursor"]

    async def _send(
        self, text: str, variables: dict[str, Any], kind: str, token: str, *, repeatable: bool
    ) -> dict[str, Any]:
        self._pace.spend(kind, time.monotonic())
        try:
            answer = await self.http.post(
                self._url,
                content=msgspec.json.encode({"query": text, "variables": variables}),
                headers={"X-Shopify-Access-Token": token, "Content-Type": "application/json"},
                timeout=_TIMEOUT,
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            down = Unavailable(f"{self.shop} cannot be reached: {type(error).__name__}.")
            never_arrived = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise (_Retry(down) if repeatable or never_arrived else down) from error
        self._note_version(answer)
        self._check_status(answer, repeatable=repeatable)
        return self._data(self._body(answer, repeatable=repeatable), kind, repeatable=repeatable)

    def _check_status(self, answer: httpx.Response, *, repeatable: bool) -> None:
        status = answer.status_code
        if status == HTTPStatus.UNAUTHORIZED:
            raise TokenRevoked(f"{self.shop} no longer accepts our token. Connect the store again.")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            after_s = _seconds(answer.headers.get("Retry-After"))
            raise _Retry(Throttled(f"{self.shop} asks for a pause.", after_s), after_s)
        if answer.is_server_error:
            down = Unavailable(f"{self.shop} answers {status}.")
            raise _Retry(down) if repeatable else down
        if status == HTTPStatus.FORBIDDEN:
            raise AccessDenied(
                f"{self.shop} forbids this to the app. Connect the store again with all scopes."
            )
        if not answer.is_success:
            raise ShopifyError(
                f"{self.shop} answers {status}: the shop is closed, frozen or moved."
            )

    def _body(self, answer: httpx.Response, *, repeatable: bool) -> dict[str, Any]:
        try:
            return msgspec.json.decode(answer.content, type=dict[str, Any])
        except msgspec.DecodeError as error:
            down = Unavailable(f"{self.shop} answers something that is not JSON.")
            raise (_Retry(down) if repeatable else down) from error

    def _data(self, body: dict[str, Any], kind: str, *, repeatable: bool) -> dict[str, Any]:
        extensions: dict[str, Any] = body.get("extensions") or {}
        if cost := extensions.get("cost"):
            self._pace.learn(kind, cost, time.monotonic())
            self.cost_points += cost.get("actualQueryCost") or 0
        errors = body.get("errors")
        if errors:
            self._raise(errors, kind, repeatable=repeatable)
        for search in extensions.get("search") or ():
            for warning in search.get("warnings") or ():
                # Shopify ignores a filter it does not know and answers with every row.
                raise SchemaChanged(
                    f"Shopify ignored the filter {warning.get('field')!r} in"
                    f" {search.get('query')!r}: {warning.get('message')}"
                )
        if body.get("data") is None:
            raise SchemaChanged(f"{self.shop} answers without data.")
        return body["data"]

    def _raise(self, errors: Any, kind: str, *, repeatable: bool) -> None:
        if isinstance(errors, str):  # e.g. {"errors": "Not Found"}
            raise ShopifyError(f"{self.shop}: {errors}")
        first: dict[str, Any] = errors[0]
        extensions: dict[str, Any] = first.get("extensions") or {}
        code, message = extensions.get("code"), str(first.get("message"))
        if code == "THROTTLED" or message == "Throttled":
            after_s = max(0.1, self._pace.wait_s(kind, time.monotonic()))
            raise _Retry(Throttled(f"{self.shop}: the cost bucket is empty.", after_s), after_s)
        if code == "MAX_COST_EXCEEDED":
            raise CostExceeded(message)
        if code == "ACCESS_DENIED":
            raise AccessDenied(message)
        if code == "INTERNAL_SERVER_ERROR":
            down = Unavailable(f"{self.shop}: {message}")
            raise _Retry(down) if repeatable else down
        raise SchemaChanged(f"{self.shop}: {message}")

    def _note_version(self, answer: httpx.Response) -> None:
        used = answer.headers.get("X-Shopify-API-Version", self.version)
        deprecated = answer.headers.get("X-Shopify-API-Deprecated-Reason")
        if (used != self.version or deprecated) and not self._warned:
            self._warned = True
            log.warning("shopify.version", asked=self.version, used=used, deprecated=deprecated)


def _pause_s(attempt: int, after_s: float | None) -> float:
    jitter = random.random()  # noqa: S311 - spreads clients, guards nothing
    if after_s is not None:
        return after_s + 0.2 * jitter
    return (0.5 + 0.5 * jitter) * min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (attempt - 1))


def _seconds(header: str | None) -> float:
    try:
        return max(0.1, float(header or 1.0))
    except ValueError:
        return 1.0
