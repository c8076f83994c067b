"""Alert rules: a bound on any metric, looked at after every computation, told once when it is passed and once after.

A rule of which nothing can be said (too few orders, nothing to compare with) stays as it was, and says why.
"""

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.analytics import METRICS, day_number, day_of
from xsight_core.db import alerts as rows
from xsight_core.db.insights import shown_run
from xsight_core.db.tables import AlertRule, TenantState
from xsight_core.db.tenants import find_state
from xsight_core.errors import Conflict, InvalidInput, NotFound
from xsight_core.ledger import load_ledger, read_shop
from xsight_core.services.alert_judging import RELATIVE, Verdict, judge
from xsight_core.services.alert_words import letter, sentence, written
from xsight_core.services.audit import Actor, record
from xsight_core.services.jobs import enqueue
from xsight_core.services.mail import Post
from xsight_core.tenancy import Tenancy

__all__ = [
    "AlertEventView",
    "AlertView",
    "AlertWish",
    "add_alert",
    "alert_events",
    "change_alert",
    "firing_alerts",
    "judge_alerts",
    "list_alerts",
    "remove_alert",
]

_MOST: Final = 100
_MOST_DAYS: Final = 366
_MOST_READERS: Final = 20
_TESTS: Final = ("above", "below", *RELATIVE)
_AGAINST: Final = ("previous_period", "previous_year")
_LARGEST_BOUND: Final = 1e15
_LARGEST_SHARE: Final = 100.0
_MOST_ORDERS: Final = 1_000_000
_LONGEST_NAME: Final = 80
_LIFETIME: Final = timedelta(days=3)

log = structlog.get_logger()


