"""Counting one measure over one week, and a ticket as it is looked at for that.

Knows weeks, entries and medians; what is counted by which rule stands in ``measures``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from svcctl.domain.judging import Obligation, standing_at
from svcctl.domain.replay import Fact, State

DURATIONS = frozenset({"first-contact", "arrival"})
"""Measures whose value is a median of lengths of time; all others are ratios."""


class Period(NamedTuple):
    """A week as it is judged: [start, end), as far as ``moment`` (at most ``end``)."""

    start: datetime
    end: datetime
    moment: datetime

    def holds(self, at: datetime) -> bool:
        """Whether what happened ``at`` belongs to the week and had happened by the moment."""
        return self.start <= at < self.end and at <= self.moment

    def falls_due(self, due: datetime) -> bool:
        """Whether what is due then fell due in the week and by the moment."""
        return self.start < due <= self.end and due <= self.moment


class Entry(NamedTuple):
    """One thing counted: its ticket (for inspections the unit), whose work it was, how long it took.

    ``seconds`` is None where there is no length of time, or where what is timed never came. The rest
    says why it counts or not: ``what`` tells it from others of its ticket (an obligation, an opinion,
    a kind of ticket), ``since`` when it began, ``due`` and ``done`` when it was to be and when it was.
    """

    ticket: str
    engineer: str = ""
    seconds: int | None = None
    what: str = ""
    since: datetime | None = None
    due: datetime | None = None
    done: datetime | None = None


class Happened(NamedTuple):
    """A ticket that was opened, finished or ended: when, whose work, and in which state that left it."""

    kind: str
    at: datetime
    ticket: str
    engineer: str = ""
    state: str = ""


class Tally:
    """One measure: ``counted`` among ``among``; ``beside`` holds what is shown next to it.

    One entry per thing counted, so that a ticket with two slips due stands there twice.
    """

    __slots__ = ("among", "beside", "counted", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.counted: list[Entry] = []
        self.among: list[Entry] = []
        self.beside: dict[str, list[Entry]] = {}

    @property
    def numerator(self) -> int:
        return len(self.counted)

    @property
    def denominator(self) -> int:
        return len(self.among)

    def add(self, entry: Entry, counts: bool) -> None:
        """Count ``entry`` among all, and among those that kept the measure where ``counts``."""
        self.among.append(entry)
        if counts:
            self.counted.append(entry)

    def median(self) -> int | None:
        """The median in seconds; what never came is longer than all else. None: no data."""
        return median(entry.seconds for entry in self.among)

    def ninetieth(self) -> int | None:
        """Within how many seconds nine of ten were: the nearest rank. None: no data."""
        ordered = _ordered(entry.seconds for entry in self.among)
        return ordered[(9 * len(ordered) + 9) // 10 - 1] if ordered else None

    @property
    def value(self) -> float | int | None:
        """The ratio, or the median of seconds; None where nothing was counted."""
        if self.name in DURATIONS:
            return self.median()
        return self.numerator / self.denominator if self.among else None


def median(lengths: Iterable[int | None]) -> int | None:
    """The median of seconds, rounded down; None (never) is longer than all else."""
    ordered = _ordered(lengths)
    if not ordered:
        return None
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return None if low is None or high is None else (low + high) // 2


def _ordered(lengths: Iterable[int | None]) -> list[int | None]:
    return sorted(lengths, key=lambda one: (one is None, one or 0))


class Looked:
    """A replayed ticket with what it owes, and who was the engineer when each thing happened.

    ``supplied`` names what an import brought (None: no imported ticket).
    """

    __slots__ = ("by_time", "engineers", "id", "kind", "owed", "state", "supplied", "told")

    def __init__(self, state: State, owed: Sequence[Obligation]) -> None:
        self.state = state
        self.owed = owed
        self.id = state.case.id
        self.kind = state.text("kind")
        self.told: list[tuple[Fact, str]] = []
        self.engineers: dict[str, str] = {}
        self.supplied: frozenset[str] | None = None
        by_visit: dict[int, str] = {}
        latest = ""
        for fact in state.facts:
            if fact.event.do in ("dispatched", "reassigned"):
                latest = by_visit[fact.visit] = str(fact.event.fields["to"])
            elif fact.event.do == "settled" and fact.event.fields["value"] == "engineer":
                latest = by_visit[fact.visit] = str(fact.values.get("engineer", ""))
            elif fact.event.do == "imported":
                self.supplied = frozenset(str(fact.event.fields.get("supplied", "")).split())
            engineer = by_visit.get(fact.visit, latest)
            self.told.append((fact, engineer))
            self.engineers[fact.event.name] = engineer
        self.by_time = sorted(self.told, key=lambda told: told[0].at)

    def state_at(self, moment: datetime) -> str | None:
        """The state at ``moment``; None where the ticket was not there yet."""
        found = None
        for fact, _ in self.told:
            if fact.at <= moment:
                found = fact.state
        return found

    def is_open_at(self, moment: datetime) -> bool:
        """Whether the ticket was there and not ended at ``moment``."""
        state = self.state_at(moment)
        return state is not None and state not in self.state.case.kind.ended

    def standing_at(self, one: Obligation, moment: datetime) -> str:
        """The standing of an obligation as it was at ``moment``, whatever came later."""
        return standing_at(one, moment, moment)
