"""Rows of the index straight from the bytes of a ticket whose form is known.

``rows.ticket_rows`` is the definition, and every ticket can go that way: what is out of the ordinary,
would be a finding, or has a form not met before does. The others, nearly all, differ from one seen
already in nothing but times, people and texts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, cast

from svcctl.domain import identity
from svcctl.domain.checks.service_rules import LOOKED_AT, lag_allowed
from svcctl.domain.plans import plans
from svcctl.domain.policy import Book, Policy
from svcctl.domain.schema import Value
from svcctl.domain.shapes import Node, Shapes
from svcctl.domain.state import State
from svcctl.domain.ticket import TICKET
from svcctl.domain.times import epoch_and_text
from svcctl.ledger.casefile import plain_text
from svcctl.ledger.folder import ticket_path
from svcctl.ledger.index import PLACES
from svcctl.ledger.instances import Instance, Times, instances, rows
from svcctl.ledger.plainlines import MOST_LINES, Lines, Told
from svcctl.ledger.rows import Row, TicketRows, rule_ids, ticket_rows

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
    """A plain file as far as it was followed: the place its history ends at."""

    head: Mapping[str, Value]
    desk: str
    end: Node
    under: _Under
    at: list[int]
    offsets: list[int]
    people: list[str]
    told: list[Told]
    noted: int
    strict: bool
    line: int


class Forms:
    """Reads tickets into rows, under one book of policies, and remembers their forms."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.shapes = Shapes(TICKET, book, LOOKED_AT)
        self.rules = rule_ids(book)
        self.lines = Lines(TICKET, self.shapes)
        self._folders: dict[str, str] = {}
        self._under = {id(policy): _Under(book, policy) for policy in book.policies}
        self._only = self._under[id(book.policies[0])] if len(book.policies) == 1 else None

    def rows(self, path: str, data: bytes, number: int) -> TicketRows:
        """Return what the index keeps of the ticket in ``data``; never raises for what it says.

        ``number`` is the number that the ticket's row is to have.
        """
        try:
            read = self._read(path, data)
        except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
            read = None  # not plain: read with more care
        if read is not None:
            form = read.end.known.get(read.under.policy)
            if isinstance(form, _Form) and (found := _rows(path, read, form, number)):
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
        identifier = cast(str, head["id"])
        folder, _, name = path.rpartition("/")
        if (
            name != f"{identifier}.yaml"
            or folder != self._folder(identifier)
            or not identity.is_sound(identifier)
        ):
            return None
        listed = every[start + 1 :]
        desk = listed[0][20 : listed[0].index('"', 20)]
        node = self.shapes.root(desk, head)
        if node is None:
            return None
        prefixes = lines.prefixes(desk, len(listed))
        hours, ends = lines.hours, lines.ends
        known_people, tell = lines.people, lines.told
        at: list[int] = []
        offsets: list[int] = []
        people: list[str] = []
        tale: list[Told] = []
        latest, latest_noted, strict = -(1 << 62), -(1 << 62), True
        least, most, lowest = 0, 0, 9
        for line, prefix in zip(listed, prefixes, strict=False):
            if not line.startswith(prefix):
                return None
            a = len(prefix)
            b = a + 38
            try:
                seconds, offset = ends[line[a + 14 : b]]
                happened = hours[line[a : a + 14]] + seconds
                noted = hours[line[b : b + 14]] + ends[line[b + 14 : b + 35]][0]
            except KeyError:
                lines.learn_time(line[a:b], '", "noted": "')
                lines.learn_time(line[b : b + 35], '", "by": "')
                seconds, offset = ends[line[a + 14 : b]]
                happened = hours[line[a : a + 14]] + seconds
                noted = hours[line[b : b + 14]] + ends[line[b + 14 : b + 35]][0]
            by, _, tail = line[b + 35 :].partition('", "do": "')
            if by not in known_people:
                lines.learn_person(by)
            told = tell(tail)
            following = node.children.get(told.key)
            if following is None or happened < latest or told.odd:
                return None
            node = following
            if happened == latest:
                strict = False
            latest = happened
            if noted != happened:
                least = min(least, noted - happened)
                most = max(most, noted - happened)
            if noted > latest_noted:
                latest_noted = noted
            if told.lowest < lowest:
                lowest = told.lowest
            at.append(happened)
            offsets.append(offset)
            people.append(by)
            tale.append(told)
        under = self._only or self._of(at[0], at[-1])
        if (
            under is None
            or "imported" in node.counts
            or least < under.before
            or (under.after is not None and most > under.after)
            or lowest < under.policy.dissatisfied_below
        ):
            return None
        first = start + 2  # the line on which the first event stands
        return _Read(
            head, desk, node, under, at, offsets, people, tale, latest_noted, strict, first
        )

    def _folder(self, identifier: str) -> str:
        """Return the folder that a ticket belongs in; those of one day share it."""
        day = identifier.rpartition("-")[0]
        known = self._folders.get(day)
        if known is None:
            if len(self._folders) >= MOST_LINES:
                self._folders.clear()
            known = self._folders[day] = ticket_path(identifier).rpartition("/")[0]
        return known

    def _of(self, first: int, last: int) -> _Under | None:
        """Return the policy in force between both instants, if it is one."""
        starts = self.book.starts
        place = max(0, bisect_right(starts, first) - 1)
        if place != max(0, bisect_right(starts, last) - 1):
            return None
        return self._under[id(self.book.policies[place])]

    def _learn(self, state: State, read: _Read) -> None:
        """Note what is common to the tickets of the form that ``state`` has, or that it is nothing."""
        under = read.under
        strict = "accepted" in state.counts
        if under.policy in read.end.known or (strict and not read.strict):
            return
        owed = instances(state, plans(state, under.policy), under.times, under.rules)
        read.end.known[under.policy] = None if owed is None else _form(state, strict, owed)


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
    head, desk, _, under, at, offsets, people, told, noted, strict, line = read
    text = head.get
    if form.strict and not strict:
        return None
    if form.slip and not text("unit") and not text("model"):
        return None
    for place, sent in form.callers:
        if people[place] in [told[one].texts["to"] for one in sent]:
            return None
    engineer, visit = ("" if one is None else told[one[0]].texts[one[1]] for one in form.given)
    named = set(people)
    for one in told:
        texts = one.texts
        if "to" in texts:
            named.add(texts["to"])
        if "approved" in texts:
            named.add(texts["approved"])
    opened, opened_text = epoch_and_text(cast(datetime, head["opened"]))
    ticket: Row = (
        number,
        path,
        head["id"],
        head["kind"],
        form.state,
        form.ended,
        head["priority"],
        opened,
        opened_text,
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
        " ".join(sorted(named)),
        form.approvals,
        "",
        desk,
    )
    owed = rows(form.owed, under.times, at, offsets, told, engineer, line, number << PLACES)
    return TicketRows(path, ticket, owed, [])
