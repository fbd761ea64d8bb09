"""Reads a calendar's fields into windows and dates. Knows the format; not how time is counted.

Every value arrives as text, since records are read without guessing. All problems of a calendar
are told at once, each with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from itertools import pairwise
from typing import NamedTuple

from svcctl.domain import times
from svcctl.domain.problems import N_, Message, Problem, Unreadable, Usage

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KEYS = ("format", "timezone", "holidays", "week", "days", "yearly", "makeup")
DAY_MINUTES = 1440

#: Where a value stands: its path of keys (and numbers in lists) -> (line, column) from 1, or None where that is not known.
Place = Callable[[tuple[str | int, ...]], tuple[int, int] | None]


class Window(NamedTuple):
    """An opening of one day, in minutes from its 00:00; past 1440 it closes on the next day."""

    opens: int
    closes: int

    @property
    def texts(self) -> tuple[str, str]:
        """Opening and closing as they are written: ``("22:00", "06:00")``, ``("00:00", "24:00")``."""
        closes = self.closes - DAY_MINUTES if self.closes > DAY_MINUTES else self.closes
        return _clock(self.opens), _clock(closes)

    def __str__(self) -> str:
        return "-".join(self.texts)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


Windows = tuple[Window, ...]
ALL_DAY: Windows = (Window(0, DAY_MINUTES),)


class Card(NamedTuple):
    """What a calendar states. ``week`` is None where it has no windows at all: always open.

    ``days`` by date ordinal, ``yearly`` by (month, day); ``makeup`` is the weekday (0 is Monday)
    whose windows a make-up working day has.
    """

    zone: tzinfo
    statutory: bool = False
    week: tuple[Windows, ...] | None = None
    days: Mapping[int, Windows] = {}
    yearly: Mapping[tuple[int, int], Windows] = {}
    makeup: int = 0

    @property
    def closed_makeup(self) -> str:
        """The weekday whose windows make-up working days have, where it has none; else ""."""
        if self.statutory and self.week is not None and not self.week[self.makeup]:
            return WEEKDAYS[self.makeup]
        return ""

    @property
    def opens_for_good(self) -> bool:
        """Whether some day of every few years is open: not only dated ones, not all closed yearly."""
        if any(self.yearly.values()):
            return True
        if self.week is not None and not any(self.week):
            return False
        return len(self.yearly) < 366


def read_card(
    fields: object,
    place: Place | None = None,
    path: str = "",
    default_zone: str = "Asia/Shanghai",
    key_place: Place | None = None,
) -> Card:
    """The calendar that ``fields`` state: nested mappings and lists of text.

    ``{timezone, holidays: CN|none, week: {mon: ["08:00-12:00", ...], ...}, days: {2026-10-01: []},
    yearly: {12-25: []}, makeup: mon}``. Weekdays that ``week`` leaves out are closed. ``place``
    says where a value stands, ``key_place`` where a key does. Raises ``Unreadable`` with every
    problem (E230 to E238).
    """
    reader = _Reader(place, key_place or place, path)
    card = reader.card(fields, default_zone)
    if reader.problems:
        raise unusable(path, reader.problems)
    return card


def unusable(path: str, problems: Sequence[Problem]) -> Unreadable:
    """To raise for a calendar with these ``problems`` (at least one)."""
    return Unreadable(
        problems[0].code,
        Message(
            N_("the calendar {path} cannot be used, problems found: {count}"),
            {"path": path or "-", "count": str(len(problems))},
        ),
        Message(N_("correct the places named, then run the command again"), {}),
        tuple(problems),
    )


class _Reader:
    """Typed getters over one calendar; collects what is wrong instead of stopping."""

    def __init__(self, place: Place | None, key_place: Place | None, path: str) -> None:
        self.place = place
        self.key_place = key_place
        self.path = path
        self.problems: list[Problem] = []

    def wrong(
        self,
        code: str,
        keys: tuple[str, ...],
        *,
        at_key: bool = False,
        number: int | None = None,
        **args: str,
    ) -> None:
        """Note a problem of the value under ``keys``, of the key itself, or of an item of a list."""
        place = self.key_place if at_key else self.place
        path: tuple[str | int, ...] = keys if number is None else (*keys, number)
        line, column = (place(path) if place else None) or (0, 0)
        told = {"key": ".".join(keys), **{name: text[:80] for name, text in args.items()}}
        self.problems.append(Problem(code, self.path, line, column, told))

    def card(self, fields: object, default_zone: str) -> Card:
        if not isinstance(fields, Mapping):
            self.wrong("E230", (), key="calendar", wanted=N_("a mapping"), example="timezone: UTC")
            return Card(times.zone("UTC"))
        for key in fields:
            if key not in KEYS:
                self.wrong("E231", (str(key),), at_key=True, known=", ".join(KEYS))
        card = Card(
            zone=self.zone(fields.get("timezone", default_zone)),
            statutory=self.holidays(fields.get("holidays", "none")),
            week=self.week(fields["week"]) if "week" in fields else None,
            days={
                day.toordinal(): windows
                for day, windows in self.dated(fields.get("days", {}), "days", "2026-10-01", "")
            },
            yearly={
                (day.month, day.day): windows
                for day, windows in self.dated(fields.get("yearly", {}), "yearly", "12-25", "2000-")
            },
            makeup=self.makeup(fields.get("makeup", "mon")),
        )
        if not self.problems and not card.opens_for_good:
            self.wrong("E236", ("week",))
        return card

    def zone(self, name: object) -> tzinfo:
        try:
            if isinstance(name, str):
                return times.zone(name)
        except Usage:
            pass  # told below, with its place in the file
        self.wrong("E232", ("timezone",), value=str(name), example="Asia/Shanghai")
        return times.zone("UTC")

    def holidays(self, value: object) -> bool:
        if value not in ("CN", "none"):
            self.wrong("E237", ("holidays",), value=str(value))
        return value == "CN"

    def makeup(self, value: object) -> int:
        if value in WEEKDAYS:
            return WEEKDAYS.index(str(value))
        self.wrong("E238", ("makeup",), value=str(value), known=", ".join(WEEKDAYS))
        return 0

    def week(self, fields: object) -> tuple[Windows, ...]:
        days: list[Windows] = [()] * 7
        if not isinstance(fields, Mapping):
            example = 'week: {mon: ["08:00-12:00"], sun: []}'
            self.wrong("E230", ("week",), wanted=N_("a mapping of weekdays"), example=example)
            return tuple(days)
        for name, value in fields.items():
            keys = ("week", str(name))
            if name in WEEKDAYS:
                days[WEEKDAYS.index(name)] = self.windows(value, keys)
            else:
                known = ", ".join(WEEKDAYS)
                self.wrong("E238", keys, at_key=True, key="week", value=str(name), known=known)
        for number, windows in enumerate(days):
            following = days[(number + 1) % 7]
            if windows and following and windows[-1].closes - DAY_MINUTES > following[0].opens:
                keys = ("week", WEEKDAYS[(number + 1) % 7])
                self.wrong("E234", keys, first=str(windows[-1]), second=str(following[0]))
        return tuple(days)

    def dated(
        self, fields: object, key: str, example: str, prefix: str
    ) -> Iterator[tuple[date, Windows]]:
        if not isinstance(fields, Mapping):
            shown = f'{key}: {{{example}: ["08:00-12:00"]}}'
            self.wrong("E230", (key,), wanted=N_("a mapping of dates"), example=shown)
            return
        for text, value in fields.items():
            keys = (key, str(text))
            windows = self.windows(value, keys)
            day = _date(prefix + str(text))
            # 2000 stands in for any year: it has a 29 February.
            if day is None or not (prefix or 1900 <= day.year < 3000):
                self.wrong("E235", keys, at_key=True, key=key, value=str(text), example=example)
            else:
                yield day, windows

    def windows(self, value: object, keys: tuple[str, ...]) -> Windows:
        if not isinstance(value, list):
            example = f'{keys[-1]}: ["08:00-12:00", "13:30-17:30"]'
            self.wrong("E230", keys, wanted=N_("a list of windows"), example=example)
            return ()
        found = []
        for number, text in enumerate(value):
            window = _window(text) if isinstance(text, str) else None
            if window is None:
                self.wrong("E233", keys, number=number, value=str(text))
            else:
                found.append(window)
        found.sort()
        for first, second in pairwise(found):
            if first.closes > second.opens:
                self.wrong("E234", keys, first=str(first), second=str(second))
        return tuple(found)


def _date(text: str) -> date | None:
    """The date written ``YYYY-MM-DD``, exactly; None when it is no date."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _window(text: str) -> Window | None:
    """The window written ``HH:MM-HH:MM``; None when it is none or has no length."""
    opens, dash, closes = text.replace(" ", "").partition("-")
    start, end = _minutes(opens), _minutes(closes)
    if not dash or start is None or end is None or start in (end, DAY_MINUTES):
        return None
    return Window(start, end if end > start else end + DAY_MINUTES)


def _minutes(text: str) -> int | None:
    hour, colon, minute = text.partition(":")
    digits = (hour + minute).isascii() and (hour + minute).isdigit()
    if not (colon and digits and len(hour) <= 2 and len(minute) == 2):
        return None
    minutes = int(hour) * 60 + int(minute)
    return minutes if int(minute) < 60 and minutes <= DAY_MINUTES else None
