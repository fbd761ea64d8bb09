"""What commands announced and have not been seen to commit. Knows notes; not what a record is.

Before a record is written, ``Pending.note`` puts down durably what is about to be committed. A
command that is killed, or whose commit fails, thereby leaves it to the next one: ``settle``.
All of it runs under the caller's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from svcctl.domain.problems import N_, GitFailed, Message, StorageFailed
from svcctl.ledger.commit import Identity, Note, commit
from svcctl.ledger.git import GitDir


class Pending:
    """What commands announced and have not been seen to commit. One JSON line for each.

    Lies in the git directory: it belongs to this clone and is never itself committed.
    """

    def __init__(self, gitdir: GitDir) -> None:
        self.path = gitdir.path / "svcctl" / "pending"

    def note(
        self,
        paths: Iterable[str],
        message: str,
        author: Identity,
        when: datetime,
        committer: Identity | None = None,
        noted: datetime | None = None,
    ) -> int:
        """Put down, durably, what the command is about to write and commit.

        Called before the first of ``paths`` is touched. Returns what ``withdraw`` takes. Raises
        StorageFailed: nothing has been written then.
        """
        note = Note(tuple(paths), message, author, committer or author, when, noted)
        try:
            return _append_durably(self.path, _line(note))
        except OSError as error:
            raise StorageFailed(
                "pending-not-noted",
                Message(
                    N_("nothing was written: {file} cannot be kept: {reason}"),
                    {"file": str(self.path), "reason": error.strerror or str(error)},
                ),
                Message(N_("make room or give yourself permission there, or use --no-commit")),
            ) from error

    def withdraw(self, noted: int) -> None:
        """Take back the note just made: the command was refused before it wrote anything.

        Else the next command would commit in its name what another program does to these files.
        """
        os.truncate(self.path, noted)

    def waiting(self) -> bool:
        """Whether an earlier command left something to commit. Costs one stat."""
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False

    def take(self) -> list[Note]:
        """What is noted, oldest first. A line torn by a kill is no note: its files are untouched."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        notes = (_read_note(line) for line in lines if line)
        return [note for note in notes if note is not None]

    def clear(self) -> None:
        """Forget all notes. One that a power cut brings back finds its files committed."""
        try:
            os.truncate(self.path, 0)
        except FileNotFoundError:
            return

    def keep(self, notes: Iterable[Note]) -> None:
        """Forget all notes but these. Raises StorageFailed."""
        from hashlib import sha256

        from svcctl.ledger.posix import replace

        lines = b"".join(_line(note) for note in notes)
        replace(self.path, lines, sha256(self.path.read_bytes()).hexdigest())


def _line(note: Note) -> bytes:
    import json

    fields = {**note._asdict(), "when": note.when.isoformat()}
    fields["noted"] = note.noted.isoformat() if note.noted is not None else None
    return json.dumps(fields).encode("ascii") + b"\n"


def _read_note(line: bytes) -> Note | None:
    import json

    try:
        fields = json.loads(line)
        author, committer = Identity(*fields["author"]), Identity(*fields["committer"])
        when = datetime.fromisoformat(fields["when"])
        text = fields.get("noted")  # older versions wrote none
        noted = datetime.fromisoformat(text) if text is not None else None
        note = Note(tuple(fields["paths"]), fields["message"], author, committer, when, noted)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return note if _is_ours(note) else None


def _is_ours(note: Note) -> bool:
    """Whether a note that could be read says what ``note`` writes: somebody may have edited it."""
    words = (*note.paths, note.message, *note.author, *note.committer)
    moments = [note.when] if note.noted is None else [note.when, note.noted]
    if any(one.utcoffset() is None for one in moments) or not all(
        isinstance(word, str) for word in words
    ):
        return False
    return not any(
        path.startswith("/") or "\0" in path or {"", ".", ".."} & set(path.split("/"))
        for path in note.paths
    )


def _append_durably(path: Path, line: bytes) -> int:
    """Add ``line``; the size the file had before."""
    from svcctl.ledger.posix import make_folders, sync_file, sync_folder

    make_folders(path.parent)
    new = not path.exists()
    with open(path, "ab+") as file:
        end = file.tell()
        if end and os.pread(file.fileno(), 1, end - 1) != b"\n":
            line = b"\n" + line  # a kill tore the line before
        file.write(line)
        file.flush()
        sync_file(file.fileno())
    if new:
        sync_folder(path.parent)
    return end


# Failures that lie with the files of one note; after any other, trying the next note is vain.
OF_ONE_NOTE = frozenset(("git-failed", "git-unreadable-path", "git-lines-changed"))


def settle(
    gitdir: GitDir,
    done: Callable[[Note, str], None] | None = None,
    look: Callable[[Note], None] | None = None,
) -> list[str]:
    """Commit what is noted, in order, each under its own author and message; the ids made.

    Called before a command decides (for what an earlier one left) and after it has written.
    What is committed already is passed over; ``done`` hears of each commit. ``look`` may raise
    GitFailed for what is not to be committed as it lies there. Raises GitFailed when anything could
    not be committed; that then stays for the next time.
    """
    pending = Pending(gitdir)
    notes = pending.take()
    made: list[str] = []
    failed: list[tuple[Note, GitFailed]] = []
    for place, note in enumerate(notes):
        try:
            if look is not None:
                look(note)
            commit_id = commit(gitdir, *note)
        except GitFailed as error:
            failed.append((note, error))
            if error.code not in OF_ONE_NOTE:
                failed += [(later, error) for later in notes[place + 1 :]]
                break
        else:
            if commit_id is not None:
                made.append(commit_id)
                if done is not None:
                    done(note, commit_id)
    if made:
        _flush_branch(gitdir)
    if failed:
        if len(failed) < len(notes):
            pending.keep(note for note, _ in failed)
        raise failed[0][1]
    pending.clear()
    return made


def _flush_branch(gitdir: GitDir) -> None:
    """Flush the name of the branch's file, which git renames and leaves to the file system.

    Else a power cut could bring back the branch as it was before, when the note is forgotten already.
    """
    from svcctl.ledger.posix import sync_folder

    head = (gitdir.path / "HEAD").read_text("utf-8").strip()
    branch = gitdir.path / head.removeprefix("ref: ")
    sync_folder(branch.parent if branch.parent.is_dir() else gitdir.path)
