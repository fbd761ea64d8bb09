"""Why something is owed when it is: the steps of an obligation's counting, each as a sentence.

Knows rules and calendars; no clock, and not how a sentence is shown. Every number in it comes from
the calendar that ``obligations`` asked, so that the steps lead to the due time that is owed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from svcctl.domain.calendar import Calendar
from svcctl.domain.checks.owed_rules import span_text
from svcctl.domain.judging import Obligation, passed_over
from svcctl.domain.money import steps
from svcctl.domain.moved import moves
from svcctl.domain.policy import Book, Policy, Rule
from svcctl.domain.problems import N_, Message
from svcctl.domain.schema import as_text
from svcctl.domain.state import Fact, State
from svcctl.domain.times import add_months, deadline_text

MOST_WINDOWS = 8

CLOSED = {
    "closed": N_("{day} is closed, as every {weekday}"),
    "holiday": N_("{day} is a statutory holiday"),
    "yearly": N_("{day} is closed every year"),
    "override": N_("{day} is closed by the calendar's `days`"),
}
"""Why a day has no window, by the calendar's kind of day."""

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def policy_of(book: Book, one: Obligation) -> Policy:
    """Return the policy that an obligation is judged by: that in force when it began."""
    return next(policy for policy in book.policies if policy.path == one.policy)


def reasons(state: State, book: Book, one: Obligation, as_of: datetime) -> list[Message]:
    """Return the steps from the start of ``one`` to what became of it by ``as_of``."""
    policy = policy_of(book, one)
    rule, calendar = policy.rules[one.kind], book.calendar_of(policy)
    return [
        *_start(state, one),
        *_rule(rule, policy, one),
        *_moved(state, rule, one),
        *_counted(rule, calendar, one),
        *_pauses(state, rule, one),
        _due(one),
        *_money(state, rule),
        *_outcome(state, rule, one, as_of),
    ]


def when(instant: datetime) -> str:
    """Return an instant as people say it, to the minute (seconds only where there are any)."""
    return instant.strftime("%Y-%m-%d %H:%M:%S" if instant.second else "%Y-%m-%d %H:%M")


def _fact(state: State, name: str) -> Fact | None:
    return next((fact for fact in state.facts if fact.event.name == name), None)


def _start(state: State, one: Obligation) -> Iterator[Message]:
    fact = _fact(state, one.started_by)
    do = fact.event.do if fact else ""
    args = {"event": one.started_by, "do": do, "at": when(one.starts)}
    yield Message(N_("started by {event} {do}, {at}"), args)


def _rule(rule: Rule, policy: Policy, one: Obligation) -> Iterator[Message]:
    place = f"{one.policy}:{one.line}"
    args = {"place": place, "rule": one.rule, "version": policy.version}
    if rule.unlimited:
        yield Message(N_("rule: without a time limit ({place}, policy {version})"), args)
    elif rule.within is None:
        args["field"] = rule.until
        yield Message(N_("rule: until the time in {field} ({place}, policy {version})"), args)
    elif rule.within.seconds is None:
        yield Message(N_("rule: within {rule}, counted in days ({place}, policy {version})"), args)
    elif rule.clock == "work":
        yield Message(N_("rule: within {rule} of working time ({place}, policy {version})"), args)
    else:
        yield Message(N_("rule: within {rule} round the clock ({place}, policy {version})"), args)


def _moved(state: State, rule: Rule, one: Obligation) -> Iterator[Message]:
    """Say which amendments gave the times by which this is judged: who, when, from what to what."""
    start = _fact(state, one.started_by)
    named = one.started_by if start and rule.until in start.event.fields else "head"
    places = {(named, rule.until), (one.started_by, "at"), (one.met_by, "at")}
    for move in moves(state) if state.counts.get("amended") else ():
        if (move.target, move.field) not in places:
            continue
        text = N_("{by} changed {field} of {target} from {since} to {until} ({event}, {noted})")
        if move.was_over and move.field != "at":
            text = N_(
                "{by} changed {field} of {target} from {since} to {until} "
                "({event}, {noted}, when it was over)"
            )
        args = {"by": move.event.by, "field": move.field, "target": move.target}
        args |= {"since": as_text(move.old or ""), "until": as_text(move.new)}
        yield Message(text, {**args, "event": move.event.name, "noted": as_text(move.event.noted)})


