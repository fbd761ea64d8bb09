"""What the index keeps of one file: the replayed ticket, its obligations, its findings.

Everything here is derived from the file's bytes and the policies; nothing depends on the moment of
asking, on other records or on this machine, so that a row stays true until the file changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from svcctl.domain.checks.catalogue import severity_of
from svcctl.domain.checks.dissatisfaction import dissatisfied
from svcctl.domain.checks.schema_rules import stray_problems
from svcctl.domain.checks.service_rules import ticket_problems
from svcctl.domain.judging import Obligation
from svcctl.domain.policy import Book, Policy, Rule
from svcctl.domain.problems import Problem
from svcctl.domain.replay import State
from svcctl.domain.shapes import Shapes
from svcctl.domain.times import epoch, epoch_and_offset, epoch_and_text
from svcctl.ledger.numbering import PLACES
from svcctl.ledger.records import read_ticket
from svcctl.ledger.settled import PACKED, packed

Row = tuple[object, ...]

# The verdicts that do not depend on the moment of asking; UNDECIDED does.
UNDECIDED, MET, LATE, EXCUSED, WAIVED, MISSED = range(6)
REPORTED = (UNDECIDED, LATE, MISSED)


class TicketRows(NamedTuple):
    """The rows of one ticket file, the ticket's with its row number in front.

    ``ticket`` is None where the file cannot be used, ``settled`` where nothing is.
    """

    path: str
    ticket: Row | None
    owings: list[Row]
    settled: Row | None
    problems: list[Problem]


def ticket_rows(
    path: str, data: bytes, shapes: Shapes, rules: Mapping[tuple[str, str], int], number: int
) -> tuple[TicketRows, State | None]:
    """Return what the index keeps of the ticket in ``data``, and its state (None where it cannot be
    used); never raises for what it says.

    ``shapes`` is the memory for the book's tickets, ``rules`` are the book's ``rule_ids``, ``number``
    is the number that the ticket's row is to have.
    """
    read = read_ticket(data, path)
    if read.case is None:
        return TicketRows(path, None, [], None, read.problems), None
    state, owed = shapes.judge(read.case)
    book = shapes.book
    problems = read.problems + stray_problems(path, state, read.case.id)
    problems += ticket_problems(path, state, book)
    rows = [owing_row(state, one, rules[one.policy, one.kind]) for one in owed]
    ticket = (number, *ticket_row(path, state, book))
    return TicketRows(path, ticket, *parted(number, rows), problems), state


def parted(number: int, rows: list[Row]) -> tuple[list[Row], Row | None]:
    """Return what one ticket owes as rows of ``owings`` and its row of ``settled``.

    ``rows`` are those of ``owing_row``, in order: what is undecided or was done late or never gets a
    row of its own, because all tickets are searched for such; the others are packed.
    """
    kept: list[Row | None] = []
    listed: list[Row] = []
    dues: list[int] = []
    for place, row in enumerate(rows, start=number << PLACES):
        if row[_VERDICT] in REPORTED:
            listed.append((place, *row))
            kept.append(None)
        else:
            kept.append(row[:_PACKED])
            due = row[_DUE]
            if isinstance(due, int):
                dues.append(due)
    many = len(kept) - len(listed)
    if not many:
        return listed, None
    first, last = (min(dues), max(dues)) if dues else (None, None)
    return listed, (number, many, first, last, packed(kept))


TICKET_COLUMNS = (
    "path id kind state ended priority began opened opened_text customer unit subject engineer visit "
    "wanted category about foreign_id last_at last_noted contested people approvals dissatisfied desks attached"
).split()


def ticket_row(path: str, state: State, book: Book) -> Row:
    """Return the values of ``TICKET_COLUMNS``; instants as seconds since the epoch.

    ``opened`` is the time of opening as corrected, ``began`` the one first written: only as of a moment
    before that is the ticket not there yet.
    """
    case = state.case
    people: set[str] = set()
    approvals = []
    attached = []
    desks: set[str] = set()
    began, last_noted = case.events[0].at, case.events[0].noted
    # A corrected time is none at which nothing happened, though it lies after its own correction.
    last_at = max((fact.at for fact in state.facts), default=began) if state.corrections else began
    for event in case.events:
        people.add(event.by)
        desks.add(event.desk)
        fields = event.fields
        if "to" in fields:
            people.add(str(fields["to"]))
        if "approved" in fields:
            people.add(str(fields["approved"]))
        if event.do == "reassigned":
            approvals.append(event.name)
        if event.do == "attached":
            attached.append(f"{fields['sha256']}.{fields['type']}")
        if event.at > last_at:
            last_at = event.at
        if event.noted > last_noted:
            last_noted = event.noted
    opened, opened_text = epoch_and_text(state.opened)
    answer = dissatisfied(state, book)
    text = state.text
    return (
        path,
        case.id,
        text("kind"),
        state.state,
        int(state.is_ended),
        text("priority"),
        epoch(began),
        opened,
        opened_text,
        text("customer"),
        text("unit"),
        text("subject"),
        text("engineer"),
        text("visit"),
        text("wanted"),
        text("category"),
        text("about"),
        text("foreign"),
        epoch(last_at),
        epoch(last_noted),
        " ".join(sorted(state.contested)),
        " ".join(sorted(people)),
        " ".join(approvals),
        answer.event.name if answer is not None else "",
        " ".join(sorted(desks)),
        " ".join(attached),
    )


OWING_COLUMNS = ["owing", *PACKED, "attempts", "line"]
_PACKED, _VERDICT, _DUE = len(PACKED), PACKED.index("verdict"), PACKED.index("due")

RULE_COLUMNS = "rule_id kind owner severity policy rule_line rule met_with".split()

OBLIGATION_COLUMNS = (
    "path number who starts starts_text started_by not_before due due_text met met_text met_by "
    "excused ended paused verdict attempts line kind owner severity policy rule_line rule met_with"
).split()
"""An obligation with what its rule says, and its instants also as text."""


def view_of_unsettled() -> str:
    """Return the query, in SQL, that gives ``owing`` and ``OBLIGATION_COLUMNS`` of what is undecided
    or was done late or never.

    What takes work, path and texts, is done only where a question names it.
    """
    worked_out = {
        "path": f"(select path from tickets where rowid = owing >> {PLACES})",
        **{f"{name}_text": _text_of(name) for name in ("starts", "due", "met")},
    }
    columns = (f"{worked_out.get(name, name)} as {name}" for name in OBLIGATION_COLUMNS)
    return f"select owing, {', '.join(columns)} from owings join rules using (rule_id)"


def _text_of(name: str) -> str:
    """Return an instant as it is written, in SQL: NULL where there is none."""
    offset = f"{name}_offset"
    return (
        f"strftime('%Y-%m-%dT%H:%M:%S', {name} + {offset}, 'unixepoch') || "
        f"case {offset} when 28800 then '+08:00' else "
        f"printf('%s%02d:%02d', case when {offset} < 0 then '-' else '+' end, "
        f"abs({offset}) / 3600, abs({offset}) / 60 % 60) || "
        f"case abs({offset}) % 60 when 0 then '' else printf(':%02d', abs({offset}) % 60) end end"
    )


def rule_rows(book: Book) -> list[Row]:
    """Return the values of ``RULE_COLUMNS`` for every rule of every policy, numbered in order."""
    return [
        (
            number,
            rule.name,
            rule.owner,
            rule.severity,
            policy.path,
            rule.line,
            rule.text,
            " ".join(rule.met_with),
        )
        for number, (policy, rule) in enumerate(_rules(book))
    ]


def _rules(book: Book) -> list[tuple[Policy, Rule]]:
    return [(policy, rule) for policy in book.policies for rule in policy.rules.values()]


def rule_ids(book: Book) -> dict[tuple[str, str], int]:
    """Return the number of each rule in ``rule_rows`` by its policy's path and its name."""
    return {(p.path, rule.name): number for number, (p, rule) in enumerate(_rules(book))}


