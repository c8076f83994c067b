"""A mail server that keeps what it is given, and says no when told to."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import ClassVar, cast

__all__ = ["Mailbox", "running_mailbox"]


@dataclass
class Mailbox:
    """Its address, and the messages that came."""

    url: str = ""
    messages: list[EmailMessage] = field(default_factory=list)
    refuse: list[bytes] = field(default_factory=list)
    """Answers to the next messages instead of 250, e.g. ``b"451 later"``."""


class _Session(socketserver.StreamRequestHandler):
    mailbox: ClassVar[Mailbox]

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self._keep()
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self.mailbox.refuse:
            self.wfile.write(self.mailbox.refuse.pop(0) + b"\r\n")
            return
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.mailbox.messages.append(cast("EmailMessage", message))
        self.wfile.write(b"250 kept\r\n")


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """An SMTP server on a free port until the block ends."""
    mailbox = Mailbox()
    handler = type("Session", (_Session,), {"mailbox": mailbox})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        mailbox.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
