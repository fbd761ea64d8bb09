"""What a form owes, on seconds: a plan made ready to give rows of the index. Knows no files.

``obligations.judged`` is the definition; here is the same for a history whose form is known, without a
value of a type of its own on the way. Whatever a form can make of a rule that is not counted here
makes it a form without instances, and its tickets go the way of ``shapes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, cast

from svcctl.domain import counting
from svcctl.domain.calendar import Calendar
from svcctl.domain.counting import Clock, Rolls
from svcctl.domain.plans import Plan
from svcctl.domain.policy import Rule
from svcctl.domain.state import State
from svcctl.domain.times import EPOCH_DAY, Span, at_epoch, epoch_and_offset, parse_instant
from svcctl.ledger.plainlines import Told
from svcctl.ledger.rows import EXCUSED, LATE, MET, MISSED, REPORTED, UNDECIDED, WAIVED, Row

Due = tuple[int, int]
MOST_DAYS = 40_000
_MINUTES = {f"{m:02}:{s:02}": 60 * m + s for m in range(60) for s in range(60)}
"""The seconds within the hour, by minute and second as they are written."""


class Times:
    """A calendar that remembers, on seconds: what days periods end on, what offset days have."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.offsets: dict[int, int | None] = {}
        self._hours: dict[str, Due] = {}
        self.periods: dict[tuple[Span, str], dict[int, Due]] = {}
        self.starts: dict[int, dict[int, int]] = {}

    def offset(self, seconds: int) -> int:
        """The offset of the calendar's zone at an instant."""
        day = seconds // 86400
        try:
            known = self.offsets[day]
        except KeyError:
            zone = self.calendar.zone
            first, last = (
                epoch_and_offset(at_epoch(day * 86400 + at, zone))[1] for at in (0, 86399)
            )
            known = self.offsets[day] = first if first == last else None
        return (
            epoch_and_offset(at_epoch(seconds, self.calendar.zone))[1] if known is None else known
        )

    def day(self, seconds: int) -> int:
        """The local day of an instant, by its ordinal."""
        return (seconds + self.offset(seconds)) // 86400 + EPOCH_DAY

    def period(self, known: dict[int, Due], day: int, seconds: int, span: Span, rolls: str) -> Due:
        """When a period of days, months or years that begins on the day of ``seconds`` is over."""
        start = at_epoch(seconds, self.calendar.zone)
        due = epoch_and_offset(self.calendar.due(start, span, "wall", rolls))
        if len(known) >= MOST_DAYS:
            known.clear()
        if span.amount:  # of none, the hour decides
            known[day] = due
        return due

    def work(self, seconds: int, length: int, clock: str) -> int:
        """When so many seconds of a clock have passed."""
        return counting.add_time(self.calendar, seconds, length, cast(Clock, clock), ())

    def day_start(self, known: dict[int, int], day: int, count: int) -> int:
        """The first instant of the day ``count`` days after ``day``."""
        if len(known) >= MOST_DAYS:
            known.clear()
        known[day] = self.calendar.midnight(day + count)
        return known[day]

    def promised(self, value: object, rolls: str) -> Due:
        """What an event's own field promises: the end of a day, or an instant."""
        text = cast(str, value)
        if len(text) == 10:
            return epoch_and_offset(
                self.calendar.day_end(date.fromisoformat(text), cast(Rolls, rolls))
            )
        within = _MINUTES.get(text[14:19])
        if within is None:
            return epoch_and_offset(parse_instant(text))
        hour = text[:14] + text[19:]
        known = self._hours.get(hour)
        if known is None:
            seconds, offset = epoch_and_offset(parse_instant(text))
            if len(self._hours) >= MOST_DAYS:
                self._hours.clear()
            known = self._hours[hour] = (seconds - within, offset)
        return known[0] + within, known[1]


class Instance(NamedTuple):
    """One plan with all that can be known before the times are. -1: there is no such event.

    ``rank`` is its place among those that begin at the same moment.
    ``wall`` are seconds on the clock; else ``length`` are seconds of open time; else ``span`` are days,
    remembered in ``ends``; else ``until`` is the field of the event that promises; "" is no time.
    """

    rank: int
    rule_id: int
    number: int
    begun: int
    started_by: str
    meeting: tuple[int, ...]
    names: tuple[str, ...]
    excused: int
    waived: int
    end: int
    whose: int
    wall: int | None
    length: int | None
    span: Span | None
    ends: dict[int, Due]
    until: str
    rolls: str
    clock: str
    later: int | None
    latest: dict[int, int]
    tried: tuple[int, ...]


NOBODY, THE_ENGINEER = -2, -1