def _counted(rule: Rule, calendar: Calendar, one: Obligation) -> Iterator[Message]:
    if one.due is None:
        pass
    elif rule.within is None:
        yield from _promised(calendar, one.due)
    elif rule.within.seconds is None:
        yield from _days(rule, calendar, one)
    elif rule.clock == "work":
        yield from _windows(calendar, one)
    if one.not_before is not None:
        args = {"at": when(one.not_before), "span": str(rule.not_before)}
        yield Message(N_("does not count before {at} (not before {span})"), args)


def _promised(calendar: Calendar, due: datetime) -> Iterator[Message]:
    if when(due) == when(calendar.day_end(due.date())):
        yield Message(N_("that day ends when its last window closes"), {})


def _days(rule: Rule, calendar: Calendar, one: Obligation) -> Iterator[Message]:
    assert rule.within is not None
    first = one.starts.astimezone(calendar.zone).date()
    count, unit = rule.within.amount, rule.within.unit
    if unit == "d":
        last = first + timedelta(days=count)
    else:
        last = add_months(first, count * (12 if unit == "y" else 1))
    yield Message(N_("the day of the event is not counted: {day}"), {"day": first.isoformat()})
    if one.pauses:
        plain = calendar.due(one.starts, rule.within, rule.clock, rule.rolls)
        yield Message(N_("without its pauses it would be due {at}"), {"at": deadline(plain)})
        return
    for number in range(1, min(count, MOST_WINDOWS) if unit == "d" else 1):
        day = first + timedelta(days=number)
        args = {"number": str(number), "day": str(day), "weekday": WEEKDAYS[day.weekday()]}
        yield Message(N_("day {number}: {day}, a {weekday}"), args)
    if unit == "d" and count > MOST_WINDOWS:
        yield Message(N_("and further days: {count}"), {"count": str(count - MOST_WINDOWS)})
    args = {"day": last.isoformat(), "weekday": WEEKDAYS[last.weekday()]}
    yield Message(N_("its last day is {day}, a {weekday}"), args)
    yield from _rolled(rule, calendar, last)


def _rolled(rule: Rule, calendar: Calendar, last: date) -> Iterator[Message]:
    """Say why a closed last day moves, day by day, and what the day ends with."""
    day = last
    while not calendar.is_open_day(day):
        # A day with windows that clocks skip altogether is closed too; the week does not say so.
        reason = CLOSED.get(calendar.kind(day), CLOSED["override"])
        yield Message(reason, {"day": day.isoformat(), "weekday": WEEKDAYS[day.weekday()]})
        if rule.rolls == "never":
            yield Message(N_("by its rule the period ends there nevertheless, at 24:00"), {})
            return
        day += timedelta(days=1)
    if day != last:
        yield Message(N_("so the period ends on the next open day, {day}"), {"day": str(day)})
    shown = ", ".join(map(str, calendar.windows(day)))
    args = {"day": day.isoformat(), "windows": shown, "kind": calendar.kind(day)}
    if calendar.kind(day) == "makeup":
        yield Message(N_("{day} is a make-up working day, open {windows}"), args)
    else:
        yield Message(N_("{day} is open {windows}"), args)


def _windows(calendar: Calendar, one: Obligation) -> Iterator[Message]:
    """Say which windows lie between start and due time; what of them was a pause does not count."""
    spans = counted(calendar, one)
    for opens, closes in spans[:MOST_WINDOWS]:
        length = span_text(int((closes - opens).total_seconds()))
        args = {"opens": when(opens), "closes": closes.strftime("%H:%M"), "length": length}
        yield Message(N_("open {opens} to {closes}: {length}"), args)
    rest = len(spans) - MOST_WINDOWS
    if rest > 0:
        yield Message(N_("and further windows: {count}"), {"count": str(rest)})


