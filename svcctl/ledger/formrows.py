"""Rows of the index straight from the bytes of a ticket whose form is known.

``rows.ticket_rows`` is the definition, and every ticket can go that way: what is out of the ordinary,
would be a finding, or has a form not met before does. The others, nearly all, differ from one seen
already in nothing but times, people and texts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from operator import sub
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.checks.service_rules import LOOKED_AT, lag_allowed
from svcctl.domain.plans import plans
from svcctl.domain.policy import Book, Policy
from svcctl.domain.schema import Value
from svcctl.domain.shapes import Shapes
from svcctl.domain.state import State
from svcctl.domain.ticket import TICKET
from svcctl.ledger.casefile import plain_text
from svcctl.ledger.folder import ticket_path
from svcctl.ledger.instances import Instance, Times, instances, rows
from svcctl.ledger.plainlines import MOST_LINES, ODD, Clock, Lines, Place, Told, plain_instant
from svcctl.ledger.rows import Row, TicketRows, parted, rule_ids, ticket_rows

_FROM_EVENTS = ("engineer", "visit")


class _Form(NamedTuple):
    """What the rows of all tickets of one form have in common. Numbers are places among events.

    ``given`` says which event and field gave a value. ``callers`` are the calls back with those who
    may not have made them. ``strict``: no two events may have happened at once.
    """

    state: str
    ended: int
    approvals: str
    given: tuple[tuple[int, str] | None, ...]
    callers: tuple[tuple[int, tuple[int, ...]], ...]
    slip: bool
    strict: bool
    owed: list[Instance]


class _Under:
    """A policy, and what is asked of it for every ticket."""

    def __init__(self, book: Book, policy: Policy) -> None:
        self.policy = policy
        self.times = Times(book.calendar_of(policy))
        before, after = lag_allowed(policy)
        self.before = int(before.total_seconds())
        self.after = None if after is None else int(after.total_seconds())
        ids = rule_ids(book)
        self.rules = {name: ids[policy.path, name] for name in policy.rules}


class _Read(NamedTuple):
    """A plain file: what its lines say, and by which ``key`` its form is known."""

    key: tuple[object, ...]
    head: Mapping[str, Value]
    desk: str
    opened: str
    under: _Under
    at: list[int]
    offset: int
    told: list[Told]
    noted: int
    line: int


class Forms:
    """Reads tickets into rows, under one book of policies, and remembers their forms."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.shapes = Shapes(TICKET, book, LOOKED_AT)
        self.rules = rule_ids(book)
        self.lines = Lines(TICKET, self.shapes)
        self._known: dict[tuple[object, ...], _Form | None] = {}
        self._folders: dict[str, str] = {}
        self._under = [_Under(book, policy) for policy in book.policies]
        self._moments = [
            name for name in self.shapes.head if TICKET.head.fields[name].type == "instant"
        ]

    def rows(self, path: str, data: bytes, number: int) -> TicketRows:
        """Return what the index keeps of the ticket in ``data``; never raises for what it says.

        ``number`` is the number that the ticket's row is to have.
        """
        try:
            read = self._read(path, data)
        except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
            read = None  # not plain: read with more care
        if read is not None:
            form = self._known.get(read.key)
            if form is not None and (found := _rows(path, read, form, number)) is not None:
                return found
        careful, state = ticket_rows(path, data, self.shapes, self.rules, number)
        if read is not None and state is not None and not careful.problems:
            self._learn(state, read)
        return careful

    def _read(self, path: str, data: bytes) -> _Read | None:
        """Return the file where nothing about it asks for a closer look; else None, or it raises."""
        every = plain_text(data).split("\n")
        start = every.index("events:")
        if every.pop():
            return None
        lines = self.lines
        head = lines.head(every[:start])
        for name in self._moments:
            head[name] = plain_instant(str(head[name]))
        identifier = str(head["id"])
        folder, _, name = path.rpartition("/")
        if (
            name != f"{identifier}.yaml"
            or folder != self._folder(identifier)
            or not identity.is_sound(identifier)
        ):
            return None
        listed = every[start + 1 :]
        if not listed:
            return None
        desk = listed[0][20 : listed[0].index('"', 20)]
        places = lines.places(desk, len(listed))
        offset = len(places[0][0]) + 19
        clock = lines.clock(listed[0][offset : offset + 6])
        try:
            at, noted, told = _followed(listed, places, lines, clock)
        except KeyError:
            for line, place in zip(listed, places, strict=False):
                lines.learn(line, place, clock)
            at, noted, told = _followed(listed, places, lines, clock)
        under = self._of(at)
        lags = list(map(sub, noted, at))
        if (
            under is None
            or min(lags) < under.before
            or (under.after is not None and max(lags) > under.after)
        ):
            return None
        opened = listed[0][offset - 19 : offset + 6]
        if opened != head["opened"]:
            plain_instant(str(head["opened"]))
        key = (under, self.shapes.root_key(desk, head), tuple([one[0] for one in told]))
        return _Read(key, head, desk, opened, under, at, clock.offset, told, max(noted), start + 2)

    def _folder(self, identifier: str) -> str:
        """Return the folder that a ticket belongs in; those of one day share it."""
        day = identifier.rpartition("-")[0]
        known = self._folders.get(day)
        if known is None:
            if len(self._folders) >= MOST_LINES:
                self._folders.clear()
            known = self._folders[day] = ticket_path(identifier).rpartition("/")[0]
        return known

    def _of(self, at: list[int]) -> _Under | None:
        """Return the policy in force at all these instants; None where they are out of order, or it is
        more than one."""
        if sorted(at) != at:
            return None
        if len(self._under) == 1:
            return self._under[0]
        starts = self.book.starts
        first, last = (max(0, bisect_right(starts, one) - 1) for one in (at[0], at[-1]))
        return self._under[first] if first == last else None

    def _learn(self, state: State, read: _Read) -> None:
        """Note what is common to the tickets of the form that ``state`` has, or that it is nothing."""
        under = read.under
        strict = "accepted" in state.counts
        if (
            read.key in self._known
            or any(one.step == ODD for one in read.told)
            or (strict and _at_once(read.at))
            or not self.shapes.remembers(state.case)
        ):
            return
        if len(self._known) >= MOST_LINES:
            self._known.clear()
        owed = instances(state, plans(state, under.policy), under.times, under.rules)
        self._known[read.key] = None if owed is None else _form(state, strict, owed)


