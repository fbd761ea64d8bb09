"""Cases: a head that never changes and a list of events. Knows the engine's shapes, not a subject.

A kind of case is a declaration (``CaseKind``): its head, its events with what they carry and which
values they replace, its table of states. Tickets are declared in ``ticket``; every other book of
the department is another declaration of the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import cast

from svcctl.domain.canonical import case_text, event_line
from svcctl.domain.patterns import Pattern
from svcctl.domain.schema import CONVERTERS, Field, Flaw, Shape, Value, as_text, stored

FORMAT = "1"

ENVELOPE = (
    Field("n", "count", required=True),
    Field("desk", "desk", required=True),
    Field("at", "instant", required=True),
    Field("noted", "instant", required=True),
    Field("by", "staff", required=True),
    Field("do", "line", required=True),
)
"""What every event carries, in the order it is written."""

TRAILER = (Field("over", "event"), Field("was", "event"))
"""Written last: the event whose value is replaced; the name an event had before a merge."""


class EventKind:
    """One thing that can happen: what it carries, and which values of the case it replaces.

    ``sets`` maps a value of the case to the field that gives it (``state`` comes from the table).
    ``scoped`` events belong to one visit, named by the field ``visit-no`` or else the latest.
    """

    __slots__ = (
        "amendable",
        "converters",
        "name",
        "order",
        "own",
        "required",
        "scoped",
        "sets",
        "shape",
    )

    def __init__(
        self,
        name: str,
        *fields: Field,
        sets: Mapping[str, str] | None = None,
        scoped: bool = False,
    ) -> None:
        self.name = name
        self.own = fields
        self.sets = dict(sets or {})
        self.scoped = scoped
        extra = (Field("visit-no", "count"),) if scoped else ()
        self.order = tuple(field.name for field in fields + extra)
        self.shape = Shape(ENVELOPE + fields + extra + TRAILER)
        self.converters = self.shape.converters
        self.required = tuple(field.name for field in fields if field.required)
        self.amendable = frozenset(field.name for field in fields + extra) | {"at"}


REASON = Field("reason", "text", required=True)

AMENDED = EventKind(
    "amended",
    Field("target", "line", required=True),
    Field("field", "line", required=True),
    Field("value", "text", required=True),
    REASON,
)
VOIDED = EventKind("voided", Field("target", "event", required=True), REASON)
"""Corrections, the same in every record that is a list of lines."""


Reckoning = Callable[[Sequence["Event"]], Mapping[str, Mapping[str, Value]]]
"""From all events of a case that count, in order: by event name, fields with what they come to."""


class CaseKind:
    """The declaration of one kind of case.

    ``table`` maps a state to patterns and the state that follows; ``anywhere`` are patterns that
    may happen in every state and change none. ``visit_starts`` and ``cycle_starts`` open a new
    visit and, after them, a new cycle of work. ``marks`` are names a policy may use for patterns.
    ``changing`` are those ``amendable`` fields of the head that change in the course of things: no
    change of one makes good what was missed before it. ``opens``: the first event is the beginning of
    all others, before which nothing can have happened and which cannot be taken back. ``reckoned`` tells how fields of events with
    this name follow from all events that count.
    """

    def __init__(
        self,
        name: str,
        head: tuple[Field, ...],
        events: tuple[EventKind, ...],
        table: Mapping[str, Mapping[str, str]],
        anywhere: tuple[str, ...],
        ended: frozenset[str],
        visit_starts: tuple[str, ...] = (),
        cycle_starts: tuple[str, ...] = (),
        marks: Mapping[str, tuple[str, ...]] | None = None,
        amendable: frozenset[str] = frozenset(),
        changing: frozenset[str] = frozenset(),
        opens: bool = True,
        reckoned: Mapping[str, Reckoning] | None = None,
    ) -> None:
        self.name = name
        self.opens = opens
        self.reckoned = dict(reckoned or {})
        self.changing = changing
        self.head = Shape(head)
        self.head_order = tuple(field.name for field in head)
        self.events = {event.name: event for event in events}
        self.states = tuple(table)
        self.ended = ended
        self.marks = dict(marks or {})
        self.amendable = amendable
        self.table: dict[str, dict[str, list[tuple[Pattern, str]]]] = {}
        for state, row in table.items():
            by_event: dict[str, list[tuple[Pattern, str]]] = {}
            for text, following in row.items():
                pattern = Pattern.parse(text)
                by_event.setdefault(pattern.do, []).append((pattern, following))
            self.table[state] = by_event
        self.anywhere = _by_event(anywhere)
        self.visit_starts = _by_event(visit_starts)
        self.cycle_starts = _by_event(cycle_starts)


def _by_event(texts: Iterable[str]) -> dict[str, list[Pattern]]:
    found: dict[str, list[Pattern]] = {}
    for text in texts:
        pattern = Pattern.parse(text)
        found.setdefault(pattern.do, []).append(pattern)
    return found


class Event:
    """One line of a case: what happened (``do`` and ``fields``), when, noted when, by whom.

    ``name`` names it in its case, such as ``3SHA``; (n, desk) also orders the list.
    """

    __slots__ = ("at", "by", "desk", "do", "fields", "line", "n", "name", "noted", "over", "was")

    def __init__(
        self,
        n: int,
        desk: str,
        at: datetime,
        noted: datetime,
        by: str,
        do: str,
        fields: dict[str, Value] | None = None,
        over: str | None = None,
        was: str | None = None,
        line: int = 0,
    ) -> None:
        self.n = n
        self.desk = desk
        self.name = f"{n}{desk}"
        self.at = at
        self.noted = noted
        self.by = by
        self.do = do
        self.fields = {} if fields is None else fields
        self.over = over
        self.was = was
        self.line = line

    @property
    def order(self) -> tuple[int, str]:
        """The event's place in the list: by number, then by desk; never by clock."""
        return (self.n, self.desk)

    def amended(self, changes: Mapping[str, Value | None]) -> Event:
        """Return the same event with other fields, or another ``at`` (an amendment at its place).

        A field changed to None is taken away.
        """
        both = {**self.fields, **changes}
        fields = {name: value for name, value in both.items() if value is not None}
        at = fields.pop("at", self.at)
        assert isinstance(at, datetime)
        return Event(
            self.n,
            self.desk,
            at,
            self.noted,
            self.by,
            self.do,
            fields,
            self.over,
            self.was,
            self.line,
        )

    def canonical(self) -> str:
        """Return the one form in which this event is written and compared."""
        line: dict[str, str | int | bool] = {
            "n": self.n,
            "desk": self.desk,
            "at": stored_text(self.at),
            "noted": stored_text(self.noted),
            "by": self.by,
            "do": self.do,
        }
        for key, value in self.fields.items():
            line[key] = stored(value)
        if self.over is not None:
            line["over"] = self.over
        if self.was is not None:
            line["was"] = self.was
        return event_line(line)

    def __repr__(self) -> str:
        return self.canonical()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and self.canonical() == other.canonical()

    def __hash__(self) -> int:
        return hash((self.n, self.desk))


