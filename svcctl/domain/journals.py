"""The declarations of journals: what people note from day to day, a file per month and desk. Data only.

A journal is read, checked, corrected, merged and kept as a case is: its head never changes, its list
only grows. It has no course, so that its table has one state in which every entry may come. Another
journal is another ``JournalKind`` in ``JOURNALS``, and nothing else.

Source: SERVICE-RULES "People's work" (documents 000, 002): a daily log by each member.
"""

from __future__ import annotations

from svcctl.domain.cases import AMENDED, VOIDED, CaseKind, Event, EventKind
from svcctl.domain.identity import JOURNAL
from svcctl.domain.schema import Field


class JournalKind(CaseKind):
    """The declaration of one journal: ``folder`` below ``records/``, and its kinds of ``entries``.

    A file holds the entries of one month, all written by one desk, so that it has one writer.
    ``amended`` and ``voided`` correct an entry of the same file, in whatever month that is found.
    """

    def __init__(self, name: str, folder: str, *entries: EventKind) -> None:
        events = (*entries, AMENDED, VOIDED)
        super().__init__(
            name,
            head=(Field("id", "journal", required=True), Field("kind", "word", (name,), True)),
            events=events,
            table={"kept": {}},
            anywhere=tuple(event.name for event in events),
            ended=frozenset(),
            opens=False,
        )
        self.folder = folder
        self.entries = frozenset(event.name for event in entries)


LOG = JournalKind(
    "log",
    "logs",
    EventKind("logged", Field("words", "text", required=True), Field("tickets", "tickets")),
)
"""The daily log: what a member of the department did, saw and heard."""

JOURNALS = (LOG,)
BY_FOLDER = {kind.folder: kind for kind in JOURNALS}


def month_and_desk(identifier: str) -> tuple[str, str]:
    """Return the month (``2026-11``) and the desk of a journal's id; two empty texts for no such id."""
    found = JOURNAL.fullmatch(identifier)
    return (found[1], found[2]) if found is not None else ("", "")


def month_of(event: Event) -> str:
    """Return the month an entry belongs to: that of ``at`` as it is written, with its own offset."""
    return f"{event.at:%Y-%m}"
