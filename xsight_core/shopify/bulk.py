"""Bulk operations: start, wait, and read the result line by line without ever holding the file.

A result is taken for the whole only if its lines are as many as Shopify says it wrote. A failed
operation's partial data is never read.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, Literal

import httpx
import msgspec
import structlog

from xsight_core.errors import ShopifyError, Unavailable
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.documents import document

__all__ = ["METAFIELD", "BulkResult", "cancel", "read_lines", "start", "status", "wait"]

log = structlog.get_logger()

_SHORTEST_POLL_S, _LONGEST_POLL_S = 0.1, 4.0
_POLL_SHARE = 1 / 15  # of the time that it has taken so far: so late at most we learn of its end
_SLOT_WAIT_S = 5.0
_RESUMES = 5
_LONGEST_LINE_BYTES = 16 << 20
_SHOWN_BYTES = 10_000
METAFIELD = r"[A-Za-z0-9_$-]{1,255}\.[A-Za-z0-9_-]{1,64}"
"""How a metafield is named: namespace and key."""
_METAFIELD = re.compile(METAFIELD)
_NO_METAFIELDS = re.compile(r"\n *metafields\(.*")
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class BulkResult(msgspec.Struct, frozen=True):
    """What Shopify says of an operation. ``url``: None without rows; expires after 7 days."""

    id: str
    status: str
    objects: int
    roots: int
    url: str | None
    error: str | None

    @property
    def state(self) -> Literal["running", "completed", "failed"]:
        """Where it stands, in the three cases that matter."""
        if self.status == "COMPLETED":
            return "completed"
        return "running" if self.status in {"CREATED", "RUNNING", "CANCELING"} else "failed"


async def start(
    client: ShopifyClient,
    name: str,
    *,
    metafields: Sequence[str] = (),
    patience_s: float = 3600.0,
) -> str:
    """Start the bulk document ``name``; its operation's gid. Waits for one of the shop's slots.

    Bulk documents take no variables, so chosen ``metafields`` are written into the text.
    """
    deadline = time.monotonic() + patience_s
    text = document(name, client.version)
    if metafields and all(map(_METAFIELD.fullmatch, metafields)):
        text = text.replace('"xsight.none"', ", ".join(f'"{key}"' for key in metafields))
    else:
        text = _NO_METAFIELDS.sub("", text)
    # groupObjects would make Shopify sort; children may come anywhere, the merge copes with that.
    variables = {"query": text, "groupObjects": False}
    while True:
        answer = (await client.execute("bulk_operation_run_query", variables))[
            "bulkOperationRunQuery"
        ]
        faults: list[dict[str, Any]] = answer["userErrors"]
        if not faults:
            return answer["bulkOperation"]["id"]
        busy = faults[0].get("code") in {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}
        if not busy or time.monotonic() > deadline:
            raise ShopifyError(f"Shopify refuses the bulk operation {name}: {faults[0]['message']}")
        await asyncio.sleep(_SLOT_WAIT_S)


async def status(client: ShopifyClient, gid: str) -> BulkResult | None:
    """How the operation stands; None when Shopify no longer knows it."""
    operation: dict[str, Any] | None = (await client.execute("bulk_operation_by_id", {"id": gid}))[
        "bulkOperation"
    ]
    if operation is None:
        return None
    return BulkResult(
        id=operation["id"],
        status=operation["status"],
        objects=int(operation["objectCount"]),
        roots=int(operation["rootObjectCount"]),
        url=operation["url"],
        error=operation["errorCode"],
    )


async def wait(
    client: ShopifyClient, gid: str, *, on_poll: Callable[[BulkResult], None] = lambda _: None
) -> BulkResult:
    """Wait until the operation has ended, well or not. ``Unavailable`` when it has vanished."""
    begun = time.monotonic()
    while True:
        result = await status(client, gid)
        if result is None:
            raise Unavailable(
                "Shopify no longer knows the bulk operation; it has to be started again."
            )
        on_poll(result)
        if result.state != "running":
            return result
        pause_s = _POLL_SHARE * (time.monotonic() - begun)
        await asyncio.sleep(min(_LONGEST_POLL_S, max(_SHORTEST_POLL_S, pause_s)))


async def cancel(client: ShopifyClient, gid: str) -> None:
    """Ask Shopify to give up an operation that nobody waits for any more."""
    await client.execute("bulk_operation_cancel", {"id": gid})


def read_lines(http: httpx.Client, url: str, *, skip: int = 0) -> Iterator[list[bytes]]:
    """The file's lines behind its first ``skip`` bytes, in lists of what arrived together.

    A cut connection is resumed. A line that is too long comes shortened: it will not be understood.
    ``Unavailable`` when the address has expired, or the file ends within a line. Without our token:
    the address is signed and belongs to somebody else's storage. Blocking: run it in a thread.
    """
    seen, cuts, rest = skip, 0, b""
    while True:
        try:
            for block in _blocks(http, url, seen):
                seen += len(block)
                lines = (rest + block).split(b"\n")
                rest = lines.pop()
                if len(rest) > _LONGEST_LINE_BYTES:
                    # its length counts, its text does not: the rest is spaces
                    rest = rest[:_SHOWN_BYTES].ljust(len(rest))
                yield lines
            break
        except httpx.TransportError as error:
            cuts += 1
            if cuts > _RESUMES:
                raise Unavailable(
                    f"The bulk file broke off {cuts} times: {type(error).__name__}."
                ) from error
            log.info("bulk.resume", byte=seen, error=type(error).__name__)
            time.sleep(0.2 * 2**cuts)
    if rest:
        try:
            msgspec.json.decode(rest)
        except msgspec.DecodeError:
            raise Unavailable("The bulk file ends within a line: it is not complete.") from None
        yield [rest]


def _blocks(http: httpx.Client, url: str, skip: int) -> Iterator[bytes]:
    headers = (
        {"Range": f"bytes={skip}-", "Accept-Encoding": "identity"}
        if skip
        else {"Accept-Encoding": "gzip"}
    )
    with http.stream(
        "GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=False
    ) as answer:
        if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return
        if not answer.is_success:
            raise Unavailable(
                f"The bulk file cannot be read (answer {answer.status_code}); has it expired?"
            )
        if "html" in answer.headers.get("Content-Type", ""):
            raise Unavailable("The bulk file is answered with a web page.")
        to_skip = skip if answer.status_code != HTTPStatus.PARTIAL_CONTENT else 0
        for block in answer.iter_bytes(1 << 18):
            if to_skip >= len(block):
                to_skip -= len(block)
            else:
                yield block[to_skip:]
                to_skip = 0
