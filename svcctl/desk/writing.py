"""How a use case writes: under the lock, announced, durable, committed with its own paths.

    with Writing(desk, who, commit=True) as writing:
        ... read, decide ...
        writing.create(path, data); writing.append(path, old, line)
        writing.finish("SHA-261122-07M dispatched")

A copied or restored clone is refused here, where every write passes; only a sync writes there.
If only the commit fails, what was written stays written and the next command commits it.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from svcctl.desk.desk import Desk
from svcctl.domain.decide import Who
from svcctl.domain.problems import (
    N_,
    GitFailed,
    Message,
    Refusal,
    Said,
    Stop,
    StorageFailed,
    Unreadable,
)
from svcctl.ledger import batch, git, lineends, posix
from svcctl.ledger.commit import Identity, Note
from svcctl.ledger.folder import RECORDS, SYNC_NOTE, is_case, refuse_linked
from svcctl.ledger.pending import OF_ONE_NOTE, Pending, settle
from svcctl.ledger.records import read_card, read_lines
from svcctl.ledger.rows import is_error

PATIENCE = 120.0
"""Seconds to wait for the lock: fifty commands in a row at a second each, and as long again."""


class Manner(NamedTuple):
    """How a writing command is carried out: by whom, when it happened, whether really."""

    by: str | None = None
    at: str | None = None
    dry_run: bool = False
    commit: bool = True


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

    def __init__(
        self, desk: Desk, commit: bool = True, dry_run: bool = False, *, copied: bool = False
    ) -> None:
        """``copied``: also in a copied or restored clone, whose desk is not known yet."""
        self.desk = desk
        self.commit = commit
        self.dry_run = dry_run
        self.copied = copied
        self.changes: list[Change] = []
        self._there: list[str] = []
        self._notices: list[Message] = []
        self._unfinished: Stop | OSError | None = None
        self._half_moved = False
        self._stack = ExitStack()

    def __enter__(self) -> Writing:
        ledger = self.desk.ledger
        refuse_linked(ledger)
        if not self.copied:
            self.desk.refuse_copied()
        if not self.dry_run:
            with posix.storage(ledger.private):
                posix.make_folders(ledger.private)
            with ExitStack() as stack:  # whatever goes wrong in between, the lock is let go
                stack.enter_context(posix.lock(ledger.private / "lock", PATIENCE, ledger.waiting))
                batch.recover(ledger.root, ledger.private / "batch")
                if (ledger.private / SYNC_NOTE).exists() and ledger.git is not None:
                    from svcctl.ledger.syncapply import recover

                    self._unfinished = recover(ledger.git, ledger.private)
                    self._half_moved = self._unfinished is not None
                self._sweep()
                if not self._half_moved:
                    self._commit_what_waits()
                self._stack = stack.pop_all()
        return self

    @property
    def notices(self) -> tuple[Message, ...]:
        """What the user should know of what was found waiting."""
        return tuple(self._notices)

    def refuse_unfinished(self) -> None:
        """Raise what kept git from finishing an earlier command: for who builds on what is committed."""
        if self._unfinished is not None:
            raise self._unfinished

    def _sweep(self) -> None:
        """Remove the temporary files of a command that was killed, or lost power, while it wrote."""
        gitdir = self.desk.ledger.git
        announced = Pending(gitdir).take() if gitdir is not None else []
        folders = {os.path.dirname(path) for note in announced for path in note.paths}
        try:
            folders |= {*self._under_way.read_bytes().decode("utf-8", "replace").split("\n")}
        except FileNotFoundError:
            if not folders:
                return
        except OSError:
            pass  # it saves litter from lying about, and what was announced is known all the same
        for folder in sorted(folders):
            place = os.path.normpath(self.desk.ledger.root / folder)
            if folder.startswith(RECORDS) and place.startswith(f"{self.desk.ledger.root}{os.sep}"):
                posix.sweep(Path(place))
        self._put_down("")

    @property
    def _under_way(self) -> Path:
        return self.desk.ledger.private / "under-way"

    def _put_down(self, folders: str) -> None:
        """Note in which folders files are being written, for the one who comes after a kill.

        It need not survive a loss of power: what was announced does, and names the same folders.
        """
        with posix.storage(self._under_way):
            if folders:
                self._under_way.write_text(folders, "utf-8")
            else:
                self._under_way.unlink(missing_ok=True)

    def _commit_what_waits(self) -> None:
        """Commit what an earlier command wrote and could not commit, under its own author."""
        gitdir = self.desk.ledger.git
        try:
            if gitdir is not None and Pending(gitdir).waiting():
                settle(gitdir, look=self._look)
        except NOT_SETTLED as trouble:
            self._notices.append(_pending(trouble))
            if not isinstance(trouble, GitFailed) or trouble.code not in OF_ONE_NOTE:
                self._unfinished = trouble

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def create(self, path: str, data: bytes) -> None:
        """Plan a new file."""
        self.changes.append(Change(path, None, data))

    def include(self, path: str) -> None:
        """Commit a file that is there already, as it is, with what is written."""
        self._there.append(path)

    def append(self, path: str, old: bytes, *lines: str) -> None:
        """Plan one more event, or several, at the end of a case's file, whose lines then end alike."""
        text = lineends.normal(old)
        if not text.endswith(b"\n"):
            text += b"\n"
        self.changes.append(
            Change(path, old, text + "".join(f"- {line}\n" for line in lines).encode())
        )

    def replace(self, path: str, old: bytes, new: bytes) -> None:
        """Plan another content for a card."""
        self.changes.append(Change(path, old, new))

    def finish(self, message: str, who: Who, when: datetime) -> Outcome:
        """Write everything planned, then commit it. A dry run does neither."""
        self._refuse_foreign_changes()
        if self.dry_run or not self.changes:
            return Outcome()
        for change in self.changes:
            _refuse_unreadable(change)
        gitdir = self.desk.ledger.repository
        if gitdir is None or not self.commit:
            self._write_all()
            return Outcome((), (*self._notices, *self._without_git()))
        paths = (*self._there, *(change.path for change in self.changes))
        author, committer = self._identity(who.id), self._identity(self.desk.station.me or who.id)
        pending = Pending(gitdir)
        noted = pending.note(paths, message, author, when, committer, self.desk.now())
        try:
            self._write_all()
        except (Stop, OSError):
            if not any(self._is_there(change) for change in self.changes):
                with suppress(OSError):  # the note stays: it finds nothing to commit
                    pending.withdraw(noted)
            raise
        try:
            if self._half_moved:  # onto a branch that is still to move nothing is committed
                self.refuse_unfinished()
            made = settle(gitdir, look=lambda note: self._look(note, paths))
            return Outcome(tuple(made), tuple(self._notices))
        except NOT_SETTLED as trouble:
            told = _pending(trouble)
            # What stood in the way of an earlier command's commit mostly stands in this one's too.
            return Outcome((), (*(n for n in self._notices if n != told), told))

    def _refuse_foreign_changes(self) -> None:
        """Refuse to commit a file, in the name of who writes, that lost or changed committed lines.

        What is not committed now is asked about when it is: ``--no-commit`` starts no git for it.
        """
        gitdir = self.desk.ledger.git
        grown = [
            (change.path, change.old)
            for change in self.changes
            if change.old is not None and is_case(change.path)
        ]
        if grown and self.commit and gitdir is not None and not self._half_moved:
            from svcctl.ledger.untouched import refuse_lacking

            refuse_lacking(gitdir, grown)

    def _look(self, note: Note, known: tuple[str, ...] = ()) -> None:
        """Look at what waits to be committed, unless these files have just been looked at."""
        if self.desk.ledger.git is not None and note.paths != known:
            from svcctl.ledger.untouched import look_at

            look_at(self.desk.ledger.git, note)

    def _note_seals(self) -> None:
        """Have git asked again about sealed months in which something is written now."""
        from svcctl.ledger.openmonths import note_unsettled, sealed_months

        sealed = sealed_months(self.desk.ledger)
        if not sealed:
            return
        from svcctl.domain.seals import month_of

        late = sealed & {month_of(change.path) for change in self.changes}
        if late:
            note_unsettled(self.desk.ledger, late)
            text = N_("{month} is sealed: the audit reports this until it is sealed once more")
            self._notices += [Message(text, {"month": month}) for month in sorted(late)]

    def _write_all(self) -> None:
        self._note_seals()
        self._put_down("\n".join({os.path.dirname(change.path) for change in self.changes}))
        for change in self.changes:
            self._write(change)
        with suppress(StorageFailed):  # the records are written: the next command takes it away
            self._put_down("")
        self.desk.files_in_doubt()  # told with what was written
        self.desk.forget_index()

    def _is_there(self, change: Change) -> bool:
        """Whether a write that failed left the new content nevertheless (an unconfirmed flush)."""
        try:
            return self.desk.ledger.path(change.path).read_bytes() == change.new
        except OSError:
            return False

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


