"""What a batch of webhooks does to a tenant's rows: all of it, and its marks in the inbox, or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec

from xsight_core.db.jobs import promise_soon
from xsight_core.db.tables import TenantState
from xsight_core.errors import ShopifyError
from xsight_core.shopify.payload import number
from xsight_core.shopify.topics import Effect
from xsight_core.sync import inbox, privacy
from xsight_core.sync.aliases import absorb
from xsight_core.sync.load import Shop
from xsight_core.sync.merge import lock_shop
from xsight_core.sync.pages import merge_page
from xsight_core.sync.tombstones import tombstone
from xsight_core.tenancy import Tenancy

__all__ = ["INSIGHTS_EVERY", "Batch", "Fetched", "Told", "apply_batch"]

INSIGHTS_EVERY: Final = timedelta(seconds=30)
"""Changes that webhooks bring are computed together, this often at most."""

_ORDER = ("orders", "products", "customers")


class Told(msgspec.Struct, frozen=True):
    """A webhook and what it asks for."""

    webhook: inbox.Waiting
    effect: Effect


class Batch:
    """Webhooks that are worked on together. ``most``: so many objects; ``found``: webhooks looked at."""

    def __init__(self, most: int, told: Sequence[Told] = ()) -> None:
        self.told: list[Told] = []
        self.found = 0
        self._most = most
        self._ids: dict[str, set[int]] = {}
        for one in told:
            self._add(one)

    def offer(self, webhook: inbox.Waiting, effect: Effect) -> None:
        """Take it, unless it names one object too many: then it is left for the next batch."""
        new = sum(
            len(set(ids) - self._ids.get(family, set())) for family, ids in effect.refetch.items()
        )
        if new and self._objects() >= self._most:
            return
        if effect.privacy is None:  # nobody reads it any more, and there may be thousands
            webhook = msgspec.structs.replace(webhook, body=b"")
        self._add(Told(webhook, effect))

    def _add(self, told: Told) -> None:
        self.told.append(told)
        for family, ids in told.effect.refetch.items():
            self._ids.setdefault(family, set()).update(ids)

    def _objects(self) -> int:
        return sum(len(ids) for ids in self._ids.values())

    @property
    def shop_changed(self) -> bool:
        """Whether the shop itself has to be asked."""
        return any(told.effect.shop_changed for told in self.told)

    def refetch(self) -> dict[str, list[int]]:
        """Ids to fetch, by object."""
        return {family: sorted(ids) for family, ids in self._ids.items()}

    def uninstalled_since(self, connected_at: datetime | None) -> bool:
        """It may come late or twice: a store connected again since then stays connected."""
        left = [told.webhook.triggered_at for told in self.told if told.effect.uninstalled]
        return any(at is None or connected_at is None or at >= connected_at for at in left)

    def halves(self) -> Iterator["Batch"]:
        """Two smaller ones."""
        middle = len(self.told) // 2
        yield Batch(self._most, self.told[:middle])
        yield Batch(self._most, self.told[middle:])


class Fetched:
    """What the shop answered; ``failed``: objects that it did not let us read, and why."""

    def __init__(self, run: UUID | None = None) -> None:
        self.run = run
        self.nodes: dict[str, list[dict[str, Any]]] = {}
        self.failed: dict[str, ShopifyError] = {}

    def reason(self, effect: Effect) -> ShopifyError | None:
        """Why this effect cannot be had."""
        return next((self.failed[f] for f in effect.refetch if f in self.failed), None)

    def blocks(self, effect: Effect) -> bool:
        """Whether it cannot be had."""
        return self.reason(effect) is not None


def apply_batch(
    tenancy: Tenancy,
    shop: Shop,
    state: TenantState,
    told: Sequence[Told],
    fetched: Fetched,
    note: str | None,
) -> None:
    """Take effect and be marked as done, in one transaction. Blocking: run it in a thread."""
    if not told:
        return
    gone = _gone(told, fetched, whole_history=state.history_since is None)
    run = fetched.run or uuid4()
    with tenancy.connection(shop.tenant_id) as connection, connection.cursor() as cursor:
        lock_shop(cursor)
        changed = 0
        for family in _ORDER:
            if gone.get(family):
                changed += tombstone(connection, family, sorted(gone[family]))
            if nodes := fetched.nodes.get(family):
                changed += merge_page(connection, shop, family, nodes, run=run).accepted
        merges = [one.effect.merged for one in told if one.effect.merged]
        changed += absorb(cursor, merges)
        for one in told:
            if one.effect.privacy is not None:
                privacy.keep(cursor, one.webhook, one.effect.privacy, state.connected_at)
        inbox.mark_done(cursor, shop.tenant_id, [one.webhook.webhook_id for one in told], note)
        if changed:
            promise_soon(cursor, tenant_id=shop.tenant_id, kind="insights", every=INSIGHTS_EVERY)


def _gone(told: Sequence[Told], fetched: Fetched, *, whole_history: bool) -> Mapping[str, set[int]]:
    """What webhooks call deleted, and what the shop no longer knows.

    An app that sees only the last 60 days of orders is told of older ones and cannot read them: they
    are not gone.
    """
    gone: dict[str, set[int]] = {}
    for one in told:
        for family, ids in one.effect.gone.items():
            gone.setdefault(family, set()).update(ids)
        for family, ids in one.effect.refetch.items():
            if family in fetched.nodes and (whole_history or family != "orders"):
                found = {number(node["id"]) for node in fetched.nodes[family]}
                gone.setdefault(family, set()).update(set(ids) - found)
    return gone
