"""One entry of a map, ready to use: from a row's cells to one value of a record.

An entry is a column's name, or ``{column, values, otherwise}``, ``{text, otherwise}`` with columns in
braces, or ``{constant}``. Knows the types of fields; not which entries a map has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.problems import N_, Message
from svcctl.domain.schema import EXPECTED, Field, Value, converter
from svcctl.domain.times import format_instant
from svcctl.exchange.dates import DateColumn
from svcctl.exchange.table import BadMap, Fault, Faults, Row

Cells = Sequence[str]
Keys = tuple[str | int, ...]
Place = Callable[[Sequence[str | int]], tuple[int, int]]

_BRACES = re.compile(r"\{([^{}]*)\}")
_MONEY = re.compile(r"[¥¥$€]?\s*(-?\d{1,3}(?:,\d{3})+|-?\d+)(?:\.(\d{1,2}))?\s*元?")
_DATES = ("instant", "date", "moment")


class Reader(NamedTuple):
    """Reads one value out of a row; ``column`` is the cell to name when it cannot."""

    take: Callable[[Cells], str]
    convert: Callable[[str], Value]
    column: str
    field: Field
    where: str
    translated: bool = False

    def read(self, row: Row, faults: Faults) -> Value | None:
        """Return the value, or None where the row says nothing or what it says is a fault."""
        text = self.take(row.cells)
        if not text:
            return None
        try:
            return self.convert(text)
        except (ValueError, OverflowError):
            self._fault(row, text, faults)
            return None

    def _fault(self, row: Row, text: str, faults: Faults) -> None:
        if self.translated or self.field.type == "word":
            faults.add(
                row.line,
                self.column,
                N_("“{value}” has no translation: add it to the map, {where}"),
                value=text[:80],
                where=f"{self.where}.values",
            )
        else:
            expected = EXPECTED[self.field.type]
            if self.field.type in _DATES and isinstance(self.convert, _Dated):
                expected = self.convert.column.looks
            faults.add(
                row.line,
                self.column,
                N_("“{value}” is not {expected}"),
                value=text[:80],
                expected=expected,
            )


class _Dated:
    """Converts a cell of a column of dates to what the field stores."""

    def __init__(self, column: DateColumn, kind: str) -> None:
        self.column = column
        self.kind = kind

    def __call__(self, text: str) -> Value:
        instant = self.column.instant(text)
        if self.kind == "instant":
            return instant
        if self.kind == "moment" and self.column.form.has_time:
            return format_instant(instant)
        return instant.date().isoformat()


def _tidy(field: Field) -> Callable[[str], str]:
    """Return what brings a cell into the form that the field's converter takes."""
    if field.type == "text":
        return lambda text: "\n".join(line.rstrip() for line in text.splitlines())
    if field.type == "money":
        return _money
    if field.type == "unit":
        return identity.normalise
    return lambda text: " ".join(text.split())


def _money(text: str) -> str:
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    whole = str(int(found[1].replace(",", "")))
    return f"{whole}.{(found[2] or '').ljust(2, '0')}"


class Complaints:
    """The faults of a map, each at its line and column."""

    def __init__(self, path: str, place: Place) -> None:
        self.path = path
        self.place = place
        self.faults: list[Fault] = []

    def add(self, keys: Keys, template: str, **args: str) -> None:
        """Note what is wrong with the value under ``keys``."""
        line, column = self.place(keys)
        self.faults.append(Fault(f"{self.path}:{line}:{column}", Message(template, args)))

    def end(self) -> None:
        """Raise ``BadMap`` if anything was wrong."""
        if self.faults:
            raise BadMap(self.path, self.faults)

    def known(self, given: object, keys: Keys, allowed: Sequence[str]) -> Mapping[str, object]:
        """Return the mapping under ``keys``, complaining of keys that are not ``allowed``."""
        if not isinstance(given, Mapping):
            self.add(keys, N_("this must be a mapping of: {known}"), known=", ".join(allowed))
            return {}
        for key in given:
            if key not in allowed:
                self.add(
                    (*keys, key),
                    N_("the key {key} is not known here; known are: {known}"),
                    key=str(key),
                    known=", ".join(allowed),
                )
        return given

    def text(self, given: object, keys: Keys) -> str:
        """Return the text under ``keys``."""
        if isinstance(given, str):
            return given
        self.add(keys, N_("{key} must be one text"), key=str(keys[-1]))
        return ""


