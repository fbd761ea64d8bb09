"""Findings and refusals as values. Knows how a message is put together; not where it is shown.

A message is an English template and its arguments. The template is the gettext key: it is
translated where it is shown, never here (``N_`` only marks it for the catalogue).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


def N_(template: str) -> str:
    """Mark ``template`` for translation and return it unchanged."""
    return template


class Message(NamedTuple):
    """A sentence: an English template with ``{name}`` places, and the text for each place."""

    template: str
    args: Mapping[str, str] = {}


class Said(str):
    """A message that fills a place of another one: its English text, and itself for other languages."""

    message: Message

    @classmethod
    def of(cls, message: Message) -> Said:
        """Return ``message`` as the text for a place."""
        made = cls(message.template.format_map(dict(message.args)))
        made.message = message
        return made


def each_on_a_line(*messages: Message) -> Message:
    """Return one message that says these one below the other; it needs no translation of its own."""
    places = {f"line{number}": Said.of(one) for number, one in enumerate(messages)}
    return Message("\n".join(f"{{{place}}}" for place in places), places)


class Words(str):
    """Stored words in a list that fill a place: shown by their labels, in every language.

    Of an item with several words the first is one. ``field`` is the key that they are stored under.
    """

    field: str = ""

    @classmethod
    def of(cls, keys: str, field: str) -> Words:
        """Return ``keys`` as words that are stored under ``field``."""
        made = cls(keys)
        made.field = field
        return made


class Problem(NamedTuple):
    """One finding about one place in the ledger.

    ``path`` is relative to the ledger's root, with ``/``. ``line`` and ``column`` count from 1
    (0: the file as a whole). ``code`` is a key of ``checks.catalogue``, which holds severity, title,
    message template and remedy; ``args`` fills the templates. ``excerpt`` is the user's own line,
    not yet made harmless for a terminal. ``subject`` is the id of the record, or "".
    """

    code: str
    path: str
    line: int = 0
    column: int = 0
    args: Mapping[str, str] = {}
    excerpt: str = ""
    subject: str = ""


class Stop(Exception):
    """A command ends here, and says why. Nothing half-done is left behind.

    ``code`` is stable and greppable; ``message`` says what and why; ``remedy`` what to do.
    Each subclass is one kind of ending; the command line gives each its exit code.
    """

    def __init__(self, code: str, message: Message, remedy: Message | None = None) -> None:
        super().__init__(message.template.format_map(dict(message.args)))
        self.code = code
        self.message = message
        self.remedy = remedy


class Usage(Stop):
    """The words of the command cannot be understood (a time, an amount, a missing field)."""


class Refusal(Stop):
    """A rule of the department or of the ledger does not allow it."""


class NotFound(Stop):
    """No record answers to what was asked for, or more than one does: ``among`` them is to be chosen.

    ``among``: each as its id and what people know it by, shown on a line of its own.
    """

    def __init__(
        self,
        code: str,
        message: Message,
        remedy: Message | None = None,
        among: tuple[str, ...] = (),
    ) -> None:
        super().__init__(code, message, remedy)
        self.among = among


class Unreadable(Stop):
    """The record the command needs cannot be read; ``problems`` say where and why."""

    def __init__(
        self,
        code: str,
        message: Message,
        remedy: Message | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(code, message, remedy)
        self.problems = problems


class Busy(Stop):
    """Another command holds the ledger, or changed the file between deciding and writing."""


class Disputed(NamedTuple):
    """One thing that two sides have otherwise. ``field`` is "" where it is the record as a whole."""

    path: str
    why: Message
    field: str = ""
    here: str = ""
    there: str = ""


class NeedsPerson(Stop):
    """Two sides cannot be brought together without a decision; ``disputed`` says about what."""

    def __init__(
        self,
        code: str,
        message: Message,
        remedy: Message | None = None,
        disputed: tuple[Disputed, ...] = (),
    ) -> None:
        super().__init__(code, message, remedy)
        self.disputed = disputed


class GitFailed(Stop):
    """Git refused or is not usable here, and the command cannot do without it."""


class StorageFailed(Stop):
    """The disk is full, the folder read-only, or the file system lacks what a safe write needs."""
