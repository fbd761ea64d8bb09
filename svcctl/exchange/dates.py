"""Dates as another system wrote them: a form such as ``D/M/YYYY HH:MM``, and one order per column.

Whether the day or the month comes first is decided for a whole column, never for one cell: many
cells can be read both ways, and a column that was read half and half would look right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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
        return datetime(**number)  # type: ignore[arg-type]

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


class Evidence(NamedTuple):
    """What the cells of a column say of its order: the first of each kind, with its line."""

    day_first: tuple[int, str] | None
    month_first: tuple[int, str] | None


class DateColumn:
    """The dates of one column, all read in one order, in one zone."""

    def __init__(self, form: DateForm, zone: tzinfo, order: Order) -> None:
        self.form = form
        self.zone = zone
        self.order = order
        self.swapped = False
        self._read: dict[str, datetime] = {}

    @property
    def looks(self) -> str:
        """What a cell of this column must look like, for messages."""
        return self.form.name(self.form.month_first != self.swapped)

    def settle(self, cells: Iterable[tuple[int, str]]) -> tuple[int, Message] | None:
        """Decide the order from all cells (line, text); return what forbids it, with its line.

        Stated in the map: refused where no cell has it and some have the other. ``auto``: refused where
        the cells contradict each other, and where every cell can be read both ways.
        """
        evidence, any_cell = self._evidence(cells)
        first = evidence.month_first if self.form.month_first else evidence.day_first
        other = evidence.day_first if self.form.month_first else evidence.month_first
        if other is None:
            if self.order == "auto" and first is None and any_cell and not self.form.year_first:
                return 0, Message(
                    N_(
                        "every date of this column can be read in two ways: write {one} or {other} "
                        "in the map instead of “order: auto”"
                    ),
                    {
                        "one": self.form.name(False),
                        "other": self.form.name(True),
                    },
                )
            return None
        if self.order == "auto":
            if first is None:
                self.swapped = True
                return None
            return other[0], Message(
                N_(
                    "“{text}” contradicts line {line}, “{earlier}”: one has the day first, the "
                    "other the month"
                ),
                {"text": other[1], "line": str(first[0]), "earlier": first[1]},
            )
        if first is None:
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
        return None

    def _evidence(self, cells: Iterable[tuple[int, str]]) -> tuple[Evidence, bool]:
        day_first = month_first = None
        any_cell = False
        match = self.form.pattern.fullmatch
        for line, text in cells:
            found = match(text)
            if found is None:
                continue
            any_cell = True
            day, month = int(found["day"]), int(found["month"])
            if self.form.month_first:
                first, second = month, day
            else:
                first, second = day, month
            if first > 12 and second <= 12 and day_first is None:
                day_first = (line, text)
            elif second > 12 and first <= 12 and month_first is None:
                month_first = (line, text)
        return Evidence(day_first, month_first), any_cell

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
