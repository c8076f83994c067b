"""Proof of completeness: after each sync, what we hold is held against what the shop says it holds.

Counts by object, and orders, gross, discounts, returns and net of every day. A difference is named by its cause;
one without a cause says that rows are missing, and makes the next run compare every id.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from xsight_core.db.tables import Completeness, SyncRun, TenantState
from xsight_core.errors import AccessDenied, Conflict, NotFound, SchemaChanged
from xsight_core.services.connect import ShopAccess
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.sales import SALES, sales_by_day
from xsight_core.sync import completeness as rows
from xsight_core.sync import inbox, runs, shops
from xsight_core.sync.work import FAMILIES
from xsight_core.tenancy import Tenancy

__all__ = ["check_completeness", "completeness", "latest_completeness"]

log = structlog.get_logger()

_SHOWN: Final = 100  # days with differences that are listed one by one

Report = dict[str, Any]
Sales = Mapping[date, Mapping[str, int]]


async def completeness(tenancy: Tenancy, tenant_id: UUID, run: UUID) -> Report:
    """The report on a run, or ``NotFound``."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find(session, run)
    if found is None:
        raise NotFound("There is no report on such a run: it is made after the sync.")
    return _told(found)


async def latest_completeness(tenancy: Tenancy, tenant_id: UUID) -> Report | None:
    """The newest report."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.latest(session)
    return None if found is None else _told(found)


async def check_completeness(access: ShopAccess, *, tenant_id: UUID, run: UUID) -> Report | None:
    """Compare, store and tell. None: the store was disconnected meanwhile."""
    tenancy = access.tenancy
    try:
        client = await access.client(tenant_id)
    except Conflict:
        return None
    async with tenancy.scope(tenant_id) as session:
        state = await shops.state(session)
        synced = await runs.find(session, run)
    if synced is None:
        return None
    moved = await _moved(client, synced.watermark)
    shop_counts = await _counts(client)
    async with tenancy.scope(tenant_id) as session:
        ours = await rows.own_counts(session)
        aside = await rows.put_aside(session)
        sales = await rows.own_sales(session, exponent=state.currency_exponent, zone=state.timezone)
        edits = await rows.unfinished_edits(session)
        rules = await rows.rule_differences(session)
    async with tenancy.control() as session:
        webhooks = await inbox.stand(session, tenant_id)
    counts = [_count(name, ours[name], shop_counts[name], aside, moved) for name in FAMILIES]
    money = await _money(client, state, sales, edits=edits, aside=aside, moved=moved)
    verdict = _verdict([*(count["state"] for count in counts), money["state"]])
    report = {
        "counts": counts,
        "sales": money,
        "rules": rules,
        "quarantine": aside,
        "webhooks": {**webhooks, "untold": _untold(synced)},
        "currency": state.currency,
        "currency_exponent": state.currency_exponent,
        "history_since": state.history_since and state.history_since.isoformat(),
        "data_version": state.data_version,
    }
    async with tenancy.scope(tenant_id) as session:
        await rows.save(session, tenant_id, run, verdict, report)
        if any(count["state"] == "differs" for count in counts):
            await shops.change_state(session, ids_swept_at=None)  # the next run looks at every id
    if verdict == "differs":
        log.warning("sync.incomplete", tenant_id=str(tenant_id), run=str(run), counts=counts)
    return await completeness(tenancy, tenant_id, run)


async def _counts(client: ShopifyClient, query: str | None = None) -> dict[str, int]:
    answer = await client.execute("counts", {"customers": query, "orders": query})
    return {family: int(answer[f"{family}Count"]["count"]) for family in FAMILIES}


async def _moved(client: ShopifyClient, watermark: datetime | None) -> dict[str, int]:
    """Customers and orders that have changed since the run looked; of products the shop does not say."""
    if watermark is None:
        return {}
    since = watermark.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = await _counts(client, f"updated_at:>='{since}'")
    return {"customers": found["customers"], "orders": found["orders"]}


def _count(
    name: str, ours: int, shop: int, aside: Mapping[str, int], moved: Mapping[str, int]
) -> Report:
    """Ours minus the shop's, and as much of it as there are causes for."""
    left = abs(ours - shop)
    causes: list[Report] = []
    candidates = [
        ("changed since", moved.get(name, 0)),
        ("quarantine", aside.get(name, 0) if ours < shop else 0),
    ]
    for cause, most in candidates:
        share = min(left, most)
        if share:
            causes.append({"cause": cause, "count": share})
            left -= share
    if left:
        causes.append({"cause": "unknown", "count": left})
    state = "equal" if ours == shop else "differs" if left else "explained"
    return {
        "object": name,
        "shop": shop,
        "ours": ours,
        "difference": ours - shop,
        "state": state,
        "causes": causes,
    }


