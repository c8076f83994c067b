"""Links by mail: confirming an address, a forgotten password, an invitation; and the operator in place of a server."""

import asyncio
import re
import time
from uuid import UUID

import psycopg
import pytest

from tests.api.conftest import PASSWORD, make_settings, serve
from tests.support.mailbox import running_mailbox
from xsight_core.errors import MailRefused, MailUnavailable
from xsight_core.services.mail import Letter, deliver, held_mails
from xsight_core.tenancy import Tenancy

LINK = re.compile(r"http://\S+\?code=[\w-]+")
NEW = "eleven brave geese march"


@pytest.fixture(scope="session")
def mailbox():
    with running_mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def posting(house, mailbox, sim, tmp_path_factory):
    """A second API on the same database, with a mail server."""
    home = tmp_path_factory.mktemp("home")
    more = {"smtp_url": mailbox.url, "mail_from": "XSight <xsight@example.com>"}
    with serve(make_settings(house.database, house.valkey, sim, home, **more)) as api:
        yield api


@pytest.fixture
def mail(posting, api, mailbox, database):
    """The API that posts, with everybody gone and no message left."""
    mailbox.messages.clear()
    mailbox.refuse.clear()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("TRUNCATE control.mails, control.jobs, control.one_time_codes")
    return posting


async def carry(api, database, mailbox, subject):
    """What the worker does with the jobs there are; the newest message about the subject, and its link."""
    with psycopg.connect(database.admin_url) as admin:
        jobs = admin.execute("SELECT payload FROM control.jobs WHERE kind = 'mail'").fetchall()
        admin.execute("DELETE FROM control.jobs")
    tenancy = Tenancy(database.app_url)
    try:
        for (payload,) in jobs:
            await deliver(tenancy, api.settings, UUID(payload["mail"]))
    finally:
        await tenancy.close()
    message = next(m for m in reversed(mailbox.messages) if subject in m["Subject"])
    return message, LINK.search(message.get_body(("plain",)).get_content())[0]


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


async def test_an_address_is_confirmed_by_the_link_once(mail, mailbox, database) -> None:
    async with mail.member() as ann:
        assert (await ann.me())["user"]["verified"] is False
        message, link = await carry(mail, database, mailbox, "Confirm")
        assert message["To"] == "ann@example.com"
        assert message["From"] == "XSight <xsight@example.com>"
        page = message.get_body(("html",)).get_content()
        assert link in page
        assert "http" not in page.replace(link, "")  # nothing is loaded from anywhere
        code = link.partition("code=")[2]
        assert "This is my address" in (await ann.get(path_of(link))).text
        assert (await ann.me())["user"]["verified"] is False  # opening is not confirming
        assert (await ann.http.post("/verify", data={"code": code})).status_code == 200
        assert (await ann.me())["user"]["verified"] is True
        assert (await ann.http.post("/verify", data={"code": code})).status_code == 422


async def test_who_is_not_confirmed_does_everything_but_invite(mail, mailbox, database) -> None:
    async with mail.member() as ann:
        body = {"email": "bob@example.com", "role": "viewer"}
        refused = await ann.post("/api/v1/invitations", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert (await ann.get("/connect")).status_code == 200
        _, link = await carry(mail, database, mailbox, "Confirm")
        await ann.http.post("/verify", data={"code": link.partition("code=")[2]})
        invited = await ann.post("/api/v1/invitations", json=body)
        assert invited.json()["link"] is None  # it goes by mail and to nobody else
        _, link = await carry(mail, database, mailbox, "invites you")
        async with mail.browser() as bob:
            form = {"code": link.partition("code=")[2], "name": "Bob", "password": PASSWORD}
            assert (await bob.http.post("/invitation", data=form)).status_code == 303
            assert (await bob.me())["user"]["verified"] is True


async def test_a_forgotten_password_is_replaced_once_and_everybody_is_out(
    mail, mailbox, database
) -> None:
    async with mail.member() as ann, mail.browser() as other:
        asked = await other.http.post("/forgot", data={"email": " ANN@example.com"})
        assert asked.status_code == 200
        _, link = await carry(mail, database, mailbox, "new password")
        code = link.partition("code=")[2]
        weak = await other.http.post("/reset", data={"code": code, "password": "password123"})
        assert weak.status_code == 422
        assert "easily guessed" in weak.text
        done = await other.http.post("/reset", data={"code": code, "password": NEW})
        assert done.headers["location"] == "/app/overview"
        assert (await other.me())["user"]["email"] == "ann@example.com"
        assert (await ann.get("/api/auth/me")).status_code == 401
        assert (await ann.log_in("ann@example.com")).status_code == 403
        assert (await ann.log_in("ann@example.com", NEW)).status_code == 200
        again = await other.http.post("/reset", data={"code": code, "password": NEW + "!"})
        assert again.status_code == 422
        assert (await other.get("/api/auth/me")).status_code == 200


async def test_nobody_learns_who_has_an_account(mail, database) -> None:
    async with mail.member(), mail.browser() as eve:
        pages, seconds = [], []
        for email in ("ann@example.com", "nobody@example.com", "not an address", ""):
            began = time.perf_counter()
            pages.append((await eve.http.post("/forgot", data={"email": email})).text)
            seconds.append(time.perf_counter() - began)
    assert len(set(pages)) == 1
    assert min(seconds) >= 0.3
    with psycopg.connect(database.admin_url) as admin:
        asked = admin.execute("SELECT recipient FROM control.mails").fetchall()
    assert sorted(asked) == [("ann@example.com",)] * 2  # of her sign-up, and of this


async def test_asking_again_and_again_is_slowed_down(mail) -> None:
    async with mail.browser() as eve:
        answers = [
            await eve.http.post("/forgot", data={"email": "ann@example.com"}) for _ in range(4)
        ]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]


