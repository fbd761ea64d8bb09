"""Mail by SMTP with the standard library. Knows headers and servers; no ledger and no person."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from svcctl.domain.problems import N_, Message
from svcctl.exchange.letters import Letter, Undelivered

if TYPE_CHECKING:
    import smtplib
    import ssl
    from email.message import EmailMessage

    from svcctl.exchange.targets import Target


# Controls, and what turns or hides the reading direction of a name or a subject.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+"
)


class Mail:
    """A carrier to one mail server; keeps its connection from letter to letter.

    Certificates are verified. A password goes over an encrypted connection only, unless the URL
    says ``tls=no``.
    """

    def __init__(self, target: Target, context: ssl.SSLContext | None = None) -> None:
        self.target = target
        self._context = context
        self._server: smtplib.SMTP | None = None

    def deliver(self, letter: Letter) -> None:
        import smtplib

        try:
            server = self._server or self._connect()
            refused = server.send_message(
                composed(letter, self.target.sender), self.target.sender, [letter.address]
            )
            if refused:  # nobody but the one recipient: cannot be, and must not pass for delivered
                raise smtplib.SMTPRecipientsRefused(refused)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()), (0, b""))
            raise self._refused(code, said, down=False) from None
        except smtplib.SMTPDataError as error:
            raise self._refused(error.smtp_code, error.smtp_error, down=False) from None
        except smtplib.SMTPResponseException as error:
            self._drop()
            raise self._refused(error.smtp_code, error.smtp_error, down=True) from None
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Undelivered(self._trouble(error), down=True) from None

    def close(self) -> None:
        import smtplib

        server, self._server = self._server, None
        if server is not None:
            with suppress(smtplib.SMTPException, OSError):  # every letter was confirmed before
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        import smtplib
        import ssl

        target = self.target
        # The name given in HELO: not the machine's own, which can take seconds to find out.
        name = target.sender.rpartition("@")[2]
        context = self._context or ssl.create_default_context()
        if target.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                target.host, target.port, name, timeout=target.timeout, context=context
            )
        else:
            server = smtplib.SMTP(target.host, target.port, name, timeout=target.timeout)
        self._server = server
        server.ehlo_or_helo_if_needed()
        secret = target.tls == "tls"
        if not secret and target.tls != "no" and server.has_extn("starttls"):
            server.starttls(context=context)
            secret = True
        if not secret and (target.tls == "yes" or (target.password and target.tls != "no")):
            raise Undelivered(
                Message(N_("the server offers no encryption (tls=no allows that)")), True
            )
        if target.user:
            server.login(target.user, target.password)
        return server

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _refused(self, code: int, said: bytes | str, down: bool) -> Undelivered:
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        shown = self.target.hide(" ".join(text.split()))[:200]
        return Undelivered(
            Message(N_("the server refused: {code} {said}"), {"code": str(code), "said": shown}),
            down,
        )

    def _trouble(self, error: Exception) -> Message:
        import ssl

        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            return Message(N_("the server did not answer in time"))
        if isinstance(error, ssl.SSLCertVerificationError):
            return Message(
                N_("the server's certificate is not to be trusted: {reason}"),
                {"reason": error.verify_message},
            )
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return Message(N_("no connection: {reason}"), {"reason": self.target.hide(reason)[:200]})


def composed(letter: Letter, sender: str) -> EmailMessage:
    """The letter as a mail: headers that nothing in it can add to, its text in UTF-8."""
    import email.policy
    from email.headerregistry import Address
    from email.message import EmailMessage
    from email.utils import format_datetime

    from svcctl.domain.times import parse_instant

    mail = EmailMessage(email.policy.SMTP)
    mail["From"] = Address(header(letter.company), addr_spec=sender)
    mail["To"] = Address(header(letter.name), addr_spec=letter.address)
    mail["Subject"] = header(letter.subject)
    mail["Date"] = format_datetime(parse_instant(letter.made))
    mail["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.body, charset="utf-8", cte="base64")
    return mail


def header(text: str) -> str:
    """``text`` as a header may hold it: what could begin another line or header is a blank."""
    return " ".join(_HARMFUL.sub(" ", text).split())
