"""What each path is on both sides of a merge and where it began. Knows trees of git; decides nothing.

By path, never by likeness; but a ticket that was moved to another folder, under its name, is looked
for where it went.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from svcctl.ledger.folder import is_ticket
from svcctl.ledger.git import GitDir
from svcctl.ledger.objects import Difference, Entry, differences


class Sides(NamedTuple):
    """What a path is here, there and at each merge base."""

    ours: Entry | None
    theirs: Entry | None
    bases: tuple[Entry | None, ...]

    @property
    def base(self) -> Entry | None:
        return self.bases[0] if self.bases else None

    @property
    def agreed(self) -> bool:
        """Whether all merge bases have the same there."""
        return len(set(self.bases)) <= 1


class Trees:
    """Two commits, and the merge bases they began from, compared.

    Paths are relative to the work tree's top. Raises GitFailed.
    """

    def __init__(self, gitdir: GitDir, commits: tuple[str, str], bases: Sequence[str]) -> None:
        self.prefix = gitdir.prefix
        ours, theirs = commits
        self._by_base = [
            (differences(gitdir, base, ours), differences(gitdir, base, theirs)) for base in bases
        ]
        self.bases = len(self._by_base)
        self.changed_here = {path for here, _ in self._by_base for path in here}
        self.paths = sorted({path for pair in self._by_base for side in pair for path in side})
        """Every path that differs anywhere."""
        self.moved: dict[str, str] = {}
        """From where to where a side moved a ticket."""
        for pair in self._by_base:
            for side in pair:
                self.moved |= _moves(side, self.inside)
        self._came_from = {new: old for old, new in self.moved.items()}

    def inside(self, path: str) -> str:
        """Return ``path`` relative to the ledger; "" for one that lies outside of it."""
        return path[len(self.prefix) :] if path.startswith(self.prefix) else ""

    def sides(self, path: str) -> Sides:
        """Return what ``path`` is on each side, a file that somebody moved counted where it went."""
        found = self.raw_sides(path)
        old = self._came_from.get(path)
        if old is None:
            return found
        before = self.raw_sides(old)
        return Sides(
            found.ours or before.ours,
            found.theirs or before.theirs,
            tuple(now or then for now, then in zip(found.bases, before.bases, strict=True)),
        )

    def raw_sides(self, path: str) -> Sides:
        """Return what lies under ``path`` itself on each side."""
        bases: list[Entry | None] = []
        ours: Entry | None = None
        theirs: Entry | None = None
        same_everywhere = []
        for number, (here, there) in enumerate(self._by_base):
            if path in here:
                bases.append(here[path].old)
                ours = here[path].new
                theirs = there[path].new if path in there else here[path].old
            elif path in there:
                bases.append(there[path].old)
                theirs = there[path].new
                ours = there[path].old
            else:
                bases.append(None)
                same_everywhere.append(number)
        for number in same_everywhere:  # here, there and this base are alike
            bases[number] = ours
        return Sides(ours, theirs, tuple(bases))


def _moves(side: Mapping[str, Difference], inside: Callable[[str], str]) -> dict[str, str]:
    """Return the tickets that this side moved to another folder: from where to where."""
    new = {
        path.rpartition("/")[2]: path
        for path, difference in side.items()
        if difference.old is None and is_ticket(inside(path))
    }
    return {
        path: new[name]
        for path, difference in side.items()
        if difference.new is None
        and is_ticket(inside(path))
        and (name := path.rpartition("/")[2]) in new
    }
