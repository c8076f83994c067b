"""From an analyst's notebook to a page for everybody: handed in, run in a sandbox, reviewed, shown, run again."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from hub_config.dashboards import documents
from tests.support.shops import ShopOrder, add_orders, random_orders, set_shop
from tests.workspace.servers import mint
from worker.carry import carry_out
from worker.resources import open_resources
from xsight_core.errors import Conflict, InvalidInput, NotFound
from xsight_core.services import publications
from xsight_core.services.audit import Actor
from xsight_core.services.drafts import drafts, read_draft
from xsight_core.services.laying_ready import lay_ready
from xsight_core.services.publication_notebook import bound, declared, parse
from xsight_core.services.publication_runs import files_of
from xsight_core.services.publications import HandIn, Plan, next_time
from xsight_ui import shell
from xsight_ui.pages import PAGES

PROJECT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC)
CODE = """\
import random
import xsight_core as xs
shop = xs.connect()
orders = shop.orders(["day", "net"])
weekly = shop.metric("net_sales", by=by).tail(weeks).to_frame("net")
print(len(orders), "orders;", random.random())
weekly.style.format("{:.2f}")
"""

WALLS = """\
import os, psycopg, socket
from pathlib import Path
found = []
dsn = Path(os.environ["XSIGHT_DSN_FILE"]).read_text()
with psycopg.connect(dsn, autocommit=True) as connection:
    for query in ("count(distinct tenant_id) from xsight.orders", "count(*) from xsight.customer_pii"):
        found += connection.execute(f"select {query}").fetchone()
    try:
        connection.execute("set default_transaction_read_only = off")
        connection.execute("delete from xsight.orders")
    except psycopg.Error as error:
        found.append(type(error).__name__)
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError:
    found.append("OSError")
