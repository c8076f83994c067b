"""Pages by mail: the numbers of the page, names only for who may see them, a way out, and what went wrong."""

import asyncio
import base64
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from pydantic import SecretStr

from tests.api.shops import fill_store
from tests.support.mailbox import running_mailbox
from worker.reports import deliver_report
from xsight_core.crypto import Keyring
from xsight_core.errors import Forbidden, InvalidInput, MailUnavailable, NotFound
from xsight_core.services import reports
from xsight_core.services.accounts import add_member, add_person
from xsight_core.services.audit import SYSTEM
from xsight_core.services.reports import ReportWish, promise_reports
from xsight_ui.build import build
from xsight_ui.report import pdf_of


def rows(database, query, *params):
    with psycopg.connect(database.admin_url) as admin:
        return admin.execute(query, params).fetchall()


@pytest.fixture
async def store(database, tenancy, tenant, tmp_path, settings):
    """A filled store, a mail server, and two members: Ann sees names, Vic does not."""
    await asyncio.to_thread(build)
    await fill_store(database.admin_url, tenancy, tenant.id, tmp_path)
    people = {}
    for name, pii in (("Ann", True), ("Vic", False)):
        email = f"{name.lower()}@example.com"
        people[name] = await add_person(tenancy, email=email, password="pears and plums", name=name)
        role = "owner" if pii else "viewer"
        await add_member(tenancy, tenant_id=tenant.id, user_id=people[name], role=role, pii=pii)

    class Store:
        id, ann, vic = tenant.id, people["Ann"], people["Vic"]

        async def schedule(self, user: UUID, **other) -> UUID:
            wish = {"page": "overview", "format": "html", "every": "day", "on": 0, "hour": 8}
            wish = ReportWish(user=user, **wish | other)
            return await reports.add_report(
                tenancy, tenant.id, SYSTEM, wish, by=self.ann, decides=True
            )

        async def due(self, schedule: UUID) -> UUID:
            """A mail of it, promised as the scheduler does."""
            now = datetime.now(UTC) + timedelta(days=2)
            async with tenancy.scope(tenant.id) as session:
                assert await promise_reports(session, tenant.id, now) == 1
                assert await promise_reports(session, tenant.id, now) == 0
            query = "SELECT id FROM xsight.report_deliveries WHERE schedule_id = %s"
            return rows(database, query, schedule)[0][0]

        async def send(self, delivery: UUID) -> str:
            return await deliver_report(tenancy, self.settings, tenant.id, delivery)

    with running_mailbox() as mailbox:
        store = Store()
        store.mailbox = mailbox
        store.settings = settings.model_copy(
            update={"smtp_url": SecretStr(mailbox.url), "public_url": "https://xs.example"}
        )
        yield store


def attached(message) -> str:
    return next(message.iter_attachments()).get_content()


async def test_a_report_says_what_the_page_says_with_its_readers_rights(
    store, database, tenancy
) -> None:
    for user in (store.ann, store.vic):
        assert await store.send(await store.due(await store.schedule(user))) == "sent"
    for_ann, for_vic = store.mailbox.messages
    (body,) = rows(database, "SELECT body FROM xsight.documents WHERE name = 'overview'")[0]
    net = sum(body["daily"]["net_minor"][-30:])
    written = f"${net // 100:,}.{net % 100:02}"
    for message in (for_ann, for_vic):
        assert written in attached(message)
        assert written in message.get_body(("plain",)).get_content()
        assert "<script" not in attached(message)
        assert re.findall(r"(?:src|href)=\"(?!data:)([^\"]+)", attached(message)) == [
            "https://xs.example/app/overview"
        ]
    best = body["top_customers"][0]["id"]
    assert f"First{best} Last" in attached(for_ann)
    assert "First" not in attached(for_vic)
    assert f"Customer …{str(best)[-4:]}" in attached(for_vic)
    kept = rows(
        database, "SELECT state, personal, attempts FROM xsight.report_deliveries ORDER BY due_at"
    )
    assert sorted(kept) == [("sent", False, 1), ("sent", True, 1)]


