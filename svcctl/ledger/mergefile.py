"""Two versions of one file -> one. Knows the bytes of cases, cards and texts; no git, no work tree.

``merge_file`` never raises for anything the bytes may say: what cannot be merged comes back as a
``Conflict`` with both bodies between markers, for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from svcctl.domain.cases import Case
from svcctl.domain.merge import (
    FieldConflict,
    Fields,
    HeadsDiffer,
    Nested,
    Renamed,
    lost_events,
    merge_cases,
    merge_fields,
    merge_lines,
    stub_of,
)
from svcctl.domain.problems import N_, Message
from svcctl.ledger.cardfile import RawCard, read_card, set_fields
from svcctl.ledger.folder import RECORDS, is_case
from svcctl.ledger.records import read_lines

HERE, MIDDLE, THERE = "<<<<<<<", "=======", ">>>>>>>"

DIFFERENT_RECORDS = N_("two different records have this name: the heads differ")
HEAD_CHANGED = N_("the head was changed: it stays as it was written, corrections are events")
BROKEN = N_("the record cannot be read on one of the sides")
FIELDS = N_("both sides changed {fields}, each otherwise")
NEW_TWICE = N_("both sides made this card, and {fields} differ")
LINES = N_("both sides changed the same lines")
OPAQUE = N_("both sides have another content")


class Conflict(NamedTuple):
    """What a person must decide: why, the differing fields, both bodies between markers.

    ``marked`` is empty where the content is no text.
    """

    why: Message
    fields: tuple[FieldConflict, ...] = ()
    marked: bytes = b""


class FileMerge(NamedTuple):
    """``data`` is the merged file, None where there is a ``conflict``; the rest concerns cases."""

    data: bytes | None
    conflict: Conflict | None = None
    case: Case | None = None
    sides: tuple[Case, ...] = ()
    """The cases that were merged: the pushed one, the other one, and what they began from."""
    renamed: tuple[Renamed, ...] = ()
    collided: bool = False
    """Two different records, both new, got one id."""


def is_card_file(path: str) -> bool:
    """Say whether ``path`` (relative to the ledger) is a card: a record that is no case."""
    return path.startswith(f"{RECORDS}/") and path.endswith(".yaml") and not is_case(path)


def merge_file(path: str, pushed: bytes, other: bytes, bases: Sequence[bytes]) -> FileMerge:
    """Merge two versions of ``path`` (relative to the ledger) with what they began from."""
    if pushed == other:
        return FileMerge(pushed)
    if is_case(path):
        return _merge_case(path, pushed, other, bases)
    if is_card_file(path):
        return _merge_card(path, pushed, other, bases)
    return _merge_text(pushed, other, bases)


def marked(pushed: bytes, other: bytes) -> bytes:
    """Return both bodies between the markers that git uses; empty where one is no text."""
    try:
        texts = [body.decode("utf-8").replace("\r\n", "\n") for body in (other, pushed)]
    except UnicodeDecodeError:
        return b""
    here, there = (text if text.endswith("\n") or not text else text + "\n" for text in texts)
    return f"{HERE} here\n{here}{MIDDLE}\n{there}{THERE} there\n".encode()


def has_markers(data: bytes) -> bool:
    """Say whether the lines that stand for an undecided conflict are still in ``data``."""
    marks = tuple(mark.encode() for mark in (HERE, MIDDLE, THERE))
    return any(line.startswith(marks) for line in data.split(b"\n"))


# Cases ------------------------------------------------------------------------------------------


def _merge_case(path: str, pushed: bytes, other: bytes, bases: Sequence[bytes]) -> FileMerge:
    cases = [read_lines(data, path).case for data in (pushed, other)]
    known = [case for data in bases if (case := read_lines(data, path).case) is not None]
    one, two = cases
    if one is None or two is None:
        return FileMerge(None, Conflict(Message(BROKEN), (), marked(pushed, other)))
    try:
        merged = merge_cases(one, two, known)
    except HeadsDiffer:
        why = Message(HEAD_CHANGED if bases else DIFFERENT_RECORDS)
        return FileMerge(None, Conflict(why, (), marked(pushed, other)), collided=not bases)
    case, sides = merged.case, (one, two, *known)
    for data, side in ((pushed, one), (other, two)):
        # Comments and the order of a hand stay where nothing was added to that side.
        if len(side.events) == len(case.events) and not lost_events(case, side):
            return FileMerge(data, None, case, sides, merged.renamed)
    return FileMerge(case.text(), None, case, sides, merged.renamed)


# Cards ------------------------------------------------------------------------------------------


def _merge_card(path: str, pushed: bytes, other: bytes, bases: Sequence[bytes]) -> FileMerge:
    one, two = read_card(pushed, path), read_card(other, path)
    if not one.ok or not two.ok:
        return FileMerge(None, Conflict(Message(BROKEN), (), marked(pushed, other)))
    sides = (one.fields(), two.fields())
    stub = stub_of(*sides)
    if stub is not None:
        return FileMerge(pushed if stub is sides[0] else other)
    known = [base for data in bases if (base := read_card(data, path)).ok]
    merged = merge_fields(one.fields(), two.fields(), [base.fields() for base in known])
    text = _card_text(one, two, known[0] if len(known) == 1 else None, merged.values)
    if not merged.conflicts:
        if text is None:
            return FileMerge(None, Conflict(Message(LINES), (), marked(pushed, other)))
        return FileMerge(text)
    names = ", ".join(dict.fromkeys(".".join(one.key) for one in merged.conflicts))
    why = Message(FIELDS if bases else NEW_TWICE, {"fields": names})
    shown = _marked_card(text or pushed, merged.conflicts, one, two)
    conflict = Conflict(why, merged.conflicts, shown or marked(pushed, other))
    return FileMerge(None, conflict, collided=not bases)


def _card_text(
    pushed: RawCard, other: RawCard, base: RawCard | None, values: Fields
) -> bytes | None:
    """Return lines that say ``values``, with the comments and the order of both as far as can be."""
    if base is not None:
        lines = merge_lines(base.lines, pushed.lines, other.lines)
        if lines is not None and _says(_joined(lines), values):
            return _joined(lines)
    for first, second in ((pushed, other), (other, pushed)):
        text = _joined(_with_blocks(first, second, values))
        if _says(text, values):
            return text
        fields = first.fields()
        changes: dict[str, Nested | None] = {
            key: v for key, v in values.items() if v != fields.get(key)
        }
        changes |= dict.fromkeys(key for key in fields if key not in values)
        try:
            text = set_fields(_joined(first.lines), changes)
        except ValueError:
            continue
        if _says(text, values):
            return text
    return None


def _says(text: bytes, values: Fields) -> bool:
    card = read_card(text, "")
    return card.ok and card.fields() == values


def _joined(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8")


def _with_blocks(first: RawCard, second: RawCard, values: Fields) -> list[str]:
    """Return the lines of ``first`` with the fields that are otherwise in ``values`` as ``second`` has them."""
    blocks, source = _blocks(first), _blocks(second)
    lines = list(first.lines)
    for key, (start, end) in sorted(blocks.items(), key=lambda item: -item[1][0]):
        if values.get(key) == first.fields()[key]:
            continue
        place = source.get(key)
        lines[start:end] = [] if key not in values or place is None else second.lines[slice(*place)]
    for key, place in source.items():
        if key in values and key not in blocks:
            lines += second.lines[slice(*place)]
    return lines


def _blocks(card: RawCard) -> dict[str, tuple[int, int]]:
    """Return for each field the lines it stands on: first and one past the last, from 0."""
    assert card.node is not None
    found = {}
    for key, value in card.node.pairs:
        last, end = value.end_line, value.end_column
        if end == 1 and last > value.line:
            last -= 1
        last = max(last, key.line)
        while last > key.line and not card.lines[last - 1].strip():
            last -= 1
        found[key.text] = (key.line - 1, last)
    return found


def _marked_card(
    text: bytes, conflicts: Sequence[FieldConflict], pushed: RawCard, other: RawCard
) -> bytes:
    """Return ``text`` with each disputed field as both sides have it, between markers."""
    card = read_card(text, "")
    if card.node is None or card.node.flow:
        return b""
    lines, blocks = list(card.lines), _blocks(card)
    sides = [(other, _blocks(other)), (pushed, _blocks(pushed))]
    disputed = dict.fromkeys(conflict.key[0] for conflict in conflicts)
    at_end = (len(lines), len(lines))
    for key in sorted(disputed, key=lambda key: -blocks.get(key, at_end)[0]):
        here, there = (
            side.lines[slice(*places[key])] if key in places else [] for side, places in sides
        )
        shown = [f"{HERE} here", *here, MIDDLE, *there, f"{THERE} there"]
        lines[slice(*blocks.get(key, at_end))] = shown
    return _joined(lines)


# Any other text ---------------------------------------------------------------------------------


def _merge_text(pushed: bytes, other: bytes, bases: Sequence[bytes]) -> FileMerge:
    shown = marked(pushed, other)
    if not shown or b"\0" in pushed + other:
        return FileMerge(None, Conflict(Message(OPAQUE)))
    if len(bases) == 1:
        try:
            texts = [data.decode("utf-8").split("\n") for data in (bases[0], pushed, other)]
        except UnicodeDecodeError:
            return FileMerge(None, Conflict(Message(OPAQUE)))
        lines = merge_lines(*texts)
        if lines is not None:
            return FileMerge("\n".join(lines).encode("utf-8"))
    return FileMerge(None, Conflict(Message(LINES), (), shown))
