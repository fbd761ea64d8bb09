"""Laws of counting time, over random calendars, zones, instants and pauses."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from thorough import effort

from svcctl.domain.calendar import Calendar
from svcctl.domain.counting import united
from svcctl.domain.times import Span, add_months

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "America/Sao_Paulo", "UTC")


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def windows(draw: st.DrawFn) -> list[str]:
    """Up to three windows of a day that neither overlap nor pass midnight."""
    count = draw(st.integers(0, 3))
    ends = draw(
        st.lists(st.integers(0, 96), min_size=2 * count, max_size=2 * count, unique=True).map(
            sorted
        )
    )
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return [f"{clock(a * 15)}-{clock(b * 15)}" for a, b in pairs]


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A calendar that opens: by day or over midnight, with closed and extra days, in some zone."""
    if draw(st.integers(0, 4)) == 0:
        opens, closes = draw(st.sampled_from([("22:00", "06:00"), ("18:30", "00:30")]))
        names = draw(st.sets(st.sampled_from(NAMES), min_size=1))
        week = {name: [f"{opens}-{closes}"] for name in names}
    else:
        patterns = [draw(windows()), draw(windows()), []]
        chosen = draw(st.lists(st.sampled_from([0, 0, 1, 2]), min_size=7, max_size=7))
        week = {name: patterns[number] for name, number in zip(NAMES, chosen, strict=True)}
        if not any(week.values()):
            week["wed"] = ["08:00-12:00", "13:30-17:30"]
    first = date(2026, 1, 1)
    dated = draw(st.sets(st.integers(0, 364), max_size=6))
    instead = draw(windows())
    fields = {
        "timezone": draw(st.sampled_from(ZONES)),
        "holidays": draw(st.sampled_from(["CN", "none"])),
        "week": week,
        "days": {(first + timedelta(day)).isoformat(): instead if day % 2 else [] for day in dated},
        "yearly": draw(st.sampled_from([{}, {"12-25": []}, {"05-01": [], "12-31": []}])),
        "makeup": draw(st.sampled_from(NAMES)),
    }
    return Calendar.from_fields(fields)


#: Any second of 2026, also those next to a change of clocks or a new day.
instants = st.one_of(
    st.integers(1767225600, 1798761599),
    st.builds(
        lambda change, near: change + near,
        st.sampled_from([1772953200, 1793512800, 1774746000, 1792890000, 1789862400, 1790784000]),
        st.integers(-90000, 90000),
    ),
).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
lengths = st.one_of(st.integers(0, 200_000), st.integers(0, 8_000_000))
pauses = st.lists(
    st.builds(
        lambda start, length: (start, start + timedelta(seconds=length)),
        instants,
        st.integers(0, 1_000_000),
    ),
    max_size=4,
)
modes = st.sampled_from(["wall", "work"])
zoned = effort(20)


def elapsed(calendar: Calendar, a: datetime, b: datetime, mode: str, stops: Any = ()) -> int:
    between = calendar.work_between if mode == "work" else calendar.wall_between
    return between(a, b, stops)


@zoned
@given(calendars(), instants, lengths, modes, pauses)
def test_the_time_between_start_and_due_is_the_span(
    calendar: Calendar,
    start: datetime,
    seconds: int,
    mode: str,
    stops: list[tuple[datetime, datetime]],
) -> None:
    due = calendar.due(start, Span(seconds, "s"), mode, pauses=stops)
    assert elapsed(calendar, start, due, mode, stops) == seconds
    if seconds:
        # No earlier instant is due: the second before it is still owed.
        assert elapsed(calendar, start, due - timedelta(seconds=1), mode, stops) == seconds - 1


@zoned
@given(calendars(), instants, lengths, modes, pauses)
def test_backwards_it_is_the_span_too(
    calendar: Calendar,
    start: datetime,
    seconds: int,
    mode: str,
    stops: list[tuple[datetime, datetime]],
) -> None:
    due = calendar.due(start, Span(-seconds, "s"), mode, pauses=stops)
    assert elapsed(calendar, due, start, mode, stops) == seconds
    if seconds:
        assert elapsed(calendar, due + timedelta(seconds=1), start, mode, stops) == seconds - 1


@zoned
@given(calendars(), instants, st.integers(1, 400_000), modes, pauses)
def test_a_pause_moves_a_deadline_by_the_clocks_time_inside_it(
    calendar: Calendar,
    start: datetime,
    seconds: int,
    mode: str,
    stops: list[tuple[datetime, datetime]],
) -> None:
    plain = calendar.due(start, Span(seconds, "s"), mode)
    moved = calendar.due(start, Span(seconds, "s"), mode, pauses=stops)
    inside = sum(
        elapsed(calendar, max(start, begins), min(moved, ends), mode)
        for begins, ends in (
            (datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC))
            for a, b in united(stops)
        )
        if max(start, begins) < min(moved, ends)
    )
    assert elapsed(calendar, plain, moved, mode) == inside


