"""Instants, spans and weeks as text and back. Knows zones and what people type; no clock, no calendar.

Every datetime returned here carries the *fixed* offset that was in force in the zone at that
instant, never the zone itself: two such values subtract and compare on absolute time, also across
a change to daylight saving, which datetimes sharing one ``ZoneInfo`` do not.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple, cast

from svcctl.domain.problems import N_, Message, Usage

Unit = Literal["s", "m", "h", "d", "mo", "y"]

CLOCKS_DIFFER_BY = timedelta(minutes=5)
"""How far a time may lie after a desk's clock before it counts as in the future."""

EPOCH_DAY = date(1970, 1, 1).toordinal()

#: What a span may at most be: a hundred years, in each unit. Longer is a slip of the finger.
_LONGEST: dict[str, int] = {
    "s": 3_155_760_000,
    "m": 52_596_000,
    "h": 876_600,
    "d": 36_525,
    "mo": 1200,
    "y": 100,
}


class Span(NamedTuple):
    """A length of time as a rule states it: ``3m``, ``2d``, ``24mo``. ``m`` is minutes."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    @property
    def seconds(self) -> int | None:
        """Length in seconds of a span of the clock; None for days, months and years."""
        size = _SECONDS.get(self.unit)
        return None if size is None else self.amount * size


_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Week(NamedTuple):
    """An ISO week in a zone: from Monday's first instant up to, not including, the next Monday's."""

    year: int
    week: int
    start: datetime
    end: datetime
    zone: tzinfo

    @property
    def name(self) -> str:
        return f"{self.year:04d}-W{self.week:02d}"

    @property
    def previous(self) -> Week:
        return _week_of_day(date.fromisocalendar(self.year, self.week, 1) - timedelta(7), self.zone)

    @property
    def following(self) -> Week:
        return _week_of_day(date.fromisocalendar(self.year, self.week, 1) + timedelta(7), self.zone)


# Instants as they are stored ------------------------------------------------------------------


def parse_instant(text: str) -> datetime:
    """The instant written as ``YYYY-MM-DDTHH:MM:SS±HH:MM``, exactly; ValueError otherwise.

    It is the only form that stands in a record (LEDGER format 1). Called for every event read.
    """
    # fromisoformat alone takes more (other separators, weeks, fractions, in later versions 24:00).
    # The slice is the T, both colons of the time, the sign and the colon of the offset.
    if (
        len(text) == 25
        and text[10:23:3] in ("T::+:", "T::-:")
        and text[7] == "-"
        and text[11:13] != "24"
    ):
        return instant_of(text[:10], text[11:19], text[19:])
    raise ValueError(f"not an instant with offset and seconds: {text!r}")


def instant_of(day: str, clock: str, offset: str) -> datetime:
    """The instant of which ``parse_instant`` found the three parts to have the form."""
    try:
        return datetime.combine(_DAYS[day], time.fromisoformat(clock), _OFFSETS[offset])
    except KeyError:
        return _noted(day, offset, datetime.fromisoformat(f"{day}T{clock}{offset}"))


_DAYS: dict[str, date] = {}
_OFFSETS: dict[str, timezone] = {}
"""Days and offsets met so far: instants that share one offset object compare many times faster."""
_MOST_DAYS = 20_000


def _noted(day: str, offset: str, instant: datetime) -> datetime:
    """Return ``instant`` with the shared offset; note the texts of its day and offset."""
    shared = instant.replace(tzinfo=_fixed(cast(timedelta, instant.utcoffset())))
    text = shared.isoformat()
    if text[:10] == day and text[19:] == offset:
        if len(_DAYS) >= _MOST_DAYS:
            _DAYS.clear()
        _DAYS[day] = shared.date()
        _OFFSETS[offset] = cast(timezone, shared.tzinfo)
    return shared


def format_instant(instant: datetime) -> str:
    """``instant`` as it is stored: seconds, offset in minutes. ValueError without an offset."""
    if instant.tzinfo is _USUAL:
        return epoch_and_text(instant)[1]
    offset = instant.utcoffset()
    if offset is None:
        raise ValueError("an instant needs an offset")
    if offset.seconds % 60 or offset.microseconds:
        # Local mean time, before standard time existed: keep the instant, round the offset.
        instant = instant.astimezone(timezone(timedelta(minutes=offset // timedelta(minutes=1))))
    return instant.isoformat(timespec="seconds")


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The time zone of an IANA name such as ``Asia/Shanghai``. Usage when there is none."""
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Usage(
            "zone",
            Message(N_("{name} is not a known time zone"), {"name": name or '""'}),
            Message(
                N_(
                    "write an IANA name such as {example}; if that is unknown too, install the "
                    "time zone files of the system or the package {package}"
                ),
                {"example": "Asia/Shanghai", "package": "tzdata"},
            ),
        ) from error


