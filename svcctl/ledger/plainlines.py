"""Lines of plain ticket files, each read once: what the same text meant before it means again.

Knows the canonical form of a line and what it says, as text, and as seconds where it is an instant;
nothing of states. Whatever is not surely plain raises ``ValueError`` or ``KeyError``; such a
file goes the way of ``plaincase``, which says the same of all that is read here.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.cases import FORMAT, CaseKind
from svcctl.domain.checks.service_rules import lowest_score, seems_odd
from svcctl.domain.schema import CONVERTERS, Value, as_text
from svcctl.domain.shapes import Shapes
from svcctl.domain.times import epoch_and_offset, parse_instant
from svcctl.ledger.casefile import plain_head
from svcctl.ledger.plaincase import read_tail

MOST_LINES = 20_000
_LONGEST_KEPT = 200
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9:]{5}")
_PLAIN_IDS = {
    "id": identity.TICKET.fullmatch,
    "customer": identity.CUSTOMER.fullmatch,
    "unit": identity.UNIT.fullmatch,
}
_OF_A_KIND = ("word", "line")
"""The types of fields whose values are much alike from ticket to ticket."""


class Told(NamedTuple):
    """What a line says from ``do`` on; ``texts`` are its fields as they are shown.

    ``key`` is the step it is in the history's form, ``odd`` and ``lowest`` are what the service
    rules say of it.
    """

    do: str
    key: tuple[object, ...]
    odd: bool
    lowest: int
    texts: dict[str, str]


class Lines:
    """The memory for lines of files of one kind, whose forms ``shapes`` tells apart."""

    def __init__(self, kind: CaseKind, shapes: Shapes) -> None:
        self.kind = kind
        self._shapes = shapes
        self._heads: dict[str, tuple[str, Value]] = {}
        self._sound: set[tuple[str, ...]] = set()
        self._tails: dict[str, Told] = {}
        self._frames: dict[tuple[str, str], tuple[Told, str]] = {}
        self._prefixes: dict[str, list[str]] = {}
        self._rests: set[str] = set()
        self.people: set[str] = set()
        self.hours: dict[str, int] = {}
        self.ends: dict[str, tuple[int, int]] = {}

    # The head -----------------------------------------------------------------------------------

    def head(self, lines: list[str]) -> dict[str, Value]:
        """Return the head that these lines are, its values converted."""
        known = self._heads
        values: dict[str, Value] = {}
        for line in lines:
            key, value = known.get(line) or self._head_line(line)
            values[key] = value
        keys = tuple(values)
        if len(keys) != len(lines) or (keys not in self._sound and not self._is_sound(keys)):
            raise ValueError(keys)
        return values

    def _is_sound(self, keys: tuple[str, ...]) -> bool:
        if "format" not in keys or not set(self.kind.head.required) <= set(keys):
            return False
        if len(self._sound) < MOST_LINES:
            self._sound.add(keys)
        return True

    def _head_line(self, line: str) -> tuple[str, Value]:
        key, _, text = line.partition(": ")
        plain = _PLAIN_IDS.get(key)
        if plain is not None and plain(text) is not None:
            return key, text
        fields = self.kind.head.fields
        if key in fields and fields[key].type == "instant" and text[0] == text[-1] == '"':
            return key, plain_instant(text[1:-1])
        ((key, text),) = plain_head(line).items()
        if key == "format":
            if text != FORMAT:
                raise ValueError(text)
            pair: tuple[str, Value] = (key, text)
        else:
            pair = (key, self.kind.head.converters[key](text))
            if fields[key].type not in _OF_A_KIND:
                return pair
        if len(self._heads) >= MOST_LINES:
            self._heads.clear()
        self._heads[line] = pair
        return pair

    # Events -------------------------------------------------------------------------------------

    def prefixes(self, desk: str, count: int) -> list[str]:
        """Return how the first ``count`` lines of a desk's begin, up to the day of ``at``, or more."""
        known = self._prefixes.get(desk)
        if known is None:
            if identity.DESK.fullmatch(desk) is None:
                raise ValueError(desk)
            known = self._prefixes[desk] = []
        while len(known) < count:
            known.append(f'- {{"n": {len(known) + 1}, "desk": "{desk}", "at": "')
        return known

    def learn_time(self, text: str, ending: str) -> None:
        """Note what both parts of an instant mean, behind which the ``ending`` leads on in the line:
        day and hour, then the rest with the ending.

        Of so few parts so many instants are made that they stay where the processor has them at hand.
        """
        written = text.removesuffix(ending)
        if written == text:
            raise ValueError(text)
        instant = plain_instant(written)
        seconds, offset = epoch_and_offset(instant)
        within = instant.minute * 60 + instant.second - offset
        for memory in (self.hours, self.ends):
            if len(memory) >= MOST_LINES:
                memory.clear()
        self.hours[text[:14]] = seconds - within
        self.ends[text[14:]] = (within, offset)

    def learn_person(self, name: str) -> None:
        """Note that this is the id of a person."""
        CONVERTERS["staff"](name)
        if len(self.people) >= MOST_LINES:
            self.people.clear()
        self.people.add(name)

    def told(self, tail: str) -> Told:
        """Return what a line says from the value of ``do`` on to its end."""
        known = self._tails.get(tail)
        if known is not None:
            return known
        found = _MOMENT.search(tail)
        frame = ("", "")
        if found is not None:
            frame = (tail[: found.start()], tail[found.end() :])
            if (framed := self._frames.get(frame)) is not None:
                return self._filled(*framed, found[0])
        if not tail.endswith("}") or "\\" in tail:
            raise ValueError(tail)
        do, fields, over, _ = read_tail(self.kind, tail[:-1], {})
        texts = {name: as_text(value) for name, value in fields.items()}
        key = self._shapes.key(do, over, fields)
        told = Told(do, key, seems_odd(do, fields), lowest_score(fields), texts)
        for memory in (self._tails, self._frames):
            if len(memory) >= MOST_LINES:
                memory.clear()
        if found is not None and tail.count(found[0]) == 1:
            types = self.kind.events[do].shape.fields
            for name, text in texts.items():
                usable = types[name].type == "instant" and not self._shapes.depends_on(do, name)
                if text == found[0] and usable:
                    self._frames[frame] = (told, name)
                    return told
        if len(tail) <= _LONGEST_KEPT:
            self._tails[tail] = told
        return told

    def _filled(self, told: Told, name: str, text: str) -> Told:
        """Return ``told`` with another instant as the value of the field."""
        if text[:14] not in self.hours or text[14:] not in self._rests:
            plain_instant(text)
            if len(self._rests) >= MOST_LINES:
                self._rests.clear()
            self._rests.add(text[14:])
        do, key, odd, lowest, texts = told
        texts = texts.copy()
        texts[name] = text
        return Told(do, key, odd, lowest, texts)


def plain_instant(text: str) -> datetime:
    """Return the instant in ``text`` if it stands in a record just as it would be written."""
    instant = parse_instant(text)
    if instant.isoformat() != text or not text.startswith(("19", "2")):
        raise ValueError(text)
    return instant
