"""Two histories of one record -> one. Knows the shapes of records; no file, no git, no text of YAML.

One function per shape, all pure:

* ``merge_cases``: a case, and any other list of named lines. Events are united by name and ordered
  by (n, desk).
* ``merge_fields``: a card, field by field against what both sides began from.
* ``merge_lines``: plain text, and the lines of a card with its comments.

**Pushed.** Two clones that write under one desk (a copied folder) give one name to two events. One
of the two sides is known to others already: its history has been pushed. The caller names that
side, and its events keep their names; nothing that was ever pushed changes. So the laws are:

* ``merge(a, b, pushed=a) == merge(b, a, pushed=a)``: the order of the two does not count;
* merging again what is in already changes nothing, under its old name too;
* where no two events share a name, which side was pushed does not count, nor which two of three
  histories are merged first. Where they do, nothing is lost either way, but the new numbers may
  differ; the side that was pushed first decides, and there is one such order: that of the hub.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from svcctl.domain.cards import beside_the_stub
from svcctl.domain.cases import Case, CaseKind, Event
from svcctl.domain.schema import Value, as_text


class HeadsDiffer(Exception):
    """Two cases under one id that are not the same case: they are never mixed."""


class Renamed(NamedTuple):
    """An event that got a new name, since the pushed side has another one of its old name."""

    old: Event
    new: Event


class MergedCase(NamedTuple):
    """``added`` are the events of the other side (under their names of now) that the pushed lacked."""

    case: Case
    added: tuple[Event, ...]
    renamed: tuple[Renamed, ...]


def merge_cases(pushed: Case, other: Case, bases: Sequence[Case] = ()) -> MergedCase:
    """Return the case that holds every event of both, and of what they began from.

    ``bases`` only bring back what somebody took out of both. An event of ``other`` that clashes
    with one of ``pushed`` gets a new number and keeps its old name as ``was``; so do the later ones
    of the same desk, which must stay behind it, and those that refer to it: they follow.
    Raises ``HeadsDiffer``.
    """
    union = _Union(pushed)
    for side in (other, *bases):
        if not heads_agree(side, pushed):
            raise HeadsDiffer(pushed.id)
        union.take(side)
    case = Case(pushed.kind, pushed.head, union.ordered())
    return MergedCase(case, tuple(union.added), tuple(union.renamed))


def lost_events(before: Case, after: Case) -> tuple[Event, ...]:
    """Return the events of ``before`` that ``after`` no longer holds, under any name."""
    union = _Union(after)
    union.take(before)
    return tuple(union.taken)


def heads_agree(before: Case, after: Case) -> bool:
    """Say whether both state the same facts; a new id that keeps the old as ``alias`` is the same."""
    if before.head == after.head:
        return True
    old, new = dict(before.head), dict(after.head)
    old_id, new_id = old.pop("id"), new.pop("id")
    old_alias, new_alias = old.pop("alias", None), new.pop("alias", None)
    if old_id == new_id:
        return False
    return old == new and new_alias == (old_alias or old_id)


def with_id(case: Case, identifier: str) -> Case:
    """Return the case under another id, the one it was known by kept as ``alias``.

    The first id stays: it is the one on paper.
    """
    known = {**case.head, "id": identifier, "alias": case.head.get("alias") or case.id}
    head = {name: known[name] for name in case.kind.head_order if name in known}
    return Case(case.kind, head, case.events)


class _Union:
    """The events of the pushed side, and those taken up from other sides."""

    def __init__(self, pushed: Case) -> None:
        self.kind = pushed.kind
        self.events = list(pushed.events)
        self.added: list[Event] = []
        self.taken: list[Event] = []
        self.renamed: list[Renamed] = []
        self._by_name: dict[str, list[Event]] = {}
        self._follow_ups: dict[str, list[Event]] = {}
        for event in self.events:
            self._note(event)

    def _note(self, event: Event) -> None:
        self._by_name.setdefault(event.name, []).append(event)
        if event.was is not None:
            self._follow_ups.setdefault(event.was, []).append(event)

    def ordered(self) -> list[Event]:
        return sorted(self.events, key=lambda event: event.order)

    def take(self, side: Case) -> None:
        """Take up what ``side`` holds and the union does not."""
        last = max((event.n for event in (*self.events, *side.events)), default=0)
        names: dict[str, str] = {}
        late: set[str] = set()
        for event in sorted(side.events, key=lambda event: event.order):
            if self._holds(event):
                continue
            followed = _following(self.kind, event, names)
            if followed is not event and self._holds(followed):
                continue
            known = self._known_as(followed)
            if known is not None:
                names[event.name] = known.name
                continue
            moved = (
                event.name in self._by_name or event.desk in late or _refers_to(event, names, late)
            )
            if moved:
                last += 1
                late.add(event.desk)
                followed = _renamed(followed, last, event.was or event.name)
                names[event.name] = followed.name
                self.renamed.append(Renamed(event, followed))
            self.taken.append(event)
            self.added.append(followed)
            self.events.append(followed)
            self._note(followed)

    def _holds(self, event: Event) -> bool:
        return any(_alike(known, event) for known in self._by_name.get(event.name, ()))

    def _known_as(self, event: Event) -> Event | None:
        """Return the event that is ``event`` under a later name, given to it by an earlier merge."""
        for known in self._follow_ups.get(event.was or event.name, ()):
            if _renamed(event, known.n, known.was or "").canonical() == known.canonical():
                return known
        return None


def _alike(one: Event, two: Event) -> bool:
    """Whether two events of one name have the same canonical line; quicker than making both."""
    if (one.do, one.by, one.over, one.was) != (two.do, two.by, two.over, two.was):
        return False
    if one.at != two.at or one.noted != two.noted or one.fields != two.fields:
        return False
    # The same instant may be written with another offset, which is another line.
    pairs = [(one.at, two.at), (one.noted, two.noted)]
    pairs += [
        (value, other)
        for name, value in one.fields.items()
        if isinstance(value, datetime) and isinstance(other := two.fields[name], datetime)
    ]
    return all(value.utcoffset() == other.utcoffset() for value, other in pairs)


def _refers_to(event: Event, names: Mapping[str, str], late: set[str]) -> bool:
    """Whether ``event`` refers to one that a clash has just moved behind it."""
    return bool(late) and any(names.get(name) for name in _references(event))


def _references(event: Event) -> list[str]:
    found = [event.over] if event.over is not None else []
    for name in ("target", "pick"):
        if name in event.fields:
            found.append(as_text(event.fields[name]))
    if event.do == "settled":
        found.append(as_text(event.fields["value"]).partition(".")[0])
    return found


def _renamed(event: Event, n: int, was: str) -> Event:
    return _copy(event, n, event.fields, event.over, was)


def _copy(
    event: Event, n: int, fields: dict[str, Value], over: str | None, was: str | None
) -> Event:
    return Event(
        n, event.desk, event.at, event.noted, event.by, event.do, fields, over, was, event.line
    )


def _following(kind: CaseKind, event: Event, names: Mapping[str, str]) -> Event:
    """Return ``event`` with its references to renamed events following them."""
    if not names or not any(name in names for name in _references(event)):
        return event
    fields = dict(event.fields)
    for name in ("target", "pick"):
        if name in fields:
            fields[name] = names.get(as_text(fields[name]), fields[name])
    if event.do == "settled":
        target, dot, field = as_text(fields["value"]).partition(".")
        fields["value"] = names.get(target, target) + dot + field
    over = None if event.over is None else names.get(event.over, event.over)
    return _copy(event, event.n, fields, over, event.was)


# Cards ------------------------------------------------------------------------------------------

Nested = str | Sequence["Nested"] | Mapping[str, "Nested"]
Fields = Mapping[str, Nested]
"""A card's values as text, lists and nested mappings of text."""


