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
    or an import ask for a closer look.
    """

    step: int
    by: str
    texts: dict[str, str]
    named: tuple[str, ...]


ODD = -1
_FIRST = '- {"n": 1, "desk": "'
_TO_AT = '", "at": "'
MINUTES = {f"{m:02}:{s:02}": 60 * m + s for m in range(60) for s in range(60)}
"""The seconds within the hour, by minute and second as they are written."""


class Frame(NamedTuple):
    """Lines that one desk wrote on the clock of one ``offset`` (seconds): ``split`` finds them and gives
    their parts: the number; day and hour, minute and second of ``at``, then both of ``noted``; and all
    that follows the person's quotation mark. ``hours`` are the seconds of each day and hour met."""

    offset: int
    split: re.Pattern[str]
    hours: dict[str, int]


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
        self._by: dict[str, Frame] = {}
        self._hours: dict[str, dict[str, int]] = {}
        self._numbers: list[tuple[str, ...]] = [()]

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

    def frame(self, text: str, start: int) -> tuple[Frame, str, str]:
        """Return the frame of the event lines that begin at ``start``, by the first of them, the desk
        that wrote it, and when that happened."""
        desk_at = start + len(_FIRST)
        desk_end = text.index('"', desk_at)
        at = desk_end + len(_TO_AT)
        desk, when = text[desk_at:desk_end], text[at : at + 25]
        return self._by.get(desk + when[19:]) or self._framed(desk, when), desk, when

    def _framed(self, desk: str, when: str) -> Frame:
        seconds = epoch_and_offset(plain_instant(when))[1]
        if identity.DESK.fullmatch(desk) is None:
            raise ValueError(desk)
        # One search over all lines; the parts of an instant repeat themselves, so that few are parsed.
        instant = r'"(.{14})(.{5})' + re.escape(when[19:]) + '"'
        known = self._by[desk + when[19:]] = Frame(
            seconds,
            re.compile(
                rf'^- \{{"n": ([1-9][0-9]*), "desk": "{desk}", "at": {instant}, "noted": {instant}, '
                r'"by": "(.*)$',
                re.MULTILINE,
            ),
            self._hours.setdefault(when[19:], {}),
        )
        return known

    def numbers(self, count: int) -> tuple[str, ...]:
        """Return the numbers from 1 to ``count``, as they are written."""
        while len(self._numbers) <= count:
            self._numbers.append((*self._numbers[-1], str(len(self._numbers))))
        return self._numbers[count]

    def learn(self, frame: Frame, hour: str, offset: str) -> None:
        """Note the seconds of every hour of the day in ``hour``, on the clock of the frame."""
        if len(frame.hours) >= MOST_TIMES:
            frame.hours.clear()
        instant = plain_instant(f"{hour}00:00{offset}")
        midnight = epoch_and_offset(instant)[0] - instant.hour * 3600
        for number in range(24):
            frame.hours[f"{hour[:11]}{number:02}:"] = midnight + number * 3600

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
        hours = self._hours.get(text[19:])
        if hours is None or text[:14] not in hours or text[14:19] not in MINUTES:
            plain_instant(text)
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
