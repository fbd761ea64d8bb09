"""Dates as another system wrote them: a form such as ``D/M/YYYY HH:MM``, and one order per column.

Whether the day or the month comes first is decided for a whole column, never for one cell: many
cells can be read both ways, and a column that was read half and half would look right.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

from svcctl.domain.problems import N_, Message
from svcctl.domain.times import at_epoch, wall_epoch

Order = Literal["as written", "auto"]

_TOKENS = re.compile(r"YYYY|DD?|MM?|HH?|SS|AM|[^A-Z]+|[A-Z]")
_MEANT = {"YYYY": "year", "D": "day", "DD": "day", "M": "month", "MM": "month"}


class DateForm(NamedTuple):
    """A form to read, and the order it states; the year first is never in doubt."""

    text: str
    pattern: re.Pattern[str]
    month_first: bool
    year_first: bool

    @classmethod
    def parse(cls, text: str) -> DateForm:
        """Read a form of the tokens YYYY M MM D DD H HH MM SS AM. Raises ValueError."""
        parts: list[str] = []
        seen: list[str] = []
        for token in _TOKENS.findall(text.strip()):
            name = _MEANT.get(token, "")
            if token == "MM" and "hour" in seen:
                name = "minute"
            elif token in ("H", "HH"):
                name = "hour"
            elif token == "SS":
                name = "second"
            elif token == "AM":
                parts.append(r"(?P<half>[AaPp])\.?[Mm]\.?")
                continue
            if not name and token.isalpha() and token.isascii() and token != "T":
                raise ValueError(token)
            if name in seen:
                raise ValueError(token)
            if not name:
                parts.append(re.escape(token) if token.strip() else r"\s+")
                continue
            seen.append(name)
            size = "4" if name == "year" else "2" if name in ("minute", "second") else "1,2"
            parts.append(rf"(?P<{name}>[0-9]{{{size}}})")
        if not {"year", "month", "day"} <= set(seen) or ("hour" in seen) != ("minute" in seen):
            raise ValueError(text)
        month_first = seen.index("month") < seen.index("day")
        return cls(text, re.compile("".join(parts)), month_first, seen[0] == "year")

    def read(self, text: str, swapped: bool = False) -> datetime:
        """Return the wall time that ``text`` states. Raises ValueError."""
        found = self.pattern.fullmatch(text)
        if found is None:
            raise ValueError(text)
        part = {name: value for name, value in found.groupdict().items() if value}
        half = part.pop("half", "")
        number = {name: int(value) for name, value in part.items()}
        if swapped:
            number["day"], number["month"] = number["month"], number["day"]
        if half:
            if not 1 <= number["hour"] <= 12:
                raise ValueError(text)
            number["hour"] = number["hour"] % 12 + (12 if half in "Pp" else 0)
        hour, minute, second = (number.get(name, 0) for name in ("hour", "minute", "second"))
        return datetime(number["year"], number["month"], number["day"], hour, minute, second)

    @property
    def has_time(self) -> bool:
        """Whether the form states a time of day."""
        return "hour" in self.pattern.groupindex

    def name(self, month_first: bool) -> str:
        """Return the form in that order, for messages."""
        if month_first == self.month_first:
            return self.text
        tokens = _TOKENS.findall(self.text)
        for place, token in enumerate(tokens):
            if token in ("D", "DD"):
                tokens[place] = token.replace("D", "M")
            elif _MEANT.get(token) == "month" and not {"H", "HH"} & set(tokens[:place]):
                tokens[place] = token.replace("M", "D")
        return "".join(tokens)


class DateColumn:
    """The dates of one column, all read in one order, in one zone.

    Every cell is shown to ``see`` first; ``settle`` then decides the order.
    """

    def __init__(self, form: DateForm, zone: tzinfo, order: Order) -> None:
        self.form = form
        self.zone = zone
        self.order = order
        self.swapped = False
        self._read: dict[str, datetime] = {}
        self._doubtful = False
        # The first cell, with its line, that can only be read with the day (the month) first.
        self._day_first: tuple[int, str] | None = None
        self._month_first: tuple[int, str] | None = None

    @property
    def looks(self) -> str:
        """What a cell of this column must look like, for messages."""
        return self.form.name(self.form.month_first != self.swapped)

    def see(self, line: int, text: str) -> None:
        """Take note of what a cell shows of the column's order."""
        found = self.form.pattern.fullmatch(text)
        if found is None:
            return
        first, second = int(found["day"]), int(found["month"])
        if self.form.month_first:
            first, second = second, first
        if first <= 12 and second <= 12:
            self._doubtful = True
        elif first > 12 and second <= 12:
            self._day_first = self._day_first or (line, text)
        elif first <= 12:
            self._month_first = self._month_first or (line, text)

    def settle(self) -> tuple[int, Message] | None:
        """Decide the order from all cells; return what forbids it, with its line (0: all of them).

        Stated in the map: refused where no cell has it and some have the other. ``auto``: refused
        where the cells contradict each other, and where every cell can be read both ways.
        """
        agreeing, other = self._day_first, self._month_first
        if self.form.month_first:
            agreeing, other = other, agreeing
        auto = self.order == "auto" and not self.form.year_first
        if other is None:
            if not auto or agreeing is not None or not self._doubtful:
                return None
            return 0, Message(
                N_(
                    "every date of this column can be read in two ways: write {one} or {other} "
                    "in the map instead of “order: auto”"
                ),
                {"one": self.form.name(False), "other": self.form.name(True)},
            )
        if auto and agreeing is None:
            self.swapped = True
            return None
        if auto and agreeing is not None:
            return other[0], Message(
                N_(
                    "“{text}” contradicts line {earlier}, “{before}”: one has the day first, the "
                    "other the month"
                ),
                {"text": other[1], "earlier": str(agreeing[0]), "before": agreeing[1]},
            )
        if agreeing is not None:
            return None  # the odd cells are reported one by one when they are read
        return other[0], Message(
            N_(
                "“{text}” is not {form}, and no other cell shows that order: this column seems "
                "to be {likely}"
            ),
            {
                "text": other[1],
                "form": self.form.text,
                "likely": self.form.name(not self.form.month_first),
            },
        )

    def instant(self, text: str) -> datetime:
        """Return the instant ``text`` states, with the zone's offset. Raises ValueError."""
        known = self._read.get(text)
        if known is None:
            wall = self.form.read(text, self.swapped)
            first = wall.replace(tzinfo=self.zone, fold=0).utcoffset() or timedelta()
            second = wall.replace(tzinfo=self.zone, fold=1).utcoffset() or timedelta()
            if first < second:
                raise ValueError(text)  # clocks were set forward over this time: another zone
            known = at_epoch(wall_epoch(wall, self.zone), self.zone)
            self._read[text] = known
        return known
