"""Messages on their way: a letter as data, and why one could not be delivered. Sends nothing itself."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from svcctl.domain.problems import Message


class Letter(NamedTuple):
    """One message to one person by one target.

    ``id`` is the same whenever the same list is sent to the same person by the same target on the
    same day; it becomes the Message-ID, so that a mailbox can tell a repetition. ``address`` is an
    e-mail address, "" for a webhook. ``made`` is when it was written (ISO 8601 with offset).
    """

    id: str
    made: str
    address: str
    name: str
    subject: str
    body: str
    company: str
    data: dict[str, Any]


class Undelivered(Exception):
    """A letter was not taken. ``down``: the next one by the same target would fare no better."""

    def __init__(self, why: Message, down: bool) -> None:
        super().__init__(why.template.format_map(dict(why.args)))
        self.why = why
        self.down = down


class Carrier(Protocol):
    """Takes letters to one target. ``close`` ends its connection, if it holds one."""

    def deliver(self, letter: Letter) -> None:
        """Deliver, or raise ``Undelivered``."""

    def close(self) -> None:
        """End the connection."""
