"""``replay``: head and events -> state. Knows the engine's rules, no subject, no clock.

Events are taken in their order, (n, desk). An event that the table does not allow where it stands
is kept, listed in ``State.strays`` and changes nothing, so that replay of any prefix of any merged
history succeeds. A void or an amendment takes effect at its own place: the events before it are
replayed again without the voided one, or with the amended field; so does the settlement of two
amendments. ``over`` names what an event saw: a value that another event set meanwhile is contested
until it is settled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from svcctl.domain.cases import Case, CaseKind, Event
from svcctl.domain.contests import (
    CORRECTING,
    RETROACTIVE,
    amended_value,
    change,
    pass_over,
    place_amended,
    same_visit,
    setter_of,
    settlement,
    write,
    written_values,
)
from svcctl.domain.excluded import exclude, take_up
from svcctl.domain.identity import event_order
from svcctl.domain.patterns import Pattern
from svcctl.domain.schema import Value, as_text
from svcctl.domain.state import Contest, Fact, Led, State, Stray, Views

__all__ = [
    "CORRECTING",
    "Contest",
    "Fact",
    "State",
    "Stray",
    "over_of",
    "reckon",
    "replaced",
    "replay",
    "step",
    "written_values",
]


def replay(case: Case, until: datetime | None = None, known: datetime | None = None) -> State:
    """Return the state of ``case`` after its events.

    ``until``: only events that had happened by then (``at``); ``known``: only those that had been
    written down by then (``noted``). A case of which the opening had not is not there yet. Never
    fails, whatever the events say.
    """
    events: Sequence[Event] = case.events
    if until is not None:
        events = [event for event in events if event.at <= until]
    if known is not None:
        events = [event for event in events if event.noted <= known]
    if case.kind.opens and events and events[0] is not case.events[0]:
        events = ()  # not opened yet: what is said to have been before that makes it no sooner
    state = _replay(case, events, Views())
    reckon(state)
    return state


def _replay(case: Case, events: Sequence[Event], views: Views) -> State:
    corrections = _Corrections(case, events)
    state = State(case, events, views=views)
    for position, event in enumerate(events):
        if (
            event.do in RETROACTIVE
            and not corrections.is_repeated(position)
            and corrections.admit(position, state)
        ):
            state = State(case, events, corrections.counting(), corrections.undoing, views)
            change(state.values, corrections.amended.get("head", {}))
            for earlier in range(position + 1):
                corrections.apply(state, earlier)
        else:
            corrections.apply(state, position)
    return state


def reckon(state: State) -> None:
    """Give every fact the fields that follow from all facts together, as the kind of case declares."""
    for do, reckoning in state.case.kind.reckoned.items():
        if do in state.counts:
            found = reckoning([fact.event for fact in state.facts])
            for fact in state.facts:
                if fact.event.do == do:
                    fact.reckoned = found.get(fact.event.name)


class _Amendment(NamedTuple):
    """What an amendment, or the settlement of two, gives a field of an event or of the head.

    ``source`` is the event whose value it is.
    """

    target: str
    field: str
    value: Value | None
    source: str


def _taken_back(voids: Sequence[tuple[str, str]]) -> set[str]:
    """Return what these voids, each by its name, took back: the later ones first."""
    dropped: set[str] = set()
    for name, target in reversed(voids):
        if name not in dropped:
            dropped.add(target)
    return dropped


class _Corrections:
    """The voids and amendments admitted so far, and what is left of an event after them."""

    def __init__(self, case: Case, events: Sequence[Event]) -> None:
        self.case = case
        self.events = events
        self.admitted: list[tuple[str, str | _Amendment]] = []
        self.rejected: dict[int, Stray] = {}
        self.undoing: set[str] = set()
        self.dropped: set[str] = set()
        self.amended: dict[str, dict[str, Value | None]] = {}

    def admit(self, position: int, state: State) -> bool:
        """Take up the correction at ``position``; False where it changes nothing before it."""
        event = self.events[position]
        if event.do == "settled":
            settled = settlement(state, event)
            undone = state.undone.get(as_text(event.fields["pick"]))
            if settled is not None and undone is not None and event.fields["value"] == "state":
                self.undoing.add(event.name)
                self.admitted += [(event.name, name) for name in undone]
                self._weigh()
                return True
            where = place_amended(self.case.kind, as_text(event.fields["value"]))
            if settled is None or where is None:
                return False
            picked = as_text(event.fields["pick"])
            self.admitted.append((event.name, _Amendment(*where, settled.value, picked)))
        else:
            found = self._voided(position) if event.do == "voided" else self._amendment(position)
            if isinstance(found, Stray):
                self.rejected[position] = found
                return False
            self.admitted.append((event.name, found))
        self._weigh()
        return True

    def _weigh(self) -> None:
        """See what counts after the corrections admitted so far, the later ones first."""
        self.dropped = set()
        self.amended = {}
        for name, made in reversed(self.admitted):
            if name in self.dropped:
                continue
            if isinstance(made, str):
                self.dropped.add(made)
            elif made.source not in self.dropped:
                self.amended.setdefault(made.target, {}).setdefault(made.field, made.value)

    def counting(self) -> list[Event]:
        """Return the corrections that are admitted and were not taken back themselves."""
        names = {name for name, _made in self.admitted if name not in self.dropped}
        return [event for event in self.events if event.name in names]

    def is_repeated(self, position: int) -> bool:
        """Whether the event before has the same name: then this one counts for nothing."""
        return position > 0 and self.events[position - 1].order == self.events[position].order

    def _known(self, position: int) -> dict[str, Event]:
        """Return what can be corrected there: all but what the desk itself took back before.

        What another desk took back, or brought back, may have been unseen; both desks' corrections
        hold then, so that either may be taken back.
        """
        desk = self.events[position].desk
        voids = [(name, made) for name, made in self.admitted if isinstance(made, str)]
        own = [(name, made) for name, made in voids if event_order(name)[1] == desk]
        turned = {made for name, made in voids if event_order(name)[1] != desk}
        gone = {
            made for name, made in own if name not in self.dropped and name not in turned
        } & _taken_back(own)
        return {
            event.name: event
            for event in self.events[:position]
            if event.name not in self.dropped or event.name not in gone
        }

    def _voided(self, position: int) -> str | Stray:
        event = self.events[position]
        target = as_text(event.fields["target"])
        voided = self._known(position).get(target)
        if voided is None or (self.case.kind.opens and voided is self.case.events[0]):
            return Stray(event, "E209", {"event": event.name, "target": target})
        return target

    def _amendment(self, position: int) -> _Amendment | Stray:
        event = self.events[position]
        target, name = as_text(event.fields["target"]), as_text(event.fields["field"])
        args = {"event": event.name, "target": target}
        known = self._known(position)
        if target != "head" and target not in known:
            return Stray(event, "E209", args)
        value = amended_value(self.case.kind, known.get(target), event)
        if value is None:
            return Stray(event, "E210", {**args, "field": name})
        return _Amendment(target, name, value, event.name)

    def apply(self, state: State, position: int) -> None:
        """Let an event happen to ``state`` as it is after the corrections admitted so far."""
        event = self.events[position]
        if self.is_repeated(position):
            state.strays.append(Stray(event, "E303", {"event": event.name}))
        elif position in self.rejected:
            state.strays.append(self.rejected[position])
        elif event.name not in self.dropped:
            changes = self.amended.get(event.name)
            step(state, event.amended(changes) if changes else event)


def step(state: State, event: Event) -> None:
    """Let one event happen to ``state``, in place; a stray is noted and changes nothing."""
    kind = state.case.kind
    name = event.name
    if not state.facts:
        state.setters = dict.fromkeys((*state.values, "state"), name)
    again = take_up(state, event, step) if event.do == "settled" else None
    fact = _place(state, kind, event)
    following = _following(kind, state, fact)
    if following is None:
        args = {"event": name, "do": event.do, "state": state.state}
        excluded = exclude(state, event, partial(_without, state, event))
        code = "E211" if excluded else "E207"
        if event not in state.dismissed:
            state.strays.append(Stray(event, code, args))
        return
    for value in written_values(kind, event, following):
        write(state, event, value, following)
    if again is not None:
        state.contested["state"] = again._replace(applied=name, applied_text=state.state)
    state.visits = fact.visits
    state.attempts[event.do] = fact.attempt
    # A new one each time: facts keep the counts of their own moment.
    state.counts = {**state.counts, event.do: state.counts.get(event.do, 0) + 1}
    fact.state = state.state
    fact.values = state.values
    if event.over is not None:
        pass_over(state, fact)
    state.facts.append(fact)
    if event.do in kind.cycle_starts and _holds(kind.cycle_starts, fact):
        state.cycle += 1
        state.attempts = {}


def _without(state: State, event: Event, unseen: Collection[Event]) -> Led | None:
    """Return what ``event`` would have led to, had its desk's view been without ``unseen``.

    None where it would not follow, or where enough was tried.
    """
    gone = {one.name for one in unseen}
    corrections = {one.name for one in state.corrections}
    kept = [
        one
        for one in state.events
        if (one.order <= event.order or one.name in corrections) and one.name not in gone
    ]
    view = (event.name, frozenset(one.name for one in kept))
    views = state.views
    if not views.may_look(1 + len(kept) // 8):
        return None
    if view not in views.led:
        if not views.may_look(len(kept) * (1 + sum(one.do in RETROACTIVE for one in kept))):
            return None
        views.led[view] = None  # while it is looked for
        with views.deeper():
            facts = _replay(state.case, kept, views).facts
        place = next((n for n, fact in enumerate(facts) if fact.event.name == event.name), 0)
        views.led[view] = Led(facts[place - 1].state, facts[place].state) if place else None
    return views.led[view]


def _place(state: State, kind: CaseKind, event: Event) -> Fact:
    stated = event.fields.get("visit-no")
    visit = stated if isinstance(stated, int) else state.visits
    attempt = state.attempts.get(event.do, 0) + 1
    fact = Fact(
        event, visit, state.visits, state.cycle, attempt, state.counts, state.values, state.state
    )
    if event.do in kind.visit_starts and _holds(kind.visit_starts, fact):
        other = same_visit(state, event)
        fact.visits += other is None
        fact.visit = fact.visits if other is None else other.visit
    return fact


def _holds(patterns: Mapping[str, Sequence[Pattern]], fact: Fact) -> bool:
    return any(pattern.holds(fact.lookup) for pattern in patterns[fact.event.do])


def _following(kind: CaseKind, state: State, fact: Fact) -> str | None:
    """Return the state that follows; "" where the event changes none; None where it may not be."""
    do = fact.event.do
    if not state.facts and do == "opened":
        return ""
    if do == "settled" and settlement(state, fact.event) is None:
        return None
    stated = fact.event.fields.get("visit-no")
    if isinstance(stated, int) and not 1 <= stated <= fact.visits:
        return None
    following = _from(kind, fact, state.state)
    if following is not None:
        return following
    if do in kind.anywhere and _holds(kind.anywhere, fact):
        return ""
    return None


def _from(kind: CaseKind, fact: Fact, state: str) -> str | None:
    """Return what the table says that follows on ``state``; None where it says nothing."""
    for pattern, following in kind.table[state].get(fact.event.do, ()):
        if pattern.holds(fact.lookup):
            return following
    return None


def replaced(state: State, event: Event) -> list[str]:
    """Return the names of the values that ``event``, written next, would replace."""
    fact = _place(state, state.case.kind, event)
    following = _following(state.case.kind, state, fact)
    return [] if following is None else written_values(state.case.kind, event, following)


def over_of(state: State, event: Event) -> str | None:
    """Return what ``event``, written next, must name as ``over``: the setter it replaces.

    The last of the events that set the values it replaces (the first event where none did); None
    where it replaces none.
    """
    values = replaced(state, event)
    setters = [setter for value in values if (setter := setter_of(state, value)) is not None]
    if setters:
        return max(setters, key=event_order)
    return state.facts[0].event.name if values and state.facts else None