@lru_cache(maxsize=3000)  # more than there are offsets of whole minutes
def _fixed(offset: timedelta) -> timezone:
    return timezone(offset)


def in_zone(instant: datetime, zone: tzinfo) -> datetime:
    """The same instant with the offset in force in ``zone`` then. ValueError without an offset."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset")
    there = instant.astimezone(zone)
    return there.replace(tzinfo=_fixed(cast(timedelta, there.utcoffset())), fold=0)


def at_epoch(seconds: int, zone: tzinfo) -> datetime:
    """The instant ``seconds`` after 1970-01-01T00:00Z, with the offset of ``zone`` then."""
    day, rest = divmod(seconds, 86400)
    base = _day_of(day, zone)
    if base is not None:
        return base + timedelta(0, rest)
    there = datetime.fromtimestamp(seconds, zone)
    return there.replace(tzinfo=_fixed(cast(timedelta, there.utcoffset())), fold=0)


@lru_cache(maxsize=4096)
def _day_of(day: int, zone: tzinfo) -> datetime | None:
    """The first instant of a day of UTC in ``zone``; None where clocks there change on that day."""
    first = datetime.fromtimestamp(day * 86400, zone)
    offset = cast(timedelta, first.utcoffset())
    if offset != datetime.fromtimestamp(day * 86400 + 86399, zone).utcoffset():
        return None
    return first.replace(tzinfo=_fixed(offset), fold=0)


_USUAL = _fixed(timedelta(hours=8))
_USUAL_ZERO = datetime(1970, 1, 1, tzinfo=_USUAL)
"""The offset that most instants have here: those that share it are subtracted quickest."""
_USUAL_SECONDS = 8 * 3600


def epoch(instant: datetime) -> int:
    """Whole seconds since 1970-01-01T00:00Z, rounded down. ValueError without an offset."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset")
    since = instant - _USUAL_ZERO
    return since.days * 86400 + since.seconds - _USUAL_SECONDS


def epoch_and_offset(instant: datetime) -> tuple[int, int]:
    """``epoch`` of an instant with an offset, and its offset from UTC in seconds."""
    since = instant - _USUAL_ZERO
    offset = _USUAL_SECONDS
    if instant.tzinfo is not _USUAL:
        offset = int(cast(timedelta, instant.utcoffset()).total_seconds())
    return since.days * 86400 + since.seconds - _USUAL_SECONDS, offset


def epoch_and_text(instant: datetime) -> tuple[int, str]:
    """``epoch`` and ``isoformat`` of an instant with an offset and whole seconds, in one go."""
    since = instant - _USUAL_ZERO
    seconds = since.seconds
    if instant.tzinfo is _USUAL:
        minute = _MINUTES[seconds // 60]
        text = f"{_day_text(since.days)}{minute}{_SIXTY[seconds % 60]}+08:00"
    else:
        text = instant.isoformat()
    return since.days * 86400 + seconds - _USUAL_SECONDS, text


def text_at(seconds: int, offset: int) -> str:
    """Return ``isoformat`` of the instant so many seconds after the epoch, with this offset."""
    if offset == _USUAL_SECONDS:
        day, second = divmod(seconds + offset, 86400)
        return f"{_day_text(day)}{_MINUTES[second // 60]}{_SIXTY[second % 60]}+08:00"
    return datetime.fromtimestamp(seconds, timezone(timedelta(seconds=offset))).isoformat()


_SIXTY = tuple(f"{number:02}" for number in range(60))
_MINUTES = tuple(f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))


@lru_cache(maxsize=8192)
def _day_text(day: int) -> str:
    return date.fromordinal(EPOCH_DAY + day).isoformat() + "T"


