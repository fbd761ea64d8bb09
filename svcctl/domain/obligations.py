"""``obligations``: state and policy -> what is owed, by whom, by when, why. Knows no clock.

What an obligation *is* at a moment (open, missed, ...) is ``standing.standing``: nothing that depends
on the moment of asking is computed here, so that the result can be kept beside the events.

Rules of counting: LEDGER "Times that are owed". An instance is judged by the policy in force when
it started. Deadlines follow ``at``; so an event written down late meets what it met in time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple, cast

from svcctl.domain.calendar import Calendar, Rolls
from svcctl.domain.cases import Case
from svcctl.domain.policy import Book, Policy, Rule
from svcctl.domain.replay import Fact, State, replay
from svcctl.domain.schema import as_text
from svcctl.domain.standing import standing
from svcctl.domain.times import parse_instant


class Obligation(NamedTuple):
    """One thing owed, with all that its standing at any moment follows from.

    ``number`` is the visit's or the cycle's (0: the ticket's). ``who`` is a staff id where the
    owner is a person of the case, else "". ``due`` is None where it is owed without a time. ``met``, ``excused`` and ``ended`` are instants or None;
    ``ended`` is when it was waived or the case ended without it. ``paused`` is since when its clock
    stands still, ``pauses`` all spans in which it did. ``met_with`` names the events that can meet it.
    """

    kind: str
    number: int
    owner: str
    who: str
    starts: datetime
    started_by: str
    not_before: datetime | None
    due: datetime | None
    met: datetime | None
    met_by: str
    excused: datetime | None
    ended: datetime | None
    paused: datetime | None
    pauses: tuple[tuple[datetime, datetime], ...]
    severity: str
    policy: str
    line: int
    rule: str
    met_with: tuple[str, ...]


Marked = dict[str, dict[str, list[Fact]]]
Gap = tuple[Fact, Fact]
"""What ended a case, and what took it up again."""


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

    def then(at: datetime | None) -> float | None:
        return None if at is None or at > moment else at.timestamp()

    due = one.due.timestamp() if one.due is not None else None
    times = (then(one.met), then(one.excused), then(one.ended), then(one.paused))
    return standing(due, *times, moment.timestamp()) in ("missed", "late")


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
    return found


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
    not_before = calendar.day_start(start.at, rule.not_before.count) if rule.not_before else None
    passed = passed_over(state, rule, start)
    met = None
    if passed is None:
        met = _first(state, rule, number, roles, "met_by", start, not_before, ended.lapses(rule))
    excused = _first(state, rule, number, roles, "excused_by", start)
    waived = _first(state, rule, number, roles, "waived_by", start, None, ended.lapsed)
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


def passed_over(state: State, rule: Rule, start: Fact) -> Fact | None:
    """Return since when another start of the same visit stands for ``start``; None where none does.

    Where the values of two starts were settled apart, what is due at one of them follows that one,
    and all else the one settled first.
    """
    marks = state.passed.get(start.event.name, {})
    return marks.get(rule.until if rule.until in marks else "")


class Judged(NamedTuple):
    """An instance of a rule before it is judged: what started it, and what it is judged with."""

    state: State
    policy: Policy
    rule: Rule
    roles: dict[str, list[Fact]]
    start: Fact
    calendar: Calendar
    number: int
    not_before: datetime | None
    who: str
    gaps: Sequence[Gap] = ()


_NEVER: tuple[list[tuple[datetime, datetime]], datetime | None] = ([], None)


def judged(
    one: Judged,
    met: Fact | None,
    excused: Fact | None,
    waived: Fact | None,
    end: datetime | None,
    passed: Fact | None = None,
) -> Obligation | None:
    """Return the obligation that these facts make of an instance; None where it has no time.

    What was ``passed`` over was never to be done: it is waived, however long after its due time.
    """
    state, policy, rule, roles, start, calendar, number, not_before, who, gaps = one
    starts = start.event.at
    if waived is not None and (end is None or waived.at < end):
        end = waived.at
    if end is not None and end < starts:
        end = starts
    if rule.within is None:
        gaps = ()  # nothing is counted that could stand still
    pauses, paused = _NEVER
    if gaps or (rule.paused_by and roles.get("paused_by")):
        stop = end if met is None else min(fact.at for fact in (met, waived) if fact is not None)
        pauses, paused = _pauses(state, rule, number, roles, start, gaps, stop)
    due = _due(rule, start, calendar, pauses)
    if due is None and not rule.unlimited:
        return None
    if passed is not None:
        end, excused = max(starts, passed.at), None
        end = end if due is None else min(due, end)
    late = due is None or (met is not None and due < met.at)
    if met is not None and waived is not None and waived.at < met.at and late:
        met = None  # nobody waited for it any more
    return Obligation(
        rule.name,
        number,
        rule.owner,
        who,
        starts,
        start.event.name,
        not_before,
        due,
        met.event.at if met else None,
        met.event.name if met else "",
        excused.event.at if excused else None,
        None if met else end,
        paused,
        tuple(pauses),
        rule.severity,
        policy.path,
        rule.line,
        rule.text,
        rule.met_with,
    )


def by_start(one: Obligation) -> tuple[datetime, str, int]:
    """Return the key by which obligations are put in order."""
    return one.starts, one.kind, one.number


def _first(
    state: State,
    rule: Rule,
    number: int,
    roles: dict[str, list[Fact]],
    role: str,
    start: Fact,
    not_before: datetime | None = None,
    lapsed: Container[str] = (),
) -> Fact | None:
    """Return the earliest fact of ``role`` in the instance's scope, from its start on."""
    best = None
    for fact in roles.get(role, ()):
        if fact.event.name in lapsed:
            continue
        at = fact.event.at
        if at < start.event.at or (not_before is not None and at < not_before):
            continue
        if at == start.event.at and fact.event.order <= start.event.order:
            continue
        if (best is None or at < best.event.at) and in_scope(state, rule, number, fact):
            best = fact
    return best


def number_of(rule: Rule, start: Fact) -> int:
    """Return the number of the instance that ``start`` starts: of its visit, its cycle, or 0."""
    if rule.per == "visit":
        return max(1, start.visit)
    return start.cycle if rule.per == "cycle" else 0


def in_scope(state: State, rule: Rule, number: int, fact: Fact) -> bool:
    """Whether a fact can belong to the instance of ``rule`` with this number."""
    if rule.per == "ticket":
        return True
    if rule.per == "cycle":
        return fact.cycle == number
    kind = state.case.kind
    do = fact.event.do
    if do in kind.visit_starts or kind.events[do].scoped:
        return fact.visit == number or (fact.visit == 0 and number == 1)
    return True


_ENDED = "ended"
"""Under which the time counts in which the case was over: nobody can resume it but by reopening."""


def _pauses(
    state: State,
    rule: Rule,
    number: int,
    roles: dict[str, list[Fact]],
    start: Fact,
    gaps: Iterable[Gap],
    stop: datetime | None,
) -> tuple[list[tuple[datetime, datetime]], datetime | None]:
    """Return the closed pauses of this instance, and since when it is paused now.

    What is resumed ``for`` something ends the pause for that alone, else all of them; the clock runs
    when none is left. It stands at ``stop`` for good: a pause is not longer than that.
    """
    turns = [
        (fact.at, fact.event.order, role == "paused_by", as_text(fact.event.fields.get("for", "")))
        for role in ("paused_by", "resumed_by")
        for fact in roles.get(role, ())
        if in_scope(state, rule, number, fact)
    ]
    for ending, again in gaps:
        turns.append((ending.at, ending.event.order, True, _ENDED))
        turns.append((again.at, again.event.order, False, _ENDED))
    turns.sort()
    waiting: set[str] = set()
    since = start.at
    pauses: list[tuple[datetime, datetime]] = []
    for at, _, pausing, reason in turns:
        if stop is not None and at >= stop:
            break
        if pausing:
            since = since if waiting else max(at, start.at)
            waiting.add(reason)
        elif waiting:
            waiting = waiting - {reason} if reason else waiting & {_ENDED}
            if not waiting and at > since:
                pauses.append((since, at))
    if waiting and stop is not None and stop > since:
        pauses.append((since, stop))
    return pauses, since if waiting and stop is None else None


def _due(
    rule: Rule, start: Fact, calendar: Calendar, pauses: list[tuple[datetime, datetime]]
) -> datetime | None:
    if rule.within is not None:
        return calendar.due(start.event.at, rule.within, rule.clock, rule.rolls, pauses)
    promised = start.lookup(rule.until) if rule.until else None
    if isinstance(promised, datetime):
        return promised
    if not isinstance(promised, str):
        return None
    if len(promised) == 10:
        return calendar.day_end(date.fromisoformat(promised), cast(Rolls, rule.rolls))
    return parse_instant(promised)