class FieldConflict(NamedTuple):
    """A field that both sides changed, each otherwise. None: the side has no such field.

    ``key`` names it from the outside in, such as ("obligations", "reply", "within").
    """

    key: tuple[str, ...]
    pushed: Nested | None
    other: Nested | None


class MergedFields(NamedTuple):
    """The values, and what a person must decide (there the values are those of the pushed side)."""

    values: dict[str, Nested]
    conflicts: tuple[FieldConflict, ...]


def merge_fields(pushed: Fields, other: Fields, bases: Sequence[Fields]) -> MergedFields:
    """Return the card with the changes of both sides, each field against the ``bases``.

    Symmetric but for the order of the fields. A field that both changed, differently, is a
    conflict; so is one that differs where several bases do not agree about it. Without a base
    (both sides are new) every difference is one: they may be two things under one name.
    A card whose personal data was taken out (``erased``) wins whole.
    """
    stub = stub_of(pushed, other)
    if stub is not None:
        return MergedFields(dict(stub), ())
    conflicts: list[FieldConflict] = []
    values = _merge_mapping((), pushed, other, list(bases), conflicts)
    return MergedFields(values, tuple(conflicts))


def stub_of(pushed: Fields, other: Fields) -> Fields | None:
    """Return the side that was erased, of two the one that nobody filled again; None: neither was."""
    stubs = [side for side in (pushed, other) if side.get("erased")]
    return min(stubs, key=lambda side: bool(beside_the_stub(side)), default=None)


