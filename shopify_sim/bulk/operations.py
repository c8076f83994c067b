"""Life of bulk operations: five queries at once for an app in a shop, each written by a thread to a file."""

import ctypes
import hashlib
import hmac
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from shopify_sim.bulk.mangling import Mangling
from shopify_sim.bulk.rules import UserError, user_errors
from shopify_sim.bulk.writer import BulkDenied, BulkWriter
from shopify_sim.faces import iso
from shopify_sim.projection import NullParent
from shopify_sim.schema import AdminSchema

if TYPE_CHECKING:
    from shopify_sim.installation import Installation
    from shopify_sim.shop import Shop

__all__ = ["LIMIT", "RESULTS", "Operation", "Operations"]

LIMIT = 5
RESULTS = "bulk"  # folder of result files in the home of the simulator
RUNNING = ("CREATED", "RUNNING", "CANCELING")
FIRST_NUMBER, STEP = 8_001_977_286_962, 32_768
URL_LIFE_S = 7 * 86_400
ENDINGS = {"bulk_failures": "FAILED", "bulk_cancels": "CANCELED", "bulk_expiries": "EXPIRED"}
DAY_US = 86_400_000_000  # what an app without read_all_orders sees changes with the day
GIVE_BACK = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""glibc's: the system gets what a file took while it was written, up to 20 MB. Other libraries have none."""
SLICE = 2_000  # root rows written between two looks at the cancel flag


@dataclass
class Operation:
    """One operation and its file."""

    number: int
    query: str
    created: int
    status: str = "CREATED"
    error: str | None = None
    completed: int | None = None
    objects: int = 0
    roots: int = 0
    path: Path | None = None
    size: int = 0
    url: str | None = None
    partial_url: str | None = None
    truncated: bool = False
    kind: Any = None  # what makes its rows what they are, beside the shop
    written_at: tuple[int, int] | None = None  # state of the shop that the whole file shows
    thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def gid(self) -> str:
        """Global id."""
        return f"gid://shopify/BulkOperation/{self.number}"

    def row(self) -> dict[str, Any]:
        """The ``BulkOperation`` of GraphQL."""
        return {
            "__typename": "BulkOperation",
            "id": self.gid,
            "status": self.status,
            "type": "QUERY",
            "errorCode": self.error,
            "createdAt": iso(self.created),
            "completedAt": iso(self.completed) if self.completed else None,
            "objectCount": self.objects,
            "rootObjectCount": self.roots,
            "fileSize": self.size if self.status == "COMPLETED" and self.objects else None,
            "url": self.url,
            "partialDataUrl": self.partial_url,
            "query": self.query,
        }


