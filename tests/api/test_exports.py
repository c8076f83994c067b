"""Exports: what is in the files, who gets them, and how long they last."""

import asyncio
import csv
import io
import json
import stat
import tracemalloc
import zipfile
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.api.accounts.test_members import joined
from tests.api.shops import fill_store
from xsight_core.db.exports import Column, read_rows
from xsight_core.services import exports
from xsight_core.services.export_files import open_file
from xsight_core.services.export_kinds import EXPORTS
from xsight_core.services.export_making import make_export
from xsight_core.services.exports import end_of_export, erase_exports

EVIL = ["=1+1", "+49 30 1", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", 'a"b,c\nd']


@pytest.fixture
async def ann(api, tenancy, database, tmp_path):
    async with api.member() as ann:
        orders = await fill_store(database.admin_url, tenancy, await ann.tenant_id(), tmp_path)
        ann.orders = [order for order in orders if not order.deleted]
        yield ann


async def ask(browser, **wish) -> dict:
    answer = await browser.post("/api/v1/exports", json=wish)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def made(browser, tenancy, **wish) -> dict:
    """Asked for, and made as a worker does."""
    promised = await ask(browser, **wish)
    assert (promised["status"], promised["download_url"]) == ("queued", None)
    home = browser.api.settings.home
    await make_export(tenancy, await browser.tenant_id(), UUID(promised["id"]), home)
    return (await browser.get(f"/api/v1/exports/{promised['id']}")).json()


async def fetched(browser, export) -> bytes:
    """By its link alone, as another program does."""
    async with browser.api.browser() as program:
        answer = await program.get(export["download_url"])
        assert answer.status_code == 200, answer.text
        assert "attachment" in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "private, no-store"
        return answer.content


async def test_every_kind_in_every_format_holds_the_same_rows(ann, tenancy, database) -> None:
    names = (await ann.get("/api/v1/exports/kinds")).json()
    assert [kind["name"] for kind in names["kinds"]] == list(EXPORTS)
    shown = {}
    for form in names["formats"]:
        export = await made(ann, tenancy, kind="orders", format=form)
        assert (export["status"], export["error"]) == ("done", None)
        content = await fetched(ann, export)
        assert len(content) == export["bytes"]
        shown[form] = rows_of(form, content)
        assert len(shown[form]) == export["rows"] == len(ann.orders)
        assert "email" not in shown[form][0]
    one = {form: {str(row["order_id"]): row for row in rows} for form, rows in shown.items()}
    known = {str(order.id): order for order in ann.orders}
    for form, rows in one.items():
        assert set(rows) == set(known), form
        for number, row in rows.items():
            assert round(Decimal(str(row["gross"])) * 100) == known[number].gross, form


@pytest.mark.parametrize("kind", sorted({"customers", "order_lines", "refunds", "products"}))
async def test_other_kinds_are_the_tables_rows(ann, tenancy, database, kind) -> None:
    export = await made(ann, tenancy, kind=kind, format="jsonl", personal=True)
    rows = rows_of("jsonl", await fetched(ann, export))
    with psycopg.connect(database.admin_url) as admin:
        (count,) = admin.execute(f"SELECT count(*) FROM xsight.{kind}").fetchone()
    assert len(rows) == count
    if kind == "customers":
        assert {row["email"] for row in rows} == {
            f"c{row['customer_id']}@example.com" for row in rows
        }
        spent = {}
        for order in ann.orders:
            if order.counts and order.customer is not None:
                spent[order.customer] = spent.get(order.customer, 0) + order.net
        assert {r["customer_id"]: round(Decimal(r["net"]) * 100) for r in rows if r["net"]} == spent


async def test_filters_and_columns(ann, tenancy) -> None:
    days = sorted(order.local_date("UTC") for order in ann.orders)
    since = days[len(days) // 2]
    wish = {"columns": ["day", "order_id"], "filters": {"since": since.isoformat()}}
    export = await made(ann, tenancy, kind="orders", format="csv", **wish)
    lines = (await fetched(ann, export)).decode().splitlines()
    assert lines[0] == "day,order_id"
    assert len(lines) - 1 == sum(day >= since for day in days)
    assert export["filters"] == {"since": since.isoformat(), "until": None}


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"kind": "nothing"}, "kind"),
        ({"kind": "orders", "format": "exe"}, "format"),
        ({"kind": "orders", "columns": ["password"]}, "columns"),
        ({"kind": "orders", "columns": []}, "columns"),
        ({"kind": "orders", "columns": ["day", "day"]}, "columns"),
        ({"kind": "orders", "columns": ["email"]}, "personal"),
        ({"kind": "orders", "filters": {"since": "yesterday"}}, "filters.since"),
        ({"kind": "orders", "filters": {"nothing": 1}}, "filters"),
        ({"kind": "customers", "filters": {"tag": "a\x00b"}}, "filters"),
        ({"kind": "customers", "filters": {"tag": "x" * 300}}, "filters.tag"),
        ({"kind": "orders", "extra": 1}, None),
    ],
)
async def test_a_wish_that_cannot_be_met_is_refused_at_once(api, wish, field) -> None:
    async with api.member() as ann:
        answer = await ann.post("/api/v1/exports", json=wish)
        assert answer.status_code in {400, 422}, answer.text
        assert answer.json().get("field") == field or field is None
        assert (await ann.get("/api/v1/exports")).json() == {"exports": []}