class Binder:
    """Makes readers for the columns that a table really has."""

    def __init__(self, wrong: Complaints, header: Sequence[str], missing: frozenset[str]) -> None:
        self.wrong = wrong
        self.header = list(header)
        self.missing = missing
        self.dates: dict[str, DateColumn] = {}
        self.form: Callable[[str], DateColumn | None] = lambda column: None
        self._twice = {name for name in header if self.header.count(name) > 1}

    def reader(self, given: object, keys: Keys, field: Field) -> Reader | None:
        """Return the reader of the entry under ``keys``; None where it is faulty."""
        where = ".".join(str(key) for key in keys)
        if isinstance(given, str):
            given = {"column": given}
        entry = self.wrong.known(given, keys, ("column", "values", "otherwise", "text", "constant"))
        kinds = [kind for kind in ("column", "text", "constant") if kind in entry]
        if len(kinds) != 1:
            if isinstance(given, Mapping):
                self.wrong.add(keys, N_("name one of: column, text, constant"))
            return None
        kind = kinds[0]
        text = self.wrong.text(entry[kind], (*keys, kind))
        otherwise = ""
        if "otherwise" in entry:
            otherwise = self.stored(entry["otherwise"], (*keys, "otherwise"), field)
        if kind == "constant":
            fixed = self.stored(text, (*keys, kind), field)
            return Reader(lambda cells: fixed, converter(field), "", field, where)
        if kind == "text":
            return self._template(text, keys, field, otherwise, where)
        return self._column(text, entry, keys, field, otherwise, where)

    def index(self, column: str, keys: Keys) -> int | None:
        """Return where ``column`` stands in a row, or None after complaining."""
        if column in self._twice:
            self.wrong.add(keys, N_("the file has two columns named {column}"), column=column)
            return None
        if column in self.header:
            return self.header.index(column)
        if len(self.header) == 1:
            self.wrong.add(
                keys,
                N_("the file has one column only, “{header}”: is the delimiter right?"),
                header=self.header[0][:80],
            )
            return None
        from difflib import get_close_matches

        near = get_close_matches(column, self.header, n=3) or self.header
        self.wrong.add(
            keys,
            N_("the file has no column {column}; it has: {near}"),
            column=column,
            near=", ".join(near),
        )
        return None

    def _column(
        self,
        column: str,
        entry: Mapping[str, object],
        keys: Keys,
        field: Field,
        otherwise: str,
        where: str,
    ) -> Reader | None:
        at = self.index(column, keys if not entry.keys() - {"column"} else (*keys, "column"))
        if at is None:
            return None
        missing = self.missing
        if "values" in entry:
            given = entry["values"]
            if not isinstance(given, Mapping):
                self.wrong.add(
                    (*keys, "values"), N_("values must be a mapping: old word, new word")
                )
                return None
            values = {
                str(old): self.stored(new, (*keys, "values", old), field) if new != "" else ""
                for old, new in given.items()
            }

            def translated(cells: Cells) -> str:
                text = cells[at].strip()
                found = values.get(text)
                if found is not None:
                    return found
                return otherwise if text in missing else otherwise or text

            only = _only(values, otherwise, converter(field))
            return Reader(translated, only, column, field, where, True)

        def taken(cells: Cells) -> str:
            text = cells[at].strip()
            return otherwise if text in missing else text

        if field.type in _DATES:
            if otherwise:
                self.wrong.add((*keys, "otherwise"), N_("a date that is missing stays missing"))
            dated = self._dated(column, keys, field)
            return None if dated is None else Reader(taken, dated, column, field, where)
        tidy, convert = _tidy(field), converter(field)
        return Reader(taken, lambda text: convert(tidy(text)), column, field, where)

    def _dated(self, column: str, keys: Keys, field: Field) -> _Dated | None:
        found = self.dates.get(column) or self.form(column)
        if found is None:
            self.wrong.add(
                keys, N_("{column} holds dates, and the map has no key dates"), column=column
            )
            return None
        self.dates[column] = found
        return _Dated(found, field.type)

    def _template(
        self, text: str, keys: Keys, field: Field, otherwise: str, where: str
    ) -> Reader | None:
        pieces = _BRACES.split(text)
        columns = [self.index(name, (*keys, "text")) for name in pieces[1::2]]
        if None in columns:
            return None
        if field.type in _DATES:
            self.wrong.add(keys, N_("a date comes from one column"))
            return None
        places = [at for at in columns if at is not None]
        fixed = pieces[0::2]
        missing = self.missing

        def filled(cells: Cells) -> str:
            found = [cells[at].strip() for at in places]
            if places and all(one in missing for one in found):
                return otherwise
            parts = [fixed[0]]
            for one, after in zip(found, fixed[1:], strict=True):
                parts += ("-" if one in missing else one, after)
            return "".join(parts).strip()

        tidy, convert = _tidy(field), converter(field)
        named = pieces[1] if len(pieces) > 1 else ""
        return Reader(filled, lambda text: convert(tidy(text)), named, field, where)

    def stored(self, given: object, keys: Keys, field: Field) -> str:
        """Return a value that the map itself gives, in its stored form, complaining if it is none."""
        text = self.wrong.text(given, keys)
        try:
            converter(field)(text)
        except ValueError:
            expected = EXPECTED[field.type].replace("{words}", " | ".join(field.words))
            self.wrong.add(
                keys, N_("“{value}” is not {expected}"), value=text[:80], expected=expected
            )
        return text


def _only(
    values: Mapping[str, str], otherwise: str, convert: Callable[[str], Value]
) -> Callable[[str], Value]:
    """Convert what was translated; a cell without translation is a fault, whatever it looks like."""
    allowed = {*values.values(), otherwise}

    def only(text: str) -> Value:
        if text not in allowed:
            raise ValueError(text)
        return convert(text)

    return only
