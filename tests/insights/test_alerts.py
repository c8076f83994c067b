"""Alert rules against series added up by hand: told once when a bound is passed, once when it is over."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr

from tests.support.mailbox import running_mailbox
from tests.support.shops import ShopOrder, add_orders, set_shop
from xsight_core.crypto import Keyring
from xsight_core.errors import InvalidInput
from xsight_core.services import alerts
from xsight_core.services.accounts import add_member, add_person
from xsight_core.services.alerts import AlertWish, judge_alerts
from xsight_core.services.audit import SYSTEM
from xsight_core.services.insights import compute_insights
from xsight_core.services.mail import Post, deliver
from xsight_core.services.segment_hooks import add_hook

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
URL = "https://xs.example"


def days(first: int, count: int, a_day: int, amount: int, start: int) -> list[ShopOrder]:
    """So many orders on each of `count` days, the first one `first` days ago."""
    return [
        ShopOrder(start + day * a_day + n, 1 + n, NOW - timedelta(days=first - day), amount)
        for day in range(count)
        for n in range(a_day)
    ]


def wish(**other) -> AlertWish:
    rule = {
        "name": "Sales fall", "metric": "net_sales", "test": "falls", "bound": 0.3, "days": 7,
        "against": "previous_period", "least_orders": 10, "mail_to": [], "tell_hooks": False,
    }  # fmt: skip
    return AlertWish(**rule | other)


@pytest.fixture
def shop(database, tenancy, tenant, tmp_path, settings):
    """210.00 in the week before the last, 126.00 in the last; today's order is of a day that is not over."""
    set_shop(database.admin_url, tenant.id)
    orders = [*days(14, 7, 3, 1_000, 100), *days(7, 7, 2, 900, 200)]
    add_orders(database.admin_url, tenant.id, [*orders, ShopOrder(1, 1, NOW, 10**9)])
    post = Post(Keyring.parse(settings.keyring.get_secret_value()), sends=True)

    class Shop:
        id = tenant.id

        async def rule(self, **other):
            rule, _ = await alerts.add_alert(
                tenancy, tenant.id, SYSTEM, wish(**other), by=UUID(int=1)
            )
            return rule.id

        async def judge(self):
            await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
            return await judge_alerts(tenancy, post, tenant.id, tmp_path, public_url=URL)

        async def state(self, rule_id):
            return next(r for r in await alerts.list_alerts(tenancy, tenant.id) if r.id == rule_id)

        async def events(self, rule_id):
            found = await alerts.alert_events(tenancy, tenant.id, rule_id, limit=9)
            return [(event.state, event.value, event.before) for event in found]

    return Shop()


RULES = [
    ({}, "firing", 12_600, 21_000),
    ({"bound": 0.41}, "quiet", 12_600, 21_000),
    ({"bound": 0.4}, "firing", 12_600, 21_000),
    ({"test": "rises"}, "quiet", 12_600, 21_000),
    ({"metric": "orders", "test": "rises", "days": 3, "least_orders": 6, "bound": 0.1}, "quiet", 6, 6),
    ({"metric": "orders", "test": "below", "bound": 15}, "firing", 14, None),
    ({"metric": "orders", "test": "below", "bound": 14}, "quiet", 14, None),
    ({"metric": "aov", "test": "above", "bound": 950, "days": 14}, "firing", 960, None),
    ({"metric": "net_sales", "test": "above", "bound": 1_799, "days": 1, "least_orders": 2}, "firing", 1_800, None),
    ({"least_orders": 15}, "unknown", None, None),
    ({"days": 14, "least_orders": 0}, "unknown", 33_600, 0),
    ({"metric": "aov", "test": "above", "bound": 0, "days": 1, "least_orders": 0,
     "against": None}, "firing", 900, None),
]  # fmt: skip


async def test_rules_judge_whole_days(shop) -> None:
    made = [await shop.rule(**rule) for rule, *_ in RULES]
    await shop.judge()
    for rule_id, (rule, state, value, before) in zip(made, RULES, strict=True):
        found = await shop.state(rule_id)
        assert (found.state, found.value, found.before) == (state, value, before), rule
        assert (found.trouble is not None) == (state == "unknown"), rule
        assert len(await shop.events(rule_id)) == (state == "firing"), rule


async def test_it_is_told_once_when_it_begins_and_once_when_it_is_over(
    shop, database, tenancy, settings
) -> None:
    ann = await add_person(tenancy, email="ann@example.com", password="pears and plums", name="Ann")
    await add_member(tenancy, tenant_id=shop.id, user_id=ann, role="owner", pii=True)
    keyring = Keyring.parse(settings.keyring.get_secret_value())
    hook = {"url": "http://127.0.0.1:9/x", "by": None, "private": True}
    await add_hook(tenancy, keyring, shop.id, SYSTEM, **hook)
    rule = await shop.rule(mail_to=[ann], tell_hooks=True)
    assert len(await shop.judge()) == 1
    assert await shop.judge() == []  # nothing changed
    more = days(7, 1, 10, 1_000, 900)
    add_orders(database.admin_url, shop.id, more)
    assert len(await shop.judge()) == 1
    assert await shop.judge() == []
    assert await shop.events(rule) == [("quiet", 22_600, 21_000), ("firing", 12_600, 21_000)]
    with psycopg.connect(database.admin_url) as admin:
        told = admin.execute(
            "SELECT event, body ->> 'value' FROM xsight.segment_deliveries ORDER BY id"
        ).fetchall()
        mails = admin.execute("SELECT id FROM control.mails ORDER BY created_at").fetchall()
    assert told == [("alert.firing", "12600"), ("alert.quiet", "22600")]
    with running_mailbox() as mailbox:
        sending = settings.model_copy(update={"smtp_url": SecretStr(mailbox.url)})
        for (mail,) in mails:
            await deliver(tenancy, sending, mail)
    assert [message["Subject"] for message in mailbox.messages] == [
        "Alert: Sales fall (Garden)",
        "Back to normal: Sales fall (Garden)",
    ]
    text = mailbox.messages[0].get_body(("plain",)).get_content()
    assert "Net sales of the last 7 days fell by 30% or more: 126.00 USD, 210.00 USD" in text


async def test_who_is_no_member_gets_no_mail(shop, tenancy) -> None:
    with pytest.raises(InvalidInput, match="members"):
        await shop.rule(mail_to=[UUID(int=7)])
    for field, value in {
        "metric": "love",
        "bound": float("nan"),
        "days": 0,
        "name": " ",
        "against": "yesterday",
        "test": "is",
    }.items():
        with pytest.raises(InvalidInput) as refused:
            await shop.rule(**{field: value})
        assert refused.value.field == field


async def test_a_changed_rule_is_judged_anew(shop, tenancy) -> None:
    rule = await shop.rule()
    await shop.judge()
    await alerts.change_alert(tenancy, shop.id, SYSTEM, rule, wish(bound=0.5))
    assert (await shop.state(rule)).state == "unknown"
    await shop.judge()
    assert (await shop.state(rule)).state == "quiet"
    assert len(await shop.events(rule)) == 1  # nobody was told of the new one
    await alerts.remove_alert(tenancy, shop.id, SYSTEM, rule)
    assert await alerts.list_alerts(tenancy, shop.id) == []
