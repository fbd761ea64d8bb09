"""The calendar against a slow one that shares nothing with it: it walks from minute to minute.

The slow one reads the fields of a calendar itself and asks the time zone what clocks show, minute
after minute; it knows no sums, no search, no months. It is right because it is simple.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from thorough import effort

from svcctl.domain.calendar import Calendar
from svcctl.domain.times import Span

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = 60
Fields = dict[str, Any]


def every_day(windows: list[str]) -> dict[str, list[str]]:
    return {name: list(windows) for name in NAMES}


class Slow:
    """Which minutes are open from the day before ``first`` on, for ``days`` days."""

    def __init__(self, fields: Fields, first: date, days: int) -> None:
        self.fields = fields
        self.zone = ZoneInfo(fields.get("timezone", "Asia/Shanghai"))
        self.shown: dict[tuple[date, int], int] = {}
        self.begins: dict[date, int] = {}
        start = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)
        self.low = int(start.timestamp())
        self.high = self.low + (days + 4) * 86400
        latest: tuple[date, int] = (date.min, 0)
        for at in range(self.low, self.high, MINUTE):
            local = datetime.fromtimestamp(at, self.zone)
            now = (local.date(), local.hour * 60 + local.minute)
            if now[0] != latest[0]:
                self.begins[now[0]] = at
                self.shown[now[0], 0] = at
                latest = (now[0], 0)
            # Clocks show these minutes for the first time, or skip them: then they are over now.
            for minute in range(latest[1], now[1] + 1):
                self.shown.setdefault((now[0], minute), at)
            latest = max(latest, now)
        self.open: set[int] = set()
        one = first - timedelta(days=1)
        busy_until = self.low
        while one <= first + timedelta(days=days):
            windows = self.windows(one)
            for opens, closes in windows:
                begin, end = max(self.clock(one, opens), busy_until), self.clock(one, closes)
                self.open |= set(range(begin, end, MINUTE))
            busy_until = self.clock(one, windows[-1][1]) if windows else self.low
            one += timedelta(days=1)

    def clock(self, day: date, minute: int) -> int:
        """When clocks first show that minute of the day, or have skipped it."""
        while minute >= 1440:
            day, minute = day + timedelta(days=1), minute - 1440
        return self.shown[day, minute] if (day, minute) in self.shown else self.after(day)

    def after(self, day: date) -> int:
        """The end of a day whose last minutes are skipped."""
        return min(at for known, at in self.begins.items() if known > day)

    def windows(self, day: date) -> list[tuple[int, int]]:
        """The windows of a day by the strongest rule that speaks of it."""
        fields = self.fields
        if day.isoformat() in fields.get("days", {}):
            return self.read(fields["days"][day.isoformat()])
        if day.isoformat()[5:] in fields.get("yearly", {}):
            return self.read(fields["yearly"][day.isoformat()[5:]])
        if fields.get("holidays") == "CN" and 2004 <= day.year <= 2026:
            if day in chinese_calendar.holidays:
                return []
            if day in chinese_calendar.workdays:
                return self.week(fields.get("makeup", "mon"))
        return self.week(NAMES[day.weekday()])

    def week(self, name: str) -> list[tuple[int, int]]:
        if "week" not in self.fields:
            return [(0, 1440)]
        return self.read(self.fields["week"].get(name, []))

    @staticmethod
    def read(texts: list[str]) -> list[tuple[int, int]]:
        found = []
        for text in texts:
            ends = [int(end[:2]) * 60 + int(end[3:]) for end in text.split("-")]
            found.append((ends[0], ends[1] if ends[1] > ends[0] else ends[1] + 1440))
        return sorted(found)

    # Questions, all in seconds since 1970 -------------------------------------------------------

    def runs(self, at: int, clock: str, pauses: list[tuple[int, int]]) -> bool:
        """Whether the clock runs in the minute from ``at`` on."""
        if any(begins <= at < ends for begins, ends in pauses):
            return False
        return clock == "wall" or at in self.open

    def due(self, start: int, minutes: int, clock: str, pauses: list[tuple[int, int]]) -> int:
        """Minute by minute on, or back where ``minutes`` is negative."""
        at, left = start, abs(minutes)
        while left:
            if minutes < 0:
                at -= MINUTE
                left -= self.runs(at, clock, pauses)
            else:
                left -= self.runs(at, clock, pauses)
                at += MINUTE
            assert self.low <= at < self.high, "the walk leaves what was prepared"
        return at

    def between(self, start: int, end: int, clock: str, pauses: list[tuple[int, int]]) -> int:
        """Minutes that the clock runs."""
        low, high = min(start, end), max(start, end)
        count = sum(self.runs(at, clock, pauses) for at in range(low, high, MINUTE))
        return count if start <= end else -count

    def closes(self, day: date) -> int | None:
        """When the last window of the day closes, if one has any length."""
        found = None
        for opens, closes in self.windows(day):
            if self.clock(day, opens) < self.clock(day, closes):
                found = self.clock(day, closes)
        return found

    def end_of(self, start: int, count: int, rolls: str) -> int:
        """Articles 201 to 203: the first day is not counted; a closed last day moves on."""
        day = datetime.fromtimestamp(start, self.zone).date()
        for _ in range(count):
            day += timedelta(days=1)
        while (end := self.closes(day)) is None:
            if rolls == "never":
                return self.after(day)
            day += timedelta(days=1)
        return end


DAY = ["08:00-12:00", "13:30-17:30"]
WEEKDAYS = dict.fromkeys(NAMES[:5], DAY)
NIGHT = every_day(["22:00-06:00"])
#: Places, and days around which something happens there.
PLACES: dict[str, tuple[Fields, list[date]]] = {
    "new year": (
        {"holidays": "CN", "week": WEEKDAYS},
        [date(2020, 1, 23), date(2020, 2, 1), date(2026, 9, 19), date(2026, 9, 30)],
    ),
    "duty": (
        {
            "holidays": "CN",
            "week": {**WEEKDAYS, "sat": DAY, "sun": ["08:00-17:30"]},
            "makeup": "sun",
            "days": {"2026-10-03": ["09:00-10:00"], "2026-10-09": []},
            "yearly": {"10-08": []},
        },
        [date(2026, 9, 19), date(2026, 10, 1), date(2026, 10, 8)],
    ),
    "nights": (
        {"week": NIGHT, "days": {"2026-11-17": [], "2026-11-19": ["05:00-12:00"]}},
        [date(2026, 11, 16), date(2026, 11, 18)],
    ),
    "new york": (
        {
            "timezone": "America/New_York",
            "week": every_day(["01:30-02:30", "03:00-09:00"]),
        },
        [date(2026, 3, 7), date(2026, 10, 31)],
    ),
    "berlin": (
        {"timezone": "Europe/Berlin", "week": NIGHT},
        [date(2026, 3, 28), date(2026, 10, 24)],
    ),
    "sao paulo": (
        {
            "timezone": "America/Sao_Paulo",
            "week": every_day(["00:00-08:00", "23:00-24:00"]),
        },
        [date(2018, 11, 3), date(2018, 2, 17)],
    ),
    "lord howe": (
        {
            "timezone": "Australia/Lord_Howe",
            "week": every_day(["01:00-02:15", "04:00-16:00"]),
        },
        [date(2026, 10, 3), date(2026, 4, 4)],
    ),
}
SLOW: dict[tuple[str, date], Slow] = {}
searched = effort(20)


def walk_of(place: str, day: date) -> tuple[Calendar, Slow]:
    """The calendar and its slow counterpart around a day, the latter made once."""
    fields = {"timezone": "Asia/Shanghai", **PLACES[place][0]}
    if (place, day) not in SLOW:
        SLOW[place, day] = Slow(fields, day - timedelta(days=16), 44)
    return Calendar.from_fields(fields), SLOW[place, day]


around = st.sampled_from([(place, day) for place, (_, days) in PLACES.items() for day in days])
#: Minutes from the midnight (UTC) of the day in question.
near = st.integers(-1440, 3 * 1440)
stops = st.lists(st.tuples(near, st.integers(0, 900)), max_size=3)


def at(day: date, minutes: int) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + minutes * MINUTE


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@searched
@given(around, near, st.integers(-1400, 1400), st.sampled_from(["wall", "work"]), stops)
def test_a_deadline_is_where_a_walk_from_minute_to_minute_ends(
    where: tuple[str, date], start: int, minutes: int, clock: str, pauses: list[tuple[int, int]]
) -> None:
    calendar, slow = walk_of(*where)
    begins = at(where[1], start)
    stood = [(at(where[1], first), at(where[1], first + long)) for first, long in pauses]
    found = calendar.due(
        instant(begins),
        Span(minutes, "m"),
        clock,
        pauses=[(instant(first), instant(last)) for first, last in stood],
    )
    assert int(found.timestamp()) == slow.due(begins, minutes, clock, stood)


@searched
@given(around, near, near, st.sampled_from(["wall", "work"]), stops)
def test_the_time_between_is_what_a_walk_counts(
    where: tuple[str, date], start: int, end: int, clock: str, pauses: list[tuple[int, int]]
) -> None:
    calendar, slow = walk_of(*where)
    first, last = at(where[1], start), at(where[1], end)
    stood = [(at(where[1], begins), at(where[1], begins + long)) for begins, long in pauses]
    asked = calendar.work_between if clock == "work" else calendar.wall_between
    found = asked(instant(first), instant(last), [(instant(a), instant(b)) for a, b in stood])
    assert found == MINUTE * slow.between(first, last, clock, stood)


@searched
@given(around, near)
def test_open_and_next_opening_are_what_a_walk_meets(where: tuple[str, date], start: int) -> None:
    calendar, slow = walk_of(*where)
    begins = at(where[1], start)
    assert calendar.is_open(instant(begins)) == slow.runs(begins, "work", [])
    opens = begins
    while not slow.runs(opens, "work", []):
        opens += MINUTE
        assert opens < slow.high
    assert int(calendar.next_open(instant(begins)).timestamp()) == opens


@searched
@given(around, near, st.integers(1, 12), st.sampled_from(["open-day", "never"]))
def test_a_period_of_days_ends_where_days_are_counted_one_by_one(
    where: tuple[str, date], start: int, count: int, rolls: str
) -> None:
    calendar, slow = walk_of(*where)
    begins = at(where[1], start)
    found = calendar.due(instant(begins), Span(count, "d"), "wall", rolls)
    assert int(found.timestamp()) == slow.end_of(begins, count, rolls)


@pytest.mark.parametrize(
    ("place", "day"), [(place, day) for place, (_, days) in PLACES.items() for day in days]
)
def test_every_second_around_an_opening_or_closing_is_counted_once(place: str, day: date) -> None:
    """One second before, at, and after each end of a window, both ways."""
    calendar, slow = walk_of(place, day)
    low, high = at(day, -1440), at(day, 3 * 1440)
    ends = [
        edge for edge in range(low, high, MINUTE) if (edge in slow.open) != (edge - 60 in slow.open)
    ]
    assert ends
    for edge in ends:
        for start in (edge - 1, edge, edge + 1):
            for seconds in (1, 2):
                for span in (seconds, -seconds):
                    found = calendar.due(instant(start), Span(span, "s"), "work")
                    assert int(found.timestamp()) == second_by_second(slow, start, span)


def second_by_second(slow: Slow, start: int, seconds: int) -> int:
    """Second by second, but over closed minutes at once."""
    now, left = start, abs(seconds)
    while left:
        minute = (now if seconds > 0 else now - 1) // MINUTE * MINUTE
        if minute not in slow.open:
            now = minute + MINUTE if seconds > 0 else minute
        else:
            now += 1 if seconds > 0 else -1
            left -= 1
    return now
