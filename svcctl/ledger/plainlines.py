"""Lines of plain ticket files, each read once: what the same text meant before it means again.

Knows the canonical form of a line and what it says, as text, and as seconds where it is an instant;
nothing of states. Whatever is not surely plain raises ``ValueError`` or ``KeyError``; such a
file goes the way of ``plaincase``, which says the same of all that is read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.cases import FORMAT, CaseKind
from svcctl.domain.checks.dissatisfaction import lowest_score
from svcctl.domain.checks.service_rules import seems_odd
from svcctl.domain.schema import CONVERTERS, Value, as_text
from svcctl.domain.shapes import Shapes
from svcctl.domain.times import epoch_and_offset, parse_instant
from svcctl.ledger.casefile import plain_head
from svcctl.ledger.plaincase import read_tail

MOST_LINES = 20_000
MOST_TIMES = 50_000
_LONGEST_KEPT = 200
_TO_NOTED = '", "noted": "'
_TO_BY = '", "by": "'
_NAMING = ("to", "approved")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9:]{5}")
_PLAIN_IDS = {
    "id": identity.TICKET.fullmatch,
    "customer": identity.CUSTOMER.fullmatch,
    "unit": identity.UNIT.fullmatch,
}
_OF_A_KIND = ("word", "line")
"""The types of fields whose values are much alike from ticket to ticket."""


class Told(NamedTuple):
    """What a line says from the person on, who is ``by``: ``texts`` are the event's own fields as they
    are shown, ``named`` the people in them.

    ``step`` is the number of the step that it is in the history's form, ``ODD`` where the service rules
    or an import ask for a closer look, or it depends on other lines what this one comes to.
    """

    step: int
    by: str
    texts: dict[str, str]
    named: tuple[str, ...]


ODD = -1
Place = tuple[str, slice, slice, slice, slice, slice]
"""Where things stand in a line: how it begins; the day and hour of ``at``, the rest of it with what
leads on to ``noted``; both of ``noted`` with what leads on to ``by``; and all that follows."""


class Clock(NamedTuple):
    """Instants of one offset: seconds of the last two parts of ``Place`` each, without the hour."""

    offset: int
    at: dict[str, int]
    noted: dict[str, int]


class Lines:
    """The memory for lines of files of one kind, whose forms ``shapes`` tells apart."""

    def __init__(self, kind: CaseKind, shapes: Shapes) -> None:
        self.kind = kind
        self._shapes = shapes
        self._below = max(policy.dissatisfied_below for policy in shapes.book.policies)
        self._heads: dict[str, tuple[str, Value]] = {}
        self._sound: set[tuple[str, ...]] = set()
        self.said: dict[str, Told] = {}
        self._frames: dict[tuple[str, str], tuple[Told, str]] = {}
        self._steps: dict[tuple[object, ...], int] = {}
        self._rests: set[str] = set()
        self._places: dict[str, list[Place]] = {}
        self.hours: dict[str, int] = {}
        self._clocks: dict[str, Clock] = {}

    # The head -----------------------------------------------------------------------------------

    def head(self, lines: list[str]) -> dict[str, Value]:
        """Return the head that these lines are, its values converted, but for instants: these are
        still the text that stands there."""
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
        quoted = text[:1] == text[-1:] == '"'
        if quoted and key in fields and fields[key].type == "instant":
            return key, text[1:-1]
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

    def places(self, desk: str, count: int) -> list[Place]:
        """Return where things stand in the first ``count`` lines of a desk's, or more."""
        known = self._places.get(desk)
        if known is None:
            if identity.DESK.fullmatch(desk) is None:
                raise ValueError(desk)
            known = self._places[desk] = []
        while len(known) < count:
            prefix = f'- {{"n": {len(known) + 1}, "desk": "{desk}", "at": "'
            at = len(prefix)
            noted = at + 25 + len(_TO_NOTED)
            by = noted + 25 + len(_TO_BY)
            hours, noted_hours = slice(at, at + 14), slice(noted, noted + 14)
            rest, noted_rest = slice(at + 14, noted), slice(noted + 14, by)
            known.append((prefix, hours, rest, noted_hours, noted_rest, slice(by, None)))
        return known

    def clock(self, offset: str) -> Clock:
        """Return the memory for instants with this offset."""
        known = self._clocks.get(offset)
        if known is None:
            seconds = epoch_and_offset(plain_instant(f"2000-01-01T00:00:00{offset}"))[1]
            known = self._clocks[offset] = Clock(seconds, {}, {})
        return known

    def learn(self, line: str, place: Place, clock: Clock) -> None:
        """Note what the parts of the instants in a line mean: day and hour, for every hour of that day,
        and the rest of each with what leads on.

        Of so few parts so many instants are made that they stay where the processor has them at hand.
        """
        _, hours, rest, noted_hours, noted_rest, _ = place
        for hour, ending, memory, leads_on in (
            (line[hours], line[rest], clock.at, _TO_NOTED),
            (line[noted_hours], line[noted_rest], clock.noted, _TO_BY),
        ):
            if hour in self.hours and ending in memory:
                continue
            instant = plain_instant(hour + ending[:11])
            seconds, offset = epoch_and_offset(instant)
            if offset != clock.offset or ending[11:] != leads_on:
                raise ValueError(line)
            within = instant.minute * 60 + instant.second - offset
            for known in (self.hours, memory):
                if len(known) >= MOST_TIMES:
                    known.clear()
            memory[ending] = within
            if hour not in self.hours:
                midnight = seconds - within - instant.hour * 3600
                for number in range(24):
                    self.hours[f"{hour[:11]}{number:02}:"] = midnight + number * 3600

    def tell(self, text: str) -> Told:
        """Return what a line says from the person on to its end; ``said`` remembers most."""
        found = _MOMENT.search(text)
        frame = ("", "")
        if found is not None:
            frame = (text[: found.start()], text[found.end() :])
            if (framed := self._frames.get(frame)) is not None:
                return self._filled(*framed, found[0])
        by, _, tail = text.partition('", "do": "')
        CONVERTERS["staff"](by)
        if not tail.endswith("}") or "\\" in tail:
            raise ValueError(tail)
        do, fields, over, _ = read_tail(self.kind, tail[:-1], {})
        texts = {name: as_text(value) for name, value in fields.items()}
        named = tuple(texts[name] for name in _NAMING if name in texts)
        odd = (
            do in ("imported", "attached")
            or do in self.kind.reckoned
            or seems_odd(do, fields)
            or lowest_score(fields) < self._below
        )
        told = Told(ODD if odd else self._step(do, over, fields), by, texts, named)
        for memory in (self.said, self._frames):
            if len(memory) >= MOST_LINES:
                memory.clear()
        if found is not None and text.count(found[0]) == 1:
            types = self.kind.events[do].shape.fields
            for name, shown in texts.items():
                usable = types[name].type == "instant" and not self._shapes.depends_on(do, name)
                if shown == found[0] and usable:
                    self._frames[frame] = (told, name)
                    return told
        if len(text) <= _LONGEST_KEPT:
            self.said[text] = told
        return told

    def _step(self, do: str, over: str | None, fields: Mapping[str, Value]) -> int:
        return self._steps.setdefault(self._shapes.key(do, over, fields), len(self._steps))

    def _filled(self, told: Told, name: str, text: str) -> Told:
        """Return ``told`` with another instant as the value of the field."""
        if text[:14] not in self.hours or text[14:] not in self._rests:
            plain_instant(text)
            if len(self._rests) >= MOST_LINES:
                self._rests.clear()
            self._rests.add(text[14:])
        step, by, texts, named = told
        texts = texts.copy()
        texts[name] = text
        return Told(step, by, texts, named)


def plain_instant(text: str) -> datetime:
    """Return the instant in ``text`` if it stands in a record just as it would be written."""
    instant = parse_instant(text)
    if instant.isoformat() != text or not text.startswith(("19", "2")):
        raise ValueError(text)
    return instant
