"""One instance of a rule, judged: which facts meet it, when it is due, where its clock stands still.

Knows one instance at a time; which instances a case has is ``obligations``. Rules of counting:
LEDGER "Times that are owed".
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple, cast

from svcctl.domain.calendar import Calendar
from svcctl.domain.counting import Rolls
from svcctl.domain.identity import event_order
from svcctl.domain.policy import Policy, Rule
from svcctl.domain.schema import as_text
from svcctl.domain.standing import standing
from svcctl.domain.state import Fact, State
from svcctl.domain.times import parse_instant

Gap = tuple[Fact, Fact]
"""What ended a case, and what took it up again."""


class Obligation(NamedTuple):
    """One thing owed, with all that its standing at any moment follows from.

    ``number`` is the visit's or the cycle's (0: the ticket's). ``who`` is a staff id where the
    owner is a person of the case, else "". ``due`` is None where it is owed without a time. ``met``, ``excused`` and ``ended`` are instants or None;
    ``ended`` is when it was waived or the case ended without it. ``paused`` is since when its clock
    stands still, ``pauses`` all spans in which it did. ``met_with`` names the events that can meet it, ``in_advance``
    also before it started.
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
    in_advance: bool


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
        rule.in_advance,
    )


def once(found: list[Obligation]) -> list[Obligation]:
    """Return ``found`` without what is owed already from an earlier start on, and met by the same."""
    first: dict[tuple[str, int], Obligation] = {}
    for one in found:
        if one.in_advance:
            known = first.setdefault((one.kind, one.number), one)
            if _begun(one) < _begun(known):
                first[one.kind, one.number] = one
    if not first:
        return found
    return [one for one in found if not one.in_advance or first[one.kind, one.number] is one]


def _begun(one: Obligation) -> tuple[datetime, tuple[int, str]]:
    return one.starts, event_order(one.started_by)


def first(
    state: State,
    rule: Rule,
    number: int,
    roles: dict[str, list[Fact]],
    role: str,
    start: Fact,
    not_before: datetime | None = None,
    lapsed: Container[str] = (),
) -> Fact | None:
    """Return the earliest fact of ``role`` in the instance's scope, from its start on.

    What meets a rule ``in_advance`` counts whenever it came.
    """
    best = None
    begun = (start.event.at, start.event.order)
    anytime = rule.in_advance and role == "met_by"
    for fact in roles.get(role, ()):
        if fact.event.name in lapsed:
            continue
        at = fact.event.at
        if not_before is not None and at < not_before:
            continue
        if not anytime and (at, fact.event.order) <= begun:
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


def standing_at(one: Obligation, asked: datetime, known: datetime | None = None) -> str:
    """Return the standing of an obligation at ``asked``; of what had happened by ``known`` alone."""

    def then(at: datetime | None) -> float | None:
        return None if at is None or (known is not None and at > known) else at.timestamp()

    due = one.due.timestamp() if one.due is not None else None
    times = (then(one.met), then(one.excused), then(one.ended), then(one.paused))
    return standing(due, *times, asked.timestamp())
