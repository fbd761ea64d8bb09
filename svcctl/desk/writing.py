"""How a use case writes: under the lock, announced, durable, committed with its own paths.

    with Writing(desk, who, commit=True) as writing:
        ... read, decide ...
        writing.create(path, data); writing.append(path, old, line)
        writing.finish("SHA-261122-07M dispatched")

If only the commit fails, what was written stays written and the next command commits it.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from datetime import datetime
from typing import NamedTuple

from svcctl.desk.desk import Desk
from svcctl.domain.decide import Who
from svcctl.domain.problems import N_, GitFailed, Message, Refusal, Stop
from svcctl.ledger import batch, git, posix
from svcctl.ledger.commit import Identity
from svcctl.ledger.folder import refuse_linked
from svcctl.ledger.pending import Pending, settle
from svcctl.ledger.records import read_card
from svcctl.ledger.rows import is_error


class Outcome(NamedTuple):
    """What became of a write: the commits made, and what the user should know besides."""

    commits: tuple[str, ...] = ()
    notices: tuple[Message, ...] = ()


class Change(NamedTuple):
    """One file to write: ``old`` is None for a new one."""

    path: str
    old: bytes | None
    new: bytes


class Writing:
    """The lock held, and the changes of one command collected until ``finish`` writes them."""

    def __init__(self, desk: Desk, commit: bool = True, dry_run: bool = False) -> None:
        self.desk = desk
        self.commit = commit
        self.dry_run = dry_run
        self.changes: list[Change] = []
        self._notices: list[Message] = []
        self._touched = False
        self._stack = ExitStack()

    def __enter__(self) -> Writing:
        ledger = self.desk.ledger
        refuse_linked(ledger)
        if not self.dry_run:
            posix.make_folders(ledger.private)
            self._stack.enter_context(posix.lock(ledger.private / "lock"))
            batch.recover(ledger.root, ledger.private / "batch")
            self._commit_what_waits()
        return self

    def _commit_what_waits(self) -> None:
        """Commit what an earlier command wrote and could not commit, under its own author."""
        gitdir = self.desk.ledger.git
        if gitdir is None or not Pending(gitdir).waiting():
            return
        try:
            settle(gitdir)
        except GitFailed as stop:
            self._notices.append(_pending(stop))

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def create(self, path: str, data: bytes) -> None:
        """Plan a new file."""
        self.changes.append(Change(path, None, data))

    def append(self, path: str, old: bytes, line: str) -> None:
        """Plan one more event at the end of a case's file."""
        if not old.endswith(b"\n"):
            old_text = old + b"\n"
        else:
            old_text = old
        self.changes.append(Change(path, old, old_text + f"- {line}\n".encode()))

    def replace(self, path: str, old: bytes, new: bytes) -> None:
        """Plan another content for a card."""
        self.changes.append(Change(path, old, new))

    def finish(self, message: str, who: Who, when: datetime) -> Outcome:
        """Write everything planned, then commit it. A dry run does neither."""
        if self.dry_run or not self.changes:
            return Outcome()
        gitdir = self.desk.ledger.git
        if gitdir is None or not self.commit:
            self._write_all()
            return Outcome((), (*self._notices, *self._without_git()))
        paths = tuple(change.path for change in self.changes)
        author, committer = self._identity(who.id), self._identity(self.desk.station.me or who.id)
        pending = Pending(gitdir)
        noted = pending.note(paths, message, author, when, committer)
        try:
            self._write_all()
        except (Stop, OSError):
            if not self._touched:
                pending.withdraw(noted)
            raise
        try:
            return Outcome(tuple(settle(gitdir)), tuple(self._notices))
        except GitFailed as stop:
            return Outcome((), (*self._notices, _pending(stop)))

    def _write_all(self) -> None:
        for change in self.changes:
            self._write(change)
            self._touched = True
        self.desk.forget_index()

    def _write(self, change: Change) -> None:
        path = self.desk.ledger.root / change.path
        if change.old is None:
            try:
                posix.create(path, change.new)
            except FileExistsError:
                raise Refusal(
                    "already-there",
                    Message(N_("{path} is already there"), {"path": change.path}),
                    Message(N_("nothing was overwritten; show it, or choose another id"), {}),
                ) from None
            return
        posix.replace(path, change.new, hashlib.sha256(change.old).hexdigest())

    def _without_git(self) -> tuple[Message, ...]:
        if self.commit and self.desk.ledger.git is None:
            return (git.why_without_git(),)
        return ()

    def _identity(self, staff: str) -> Identity:
        """How git names a person; also one whose card this very command writes."""
        path = f"records/staff/{staff}.yaml"
        planned = next((change.new for change in self.changes if change.path == path), None)
        return identity(self.desk, staff, planned)


def _pending(stop: GitFailed) -> Message:
    args = {
        "reason": str(stop),
        "remedy": stop.remedy.template.format_map(dict(stop.remedy.args)) if stop.remedy else "",
    }
    return Message(N_("written, commit pending, do not repeat: {reason}. {remedy}"), args)


def identity(desk: Desk, staff: str, planned: bytes | None = None) -> Identity:
    """Return how git shall name a person: from the staff card, whatever git is configured to."""
    from svcctl.domain.cards import STAFF

    path = f"records/staff/{staff}.yaml"
    try:
        data = planned if planned is not None else desk.ledger.read(path)
        card, problems = read_card(STAFF, data, path)
    except FileNotFoundError:
        card, problems = None, []
    if card is None or any(is_error(problem) for problem in problems):
        return Identity(staff, f"{staff}@desk.invalid")
    return Identity(card.get("name") or staff, card.get("email") or f"{staff}@desk.invalid")
