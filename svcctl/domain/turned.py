"""What corrections did to other lines, and which lines one command wrote. Pure; no texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from svcctl.domain.cases import Case, Event
from svcctl.domain.replay import replay
from svcctl.domain.schema import as_text
from svcctl.domain.state import State


class Turned(NamedTuple):
    """A line, as it was amended, that a correction turned: does it count now?"""

    event: Event
    counts: bool


def turned(case: Case, lines: int = 1) -> list[Turned]:
    """Return what the last ``lines`` of ``case`` turned, in the order of the lines.

    A void that was taken back is left out where what it had taken back counts again: that says it.
    """
    before = replay(Case(case.kind, case.head, case.events[:-lines]))
    after = replay(case)
    own = {event.name for event in case.events[-lines:]}
    had = {fact.event.name: fact.event for fact in before.facts}
    has = {fact.event.name: fact.event for fact in after.facts if fact.event.name not in own}
    found = [Turned(event, False) for name, event in had.items() if name not in has]
    found += [Turned(event, True) for name, event in has.items() if name not in had]
    told = [one for one in found if one.event.do != "voided"]
    return sorted(told or found, key=lambda one: one.event.order)


SEVERAL = ("attached", "settled")
"""Of what one command may write several lines into a ticket: a file each, a contested value each."""


def last_written(state: State, desk: str) -> list[Event]:
    """Return the lines that the last command of ``desk`` wrote, the last one first; without any, none.

    What somebody took back is passed over, a void is not. Where a command wrote several lines (or
    took several back), they are of one moment and kind and follow one another by their numbers.
    """
    standing = _standing(state, desk)
    last = max(standing, key=lambda event: (event.noted, event.n), default=None)
    if last is None:
        return []
    by_number = {event.n: event for event in standing}
    targets = {event.name: event for event in state.case.events}
    found = [last]
    while (one := by_number.get(found[-1].n - 1)) and _together(found[-1], one, targets):
        found.append(one)
    return found


def _together(one: Event, other: Event, targets: Mapping[str, Event]) -> bool:
    """Whether one command wrote both lines of a desk, whose numbers follow one another."""

    def told(event: Event) -> tuple[object, ...]:
        said = (event.fields.get(key) for key in ("reason", "pick", "words"))
        return (event.do, event.desk, event.by, event.at, event.noted, *said)

    if told(one) != told(other):
        return False
    if one.do != "voided":
        return one.do in SEVERAL
    first, second = (targets.get(as_text(event.fields["target"])) for event in (one, other))
    if first is None or second is None or abs(first.n - second.n) != 1:
        return False
    return _together(first, second, targets)


def last_standing(state: State, desk: str) -> Event | None:
    """Return the line that ``desk`` noted last and that nobody took back, a void too; None: none."""
    return max(_standing(state, desk), key=lambda event: (event.noted, event.n), default=None)


def _standing(state: State, desk: str) -> list[Event]:
    """Return the lines of ``desk`` that nobody took back, voids too."""
    gone: set[str] = set()
    rejected = {id(stray.event) for stray in state.strays}
    for event in reversed(state.case.events):
        if event.do == "voided" and event.name not in gone and id(event) not in rejected:
            gone.add(as_text(event.fields["target"]))
    if not state.case.kind.opens:  # a line of a journal that counts for nothing cannot be named
        gone |= {stray.event.name for stray in state.strays}
    return [event for event in state.case.events if event.desk == desk and event.name not in gone]