def instances(
    state: State, plans: Sequence[Plan], times: Times, rules: dict[str, int]
) -> list[Instance] | None:
    """Return what the plans of a form come to, in the order in which they begin, and then of kind and
    number; None where one cannot be counted here. ``state`` is that of any history of the form,
    ``rules`` the numbers of the rules."""
    found = []
    begun: set[tuple[str, int]] = set()
    ranked = enumerate(sorted(plans, key=lambda plan: (plan.rule.name, plan.number)))
    for rank, plan in sorted(ranked, key=lambda one: one[1].start):
        rule = plan.rule
        start = state.facts[plan.start].event
        if plan.pausing.get("paused_by") or plan.gaps:
            return None
        if rule.until and rule.until not in start.fields:
            return None
        if rule.in_advance:
            if (rule.name, plan.number) in begun:
                continue  # owed already, and met by the same
            begun.add((rule.name, plan.number))
        span, seconds = rule.within, rule.within.seconds if rule.within is not None else None
        whose = NOBODY if plan.who is None else plan.who
        found.append(
            Instance(
                rank,
                rules[rule.name],
                plan.number,
                plan.start,
                start.name,
                plan.met,
                tuple(state.facts[at].event.name for at in plan.met),
                _place(plan.excused),
                _place(plan.waived),
                _place(plan.end),
                whose,
                seconds if rule.clock == "wall" else None,
                seconds,
                span,
                {} if span is None else times.periods.setdefault((span, rule.rolls), {}),
                rule.until,
                rule.rolls,
                rule.clock,
                None if rule.not_before is None else rule.not_before.amount,
                {} if rule.not_before is None else _starts(times, rule),
                tuple(at for at, fact in enumerate(state.facts) if fact.event.do in rule.met_with),
            )
        )
    return found


def _place(place: int | None) -> int:
    return -1 if place is None else place


def _starts(times: Times, rule: Rule) -> dict[int, int]:
    assert rule.not_before is not None
    return times.starts.setdefault(rule.not_before.amount, {})


def rows(
    listed: list[Instance],
    times: Times,
    at: list[int],
    offset: int,
    told: list[Told],
    engineer: str,
    line: int,
) -> list[Row]:
    """Return these instances as ``rows.owing_row`` gives them, in order.

    ``at`` are the instants of the events, all with one ``offset``, ``line`` that on which the first of
    them stands.
    """
    found: list[Row] = []
    offset_of = times.offsets.get
    for (
        _,
        rule_id,
        number,
        begun,
        started_by,
        meeting,
        names,
        excused,
        waived,
        end,
        whose,
        wall,
        length,
        span,
        ends,
        until,
        rolls,
        clock,
        later,
        latest,
        tried,
    ) in listed:
        starts = at[begun]
        due: int | None
        due_offset: int | None
        if wall is not None:
            due = starts + wall
            due_offset = offset_of(due // 86400)
            if due_offset is None:
                due_offset = times.offset(due)
        elif length is not None:
            due = times.work(starts, length, clock)
            due_offset = times.offset(due)
        elif span is not None:
            day = times.day(starts)
            due, due_offset = ends.get(day) or times.period(ends, day, starts, span, rolls)
        elif until:
            due, due_offset = times.promised(told[begun].texts[until], rolls)
        else:
            due = due_offset = None
        not_before = met = None
        if later is None:
            place = 0 if meeting else -1
        else:
            day = times.day(starts)
            not_before = latest.get(day) or times.day_start(latest, day, later)
            place = next((n for n, one in enumerate(meeting) if at[one] >= not_before), -1)
        finish = at[end] if end >= 0 else None
        if waived >= 0 and (finish is None or at[waived] < finish):
            finish = at[waived]
        if finish is not None and finish < starts:
            finish = starts
        met_offset, met_by = None, ""
        if place >= 0:
            met = at[meeting[place]]
            if waived >= 0 and at[waived] < met and (due is None or due < met):
                met = None  # nobody waited for it any more
            else:
                met_offset, met_by, finish = offset, names[place], None
        if met is not None:
            decided = MET if due is None or met <= due else EXCUSED if excused >= 0 else LATE
        elif excused >= 0:
            decided = EXCUSED
        elif finish is not None:
            decided = WAIVED if due is None or finish <= due else MISSED
        else:
            decided = UNDECIDED
        found.append(
            (
                rule_id,
                number,
                "" if whose < THE_ENGINEER else engineer if whose < 0 else told[whose].texts["to"],
                starts,
                offset,
                started_by,
                not_before,
                due,
                due_offset,
                met,
                met_offset,
                met_by,
                at[excused] if excused >= 0 else None,
                finish,
                None,
                decided,
                sum(1 for one in tried if at[one] >= starts) if decided == UNDECIDED else 0,
                line + begun if decided in REPORTED else 0,
            )
        )
    if len(set(at)) < len(at):  # of those that began at once the rank decides, not the event
        ranks = [one.rank for one in listed]
        places = sorted(range(len(found)), key=lambda n: (at[listed[n].begun], ranks[n]))
        return [found[n] for n in places]
    return found