def wall_epoch(wall: datetime, zone: tzinfo) -> int:
    """When clocks in ``zone`` first show ``wall`` (no tzinfo), in epoch seconds.

    A reading that occurs twice is the first one. One that clocks skip is the instant at which
    they skip it, so that a day whose 00:00 is skipped begins at its real first instant.
    """
    first = cast(timedelta, zone.utcoffset(wall))
    second = cast(timedelta, zone.utcoffset(wall.replace(fold=1)))
    since = wall.toordinal() - EPOCH_DAY
    naive = since * 86400 + wall.hour * 3600 + wall.minute * 60 + wall.second
    late = naive - first.days * 86400 - first.seconds
    if first >= second:
        return late
    early = naive - second.days * 86400 - second.seconds
    while late - early > 1:
        middle = (early + late) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == second:
            late = middle
        else:
            early = middle
    return late


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first instant of ``day`` in ``zone`` (01:00 where daylight saving skips 00:00)."""
    return at_epoch(wall_epoch(datetime(day.year, day.month, day.day), zone), zone)


def deadline_text(due: datetime) -> tuple[str, str]:
    """Day and time of a deadline as people say them: an end at 00:00 is the day before, 24:00."""
    if (due.hour, due.minute, due.second) == (0, 0, 0):
        return (due.date() - timedelta(1)).isoformat(), "24:00"
    return due.date().isoformat(), due.strftime("%H:%M:%S" if due.second else "%H:%M")


def add_months(day: date, count: int) -> date:
    """The corresponding day ``count`` months on; the month's last where it has none.

    PRC Civil Code, article 202: a month without the corresponding day ends on its last day. Count
    from the original day each time: 31 January, monthly, returns to the 31st.
    ValueError outside the years 1 to 9999.
    """
    from calendar import monthrange

    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise ValueError("beyond the years that can be counted")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# Spans and weeks ------------------------------------------------------------------------------


def parse_span(text: str) -> Span:
    """``90s 3m 24h 2d 1mo 1y``, also negative; ValueError otherwise or beyond a hundred years."""
    unit = text[-2:] if text.endswith("mo") else text[-1:]
    number = text[: len(text) - len(unit)]
    digits = number[1:] if number[:1] in ("+", "-") else number
    if unit not in _LONGEST or not (digits.isascii() and digits.isdigit()) or len(digits) > 10:
        raise ValueError(f"not a span: {text!r}")
    count = int(number)
    if abs(count) > _LONGEST[unit]:
        raise ValueError(f"longer than a hundred years: {text!r}")
    return Span(count, cast(Unit, unit))


def read_span(text: str) -> Span:
    """As ``parse_span``, from what a person typed (full-width digits too). Usage if unreadable."""
    try:
        return parse_span(plain(text))
    except ValueError as error:
        raise Usage(
            "span",
            Message(N_("{text} is not a length of time"), {"text": text.strip() or '""'}),
            Message(
                N_(
                    "write a number and a unit, at most a hundred years: {examples} (seconds, "
                    "minutes, hours, days, months, years)"
                ),
                {"examples": "90s, 3m, 24h, 2d, 1mo, 1y, -2d"},
            ),
        ) from error


def _week_of_day(day: date, zone: tzinfo) -> Week:
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(weekday - 1)
    return Week(year, week, midnight(monday, zone), midnight(monday + timedelta(7), zone), zone)


def week_of(instant: datetime, zone: tzinfo) -> Week:
    """The ISO week of ``zone`` in which ``instant`` lies."""
    return _week_of_day(in_zone(instant, zone).date(), zone)


def parse_week(text: str, zone: tzinfo) -> Week:
    """The week written ``2026-W47``. ValueError when it is no week or the year has no week 53."""
    name = plain(text)
    year, mark, week = name[:4], name[4:6], name[6:]
    if mark != "-w" or len(week) != 2 or not (name[:4] + week).isascii():
        raise ValueError(f"not a week: {text!r}")
    return _week_of_day(date.fromisocalendar(int(year), int(week), 1), zone)


_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0x00A0: " ",
    0x2212: "-",
}


def plain(text: str) -> str:
    """``text`` with full-width characters and spaces made narrow, in small letters, trimmed."""
    return " ".join(text.translate(_WIDE).lower().split())
