"""The audit of the history: is all that was ever written down still there, and is it this history?

Knows the order of the questions; not how git is asked (``ledger.history``), nor what must be kept
(``domain.keeping``).

1. Every change against every parent is looked at: most only added lines, which the bytes show.
2. What a change took away is held against what is there now: it may have been put back, have gone to
   another file, or have been given another name after two clones gave out the same one.
3. The history must contain what vouches for it: else it was rewritten as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from svcctl.desk.desk import Desk
from svcctl.desk.sealing import seal_problems
from svcctl.domain.checks import history_rules
from svcctl.domain.keeping import Deed, Line, broken, in_force, lost, shape_of
from svcctl.domain.problems import N_, GitFailed, Message, Problem, Refusal, Said, Unreadable
from svcctl.ledger import git, history, seals
from svcctl.ledger.changes import finish_status, start_status
from svcctl.ledger.folder import RECORDS
from svcctl.ledger.git import GitDir
from svcctl.ledger.history import AUDITED, Contents, Edge
from svcctl.ledger.holding import lines_of, only_grew

_AT_ONCE = 200


class HistoryAudit(NamedTuple):
    """What was found; ``head`` is the commit up to which was looked ("" before the first)."""

    findings: list[Problem]
    head: str
    notices: tuple[Message, ...] = ()


class _Taken(NamedTuple):
    """A line that a change took away, and what came in its place under the same name, if anything."""

    edge: Edge
    line: Line
    instead: str


def audit_history(desk: Desk, since: str | None = None, *, note: bool = True) -> HistoryAudit:
    """Audit the history up to now, or only what came after the commit ``since``.

    Where nothing was found and ``note`` is true, this clone remembers that it was whole up to here.
    Raises ``Refusal`` without git, ``Usage`` where ``since`` is no commit, ``GitFailed``.
    """
    gitdir = desk.ledger.git
    if gitdir is None:
        raise Refusal("no-history", git.why_without_git())
    head = git.head(gitdir)
    if head is None:
        return HistoryAudit([], "")
    begin = history.revision(gitdir, since) if since else None
    found = [history_rules.cut_off(path, how) for path, how in history.hidden_parts(gitdir)]
    anchors = history.anchors(gitdir)
    anchors += [
        history.Anchor(one.path, one.commit)
        for several in seals.read_seals(desk.ledger).seals.values()
        for one in several
    ]
    found += seal_problems(desk, thorough=True)
    wanted = {anchor.commit for anchor in anchors} | ({begin} if begin else set())
    lacking = history.missing(gitdir, head, wanted)
    found += [
        history_rules.missing_anchor(anchor.ref, anchor.commit)
        for anchor in anchors
        if anchor.commit in lacking
    ]
    if begin in lacking:
        found.append(history_rules.missing_anchor(str(since), str(begin)))
    audited = next((one.commit for one in anchors if one.ref == AUDITED), None)
    with Contents(gitdir) as contents:
        rewritten = audited if audited in lacking else None
        found += _Search(desk, gitdir, head, contents).losses(begin, rewritten)
    notices = [] if anchors else [history_rules.without_anchor()]
    covered = begin is None or (
        audited is not None and not history.missing(gitdir, audited, [begin])
    )
    if note and not found and covered and audited != head and not gitdir.linked:
        try:
            history.move_anchor(gitdir, head, audited)
        except GitFailed as stop:
            text = N_("that this history was found whole could not be noted: {reason}")
            notices.append(Message(text, {"reason": Said.of(stop.message)}))
    return HistoryAudit(found, head, tuple(notices))


class _Search:
    """What was taken away on the way to ``head``, and the files as they lie there now."""

    def __init__(self, desk: Desk, gitdir: GitDir, head: str, contents: Contents) -> None:
        self._desk = desk
        self._gitdir = gitdir
        self._head = head
        self._contents = contents
        self._touched: dict[str, bytes | None] = {}
        self._files: dict[str, str] = {}

    def losses(self, since: str | None, rewritten: str | None) -> list[Problem]:
        """Return a finding for every line that is not there now, with the commit that took it away.

        ``rewritten``: a commit outside this history, whose files are held against it too.
        """
        self._touched = self._uncommitted()
        taken = list(self._taken(self._edges_of_the_work_tree()))
        branches = list(self._taken(history.edges(self._gitdir, self._head, since)))
        # A merge that merely took what a branch brought is not the one to be asked: the branch is.
        taken += sorted(branches, key=lambda one: one.edge.merge)
        if rewritten is not None:
            lacking = history.edges_between(self._gitdir, rewritten, self._head)
            taken += self._taken(lacking)
        if not taken:
            return []
        self._files = self._files or history.files_of(self._gitdir, self._head, RECORDS)
        by_record: dict[str, dict[str, _Taken]] = {}
        for one in taken:
            by_record.setdefault(_record(one.edge.path), {}).setdefault(one.line.text, one)
        return [
            problem
            for record, lines in by_record.items()
            for problem in self._judged(record, list(lines.values()))
        ]

    def _judged(self, record: str, taken: list[_Taken]) -> Iterator[Problem]:
        """Yield what of the lines taken from one record is nowhere now."""
        path = taken[0].edge.path
        now = lines_of(path, self._now(path))
        if not lost((one.line for one in taken), now):
            return
        places = [place for place in self._places(record, path) if place != path]
        if self._now(path) is None:
            if not places and shape_of(path) == "case":
                yield from broken(path, [taken[0].line], None, _deed(taken[0].edge))
                return
            path = places[0] if places else path
        for place in places:
            now += lines_of(place, self._now(place))
        for one in taken:
            for problem in broken(path, [one.line], now, _deed(one.edge)):
                if not self._put_back(path, one.line, now, taken):
                    yield problem

    # Changes ------------------------------------------------------------------------------------

    def _taken(self, edges: Iterable[Edge]) -> Iterator[_Taken]:
        kept = (edge for edge in edges if shape_of(edge.path) is not None)
        while some := list(islice(kept, _AT_ONCE)):
            self._contents.load(name for edge in some for name in (edge.new, edge.old) if name)
            for edge in some:
                yield from self._taken_by(edge)

    def _taken_by(self, edge: Edge) -> Iterator[_Taken]:
        old = self._contents.get(edge.old) or b""
        new = self._contents.get(edge.new) if edge.commit else self._touched[edge.path]
        shape = shape_of(edge.path)
        if old == new or (new is not None and shape == "case" and only_grew(old, new)):
            return
        after = lines_of(edge.path, new)
        there = {line.text for line in after}
        lines = [line for line in lines_of(edge.path, old) if line.text not in there]
        if not lines or (shape == "policy" and not self._was_in_force(edge)):
            return
        named = {line.name: line.text for line in after}
        for line in lines:
            yield _Taken(edge, line, named.get(line.name, ""))

    def _was_in_force(self, edge: Edge) -> bool:
        """Whether a policy that was changed had judged tickets by then."""
        if not edge.commit:
            day, befores = self._desk.today(), [self._head]
        elif not edge.day:
            day, befores = history.day_of(self._gitdir, self._head)[0], [edge.commit]
        else:
            day, befores = history.day_of(self._gitdir, edge.commit)
        for before in befores:
            policies = history.files_of(self._gitdir, before, f"{RECORDS}/policy")
            if policies.get(edge.path) == edge.old and in_force(edge.path, policies, day):
                return history.holds_any(self._gitdir, before, f"{RECORDS}/tickets")
        return False

    def _uncommitted(self) -> dict[str, bytes | None]:
        """What lies in the work tree otherwise than in the last commit, by path."""
        found: dict[str, bytes | None] = {}
        for entry in finish_status(start_status(self._gitdir)).entries:
            if shape_of(entry.path) is not None:
                try:
                    found[entry.path] = self._desk.ledger.read(entry.path)
                except FileNotFoundError:
                    found[entry.path] = None
                except Unreadable:
                    found[entry.path] = b""
        return found

    def _edges_of_the_work_tree(self) -> Iterator[Edge]:
        if self._touched:
            self._files = history.files_of(self._gitdir, self._head, RECORDS)
        for path in self._touched:
            if path in self._files:
                yield Edge("", "", "", False, self._files[path], "", path)

    # What is there now --------------------------------------------------------------------------

    def _now(self, path: str) -> bytes | None:
        if path in self._touched:
            return self._touched[path]
        return self._contents.one(self._files.get(path, ""))

    def _places(self, record: str, path: str) -> list[str]:
        """Where a ticket lies now, also if it was moved, or given another id because two had it."""
        if shape_of(path) != "case":
            return []
        known = {*self._files, *self._touched}
        found = {place for place in known if _record(place) == record}
        found.update(history.with_alias(self._gitdir, self._head, record))
        return sorted(place for place in found if self._now(place) is not None)

    def _put_back(self, path: str, line: Line, now: list[Line], taken: list[_Taken]) -> bool:
        """Whether ``line`` is what somebody had made of a line that is there again.

        It must never have come into the record otherwise than in that line's place.
        """
        again = next((one.text for one in now if one.name == line.name), "")
        if not any(one.line.text == again and one.instead == line.text for one in taken):
            return False
        for edge in history.edges(self._gitdir, self._head, None, path):
            self._contents.load([name for name in (edge.old, edge.new) if name])
            before = {one.text for one in lines_of(path, self._contents.get(edge.old))}
            after = {one.text for one in lines_of(path, self._contents.get(edge.new))}
            if line.text in after - before and again not in before:
                return False
        return True


def _record(path: str) -> str:
    """What stays the same when a ticket is moved to another folder: its id. Others: the path."""
    return path.rpartition("/")[2].removesuffix(".yaml") if shape_of(path) == "case" else path


def _deed(edge: Edge) -> Said:
    if edge.commit and not edge.day:
        args = {"commit": edge.commit[:12]}
        return Said.of(Message(N_("after commit {commit}, which this history lacks"), args))
    return Deed(edge.commit, edge.author, edge.day).told()
