"""What a merge of two commits would make of every file. Knows trees and records; writes nothing.

By path, never by likeness: a file that one side changed is taken from it, one that both changed is
merged by its shape. Theirs is the pushed side: others know it already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from svcctl.domain.cases import Case
from svcctl.domain.checks.crossing import expected_place
from svcctl.domain.keeping import lost, shape_of
from svcctl.domain.merge import HeadsDiffer, Renamed, lost_events, merge_cases
from svcctl.domain.problems import N_, Message, Refusal
from svcctl.domain.replay import Contest, replay
from svcctl.ledger.folder import RECORDS, is_case, is_ticket
from svcctl.ledger.git import GitDir
from svcctl.ledger.history import files_of, with_alias
from svcctl.ledger.holding import lines_of
from svcctl.ledger.lineends import normal
from svcctl.ledger.mergefile import (
    HEAD_CHANGED,
    LINES,
    Conflict,
    FileMerge,
    is_card_file,
    marked,
    merge_file,
)
from svcctl.ledger.objects import AHEAD, PLAIN, Entry, Objects, blob_id
from svcctl.ledger.records import read_lines
from svcctl.ledger.syncsides import Sides, Trees


class Touched(NamedTuple):
    """One record of the merge. ``here`` and ``there`` name the lines (or fields) that side brought.

    ``change``: ``received``, ``sent``, or ``both`` where both sides changed it.
    """

    path: str
    change: str
    here: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    contested: tuple[Contest, ...] = ()
    decided: bool = False
    """Whether a person decided what it is to be."""


class NewId(NamedTuple):
    """A record that got another id, since the pushed side has another record of its old one."""

    kind: str
    old: str
    new: str
    followers: tuple[str, ...]


class Choice(NamedTuple):
    """What a person decided about one path, for these two versions of it."""

    here: str
    there: str
    data: bytes


class Plan:
    """What the merge makes of the files: ``files`` maps paths to their new content where it differs from ours.

    A content is an ``Entry`` that git has already, new bytes, or None (the file goes away). Paths
    are relative to the work tree's top.
    """

    def __init__(self) -> None:
        self.files: dict[str, Entry | bytes | None] = {}
        self.like_theirs = True
        """Whether the result is their tree, so that our branch can simply move on to it."""
        self.touched: list[Touched] = []
        self.conflicts: dict[str, Conflict] = {}
        self.versions: dict[str, tuple[str, str]] = {}
        """The ids of both versions of each path in ``conflicts``."""
        self.deleted: list[tuple[str, str]] = []
        self.restored: list[tuple[str, tuple[str, ...]]] = []
        self.broken: list[str] = []
        self.new_ids: list[NewId] = []


class Planner:
    """One merge under consideration."""

    def __init__(
        self,
        gitdir: GitDir,
        objects: Objects,
        commits: tuple[str, str],
        bases: Sequence[str],
        choices: Mapping[str, Choice],
    ) -> None:
        self.gitdir = gitdir
        self.objects = objects
        self.ours, self.theirs = commits
        self.choices = choices
        self.plan = Plan()
        self.trees = Trees(gitdir, commits, bases)
        self.inside = self.trees.inside
        self.sides = self.trees.sides
        self.collided: list[str] = []
        self._gone: list[tuple[str, str, Entry]] = []
        """Records that a side took away: the path, which side, and what it took."""
        self._tickets: dict[str, list[bytes]] = {}

    def make(self) -> Plan:
        """Go through every path that differs; ids that two records share are left in ``collided``."""
        step = AHEAD // (2 + self.trees.bases)
        for start in range(0, len(self.trees.paths), step):
            part = self.trees.paths[start : start + step]
            self._look_ahead(part)
            for path in part:
                if path in self.trees.moved:
                    self.settle(path, None)
                else:
                    self._path(path)
        self.plan.deleted = [
            (self.inside(path), side)
            for path, side, was in self._gone
            if not self._may_go(self.inside(path), self.read(was))
        ]
        return self.plan

    def _look_ahead(self, paths: Sequence[str]) -> None:
        """Read what will be looked at: cases that changed, and whatever both sides changed."""
        wanted: dict[str, None] = {}
        for path in paths:
            sides = self.sides(path)
            entries = (sides.ours, sides.theirs, *sides.bases)
            if len(set(entries)) > 2 or is_case(self.inside(path)):
                wanted |= dict.fromkeys(entry.oid for entry in entries if entry is not None)
        self.objects.look_ahead(list(wanted))

    def read(self, entry: Entry) -> bytes:
        """Return a file's content."""
        return self.objects.blob(entry.oid)

    def settle(self, path: str, content: Entry | bytes | None) -> None:
        """Decide what becomes of ``path``; only what differs from ours has to be written."""
        real = self.trees.raw_sides(path)
        known = [entry for entry in (real.ours, real.theirs) if entry is not None]
        if isinstance(content, bytes):
            if _normalised(path):
                content = normal(content)
            oid = blob_id(content, self.ours)
            content = next((entry for entry in known if entry.oid == oid), content)
        if content != real.theirs:
            self.plan.like_theirs = False
        if content != real.ours:
            self.plan.files[path] = content
        else:
            self.plan.files.pop(path, None)

    def content(self, path: str) -> bytes | None:
        """Return what the plan makes of ``path`` so far."""
        content = self.plan.files.get(path, self.trees.raw_sides(path).ours)
        return content if isinstance(content, bytes) or content is None else self.read(content)

    # One path -------------------------------------------------------------------------------

    def _path(self, path: str) -> None:
        sides = self.sides(path)
        for entry in (sides.ours, sides.theirs):
            if entry is not None and entry.mode not in PLAIN:
                raise Refusal(
                    "not-a-plain-file",
                    Message(N_("{path} is no plain file (a link or a module)"), {"path": path}),
                    Message(N_("take it out of the ledger with git, then sync again")),
                )
        if sides.ours == sides.theirs:
            self.settle(path, sides.ours)
        elif sides.agreed and sides.ours == sides.base:
            self._one_side(path, sides, sides.theirs, "received")
        elif sides.agreed and sides.theirs == sides.base:
            self._one_side(path, sides, sides.ours, "sent")
        else:
            self._both_sides(path, sides)

    def _one_side(self, path: str, sides: Sides, entry: Entry | None, change: str) -> None:
        record = self.inside(path)
        is_record = record.startswith(f"{RECORDS}/")
        if entry is None:
            if is_record:
                assert sides.base is not None
                self._gone.append((path, "there" if change == "received" else "here", sides.base))
            self.settle(path, None)
            return
        contests: tuple[Contest, ...] = ()
        brought: tuple[str, ...] = ()
        if is_case(record):
            kept = self._kept(path, record, entry, sides.base)
            if kept is None:
                return
            case, before, content = kept
            self.settle(path, content)
            if case is None:
                self.plan.broken.append(record)
            else:
                known = {event.name for event in before.events} if before else set()
                brought = tuple(e.name for e in case.events if e.name not in known)
                if change == "received":
                    contests = tuple(replay(case).contested.values())
        else:
            self.settle(path, entry)
        here, there = (brought, ()) if change == "sent" else ((), brought)
        if is_record:
            touched = Touched(record, change, here, there, (), contests)
            self.plan.touched.append(touched)

    def _kept(
        self, path: str, record: str, entry: Entry, base: Entry | None
    ) -> tuple[Case | None, Case | None, Entry | bytes] | None:
        """Return a case that one side changed, with what it took away put back; and as it was."""
        data = self.read(entry)
        case = read_lines(data, record).case
        before = read_lines(self.read(base), record).case if base is not None else None
        if case is None or before is None:
            return case, before, entry
        lost = lost_events(before, case)
        if not lost and before.head == case.head:
            return case, before, entry
        try:
            merged = merge_cases(before, case)
        except HeadsDiffer:
            assert base is not None
            choice = self.choices.get(path)
            if choice is not None and (choice.here, choice.there) == (entry.oid, entry.oid):
                chosen = self._chosen(record, choice, (self.read(base), data))
                if chosen.case is not None and chosen.case.head == before.head:
                    return chosen.case, before, choice.data
            shown = marked(self.read(base), data)
            self._conflict(path, entry, entry, Conflict(Message(HEAD_CHANGED), (), shown))
            return None
        self.plan.restored.append((record, tuple(event.name for event in lost)))
        return merged.case, before, merged.case.text()

    def _both_sides(self, path: str, sides: Sides) -> None:
        record = self.inside(path)
        if sides.ours is None or sides.theirs is None:
            left = sides.ours or sides.theirs
            if record.startswith(f"{RECORDS}/"):
                was = next(base for base in sides.bases if base is not None)
                self._gone.append((path, "there" if sides.ours else "here", was))
            self.settle(path, left)  # changed on one side, taken away on the other: it stays
            return
        ours, theirs = self.read(sides.ours), self.read(sides.theirs)
        bases = [self.read(base) for base in dict.fromkeys(sides.bases) if base is not None]
        choice = self.choices.get(path)
        versions = (sides.ours.oid, sides.theirs.oid)
        decided = choice is not None and (choice.here, choice.there) == versions
        if choice is not None and decided:
            merged = self._chosen(record, choice, (ours, theirs))
        else:
            merged = merge_file(record, theirs, ours, bases)
        if merged.collided and _is_issued(record):
            self.settle(path, sides.theirs)
            self.collided.append(path)
            return
        if merged.conflict is not None or merged.data is None:
            self._conflict(path, sides.ours, sides.theirs, merged.conflict)
            return
        self.settle(path, merged.data)
        self._report(record, merged, (ours, theirs), bases, decided)

    def _may_go(self, record: str, was: bytes) -> bool:
        """Whether what is taken away is no record, or a ticket that another file of its id keeps whole.

        Asked of what the merge makes of all files: of two files with one id, each side may have
        kept another.
        """
        lines = lines_of(record, was)
        if not lines and expected_place(record):
            return True
        if shape_of(record) != "case":
            return False
        self._tickets = self._tickets or self._tickets_by_id()
        kept = self._tickets.get(_stem(record), [])
        now = [line for data in kept for line in lines_of(record, data)]
        return bool(kept) and not lost(lines, now)

    def _tickets_by_id(self) -> dict[str, list[bytes]]:
        """What the merge makes of the tickets, by id and by the id that a ticket had before."""
        held = files_of(self.gitdir, self.ours, f"{RECORDS}/tickets")
        gone = {_stem(self.inside(path)) for path, _, _ in self._gone}
        wanted = {path for path in held if _stem(path) in gone}
        wanted |= set(with_alias(self.gitdir, self.ours, ""))
        made = {self.inside(path): path for path in self.plan.files}
        found: dict[str, list[bytes]] = {}
        for record in filter(is_ticket, sorted(wanted | made.keys())):
            path = made.get(record)
            data = self.objects.blob(held[record]) if path is None else self.content(path)
            if data is None:
                continue
            case = read_lines(data, record).case
            before = str(case.head.get("alias", "")) if case is not None else ""
            for name in filter(None, (_stem(record), before)):
                found.setdefault(name, []).append(data)
        return found

    def _conflict(self, path: str, ours: Entry, theirs: Entry, conflict: Conflict | None) -> None:
        self.plan.conflicts[path] = conflict or Conflict(Message(LINES))
        self.plan.versions[path] = (ours.oid, theirs.oid)

    def _chosen(self, record: str, choice: Choice, sides: tuple[bytes, bytes]) -> FileMerge:
        """Return what a person made of a conflict, unless it takes away what a side had written."""
        if not is_case(record):
            return FileMerge(choice.data)
        case = read_lines(choice.data, record).case
        for data in sides:
            side = read_lines(data, record).case
            if side is not None and case is not None and lost_events(side, case):
                case = None
        if case is None:
            raise Refusal(
                "choice-loses-lines",
                Message(
                    N_("your text of {path} cannot be read or lacks lines of a side"),
                    {"path": record},
                ),
                Message(N_("put every line of both sides into it, then svcctl sync --continue")),
            )
        return FileMerge(choice.data, None, case)

    def _report(
        self,
        record: str,
        merged: FileMerge,
        sides: tuple[bytes, bytes],
        bases: Sequence[bytes],
        decided: bool,
    ) -> None:
        if not record.startswith(f"{RECORDS}/"):
            return
        here: tuple[str, ...] = ()
        there: tuple[str, ...] = ()
        contests: tuple[Contest, ...] = ()
        if merged.case is not None:
            own, pushed, known = _cases(record, merged, sides, bases)
            before = {event.name for case in known for event in case.events}
            mine = {one.old.name: one.new.name for one in merged.renamed}
            here = tuple(mine.get(n, n) for n in _names(own) if n not in before)
            there = tuple(name for name in _names(pushed) if name not in before)
            contests = tuple(replay(merged.case).contested.values())
        elif is_card_file(record):
            here, there = (_changed_fields(record, side, bases) for side in sides)
        touched = Touched(record, "both", here, there, merged.renamed, contests, decided)
        self.plan.touched.append(touched)


