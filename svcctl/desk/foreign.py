"""One row of another system's table as a case of this ledger, every line of it noted at the import.

Knows what the events of an import look like and proves by replay that they follow from each other;
not where the row comes from, nor which tickets are here already.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from svcctl.desk.newcomers import People
from svcctl.domain.cases import Case, Event
from svcctl.domain.problems import N_
from svcctl.domain.replay import State, over_of, step
from svcctl.domain.schema import Value, as_text
from svcctl.domain.ticket import TICKET
from svcctl.domain.times import CLOCKS_DIFFER_BY
from svcctl.exchange.mapping import Foreign, TicketMap
from svcctl.exchange.table import Faults

PEOPLE = {
    name: [field.name for field in kind.own if field.type == "staff"]
    for name, kind in TICKET.events.items()
}
"""The fields of each event that name a person."""

_FROM = frozenset(name for name, kind in TICKET.events.items() if "from" in kind.shape.fields)
_FREE = ("text", "instant", "moment", "money", "staff")  # types that no pattern compares


class Entry(NamedTuple):
    """How a case is entered in this ledger: under which ids, by whom, noted when."""

    id: str
    foreign: str
    customer: str
    by: str
    noted: datetime


class _Course(NamedTuple):
    """What replay says of a sequence of events, which is the same for most rows.

    ``stray`` is the index of the first event that cannot follow, -1 for none; ``state`` where that
    was, or where the case ends.
    """

    overs: tuple[str | None, ...]
    stray: int
    state: str


class Casting:
    """Makes cases of rows; what cannot be one becomes a fault of the row."""

    def __init__(self, reading: TicketMap, people: People, faults: Faults, now: datetime) -> None:
        self.reading = reading
        self.people = people
        self.faults = faults
        self.latest = now + CLOCKS_DIFFER_BY
        self.now = now
        self._courses: dict[tuple[object, ...], _Course] = {}

    def case(self, foreign: Foreign, entry: Entry) -> Case | None:
        """Return the case that the row is, or None after noting why it is none.

        ``imported`` stands at the opening, so that the case counts as imported at every moment that
        is asked about. A status that the events do not lead to is stated by a last ``imported``.
        """
        head: dict[str, Value] = {
            **foreign.head,
            "id": entry.id,
            "customer": entry.customer,
            "foreign": entry.foreign,
        }
        case = Case(TICKET, {key: head[key] for key in TICKET.head_order if key in head}, [])
        if not self._events(case, foreign, entry):
            return None
        course = self._course(case)
        if course.stray >= 0:
            self._cannot_follow(case, foreign, course)
            return None
        if foreign.status not in ("", "open", course.state):
            last = max(event.at for event in case.events)
            supplied = case.events[1].fields["supplied"]
            fields: dict[str, Value] = {"supplied": supplied, "status": foreign.status}
            self._add(case, entry, last, entry.by, "imported", fields)
            course = self._course(case)
            if course.stray >= 0:
                self._cannot_follow(case, foreign, course)
                return None
        for event, over in zip(case.events, course.overs, strict=True):
            event.over = over
        return case

    def _events(self, case: Case, foreign: Foreign, entry: Entry) -> bool:
        """Add what the row tells of; say whether every time of it is possible."""
        before = self.faults.number
        opened = case.opened
        self._add(case, entry, opened, entry.by, "opened", {})
        supplied = {"supplied": " ".join(foreign.supplied)}
        self._add(case, entry, opened, entry.by, "imported", dict(supplied))
        if opened > self.latest:
            self._bad_time(foreign, "opened", opened, opened, self.reading.column_of("opened"))
        for one in foreign.happened:
            if not opened <= one.at <= self.latest:
                self._bad_time(foreign, one.do, one.at, opened, one.column)
            fields = dict(one.fields)
            for field in PEOPLE[one.do]:
                if field in fields:
                    fields[field] = self.people.id_of(as_text(fields[field]))
            if one.do in _FROM:
                fields["from"] = self.reading.source
            by = self.people.id_of(one.by) if one.by else entry.by
            self._add(case, entry, one.at, by, one.do, fields)
        return self.faults.number == before

    def _add(
        self,
        case: Case,
        entry: Entry,
        at: datetime,
        by: str,
        do: str,
        fields: dict[str, Value],
    ) -> None:
        number, desk = len(case.events) + 1, entry.id.partition("-")[0]
        case.events.append(Event(number, desk, at, entry.noted, by, do, fields))

    def _course(self, case: Case) -> _Course:
        """Replay the case, or recall what replay said of one of the same course."""
        kinds = TICKET.events
        key = (
            case.head["kind"],
            case.events[0].desk,
            *(
                (
                    e.do,
                    *(
                        (k, kinds[e.do].shape.fields[k].type in _FREE or v)
                        for k, v in e.fields.items()
                    ),
                )
                for e in case.events
            ),
        )
        known = self._courses.get(key)
        if known is None:
            known = self._courses[key] = _walk(case)
        return known

    def _cannot_follow(self, case: Case, foreign: Foreign, course: _Course) -> None:
        of_row = course.stray - 2  # after ``opened`` and ``imported``
        at_row = 0 <= of_row < len(foreign.happened)
        self.faults.add(
            foreign.row.line,
            foreign.happened[of_row].column if at_row else "",
            N_("{do} cannot follow while the ticket is {state}"),
            do=case.events[course.stray].do,
            state=course.state,
        )

    def _bad_time(
        self, foreign: Foreign, do: str, at: datetime, opened: datetime, column: str
    ) -> None:
        if at < opened:
            self.faults.add(
                foreign.row.line,
                column,
                N_("{do} at {at} is before the request was made ({opened})"),
                do=do,
                at=as_text(at),
                opened=as_text(opened),
            )
        else:
            self.faults.add(
                foreign.row.line,
                column,
                N_("{do} at {at} has not happened yet: now it is {now}"),
                do=do,
                at=as_text(at),
                now=as_text(self.now),
            )


def _walk(case: Case) -> _Course:
    state = State(case)
    overs: list[str | None] = []
    for position, event in enumerate(case.events):
        before = state.state
        overs.append(over_of(state, event) if position else None)
        step(state, event)
        if state.strays:
            return _Course(tuple(overs), position, before)
    return _Course(tuple(overs), -1, state.state)
