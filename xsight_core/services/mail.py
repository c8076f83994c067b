"""Mail: a link somebody needs, in the transaction that made it, sent by the worker, tried again when it must be.

The text holds a link that lets somebody in: it is kept sealed and forgotten once sent, and no log names it. Without a
mail server nothing is sent; the operator reads what waits with ``xsight mail`` and passes it on.
"""

import asyncio
import html
import json
import smtplib
import ssl
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.crypto import Keyring
from xsight_core.db import mails as rows
from xsight_core.errors import InvalidInput, MailRefused, MailUnavailable
from xsight_core.services.audit import INSTALLATION
from xsight_core.services.jobs import enqueue
from xsight_core.settings import Settings
from xsight_core.tenancy import Tenancy

__all__ = ["HeldMail", "Letter", "MailServer", "Post", "deliver", "held_mails"]

log = structlog.get_logger()

_PURPOSE: Final = "mail"
_TIMEOUT_S: Final = 20.0
_TRY_AGAIN: Final = 500  # below: a server's "not now"


@dataclass(frozen=True)
class Letter:
    """What a mail says: why it comes, one link, what it means not to use it."""

    subject: str
    greeting: str
    says: str
    button: str
    link: str
    otherwise: str

    def text(self) -> str:
        """For programs that show no HTML."""
        return (
            f"{self.greeting}\n\n{self.says}\n\n{self.button}:\n{self.link}\n\n{self.otherwise}\n"
        )

    def html(self) -> str:
        """The same words, quietly dressed; nothing is loaded from anywhere."""
        said = {name: html.escape(getattr(self, name)) for name in self.__dataclass_fields__}
        return _HTML.format(**said)


_HTML: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>{subject}</title></head>
<body style="margin:0;padding:24px;background:#f4f6fb;font:16px/1.5 system-ui,sans-serif;color:#0f1728">
<div style="max-width:520px;margin:0 auto;background:#ffffff;border:1px solid #dfe3ea;border-radius:12px;padding:28px">
<p style="margin:0 0 16px">{greeting}</p>
<p style="margin:0 0 24px">{says}</p>
<p style="margin:0 0 24px"><a href="{link}" style="display:inline-block;background:#2451e6;color:#ffffff;\
text-decoration:none;font-weight:600;padding:11px 20px;border-radius:9px">{button}</a></p>
<p style="margin:0 0 16px;font-size:13px;color:#566079;overflow-wrap:anywhere">{link}</p>
<p style="margin:0;font-size:13px;color:#566079">{otherwise}</p>
</div></body></html>
"""


@dataclass(frozen=True)
class MailServer:
    """Where mail goes out: ``smtp://USER:PASSWORD@HOST:587`` (STARTTLS where offered) or ``smtps://…:465``."""

    host: str
    port: int
    tls: bool
    user: str
    password: str
    sender: str

    @classmethod
    def from_settings(cls, settings: Settings) -> "MailServer | None":
        """None where no server is configured."""
        if settings.smtp_url is None:
            return None
        parts = urlsplit(settings.smtp_url.get_secret_value())
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise InvalidInput(
                "XSIGHT_SMTP_URL", "Write smtp://USER:PASSWORD@HOST:587 or smtps://…:465."
            )
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 587),
            tls=tls,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=settings.mail_from,
        )

    def send(self, recipient: str, letter: Letter) -> None:
        """Hand it to the server; blocks. Raises :class:`MailUnavailable` when another try may help."""
        message = EmailMessage()
        message["Subject"], message["To"] = letter.subject, recipient
        message.set_content(letter.text())
        message.add_alternative(letter.html(), subtype="html")
        self.post(message)

    def post(self, message: EmailMessage) -> None:
        """Hand over a message that says to whom and about what; the rest of its head is made here."""
        message["From"] = self.sender
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2].strip(">"))
        message["Auto-Submitted"] = "auto-generated"
        try:
            with self._connect() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            raise _explain(error) from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(f"The mail server does not answer: {error}.") from None

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT_S, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_S)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif self.user:
            server.close()
            raise MailUnavailable("The mail server offers no TLS; the password is not sent to it.")
        return server


def _explain(
    error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException,
) -> MailUnavailable | MailRefused:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = min(answer[0] for answer in error.recipients.values())
    else:
        code = error.smtp_code
    if code < _TRY_AGAIN:
        return MailUnavailable(f"The mail server said “not now” ({code}).")
    return MailRefused(f"The mail server refused the message ({code}).")


@dataclass(frozen=True)
class Post:
    """Takes letters in. ``sends``: whether there is a mail server, or the operator carries them."""

    keyring: Keyring
    sends: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> "Post":
        """As an installation configures it."""
        keyring = Keyring.parse(settings.keyring.get_secret_value())
        return cls(keyring, sends=MailServer.from_settings(settings) is not None)

    async def put(
        self, session: AsyncSession, recipient: str, letter: Letter, *, lifetime: timedelta
    ) -> UUID | None:
        """In the caller's transaction. The job to ring for, where there is a server."""
        mail_id = uuid4()
        sealed = self.keyring.seal(
            json.dumps(letter.__dict__), tenant_id=INSTALLATION, purpose=_PURPOSE
        )
        await rows.add_mail(
            session,
            mail_id,
            recipient=recipient,
            subject=letter.subject,
            sealed=sealed,
            lifetime=lifetime,
        )
        log.info("mail.queued" if self.sends else "mail.held", mail_id=str(mail_id))
        if not self.sends:
            return None
        payload = {"mail": str(mail_id)}
        return await enqueue(
            session, tenant_id=INSTALLATION, kind="mail", key=str(mail_id), payload=payload
        )


@dataclass(frozen=True)
class HeldMail:
    """A message that waits for the operator."""

    recipient: str
    letter: Letter


async def deliver(tenancy: Tenancy, settings: Settings, mail_id: UUID) -> None:
    """Send one message, unless it was sent or its link has expired. At least once: a crash may send it twice."""
    server = MailServer.from_settings(settings)
    if server is None:
        raise MailUnavailable("No mail server is configured (XSIGHT_SMTP_URL).")
    async with tenancy.control() as session:
        mail = await rows.find_mail(session, mail_id)
    if mail is None or mail.sealed is None:
        return
    letter = _open(settings, mail.sealed)
    await asyncio.to_thread(server.send, mail.recipient, letter)
    async with tenancy.control() as session:
        await rows.set_sent(session, mail_id)


async def held_mails(tenancy: Tenancy, settings: Settings) -> list[HeldMail]:
    """What was not sent and is still of use, the newest first."""
    async with tenancy.control() as session:
        found = await rows.list_unsent(session)
    return [HeldMail(mail["recipient"], _open(settings, mail["sealed"])) for mail in found]


def _open(settings: Settings, sealed: str) -> Letter:
    keyring = Keyring.parse(settings.keyring.get_secret_value())
    return Letter(**json.loads(keyring.open(sealed, tenant_id=INSTALLATION, purpose=_PURPOSE)))