def _cases(
    record: str, merged: FileMerge, sides: tuple[bytes, bytes], bases: Sequence[bytes]
) -> tuple[Case | None, Case | None, list[Case]]:
    """Return ours, theirs and what they began from, as they were merged or as they are read now."""
    if merged.sides:
        pushed, own, *known = merged.sides
        return own, pushed, known
    ours, theirs = (read_lines(data, record).case for data in sides)
    return ours, theirs, [c for data in bases if (c := read_lines(data, record).case) is not None]


def _stem(record: str) -> str:
    return record.rpartition("/")[2].removesuffix(".yaml")


def _normalised(path: str) -> bool:
    return path.endswith((".yaml", ".md"))


def _is_issued(record: str) -> bool:
    """Whether the ids of such records are given out by desks, and not by people."""
    return is_ticket(record) or record.startswith(f"{RECORDS}/customers/")


def _names(case: Case | None) -> list[str]:
    return [] if case is None else [event.name for event in case.events]


def _changed_fields(record: str, data: bytes, bases: Sequence[bytes]) -> tuple[str, ...]:
    from svcctl.ledger.cardfile import read_card

    fields = read_card(data, record).fields()
    before = read_card(bases[0], record).fields() if bases else {}
    return tuple(k for k in dict.fromkeys((*fields, *before)) if fields.get(k) != before.get(k))
