"""Journals: add an entry, correct one (``entries`` reads them). Knows every journal alike, not its purpose.

An entry is called by the month of its file and its name there, such as ``2026-11/3SHA``: the desk in
the name says whose file it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from svcctl.desk.doubts import about_long_ago
from svcctl.desk.entries import Item, book_name, contested_messages, entry_id, items_of
from svcctl.desk.typed import named_field, stored_fields
from svcctl.desk.writing import Manner, Outcome, Writing
from svcctl.domain.cases import Case, Event
from svcctl.domain.decide import Wish, decide
from svcctl.domain.identity import EVENT, normalise
from svcctl.domain.journals import JournalKind, month_of
from svcctl.domain.problems import N_, Message, NotFound, Problem, Refusal, Usage
from svcctl.domain.replay import State, replay
from svcctl.domain.schema import Field
from svcctl.domain.times import format_instant
from svcctl.domain.turned import Turned, turned
from svcctl.ledger.folder import journal_path
from svcctl.ledger.records import load_lines

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk


_ENTRY = re.compile(r"(?:([0-9]{4}-[0-9]{2})/)?([0-9]+[A-Z]+)")


class Noted(NamedTuple):
    """What was written into a journal: the line, the entry it is about as it is now, what besides.

    ``entry`` is None where that entry counts no more.
    """

    path: str
    event: Event
    entry: Item | None
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    turned: Sequence[Turned] = ()
    """The lines that count no more, or again, where one was voided."""

    @property
    def id(self) -> str:
        """What the written line is called."""
        return entry_id(self.path, self.event)

    def item(self) -> Item:
        """Return the entry as machine output has it, with what was written."""
        known = self.entry or {"id": self.id, "counts": False}
        return {**known, "written": [self.event.canonical()]}


def note(
    desk: Desk, kind: JournalKind, do: str, fields: Mapping[str, str], manner: Manner
) -> Noted:
    """Add an entry to this desk's file of the month in which it happened, in the ledger's zone.

    ``fields`` are as people type them. Raises ``Usage``, ``NotFound``, ``Refusal``, ``Unreadable``.
    """
    code = desk.desk_code()
    who = desk.who(manner.by)
    at = desk.read_time(manner.at).astimezone(desk.zone)
    wanted = _typed(desk, kind.events[do].shape.fields, fields)
    path = journal_path(kind, f"{at:%Y-%m}", code)
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        now = desk.now()
        case, data, problems = _book(desk, kind, path)
        event = decide(replay(case), Wish(do, wanted, at, who, code), now, desk.book.at(now))
        if data is None:
            writing.create(path, Case(kind, case.head, [event]).text())
        else:
            writing.append(path, data, event.canonical())
        outcome = writing.finish(f"{kind.name} {entry_id(path, event)} {do}", who, now)
    outcome = outcome._replace(notices=(*about_long_ago(event), *outcome.notices))
    return _noted(kind, path, case, event, event.name, outcome, problems)


def correct(
    desk: Desk, kind: JournalKind, typed: str, do: str, fields: Mapping[str, str], manner: Manner
) -> Noted:
    """Amend or void (``do``) the entry that ``typed`` names; only the desk that wrote it may.

    Without a month an entry of this month is meant. Raises as ``note`` does.
    """
    code = desk.desk_code()
    who = desk.who(manner.by)
    at = desk.read_time(manner.at).astimezone(desk.zone)
    month, name = _called(desk, typed, code)
    path = journal_path(kind, month, code)
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        now = desk.now()
        case, data, problems = _book(desk, kind, path)
        state = replay(case)
        wanted = {**fields, "target": name}
        made = next((fact.event for fact in state.facts if fact.event.name == name), None)
        if data is None or made is None:
            raise _no_entry(kind, typed, any(event.name == name for event in case.events))
        if do == "amended":
            wanted["field"] = named_field(wanted["field"], kind.events[made.do].amendable)
            _refuse_contested(kind, state, month, f"{name}.{wanted['field']}")
            _refuse_unknown(kind, made, wanted["field"])
            shape = kind.events[made.do].shape.fields
            _refuse_emptying(kind, shape.get(wanted["field"]), wanted["value"], f"{month}/{name}")
            given = _typed(desk, {"value": shape.get(wanted["field"], Field("value"))}, wanted)
            wanted = {**wanted, **given}
        event = decide(state, Wish(do, wanted, at, who, code), now, desk.book.at(now))
        _refuse_another_month(kind, case, event, name, month)
        writing.append(path, data, event.canonical())
        outcome = writing.finish(f"{kind.name} {month}/{name} {do}", who, now)
    return _noted(kind, path, case, event, name, outcome, problems)


def _book(desk: Desk, kind: JournalKind, path: str) -> tuple[Case, bytes | None, list[Problem]]:
    """Return a month's file, its bytes and its warnings; an empty one, and None, where none is there."""
    try:
        return load_lines(desk.ledger, path)
    except FileNotFoundError:
        return Case(kind, {"id": book_name(path), "kind": kind.name}, []), None, []


