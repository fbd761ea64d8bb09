"""What a case is after some of its events. Knows the shapes of it; ``replay`` fills them, no clock.

Everything here is derived from the head and the events, and never stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from svcctl.domain.cases import Case, Event
from svcctl.domain.schema import Value, as_text


class Fact:
    """An event as it counts: its fields after amendments, and its place in the case.

    ``visit`` is the number of the visit it belongs to (0 before the first), ``visits`` how many
    there were so far, ``cycle`` counts from 1, ``attempt`` is the how-manieth event of this name in
    its cycle, ``had-finished`` (or any other event's name) how many of those came so far.
    ``reckoned`` are fields that follow from the whole case, whatever the event itself says of them.
    """

    __slots__ = (
        "attempt",
        "counts",
        "cycle",
        "event",
        "reckoned",
        "state",
        "values",
        "visit",
        "visits",
    )

    def __init__(
        self,
        event: Event,
        visit: int,
        visits: int,
        cycle: int,
        attempt: int,
        counts: dict[str, int],
        values: dict[str, Value],
        state: str,
    ) -> None:
        self.event = event
        self.visit = visit
        self.visits = visits
        self.cycle = cycle
        self.attempt = attempt
        self.counts = counts
        self.values = values
        self.state = state
        self.reckoned: Mapping[str, Value] | None = None

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.event.at

    def lookup(self, name: str) -> Value | None:
        """Return what a condition of a pattern names: a field, a fact of the place, a value."""
        if self.reckoned is not None and (own := name.removeprefix(".")) in self.reckoned:
            return self.reckoned[own]
        value = self.event.fields.get(name)
        if value is not None:
            return value
        if name[0] == ".":
            return self.event.fields.get(name[1:])
        if name in _PLACE:
            place = getattr(self, _PLACE[name])
            assert isinstance(place, int)
            return place
        if name == "state":
            return self.state
        if name.startswith("had-"):
            return self.counts.get(name[4:], 0)
        return self.values.get(name)


_PLACE = {
    "number": "visit",
    "visits": "visits",
    "cycle": "cycle",
    "attempt": "attempt",
}


class Contest(NamedTuple):
    """A value that two events gave without either having seen the other."""

    value: str
    applied: str
    """Name of the event whose value applies."""
    other: str
    """Name of the event whose value was replaced unseen."""
    applied_text: str
    other_text: str


class Stray(NamedTuple):
    """An event that counts for nothing where it stands, and why (a code of family E2 or E3)."""

    event: Event
    code: str
    args: dict[str, str]


class Led(NamedTuple):
    """The state in which an event was written at its desk, and the one to which it led there."""

    before: str
    after: str


ENOUGH = 100_000
"""How many steps a replay goes, at most, to find what desks had before them: about a second. It is
asked where an event does not follow; sixty lines of three desks at random took up to half of it."""
DEEP = 8
"""How many such views within views."""


class Views:
    """What events led to where only some of the others had been written, for one replay.

    By the name of the event and those it had before it; None where it did not follow there.
    """

    __slots__ = ("deep", "led", "left")

    def __init__(self) -> None:
        self.led: dict[tuple[str, frozenset[str]], Led | None] = {}
        self.left = ENOUGH
        self.deep = 0

    def may_look(self, steps: int) -> bool:
        """Whether one more view may be looked at, of so many steps, which are counted."""
        if self.deep >= DEEP:
            return False
        self.left = max(0, self.left - steps)
        return self.left > 0

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Look at a view, within which others may be looked at."""
        self.deep += 1
        try:
            yield
        finally:
            self.deep -= 1


class State:
    """What a case is after its events: derived, never stored.

    ``values`` holds the head's fields as amended and every value that events set; ``setters`` the
    name of the event each was set by. ``passed`` speaks of starts of one visit by several desks: by
    name and value, which fact passed that start over (None: it was picked); ``""`` is as a whole.
    ``excluded`` are lines that follow no more since another desk's came before them, written when
    the state was ``seen``; ``dismissed`` those that a settlement left so, ``taken_up`` says by the
    settlement what the others led to. ``undone`` says by the first of such lines which corrections
    of another desk left them out, and ``undoing`` which settlements took some back. ``events`` are
    the lines it is made of, and ``corrections`` those among them that change how the lines before
    them count. ``views`` is what was tried to find what desks had seen.
    """

    __slots__ = (
        "attempts",
        "case",
        "contested",
        "corrections",
        "counts",
        "cycle",
        "dismissed",
        "events",
        "excluded",
        "facts",
        "passed",
        "seen",
        "setters",
        "state",
        "strays",
        "taken_up",
        "undoing",
        "undone",
        "values",
        "views",
        "visits",
    )

    def __init__(
        self,
        case: Case,
        events: Sequence[Event] = (),
        corrections: Sequence[Event] = (),
        undoing: Collection[str] = (),
        views: Views | None = None,
    ) -> None:
        self.case = case
        self.events = events
        self.corrections = corrections
        self.undoing = undoing
        self.views = Views() if views is None else views
        self.state = case.kind.states[0]
        self.values: dict[str, Value] = dict(case.head)
        self.setters: dict[str, str] = {}
        self.contested: dict[str, Contest] = {}
        self.facts: list[Fact] = []
        self.passed: dict[str, dict[str, Fact | None]] = {}
        self.strays: list[Stray] = []
        self.excluded: list[Event] = []
        self.dismissed: list[Event] = []
        self.taken_up: dict[str, str] = {}
        self.undone: dict[str, list[str]] = {}
        self.seen = ""
        self.visits = 0
        self.cycle = 1
        self.counts: dict[str, int] = {}
        self.attempts: dict[str, int] = {}

    @property
    def opened(self) -> datetime:
        """When the case began, as corrected: the head and the id keep what was said at first."""
        return self.facts[0].at if self.facts else self.case.opened

    @property
    def is_ended(self) -> bool:
        """Whether nothing more is expected of this case."""
        return self.state in self.case.kind.ended

    def text(self, name: str) -> str:
        """Return a value as text, or "" where it has none."""
        value = self.values.get(name)
        return "" if value is None else as_text(value)