async def _money(
    client: ShopifyClient,
    state: TenantState,
    ours: Sales,
    *,
    edits: int,
    aside: Mapping[str, int],
    moved: Mapping[str, int],
) -> Report:
    """Every day from the shop's first to today; not from our first order, which may be what is missing."""
    zone = ZoneInfo(state.timezone)
    today = datetime.now(UTC).astimezone(zone).date()
    opened = state.shop_created_at.astimezone(zone).date() if state.shop_created_at else today
    since = min(opened, min(ours, default=today))
    if state.history_since is not None:
        since = max(since, state.history_since)
    until = max(today, max(ours, default=today))
    try:
        shop = await sales_by_day(client, since, until, exponent=state.currency_exponent)
    except (AccessDenied, SchemaChanged) as error:
        return {"state": "not offered", "reason": str(error)}
    ours = {day: sales for day, sales in ours.items() if day >= since}
    known = {
        "edit date": edits > 0,
        "changed since": moved.get("orders", 0) > 0,
        "quarantine": aside.get("orders", 0) > 0,
        "scope": state.history_since is not None,
    }
    faults = list(_differences(ours, shop, known, state.history_since))
    verdict = _verdict(
        "differs" if fault["cause"] == "unknown" else "explained" for fault in faults
    )
    return {
        "state": verdict,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "days": len(set(ours) | set(shop)),
        "days_equal": len(set(ours) | set(shop)) - len({fault["day"] for fault in faults}),
        "totals": {"ours": _total(ours), "shop": _total(shop)},
        "differences": faults[:_SHOWN],
        "causes": {
            cause: sum(fault["cause"] == cause for fault in faults)
            for cause in {fault["cause"] for fault in faults}
        },
    }


def _differences(
    ours: Sales, shop: Sales, known: Mapping[str, bool], history_since: date | None
) -> Iterable[Report]:
    """One for each day and figure that is not the same."""
    none = dict.fromkeys(SALES, 0)
    total_ours, total_shop = _total(ours), _total(shop)
    for day in sorted(set(ours) | set(shop)):
        mine, theirs = ours.get(day, none), shop.get(day, none)
        for name in SALES:
            if mine[name] == theirs[name]:
                continue
            if history_since is not None and day <= history_since:
                cause = "scope"
            elif known["edit date"] and name != "orders" and total_ours[name] == total_shop[name]:
                cause = "edit date"  # the same in sum: only the day of an edit is not known to us
            elif known["changed since"]:
                cause = "changed since"
            elif known["quarantine"]:
                cause = "quarantine"
            else:
                cause = "unknown"
            yield {
                "day": day.isoformat(),
                "figure": name,
                "ours": mine[name],
                "shop": theirs[name],
                "cause": cause,
            }


def _total(sales: Sales) -> dict[str, int]:
    return {name: sum(day[name] for day in sales.values()) for name in SALES}


def _verdict(states: Iterable[str]) -> str:
    found = set(states)
    return "differs" if "differs" in found else "explained" if "explained" in found else "equal"


def _untold(run: SyncRun) -> dict[str, int]:
    return dict((run.cursor or {}).get("untold") or {})


def _told(found: Completeness) -> Report:
    checked_at = found.checked_at.isoformat()
    return {"run": str(found.run), "state": found.state, "checked_at": checked_at, **found.report}