async def test_the_way_out_needs_no_log_in(store, tenancy) -> None:
    schedule = await store.schedule(store.vic)
    await store.send(await store.due(schedule))
    header = store.mailbox.messages[0]["List-Unsubscribe"].replace("\n ", "").strip("<>")
    assert store.mailbox.messages[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    code = parse_qs(urlsplit(header).query)["code"][0]
    keyring = Keyring.parse(store.settings.keyring.get_secret_value())
    for wrong in ("", "x", code[:-6] + "AAAAAA", base64.urlsafe_b64encode(b"a.b").decode()):
        with pytest.raises(NotFound):
            await reports.unsubscribe(tenancy, keyring, wrong)
    await reports.unsubscribe(tenancy, keyring, code)
    await reports.unsubscribe(tenancy, keyring, code)
    (found,) = await reports.list_reports(tenancy, store.id)
    assert found.next_at is None
    assert "does not want it" in found.stopped


async def test_what_goes_wrong_is_tried_again_and_kept(store, database, tenancy) -> None:
    schedule = await store.schedule(store.ann)
    delivery = await store.due(schedule)
    store.mailbox.refuse[:] = [b"451 later"]
    with pytest.raises(MailUnavailable):
        await store.send(delivery)
    assert await store.send(delivery) == "sent"
    assert await store.send(delivery) == "done"  # a job that comes twice sends once
    assert len(store.mailbox.messages) == 1
    again = await reports.send_now(tenancy, store.id, schedule, by=store.ann, decides=True)
    assert again
    query = "SELECT id FROM xsight.report_deliveries WHERE state = 'waiting'"
    store.mailbox.refuse[:] = [b"550 no such person"]
    assert await store.send(rows(database, query)[0][0]) == "failed"
    history = await reports.report_history(
        tenancy, store.id, schedule, by=store.ann, decides=True, limit=9
    )
    assert {(one.state, one.attempts) for one in history} == {("sent", 2), ("failed", 1)}


async def test_who_left_gets_no_more(store, database) -> None:
    delivery = await store.due(await store.schedule(store.vic))
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("DELETE FROM control.memberships WHERE user_id = %s", [store.vic])
    assert await store.send(delivery) == "skipped"
    assert store.mailbox.messages == []
    assert rows(database, "SELECT next_at, stopped FROM xsight.report_schedules")[0][0] is None


async def test_on_paper_where_the_system_draws_text(store) -> None:
    await store.send(await store.due(await store.schedule(store.ann, format="pdf")))
    part = next(store.mailbox.messages[0].iter_attachments())
    able = pdf_of("<p>x</p>") is not None
    assert part.get_content_type() == ("application/pdf" if able else "text/html")
    text = store.mailbox.messages[0].get_body(("plain",)).get_content()
    assert ("PDF cannot be made" in text) != able


async def test_who_may_have_what_sent_to_whom(store, tenancy) -> None:
    schedule = await store.schedule(store.ann)
    wish = ReportWish(page="overview", format="pdf", every="day", on=0, hour=8, user=store.ann)
    with pytest.raises(Forbidden):
        await reports.add_report(tenancy, store.id, SYSTEM, wish, by=store.vic, decides=False)
    with pytest.raises(NotFound):
        await reports.remove_report(
            tenancy, store.id, SYSTEM, schedule, by=store.vic, decides=False
        )
    assert await reports.list_reports(tenancy, store.id, user_id=store.vic) == []
    for field, value in {"every": "year", "format": "doc", "hour": 24, "on": 3}.items():
        with pytest.raises(InvalidInput) as refused:
            await store.schedule(store.ann, **{field: value})
        assert refused.value.field == field
    with pytest.raises(InvalidInput, match="members"):
        await store.schedule(uuid4())
