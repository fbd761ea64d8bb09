"""The arithmetic of what is owed: working time, days, months, pauses. Knows rules, not windows.

Sources: LEDGER, "Times that are owed"; PRC Civil Code, articles 200 to 204. Decisions beyond them:

* Working time reached exactly at a closing is due at that closing, not at the next opening.
* ``rolls="never"``: a closed last day ends at its 24:00.
* Counting backwards (a negative span): the last day is that many days *before*, and a closed one
  moves back to the open day before it, since what must be done before must not come later.
* No days (``0d``): the day of the event itself, or where that is over or closed, the next open day.
* A pause moves a period of days by the local midnights inside it (from its start up to, not
  including, its end). If the period would still end while the pause lasts, it ends a day later.
  Periods of days that are counted backwards know no pauses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from svcctl.domain import times
from svcctl.domain.problems import N_, Message, Refusal, Usage
from svcctl.domain.times import Span, add_months

if TYPE_CHECKING:
    from svcctl.domain.calendar import Calendar, Clock, Pauses, Rolls


#: 29 February can be eight years away; a calendar closed for longer never opens.
EMPTY_MONTHS = 12 * 9
EMPTY_DAYS = 366 * 9
MOST_PERIODS = 20_000


def out_of_range() -> Usage:
    """To raise when the answer lies where dates end: only a typed time or span gets that far."""
    return Usage(
        "range",
        Message(N_("the time lies outside the years 2 to 9998"), {}),
        Message(N_("give a time or a span nearer to the present"), {}),
    )


def never_opens() -> Refusal:
    """To raise when nothing is open for nine years on end."""
    return Refusal(
        "never-opens",
        Message(N_("the calendar does not open for nine years on end"), {}),
        Message(N_("look at its days and yearly days: too much is closed"), {}),
    )


# Time on a clock --------------------------------------------------------------------------------


def add_work(calendar: Calendar, start: int, seconds: int) -> int:
    """The earliest instant by which ``seconds`` were open since ``start``; for negative ones the
    latest instant since which they are; ``start`` itself for 0."""
    if seconds > 0:
        for block in calendar.forward(start):
            done = block.worked(start)
            if seconds <= block.shape.total - done:
                return block.reach(done + seconds)
            seconds -= block.shape.total - done
    elif seconds < 0:
        for block in calendar.backward(start):
            done = block.worked(start)
            if -seconds <= done:
                return block.reach_back(done + seconds)
            seconds += done
    return start


def work_between(calendar: Calendar, start: int, end: int) -> int:
    """Open seconds from ``start`` to ``end``; negative when ``end`` is earlier."""
    if end < start:
        return -work_between(calendar, end, start)
    return sum(
        block.worked(end) - block.worked(start) for block in calendar.blocks_between(start, end)
    )


def united(pauses: Pauses) -> list[tuple[int, int]]:
    """Pauses as epoch seconds in order, overlapping and touching ones joined, empty ones left out."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((times.epoch(start), times.epoch(end)) for start, end in pauses):
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def between(calendar: Calendar, start: int, end: int, clock: Clock, pauses: Pauses = ()) -> int:
    """Seconds of ``clock`` from ``start`` to ``end`` that lie outside the pauses."""
    if end < start:
        return -between(calendar, end, start, clock, pauses)
    total = _elapsed(calendar, start, end, clock)
    for begins, ends in united(pauses):
        low, high = max(begins, start), min(ends, end)
        if low < high:
            total -= _elapsed(calendar, low, high, clock)
    return total


def _elapsed(calendar: Calendar, start: int, end: int, clock: Clock) -> int:
    return end - start if clock == "wall" else work_between(calendar, start, end)


def _advance(calendar: Calendar, start: int, seconds: int, clock: Clock) -> int:
    return start + seconds if clock == "wall" else add_work(calendar, start, seconds)


def add_time(calendar: Calendar, start: int, seconds: int, clock: Clock, pauses: Pauses) -> int:
    """``start`` plus ``seconds`` of the clock, not counting what of it falls into a pause."""
    stops = united(pauses) if pauses else []
    if seconds < 0:
        for begins, ends in reversed(stops):
            ends = min(ends, start)
            if begins >= ends:
                continue
            running = _elapsed(calendar, ends, start, clock)
            if -seconds <= running:
                break
            seconds, start = seconds + running, begins
        return _advance(calendar, start, seconds, clock)
    for begins, ends in stops:
        begins = max(begins, start)
        if begins >= ends:
            continue
        running = _elapsed(calendar, start, begins, clock)
        if seconds <= running:
            break
        seconds, start = seconds - running, ends
    return _advance(calendar, start, seconds, clock)


# Days -------------------------------------------------------------------------------------------


def add_days(calendar: Calendar, ordinal: int, count: int) -> int:
    """The ``count``-th open day after the day, or before it; for 0 the day itself or the next open."""
    if count == 0:
        return _open_day(calendar, ordinal, 1)
    step = 1 if count > 0 else -1
    for _ in range(abs(count)):
        ordinal = _open_day(calendar, ordinal + step, step)
    return ordinal


