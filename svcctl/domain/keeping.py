"""What a record holds that no later version of it may lack. Knows canonical JSON; no file, no git.

Heads, events, and policies in force are kept for good. Each of them is a ``Line``: a name in its
record and a canonical text. ``broken`` says what a later version of a record lost. It is asked by
the audit of the history about every commit, and by a hub about what is pushed.

A line that says the same in other words (another order of keys, another way of quoting, comments)
is the same line: so putting a hand-written record in its canonical form loses nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Literal, NamedTuple

from svcctl.domain.journals import BY_FOLDER
from svcctl.domain.problems import N_, Message, Problem, Said, Words

Shape = Literal["case", "journal", "policy", "seal"]

HEAD, POLICY, SEAL = "head", "policy", "seal"
_SHAPES: tuple[tuple[str, Shape], ...] = (
    ("records/tickets/", "case"),
    ("records/policy/", "policy"),
    ("records/seals/", "seal"),
    *((f"records/{folder}/", "journal") for folder in BY_FOLDER),
)
LISTED = ("case", "journal")
"""The shapes that are a head and a list of lines."""
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.yaml\Z")
# Given a new name, an event says its old one as `was`; what it refers to may be renamed with it.
_OF_THE_NAME = ("n", "was", "over", "target")
# A ticket whose id two clones gave out gets another, and says the old one as `alias`.
_OF_THE_ID = ("id", "alias")


class Line(NamedTuple):
    """One thing that is kept: its ``name`` (``head``, ``3SHA``, ``policy``, ``seal``), its canonical
    JSON, the line it begins in (from 1), and that line as it was written."""

    name: str
    text: str
    line: int = 1
    written: str = ""


class Loss(NamedTuple):
    """A line that a later version lacks; ``now`` is what bears its name there instead, if anything."""

    line: Line
    now: Line | None


class Deed(NamedTuple):
    """Who is answerable for a change: a commit's id, its author and its day. "" for the id: nobody
    committed it yet."""

    commit: str
    author: str
    day: str

    def told(self) -> Said:
        """Return this as the place of a message."""
        if not self.commit:
            return Said.of(Message(N_("in the work tree, not committed"), {}))
        args = {"author": self.author, "day": self.day, "commit": self.commit[:12]}
        return Said.of(Message(N_("by {author} on {day} in commit {commit}"), args))


class LatePolicy(NamedTuple):
    """Rules that were added after the day (``2026-11-01``) from which they hold."""

    path: str
    begins: str
    deed: Deed


def shape_of(path: str) -> Shape | None:
    """Return what is kept of the record at ``path`` (from the ledger's root), or None: nothing is."""
    if not path.endswith(".yaml") or path.rpartition("/")[2].startswith("."):
        return None
    for folder, shape in _SHAPES:
        if path.startswith(folder):
            return shape
    return None


def day_of_policy(path: str) -> str:
    """Return the day from which a policy holds, as its file's name says; "" for no such name."""
    found = _DAY.search(path)
    return found[1] if found else ""


def in_force(path: str, policies: Iterable[str], day: str) -> bool:
    """Say whether the policy at ``path`` holds or held on ``day`` (``2026-11-22``).

    The oldest of all ``policies`` (paths) holds also before its day.
    """
    begins = day_of_policy(path)
    return begins <= day or begins == min(map(day_of_policy, policies), default=begins)


def canonical(fields: Mapping[str, object]) -> str:
    """Return the one text of a mapping of texts, lists and mappings: JSON with its keys in order."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def head_line(head: Mapping[str, str], line: int = 1, written: str = "") -> Line:
    """Return what is kept of a case's head: all of it but the number of the format."""
    kept = {key: text for key, text in head.items() if key != "format"}
    return Line(HEAD, canonical(kept), line, written)


def event_line(event: Mapping[str, str], line: int = 0, written: str = "") -> Line:
    """Return what is kept of an event, given as text: all of it."""
    name = f"{event.get('n', '')}{event.get('desk', '')}"
    return Line(name, canonical(event), line, written)


def card_line(name: str, fields: Mapping[str, object]) -> Line:
    """Return what is kept of a policy or a seal: all of it but comments and order."""
    return Line(name, canonical(fields))


def lost(before: Iterable[Line], after: Sequence[Line]) -> list[Loss]:
    """Return the lines of ``before`` that ``after`` lacks, in their order.

    An event that was given another name, and a head that was given another id, because two clones
    had given out the same one, are not lost: they say so as ``was`` and ``alias``.
    """
    there = {line.text for line in after}
    missing = [line for line in before if line.text not in there]
    if not missing:
        return []
    moved = [fields for line in after if (fields := _parsed(line)).keys() & {"was", "alias"}]
    named = {line.name: line for line in reversed(after)}
    return [
        Loss(line, named.get(line.name))
        for line in missing
        if not any(_renamed(_parsed(line), fields) for fields in moved)
    ]


def _parsed(line: Line) -> dict[str, object]:
    fields = json.loads(line.text)
    return fields if isinstance(fields, dict) else {}


def _renamed(old: dict[str, object], new: dict[str, object]) -> bool:
    if "was" in new and "n" in old:
        name = f"{old['n']}{old.get('desk', '')}"
        return new["was"] in (name, old.get("was")) and _same(old, new, _OF_THE_NAME)
    if "alias" in new and "id" in old:
        return new["alias"] in (old["id"], old.get("alias")) and _same(old, new, _OF_THE_ID)
    return False


def _same(old: dict[str, object], new: dict[str, object], but: tuple[str, ...]) -> bool:
    return all(old.get(key) == new.get(key) for key in {*old, *new} - {*but})


def broken(
    path: str, before: Sequence[Line], after: Sequence[Line] | None, deed: Said
) -> list[Problem]:
    """Return a finding for everything that the record at ``path`` held and holds no more.

    ``after`` is None where the record is gone. ``deed`` says by whom (``Deed.told``, or another
    sentence that can stand in brackets). A policy must be asked about only if it was in force.
    """
    if after is None and shape_of(path) in LISTED:
        return [problem("E504", path, Loss(line, None), deed) for line in before[:1]]
    return [problem(_code(loss), path, loss, deed) for loss in lost(before, after or ())]


def _code(loss: Loss) -> str:
    if loss.line.name == HEAD:
        return "E503"
    if loss.line.name in (POLICY, SEAL):
        return "E505" if loss.line.name == POLICY else "E508"
    return "E501" if loss.now is None else "E502"


def problem(code: str, path: str, loss: Loss, deed: Said) -> Problem:
    """Return the finding about one loss: where it stood or stands, what it was, by whom."""
    subject = path.rpartition("/")[2].removesuffix(".yaml")
    old, now = loss
    args = {"what": old.name, "deed": deed, "change": _change(old, now), "path": path}
    line = (now or old).line if code in ("E501", "E502") else 0
    return Problem(code, path, line, 1 if line else 0, args, old.written, subject)


def _change(old: Line, now: Line | None) -> str:
    """Say which fields differ: ``at: 09:00 -> 10:00``."""
    if now is None:
        return Said.of(Message(N_("gone, or not to be read"), {}))
    before, after = _parsed(old), _parsed(now)
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    changes = [
        Said.of(
            Message(
                N_("{field}: {old} -> {new}"),
                {
                    "field": Words.of(key, "field"),
                    "old": _said(before.get(key)),
                    "new": _said(after.get(key)),
                },
            )
        )
        for key in keys
    ]
    return reduce(_and, changes) if changes else ""


def _and(first: Said, rest: Said) -> Said:
    return Said.of(Message(N_("{first}, {rest}"), {"first": first, "rest": rest}))


def _said(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return text if len(text) <= 60 else text[:59] + "…"