def _merge_mapping(
    at: tuple[str, ...],
    pushed: Fields,
    other: Fields,
    bases: Sequence[Fields],
    conflicts: list[FieldConflict],
) -> dict[str, Nested]:
    merged: dict[str, Nested] = {}
    for key in dict.fromkeys((*pushed, *other)):
        here, there = pushed.get(key), other.get(key)
        known = [base.get(key) for base in bases]
        if (
            here != there
            and isinstance(here, Mapping)
            and isinstance(there, Mapping)
            and known
            and all(isinstance(base, Mapping) for base in known)
        ):
            nested = [base for base in known if isinstance(base, Mapping)]
            merged[key] = _merge_mapping((*at, key), here, there, nested, conflicts)
            continue
        agreed, value = _merge_value(here, there, known)
        if not agreed:
            conflicts.append(FieldConflict((*at, key), here, there))
        if value is not None:
            merged[key] = value
    return merged


T = TypeVar("T")


def _merge_value(here: T, there: T, known: Sequence[T]) -> tuple[bool, T]:
    """Return the value that only one side changed, or False and what is here."""
    if here == there:
        return True, here
    if known and all(base == known[0] for base in known):
        if here == known[0]:
            return True, there
        return there == known[0], here
    return False, here


# Text -------------------------------------------------------------------------------------------


def merge_lines(base: Sequence[str], one: Sequence[str], two: Sequence[str]) -> list[str] | None:
    """Return the text with the changes of both sides; None where they touch the same place.

    Symmetric. Changes that lie directly beside one another count as the same place, unless they
    are alike.
    """
    from difflib import SequenceMatcher

    anchored: list[tuple[int, int, int]] = []
    matched = [
        {
            start + i: other + i
            for start, other, size in SequenceMatcher(None, base, side, False).get_matching_blocks()
            for i in range(size)
        }
        for side in (one, two)
    ]
    for place in range(len(base)):
        if place in matched[0] and place in matched[1]:
            anchored.append((place, matched[0][place], matched[1][place]))
    anchored.append((len(base), len(one), len(two)))
    merged: list[str] = []
    at = (0, 0, 0)
    for anchor in anchored:
        old, here, there = (
            list(text[start:end])
            for text, start, end in zip((base, one, two), at, anchor, strict=True)
        )
        agreed, lines = _merge_value(here, there, [old])
        if not agreed:
            return None
        merged += lines
        if anchor[0] < len(base):
            merged.append(base[anchor[0]])
        at = (anchor[0] + 1, anchor[1] + 1, anchor[2] + 1)
    return merged