@zoned
@given(calendars(), instants, instants, instants)
def test_open_time_adds_up(calendar: Calendar, a: datetime, b: datetime, c: datetime) -> None:
    whole = calendar.work_between(a, c)
    assert calendar.work_between(a, b) + calendar.work_between(b, c) == whole
    assert calendar.work_between(c, a) == -whole


@zoned
@given(calendars(), instants)
def test_the_next_opening_is_open_and_nothing_before_it_is(
    calendar: Calendar, start: datetime
) -> None:
    opens = calendar.next_open(start)
    assert calendar.is_open(opens)
    assert calendar.work_between(start, opens) == 0
    assert (opens == start) == calendar.is_open(start)


@zoned
@given(calendars(), st.integers(0, 363), st.integers(0, 3))
def test_open_time_is_what_a_clock_on_the_wall_shows(
    calendar: Calendar, offset: int, length: int
) -> None:
    """Minute by minute, by the local reading alone: an oracle that shares no arithmetic."""
    first = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(offset)
    minutes = 0
    for minute in range(1440 * length):
        local = (first + timedelta(minutes=minute)).astimezone(calendar.zone)
        if local.fold or _changes(calendar, local):
            return  # readings that occur twice are a matter of definition, tested in the tables
        reading = local.hour * 60 + local.minute
        today = any(w.opens <= reading < w.closes for w in calendar.windows(local.date()))
        before = calendar.windows(local.date() - timedelta(1))
        minutes += today or any(w.opens <= reading + 1440 < w.closes for w in before)
    assert calendar.work_between(first, first + timedelta(length)) == minutes * 60


def _changes(calendar: Calendar, local: datetime) -> bool:
    """Whether clocks are changed within three hours of ``local``."""
    around = [local.astimezone(UTC) + timedelta(hours=h) for h in (-3, 3)]
    return (
        around[0].astimezone(calendar.zone).utcoffset()
        != around[1].astimezone(calendar.zone).utcoffset()
    )


@zoned
@given(calendars(), instants, st.integers(1, 400), st.sampled_from(["open-day", "never"]))
def test_more_days_are_never_due_earlier(
    calendar: Calendar, start: datetime, days: int, rolls: str
) -> None:
    ends = [calendar.due(start, Span(days + more, "d"), rolls=rolls) for more in range(4)]
    assert ends == sorted(ends)
    assert all(end > start for end in ends)


@zoned
@given(calendars(), instants, st.integers(0, 60), pauses)
def test_a_pause_never_brings_a_period_of_days_forward_and_never_outlasts_it(
    calendar: Calendar, start: datetime, days: int, stops: list[tuple[datetime, datetime]]
) -> None:
    plain = calendar.due(start, Span(days, "d"))
    moved = calendar.due(start, Span(days, "d"), pauses=stops)
    assert moved >= plain
    for begins, ends in ((max(a, start), b) for a, b in stops):
        assert not begins < moved < ends


@zoned
@given(instants, st.integers(0, 60), pauses, st.sampled_from(ZONES))
def test_without_windows_a_pause_adds_its_midnights(
    start: datetime, days: int, stops: list[tuple[datetime, datetime]], name: str
) -> None:
    calendar = Calendar.from_fields({"timezone": name})
    plain = calendar.due(start, Span(days, "d"))
    moved = calendar.due(start, Span(days, "d"), pauses=stops)
    midnights = {
        day
        for begins, ends in stops
        for day in range(begins.toordinal() - 2, ends.toordinal() + 3)
        if max(begins, start).timestamp() <= calendar.midnight(day) < ends.timestamp()
        and max(begins, start) < moved
    }
    last = calendar.ordinal_of(plain - timedelta(seconds=1))
    assert calendar.ordinal_of(moved - timedelta(seconds=1)) == last + len(midnights)


@zoned
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-1200, 1200))
def test_months_keep_the_day_or_end_with_the_month(day: date, count: int) -> None:
    found = add_months(day, count)
    assert found.year * 12 + found.month == day.year * 12 + day.month + count
    assert found.day == day.day or ((found + timedelta(1)).day == 1 and found.day < day.day)


@contextmanager
def machine_zone(name: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@zoned
@given(calendars(), instants, st.integers(1, 400_000), pauses)
def test_the_answers_do_not_depend_on_the_machines_zone(
    calendar: Calendar, start: datetime, seconds: int, stops: list[tuple[datetime, datetime]]
) -> None:
    answers = set()
    for name in ("UTC", "America/New_York", "Pacific/Apia"):
        with machine_zone(name):
            fresh = Calendar(calendar.card)
            answers.add(
                (
                    fresh.due(start, Span(seconds, "s"), "work", pauses=stops).isoformat(),
                    fresh.due(start, Span(2, "d"), pauses=stops).isoformat(),
                    fresh.day_start(start, 1).isoformat(),
                    fresh.next_open(start).isoformat(),
                )
            )
    assert len(answers) == 1