async def test_personal_data_only_with_the_right(ann, api, tenancy, database) -> None:
    theirs = await made(ann, tenancy, kind="customers", personal=True)
    plain = await made(ann, tenancy, kind="customers")
    assert b"@example.com" in await fetched(ann, theirs)
    assert b"@example.com" not in await fetched(ann, plain)
    async with (
        joined(api, ann, "bob@example.com", "analyst", pii=False) as bob,
        joined(api, ann, "vic@example.com", "viewer", pii=False) as vic,
    ):
        refused = await bob.post("/api/v1/exports", json={"kind": "customers", "personal": True})
        assert refused.status_code == 403
        seen = (await bob.get(f"/api/v1/exports/{theirs['id']}")).json()
        assert (seen["status"], seen["download_url"]) == ("done", None)
        own = (await bob.get(f"/api/v1/exports/{plain['id']}")).json()
        assert b"customer_id" in await fetched(bob, own)
        assert (await vic.get("/api/v1/exports")).status_code == 403
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("DELETE FROM control.memberships WHERE role = 'analyst'")
            events = admin.execute(
                "SELECT action, rows FROM xsight.audit_events WHERE action LIKE 'export%%' ORDER BY seq"
            ).fetchall()
        gone = await bob.http.get(own["download_url"])
        assert gone.status_code == 404  # the link dies with the membership
    count = theirs["rows"]
    assert events[:3] == [
        ("export.requested", None),
        ("export.made", count),
        ("export.requested", None),
    ]
    assert ("export.downloaded", count) in events


async def test_a_link_opens_one_file_for_a_while(ann, api, tenancy, monkeypatch) -> None:
    export = await made(ann, tenancy, kind="products")
    url = export["download_url"]
    other = await made(ann, tenancy, kind="orders")
    async with api.browser() as program:
        for wrong in (
            url.replace(export["id"], other["id"]),
            url[:-3] + "AAA",
            url.split("&ticket")[0] + "&ticket=" + "x" * 80,
            url.replace(str(await ann.tenant_id()), str(uuid4())),
        ):
            answer = await program.get(wrong)
            assert answer.status_code == 403, answer.text
            assert answer.json()["code"] == "forbidden"
        monkeypatch.setattr(exports, "LINK_LIFETIME", timedelta(seconds=-1))
        late = (await ann.get(f"/api/v1/exports/{export['id']}")).json()
        answer = await program.get(late["download_url"])
        assert answer.status_code == 403
        assert "new one" in answer.json()["detail"]
        async with api.member("bob@example.com") as bob:
            assert (await bob.get(f"/api/v1/exports/{export['id']}")).status_code == 404
            assert (await bob.get("/api/v1/exports")).json() == {"exports": []}


async def test_it_is_removed_when_its_day_is_over_or_somebody_is_forgotten(
    ann, tenancy, database
) -> None:
    tenant, home = await ann.tenant_id(), ann.api.settings.home
    theirs = await made(ann, tenancy, kind="customers", personal=True)
    plain = await made(ann, tenancy, kind="customers", filters={"country": "DE"})
    taken = await made(ann, tenancy, kind="products")
    folder = home / "exports" / str(tenant)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    with psycopg.connect(database.admin_url) as admin:
        due = admin.execute(
            "SELECT due_at - now() FROM control.jobs WHERE kind = 'export_end'"
        ).fetchall()
    assert len(due) == 3
    assert all(timedelta(hours=23) < left < timedelta(hours=25) for (left,) in due)
    assert await erase_exports(tenancy, tenant, home) == 1
    assert (await ann.get(f"/api/v1/exports/{theirs['id']}")).json()["status"] == "expired"
    await end_of_export(tenancy, tenant, UUID(plain["id"]), home)
    gone = (await ann.get(f"/api/v1/exports/{plain['id']}")).json()
    assert (gone["status"], gone["filters"], gone["download_url"]) == ("expired", {}, None)
    answer = await ann.http.delete(
        f"/api/v1/exports/{taken['id']}", headers={"X-CSRF-Token": (await ann.me())["csrf"]}
    )
    assert answer.status_code == 204
    assert list(folder.iterdir()) == []
    assert (await ann.get(plain["download_url"])).status_code == 404


