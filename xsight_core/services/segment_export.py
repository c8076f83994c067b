"""A saved segment's members as an export; some may be held out of it by lot."""

import secrets
from datetime import date, datetime
from typing import Annotated, Final, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import segment_actions as rows
from xsight_core.db.export_kinds import CUSTOMERS
from xsight_core.db.exports import ExportKind
from xsight_core.db.tenants import need_state
from xsight_core.errors import Conflict
from xsight_core.services.lots import bits_of, check_share, draw_arms

__all__ = ["SEGMENT", "SegmentRows"]

_EPOCH: Final = date(1970, 1, 1)


class SegmentRows(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which segment, and of whom: by default only who takes e-mail or SMS.

    ``held_out`` of them, 0 or 0.05 to 0.2, are left out by lot, so that the effect can be measured; the same ``seed``
    draws the same.
    """

    segment: UUID
    consented: bool = True
    held_out: float = 0.0
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31)] | None = None


async def _prepare(
    session: AsyncSession, tenant_id: UUID, export_id: UUID, which: SegmentRows
) -> None:
    """Draw the arms: the export is of one of them, and what comes of it is asked by the export's id."""
    check_share("filters.held_out", which.held_out)
    seed = secrets.randbits(31) if which.seed is None else which.seed
    treated, held = await draw_arms(
        session,
        which.segment,
        share=which.held_out,
        seed=seed,
        consented=which.consented,
        personal=False,
    )
    state = await need_state(session, tenant_id)
    if not treated:
        raise Conflict("Nobody is in it, or nobody of them takes e-mail or SMS.")
    today = datetime.now(ZoneInfo(state.timezone)).date()
    await rows.add_action(
        session,
        tenant_id=tenant_id,
        id=export_id,
        segment_id=which.segment,
        kind="export",
        state="done",
        held_out=which.held_out,
        seed=seed,
        day=(today - _EPOCH).days,
        treated=bits_of(treated),
        held=bits_of(held),
        ended_at=datetime.now(ZoneInfo("UTC")),
    )


# Materialised: taken out of its storage once, not once a customer.
_ARM: Final[LiteralString] = """ JOIN (
  WITH arm AS MATERIALIZED (
    SELECT treated || ''::bytea AS bits FROM xsight.segment_actions WHERE id = %(export)s)
  SELECT bits FROM arm) arm ON c.ordinal < 8 * length(arm.bits)"""

SEGMENT: Final = ExportKind(
    name="segment",
    title="Members of a saved segment",
    columns=CUSTOMERS.columns,
    rows=CUSTOMERS.rows + _ARM,
    order=CUSTOMERS.order,
    filters=SegmentRows,
    where=lambda _: [
        ("c.deleted_at IS NULL AND c.merged_into IS NULL", {}),
        (
            "CASE WHEN c.ordinal < 8 * length(arm.bits) THEN get_bit(arm.bits, c.ordinal::bigint) = 1 END",
            {},
        ),
    ],
    prepare=_prepare,
)