class Operations:
    """The bulk operations of an app in a shop."""

    def __init__(self, shop: "Shop", installation: "Installation") -> None:
        """Start with none."""
        self.shop, self.installation = shop, installation
        self.known: dict[str, Operation] = {}
        self.base_url = ""

    def run(
        self, schema: AdminSchema, query: str, base_url: str, *, group: bool
    ) -> tuple[Operation | None, list[UserError]]:
        """Start an operation, or say why not."""
        errors = user_errors(schema.graphql, query)
        if errors:
            return None, errors
        running = [key for key, operation in self.known.items() if operation.status in RUNNING]
        if len(running) >= LIMIT or self.shop.faults.strike("bulk_refusals"):
            words = "A bulk query operation for this app and shop is already in progress"
            message = f"{words}: {', '.join(running)}."
            return None, [{"field": None, "message": message, "code": "OPERATION_IN_PROGRESS"}]
        number = FIRST_NUMBER + STEP * len(self.known)
        operation = Operation(number, query, self.shop.clock.now())
        self.known[operation.gid] = operation
        self.base_url = base_url
        arguments = (operation, schema, group)
        operation.thread = threading.Thread(target=self._work, args=arguments, daemon=True)
        operation.thread.start()
        return operation, []

    def cancel(self, gid: str) -> tuple[Operation | None, list[UserError]]:
        """Ask an operation to stop."""
        operation = self.known.get(gid)
        if operation is None:
            return None, [{"field": ["id"], "message": "Bulk operation does not exist"}]
        if operation.status not in RUNNING:
            message = "A bulk operation cannot be canceled when it is "
            return operation, [{"field": None, "message": message + operation.status.lower()}]
        operation.status = "CANCELING"
        return operation, []

    def stop(self) -> None:
        """Stop all threads and remove their files (the process ends)."""
        for operation in self.known.values():
            if operation.status in RUNNING:
                operation.status = "CANCELING"
            if operation.thread is not None:
                operation.thread.join(timeout=10)
            if operation.path is not None:
                operation.path.unlink(missing_ok=True)
                operation.path.with_suffix(".gz").unlink(missing_ok=True)

    def file(self, number: str, expires: str, signature: str) -> Operation | None:
        """The operation whose file a signed URL names; None when the URL is not (or no longer) good."""
        good = hmac.compare_digest(signature, self._sign(number, expires))
        if not good or int(expires) * 1_000_000 <= self.shop.clock.now():
            return None
        return self.known.get(f"gid://shopify/BulkOperation/{number}")

    def _sign(self, number: str, expires: str) -> str:
        message = f"{self.shop.domain}:{number}:{expires}".encode()
        return hmac.new(self.shop.config.seed, message, hashlib.sha256).hexdigest()

    def _url(self, operation: Operation) -> str:
        number = str(operation.number)
        expires = str(self.shop.clock.now() // 1_000_000 + URL_LIFE_S)
        name = f"bulk-{number}.jsonl"
        query = {
            "GoogleAccessId": f"simulator@{self.installation.number}",
            "Expires": expires,
            "Signature": self._sign(number, expires),
            "response-content-disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
            "response-content-type": "application/jsonl",
        }
        return f"{self.base_url}/bulk-operation-outputs/{number}?{urlencode(query)}"

    def _work(self, operation: Operation, schema: AdminSchema, group: bool) -> None:  # noqa: FBT001
        faults = self.shop.faults
        ending = next((end for name, end in ENDINGS.items() if faults.strike(name)), None)
        operation.truncated = faults.strike("truncated_files")
        operation.kind = (operation.query, schema.version, group, self.installation.scopes)
        state = self.shop.store.version, self.shop.store.clock // DAY_US
        mangling = Mangling.drawn(faults, self.shop.damages, hidden=self.shop.persons_hidden)
        deadline = time.monotonic() + faults.bulk_latency_s
        while time.monotonic() < deadline and operation.status != "CANCELING":
            time.sleep(0.02)
        if operation.status == "CREATED":
            operation.status = "RUNNING"
        try:
            twin = None if ending or mangling.is_needed else self._twin(operation, state)
            if twin is not None:
                operation.path, operation.size = twin.path, twin.size
                operation.roots, operation.objects = twin.roots, twin.objects
            else:
                writer = BulkWriter(
                    self.shop, self.installation, schema, operation.query, group=group
                )
                self._write(operation, writer, mangling, failing=ending is not None)
                operation.written_at = None if mangling.is_needed else state
            error = "INTERNAL_SERVER_ERROR" if ending == "FAILED" else None
        except BulkDenied:
            error = "ACCESS_DENIED"
        except (NullParent, LookupError, TypeError, ValueError):  # a field nothing is stored for
            error = "INTERNAL_SERVER_ERROR"
        if ending in ("CANCELED", "EXPIRED"):
            operation.status = "CANCELING" if ending == "CANCELED" else "EXPIRED"
        self._finish(operation, error)

    def _twin(self, operation: Operation, state: tuple[int, int]) -> Operation | None:
        """An operation that wrote the same while the shop was as it is now: its file serves twice."""
        for other in self.known.values():
            same = other.kind == operation.kind and other.written_at == state
            if same and other.status == "COMPLETED":
                return other
        return None

    @staticmethod
    def _write(
        operation: Operation, writer: BulkWriter, mangling: Mangling, *, failing: bool
    ) -> None:
        home = writer.shop.config.home
        folder = home / RESULTS if home else None
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix="bulk-", suffix=".jsonl", delete=False
        ) as out:
            operation.path = Path(out.name)
            for text, roots, objects in writer.slices(SLICE):
                if operation.status == "CANCELING":
                    break
                out.write(text.encode())
                operation.roots += roots
                operation.objects += objects
                if failing:
                    break
        operation.objects += mangling.rewrite(operation.path)
        operation.size = operation.path.stat().st_size

    def _finish(self, operation: Operation, error: str | None) -> None:
        url = self._url(operation) if operation.objects else None
        if operation.status == "CANCELING":  # recorded: the partial file is under `url`
            operation.url, operation.status = url, "CANCELED"
            return
        if operation.status == "EXPIRED":
            return
        operation.completed = self.shop.clock.now()
        if error:
            operation.error, operation.partial_url, operation.status = error, url, "FAILED"
        else:
            operation.url, operation.status = url, "COMPLETED"
        self.shop.finished.append((self.installation, operation))
        if GIVE_BACK is not None:
            GIVE_BACK(0)