def _open_day(calendar: Calendar, ordinal: int, step: int) -> int:
    """The first open day from ``ordinal`` on in steps of ``step``."""
    for candidate in range(ordinal, ordinal + step * EMPTY_DAYS, step):
        if calendar.closing(candidate) is not None:
            return candidate
    raise never_opens()


def end_of_period(
    calendar: Calendar, ordinal: int, rolls: Rolls, step: int = 1
) -> tuple[int, datetime]:
    """The last day of a period as it counts, and the instant at which that day ends.

    An open day ends when its last window closes. A closed one moves to the next open day in the
    direction ``step``, or for ``rolls="never"`` ends at its own 24:00.
    """
    closing = calendar.closing(ordinal)
    if closing is not None:
        return ordinal, closing
    if rolls == "never":
        return ordinal, calendar.moment(calendar.midnight(ordinal + 1))
    ordinal = _open_day(calendar, ordinal + step, step)
    return ordinal, calendar.closing(ordinal) or calendar.moment(calendar.midnight(ordinal + 1))


def count_days(calendar: Calendar, start: datetime, count: int, rolls: Rolls) -> datetime:
    """When a period of ``count`` days ends; the day of ``start`` is not counted (article 201)."""
    first = calendar.ordinal_of(start)
    return _period(calendar, start, first, first + count, rolls)[1]


def count_months(calendar: Calendar, start: datetime, count: int, rolls: Rolls) -> datetime:
    """When a period of ``count`` months ends: on the corresponding day (article 202)."""
    first = calendar.ordinal_of(start)
    return _period(calendar, start, first, _months_on(first, count), rolls)[1]


def _months_on(ordinal: int, count: int) -> int:
    try:
        return add_months(date.fromordinal(ordinal), count).toordinal()
    except ValueError:
        raise out_of_range() from None


def _period(
    calendar: Calendar, start: datetime, first: int, last: int, rolls: Rolls
) -> tuple[int, datetime]:
    day, end = end_of_period(calendar, last, rolls, -1 if last < first else 1)
    if last == first and end < start:
        # 0d after hours: the day of the event is over already.
        if rolls == "never":
            return day, calendar.moment(calendar.midnight(first + 1))
        return end_of_period(calendar, first + 1, rolls)
    return day, end


def _paused_period(
    calendar: Calendar,
    start: datetime,
    first: int,
    last: int,
    rolls: Rolls,
    pauses: Iterable[tuple[int, int]],
) -> datetime:
    """The end of the period of days that ``pauses`` (united) put off."""
    day, end = _period(calendar, start, first, last, rolls)
    for begins, ends in pauses:
        begins = max(begins, times.epoch(start))
        if begins >= ends:
            continue
        if begins >= times.epoch(end):
            break
        # A pause that begins after the nominal last day meets the day it was moved to.
        base = last if begins < calendar.midnight(last + 1) else day
        last = base + _midnights(calendar, begins, ends)
        day, end = end_of_period(calendar, last, rolls)
        if times.epoch(end) < ends:
            last = day + 1
            day, end = end_of_period(calendar, last, rolls)
    return end


def _midnights(calendar: Calendar, begins: int, ends: int) -> int:
    """Local midnights from ``begins`` up to, not including, ``ends``."""
    first = calendar.ordinal_of(calendar.moment(begins - 1))
    return calendar.ordinal_of(calendar.moment(ends - 1)) - first


# What a rule says -------------------------------------------------------------------------------


def due(
    calendar: Calendar, start: datetime, span: Span, clock: Clock, rolls: Rolls, pauses: Pauses
) -> datetime:
    """When ``span`` from ``start`` is over; a person is in time up to and at that very second.

    ``s``, ``m``, ``h`` count time on the clock (``wall``, or ``work``: open time); a pause adds
    exactly the clock's time inside it. ``d``, ``mo``, ``y`` count days whatever the clock says.
    Pauses reach from their first instant up to their last; what of them overlaps counts once, what
    lies before ``start`` or after the end not at all. Raises Usage beyond the years 2 to 9998.
    """
    seconds = span.seconds
    if seconds is not None:
        end = add_time(calendar, times.epoch(start), seconds, clock, pauses)
        return calendar.moment(end)
    first = calendar.ordinal_of(start)
    if span.unit == "d":
        last = first + span.count
    else:
        last = _months_on(first, span.count * (12 if span.unit == "y" else 1))
    if not pauses and last != first:
        # The hour of the start says nothing then, so that few periods serve many starts.
        end_of = calendar.periods.get((first, last, rolls))
        if end_of is None:
            end_of = _period(calendar, start, first, last, rolls)[1]
            if len(calendar.periods) >= MOST_PERIODS:
                calendar.periods.clear()
            calendar.periods[first, last, rolls] = end_of
        return end_of
    if pauses and span.count >= 0:
        return _paused_period(calendar, start, first, last, rolls, united(pauses))
    return _period(calendar, start, first, last, rolls)[1]