def owing_row(state: State, one: Obligation, rule_id: int) -> Row:
    """Return the values of ``OWING_COLUMNS`` but the first; instants as seconds, with their offset."""
    decided = verdict(one)
    met, met_offset = (None, None) if one.met is None else epoch_and_offset(one.met)
    due, due_offset = (None, None) if one.due is None else epoch_and_offset(one.due)
    return (
        rule_id,
        one.number,
        one.who,
        *epoch_and_offset(one.starts),
        one.started_by,
        None if one.not_before is None else epoch(one.not_before),
        due,
        due_offset,
        met,
        met_offset,
        one.met_by,
        None if one.excused is None else epoch(one.excused),
        None if one.ended is None else epoch(one.ended),
        None if one.paused is None else epoch(one.paused),
        decided,
        attempts(state, one) if decided == UNDECIDED else 0,
        line_of(state, one.started_by) if decided in REPORTED else 0,
    )


def obligation_row(path: str, state: State, one: Obligation) -> Row:
    """Return the values of ``OBLIGATION_COLUMNS``: as the index gives them."""
    values = dict(zip(OWING_COLUMNS[1:], owing_row(state, one, 0), strict=True))
    values |= {
        "path": path,
        "starts_text": one.starts.isoformat(),
        "due_text": None if one.due is None else one.due.isoformat(),
        "met_text": None if one.met is None else one.met.isoformat(),
        "kind": one.kind,
        "owner": one.owner,
        "severity": one.severity,
        "policy": one.policy,
        "rule_line": one.line,
        "rule": one.rule,
        "met_with": " ".join(one.met_with),
    }
    return tuple(values[name] for name in OBLIGATION_COLUMNS)


def line_of(state: State, event: str) -> int:
    """Return the line of the file in which an event stands."""
    for fact in state.facts:
        if fact.event.name == event:
            return fact.event.line
    return 0


def verdict(one: Obligation) -> int:
    """Return what can be said of an obligation whatever the moment of asking."""
    if one.met is not None:
        if one.due is None or one.met <= one.due:
            return MET
        return LATE if one.excused is None else EXCUSED
    if one.excused is not None:
        return EXCUSED
    if one.ended is not None:
        return WAIVED if one.due is None or one.ended <= one.due else MISSED
    return UNDECIDED


def attempts(state: State, one: Obligation) -> int:
    """Return how often what could meet the obligation was tried since it started (calls made)."""
    return sum(1 for fact in state.facts if fact.event.do in one.met_with and fact.at >= one.starts)


def is_error(problem: Problem) -> bool:
    """Whether a finding is an error (and not a warning)."""
    return severity_of(problem) == "error"
