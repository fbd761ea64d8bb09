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
from typing import TYPE_CHECKING, Literal

from svcctl.domain import times
from svcctl.domain.opening_hours import never_opens, out_of_range
from svcctl.domain.times import Span, add_months

if TYPE_CHECKING:
    from svcctl.domain.opening_hours import OpeningHours

Clock = Literal["wall", "work"]
Rolls = Literal["open-day", "never"]
Pauses = Iterable[tuple[datetime, datetime]]

EMPTY_DAYS = 366 * 9
"""As far as hours look for an opening (``opening_hours.EMPTY_MONTHS``), in days."""
MOST_PERIODS = 20_000


# Time on a clock --------------------------------------------------------------------------------


def add_work(hours: OpeningHours, start: int, seconds: int) -> int:
    """The earliest instant by which ``seconds`` were open since ``start``; for negative ones the
    latest instant since which they are; ``start`` itself for 0."""
    if seconds > 0:
        for block in hours.forward(start):
            done = block.worked(start)
            if seconds <= block.shape.total - done:
                return block.reach(done + seconds)
            seconds -= block.shape.total - done
    elif seconds < 0:
        for block in hours.backward(start):
            done = block.worked(start)
            if -seconds <= done:
                return block.reach_back(done + seconds)
            seconds += done
    return start


