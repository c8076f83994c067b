"""Metafields that the merchant has chosen, and what else segments ask of customers."""

import pytest

from tests.sync.conftest import named, synced
from xsight_core.errors import InvalidInput
from xsight_core.services import metafields
from xsight_core.services import sync as services
from xsight_core.services.audit import SYSTEM

CHOICE = {
    "customers": ["facts.birth_date"],
    "orders": ["gift.message"],
    "products": ["custom.material"],
}
STORED = {
    "customers": "SELECT key, type, value FROM xsight.customer_metafields WHERE customer_id = %s",
    "orders": "SELECT key, type, value FROM xsight.order_metafields WHERE order_id = %s",
    "products": "SELECT key, type, value FROM xsight.product_metafields WHERE product_id = %s",
}


def number(gid):
    return int(gid.rsplit("/", 1)[1])


def create(store):
    return {
        "customers": store.act("create_customer")["id"],
        "orders": store.act("create_order")["id"],
        "products": store.act("create_product")["id"],
    }


def write(store, kind, gid, value):
    """Both a field that is chosen and one that is not."""
    namespace, key = CHOICE[kind][0].split(".")
    fields = [
        {"namespace": namespace, "key": key, "type": "single_line_text_field", "value": value},
        {"namespace": "app", "key": "internal", "type": "json", "value": "{}"},
    ]
    name = kind.removesuffix("s")
    store.act(f"update_{name}", **{name: gid}, metafields=fields)


def stored(rows, kind, gid):
    return rows(STORED[kind], number(gid))


async def test_chosen_ones_come_with_every_way_in_and_no_others(access, shop, store, rows, deliver):
    gids = create(store)
    for kind, gid in gids.items():
        write(store, kind, gid, "first")
    await synced(access, shop)
    assert [stored(rows, kind, gid) for kind, gid in gids.items()] == [[], [], []]
    assert await metafields.choose(access.tenancy, shop.id, CHOICE, actor=SYSTEM) == CHOICE
    assert await metafields.chosen(access.tenancy, shop.id) == CHOICE
    assert (await synced(access, shop))["kind"] == "full"  # no record has changed for it
    for kind, gid in gids.items():
        row = (CHOICE[kind][0], "single_line_text_field", "first")
        assert stored(rows, kind, gid) == [row]
    store.act("clock", seconds=1)
    for kind, gid in gids.items():
        write(store, kind, gid, "second")
    assert (await synced(access, shop))["kind"] == "delta"
    assert [stored(rows, kind, gid)[0][2] for kind, gid in gids.items()] == ["second"] * 3
    store.act("clock", seconds=1)
    for kind, gid in gids.items():
        write(store, kind, gid, "third")
    await deliver(
        ("products/update", named(gids["products"])),
        ("orders/updated", named(gids["orders"])),
        ("customers/update", named(gids["customers"])),
    )
    assert [stored(rows, kind, gid)[0][2] for kind, gid in gids.items()] == ["third"] * 3
    await metafields.choose(access.tenancy, shop.id, {"orders": ["gift.message"]}, actor=SYSTEM)
    await synced(access, shop)
    assert [len(stored(rows, kind, gid)) for kind, gid in gids.items()] == [0, 1, 0]


async def test_what_is_no_metafield_is_refused_and_a_choice_is_audited(access, shop, rows):
    for wrong in ("material", "custom.", "a.b.c", 'custom.x"]) { id } #', "custom.materiäl"):
        with pytest.raises(InvalidInput, match=r"namespace\.key") as refused:
            await metafields.choose(access.tenancy, shop.id, {"orders": [wrong]}, actor=SYSTEM)
        assert refused.value.field == "orders"
    many = {"products": [f"custom.f{n}" for n in range(metafields.MOST + 1)]}
    with pytest.raises(InvalidInput, match="At most 50"):
        await metafields.choose(access.tenancy, shop.id, many, actor=SYSTEM)
    await metafields.choose(access.tenancy, shop.id, CHOICE, actor=SYSTEM)
    await metafields.choose(access.tenancy, shop.id, CHOICE, actor=SYSTEM)  # nothing new: no event
    [(details,)] = rows(
        "SELECT details::jsonb FROM xsight.audit_events WHERE action = 'metafields.changed'"
    )
    assert details == {"chosen": CHOICE}


async def test_a_choice_made_during_a_run_is_not_lost(access, shop, store, rows, monkeypatch):
    gid = store.act("create_product")["id"]
    write(store, "products", gid, "oak")
    real = services.backfill

    async def backfill(work):
        """Somebody chooses while the files are being read."""
        await metafields.choose(access.tenancy, shop.id, CHOICE, actor=SYSTEM)
        await real(work)

    monkeypatch.setattr(services, "backfill", backfill)
    await synced(access, shop)
    monkeypatch.undo()
    assert stored(rows, "products", gid) == []
    assert (await synced(access, shop))["kind"] == "full"
    assert stored(rows, "products", gid)[0][2] == "oak"


async def test_traits_and_places_of_customers_are_filled(access, shop, store, rows):
    await synced(access, shop)
    [(traits, groups)] = rows(
        "SELECT count(*), count(DISTINCT rfm_group) FROM xsight.customer_traits"
    )
    assert traits > 10
    assert groups > 1
    [(places, inside)] = rows(
        "SELECT count(*), count(*) FILTER (WHERE latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180)"
        " FROM xsight.customer_places"
    )
    assert places == inside > 10
    [(known,)] = rows(
        "SELECT count(*) FROM xsight.customer_places p JOIN xsight.customers c ON c.id = p.customer_id"
    )
    assert known == places