async def test_old_and_made_up_codes_open_nothing(mail, mailbox, database) -> None:
    async with mail.member() as ann:
        _, link = await carry(mail, database, mailbox, "Confirm")
        verify = link.partition("code=")[2]
        for code in ("", "x", "\x00", "é" * 50, "A" * 5000, verify):  # a code of another kind, too
            answer = await ann.http.post("/reset", data={"code": code, "password": NEW})
            assert answer.status_code == 422, code[:9]
            assert (await ann.get("/reset", params={"code": code})).status_code == 200
            assert (await ann.get("/invitation", params={"code": code})).status_code == 404
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE control.one_time_codes SET expires_at = now()")
        assert (await ann.http.post("/verify", data={"code": verify})).status_code == 422


async def test_a_changed_password_ends_the_others_and_needs_the_current_one(mail) -> None:
    async with mail.member() as ann, mail.browser() as other:
        await other.log_in("ann@example.com")
        page = (await ann.get("/auth/account")).text
        assert "Where you are logged in" in page
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        form = {"csrf": csrf, "current": "not the current one", "password": NEW}
        wrong = await ann.http.post("/auth/account/password", data=form)
        assert wrong.status_code == 422
        assert 'id="current-error"' in wrong.text
        done = await ann.http.post("/auth/account/password", data=form | {"current": PASSWORD})
        assert done.headers["location"] == "/auth/account?done=password"
        assert (await ann.get("/auth/account?done=password")).status_code == 200
        assert (await other.get("/api/auth/me")).status_code == 401


async def test_the_link_is_in_no_table_and_no_log(mail, mailbox, database, caplog) -> None:
    async with mail.member() as ann:
        await ann.http.post("/forgot", data={"email": "ann@example.com"})
        with psycopg.connect(database.admin_url) as admin:
            rows = [
                str(admin.execute(f"SELECT * FROM {table}").fetchall())
                for table in (
                    "control.mails",
                    "control.jobs",
                    "control.one_time_codes",
                    "xsight.audit_events",
                )
            ]
        _, link = await carry(mail, database, mailbox, "new password")
        code = link.partition("code=")[2]
        assert code not in "".join(rows) + caplog.text
        with psycopg.connect(database.admin_url) as admin:
            left = admin.execute(
                "SELECT count(sealed), count(sent_at) FROM control.mails"
            ).fetchone()
        assert left == (0, 2)


async def test_a_server_that_says_not_now_is_asked_again_and_no_is_no(
    mail, mailbox, database
) -> None:
    async with mail.member():
        mailbox.refuse.append(b"451 4.3.0 later")
        with pytest.raises(MailUnavailable, match="not now"):
            await carry(mail, database, mailbox, "Confirm")
    async with mail.member("bob@example.com"):
        mailbox.refuse.append(b"550 5.1.1 nobody here")
        with pytest.raises(MailRefused):
            await carry(mail, database, mailbox, "Confirm")


async def test_without_a_mail_server_the_operator_has_the_links(api, database) -> None:
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("TRUNCATE control.mails, control.jobs")
    async with api.member() as ann:
        asked = await ann.http.post("/forgot", data={"email": "ann@example.com"})
        assert "ask its operator" in asked.text
        tenancy = Tenancy(database.app_url)
        try:
            (held,) = await held_mails(tenancy, api.settings)
        finally:
            await tenancy.close()
        assert held.recipient == "ann@example.com"
        code = held.letter.link.partition("code=")[2]
        done = await ann.http.post("/reset", data={"code": code, "password": NEW})
        assert done.status_code == 303
    with psycopg.connect(database.admin_url) as admin:
        assert admin.execute("SELECT count(*) FROM control.jobs").fetchone() == (0,)


async def test_words_of_a_letter_are_escaped() -> None:
    letter = Letter("S<b>", "Hi <i>", "a & b", "Go", 'http://x/?a="b"&c', "o")
    assert "<i>" not in letter.html()
    assert '"b"' not in letter.html()
    assert 'http://x/?a="b"&c' in letter.text()


async def test_two_resets_at_once_set_one_password(mail, mailbox, database) -> None:
    async with mail.member() as ann:
        await ann.http.post("/forgot", data={"email": "ann@example.com"})
        _, link = await carry(mail, database, mailbox, "new password")
        code = link.partition("code=")[2]
        answers = await asyncio.gather(
            *(ann.http.post("/reset", data={"code": code, "password": NEW}) for _ in range(3))
        )
        assert sorted(a.status_code for a in answers) == [303, 422, 422]