def stored_text(instant: datetime) -> str:
    """Return an instant as it is written."""
    return as_text(instant)


class Case:
    """A head and its events in order, as read from one file."""

    __slots__ = ("events", "head", "kind")

    def __init__(self, kind: CaseKind, head: dict[str, Value], events: list[Event]) -> None:
        self.kind = kind
        self.head = head
        self.events = events

    @property
    def id(self) -> str:
        """The id that the head states."""
        return str(self.head["id"])

    @property
    def opened(self) -> datetime:
        """When the request was made, as the head states it; ``State.opened`` knows corrections."""
        opened = self.head["opened"]
        assert isinstance(opened, datetime)
        return opened

    def text(self) -> bytes:
        """Return the whole file in canonical form."""
        head = {key: as_text(self.head[key]) for key in self.kind.head_order if key in self.head}
        return case_text({"format": FORMAT, **head}, [event.canonical() for event in self.events])


class Misread:
    """What is wrong with a case as text: flaws of the head and of its events, by list index."""

    __slots__ = ("events", "head")

    def __init__(self) -> None:
        self.head: list[Flaw] = []
        self.events: list[tuple[int, Flaw]] = []

    def __bool__(self) -> bool:
        return bool(self.head or self.events)


def read_case(
    kind: CaseKind, head: Mapping[str, str], events: list[dict[str, str]], lines: list[int]
) -> tuple[Case | None, Misread]:
    """Convert the text of a case. Return it, or None where anything is wrong, and all that is.

    ``lines`` are the line numbers of the events. Events come back ordered by (n, desk).
    """
    wrong = Misread()
    form = head.get("format")
    if form is None:
        wrong.head.append(Flaw("E202", "format", {"key": "format"}))
    elif form != FORMAT:
        wrong.head.append(Flaw("E204", "format", {"found": form[:20], "known": FORMAT}))
        return None, wrong
    values, flaws = kind.head.convert({k: v for k, v in head.items() if k != "format"})
    wrong.head.extend(flaws)
    converted: list[Event] = []
    for index, raw in enumerate(events):
        event = _read_event(kind, index, raw, wrong)
        if event is not None:
            event.line = lines[index]
            converted.append(event)
    if not events:
        wrong.head.append(Flaw("E206", "events", {}))
    if wrong:
        return None, wrong
    if any(a.order > b.order for a, b in pairwise(converted)):
        converted.sort(key=lambda event: event.order)
    return Case(kind, values, converted), wrong


