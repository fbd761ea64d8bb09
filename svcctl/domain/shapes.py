"""Histories of one form: what replay and a policy found for one holds for all. Knows no clock.

Most tickets go one of a few dozen ways: the same events in the same order, with the same of those
values that a pattern looks at. ``replay`` and ``obligations`` are the definition; here is a memory of
their answers, as a tree with a step for each event. What is out of the ordinary (two desks,
corrections, events that do not follow, values replaced unseen) is not remembered and goes their way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from svcctl.domain.cases import Case, CaseKind, Event
from svcctl.domain.contests import RETROACTIVE, place_amended, unseen
from svcctl.domain.judging import Obligation
from svcctl.domain.obligations import obligations
from svcctl.domain.patterns import Condition, Pattern
from svcctl.domain.plans import Plan, planned, plans
from svcctl.domain.policy import Book, Policy
from svcctl.domain.replay import reckon, replay, step
from svcctl.domain.schema import Value
from svcctl.domain.state import Fact, State

MOST_NODES = 20_000

Reckoned = dict[str, Mapping[str, Value]]


class Node:
    """A history up to one event: what that event made of the case, whatever its other values."""

    __slots__ = (
        "attempt",
        "attempts",
        "before",
        "children",
        "counts",
        "cycle",
        "following_cycle",
        "plans",
        "setters",
        "state",
        "visit",
        "visits",
        "writes",
    )

    def __init__(
        self, state: State, setters: dict[str, str], writes: tuple[tuple[str, str], ...]
    ) -> None:
        self.children: dict[tuple[object, ...], Node] = {}
        self.plans: dict[Policy, list[Plan]] = {}
        self.setters = setters
        self.writes = writes
        self.state = state.state
        self.visits = state.visits
        self.counts = state.counts
        self.attempts = dict(state.attempts)
        self.following_cycle = state.cycle
        if state.facts:
            fact = state.facts[-1]
            self.visit, self.cycle, self.attempt = fact.visit, fact.cycle, fact.attempt
            self.before = fact.counts


class Shapes:
    """The memory for cases of one kind under one book of policies.

    ``looked_at`` are conditions that somebody else makes, by which forms are told apart as well.
    """

    def __init__(self, kind: CaseKind, book: Book, looked_at: Iterable[Condition] = ()) -> None:
        self.kind = kind
        self.book = book
        conditions = [*_conditions(kind, book), *looked_at]
        compared = {one.field for one in conditions if one.how}
        named = {one.field for one in conditions}
        self.head = tuple(sorted((named & kind.head.fields.keys()) | {"kind"}))
        self._values: dict[str, tuple[str, ...]] = {}
        self._present: dict[str, tuple[str, ...]] = {}
        for do, declared in kind.events.items():
            told = {field for value, field in declared.sets.items() if value in named}
            values, present = [], []
            for name in declared.order:
                flag = declared.shape.fields[name].type == "flag"
                if (
                    name in compared
                    or name in told
                    or name == "visit-no"
                    or (flag and name in named)
                ):
                    values.append(name)
                elif name in named or name in declared.sets.values():
                    present.append(name)
            self._values[do], self._present[do] = tuple(values), tuple(present)
        self._roots: dict[tuple[object, ...], Node] = {}
        self._count = 0

    def judge(self, case: Case) -> tuple[State, list[Obligation]]:
        """Return what ``replay`` and ``obligations`` say of the case."""
        found = self._walked(case)
        if found is None:
            state = self._learned(case) or replay(case)
            return state, obligations(state, self.book)
        state, node, in_order = found
        policy = self.book.at(case.events[0].at)
        if not in_order or "imported" in node.counts or self.book.at(case.events[-1].at) != policy:
            return state, obligations(state, self.book)
        if policy not in node.plans:
            node.plans[policy] = plans(state, policy)
        return state, planned(state, policy, self.book.calendar_of(policy), node.plans[policy])

    def remembers(self, case: Case) -> bool:
        """Whether all histories of this form are judged alike: the last of them was as ordinary."""
        return self._walked(case) is not None

    def depends_on(self, do: str, field: str) -> bool:
        """Whether a history takes another way with another value of the field of the event ``do``."""
        return field in self._values[do]

    def root_key(self, desk: str, head: Mapping[str, Value]) -> tuple[object, ...]:
        """Return by what a history's beginning is told apart: its desk and values of its head."""
        return (desk, *map(head.get, self.head))

    def key(self, do: str, over: str | None, fields: Mapping[str, Value]) -> tuple[object, ...]:
        """Return by what an event chooses the way that a history takes."""
        return (
            do,
            over,
            *map(fields.get, self._values[do]),
            *map(fields.__contains__, self._present[do]),
        )

    def _walked(self, case: Case) -> tuple[State, Node, bool] | None:
        """Return the state, its node, and whether the events happened in their order; or None."""
        node = self._roots.get(self.root_key(case.events[0].desk, case.head))
        if node is None:
            return None
        events, facts = case.events, []
        values: dict[str, Value] = dict(case.head)
        desk, latest, in_order = events[0].desk, events[0].at, True
        reckoned: Reckoned = {}
        for number, event in enumerate(events, start=1):
            if event.do in self.kind.reckoned:
                reckoned = reckoned or self._reckoned(case)
            following = node.children.get(self._key(event, reckoned))
            if following is None or event.n != number or event.desk != desk:
                return None
            node = following
            if node.writes:
                values = values.copy()
                for value, field in node.writes:
                    values[value] = event.fields[field]
            if event.at < latest:
                in_order = False
            latest = event.at
            facts.append(
                Fact(
                    event,
                    node.visit,
                    node.visits,
                    node.cycle,
                    node.attempt,
                    node.before,
                    values,
                    node.state,
                )
            )
            facts[-1].reckoned = reckoned.get(event.name)
        state = State(case, case.events)
        state.facts, state.values, state.state = facts, values, node.state
        state.visits, state.cycle = node.visits, node.following_cycle
        state.counts, state.attempts = node.counts, dict(node.attempts)
        state.setters = dict.fromkeys((*case.head, "state"), events[0].name) | node.setters
        return state, node, in_order

    def _learned(self, case: Case) -> State | None:
        """Replay the case step by step and keep the steps; None where one is out of the ordinary."""
        state = State(case, case.events)
        reckoned = self._reckoned(case)
        setters: dict[str, str] = {}
        node = self._roots.get(self.root_key(case.events[0].desk, case.head))
        if node is None:
            node = self._added(state, setters, ())
            self._roots[self.root_key(case.events[0].desk, case.head)] = node
        for number, event in enumerate(case.events, start=1):
            first = number == 1
            if (
                event.do in RETROACTIVE
                or (event.n, event.desk) != (number, case.events[0].desk)
                or (first and self.kind.events[event.do].sets)
            ):
                return None
            before = {} if first else dict(state.setters)
            step(state, event)
            now = {} if first else state.setters
            written = [value for value, name in now.items() if name != before.get(value)]
            if state.strays or any(unseen(event, before.get(value)) for value in written):
                return None
            setters = {**setters, **dict.fromkeys(written, event.name)}
            writes = tuple(
                (value, self.kind.events[event.do].sets[value])
                for value in written
                if value != "state" and place_amended(self.kind, value) is None
            )
            key = self._key(event, reckoned)
            following = node.children.get(key)
            if following is None:
                following = node.children[key] = self._added(state, setters, writes)
            node = following
        reckon(state)
        return state

    def _reckoned(self, case: Case) -> Reckoned:
        """Return what follows from all events of a case where each of them counts, by event name."""
        found: Reckoned = {}
        for do, reckoning in self.kind.reckoned.items():
            if any(event.do == do for event in case.events):
                found |= reckoning(case.events)
        return found

    def _key(self, event: Event, reckoned: Reckoned) -> tuple[object, ...]:
        fields = event.fields
        if event.name in reckoned:
            fields = {**fields, **reckoned[event.name]}
        return self.key(event.do, event.over, fields)

    def _added(
        self, state: State, setters: dict[str, str], writes: tuple[tuple[str, str], ...]
    ) -> Node:
        self._count += 1
        if self._count > MOST_NODES:
            self._roots.clear()
            self._count = 0
        return Node(state, setters, writes)


def _conditions(kind: CaseKind, book: Book) -> Iterable[Condition]:
    """Yield every condition that the declaration or a policy makes."""
    patterns: list[Pattern] = []
    for row in kind.table.values():
        patterns += [pattern for found in row.values() for pattern, _ in found]
    for found in (kind.anywhere, kind.visit_starts, kind.cycle_starts):
        patterns += [pattern for listed in found.values() for pattern in listed]
    for policy in book.policies:
        patterns += [pattern for marks in policy.table.values() for _, _, pattern in marks]
    for pattern in patterns:
        yield from pattern.conditions