def _followed(
    listed: list[str], places: list[Place], lines: Lines, clock: Clock
) -> tuple[list[int], list[int], list[Told]]:
    """Return when things happened, when they were noted, and what they were. Raises ``KeyError`` where
    a time was not met before."""
    hours, said, tell = lines.hours, lines.said, lines.tell
    _, rests, noted_rests = clock
    at: list[int] = []
    noted: list[int] = []
    told: list[Told] = []
    for line, (prefix, hour, rest, noted_hour, noted_rest, following) in zip(
        listed, places, strict=False
    ):
        if not line.startswith(prefix):
            raise ValueError(line)
        at.append(hours[line[hour]] + rests[line[rest]])
        noted.append(hours[line[noted_hour]] + noted_rests[line[noted_rest]])
        text = line[following]
        told.append(said.get(text) or tell(text))
    return at, noted, told


def _at_once(at: list[int]) -> bool:
    """Whether two events happened at the same moment."""
    return len(set(at)) < len(at)


def _form(state: State, strict: bool, owed: list[Instance]) -> _Form:
    places = {fact.event.name: place for place, fact in enumerate(state.facts)}
    given: list[tuple[int, str] | None] = []
    for value in _FROM_EVENTS:
        setter = state.setters.get(value)
        if setter is None:
            given.append(None)
        else:
            do = state.facts[places[setter]].event.do
            given.append((places[setter], TICKET.events[do].sets[value]))
    sent = [(p, f) for p, f in enumerate(state.facts) if f.event.do in _SENDING]
    return _Form(
        state.state,
        int(state.is_ended),
        " ".join(f.event.name for f in state.facts if f.event.do == "reassigned"),
        tuple(given),
        tuple(
            (place, tuple(p for p, f in sent if p < place))
            for place, fact in enumerate(state.facts)
            if fact.event.do == "called-back"
        ),
        "slip-returned" in state.counts,
        strict,
        owed,
    )


_SENDING = ("dispatched", "reassigned")


def _rows(path: str, read: _Read, form: _Form, number: int) -> TicketRows | None:
    """Return the rows of a ticket of this form; None where ``ticket_problems`` has to look at it."""
    _, head, desk, opened, under, at, offset, told, noted, line = read
    text = head.get
    if form.strict and _at_once(at):
        return None
    if form.slip and not text("unit") and not text("model"):
        return None
    for place, sent in form.callers:
        by = told[place].by
        if any(told[one].texts["to"] == by for one in sent):
            return None
    engineer, visit = ["" if one is None else told[one[0]].texts[one[1]] for one in form.given]
    people = {one.by for one in told}
    for one in told:
        if one.named:
            people.update(one.named)
    ticket: Row = (
        number,
        path,
        head["id"],
        head["kind"],
        form.state,
        form.ended,
        head["priority"],
        at[0],
        at[0],
        opened,
        head["customer"],
        text("unit", ""),
        head["subject"],
        engineer,
        visit,
        text("wanted", ""),
        text("category", ""),
        text("about", ""),
        text("foreign", ""),
        at[-1],
        noted,
        "",
        " ".join(sorted(people)),
        form.approvals,
        "",
        desk,
        "",
    )
    owed = rows(form.owed, under.times, at, offset, told, engineer, line)
    return TicketRows(path, ticket, *parted(number, owed), [])
