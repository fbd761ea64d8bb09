"""``replay``: head and events -> state. Knows the engine's rules, no subject, no clock.

Events are taken in their order, (n, desk). An event that the table does not allow where it stands
is kept, listed in ``State.strays`` and changes nothing, so that replay of any prefix of any merged
history succeeds. A void or an amendment takes effect at its own place: the events before it are
replayed again without the voided one, or with the amended field.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from svcctl.domain.cases import Case, CaseKind, Event
from svcctl.domain.identity import event_order
from svcctl.domain.schema import Shape, Value, as_text


class Fact:
    """An event as it counts: its fields after amendments, and its place in the case.

    ``visit`` is the number of the visit it belongs to (0 before the first), ``visits`` how many
    there were so far, ``cycle`` counts from 1, ``attempt`` is the how-manieth event of this name in
    its cycle, ``had-finished`` (or any other event's name) how many of those came so far.
    """

    __slots__ = ("attempt", "counts", "cycle", "event", "state", "values", "visit", "visits")

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

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.event.at

    def lookup(self, name: str) -> Value | None:
        """Return what a condition of a pattern names: a field, a fact of the place, a value."""
        value = self.event.fields.get(name)
        if value is not None:
            return value
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


class State:
    """What a case is after its events: derived, never stored.

    ``values`` holds the head's fields as amended and every value that events set; ``setters`` the
    name of the event each was set by.
    """

    __slots__ = (
        "attempts",
        "case",
        "contested",
        "counts",
        "cycle",
        "facts",
        "setters",
        "state",
        "strays",
        "values",
        "visits",
    )

    def __init__(self, case: Case) -> None:
        self.case = case
        self.state = case.kind.states[0]
        self.values: dict[str, Value] = dict(case.head)
        self.setters: dict[str, str] = {}
        self.contested: dict[str, Contest] = {}
        self.facts: list[Fact] = []
        self.strays: list[Stray] = []
        self.visits = 0
        self.cycle = 1
        self.counts: dict[str, int] = {}
        self.attempts: dict[str, int] = {}

    @property
    def is_ended(self) -> bool:
        """Whether nothing more is expected of this case."""
        return self.state in self.case.kind.ended

    def text(self, name: str) -> str:
        """Return a value as text, or "" where it has none."""
        value = self.values.get(name)
        return "" if value is None else as_text(value)


def replay(case: Case, until: datetime | None = None, known: datetime | None = None) -> State:
    """Return the state of ``case`` after its events.

    ``until``: only events that had happened by then (``at``); ``known``: only those that had been
    written down by then (``noted``). Never fails, whatever the events say.
    """
    events: Sequence[Event] = case.events
    if until is not None:
        events = [event for event in events if event.at <= until]
    if known is not None:
        events = [event for event in events if event.noted <= known]
    corrections = _Corrections(case, events)
    state = State(case)
    for position, event in enumerate(events):
        if event.do in CORRECTING and corrections.admit(position):
            state = State(case)
            for earlier in events[: position + 1]:
                corrections.apply(state, earlier)
        else:
            corrections.apply(state, event)
    return state


CORRECTING = ("voided", "amended")


class _Corrections:
    """The voids and amendments admitted so far, and what is left of an event after them."""

    def __init__(self, case: Case, events: Sequence[Event]) -> None:
        self.case = case
        self.events = events
        self.admitted: list[Event] = []
        self.rejected: dict[str, Stray] = {}
        self.dropped: set[str] = set()
        self.amended: dict[str, dict[str, Value]] = {}

    def admit(self, position: int) -> bool:
        """Take up the correction at ``position``; False where it corrects nothing."""
        event = self.events[position]
        stray = self._stray(event, position)
        if stray is not None:
            self.rejected[event.name] = stray
            return False
        self.admitted.append(event)
        self.dropped = set()
        self.amended = {}
        for correction in reversed(self.admitted):
            if correction.name in self.dropped:
                continue
            target = as_text(correction.fields["target"])
            if correction.do == "voided":
                self.dropped.add(target)
                continue
            name = as_text(correction.fields["field"])
            convert = self._shape(target).converters[name]
            value = convert(as_text(correction.fields["value"]))
            self.amended.setdefault(target, {}).setdefault(name, value)
        return True

    def _shape(self, target: str) -> Shape:
        if target == "head":
            return self.case.kind.head
        do = next(event.do for event in self.events if event.name == target)
        return self.case.kind.events[do].shape

    def _stray(self, event: Event, position: int) -> Stray | None:
        """Return why the correction ``event`` corrects nothing, or None."""
        kind = self.case.kind
        target = as_text(event.fields["target"])
        args = {"event": event.name, "target": target}
        known = {earlier.name: earlier for earlier in self.events[:position]}
        if event.do == "voided":
            if target not in known or target in self.dropped or known[target] is self.events[0]:
                return Stray(event, "E209", args)
            return None
        if target != "head" and target not in known:
            return Stray(event, "E209", args)
        name = as_text(event.fields["field"])
        args["field"] = name
        here = kind if target == "head" else kind.events[known[target].do]
        try:
            if name not in here.amendable:
                raise ValueError(name)
            self._shape(target).converters[name](as_text(event.fields["value"]))
        except ValueError:
            return Stray(event, "E210", args)
        return None

    def apply(self, state: State, event: Event) -> None:
        """Let ``event`` happen to ``state`` as it is after the corrections admitted so far."""
        name = event.name
        if name in self.rejected:
            state.strays.append(self.rejected[name])
            return
        if not state.facts:
            state.values.update(self.amended.get("head", {}))
        if name in self.dropped:
            return
        changes = self.amended.get(name)
        if changes:
            event = event.amended(changes)
        step(state, event)


def step(state: State, event: Event) -> None:
    """Let one event happen to ``state``, in place; a stray is noted and changes nothing."""
    kind = state.case.kind
    name = event.name
    if not state.facts:
        for value in state.values:
            state.setters[value] = name
        state.setters["state"] = name
    elif state.facts[-1].event.name == name:
        state.strays.append(Stray(event, "E303", {"event": name}))
        return
    starts_visit = event.do in kind.visit_starts
    fact = _place(state, kind, event, starts_visit)
    following = _following(kind, state, fact)
    if following is None:
        args = {"event": name, "do": event.do, "state": state.state}
        state.strays.append(Stray(event, "E207", args))
        return
    _set_values(state, kind, event, following)
    state.visits = fact.visits
    state.attempts[event.do] = fact.attempt
    state.counts[event.do] = state.counts.get(event.do, 0) + 1
    if following:
        state.state = following
    fact.state = state.state
    fact.values = state.values
    state.facts.append(fact)
    if _starts_cycle(kind, fact):
        state.cycle += 1
        state.attempts = {}


def _place(state: State, kind: CaseKind, event: Event, starts_visit: bool) -> Fact:
    visits = state.visits + 1 if starts_visit else state.visits
    stated = event.fields.get("visit-no")
    visit = stated if isinstance(stated, int) else visits
    attempt = state.attempts.get(event.do, 0) + 1
    return Fact(event, visit, visits, state.cycle, attempt, state.counts, state.values, state.state)


def _starts_cycle(kind: CaseKind, fact: Fact) -> bool:
    patterns = kind.cycle_starts.get(fact.event.do, ())
    return any(pattern.holds(fact.lookup) for pattern in patterns)


def _following(kind: CaseKind, state: State, fact: Fact) -> str | None:
    """Return the state that follows; "" where the event changes none; None where it may not be."""
    do = fact.event.do
    if not state.facts and do == "opened":
        return ""
    stated = fact.event.fields.get("visit-no")
    if isinstance(stated, int) and not 1 <= stated <= fact.visits:
        return None
    for pattern, following in kind.table[state.state].get(do, ()):
        if pattern.holds(fact.lookup):
            return following
    for pattern in kind.anywhere.get(do, ()):
        if pattern.holds(fact.lookup):
            return ""
    return None


def written_values(kind: CaseKind, event: Event, following: str) -> list[str]:
    """Return the names of the values that ``event`` replaces (``state`` only on a transition)."""
    if event.do == "amended" and event.fields.get("target") == "head":
        return [as_text(event.fields["field"])]
    if event.do == "settled":
        return [as_text(event.fields["value"])]
    found = []
    for value, field in kind.events[event.do].sets.items():
        if (value == "state" and following) or (field and field in event.fields):
            found.append(value)
    return found


def _set_values(state: State, kind: CaseKind, event: Event, following: str) -> None:
    written = written_values(kind, event, following)
    if not written:
        return
    if event.do == "settled":
        _settle(state, event)
        return
    values = dict(state.values)
    seen = event.over
    for value in written:
        field = kind.events[event.do].sets.get(value, "")
        new = following if value == "state" else event.fields.get(field, values.get(value))
        if event.do == "amended":
            new = values.get(value)
        setter = state.setters.get(value)
        if seen is not None and setter is not None and _later(setter, seen):
            old = state.state if value == "state" else values.get(value)
            state.contested[value] = Contest(
                value,
                event.name,
                setter,
                "" if new is None else as_text(new),
                "" if old is None else as_text(old),
            )
        elif value in state.contested and seen is not None and not _later(setter or seen, seen):
            state.contested.pop(value, None)
        if new is not None and value != "state":
            values[value] = new
        state.setters[value] = event.name
    state.values = values


def _later(left: str, right: str) -> bool:
    return event_order(left) > event_order(right)


def _settle(state: State, event: Event) -> None:
    """Apply a settlement: the picked candidate's value stands, and the contest is over."""
    value = as_text(event.fields["value"])
    contest = state.contested.pop(value, None)
    if contest is not None and event.fields["pick"] == contest.other:
        if value == "state":
            state.state = contest.other_text
        elif contest.other_text:
            state.values = {**state.values, value: contest.other_text}
    state.setters[value] = event.name


def over_of(state: State, event: Event) -> str | None:
    """Return what ``event``, written next, must name as ``over``: the setter it replaces.

    The last of the events that set the values it replaces; None where it replaces none.
    """
    kind = state.case.kind
    fact = _place(state, kind, event, event.do in kind.visit_starts)
    following = _following(kind, state, fact)
    if following is None:
        return None
    setters = [
        state.setters[value]
        for value in written_values(kind, event, following)
        if value in state.setters
    ]
    first = state.facts[0].event.name if state.facts else None
    return (
        max(setters, key=event_order)
        if setters
        else (first if written_values(kind, event, following) else None)
    )