def _refuse_unreadable(change: Change) -> None:
    """Refuse to write a ticket or a journal that would not read back, such as one that has grown too large."""
    if not is_case(change.path):
        return
    read = read_lines(change.new, change.path)
    if read.case is None:
        from svcctl.domain.checks.catalogue import CODES

        first = next(problem for problem in read.problems if is_error(problem))
        code = CODES[first.code]
        raise Refusal(
            "would-not-read-back",
            Message(code.message, first.args),
            Message(code.remedy, first.args),
        )


NOT_SETTLED = (GitFailed, StorageFailed, OSError)


def _pending(trouble: Stop | OSError) -> Message:
    if not isinstance(trouble, Stop):
        reason = trouble.strerror or str(trouble)
        return Message(N_("written, commit pending, do not repeat: {reason}"), {"reason": reason})
    if trouble.remedy is None:
        args = {"reason": Said.of(trouble.message)}
        return Message(N_("written, commit pending, do not repeat: {reason}"), args)
    args = {"reason": Said.of(trouble.message), "remedy": Said.of(trouble.remedy)}
    return Message(N_("written, commit pending, do not repeat: {reason}. {remedy}"), args)


def identity(desk: Desk, staff: str, planned: bytes | None = None) -> Identity:
    """Return how git shall name a person: from the staff card, whatever git is configured to."""
    from svcctl.domain.cards import STAFF

    path = f"records/staff/{staff}.yaml"
    try:
        data = planned if planned is not None else desk.ledger.read(path)
        card, problems = read_card(STAFF, data, path)
    except (FileNotFoundError, Unreadable):
        card, problems = None, []
    if card is None or any(is_error(problem) for problem in problems):
        return Identity(staff, f"{staff}@desk.invalid")
    return Identity(card.get("name") or staff, card.get("email") or f"{staff}@desk.invalid")
