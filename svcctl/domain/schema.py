"""Typed fields: how the text of a record becomes values, and what is wrong where it does not.

Knows the types of fields and nothing of any subject. Scalars arrive as text, because the readers
guess nothing; a declaration (``CaseKind``, ``CardKind``) says what each text must be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.problems import N_
from svcctl.domain.times import format_instant, parse_instant, parse_span

Value = str | int | bool | datetime
"""A stored value: text, whole number, flag or aware instant. Dates and money stay text."""


class Field(NamedTuple):
    """One field of a record: its stored name, its type, the words allowed, whether it must be.

    ``ahead``: it names something to come, so that 周一 9:00 typed for it is the next one.
    """

    name: str
    type: str = "text"
    words: tuple[str, ...] = ()
    required: bool = False
    ahead: bool = False


class Flaw(NamedTuple):
    """One thing wrong with one value: a code of family E2, the key, and the message's arguments."""

    code: str
    key: str
    args: Mapping[str, str]


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError
    if not text.isascii():
        text.encode()  # half of a surrogate pair (a UnicodeEncodeError is a ValueError)
    return text


def _line(text: str) -> str:
    if text.splitlines() != [text]:  # any of the ends of line that some reader obeys
        raise ValueError
    return _text(text)


_YEARS = ("19", "2")
"""How the years begin that a record can speak of, 1900 to 2999: others are slips of the finger, and
near the ends of what dates can express no deadline can be computed."""


def _date(text: str) -> str:
    known = len(text) == 10 and text.startswith(_YEARS)
    if not known or date.fromisoformat(text).isoformat() != text:
        raise ValueError
    return text


def _instant(text: str) -> datetime:
    if not text.startswith(_YEARS):
        raise ValueError
    return parse_instant(text)


MONEY = re.compile(r"(?!-0\.00)-?(0|[1-9][0-9]{0,11})\.[0-9]{2}")
_INT = re.compile(r"0|-?[1-9][0-9]{0,8}")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SCORE = re.compile(r"[1-5]")


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError
        return text

    return convert


def _int(text: str) -> int:
    if _INT.fullmatch(text) is None:
        raise ValueError
    return int(text)


def _count(text: str) -> int:
    if _COUNT.fullmatch(text) is None:
        raise ValueError
    return int(text)


def _score(text: str) -> int:
    if _SCORE.fullmatch(text) is None:
        raise ValueError
    return int(text)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _moment(text: str) -> str:
    """A date, or an instant where the hour was promised."""
    return _date(text) if len(text) == 10 else format_instant(_instant(text))


def _span(text: str) -> str:
    span = parse_span(text)
    if span.amount < 0:
        raise ValueError
    return text


CONVERTERS: dict[str, Callable[[str], Value]] = {
    "text": _text,
    "line": _line,
    "instant": _instant,
    "date": _date,
    "moment": _moment,
    "money": _matching(MONEY),
    "int": _int,
    "count": _count,
    "score": _score,
    "flag": _flag,
    "digest": _matching(_DIGEST),
    "span": _span,
    "lines": _line,
    "desk": _matching(identity.DESK),
    "ticket": _matching(identity.TICKET),
    "customer": _matching(identity.CUSTOMER),
    "unit": _matching(identity.UNIT),
    "staff": _matching(identity.STAFF),
    "event": _matching(identity.EVENT),
    "journal": _matching(identity.JOURNAL),
    "tickets": _matching(identity.TICKETS),
}

ONE_OF = N_("one of {words}")

EXPECTED: dict[str, str] = {
    "text": N_("some text"),
    "line": N_("one line of text"),
    "instant": N_("a time such as 2026-11-22T09:30:00+08:00"),
    "date": N_("a date such as 2026-11-22"),
    "moment": N_("a date or a time with offset"),
    "money": N_("an amount such as 120.00"),
    "int": N_("a whole number"),
    "count": N_("a whole number from 1 on"),
    "score": N_("a score from 1 to 5"),
    "flag": N_("true or false"),
    "digest": N_("a SHA-256 of 64 hexadecimal digits"),
    "span": N_("a span such as 24mo, 2y or 30d"),
    "lines": N_("a list of words"),
    "desk": N_("a desk code of two to four capital letters without I and O"),
    "ticket": N_("a ticket id such as SHA-261122-07M"),
    "customer": N_("a customer id such as SHA-C0042J"),
    "unit": N_("a serial number of capital letters, digits, dots and dashes"),
    "staff": N_("a staff id of small letters, digits, dots and dashes"),
    "event": N_("the name of an event such as 3SHA"),
    "journal": N_("a month and a desk such as 2026-11.SHA"),
    "tickets": N_("ticket ids with one blank between them"),
    "word": ONE_OF,
}
"""What each type looks like, for messages."""


def converter(field: Field) -> Callable[[str], Value]:
    """Return the function that turns the text of ``field`` into its value or raises ValueError."""
    if field.type != "word":
        return CONVERTERS[field.type]
    words = frozenset(field.words)

    def convert(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return convert


class Shape:
    """The fields of one mapping, ready to convert many of them quickly."""

    __slots__ = ("converters", "fields", "required")

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = {field.name: field for field in fields}
        self.converters = {field.name: converter(field) for field in fields}
        self.required = tuple(field.name for field in fields if field.required)

    def convert(self, raw: Mapping[str, str]) -> tuple[dict[str, Value], list[Flaw]]:
        """Return the values of ``raw`` and everything wrong with it.

        A value that cannot be converted is left out of the values and named in the flaws.
        """
        values: dict[str, Value] = {}
        flaws: list[Flaw] = []
        converters = self.converters
        for key, text in raw.items():
            convert = converters.get(key)
            if convert is None:
                flaws.append(Flaw("E201", key, {"key": key, "known": ", ".join(self.fields)}))
                continue
            try:
                values[key] = convert(text)
            except (ValueError, TypeError):
                flaws.append(self.bad_value(key, str(text)))
        for key in self.required:
            if key not in raw:
                flaws.append(Flaw("E202", key, {"key": key}))
        return values, flaws

    def bad_value(self, key: str, text: str) -> Flaw:
        """Return the flaw that says what ``key`` should have been instead of ``text``."""
        field = self.fields[key]
        expected = EXPECTED[field.type].replace("{words}", " | ".join(field.words))
        return Flaw("E203", key, {"key": key, "value": text[:80], "expected": expected})


def stored(value: Value) -> str | int | bool:
    """Return ``value`` in the form it has in a canonical line (instants as text)."""
    return format_instant(value) if isinstance(value, datetime) else value


def as_text(value: Value) -> str:
    """Return ``value`` as the text that converts back to it."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(stored(value))