async def test_all_or_nothing_and_anew(ann, tenancy, monkeypatch) -> None:
    """A stopped worker leaves nothing; the next one makes the whole file; what was taken back is not made."""
    tenant, home = await ann.tenant_id(), ann.api.settings.home
    promised = await ask(ann, kind="orders")
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless(*given):
        for block in read_rows(*given):
            loop.call_soon_threadsafe(reached.set)
            while True:
                yield block

    with monkeypatch.context() as slow:
        slow.setattr("xsight_core.services.export_making.rows.read_rows", endless)
        making = asyncio.create_task(make_export(tenancy, tenant, UUID(promised["id"]), home))
        await reached.wait()
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
    assert list((home / "exports" / str(tenant)).iterdir()) == []
    assert (await ann.get(f"/api/v1/exports/{promised['id']}")).json()["status"] == "running"
    again = await make_export(tenancy, tenant, UUID(promised["id"]), home)
    assert again.rows == len(ann.orders)
    assert await make_export(tenancy, tenant, UUID(promised["id"]), home) is None
    assert await make_export(tenancy, tenant, uuid4(), home) is None


async def test_a_store_has_so_many_under_way_and_no_more(api) -> None:
    async with api.member() as ann:
        for _ in range(exports.MOST_AT_ONCE):
            await ask(ann, kind="orders")
        answer = await ann.post("/api/v1/exports", json={"kind": "orders"})
        assert answer.status_code == 409


def test_no_cell_is_a_formula(tmp_path) -> None:
    columns = [Column("a", "text", "a"), Column("b", "list", "b"), Column("c", "integer", "c")]
    rows = [(text, [text, "x"], -1) for text in EVIL] + [(None, [], 10**17)]
    for form in ("csv", "jsonl", "parquet", "xlsx"):
        with open_file(form, tmp_path / form, columns) as file:
            file.write(rows)
    cells = list(csv.reader(io.StringIO((tmp_path / "csv").read_bytes().decode(), newline="")))[1:]
    for (text, _, _), (first, second, number) in zip(rows[:-1], cells, strict=False):
        safe = text if text == EVIL[-1] else "'" + text
        assert first == safe
        assert second == safe + ", x"
        assert number == "-1"
    assert cells[-1] == ["", "", str(10**17)]
    lines = [json.loads(line) for line in (tmp_path / "jsonl").read_text().splitlines()]
    assert [line["a"] for line in lines] == [row[0] for row in rows]
    assert pq.read_table(tmp_path / "parquet").column("a").to_pylist() == [r[0] for r in rows]
    sheet = zipfile.ZipFile(tmp_path / "xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert ">100000000000000000<" in sheet


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_memory_does_not_grow_with_the_rows(tmp_path, form) -> None:
    columns = [Column(f"c{n}", "text", "x") for n in range(5)]
    block = [tuple(f"{n} some text {m}" for m in range(5)) for n in range(500)]

    def peak(blocks: int) -> int:
        tracemalloc.start()
        with open_file(form, tmp_path / f"{form}{blocks}", columns) as file:
            for _ in range(blocks):
                file.write(block)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(12) < peak(2) + 300_000


def rows_of(form: str, content: bytes) -> list[dict]:
    """The rows of a file, by readers of others."""
    if form == "csv":
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    if form == "jsonl":
        return [json.loads(line) for line in content.splitlines()]
    if form == "parquet":
        return pq.read_table(io.BytesIO(content)).to_pylist()
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    tree = ET.fromstring(zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml"))
    table = []
    for row in tree.iter(f"{name}row"):
        cells = {}
        for cell in row.iter(f"{name}c"):
            place = "".join(c for c in cell.get("r") if c.isalpha())
            cells[place] = "".join(cell.itertext())
        table.append(cells)
    head = table[0]
    return [{head[place]: value for place, value in row.items()} for row in table[1:]]
