"""``obligations``: state and policy -> what is owed, by whom, by when, why. Knows no clock.

What an obligation *is* at a moment (open, missed, ...) is ``standing.standing``: nothing that depends
on the moment of asking is computed here, so that the result can be kept beside the events.

Rules of counting: LEDGER "Times that are owed". An instance is judged by the policy in force when
it started. Deadlines follow ``at``; so an event written down late meets what it met in time.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from svcctl.domain.calendar import Calendar
from svcctl.domain.cases import Case
from svcctl.domain.judging import (
    Gap,
    Judged,
    Obligation,
    first,
    judged,
    number_of,
    once,
    passed_over,
    standing_at,
)
from svcctl.domain.policy import Book, Policy, Rule
from svcctl.domain.replay import Fact, State, replay

Marked = dict[str, dict[str, list[Fact]]]


def obligations(state: State, book: Book) -> list[Obligation]:
    """Return every obligation of the case that ``state`` is the state of, in order of start."""
    found = _owed(state, book)
    changes = _changes(state)
    if changes:
        found = _with_breaches(state, book, changes, found)
    found.sort(key=by_start)
    return found


def _changes(state: State) -> list[Fact]:
    """Return the facts that changed a value of the head which changes in the course of things."""
    changing = state.case.kind.changing
    found = []
    for fact in state.facts:
        event = fact.event
        if event.do == "amended":
            if event.fields["target"] == "head" and event.fields["field"] in changing:
                found.append(fact)
        elif event.do == "settled" and event.fields["value"] in changing:
            found.append(fact)
    return found


def _with_breaches(
    state: State, book: Book, changes: Sequence[Fact], found: list[Obligation]
) -> list[Obligation]:
    """Return ``found``, but what was overdue before one of the ``changes`` as it was owed then.

    A request made normal, or urgent, is judged as such from its beginning; what somebody had let
    pass by that time has passed all the same.
    """
    kept = {(one.kind, one.number, one.started_by): one for one in found}
    counted = {fact.event.name for fact in state.facts} | {one.event.name for one in state.strays}
    counted |= {event.name for event in state.dismissed}
    case = state.case
    for place, change in reversed(list(enumerate(changes))):
        left_out = {fact.event.name for fact in changes[place:]}
        events = [one for one in case.events if one.name in counted and one.name not in left_out]
        for one in _owed(replay(Case(case.kind, case.head, events)), book):
            if _overdue(one, change.at):
                kept[one.kind, one.number, one.started_by] = one
    return list(kept.values())


def _overdue(one: Obligation, moment: datetime) -> bool:
    """Whether the due time had passed by ``moment``, with nothing done or explained in time."""
    return standing_at(one, moment, moment) in ("missed", "late")


def _owed(state: State, book: Book) -> list[Obligation]:
    found: list[Obligation] = []
    policies = _policies(state, book)
    ended = Ended(state)
    imported = _imported(state)
    engineers = _Engineers(state)
    for policy in policies:
        calendar = book.calendar_of(policy)
        for name, roles in marked(state, policy).items():
            rule = policy.rules[name]
            if rule.kinds and state.values.get("kind") not in rule.kinds:
                continue
            for fact in roles.get("starts", ()):
                if len(policies) > 1 and book.at(fact.at) is not policy:
                    continue
                if imported is not None and not _supplied(rule, fact, imported):
                    continue
                instance = _instance(state, policy, rule, roles, fact, calendar, ended, engineers)
                if instance is not None:
                    found.append(instance)
    return once(found)


def _policies(state: State, book: Book) -> list[Policy]:
    if len(book.policies) == 1:
        return book.policies
    seen: dict[int, Policy] = {}
    for fact in state.facts:
        policy = book.at(fact.at)
        seen[id(policy)] = policy
    return list(seen.values())


def marked(state: State, policy: Policy) -> Marked:
    """Return rule -> role -> the facts that have it."""
    found: Marked = {}
    table = policy.table
    for fact in state.facts:
        for name, role, pattern in table.get(fact.event.do, ()):
            if not pattern.conditions or pattern.holds(fact.lookup):
                facts = found.setdefault(name, {}).setdefault(role, [])
                if not facts or facts[-1] is not fact:
                    facts.append(fact)
    return found


class Ended:
    """When nothing more can come: of the case as a whole, and of each of its cycles.

    ``lapsed`` are the events that ended the case and were overcome by its reopening: what they
    waived is owed again, or else cancelling and reopening would make a breach vanish; what they met
    too (``lapses``). ``gaps`` are the times in between, which count as nobody's.
    """

    def __init__(self, state: State) -> None:
        ended = state.case.kind.ended
        self.last: Fact | None = None
        self.cycles: dict[int, Fact] = {}
        self.lapsed: set[str] = set()
        self.gaps: list[Gap] = []
        ending: Fact | None = None
        for fact in state.facts:
            if fact.state in ended:
                ending = ending or fact
            self.cycles[fact.cycle] = ending or fact
            if fact.state not in ended and ending is not None:
                self.lapsed.add(ending.event.name)
                if fact.at > ending.at:
                    self.gaps.append((ending, fact))
                ending = None
        self.cycles.pop(state.cycle, None)
        if ending is not None:
            self.last = ending

    def lapses(self, rule: Rule) -> Container[str]:
        """Return which events no longer meet ``rule``: endings that were overcome.

        What is promised for a time is met for good, and so is what belongs to a cycle that is over.
        """
        return () if rule.until or rule.per == "cycle" else self.lapsed

    def of(self, rule: Rule, number: int) -> Fact | None:
        """Return what ended an instance of ``rule`` with its cycle or its case, or None."""
        if rule.outlasts:
            return None
        return self.cycles.get(number, self.last) if rule.per == "cycle" else self.last


def _imported(state: State) -> tuple[datetime, frozenset[str]] | None:
    for fact in state.facts:
        if fact.event.do == "imported":
            supplied = str(fact.event.fields.get("supplied", "")).split()
            return fact.event.noted, frozenset(supplied)
    return None


def _supplied(rule: Rule, fact: Fact, imported: tuple[datetime, frozenset[str]]) -> bool:
    """Whether the map of the import supplied what ``rule`` is judged on (LEDGER)."""
    noted, names = imported
    if fact.event.noted > noted:
        return True
    return any(pattern.do in names for pattern in rule.met_by)


class _Engineers:
    """Who the engineer was, per visit: the latest dispatch or reassignment of each."""

    def __init__(self, state: State) -> None:
        self.by_visit: dict[int, str] = {}
        visits: dict[str, int] = {}
        for fact in state.facts:
            event = fact.event
            if event.do in ("dispatched", "reassigned"):
                visits[event.name] = fact.visit
                self.by_visit[fact.visit] = str(event.fields["to"])
            elif event.do == "settled" and event.fields["value"] == "engineer":
                settled = visits.get(str(event.fields["pick"]), fact.visit)
                self.by_visit[settled] = str(fact.values.get("engineer", ""))
        self.latest = state.text("engineer")

    def of(self, visit: int) -> str:
        return self.by_visit.get(visit, self.latest)


def _instance(
    state: State,
    policy: Policy,
    rule: Rule,
    roles: dict[str, list[Fact]],
    start: Fact,
    calendar: Calendar,
    ended: Ended,
    engineers: _Engineers,
) -> Obligation | None:
    number = number_of(rule, start)
    not_before = calendar.day_start(start.at, rule.not_before.amount) if rule.not_before else None
    passed = passed_over(state, rule, start)
    met = None
    if passed is None:
        met = first(state, rule, number, roles, "met_by", start, not_before, ended.lapses(rule))
    excused = first(state, rule, number, roles, "excused_by", start)
    waived = first(state, rule, number, roles, "waived_by", start, None, ended.lapsed)
    end = ended.of(rule, number)
    who = ""
    if rule.owner == "engineer":
        who = engineers.of(number if rule.per == "visit" else start.visit)
    return judged(
        Judged(state, policy, rule, roles, start, calendar, number, not_before, who, ended.gaps),
        met,
        excused,
        waived,
        end.at if end is not None else None,
        passed,
    )


def by_start(one: Obligation) -> tuple[datetime, str, int]:
    """Return the key by which obligations are put in order."""
    return one.starts, one.kind, one.number