found.append([name for name in os.environ if "KEY" in name or "TOKEN" in name])
found += [Path("/etc/shadow").exists(), os.getuid() == 1000]
raise ValueError(found)
"""


def notebook(*code, parameters="weeks = 4\nby: \"Literal['week', 'month']\" = \"week\""):
    cells = [("markdown", "# The week", []), ("code", parameters, ["parameters"])]
    cells += [("code", source, []) for source in code]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"cell_type": kind, "source": source, "metadata": {"tags": tags}, "outputs": ["secret"]}
            for kind, source, tags in cells
        ],
    }


@pytest.fixture
def works(settings, database):
    """Settings of a worker that may run notebooks."""
    return settings.model_copy(
        update={
            "spawner_database_url": type(settings.keyring)(database.spawner_url),
            "lab_python": PROJECT / ".venv-lab" / "bin" / "python",
            "pg_socket_dir": str(database.socket_dir),
        }
    )


@pytest.fixture
def ann(database, tenant):
    user = uuid4()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO control.users (id, email, name, password_hash) VALUES (%s, %s, 'Ann', '')",
            [user, f"{user}@example.org"],
        )
        admin.execute(
            "INSERT INTO control.memberships (tenant_id, user_id, role, pii) VALUES (%s, %s, 'admin', true)",
            [tenant.id, user],
        )
    return user


async def test_from_notebook_to_page(database, tenancy, tenant, works, ann, tmp_path, monkeypatch):  # noqa: PLR0915 - one walk
    set_shop(database.admin_url, tenant.id, zone="Europe/Berlin")
    made = random_orders(41, orders=300, customers=80, end=NOW)
    add_orders(database.admin_url, tenant.id, made, zone="Europe/Berlin")
    counted = sum(order.counts for order in made)
    actor, store = Actor("user", str(ann)), tenant.id
    async with open_resources(works) as by:

        async def hand_in(*code, publication=None):
            what = HandIn("The week", notebook(*code), publication=publication)
            view, job = await publications.hand_in(tenancy, store, actor, user_id=ann, what=what)
            await carry_out(by, job)
            return await publications.read_publication(tenancy, store, view.id)

        def page(run) -> bytes:
            return (files_of(works.home, store, run.id) / "page.html").read_bytes()

        # handed in: run for the reviewers, shown to nobody else
        one = await hand_in(CODE)
        run = one.runs[0]
        assert (run.reason, run.status, run.error) == ("review", "done", None)
        first = page(run)
        assert f"{counted} orders;".encode() in first
        assert b"secret" not in first
        assert first.count(b"<tr>") >= 4
        assert not list((works.home / "publications" / str(store)).glob("*.part"))
        with pytest.raises(NotFound):
            await publications.run_of_page(tenancy, store, one.id, None, reviews=False)
        assert await publications.list_publications(tenancy, store, published_only=True) == []

        # approved: everybody's
        decide = {"publication": one.id, "user_id": ann}
        shown = await publications.decide(tenancy, store, actor, version=1, approve=True, **decide)
        assert shown.published == 1
        seen = await publications.run_of_page(tenancy, store, one.id, None, reviews=False)
        assert seen.id == run.id

        # the dashboards' server, with its own role, names it in the navigation and knows what to frame
        monkeypatch.setenv("XSIGHT_DSN_FILE", str(mint(database, tenant, tmp_path, pii=False)))
        stored = await documents.read("published", f"id={one.id}")
        assert stored.published == [{"id": str(one.id), "title": "The week"}]
        spec = PAGES["published"].spec(stored.document, NOW)
        assert spec["panels"]["page"]["id"] == str(one.id)
        html = shell.render(
            "published",
            stored.document,
            base_url="/user/t/",
            user={"name": "Ann", "email": "", "initials": "A"},
            tenant={"slug": "t", "name": "T", "domain": None},
            published=stored.published,
            shown=str(one.id),
        )
        assert f'app/published?id={one.id}" data-published="{one.id}" aria-current="page"' in html
        assert "The week</span>" in html
        nobody = await documents.read("published", "id=" + "0" * 36)
        assert PAGES["published"].spec(nobody.document, NOW)["panels"]["page"]["state"]
        await documents.close()

        # the data changes; the same run again gives the same bytes, a new run does not
        add_orders(database.admin_url, store, [ShopOrder(999_999, 9001, NOW, 12345)], zone="UTC")
        again, job = await publications.repeat_run(tenancy, store, actor, user_id=ann, run=run.id)
        await carry_out(by, job)
        newer, job = await publications.ask_for_run(
            tenancy, store, actor, user_id=ann, publication=one.id, parameters={"weeks": 2}
        )
        await carry_out(by, job)
        runs = {
            each.id: each
            for each in (await publications.read_publication(tenancy, store, one.id)).runs
        }
        again, newer = runs[again.id], runs[newer.id]
        assert (again.status, again.error) == ("done", None)
        assert (again.run_key, again.sha256) == (run.run_key, run.sha256)
        assert page(again) == first
        assert f"{counted + 1} orders;".encode() in page(newer)
        assert newer.run_key != run.run_key
        with pytest.raises(InvalidInput, match="not one of"):
            await publications.ask_for_run(
                tenancy, store, actor, user_id=ann, publication=one.id, parameters={"by": "year"}
            )

        # a second version reaches for what is not its own, tells and raises: nobody can approve it
        two = await hand_in(WALLS, publication=one.id)
        assert two.runs[0].status == "failed"
        assert (
            "Cell 3 raised ValueError: [1, 0, 'InsufficientPrivilege', 'OSError', [], False, True]"
            in two.runs[0].error["message"]
        )
        assert any(line.startswith("+import os, psycopg") for line in two.versions[0].changes)
        with pytest.raises(Conflict, match="no page"):
            await publications.decide(tenancy, store, actor, version=2, approve=True, **decide)
        seen = await publications.run_of_page(tenancy, store, one.id, None, reviews=False)
        assert seen.version == 1

        # a third is shown, and the first again, and none
        three = await hand_in("print('third')", publication=one.id)
        assert three.versions[1].state == "withdrawn"
        await publications.decide(tenancy, store, actor, version=3, approve=True, **decide)
        back, job = await publications.show(tenancy, store, actor, publication=one.id, version=1)
        assert (back.published, job is None) == (1, False)
        gone, _ = await publications.show(tenancy, store, actor, publication=one.id, version=None)
        assert gone.published is None
        with pytest.raises(NotFound):
            await publications.run_of_page(tenancy, store, one.id, None, reviews=False)
        with pytest.raises(Conflict, match="approved"):
            await publications.show(tenancy, store, actor, publication=one.id, version=2)
        with psycopg.connect(database.admin_url) as admin:
            left = admin.execute(
                "SELECT count(*) FROM private.server_roles WHERE server LIKE 'run-%'"
            ).fetchone()
        assert left == (0,)

        # by itself, and the letters: of success to its readers, of failure also to who decides
        await publications.show(tenancy, store, actor, publication=one.id, version=3)
        wish = Plan("day", 6, [ann])
        planned = await publications.plan(tenancy, store, actor, publication=one.id, wish=wish)
        assert planned.next_at > NOW
        later = planned.next_at + timedelta(minutes=1)
        assert await publications.promise_runs(tenancy, store, later) == 1
        assert await publications.promise_runs(tenancy, store, later) == 0
        broken = works.model_copy(update={"lab_python": None})
        async with open_resources(broken) as poor:
            with psycopg.connect(database.admin_url) as admin:
                jobs = admin.execute(
                    "SELECT id FROM control.jobs WHERE kind = 'notebook' AND status = 'queued' ORDER BY created_at"
                ).fetchall()
            await carry_out(poor, jobs[-1][0])
        with psycopg.connect(database.admin_url) as admin:
            (subject,) = admin.execute("SELECT subject FROM control.mails").fetchone()
        assert subject == "The week has failed"


def test_parameters_are_declared_and_checked():
    cells = parse(
        notebook("1", parameters='weeks = 4\nsince = "2026-01-01"\nshare = 0.5\nall_ = True')
    )
    known = declared(cells)
    assert [(one.name, one.kind) for one in known] == [
        ("weeks", "integer"), ("since", "day"), ("share", "number"), ("all_", "yes or no"),
    ]  # fmt: skip
    assert bound(known, {"share": 1})["share"] == 1.0
    for wrong in ({"weeks": 1.5}, {"weeks": True}, {"since": "soon"}, {"other": 1}, {"all_": 1}):
        with pytest.raises(InvalidInput, match=r"parameters|fit|declares"):
            bound(known, wrong)
    for line in (
        "weeks = f()",
        "a, b = 1, 2",
        "x = [1]",
        "weeks = 1\nweeks = 2",
        "if True: x = 1",
        "x =",
    ):
        with pytest.raises(InvalidInput):
            parse(notebook("1", parameters=line))
    for body in (b"{}", b"no", json.dumps({"nbformat": 4, "cells": []})):
        with pytest.raises(InvalidInput):
            parse(body)


def test_a_draft_is_laid_ready_without_outputs_and_links_are_not_followed(tmp_path):
    home = tmp_path / "homes" / "shop-0a1b2c3d"
    home.mkdir(parents=True)
    (home / "mine.ipynb").write_text(json.dumps(notebook("1 + 1")))
    draft = lay_ready(home / "mine.ipynb", "My / week", home)
    assert drafts(tmp_path, "shop-0a1b2c3d") == [draft.name] == ["My - week.ipynb"]
    body = read_draft(tmp_path, "shop-0a1b2c3d", draft.name)
    assert b"secret" not in body
    assert parse(body) == parse(notebook("1 + 1"))
    (tmp_path / "other").write_text("not yours")
    (home / "publish" / "link.ipynb").symlink_to(tmp_path / "other")
    os.mkfifo(home / "publish" / "pipe.ipynb")
    for name in ("link.ipynb", "pipe.ipynb", "../mine.ipynb", "gone.ipynb"):
        with pytest.raises(NotFound):
            read_draft(tmp_path, "shop-0a1b2c3d", name)
    (tmp_path / "homes" / "shop-99999999").symlink_to(home)
    with pytest.raises(NotFound):
        read_draft(tmp_path, "shop-99999999", draft.name)
    assert drafts(tmp_path, "shop-none") == []


def test_the_next_time_is_the_shops():
    at = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the night after, clocks go forward
    assert next_time("day", 6, "Europe/Berlin", at) == datetime(2026, 3, 29, 4, tzinfo=UTC)
    assert (
        next_time("week", 0, "Asia/Tokyo", at).astimezone(UTC).isoformat()
        == "2026-03-29T15:00:00+00:00"
    )
    assert next_time("month", 23, "UTC", at) == datetime(2026, 4, 1, 23, tzinfo=UTC)
