"""Reading customers: lists, one customer. Who lacks the right to personal data gets none, not a part of it."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np

from xsight_core.clv import ACTIONS, REASONS, PurchaseSummary, reason_words
from xsight_core.db import customers as rows
from xsight_core.db.customers import CustomerFilter
from xsight_core.db.paging import cut
from xsight_core.errors import Forbidden, InvalidInput, NotFound
from xsight_core.services.counts import Counter, count_now
from xsight_core.services.directory import Directory
from xsight_core.tenancy import Tenancy

__all__ = [
    "CUSTOMER_SORTS",
    "CustomerFilter",
    "CustomerPage",
    "CustomerView",
    "Scores",
    "list_customers",
    "read_customer",
    "shown_key",
]

CUSTOMER_SORTS: Final = rows.SORTS
_EPOCH: Final = date(1970, 1, 1)
_REASONS: Final = {reason.key: code for code, reason in enumerate(REASONS)}
_ACTIONS: Final = {action.key: action.text for action in ACTIONS}


class Scores(msgspec.Struct, frozen=True):
    """A customer's figures of the insight run that is shown; ``null`` = could not be estimated.

    ``_low`` and ``_high`` bound the 90 % interval. ``next_order_on`` holds if one comes within a year, of which
    ``p_order_365`` is the chance. ``reasons`` are sentences, the weightiest first.
    """

    orders: int
    net_minor: int
    first_order_on: date
    last_order_on: date
    r: int
    f: int
    m: int
    segment: str
    p_alive: float | None
    p_alive_low: float | None
    p_alive_high: float | None
    churn_90: float | None
    expected_orders_90: float | None
    expected_orders_90_low: float | None
    expected_orders_90_high: float | None
    expected_orders_365: float | None
    expected_orders_365_low: float | None
    expected_orders_365_high: float | None
    clv_365_minor: int | None
    clv_365_minor_low: int | None
    clv_365_minor_high: int | None
    p_order_365: float | None
    next_order_on: date | None
    next_order_on_low: date | None
    next_order_on_high: date | None
    reasons: list[str]
    action: str | None
    action_text: str | None


_OURS: Final = {
    "first_order_on",
    "last_order_on",
    "next_order_on",
    "next_order_on_low",
    "next_order_on_high",
    "reasons",
    "action_text",
}
_SAME: Final = [name for name in Scores.__struct_fields__ if name not in _OURS]


class CustomerView(msgspec.Struct, frozen=True):
    """A customer. ``masked``: the viewer may not see what names a person; those fields are then ``null``."""

    id: int
    name: str | None
    email: str | None
    phone: str | None
    city: str | None
    masked: bool
    created_at: datetime
    updated_at: datetime
    country: str | None
    province: str | None
    state: str | None
    tags: list[str]
    email_consent: str | None
    sms_consent: str | None
    scores: Scores | None


class CustomerPage(msgspec.Struct, frozen=True):
    """A page, how many there are in all, and where the next page begins."""

    items: list[CustomerView]
    total: int
    next_cursor: str | None


async def list_customers(
    tenancy: Tenancy,
    tenant_id: UUID,
    *,
    pii: bool,
    which: CustomerFilter,
    sort: str = "-net",
    cursor: str | None = None,
    limit: int = 50,
    counted: Counter = count_now,
    directory: Directory | None = None,
) -> CustomerPage:
    """One page of the customers that the filter leaves.

    ``counted`` may keep totals for as long as they hold, ``directory`` may know them, and who is on the page, without
    reading rows.
    """
    if sort not in rows.SORTS:
        raise InvalidInput("sort", f"Sort by one of {', '.join(CUSTOMER_SORTS)}.")
    if which.email is not None and not pii:
        raise Forbidden("An e-mail address names a person; you may not look for it in this store.")
    async with tenancy.scope(tenant_id) as session:
        shown = await rows.shown_state(session)
        ids = None
        behind = rows.behind(sort, cursor)
        if directory is not None and (behind is None or behind[0] is not None):
            ids = await directory.page(tenant_id, shown, which, sort, behind, limit + 1)
        found = await rows.list_customers(
            session, shown.insight_run, sort=sort, cursor=cursor, limit=limit, which=which, ids=ids
        )

    async def count() -> int:
        quick = await directory.count(tenant_id, shown, which) if directory is not None else None
        if quick is not None:
            return quick
        async with tenancy.scope(tenant_id) as session:
            return await rows.count_customers(session, shown.insight_run, which)

    page, following = cut(found, sort, limit)
    return CustomerPage(
        items=[_view(row, pii=pii) for row in page],
        total=await counted(shown.key, f"customers {which!r}", count),
        next_cursor=following,
    )


async def shown_key(tenancy: Tenancy, tenant_id: UUID) -> str:
    """What every list depends on, but for its question and who asks."""
    async with tenancy.scope(tenant_id) as session:
        return (await rows.shown_state(session)).key


async def read_customer(
    tenancy: Tenancy, tenant_id: UUID, customer_id: int, *, pii: bool
) -> CustomerView:
    """One customer, or ``NotFound``."""
    async with tenancy.scope(tenant_id) as session:
        row = await rows.find_customer(session, customer_id)
    if row is None:
        raise NotFound("There is no such customer.")
    return _view(row, pii=pii)


def _view(row: Any, *, pii: bool) -> CustomerView:
    customer, scores, person = row[0], row[1], row[2] if pii else None
    return CustomerView(
        id=customer.id,
        name=" ".join(filter(None, (person.first_name, person.last_name))) or None
        if person
        else None,
        email=person.email if person else None,
        phone=person.phone if person else None,
        city=person.city if person else None,
        masked=not pii,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
        country=customer.country,
        province=customer.province,
        state=customer.state,
        tags=list(customer.tags),
        email_consent=customer.email_consent,
        sms_consent=customer.sms_consent,
        scores=_scores(scores) if scores is not None else None,
    )


def _scores(insight: Any) -> Scores:
    summary = PurchaseSummary(
        customer=np.array([insight.customer_id]),
        frequency=np.array([insight.frequency]),
        recency=np.array([insight.recency_days]),
        T=np.array([insight.age_days]),
        monetary_value=np.zeros(1),
    )
    keys: list[str] = insight.reasons or []
    codes = np.array([[_REASONS[key] for key in keys if key in _REASONS]], int)
    same = {name: getattr(insight, name) for name in _SAME}
    return Scores(
        **same,
        first_order_on=_day(insight.first_day),
        last_order_on=_day(insight.last_day),
        next_order_on=_day(insight.next_order_day),
        next_order_on_low=_day(insight.next_order_day_low),
        next_order_on_high=_day(insight.next_order_day_high),
        reasons=reason_words(summary, codes, 0),
        action_text=_ACTIONS.get(insight.action),
    )


def _day(number: int | None) -> Any:
    """A stored day as a date."""
    return None if number is None else _EPOCH + timedelta(days=number)
