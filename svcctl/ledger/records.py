"""Records as typed values: bytes to cases, cards and policies, and every problem on the way.

Knows the readers and the declarations; nothing of the index or of git.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, cast

from svcctl.domain import cards
from svcctl.domain.calendar import Calendar
from svcctl.domain.calendar_card import unusable
from svcctl.domain.cards import Card, CardKind
from svcctl.domain.cases import Case, CaseKind, read_case
from svcctl.domain.checks.catalogue import severity, severity_of
from svcctl.domain.checks.identity_rules import identity_problems, journal_problems
from svcctl.domain.checks.schema_rules import misread_problems
from svcctl.domain.policy import Policy
from svcctl.domain.policy_reading import read_policy
from svcctl.domain.policy_text import Fields
from svcctl.domain.problems import N_, Message, NotFound, Problem, Unreadable
from svcctl.domain.ticket import TICKET
from svcctl.ledger import cardfile, casefile
from svcctl.ledger.folder import RECORDS, Ledger, is_case, journal_kind
from svcctl.ledger.plaincase import plain_case

if TYPE_CHECKING:
    from svcctl.domain.journals import JournalKind

Identified = Callable[[str, Case, list[tuple[int, str]]], list[Problem]]
"""What is wrong with who a record says it is: see ``identity_rules``."""


class Read(NamedTuple):
    """A case as read: None where an error forbids using it; every problem found on the way."""

    case: Case | None
    problems: list[Problem]


def read_ticket(data: bytes, path: str) -> Read:
    """Return the ticket in ``data``; never raises for anything the bytes may say."""
    return _read(TICKET, identity_problems, data, path)


def read_journal(kind: JournalKind, data: bytes, path: str) -> Read:
    """Return the journal's file in ``data``; never raises for anything the bytes may say."""
    return _read(kind, journal_problems, data, path)


def read_lines(data: bytes, path: str) -> Read:
    """Return the ticket or the journal's file in ``data``, by its place: see ``folder.is_case``."""
    kind = journal_kind(path)
    return read_ticket(data, path) if kind is None else read_journal(kind, data, path)


def _read(kind: CaseKind, identified: Identified, data: bytes, path: str) -> Read:
    plain = plain_case(kind, data)
    if plain is not None:
        problems = identified(path, plain, [])  # in order: there is nothing to list
        return Read(None if _is_other(problems) else plain, problems)
    raw = casefile.read_case(data, path)
    subject = path.rpartition("/")[2].removesuffix(".yaml")
    problems = [problem._replace(subject=subject) for problem in raw.problems]
    if not raw.ok:
        return Read(None, problems)
    case, wrong = read_case(kind, raw.head, raw.events, raw.event_lines)
    if case is None:
        lines = raw.lines
        problems += misread_problems(path, wrong, raw.head_at, raw.event_lines, lines, subject)
        return Read(None, problems)
    listed = [(int(event["n"]), event["desk"]) for event in raw.events]
    problems += identified(path, case, listed)
    return Read(None if _is_other(problems) else case, problems)


def _is_other(problems: list[Problem]) -> bool:
    """Whether the record is not the one that its file's name says."""
    return any(problem.code == "E301" for problem in problems)


def load_ticket(ledger: Ledger, path: str) -> tuple[Case, bytes, list[Problem]]:
    """Return the ticket, its bytes and its warnings; raises ``Unreadable`` naming every error."""
    return load_lines(ledger, path)


def load_lines(ledger: Ledger, path: str) -> tuple[Case, bytes, list[Problem]]:
    """As ``load_ticket``, for a ticket or a journal's file."""
    data = ledger.read(path)
    read = read_lines(data, path)
    if read.case is None:
        raise Unreadable(
            "unreadable-record",
            Message(N_("{path} cannot be read"), {"path": path}),
            Message(
                N_("mend the places named, or restore it: git checkout -- {path}"), {"path": path}
            ),
            tuple(read.problems),
        )
    return read.case, data, read.problems


def read_card(kind: CardKind, data: bytes, path: str) -> tuple[Card | None, list[Problem]]:
    """Return the card in ``data`` and every problem; None where an error forbids using it."""
    name = path.rpartition("/")[2].removesuffix(".yaml")
    card = _plain_card(kind, data, name)
    if card is not None:
        return card, []
    raw = cardfile.read_card(data, path)
    problems = [problem._replace(subject=name) for problem in raw.problems]
    if any(severity(problem.code) == "error" for problem in problems):
        return None, problems
    card, flaws = cards.read_card(kind, name, raw.fields())
    for flaw in flaws:
        line, column = raw.place((flaw.key,))
        problems.append(Problem(flaw.code, path, line, column, flaw.args, raw.excerpt(line), name))
    return card, problems


def _plain_card(kind: CardKind, data: bytes, name: str) -> Card | None:
    """Return a card of plain lines, read without YAML; None for any other, or one with a flaw."""
    try:
        fields = casefile.plain_head(casefile.plain_text(data)[:-1])
    except ValueError:
        return None
    card, flaws = cards.read_card(kind, name, fields)
    return None if flaws else card


