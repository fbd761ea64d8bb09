"""When a department is open. Knows windows, closed days, holidays and one zone; no clock, no files.

``OpeningHours`` are a pure value with memory: the answers for a date or a month are computed once.
Inside, time is whole seconds since 1970-01-01T00:00Z and days are ordinals, so daylight saving
needs no care; outside, instants are datetimes with the offset of the zone at that moment (see
``times``). Windows are half-open: at 12:00 sharp a window that ends at 12:00 is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

from svcctl.domain import times
from svcctl.domain.calendar_card import ALL_DAY, DAY_MINUTES, Card, Windows
from svcctl.domain.openings import Block, Shape
from svcctl.domain.problems import N_, Message, Refusal, Usage
from svcctl.domain.times import EPOCH_DAY

#: What decides a day: ``override`` is one of ``days``, ``yearly`` one of ``yearly``; ``holiday`` and
#: ``makeup`` are statutory; otherwise the weekly pattern makes it ``working`` or ``closed``.
Kind = Literal["working", "closed", "holiday", "makeup", "yearly", "override"]

#: 29 February can be eight years away; a calendar closed for longer never opens.
EMPTY_MONTHS = 12 * 9
_FIRST_DAY = date(2, 1, 1).toordinal()
_LAST_DAY = date(9998, 12, 31).toordinal()


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


class OpeningHours:
    """Opening hours of one place."""

    __slots__ = (
        "_blocks",
        "_closings",
        "_dated",
        "_midnights",
        "_months",
        "_overnight",
        "_seconds",
        "_shapes",
        "_special",
        "card",
        "periods",
        "zone",
    )

    def __init__(self, card: Card) -> None:
        self.card = card
        self.zone: tzinfo = card.zone
        patterns = [*(card.week or ()), *card.days.values(), *card.yearly.values()]
        self._overnight = any(
            window.closes > DAY_MINUTES for windows in patterns for window in windows
        )
        self._dated: dict[int, list[int]] = {}
        for ordinal in card.days:
            day = date.fromordinal(ordinal)
            self._dated.setdefault(_month(day), []).append(ordinal)
        self._seconds = [_seconds(self._pattern(weekday)) for weekday in range(7)]
        self._special: dict[int, dict[int, tuple[Kind, Windows]]] = {}
        self._shapes: dict[tuple[int, int], Shape] = {}
        self._months: dict[int, int] = {}
        self._midnights: dict[int, int] = {}
        self._blocks: dict[int, Block] = {}
        self._closings: dict[int, datetime | None] = {}
        self.periods: dict[tuple[int, int, str], datetime] = {}

    # Days ---------------------------------------------------------------------------------------

    def kind(self, day: date) -> Kind:
        """What decides the windows of ``day``."""
        return self.day(day.toordinal())[0]

    def windows(self, day: date) -> Windows:
        """The windows that open on ``day``, in order; () when it is closed."""
        return self.day(day.toordinal())[1]

    def is_open_day(self, day: date) -> bool:
        """Whether any window opens on ``day`` (one that clocks skip altogether does not)."""
        return self.closing(day.toordinal()) is not None

    def day(self, ordinal: int) -> tuple[Kind, Windows]:
        """Kind and windows of the day."""
        day = self._date(ordinal)
        special = self.special(_month(day)).get(ordinal)
        if special is not None:
            return special
        windows = self._pattern(day.weekday())
        return ("working" if windows else "closed"), windows

    def special(self, month: int) -> dict[int, tuple[Kind, Windows]]:
        """The month's days that do not follow the weekly pattern.

        ``days`` wins over ``yearly``, ``yearly`` over the statutory days.
        """
        known = self._special.get(month)
        if known is not None:
            return known
        found: dict[int, tuple[Kind, Windows]] = {}
        first, following = _first_of(month), _first_of(month + 1)
        if self.card.statutory:
            from svcctl.domain.holidays import statutory

            if (year := statutory(month // 12)) is not None:
                makeup = self._pattern(self.card.makeup)
                found |= {day: ("holiday", ()) for day in year.off if first <= day < following}
                found |= {
                    day: ("makeup", makeup) for day in year.makeup if first <= day < following
                }
        for (number, day), windows in self.card.yearly.items():
            if number == month % 12 + 1 and first + day - 1 < following:
                found[first + day - 1] = ("yearly", windows)
        for ordinal in self._dated.get(month, ()):
            found[ordinal] = ("override", self.card.days[ordinal])
        self._special[month] = found
        return found

    def _pattern(self, weekday: int) -> Windows:
        return ALL_DAY if self.card.week is None else self.card.week[weekday]

    def years_without_data(self, start: date, end: date) -> list[int]:
        """Years from ``start`` to ``end`` (both included) for which no statutory days are known.

        Empty when the calendar asks for none. Each is worth a warning (E239) wherever a deadline
        reaches into it: its days follow the weekly pattern alone. A year of which ``days`` has New
        Year, Labour Day and National Day is taken to be written there from the State Council's notice.
        """
        if not self.card.statutory:
            return []
        from svcctl.domain.holidays import statutory

        return [
            year
            for year in range(start.year, end.year + 1)
            if statutory(year) is None and not self._written(year)
        ]

    def _written(self, year: int) -> bool:
        days = ((1, 1), (5, 1), (10, 1))
        return all(date(year, month, day).toordinal() in self.card.days for month, day in days)

    # Instants -----------------------------------------------------------------------------------

    def moment(self, seconds: int) -> datetime:
        """The instant as this calendar gives it: with the offset of its zone then."""
        if not (_FIRST_DAY - EPOCH_DAY) * 86400 <= seconds <= (_LAST_DAY - EPOCH_DAY) * 86400:
            raise out_of_range()
        return times.at_epoch(seconds, self.zone)

    def ordinal_of(self, instant: datetime) -> int:
        """The local day of ``instant``. ValueError without an offset."""
        if instant.tzinfo is None:
            raise ValueError("an instant needs an offset")
        try:
            return instant.astimezone(self.zone).toordinal()
        except OverflowError:
            raise out_of_range() from None

    def midnight(self, ordinal: int) -> int:
        """The first instant of the local day."""
        known = self._midnights.get(ordinal)
        if known is None:
            wall = datetime.combine(self._date(ordinal), time())
            known = self._midnights[ordinal] = times.wall_epoch(wall, self.zone)
        return known

    def day_start(self, instant: datetime, days: int) -> datetime:
        """The first instant of the local day ``days`` days after that of ``instant``."""
        return self.moment(self.midnight(self.ordinal_of(instant) + days))

    def closing(self, ordinal: int) -> datetime | None:
        """When the last window that opens on that day closes; None for a closed day."""
        try:
            return self._closings[ordinal]
        except KeyError:
            spans = self.spans(ordinal)
            closing = self.moment(spans[-1][1]) if spans else None
            self._closings[ordinal] = closing
            return closing

    def spans(self, ordinal: int) -> list[tuple[int, int]]:
        """The day's windows on absolute time, without what the day before keeps open anyway."""
        windows = self.day(ordinal)[1]
        if not windows:
            return []
        free = 0
        if self._overnight:
            earlier = self.day(ordinal - 1)[1]
            free = self._at(ordinal - 1, earlier[-1].closes) if earlier else -(1 << 62)
        spans = []
        for window in windows:
            opens, closes = self._at(ordinal, window.opens), self._at(ordinal, window.closes)
            if self._overnight:
                opens = max(opens, free)
            if opens < closes:
                spans.append((opens, closes))
        return spans

    def _at(self, ordinal: int, minute: int) -> int:
        """When clocks first show that minute of the day (from 1440 on: of the next day)."""
        if minute >= DAY_MINUTES:
            ordinal, minute = ordinal + 1, minute - DAY_MINUTES
        start = self.midnight(ordinal)
        if minute == 0 or self.midnight(ordinal + 1) - start == 86400:
            return start + minute * 60
        day = self._date(ordinal)
        wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60)
        return times.wall_epoch(wall, self.zone)

    @staticmethod
    def _date(ordinal: int) -> date:
        if not _FIRST_DAY <= ordinal <= _LAST_DAY:
            raise out_of_range()
        return date.fromordinal(ordinal)

    # Months of windows --------------------------------------------------------------------------

    def block(self, month: int) -> Block:
        """The windows opening in ``month`` (year * 12 + month - 1)."""
        known = self._blocks.get(month)
        if known is None:
            known = self._blocks[month] = self._build(month)
        return known

    def _build(self, month: int) -> Block:
        first, following = _first_of(month), _first_of(month + 1)
        special = self.special(month)
        plain = not special and not (self._overnight and first - 1 in self.special(month - 1))
        # A window that opens on the last day may close on the first of the next month.
        if plain and (offset := self._steady(first, following + 1)) is not None:
            base = (first - EPOCH_DAY) * 86400 - offset.days * 86400 - offset.seconds
            until = base + (following - first) * 86400
            # Ordinal 1 was a Monday: months that begin on the same weekday and are as long are alike.
            key = ((first + 6) % 7, following - first)
            shape = self._shapes.get(key)
            if shape is None:
                shape = self._shapes[key] = Shape.of(
                    self._month_spans(first, following, special)
                    if self._overnight
                    else self._week_spans(*key)
                )
            return Block(base, until, shape)
        shape = Shape.of(self._month_spans(first, following, special))
        return Block(self.midnight(first), self.midnight(following), shape)

    def _week_spans(self, weekday: int, length: int) -> Iterator[tuple[int, int]]:
        """The weekly pattern over ``length`` days from ``weekday`` on, in seconds from their start."""
        for day in range(length):
            start = day * 86400
            for opens, closes in self._seconds[(weekday + day) % 7]:
                yield start + opens, start + closes

    def _month_spans(
        self, first: int, following: int, special: dict[int, tuple[Kind, Windows]]
    ) -> Iterator[tuple[int, int]]:
        """As ``spans`` of every day in turn, in seconds from the month's first instant."""
        starts = self._starts(first, following + 1)
        base = starts[0]
        for number, ordinal in enumerate(range(first, following)):
            start, after = starts[number], starts[number + 1]
            if self._overnight or not after - start == 86400 == starts[number + 2] - after:
                for opens, closes in self.spans(ordinal):
                    yield opens - base, closes - base
                continue
            known = special.get(ordinal)
            seconds = self._seconds[(ordinal - 1) % 7] if known is None else _seconds(known[1])
            for opens, closes in seconds:
                yield start + opens - base, start + closes - base

    def _starts(self, first: int, last: int) -> list[int]:
        """The first instants of the days from ``first`` to ``last``, both included."""
        starts: list[int] = []
        for week in range(first, last, 7):
            end = min(week + 7, last)
            start = self.midnight(week)
            if self.midnight(end) - start == (end - week) * 86400:
                starts += range(start, start + (end - week) * 86400, 86400)
            else:
                starts += (self.midnight(day) for day in range(week, end))
        return [*starts, self.midnight(last)]

    def _steady(self, first: int, last: int) -> timedelta | None:
        """The offset from ``first`` to ``last`` if clocks are not changed, looked at every week."""
        offset, day = self.zone.utcoffset, datetime.fromordinal
        known = offset(day(first))
        for one in (*range(first + 7, last, 7), last):
            if offset(day(one)) != known:
                return None
        return known

    def month_of(self, instant: int) -> int:
        """The month in which ``instant`` lies, by the first instants of months."""
        day = instant // 86400
        month = self._months.get(day)
        if month is None:
            month = self._months[day] = _month(self._date(day + EPOCH_DAY))
        block = self.block(month)
        if instant >= block.until:
            return month + 1
        return month - 1 if instant < block.base else month

    def forward(self, instant: int) -> Iterator[Block]:
        """Blocks from the one that may still be open at ``instant`` on, without long empty runs."""
        month = self.month_of(instant) - self._overnight
        empty = 0
        while empty < EMPTY_MONTHS:
            block = self.block(month)
            empty = 0 if block.shape.total else empty + 1
            yield block
            month += 1
        raise never_opens()

    def backward(self, instant: int) -> Iterator[Block]:
        """Blocks from the one in which ``instant`` lies back, without long empty runs."""
        month = self.month_of(instant)
        empty = 0
        while empty < EMPTY_MONTHS:
            block = self.block(month)
            empty = 0 if block.shape.total else empty + 1
            yield block
            month -= 1
        raise never_opens()

    def blocks_between(self, start: int, end: int) -> Iterator[Block]:
        """Blocks whose windows may lie between the two instants."""
        for month in range(self.month_of(start) - self._overnight, self.month_of(end) + 1):
            yield self.block(month)

    # Open or closed -----------------------------------------------------------------------------

    def is_open(self, instant: datetime) -> bool:
        """Whether a window is open at ``instant``: at its opening yes, at its closing no."""
        seconds = times.epoch(instant)
        for block in self.blocks_between(seconds, seconds):
            window = block.open_at(seconds)
            if window is not None and window[0] <= seconds:
                return True
        return False

    def next_open(self, instant: datetime) -> datetime:
        """``instant`` itself while open, else the next opening."""
        seconds = times.epoch(instant)
        for block in self.forward(seconds):
            window = block.open_at(seconds)
            if window is not None:
                return self.moment(max(seconds, window[0]))
        raise AssertionError("forward() ends only by raising")

    def open_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """What is open from ``start`` to ``end``, window by window, cut to these ends."""
        low, high = times.epoch(start), times.epoch(end)
        return [
            (self.moment(max(opens, low)), self.moment(min(closes, high)))
            for block in (self.blocks_between(low, high) if low < high else ())
            for opens, closes in block.windows()
            if opens < high and closes > low
        ]


def _seconds(windows: Windows) -> list[tuple[int, int]]:
    return [(window.opens * 60, window.closes * 60) for window in windows]


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_of(month: int) -> int:
    year, number = divmod(month, 12)
    if not 2 <= year <= 9998:
        raise out_of_range()
    return date(year, number + 1, 1).toordinal()