def work_between(hours: OpeningHours, start: int, end: int) -> int:
    """Open seconds from ``start`` to ``end``; negative when ``end`` is earlier."""
    if end < start:
        return -work_between(hours, end, start)
    return sum(
        block.worked(end) - block.worked(start) for block in hours.blocks_between(start, end)
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


def between(hours: OpeningHours, start: int, end: int, clock: Clock, pauses: Pauses = ()) -> int:
    """Seconds of ``clock`` from ``start`` to ``end`` that lie outside the pauses."""
    if end < start:
        return -between(hours, end, start, clock, pauses)
    total = _elapsed(hours, start, end, clock)
    for begins, ends in united(pauses):
        low, high = max(begins, start), min(ends, end)
        if low < high:
            total -= _elapsed(hours, low, high, clock)
    return total


def _elapsed(hours: OpeningHours, start: int, end: int, clock: Clock) -> int:
    return end - start if clock == "wall" else work_between(hours, start, end)


def _advance(hours: OpeningHours, start: int, seconds: int, clock: Clock) -> int:
    return start + seconds if clock == "wall" else add_work(hours, start, seconds)


def add_time(hours: OpeningHours, start: int, seconds: int, clock: Clock, pauses: Pauses) -> int:
    """``start`` plus ``seconds`` of the clock, not counting what of it falls into a pause."""
    stops = united(pauses) if pauses else []
    if seconds < 0:
        for begins, ends in reversed(stops):
            ends = min(ends, start)
            if begins >= ends:
                continue
            running = _elapsed(hours, ends, start, clock)
            if -seconds <= running:
                break
            seconds, start = seconds + running, begins
        return _advance(hours, start, seconds, clock)
    for begins, ends in stops:
        begins = max(begins, start)
        if begins >= ends:
            continue
        running = _elapsed(hours, start, begins, clock)
        if seconds <= running:
            break
        seconds, start = seconds - running, ends
    return _advance(hours, start, seconds, clock)


# Days -------------------------------------------------------------------------------------------


def add_days(hours: OpeningHours, ordinal: int, count: int) -> int:
    """The ``count``-th open day after the day, or before it; for 0 the day itself or the next open."""
    if count == 0:
        return _open_day(hours, ordinal, 1)
    step = 1 if count > 0 else -1
    for _ in range(abs(count)):
        ordinal = _open_day(hours, ordinal + step, step)
    return ordinal


def _open_day(hours: OpeningHours, ordinal: int, step: int) -> int:
    """The first open day from ``ordinal`` on in steps of ``step``."""
    for candidate in range(ordinal, ordinal + step * EMPTY_DAYS, step):
        if hours.closing(candidate) is not None:
            return candidate
    raise never_opens()


def end_of_period(
    hours: OpeningHours, ordinal: int, rolls: Rolls, step: int = 1
) -> tuple[int, datetime]:
    """The last day of a period as it counts, and the instant at which that day ends.

    An open day ends when its last window closes. A closed one moves to the next open day in the
    direction ``step``, or for ``rolls="never"`` ends at its own 24:00.
    """
    closing = hours.closing(ordinal)
    if closing is not None:
        return ordinal, closing
    if rolls == "never":
        return ordinal, hours.moment(hours.midnight(ordinal + 1))
    ordinal = _open_day(hours, ordinal + step, step)
    return ordinal, hours.closing(ordinal) or hours.moment(hours.midnight(ordinal + 1))


def count_days(hours: OpeningHours, start: datetime, count: int, rolls: Rolls) -> datetime:
    """When a period of ``count`` days ends; the day of ``start`` is not counted (article 201)."""
    first = hours.ordinal_of(start)
    return _period(hours, start, first, first + count, rolls)[1]


def count_months(hours: OpeningHours, start: datetime, count: int, rolls: Rolls) -> datetime:
    """When a period of ``count`` months ends: on the corresponding day (article 202)."""
    first = hours.ordinal_of(start)
    return _period(hours, start, first, _months_on(first, count), rolls)[1]


def _months_on(ordinal: int, count: int) -> int:
    try:
        return add_months(date.fromordinal(ordinal), count).toordinal()
    except ValueError:
        raise out_of_range() from None


def _period(
    hours: OpeningHours, start: datetime, first: int, last: int, rolls: Rolls
) -> tuple[int, datetime]:
    day, end = end_of_period(hours, last, rolls, -1 if last < first else 1)
    if last == first and end < start:
        # 0d after hours: the day of the event is over already.
        if rolls == "never":
            return day, hours.moment(hours.midnight(first + 1))
        return end_of_period(hours, first + 1, rolls)
    return day, end


def _paused_period(
    hours: OpeningHours,
    start: datetime,
    first: int,
    last: int,
    rolls: Rolls,
    pauses: Iterable[tuple[int, int]],
) -> datetime:
    """The end of the period of days that ``pauses`` (united) put off."""
    day, end = _period(hours, start, first, last, rolls)
    for begins, ends in pauses:
        begins = max(begins, times.epoch(start))
        if begins >= ends:
            continue
        if begins >= times.epoch(end):
            break
        # A pause that begins after the nominal last day meets the day it was moved to.
        base = last if begins < hours.midnight(last + 1) else day
        last = base + _midnights(hours, begins, ends)
        day, end = end_of_period(hours, last, rolls)
        if times.epoch(end) < ends:
            last = day + 1
            day, end = end_of_period(hours, last, rolls)
    return end


def _midnights(hours: OpeningHours, begins: int, ends: int) -> int:
    """Local midnights from ``begins`` up to, not including, ``ends``."""
    first = hours.ordinal_of(hours.moment(begins - 1))
    return hours.ordinal_of(hours.moment(ends - 1)) - first


# What a rule says -------------------------------------------------------------------------------


def due(
    hours: OpeningHours, start: datetime, span: Span, clock: Clock, rolls: Rolls, pauses: Pauses
) -> datetime:
    """When ``span`` from ``start`` is over; a person is in time up to and at that very second.

    ``s``, ``m``, ``h`` count time on the clock (``wall``, or ``work``: open time); a pause adds
    exactly the clock's time inside it. ``d``, ``mo``, ``y`` count days whatever the clock says.
    Pauses reach from their first instant up to their last; what of them overlaps counts once, what
    lies before ``start`` or after the end not at all. Raises Usage beyond the years 2 to 9998.
    """
    seconds = span.seconds
    if seconds is not None:
        end = add_time(hours, times.epoch(start), seconds, clock, pauses)
        return hours.moment(end)
    first = hours.ordinal_of(start)
    if span.unit == "d":
        last = first + span.amount
    else:
        last = _months_on(first, span.amount * (12 if span.unit == "y" else 1))
    if not pauses and last != first:
        # The hour of the start says nothing then, so that few periods serve many starts.
        end_of = hours.periods.get((first, last, rolls))
        if end_of is None:
            end_of = _period(hours, start, first, last, rolls)[1]
            if len(hours.periods) >= MOST_PERIODS:
                hours.periods.clear()
            hours.periods[first, last, rolls] = end_of
        return end_of
    if pauses and span.amount >= 0:
        return _paused_period(hours, start, first, last, rolls, united(pauses))
    return _period(hours, start, first, last, rolls)[1]
