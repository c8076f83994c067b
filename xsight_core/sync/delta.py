"""What changed since a moment: windows of ``updated_at``, and deletions, which those never show."""

from datetime import datetime

import structlog

from xsight_core.sync.pages import bury, deletions, merge_nodes, sweep
from xsight_core.sync.work import FAMILIES, Work

__all__ = ["delta"]

log = structlog.get_logger()


async def delta(work: Work, *, since: datetime, told_before: datetime | None = None) -> None:
    """Bring what changed at ``since`` or later, and bury what was deleted.

    ``told_before``: of what changed before it a webhook should have told already. What is new to us
    all the same is counted in ``cursor.untold``.
    """
    for family in FAMILIES:
        count = 0
        before = work.tally.done.get(family, 0)
        chosen = work.chosen(family)
        async for nodes in sweep(work.client, family, since=since, metafields=chosen):
            merged = await merge_nodes(
                work.tenancy, work.shop, family, nodes, run=work.run, told_before=told_before
            )
            count += merged.accepted
            _note(work, family, merged.untold)
            work.tally.expect(family, before + count)
            work.tally.advance(family, before + count)
    for family, ids in (await deletions(work.client, since=since)).items():
        buried = await bury(work.tenancy, work.shop, {family: ids})
        if told_before is not None:
            _note(work, family, buried)
    if work.cursor.untold:
        log.warning("webhooks.untold", shop=work.client.shop, **work.cursor.untold)
    await work.save(work.cursor)


def _note(work: Work, family: str, untold: int) -> None:
    if untold:
        work.cursor.untold[family] = work.cursor.untold.get(family, 0) + untold
