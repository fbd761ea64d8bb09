"""What a person decides about records that conflict. Knows the copies offered for editing; no git history.

The copies lie in the clone's own folder, not among the records: until the decision is made, the
ledger is whole and everybody works on. A copy holds both values between markers; it is decided when no
marker is left.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from svcctl.domain.checks.catalogue import CODES, severity_of
from svcctl.domain.problems import (
    N_,
    Disputed,
    Message,
    NeedsPerson,
    NotFound,
    Problem,
    Said,
)
from svcctl.ledger import posix
from svcctl.ledger.git import GitDir
from svcctl.ledger.leftovers import SYNC_COPIES
from svcctl.ledger.mergefile import HERE, MIDDLE, THERE, has_markers
from svcctl.ledger.objects import Objects
from svcctl.ledger.records import problems_in
from svcctl.ledger.syncplan import Choice, Plan

Keep = Literal["here", "there"]


class Choices:
    """The copies offered after a stop. ``keep``: which side to take wherever nothing was decided."""

    def __init__(self, private: Path, keep: Keep | None = None) -> None:
        self.folder = private / SYNC_COPIES
        self.keep = keep

    def offer(self, plan: Plan) -> None:
        """Put down a copy for each conflict; one that was offered before for the same versions stays."""
        known = self._versions()
        with posix.storage(self.folder):
            for path in known:
                if list(plan.versions.get(path, ())) != known[path]:
                    (self.folder / path).unlink(missing_ok=True)
            for path, conflict in plan.conflicts.items():
                copy = self.folder / path
                if conflict.marked and not copy.exists():
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    copy.write_bytes(conflict.marked)
            self.folder.mkdir(parents=True, exist_ok=True)
            self._list.write_text(json.dumps(plan.versions), "utf-8")

    @property
    def _list(self) -> Path:
        return self.folder / "versions.json"

    def _versions(self) -> dict[str, list[str]]:
        try:
            found = json.loads(self._list.read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def read(self, gitdir: GitDir) -> dict[str, Choice]:
        """Return what is decided, by path. Raises ``NotFound`` where nothing waits for a decision,
        ``NeedsPerson`` naming every copy that still holds markers, or the line that makes a
        copy one that nobody could read."""
        versions = self._versions()
        if not versions:
            raise NotFound(
                "nothing-to-continue",
                Message(N_("no sync waits for a decision here")),
                Message(N_("svcctl sync begins one")),
            )
        found: dict[str, Choice] = {}
        open_ones: list[str] = []
        wrong: list[Problem] = []
        with Objects(gitdir) as objects:
            for path, (here, there) in versions.items():
                data = self._decided(path)
                if data is None and self.keep is not None:
                    data = objects.blob(here if self.keep == "here" else there)
                if data is None or has_markers(data):
                    open_ones.append(path)
                else:
                    found[path] = Choice(here, there, data)
                    if data not in (objects.blob(here), objects.blob(there)):
                        wrong += _errors(path.removeprefix(gitdir.prefix), data)
        if open_ones:
            raise NeedsPerson(
                "still-undecided",
                Message(
                    N_("not yet decided: {paths}"),
                    {"paths": ", ".join(str(self.folder / path) for path in open_ones[:5])},
                ),
                Message(
                    N_(
                        "take the lines that begin with <<<<<<<, ======= and >>>>>>> out of each, with "
                        "the value that is not to stay; or say --keep here, or --keep there"
                    )
                ),
                tuple(
                    Disputed(path.removeprefix(gitdir.prefix), Message(N_("not yet decided")))
                    for path in open_ones
                ),
            )
        if wrong:
            raise self._unreadable(gitdir, wrong)
        return found

    def _unreadable(self, gitdir: GitDir, wrong: list[Problem]) -> NeedsPerson:
        """Return the stop before copies are merged that nobody could read; the first error is shown."""
        told = []
        for one in wrong:
            what = Said.of(Message(CODES[one.code].message, one.args))
            place = str(self.folder / gitdir.prefix / one.path)
            args = {"path": place, "line": str(one.line), "code": one.code, "what": what}
            told.append(Message(N_("{path}:{line}: {code} {what}"), args))
        return NeedsPerson(
            "bad-copy",
            told[0],
            Message(
                N_("nothing was merged and the copy stays: mend it, then svcctl sync --continue")
            ),
            tuple(Disputed(one.path, why) for one, why in zip(wrong, told, strict=True)),
        )

    def _decided(self, path: str) -> bytes | None:
        try:
            data = (self.folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return kept(data, self.keep) if self.keep is not None else data

    def clear(self) -> None:
        """Take the copies away: the merge they were for is done."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _errors(record: str, data: bytes) -> list[Problem]:
    return [one for one in problems_in(record, data) if severity_of(one) == "error"]


def kept(data: bytes, side: Keep) -> bytes:
    """Return ``data`` with one side's lines in the place of each pair between markers."""
    return b"\n".join(_kept_lines(data.split(b"\n"), side))


def _kept_lines(lines: list[bytes], side: Keep) -> Iterator[bytes]:
    within: str | None = None
    for line in lines:
        if line.startswith(HERE.encode()):
            within = "here"
        elif line == MIDDLE.encode() and within == "here":
            within = "there"
        elif line.startswith(THERE.encode()) and within == "there":
            within = None
        elif within in (None, side):
            yield line
