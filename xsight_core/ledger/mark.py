"""How far a ledger has seen its tenant's rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xsight_core.ledger.packed import Connection

__all__ = ["Mark", "read_mark"]

_MARK = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, t.rows_removed_in,
       (SELECT system_identifier::text FROM pg_control_system()) || '/'
         || (SELECT timeline_id::text FROM pg_control_checkpoint())
FROM xsight.tenant_state t"""


@dataclass(frozen=True)
class Mark:
    """Rows that transaction ``since`` or a later one has written may not have been seen; all others were.

    ``since`` is the oldest transaction that was running when the reading began, so whatever committed later carries
    at least its number. Numbers of transactions mean something in one history of one database only: ``history``.
    """

    since: int
    removed_in: int
    history: str

    def follows(self, before: Mapping[str, Any]) -> bool:
        """Whether the rows changed since an earlier mark (as it is kept) are all that has happened since."""
        return before["history"] == self.history and before["removed_in"] == self.removed_in


def read_mark(connection: Connection) -> Mark:
    """The mark of a reading that begins now; to be taken before the first row is read."""
    since, removed_in, history = connection.execute(_MARK).fetchone() or (0, 0, "")
    return Mark(since, removed_in, history)
