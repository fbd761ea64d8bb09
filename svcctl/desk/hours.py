"""Questions about opening hours, of one calendar file or of the ledger's calendars by date.

Knows which calendar answers and what its answers mean; how time is counted is ``domain.counting``.
Every answer comes with the years it touches for which no statutory holidays are known (E239).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from svcctl.domain import spoken, times
from svcctl.domain.calendar import Calendar
from svcctl.domain.counting import Clock, Rolls
from svcctl.domain.problems import N_, Message, Problem, Usage

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.domain.policy import Policy
    from svcctl.domain.times import Span

Item = dict[str, object]
Pauses = Sequence[tuple[datetime, datetime]]


class Named(NamedTuple):
    """A calendar, its file, and where the file asks for statutory holidays (line, column, text)."""

    calendar: Calendar
    path: str
    place: tuple[int, int, str]


class Answer(NamedTuple):
    """What was found: items as machine output has them, and the warnings that go with them."""

    items: list[Item]
    problems: list[Problem]


class Hours:
    """The calendars of one command: by date, the zone in which times are typed, and the present."""

    def __init__(self, zone: tzinfo, now: datetime, of: Callable[[datetime], Named]) -> None:
        self.zone = zone
        self.now = now
        self._of = of

    def named(self, instant: datetime) -> Named:
        """The calendar that holds at ``instant``."""
        return self._of(instant)

    def read_time(self, text: str) -> datetime:
        """The instant that a person typed. Raises ``Usage``."""
        return spoken.read_time(text, self.now, self.zone)

    def read_date(self, text: str) -> date:
        """The day that a person typed; of a time, the day it lies on. Raises ``Usage``."""
        return self.read_time(text).date()

    def read_pauses(self, texts: Sequence[str]) -> list[tuple[datetime, datetime]]:
        """Pauses typed ``FROM/TO``. Raises ``Usage`` where one is no pair or ends before it begins."""
        return [self._pause(text) for text in texts]

    def _pause(self, text: str) -> tuple[datetime, datetime]:
        # A day may be written with slashes itself: the one in the middle parts the two times.
        parts = text.split("/")
        middle = len(parts) // 2
        if len(parts) % 2:
            raise Usage(
                "pause",
                Message(N_("{text} is not a pause"), {"text": text.strip()[:80] or '""'}),
                Message(N_("write FROM/TO, as in {example}"), {"example": _PAUSE}),
            )
        start = self.read_time("/".join(parts[:middle]))
        end = self.read_time("/".join(parts[middle:]))
        if end < start:
            raise Usage(
                "pause",
                Message(N_("the pause {text} ends before it begins"), {"text": text.strip()[:80]}),
                Message(N_("write FROM/TO, as in {example}"), {"example": _PAUSE}),
            )
        return start, end


_PAUSE = "2026-11-16T09:00:00+08:00/2026-11-16T11:00:00+08:00"


def hours_of_file(name: str, now: datetime) -> Hours:
    """The hours that the calendar file ``name`` states; no ledger is needed.

    Raises ``NotFound``, ``Unreadable`` with every problem of the file.
    """
    from svcctl.desk.givenfiles import read_given
    from svcctl.ledger.records import read_calendar

    data = read_given(name)
    calendar, raw = read_calendar(
        data if data.endswith(b"\n") else data + b"\n", name, aliases=True
    )
    line, column = raw.place(("holidays",)) if "holidays" in raw.fields() else (0, 0)
    named = Named(calendar, name, (line, column, raw.excerpt(line)))
    return Hours(calendar.zone, times.in_zone(now, calendar.zone), lambda _instant: named)


def hours_of_ledger(desk: Desk) -> Hours:
    """The hours of the ledger: at each instant those of the policy in force then."""
    return Hours(desk.zone, desk.now(), lambda instant: named_by(desk, desk.book.at(instant)))


def named_by(desk: Desk, policy: Policy) -> Named:
    """The calendar that a policy of the ledger names."""
    from svcctl.ledger.examining import key_place

    path = f"records/calendar/{policy.calendar}.yaml"
    return Named(desk.book.calendar_of(policy), path, key_place(desk.ledger, path, "holidays"))


# Questions ----------------------------------------------------------------------------------------


def due(
    hours: Hours, start: str, within: str, clock: Clock, rolls: Rolls, pauses: Sequence[str]
) -> Answer:
    """When ``within`` from ``start`` is over, and the clock's own seconds until then.

    ``seconds`` are those of the clock from start to due outside the pauses: of opening hours for
    ``work``, of all time for ``wall``; negative where the span is.
    """
    begins, span, stops = (
        hours.read_time(start),
        spoken.read_length(within),
        hours.read_pauses(pauses),
    )
    named = hours.named(begins)
    calendar = named.calendar
    ends = calendar.due(begins, span, clock, rolls, stops)
    between = calendar.work_between if clock == "work" else calendar.wall_between
    item: Item = {"due": times.format_instant(ends), "seconds": between(begins, ends, stops)}
    return Answer([item], unknown_of_due(named, begins, span, clock, ends, stops))


def between(hours: Hours, start: str, end: str, clock: Clock, pauses: Sequence[str]) -> Answer:
    """The clock's seconds from ``start`` to ``end`` outside the pauses; negative if ``end`` is earlier."""
    begins, ends, stops = hours.read_time(start), hours.read_time(end), hours.read_pauses(pauses)
    named = hours.named(min(begins, ends))
    if clock == "wall":
        return Answer([{"seconds": named.calendar.wall_between(begins, ends, stops)}], [])
    seconds = named.calendar.work_between(begins, ends, stops)
    return Answer([{"seconds": seconds}], _unknown(named, begins, ends))