def _typed(desk: Desk, fields: Mapping[str, Field], given: Mapping[str, str]) -> dict[str, str]:
    """Return what was given in its stored form, tickets by their ids."""
    wanted = stored_fields(desk, fields, given)
    for key, field in fields.items():
        if field.type == "tickets" and wanted.get(key):
            from svcctl.desk.finding import ticket_file

            found = [book_name(ticket_file(desk, word)) for word in wanted[key].split()]
            wanted[key] = " ".join(dict.fromkeys(found))
    return wanted


def _called(desk: Desk, typed: str, code: str) -> tuple[str, str]:
    """Return month and name of the entry that ``typed`` means. Raises ``Usage`` or ``Refusal``."""
    found = _ENTRY.fullmatch(normalise(typed))
    named = EVENT.fullmatch(found[2]) if found is not None else None
    if found is None or named is None:
        raise Usage(
            "no-entry-name",
            Message(N_("“{typed}” does not name an entry"), {"typed": typed}),
            Message(N_("such as 2026-11/3SHA, or 3SHA for one of this month"), {}),
        )
    if named[2] != code:
        raise Refusal(
            "another-desk",
            Message(
                N_("{entry} was written by the desk {desk}, which alone writes in its book"),
                {"entry": found[2], "desk": named[2]},
            ),
            Message(N_("correct it there, or add what is true as an entry of your own"), {}),
        )
    return found[1] or f"{desk.now():%Y-%m}", found[2]


def _no_entry(kind: JournalKind, typed: str, voided: bool) -> NotFound:
    text = N_("{entry} counts no more") if voided else N_("there is no entry {entry}")
    remedy = N_("svcctl {kind} list --all shows every entry with its name")
    return NotFound(
        "no-such-entry", Message(text, {"entry": typed}), Message(remedy, {"kind": kind.name})
    )


def _refuse_unknown(kind: JournalKind, made: Event, field: str) -> None:
    known = kind.events[made.do].amendable
    if field not in known:
        raise Usage(
            "unknown-field",
            Message(N_("{do} has no field {key}"), {"do": made.do, "key": field}),
            Message(N_("known are: {known}"), {"known": ", ".join(sorted(known))}),
        )


def _refuse_emptying(kind: JournalKind, field: Field | None, value: str, entry: str) -> None:
    """Refuse to take a value away: a line of the file can state another, none that is empty."""
    if field is None or field.required or value.strip() not in ("", "-"):
        return
    raise Usage(
        "cannot-be-emptied",
        Message(
            N_("{key} of {entry} can be given otherwise, not taken away"),
            {"key": field.name, "entry": entry},
        ),
        Message(
            N_("void it and add it again without: svcctl {kind} void {entry} --reason …"),
            {"kind": kind.name, "entry": entry},
        ),
    )


def _refuse_contested(kind: JournalKind, state: State, month: str, value: str) -> None:
    contest = state.contested.get(value)
    if contest is not None:
        raise Refusal("contested", *contested_messages(kind, month, contest._asdict()))


def _refuse_another_month(
    kind: JournalKind, case: Case, event: Event, name: str, month: str
) -> None:
    after = replay(Case(kind, case.head, [*case.events, event]))
    made = next((fact.event for fact in after.facts if fact.event.name == name), None)
    if made is not None and made.do in kind.entries and month_of(made) != month:
        raise Refusal(
            "another-month",
            Message(
                N_("{at} lies in another month than the entry's book, {month}"),
                {"at": format_instant(made.at), "month": month},
            ),
            Message(
                N_("void it, and add it again with its own time: svcctl {kind} add … --at TIME"),
                {"kind": kind.name},
            ),
        )


def _noted(
    kind: JournalKind,
    path: str,
    case: Case,
    event: Event,
    name: str,
    outcome: Outcome,
    problems: list[Problem],
) -> Noted:
    after = Case(kind, case.head, [*case.events, event])
    found = turned(after) if event.do == "voided" else []
    # Where a void was taken back, the entry is the one that counts again.
    again = next((one.event.name for one in found if one.counts), name)
    items = items_of(kind, path, replay(after))
    entry = next((one for one in items if one["id"].endswith(f"/{again}")), None)
    return Noted(path, event, entry, outcome, tuple(problems), found)
