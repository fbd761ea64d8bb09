"""What a correction did to other lines: which count no more, which count again. Pure; no texts."""

from __future__ import annotations

from typing import NamedTuple

from svcctl.domain.cases import Case, Event
from svcctl.domain.replay import replay
from svcctl.domain.schema import as_text
from svcctl.domain.state import State


class Turned(NamedTuple):
    """A line, as it was amended, that a correction turned: does it count now?"""

    event: Event
    counts: bool


def turned(case: Case) -> list[Turned]:
    """Return what the last line of ``case`` turned, in the order of the lines.

    A void that was taken back is left out where what it had taken back counts again: that says it.
    """
    before = replay(Case(case.kind, case.head, case.events[:-1]))
    after = replay(case)
    own = case.events[-1].name
    had = {fact.event.name: fact.event for fact in before.facts}
    has = {fact.event.name: fact.event for fact in after.facts if fact.event.name != own}
    found = [Turned(event, False) for name, event in had.items() if name not in has]
    found += [Turned(event, True) for name, event in has.items() if name not in had]
    told = [one for one in found if one.event.do != "voided"]
    return sorted(told or found, key=lambda one: one.event.order)


def last_standing(state: State, desk: str) -> Event | None:
    """Return the line that ``desk`` noted last and that nobody took back, a void too; None: none."""
    gone: set[str] = set()
    rejected = {id(stray.event) for stray in state.strays}
    for event in reversed(state.case.events):
        if event.do == "voided" and event.name not in gone and id(event) not in rejected:
            gone.add(as_text(event.fields["target"]))
    if not state.case.kind.opens:  # a line of a journal that counts for nothing cannot be named
        gone |= {stray.event.name for stray in state.strays}
    standing = (
        event for event in state.case.events if event.desk == desk and event.name not in gone
    )
    return max(standing, key=lambda event: (event.noted, event.n), default=None)
