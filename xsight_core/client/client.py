"""The client: what is generated, and what takes several requests."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from xsight_core.client.operations import Operations
from xsight_core.client.transport import ApiError

__all__ = ["Client"]

_POLL_S: Final = 1.0
_ENDED: Final = frozenset({"done", "failed", "expired"})


class Client(Operations):
    """A store as a token sees it."""

    def every(self, list_of: Callable[..., Any], **query: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, page by page: ``api.every(api.order_list, since="2026-01-01")``."""
        cursor: str | None = None
        while True:
            page = list_of(cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def export_to(self, path: str | Path, *, timeout_s: float = 3600, **wish: Any) -> int:
        """Have a file made and put it at ``path``, of the format that its ending names; how many rows it has.

        All or nothing: the file takes its name when it is whole.
        """
        target = Path(path)
        wish.setdefault("format", target.suffix.removeprefix(".") or "csv")
        export: Any = self.start_export(wish)  # pyright: ignore[reportArgumentType]
        until = time.monotonic() + timeout_s
        while export["status"] not in _ENDED:
            if time.monotonic() > until:
                raise TimeoutError(f"The export {export['id']} is not done after {timeout_s:g} s.")
            time.sleep(_POLL_S)
            export = self.export(export["id"])
        if export["status"] != "done":
            raise ApiError(409, export["error"] or {"detail": f"It is {export['status']}."})
        aside = target.with_name(f"{target.name}.part")
        answer = self.fetch(export["download_url"])
        try:
            with aside.open("wb") as file:
                for block in answer.iter_bytes():
                    file.write(block)
        finally:
            answer.close()
        aside.replace(target)
        return int(export["rows"])

    def sync_now(self, *, timeout_s: float = 3600) -> dict[str, Any]:
        """Bring the store's rows and wait until the run has ended; its state."""
        state: Any = self.start_sync()
        until = time.monotonic() + timeout_s
        while state["status"] not in {"completed", "failed", "cancelled"}:
            if time.monotonic() > until:
                raise TimeoutError(f"The sync {state['run']} has not ended after {timeout_s:g} s.")
            time.sleep(_POLL_S)
            state = self.run_status(state["run"])
        return state
