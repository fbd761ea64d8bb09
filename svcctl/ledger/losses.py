"""What was taken out of the book on the way to a commit. Knows git and the bytes; no desk, no clock.

Asked by the audit of the history about a clone with its work tree, and by a hub about what is pushed.
Most changes only add lines. What a change took away is held against what is there now: it may have
been put back, have gone to another file, or have been given another name after two clones gave out
the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from svcctl.domain.keeping import (
    LISTED,
    Deed,
    LatePolicy,
    Line,
    broken,
    day_of_policy,
    in_force,
    lost,
    shape_of,
)
from svcctl.domain.problems import N_, Message, Problem, Said
from svcctl.ledger import history
from svcctl.ledger.folder import RECORDS
from svcctl.ledger.git import GitDir
from svcctl.ledger.history import Contents, Edge, Extra
from svcctl.ledger.holding import lines_of, only_grew

_AT_ONCE = 200
POLICIES = f"{RECORDS}/policy"


class _Taken(NamedTuple):
    """A line that a change took away, and what came in its place under the same name, if anything."""

    edge: Edge
    line: Line
    instead: str


class Losses:
    """What was taken away on the way to ``head``, and the files as they lie there now.

    ``touched`` is what lies in a work tree otherwise than in ``head`` (None: gone), by path. A change
    of rules is judged on the day its commit states, and on ``today`` where nobody committed it;
    ``strict``: always on ``today``, since whoever wrote the commit chose its day.
    """

    def __init__(
        self,
        gitdir: GitDir,
        head: str,
        contents: Contents,
        today: str,
        touched: Mapping[str, bytes | None],
        *,
        strict: bool = False,
        extra: Extra = None,
    ) -> None:
        self._gitdir = gitdir
        self._head = head
        self._contents = contents
        self._today = today
        self._strict = strict
        self._touched = touched
        self._extra = extra
        self._files: dict[str, str] = {}

    def find(self, since: str | None, rewritten: str | None) -> list[Problem]:
        """Return a finding for every line that is not there now, with the commit that took it away.

        ``rewritten``: a commit outside this history, whose files are held against it too.
        """
        taken = list(self._taken(self._edges_of_the_work_tree()))
        edges = history.edges(self._gitdir, self._head, since, extra=self._extra)
        branches = list(self._taken(edges))
        # A merge that merely took what a branch brought is not the one to be asked: the branch is.
        taken += sorted(branches, key=lambda one: one.edge.merge)
        if rewritten is not None:
            lacking = history.edges_between(self._gitdir, rewritten, self._head)
            taken += self._taken(lacking)
        if not taken:
            return []
        self._files = self._files or self._all_files()
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
            if not places and shape_of(path) in LISTED:
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
        if old == new or (new is not None and shape in LISTED and only_grew(old, new)):
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
            day, befores = self._today, [self._head]
        elif not edge.day:
            day, befores = history.day_of(self._gitdir, self._head)[0], [edge.commit]
        else:
            day, befores = self._day_of(edge.commit)
        for before in befores:
            policies = self._policies(before)
            if policies.get(edge.path) == edge.old and in_force(edge.path, policies, day):
                return self._holds_tickets(before)
        return False

    def _day_of(self, commit: str) -> tuple[str, list[str]]:
        day, parents = history.day_of(self._gitdir, commit, self._extra)
        return (max(day, self._today) if self._strict else day), parents

    def _policies(self, commit: str) -> dict[str, str]:
        return history.files_of(self._gitdir, commit, POLICIES, self._extra)

    def _holds_tickets(self, commit: str) -> bool:
        return history.holds_any(self._gitdir, commit, f"{RECORDS}/tickets", self._extra)

    def _all_files(self) -> dict[str, str]:
        return history.files_of(self._gitdir, self._head, RECORDS, self._extra)

    def _edges_of_the_work_tree(self) -> Iterator[Edge]:
        if self._touched:
            self._files = self._all_files()
        for path in self._touched:
            if path in self._files:
                yield Edge("", "", "", False, self._files[path], "", path)

    # Rules that came too late ---------------------------------------------------------------------

    def late_policies(self, since: str | None) -> Iterator[LatePolicy]:
        """Yield the policies that were added to begin on a day that was over, though tickets had been
        judged by others until then."""
        if len(self._policies(self._head)) < 2:
            return
        edges = history.edges(self._gitdir, self._head, since, f"{POLICIES}/", self._extra)
        for edge in [edge for edge in edges if not edge.old]:
            begins = day_of_policy(edge.path)
            # The commit's own day: rules that were written in time may arrive late.
            written, befores = history.day_of(self._gitdir, edge.commit, self._extra)
            if not begins or begins >= written:
                continue
            known = [self._policies(before) for before in befores]
            if any(edge.path in policies for policies in known) or not any(known):
                continue  # a merge took it over, or these are the first rules there are
            if any(map(self._holds_tickets, befores)):
                yield LatePolicy(edge.path, begins, Deed(edge.commit, edge.author, edge.day))

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
        found.update(history.with_alias(self._gitdir, self._head, record, self._extra))
        return sorted(place for place in found if self._now(place) is not None)

    def _put_back(self, path: str, line: Line, now: list[Line], taken: list[_Taken]) -> bool:
        """Whether ``line`` is what somebody had made of a line that is there again.

        It must never have come into the record otherwise than in that line's place.
        """
        again = next((one.text for one in now if one.name == line.name), "")
        if not any(one.line.text == again and one.instead == line.text for one in taken):
            return False
        for edge in history.edges(self._gitdir, self._head, None, path, self._extra):
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
