"""A shop's Admin API over GraphQL: paced by cost, retried where safe, failures as typed errors."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
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
from xsight_core.shopify.pace import LocalPace, Pace
from xsight_core.telemetry import span

__all__ = ["CostExceeded", "ShopifyClient", "TokenSource", "TooLong"]

log = structlog.get_logger()

TokenSource = Callable[[str | None], Awaitable[str]]
"""Gives the shop's access token. The argument is one the shop has just refused, or None."""

_ATTEMPTS = 6
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 20.0
_PATIENCE_S = 120.0  # with a bucket that never fills up
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_LONGEST_ANSWER_BYTES = 64 << 20


class CostExceeded(ShopifyError):
    """The query is dearer than any single query may be: ask for a smaller page."""

    code = "shopify_cost_exceeded"


class TooLong(ShopifyError):
    """An answer that is longer than any we are ready to hold: ask for a smaller page."""

    code = "shopify_answer_too_long"


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
        self.requests = 0
        self._url = shop_url(url_template, shop, f"/admin/api/{version}/graphql.json")
        self._token, self._pace = token, pace or LocalPace()
        self._fit: dict[str, int] = {}
        self.notices: dict[str, str] = {}

    async def execute(
        self, name: str, variables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The ``data`` of document ``name``. A mutation is repeated only if it did not run."""
        text, variables = document(name, self.version), dict(variables or {})
        repeatable = not text.lstrip().startswith("mutation")
        kind, waited_s, refused = f"{name}:{variables.get('first')}", 0.0, None
        for attempt in range(1, _ATTEMPTS + 1):
            await asyncio.sleep(await self._pace.reserve(kind))
            token = await self._token(refused)
            try:
                with span(f"shopify {name}", shop=str(self.shop), attempt=attempt):
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
        self,
        name: str,
        root: str,
        *,
        query: str | None,
        first: int,
        after: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """The nodes of a connection, a page at a time; a page that is too much is halved."""
        first = min(first, self._fit.get(name, first))
        while True:
            variables = {"first": first, "after": after, "query": query, **(more or {})}
            try:
                data = await self.execute(name, variables)
            except (CostExceeded, TooLong):
                if first == 1:
                    raise
                first = self._fit[name] = max(1, first // 2)
                continue
            connection: dict[str, Any] = data[root]
            yield connection["nodes"]
            if not connection["pageInfo"]["hasNextPage"]:
                return
            after = connection["pageInfo"]["endCursor"]

    async def by_ids(
        self, name: str, gids: Sequence[str], *, at_once: int, more: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Nodes by their ids, so many at a time, fewer where that is too much; those that are gone are missing."""
        found: list[dict[str, Any]] = []
        left = list(gids)
        while left:
            some = left[: min(at_once, self._fit.get(name, at_once))]
            try:
                data = await self.execute(name, {"ids": some, **(more or {})})
            except (CostExceeded, TooLong):
                if len(some) == 1:
                    raise
                self._fit[name] = len(some) // 2
                continue
            found += [node for node in data["nodes"] if node]
            left = left[len(some) :]
        return found

    async def _send(
        self, text: str, variables: dict[str, Any], kind: str, token: str, *, repeatable: bool
    ) -> dict[str, Any]:
        try:
            answer = await self._post(
                msgspec.json.encode({"query": text, "variables": variables}), token
            )
        except httpx.TransportError as error:
            down = Unavailable(f"{self.shop} cannot be reached: {type(error).__name__}.")
            never_arrived = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise (_Retry(down) if repeatable or never_arrived else down) from error
        self._note_version(answer)
        self._check_status(answer, repeatable=repeatable)
        body = self._body(answer, repeatable=repeatable)
        extensions: dict[str, Any] = body.get("extensions") or {}
        if cost := extensions.get("cost"):
            await self._pace.settle(kind, cost)
            self.cost_points += cost.get("actualQueryCost") or 0
        return self._data(body, extensions, repeatable=repeatable)

    async def _post(self, content: bytes, token: str) -> httpx.Response:
        """The answer, read as far as we are ready to hold it."""
        self.requests += 1
        headers = {"X-Shopify-Access-Token": token, "Content-Type": "application/json"}
        async with self.http.stream(
            "POST",
            self._url,
            content=content,
            headers=headers,
            timeout=_TIMEOUT,
            follow_redirects=False,
        ) as answer:
            body = bytearray()
            async for block in answer.aiter_bytes():
                body += block
                if len(body) > _LONGEST_ANSWER_BYTES:
                    raise TooLong(f"{self.shop} answers more than we hold at once.")
        plain = {k: v for k, v in answer.headers.items() if k.lower() != "content-encoding"}
        return httpx.Response(answer.status_code, headers=plain, content=bytes(body))

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

    def _data(
        self, body: dict[str, Any], extensions: dict[str, Any], *, repeatable: bool
    ) -> dict[str, Any]:
        errors = body.get("errors")
        if errors:
            self._raise(errors, repeatable=repeatable)
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

    def _raise(self, errors: Any, *, repeatable: bool) -> None:
        if isinstance(errors, str):  # e.g. {"errors": "Not Found"}
            raise ShopifyError(f"{self.shop}: {errors}")
        first: dict[str, Any] = errors[0]
        extensions: dict[str, Any] = first.get("extensions") or {}
        code, message = extensions.get("code"), str(first.get("message"))
        if code == "THROTTLED" or message == "Throttled":
            # how long is the pace's to say: the answer has told it what is left
            raise _Retry(Throttled(f"{self.shop}: the cost bucket is empty.", 1.0))
        if code == "MAX_COST_EXCEEDED":
            raise CostExceeded(message)
        if code == "ACCESS_DENIED":
            raise AccessDenied(message)
        if code == "INTERNAL_SERVER_ERROR":
            down = Unavailable(f"{self.shop}: {message}")
            raise _Retry(down) if repeatable else down
        raise SchemaChanged(f"{self.shop}: {message}")

    def _note_version(self, answer: httpx.Response) -> None:
        """Keep what Shopify says of the version: another answered, or we ask for what will go."""
        used = answer.headers.get("X-Shopify-API-Version", self.version)
        deprecated = answer.headers.get("X-Shopify-API-Deprecated-Reason")
        found = {} if used == self.version else {"version": f"{self.version} answered as {used}"}
        if deprecated:
            found["deprecated"] = deprecated
        for what, words in found.items():
            if self.notices.get(what) != words:
                self.notices[what] = words
                log.warning("shopify.notice", shop=self.shop, what=what, words=words)


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
