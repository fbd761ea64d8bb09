"""Plain case files: bytes straight to a typed case. Knows the canonical form, no file, no subject.

The third way to read a case, for the many that a command wrote and no hand touched: it gives a case
only where ``casefile.read_case`` and ``cases.read_case`` together give that very case and no problem,
and None for every other file, which goes their way. What stands behind ``do`` repeats itself from
ticket to ticket, so what it means is kept.
"""

from __future__ import annotations

import re

from svcctl.domain.cases import (
    ENVELOPE_NAMES,
    FORMAT,
    Case,
    CaseKind,
    Event,
    event_fields,
)
from svcctl.domain.schema import CONVERTERS, Value
from svcctl.domain.times import instant_of
from svcctl.ledger.casefile import flat_mapping, plain_head, plain_text

_INSTANT = r'"((?:19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})([+-][0-9]{2}:[0-9]{2})"'
_EVENT = re.compile(
    r'^- \{"n": ([1-9][0-9]{0,8}), "desk": "([A-HJ-NP-Z]{2,4})", '
    rf'"at": {_INSTANT}, "noted": {_INSTANT}, "by": "([^"\\\n]+)", "do": "([^\\\n]+)\}}$',
    re.MULTILINE,
)

_Tail = tuple[str, dict[str, Value], str | None, str | None]
_MOST_KEPT = 4096
_LONGEST_KEPT = 200
_staff = CONVERTERS["staff"]


def plain_case(kind: CaseKind, data: bytes) -> Case | None:
    """Return the case of this kind in ``data``; None where it has to be read with more care."""
    try:
        return _plain(kind, plain_text(data))
    except (ValueError, TypeError, KeyError, StopIteration, RecursionError):
        return None


def _plain(kind: CaseKind, text: str) -> Case | None:
    end = text.index("\nevents:\n- {")
    head = plain_head(text[:end])
    if head.pop("format") != FORMAT:
        return None
    values: dict[str, Value] = {}
    converters = kind.head.converters
    for key, raw in head.items():
        values[key] = converters[key](raw)
    for key in kind.head.required:
        values[key]
    found = _EVENT.findall(text, end + 9)
    if len(found) != text.count("\n", end + 9):
        return None
    tails, people = _kept(kind)
    events: list[Event] = []
    last, line = (0, ""), len(head) + 2
    for number, desk, day, clock, offset, day_noted, clock_noted, offset_noted, by, tail in found:
        n = int(number)
        if (n, desk) < last:
            return None  # out of order: worth a finding
        last = (n, desk)
        line += 1
        if by not in people:
            people[by] = str(_staff(by))
        do, fields, over, was = tails.get(tail) or read_tail(kind, tail, tails)
        at = noted = instant_of(day, clock, offset)
        if clock_noted != clock or day_noted != day or offset_noted != offset:
            noted = instant_of(day_noted, clock_noted, offset_noted)
        events.append(Event(n, desk, at, noted, people[by], do, dict(fields), over, was, line))
    return Case(kind, values, events)


_memory: dict[int, tuple[CaseKind, dict[str, _Tail], dict[str, str]]] = {}
"""By the identity of a declaration, which is kept beside it and so stays what it is."""


def _kept(kind: CaseKind) -> tuple[dict[str, _Tail], dict[str, str]]:
    known = _memory.get(id(kind))
    if known is None:
        known = _memory[id(kind)] = (kind, {}, {})
    _, tails, people = known
    if len(tails) > _MOST_KEPT:
        tails.clear()
    if len(people) > _MOST_KEPT:
        people.clear()
    return tails, people


def read_tail(kind: CaseKind, tail: str, tails: dict[str, _Tail]) -> _Tail:
    """Return what a line says from the value of ``do`` on. Raises what its readers raise."""
    raw = flat_mapping('{"do": "' + tail + "}")
    do = raw.pop("do")
    if not ENVELOPE_NAMES.isdisjoint(raw):
        raise ValueError(tail)
    meant = (do, *event_fields(kind.events[do], raw))
    if len(tail) <= _LONGEST_KEPT:
        tails[tail] = meant
    return meant