def counted(calendar: Calendar, one: Obligation) -> list[tuple[datetime, datetime]]:
    """Return the opening hours from the start of ``one`` to its due time, without its pauses."""
    spans = calendar.open_between(one.starts, one.due) if one.due is not None else []
    for start, end in one.pauses:
        cut = []
        for opens, closes in spans:
            cut += [(opens, min(closes, start)), (max(opens, end), closes)]
        spans = [(opens, closes) for opens, closes in cut if opens < closes]
    return spans


def _pauses(state: State, rule: Rule, one: Obligation) -> Iterator[Message]:
    for start, end in one.pauses:
        args = {"start": when(start), "end": when(end), **_reason(state, rule, start)}
        yield Message(
            N_("its clock stood still from {start} to {end}: {event} {do} {reason}"), args
        )
    if one.paused is not None:
        args = {"at": when(one.paused), **_reason(state, rule, one.paused)}
        yield Message(N_("its clock stands still since {at}: {event} {do} {reason}"), args)


def _reason(state: State, rule: Rule, since: datetime) -> dict[str, str]:
    """Return the event that stopped the clock: a pause, or the end of the ticket before reopening."""
    ended = state.case.kind.ended
    stopped = [
        fact
        for fact in state.facts
        if fact.at <= since
        and (
            fact.state in ended
            or any(p.do == fact.event.do and p.holds(fact.lookup) for p in rule.paused_by)
        )
    ]
    event = max(stopped, key=lambda fact: (fact.at, fact.event.order)).event
    words = event.fields.get("reason", event.fields.get("words", ""))
    return {"event": event.name, "do": event.do, "reason": f"({words})" if words else ""}


def deadline(due: datetime) -> str:
    """Return a due time as people say it: an end at 00:00 is the day before, 24:00."""
    return " ".join(deadline_text(due))


def _due(one: Obligation) -> Message:
    owner = one.who or one.owner
    if one.due is None:
        return Message(N_("owed by {owner} until it is done"), {"owner": owner})
    return Message(N_("due {at}, by {owner}"), {"at": deadline(one.due), "owner": owner})


def _money(state: State, rule: Rule) -> list[Message]:
    """Say what was agreed and what came in, where that decides."""
    return steps(state) if any(pattern.do == "paid" for pattern in rule.met_by) else []


def _outcome(state: State, rule: Rule, one: Obligation, as_of: datetime) -> Iterator[Message]:
    if one.met is not None:
        fact = _fact(state, one.met_by)
        args = {"event": one.met_by, "do": fact.event.do if fact else "", "at": when(one.met)}
        late = int((one.met - one.due).total_seconds()) if one.due else 0
        if one.due is None and one.met < one.starts:
            yield Message(N_("met in advance by {event} {do}, {at}"), args)
        elif one.due is None:
            yield Message(N_("met by {event} {do}, {at}"), args)
        elif late > 0:
            args["gap"] = span_text(late)
            yield Message(N_("met by {event} {do}, {at}, {gap} late"), args)
        else:
            yield Message(N_("met by {event} {do}, {at}, in time"), args)
    if one.excused is not None:
        yield Message(N_("excused by an explanation, {at}"), {"at": when(one.excused)})
    passed = passed_over(state, rule, start) if (start := _fact(state, one.started_by)) else None
    if passed is not None:
        args = {"event": passed.event.name, "do": passed.event.do, "at": when(passed.at)}
        if passed.event.do == "settled":
            yield Message(N_("waived: the other dispatch was picked by {event} {do}, {at}"), args)
        else:
            yield Message(N_("waived: {event} {do} of {at} is the same, from another desk"), args)
    elif one.met is None and one.ended is not None:
        yield Message(N_("ended without it, {at}"), {"at": when(one.ended)})
    if one.met is None and one.ended is None:
        texts = ", ".join(pattern.text for pattern in rule.met_by)
        yield Message(N_("would be met by {patterns}"), {"patterns": texts})
        if one.due is None or one.excused is not None:
            return
        if one.paused is not None and one.paused <= one.due:
            return  # its clock stands still: nothing runs out
        left = int((one.due - as_of).total_seconds())
        args = {"at": when(as_of), "gap": span_text(left)}
        if left >= 0:
            yield Message(N_("at {at} {gap} are left"), args)
        else:
            yield Message(N_("at {at} it is {gap} overdue"), args)