def is_open(hours: Hours, at: str) -> Answer:
    """Whether a window is open at that instant."""
    instant = hours.read_time(at)
    named = hours.named(instant)
    return Answer([{"open": named.calendar.is_open(instant)}], _unknown(named, instant, instant))


def next_open(hours: Hours, at: str) -> Answer:
    """The first instant from ``at`` on that is open: ``at`` itself within a window."""
    instant = hours.read_time(at)
    named = hours.named(instant)
    opens = named.calendar.next_open(instant)
    return Answer([{"next": times.format_instant(opens)}], _unknown(named, instant, opens))


def day(hours: Hours, text: str) -> Answer:
    """What kind of day it is, and its windows."""
    return days(hours, [hours.read_date(text)])


def month(hours: Hours, text: str) -> Answer:
    """Every day of the month written ``2026-10``. Raises ``Usage``."""
    name = times.plain(text)
    try:
        if len(name) != 7 or name[4] != "-" or not name.isascii():
            raise ValueError(name)
        first = date.fromisoformat(f"{name}-01")
        following = times.add_months(first, 1)
    except ValueError as error:
        raise Usage(
            "month",
            Message(N_("{text} is not a month"), {"text": text.strip()[:80] or '""'}),
            Message(N_("write year and month as in {example}"), {"example": "2026-10"}),
        ) from error
    length = (following - first).days
    return days(hours, [first + timedelta(number) for number in range(length)])


def days(hours: Hours, dates: Sequence[date]) -> Answer:
    """Each of ``dates`` by the calendar in force on it."""
    items = []
    problems: list[Problem] = []
    for one in dates:
        named = hours.named(times.midnight(one, hours.zone))
        items.append(day_item(named.calendar, one))
        problems += [found for found in _unknown_years(named, one, one) if found not in problems]
    return Answer(items, problems)


def day_item(calendar: Calendar, one: date) -> Item:
    """One day as machine output has it."""
    return {
        "date": one.isoformat(),
        "working": calendar.is_open_day(one),
        "kind": calendar.kind(one),
        "windows": [list(window.texts) for window in calendar.windows(one)],
    }


def add_days(hours: Hours, text: str, count: str) -> Answer:
    """The ``count``-th open day after that day, before it if negative."""
    first = hours.read_date(text)
    try:
        number = int(times.plain(count))
    except ValueError as error:
        raise Usage(
            "number",
            Message(N_("{text} is not a number of days"), {"text": count.strip()[:80] or '""'}),
            Message(N_("write a whole number, as in {example}"), {"example": "5, -3"}),
        ) from error
    if abs(number) > MOST_DAYS:
        raise Usage(
            "number",
            Message(N_("{text} is not a number of days"), {"text": count.strip()[:80]}),
            Message(N_("count at most {most} days"), {"most": str(MOST_DAYS)}),
        )
    named = hours.named(times.midnight(first, hours.zone))
    found = named.calendar.add_days(first, number)
    return Answer([{"date": found.isoformat()}], _unknown_years(named, first, found))


MOST_DAYS = 36_525
"""A hundred years, as in a span: more is a slip of the finger."""


# Years without statutory days -----------------------------------------------------------------------


def unknown_of_due(
    named: Named, begins: datetime, span: Span, clock: Clock, ends: datetime, pauses: Pauses
) -> list[Problem]:
    """The years without statutory days that could change when ``span`` from ``begins`` ends."""
    if span.seconds is None:
        # Which days are closed decides only on which day the period ends.
        nominal = named.calendar.due(begins, span, clock, "never", pauses)
        return _unknown(named, nominal - timedelta(seconds=1), ends)
    return _unknown(named, begins, ends) if clock == "work" else []


def unknown_of_day(named: Named, ends: datetime) -> list[Problem]:
    """The year without statutory days, where ``ends`` is the close of its day and no time of its own."""
    # An end at 00:00 is the day before, 24:00.
    last = ends.astimezone(named.calendar.zone) - timedelta(seconds=1)
    return _unknown(named, last, last) if named.calendar.day_end(last.date()) == ends else []


def _unknown(named: Named, start: datetime, end: datetime) -> list[Problem]:
    zone = named.calendar.zone
    first, last = sorted((start.astimezone(zone).date(), end.astimezone(zone).date()))
    return _unknown_years(named, first, last)


def _unknown_years(named: Named, start: date, end: date) -> list[Problem]:
    from svcctl.domain.checks.crossing import unknown_year

    years = named.calendar.years_without_data(min(start, end), max(start, end))
    return [unknown_year(named.path, year, named.place) for year in years]