class AlertWish(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as somebody wants it. ``bound``: in the metric's unit (money in minor units); rises, falls: a share."""

    name: str
    metric: str
    test: str
    bound: float
    days: int
    against: str | None
    least_orders: int
    mail_to: list[UUID]
    tell_hooks: bool


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule and how it stands. ``value``, ``before``: when it was last judged; ``says``: the rule in words."""

    id: UUID
    name: str
    metric: str
    unit: str
    test: str
    bound: float
    days: int
    against: str | None
    least_orders: int
    mail_to: list[UUID]
    tell_hooks: bool
    says: str
    state: str
    since: datetime | None
    value: float | None
    before: float | None
    judged_at: datetime | None
    trouble: str | None


class AlertEventView(msgspec.Struct, frozen=True):
    """It began to fire, or came to rest; ``until`` is the last day that was looked at."""

    at: datetime
    state: str
    value: float | None
    before: float | None
    until: date


async def list_alerts(tenancy: Tenancy, tenant_id: UUID) -> list[AlertView]:
    """All of the store's rules."""
    async with tenancy.scope(tenant_id) as session:
        state = await _state(session, tenant_id)
        return [_view(rule, state) for rule in await rows.list_rules(session)]


async def firing_alerts(tenancy: Tenancy, tenant_id: UUID) -> int:
    """How many fire now."""
    async with tenancy.scope(tenant_id) as session:
        return await rows.count_firing(session)


async def add_alert(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, wish: AlertWish, *, by: UUID
) -> tuple[AlertView, UUID | None]:
    """A new rule; the job that judges it for the first time."""
    async with tenancy.scope(tenant_id) as session:
        values = await _checked(session, tenant_id, wish)
        if len(await rows.list_rules(session)) >= _MOST:
            raise Conflict(f"A store has at most {_MOST} alerts; remove one first.")
        rule = await rows.add_rule(session, tenant_id=tenant_id, created_by=by, **values)
        await _note(session, tenant_id, actor, "alert.created", rule.id, wish)
        job = await enqueue(session, tenant_id=tenant_id, kind="alerts")
        return _view(rule, await _state(session, tenant_id)), job


async def change_alert(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, rule_id: UUID, wish: AlertWish
) -> tuple[AlertView, UUID | None]:
    """Another bound: what was known of the old one is forgotten."""
    async with tenancy.scope(tenant_id) as session:
        values = await _checked(session, tenant_id, wish)
        fresh = {"state": "unknown", "since": None, "value": None, "before": None, "trouble": None}
        rule = await rows.change_rule(session, rule_id, **values, **fresh)
        if rule is None:
            raise _none()
        await _note(session, tenant_id, actor, "alert.changed", rule_id, wish)
        job = await enqueue(session, tenant_id=tenant_id, kind="alerts")
        return _view(rule, await _state(session, tenant_id)), job


async def remove_alert(tenancy: Tenancy, tenant_id: UUID, actor: Actor, rule_id: UUID) -> None:
    """With its history."""
    async with tenancy.scope(tenant_id) as session:
        if not await rows.remove_rule(session, rule_id):
            raise _none()
        await record(session, tenant_id, actor, "alert.removed", object=str(rule_id))


async def alert_events(
    tenancy: Tenancy, tenant_id: UUID, rule_id: UUID, *, limit: int
) -> list[AlertEventView]:
    """When a rule began to fire and came to rest, the newest first."""
    async with tenancy.scope(tenant_id) as session:
        if await rows.find_rule(session, rule_id) is None:
            raise _none()
        return [
            AlertEventView(event.at, event.state, event.value, event.before, event.until)
            for event in await rows.list_events(session, rule_id, limit)
        ]


async def judge_alerts(
    tenancy: Tenancy, post: Post, tenant_id: UUID, home: Path, *, public_url: str
) -> list[UUID]:
    """Hold every rule against the rows of the run that is shown, and tell of what changed; mail jobs to ring for."""
    async with tenancy.scope(tenant_id) as session:
        if not await rows.list_rules(session):
            return []
    judged = await asyncio.to_thread(_judged, tenancy, tenant_id, home)
    if judged is None:
        return []
    run, last, verdicts = judged
    jobs: list[UUID] = []
    async with tenancy.scope(tenant_id) as session:
        state = await _state(session, tenant_id)
        for rule in await rows.lock_rules(session):
            verdict = verdicts.get(rule.id)
            if verdict is None or verdict[0] != _asks(rule):
                continue  # it was made or changed meanwhile: its own job judges it
            if _take(rule, verdict[1]):
                told = day_of(last)
                jobs += await _tell(session, post, rule, state, told, run, public_url)
        await session.flush()
    return jobs


def _judged(
    tenancy: Tenancy, tenant_id: UUID, home: Path
) -> tuple[UUID, int, dict[UUID, tuple[tuple[Any, ...], Verdict]]] | None:
    """Of the last whole day before the run's: the run's own day had only begun."""
    with tenancy.connection(tenant_id) as connection:
        run = shown_run(connection)
        if run is None:
            return None
        shop = read_shop(connection)
        orders = load_ledger(tenancy, home, tenant_id, connection, shop).orders
        names = ("id", "metric", "test", "bound", "days", "against", "least_orders")
        listed = connection.execute(
            "SELECT id, metric, test, bound, days, against, least_orders FROM xsight.alert_rules"
        ).fetchall()
        rules = [_Asked(**dict(zip(names, row, strict=True))) for row in listed]
        last = day_number(run.as_of) - 1
        return run.id, last, {rule.id: (_asks(rule), judge(rule, orders, last)) for rule in rules}


class _Asked(msgspec.Struct):
    id: UUID
    metric: str
    test: str
    bound: float
    days: int
    against: str | None
    least_orders: int


def _asks(rule: _Asked | AlertRule) -> tuple[Any, ...]:
    return rule.metric, rule.test, rule.bound, rule.days, rule.against, rule.least_orders


def _take(rule: AlertRule, verdict: Verdict) -> bool:
    """Note the verdict; whether it has to be told. Coming to rest is news only to who heard of the fire."""
    now = datetime.now(UTC)
    rule.judged_at, rule.trouble = now, verdict.trouble
    if verdict.value is not None:
        rule.value, rule.before = verdict.value, verdict.before
    if verdict.state is None or verdict.state == rule.state:
        return False
    news = verdict.state == "firing" or rule.state == "firing"
    rule.state, rule.since = verdict.state, now
    return news


async def _tell(
    session: AsyncSession,
    post: Post,
    rule: AlertRule,
    state: TenantState,
    until: date,
    run: UUID,
    public_url: str,
) -> list[UUID]:
    tenant_id = state.tenant_id
    await rows.add_event(
        session,
        tenant_id,
        rule.id,
        state=rule.state,
        value=rule.value,
        before=rule.before,
        until=until,
        insight_run=run,
    )
    says = _says(rule, state)
    log.info("alert.told", rule=str(rule.id), state=rule.state)
    if rule.tell_hooks:
        body: Mapping[str, Any] = {
            "type": f"alert.{rule.state}",
            "alert": str(rule.id),
            "name": rule.name,
            "metric": rule.metric,
            "value": rule.value,
            "before": rule.before,
            "bound": rule.bound,
            "says": says,
            "until": until.isoformat(),
            "at": datetime.now(UTC).isoformat(),
        }
        await rows.tell_hooks(session, tenant_id, rule.id, body)
    jobs: list[UUID] = []
    readers = [UUID(reader) for reader in rule.mail_to]
    for reader in await rows.addresses_of(session, tenant_id, readers):
        link = f"{public_url}/app/settings?tab=alerts"
        store = state.shop_name or state.domain or "your store"
        said = letter(store, rule.name, rule.state, says, link, reader["name"])
        job = await post.put(session, reader["email"], said, lifetime=_LIFETIME)
        jobs += [job] if job else []
    return jobs


async def _checked(session: AsyncSession, tenant_id: UUID, wish: AlertWish) -> dict[str, Any]:
    """The columns, or ``InvalidInput`` that names the field."""
    name = " ".join(wish.name.split())
    relative = wish.test in RELATIVE
    largest = _LARGEST_SHARE if relative else _LARGEST_BOUND
    faults = {
        "name": None if 0 < len(name) <= _LONGEST_NAME and name.isprintable() else
        f"Give it a name of at most {_LONGEST_NAME} letters.",
        "metric": None if wish.metric in METRICS else f"Choose one of {', '.join(METRICS)}.",
        "test": None if wish.test in _TESTS else f"Choose one of {', '.join(_TESTS)}.",
        "bound": None if math.isfinite(wish.bound) and abs(wish.bound) <= largest
        and (wish.bound > 0 or not relative) else
        "Give a share above 0, as 0.2 for a fifth." if relative else "Give a number.",
        "days": None if 1 <= wish.days <= _MOST_DAYS else f"Between 1 and {_MOST_DAYS} days.",
        "against": None if wish.against in ({*_AGAINST, None} if not relative else _AGAINST) else
        f"Compare with {' or '.join(_AGAINST)}.",
        "least_orders": None if 0 <= wish.least_orders <= _MOST_ORDERS else
        f"Between 0 and {_MOST_ORDERS} orders.",
        "mail_to": None if len(wish.mail_to) <= _MOST_READERS else
        f"At most {_MOST_READERS} people.",
    }  # fmt: skip
    for field, fault in faults.items():
        if fault:
            raise InvalidInput(field, fault)
    readers = set(wish.mail_to)
    if readers - await rows.members_among(session, tenant_id, readers):
        raise InvalidInput("mail_to", "Only members of the store get its mail.")
    return msgspec.structs.asdict(wish) | {
        "name": name,
        "against": wish.against if relative else None,
        "mail_to": sorted(str(reader) for reader in readers),
    }


async def _note(
    session: AsyncSession,
    tenant_id: UUID,
    actor: Actor,
    action: str,
    rule_id: UUID,
    wish: AlertWish,
) -> None:
    details = {"metric": wish.metric, "test": wish.test, "bound": wish.bound, "days": wish.days}
    await record(session, tenant_id, actor, action, object=str(rule_id), details=details)


async def _state(session: AsyncSession, tenant_id: UUID) -> TenantState:
    state = await find_state(session, tenant_id)
    if state is None:
        raise NotFound("There is no such store.")
    return state


def _says(rule: AlertRule, state: TenantState) -> str:
    unit, money = str(METRICS[rule.metric].unit), (state.currency, state.currency_exponent)
    relative = rule.test in RELATIVE
    bound = f"{rule.bound:.0%}" if relative else written(rule.bound, unit, money)
    before = written(rule.before, unit, money) if relative else None
    label = rule.metric.replace("_", " ").capitalize()
    return sentence(label, rule.test, bound, rule.days, written(rule.value, unit, money), before)


def _view(rule: AlertRule, state: TenantState) -> AlertView:
    return AlertView(
        id=rule.id,
        name=rule.name,
        metric=rule.metric,
        unit=str(METRICS[rule.metric].unit) if rule.metric in METRICS else "count",
        test=rule.test,
        bound=rule.bound,
        days=rule.days,
        against=rule.against,
        least_orders=rule.least_orders,
        mail_to=[UUID(reader) for reader in rule.mail_to],
        tell_hooks=rule.tell_hooks,
        says=_says(rule, state) if rule.metric in METRICS else "",
        state=rule.state,
        since=rule.since,
        value=rule.value,
        before=rule.before,
        judged_at=rule.judged_at,
        trouble=rule.trouble,
    )


def _none() -> NotFound:
    return NotFound("There is no such alert.")