def load_card(ledger: Ledger, kind: CardKind, name: str) -> Card:
    """Return a card. Raises ``NotFound`` or ``Unreadable``."""
    path = f"{RECORDS}/{kind.folder}/{name}.yaml"
    if kind.ids.fullmatch(name) is None:
        raise NotFound(
            "no-such-card",
            Message(N_("“{name}” is not {looks}"), {"name": name, "looks": kind.id_looks}),
        )
    try:
        data = ledger.read(path)
    except FileNotFoundError:
        raise NotFound(
            "no-such-card",
            Message(N_("there is no {kind} {name}"), {"kind": kind.name, "name": name}),
            Message(
                N_("svcctl {kind} list shows all; svcctl {kind} new adds one"), {"kind": kind.name}
            ),
        ) from None
    card, problems = read_card(kind, data, path)
    if card is None:
        raise Unreadable(
            "unreadable-record",
            Message(N_("{path} cannot be read"), {"path": path}),
            Message(
                N_("mend the places named, or restore it: git checkout -- {path}"), {"path": path}
            ),
            tuple(problems),
        )
    return card


def of_rules(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems of a policy's or calendar's text as they weigh there: cut off is unreadable.

    What is left of a ticket's lines is whole lines; rules that were cut say less than was decided,
    and would make nothing owed of what is.
    """
    return [
        problem._replace(args={**problem.args, "severity": "error"})
        if problem.code == "E111"
        else problem
        for problem in problems
    ]


def policy_in(path: str, name: str, data: bytes) -> Policy:
    """Return the policy in ``data``, in force from the day ``name``. Raises ``Unreadable`` with every problem."""
    raw = cardfile.read_card(data, path)
    problems = [p for p in of_rules(raw.problems) if severity_of(p) == "error"]
    if problems:
        raise unusable_rules(problems)
    try:
        since = date.fromisoformat(name)
    except ValueError:
        args = {"key": "file name", "value": name, "expected": N_("a date such as 2026-01-01")}
        raise unusable_rules([Problem("E221", path, 0, 0, args)]) from None
    return read_policy(
        path,
        since,
        _fields(raw.fields()),
        raw.place,
        TICKET.events,
        TICKET.marks,
        TICKET.head,
        raw.key_place,
    )


def problems_in(path: str, data: bytes) -> list[Problem]:
    """Return what is wrong with ``data`` as the record at ``path``, of whatever kind; [] for no record."""
    if is_case(path):
        return read_lines(data, path).problems
    if not path.startswith(f"{RECORDS}/") or not path.endswith(".yaml"):
        return []
    folder = path.split("/")[1]
    kind = cards.BY_FOLDER.get(folder)
    if kind is not None:
        return read_card(kind, data, path)[1]
    try:
        if folder == "policy":
            policy_in(path, path.rpartition("/")[2].removesuffix(".yaml"), data)
        elif folder == "calendar":
            calendar_in(path, data)
    except Unreadable as stop:
        return list(stop.problems)
    return cardfile.read_card(data, path).problems


def load_calendar(ledger: Ledger, name: str) -> Calendar:
    """Return the calendar ``records/calendar/<name>.yaml``. Raises ``Unreadable``."""
    path = f"{RECORDS}/calendar/{name}.yaml"
    try:
        data = ledger.read(path)
    except FileNotFoundError:
        raise Unreadable(
            "no-calendar",
            Message(
                N_("the policy names the calendar {name}, but {path} is not there"),
                {"name": name, "path": path},
            ),
            Message(N_("restore it from git, or name another calendar in the policy"), {}),
        ) from None
    return calendar_in(path, data)


def calendar_in(path: str, data: bytes) -> Calendar:
    """Return the calendar in ``data``. Raises ``Unreadable`` with every problem."""
    return read_calendar(data, path)[0]


def read_calendar(
    data: bytes, path: str, aliases: bool = False
) -> tuple[Calendar, cardfile.RawCard]:
    """Return the calendar in ``data`` and its text. Raises ``Unreadable`` with every problem."""
    raw = cardfile.read_card(data, path, aliases)
    problems = [p for p in of_rules(raw.problems) if severity_of(p) == "error"]
    if problems:
        raise unusable(path, problems)
    try:
        found = Calendar.from_fields(
            _fields(raw.fields()), raw.place, path, key_place=raw.key_place
        )
        return found, raw
    except Unreadable as stop:
        raise Unreadable(
            stop.code, stop.message, stop.remedy, with_excerpts(raw, stop.problems)
        ) from None


def with_excerpts(raw: cardfile.RawCard, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return ``problems`` of the record, each with the user's own line."""
    return tuple(
        problem if problem.excerpt else problem._replace(excerpt=raw.excerpt(problem.line))
        for problem in problems
    )


def _fields(fields: Mapping[str, object]) -> Fields:
    return cast(Fields, fields)


def unusable_rules(problems: list[Problem]) -> Unreadable:
    """Return the refusal of rules with these problems."""
    return Unreadable(
        "bad-policy",
        Message(
            N_("the rules of this ledger cannot be read, so nothing can be said of deadlines"), {}
        ),
        Message(N_("mend the places named, or restore the files from git"), {}),
        tuple(problems),
    )
