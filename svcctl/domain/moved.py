"""What amendments changed, from what to what, and which times were over by then. Knows events, no clock.

An amendment applies to its event from the beginning on. Of a time by which something is due that decides
afterwards whether it was in time: who looks at the verdict must see who moved it, and when.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from svcctl.domain.cases import CaseKind, Event
from svcctl.domain.contests import amended_value, place_amended
from svcctl.domain.schema import Value, as_text
from svcctl.domain.state import State
from svcctl.domain.times import parse_instant


class Move(NamedTuple):
    """One amendment that counts: of which event ("head") and field, from which value to which."""

    event: Event
    target: str
    field: str
    old: Value | None
    new: Value

    @property
    def was_over(self) -> bool:
        """Whether the time it moved had passed when the amendment was written down."""
        noted = self.event.noted
        old = parse_or_day(self.old)
        if isinstance(old, datetime):
            return old < noted
        return old is not None and old < noted.date()


def parse_or_day(value: Value | None) -> datetime | date | None:
    """Return a value of a record as the instant or the day it names; None where it names neither."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value) if len(value) == 10 else parse_instant(value)
    except ValueError:
        return None


def moves(state: State) -> Iterator[Move]:
    """Yield every amendment that counts and changes a value, in order."""
    kind = state.case.kind
    events = {event.name: event for event in state.case.events}
    now: dict[tuple[str, str], Value | None] = {}

    def stood(target: str, field: str) -> Value | None:
        if (target, field) in now:
            return now[target, field]
        if target == "head":
            return state.case.head.get(field)
        return events[target].at if field == "at" else events[target].fields.get(field)

    for fact in state.facts:
        event = fact.event
        if event.do == "amended":
            target, field = as_text(event.fields["target"]), as_text(event.fields["field"])
            new = amended_value(kind, events.get(target), event)
            old = stood(target, field)
            if new is not None and new != old:
                now[target, field] = new
                yield Move(event, target, field, old, new)
        elif event.do == "settled":
            place = place_amended(kind, as_text(event.fields["value"]))
            picked = events.get(as_text(event.fields["pick"]))
            if place is not None and picked is not None:
                given = picked.do == "amended"
                of = events.get(place[0])
                now[place] = amended_value(kind, of, picked) if given else stood(*place)


def moved_too_late(state: State) -> Iterator[Move]:
    """Yield the amendments of a time to come that was over when they were written down."""
    for one in moves(state):
        if one.was_over and _is_ahead(state.case.kind, state, one):
            yield one


def _is_ahead(kind: CaseKind, state: State, one: Move) -> bool:
    if one.target == "head":
        shape = kind.head
    else:
        do = next(event.do for event in state.case.events if event.name == one.target)
        shape = kind.events[do].shape
    return one.field in shape.fields and shape.fields[one.field].ahead
