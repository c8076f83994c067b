"""One report: the page as it stands in the database, made ready for its reader, and sent.

The page's own code writes the numbers (``xsight_ui.report``); what the reader may not see is not read at all.
"""

import asyncio
from datetime import UTC, datetime
from email.message import EmailMessage
from html import escape
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import RowMapping

from xsight_core.crypto import Keyring
from xsight_core.db import reports as rows
from xsight_core.db.tables import ReportDelivery, ReportSchedule
from xsight_core.errors import MailRefused, MailUnavailable, XsightError
from xsight_core.services.audit import SYSTEM, record
from xsight_core.services.branding import read_branding
from xsight_core.services.jobs import MAX_ATTEMPTS
from xsight_core.services.mail import MailServer
from xsight_core.services.reports import unsubscribe_code
from xsight_core.settings import Settings
from xsight_core.tenancy import Tenancy
from xsight_ui.documents import query_of, values_of
from xsight_ui.pages import PAGES
from xsight_ui.report import Brand, Report, customers_in, make_report, pdf_of

__all__ = ["deliver_report"]

_NO_PDF: Final = "PDF cannot be made on this server (it lacks Pango), so the page comes as HTML."

log = structlog.get_logger()


async def deliver_report(
    tenancy: Tenancy, settings: Settings, tenant_id: UUID, delivery_id: UUID
) -> str:
    """Make and send one; how it ended. Raises what another try may help against. At least once, as mail is."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_delivery(session, delivery_id)
        if found is None or found[0].state != "waiting":
            return "done"
        delivery, schedule = found
        reader = await rows.find_reader(session, tenant_id, schedule.user_id)
        if reader is None:
            why = "Its reader is no member of the store any more."
            stopped = {"next_at": None, "stopped": why}
            await rows.change_schedule(session, schedule.id, **stopped)
            await rows.note_delivery(session, delivery_id, state="skipped", error=why)
            return "skipped"
    try:
        return await _send(tenancy, settings, delivery, schedule, reader)
    except MailRefused as error:
        return await _end(tenancy, delivery, "failed", str(error))
    except (XsightError, RuntimeError, OSError) as error:
        tries = delivery.attempts + 1
        last = tries >= MAX_ATTEMPTS or not getattr(error, "retryable", True)
        await _end(tenancy, delivery, "failed" if last else "waiting", str(error))
        if last:
            return "failed"
        raise MailUnavailable(str(error)) from error


async def _send(
    tenancy: Tenancy,
    settings: Settings,
    delivery: ReportDelivery,
    schedule: ReportSchedule,
    reader: RowMapping,
) -> str:
    server = MailServer.from_settings(settings)
    if server is None:
        why = "No mail server is set up here (XSIGHT_SMTP_URL)."
        return await _end(tenancy, delivery, "failed", why)
    tenant_id, now = schedule.tenant_id, datetime.now(UTC)
    page = PAGES.get(schedule.page)
    document = page and await asyncio.to_thread(_read, tenancy, tenant_id, page.document)
    spec: dict[str, Any] = page.spec(document, now) if page and document else {"state": "gone"}
    if spec["state"] != "ready":
        return await _end(tenancy, delivery, "skipped", "There are no numbers yet.")
    async with tenancy.scope(tenant_id) as session:
        wanted = customers_in(spec) if reader["pii"] else []
        names = await rows.names_of(session, wanted) if wanted else {}
    look = await read_branding(tenancy, tenant_id)
    zone = ZoneInfo((spec.get("shop") or {}).get("timezone") or "UTC")
    link = f"{settings.public_url}/app/{schedule.page}"
    report = await asyncio.to_thread(
        make_report,
        spec,
        now=now.astimezone(zone),
        brand=Brand(look.name, look.accent, look.logo),
        names=names,
        link=link,
        note=_note(reader, named=bool(names)),
    )
    pdf = await asyncio.to_thread(pdf_of, report.html) if schedule.format == "pdf" else None
    keyring = Keyring.parse(settings.keyring.get_secret_value())
    code = unsubscribe_code(keyring, tenant_id, schedule.id)
    out = f"{settings.public_url}/unsubscribe?code={code}"
    hint = _NO_PDF if schedule.format == "pdf" and pdf is None else ""
    message = _message(report, reader, link=link, out=out, hint=hint, pdf=pdf)
    await asyncio.to_thread(server.post, message)
    size = len(pdf if pdf is not None else report.html.encode())
    async with tenancy.scope(tenant_id) as session:
        await rows.note_delivery(
            session,
            delivery.id,
            state="sent",
            error=hint or None,
            attempts=delivery.attempts + 1,
            personal=bool(names),
            bytes=size,
            insight_run=spec.get("insight_run"),
        )
        details = {"page": schedule.page, "reader": str(schedule.user_id), "personal": bool(names)}
        await record(
            session,
            tenant_id,
            SYSTEM,
            "report.sent",
            object=str(schedule.id),
            rows_seen=len(names) or None,
            details=details,
        )
    log.info("report.sent", page=schedule.page, bytes=size, personal=bool(names))
    return "sent"


def _read(tenancy: Tenancy, tenant_id: UUID, name: str) -> dict[str, Any] | None:
    """What the page would be painted from now."""
    with tenancy.connection(tenant_id) as connection:
        row = connection.execute(query_of(name).encode(), values_of(name, "")).fetchone()
    return row[0] if row else None


async def _end(tenancy: Tenancy, delivery: ReportDelivery, state: str, error: str) -> str:
    async with tenancy.scope(delivery.tenant_id) as session:
        tried = {"attempts": delivery.attempts + 1}
        await rows.note_delivery(session, delivery.id, state=state, error=error[:300], **tried)
    log.warning("report.not_sent", delivery=str(delivery.id), state=state)
    return state


def _note(reader: RowMapping, *, named: bool) -> str:
    named_so = "It names customers: treat it as personal data." if named else ""
    return f"Made for {reader['email']}. {named_so}".strip()


def _message(
    report: Report, reader: RowMapping, *, link: str, out: str, hint: str, pdf: bytes | None
) -> EmailMessage:
    """Headline numbers in the mail, the page attached."""
    message = EmailMessage()
    message["Subject"], message["To"] = report.title, reader["email"]
    # RFC 8058: programs that show mail offer a button for it
    message["List-Unsubscribe"] = f"<{out}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    lines = [f"{label}: {value} (before: {before})" for label, value, before in report.headlines]
    text = "\n".join(
        [f"Hello {reader['name']},", "", report.title, "", *lines, "", "The whole page is attached.",
         *filter(None, [hint]), "", f"Live: {link}", f"No more of these: {out}"]
    )  # fmt: skip
    message.set_content(text)
    cells = "".join(
        f'<tr><td style="padding:6px 24px 6px 0;color:#566079">{escape(label)}</td>'
        f'<td style="padding:6px 24px 6px 0"><b>{escape(value)}</b></td>'
        f'<td style="padding:6px 0;color:#566079">before: {escape(before)}</td></tr>'
        for label, value, before in report.headlines
    )
    message.add_alternative(
        _MAIL.format(
            title=escape(report.title),
            name=escape(reader["name"]),
            cells=cells,
            hint=escape(hint),
            link=escape(link),
            out=escape(out),
        ),
        subtype="html",
    )
    name = report.title.split(" · ", maxsplit=1)[0].lower().replace(" ", "-")
    if pdf is not None:
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{name}.pdf")
    else:
        message.add_attachment(report.html, subtype="html", filename=f"{name}.html")
    return message


_MAIL: Final[Any] = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body style="margin:0;padding:24px;background:#f4f6fb;font:16px/1.5 system-ui,sans-serif;color:#0f1728">
<div style="max-width:560px;margin:0 auto;background:#ffffff;border:1px solid #dfe3ea;border-radius:12px;padding:28px">
<p style="margin:0 0 6px">Hello {name},</p><h1 style="margin:0 0 16px;font-size:20px">{title}</h1>
<table style="border-collapse:collapse;font-size:14px">{cells}</table>
<p style="margin:16px 0">The whole page is attached. {hint}</p>
<p style="margin:0 0 20px"><a href="{link}" style="color:#1c40bd">See it live</a></p>
<p style="margin:0;font-size:13px"><a href="{out}" style="color:#566079">I do not want these mails any more</a></p>
</div></body></html>
"""