def _read_event(kind: CaseKind, index: int, raw: dict[str, str], wrong: Misread) -> Event | None:
    """Convert one event; where that fails, find out everything that is wrong with it."""
    try:
        fields, over, was = event_fields(kind.events[raw["do"]], raw)
        return Event(
            cast(int, _N(raw["n"])),
            cast(str, _DESK(raw["desk"])),
            cast(datetime, _INSTANT(raw["at"])),
            cast(datetime, _INSTANT(raw["noted"])),
            cast(str, _BY(raw["by"])),
            raw["do"],
            fields,
            over,
            was,
        )
    except (KeyError, ValueError, TypeError):
        wrong.events.extend((index, flaw) for flaw in _event_flaws(kind, raw))
        return None


def event_fields(
    declared: EventKind, raw: Mapping[str, str]
) -> tuple[dict[str, Value], str | None, str | None]:
    """Return the event's own fields as values, ``over`` and ``was``; skip the envelope's names.

    Raises ``KeyError`` or ``ValueError`` where a field is missing, unknown or unreadable.
    """
    for key in declared.required:
        raw[key]
    converters = declared.converters
    over = was = None
    fields: dict[str, Value] = {}
    for key, text in raw.items():
        if key in ENVELOPE_NAMES:
            continue
        value = converters[key](text)
        if key == "over":
            over = cast(str, value)
        elif key == "was":
            was = cast(str, value)
        else:
            fields[key] = value
    if len(fields) > 1:
        # In the order declared, however a hand wrote them: so the canonical form is one.
        fields = {name: fields[name] for name in declared.order if name in fields}
    return fields, over, was


ENVELOPE_NAMES = frozenset(field.name for field in ENVELOPE)
_N, _DESK, _INSTANT, _, _BY, _ = (CONVERTERS[field.type] for field in ENVELOPE)


def _event_flaws(kind: CaseKind, raw: dict[str, str]) -> list[Flaw]:
    do = raw.get("do")
    if do is None:
        return [Flaw("E202", "do", {"key": "do"})]
    declared = kind.events.get(do)
    if declared is None:
        return [Flaw("E205", "do", {"value": do[:40], "known": ", ".join(kind.events)})]
    return declared.shape.convert(raw)[1]
