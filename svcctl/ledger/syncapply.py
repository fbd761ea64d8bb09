"""How a planned merge becomes a commit, files and a branch that moved. Knows git and files; no record.

1. The commit is stored, with both parents; nothing moves yet.
2. A note of what is under way is put down durably.
3. The files that differ are written, each whole, then git's index is told, then the branch moves.
4. The note is taken away.

A kill between 2 and 4 leaves every file old or new; ``recover``, which every writing command begins
with, does the rest. A file that somebody changed by hand is never overwritten: before 2 that stops
the sync; after it, what was written there meanwhile is merged into the new content.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from svcctl.domain.problems import N_, GitFailed, Message, Refusal
from svcctl.ledger import posix
from svcctl.ledger.attached import LargeFiles
from svcctl.ledger.batch import sync_file_system
from svcctl.ledger.commit import (
    DURABLE,
    UNPACK,
    Attributes,
    Identity,
    Moved,
    move_head,
    quoted_name,
    remove_crash_report,
    scrubbed,
    stage,
    stamp,
)
from svcctl.ledger.folder import SYNC_NOTE, is_case
from svcctl.ledger.git import GitDir, finish, head, run, start
from svcctl.ledger.mergefile import merge_file
from svcctl.ledger.objects import (
    AHEAD,
    Difference,
    Entry,
    Objects,
    blob_id,
    differences,
    is_ancestor,
    raw_differences,
)
from svcctl.ledger.swap import Put, put_all

BRANCH = b"refs/svcctl/sync-under-way"
ATTRIBUTES = ".gitattributes"


class UnderWay(NamedTuple):
    """The move of the branch that is under way: from which commit to which; ``what`` for the log."""

    old: str
    new: str
    what: str


def store_commit(
    gitdir: GitDir,
    parents: tuple[str, ...],
    files: Mapping[str, Entry | bytes | None],
    message: str,
    who: Identity,
    when: datetime,
) -> str:
    """Store a commit on top of one or two others, durably, and return its id; no branch moves.

    ``files`` is what differs from the first parent, by path from the work tree's top.
    """
    words = [*DURABLE, *UNPACK, "fast-import", "--quiet", "--depth=0"]
    process = start(gitdir.top, words, fed=True)
    name, email = scrubbed(who.name, "svcctl"), scrubbed(who.email, "svcctl")
    person = f"{name} <{email}> {stamp(when)}\n".encode()
    text = message.encode()
    parts = [b"feature done\ncommit " + BRANCH + b"\nmark :1\n"]
    parts += [b"author " + person, b"committer " + person]
    parts += [b"data %d\n%s\n" % (len(text), text)]
    parts.append(b"from %s\n" % parents[0].encode())
    parts += [b"merge %s\n" % parent.encode() for parent in parents[1:]]
    # What goes away first: a folder may stand where a file stood.
    for path, content in sorted(files.items(), key=lambda item: item[1] is not None):
        place = quoted_name(path.encode("utf-8", "surrogateescape"))
        if content is None:
            parts.append(b"D %s\n" % place)
        elif isinstance(content, bytes):
            parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (place, len(content), content))
        else:
            mode, oid = content.mode.encode(), content.oid.encode()
            parts.append(b"M %s %s %s\n" % (mode, oid, place))
    parts.append(b"\nget-mark :1\nreset " + BRANCH + b"\n\ndone\n")
    try:
        out, _ = finish(process, "fast-import", b"".join(parts))
    except BaseException:
        process.kill()
        process.wait()
        remove_crash_report(gitdir, process)
        raise
    return out.decode("ascii").split()[-1]


def move_to(gitdir: GitDir, private: Path, way: UnderWay, who: Identity, when: datetime) -> int:
    """Bring files, index and branch from one commit to another; the number of files that differ.

    The caller holds the ledger's lock. Raises Refusal, before anything is changed, where a file in
    the way was changed by hand; ``Moved`` where the branch is not at ``way.old`` any more.
    """
    with Objects(gitdir) as objects:
        move = _Move(gitdir, objects, way)
        move.refuse_what_is_in_the_way()
        _put_down(private, way)
        move.write_files()
    move.tell_index()
    _move_branch(gitdir, way, who, when)
    _take_away(private)
    return len(move.changes)


def recover(gitdir: GitDir, private: Path) -> GitFailed | None:
    """Complete the move that a killed sync left half done, if any. Costs one stat where none is.

    Returns what kept git from moving its index or its branch, such as a lock that a killed git left;
    the files are all in place then, so that records may be written, but nothing may be committed
    before a later call has done the rest.
    """
    way = _noted(private)
    if way is None:
        return None
    now = head(gitdir)
    with Objects(gitdir) as objects:
        move = _Move(gitdir, objects, way)
        move.sweep()
        if now == way.old:
            move.write_files()
        elif now is not None and not is_ancestor(gitdir, way.new, now):
            # Somebody committed meanwhile: the files go back, the next sync merges again.
            move.take_back()
    try:
        if now in (way.old, way.new):
            move.tell_index()
        if now == way.old:
            who = Identity("svcctl", "svcctl@desk.invalid")
            _move_branch(gitdir, way, who, datetime.now().astimezone())
    except GitFailed as failed:
        return failed
    except Moved:  # somebody committed while this looked: their commit is judged as any other
        return recover(gitdir, private)
    _take_away(private)
    return None


def _move_branch(gitdir: GitDir, way: UnderWay, who: Identity, when: datetime) -> None:
    stamped = {"GIT_COMMITTER_NAME": scrubbed(who.name, "svcctl")}
    stamped |= {"GIT_COMMITTER_EMAIL": scrubbed(who.email, "svcctl")}
    stamped |= {"GIT_COMMITTER_DATE": "@" + stamp(when)}
    move_head(gitdir, way.old, way.new, way.what, stamped)


# The note -----------------------------------------------------------------------------------------


def _put_down(private: Path, way: UnderWay) -> None:
    place = private / SYNC_NOTE
    # What the note names must not be younger on the disk than the note: git flushes what its objects
    # hold, and leaves their names to the order in which the file system keeps them.
    sync_file_system(private)
    fresh = private / f"{SYNC_NOTE}.new"  # always this name: a kill leaves no litter
    with posix.storage(place):
        with open(fresh, "wb") as file:
            file.write("\n".join((*way, "")).encode())
            file.flush()
            posix.sync_file(file.fileno())
        os.replace(fresh, place)
        posix.sync_folder(private)


def _noted(private: Path) -> UnderWay | None:
    try:
        lines = (private / SYNC_NOTE).read_text("utf-8").split("\n")
    except (FileNotFoundError, NotADirectoryError):
        return None
    return UnderWay(lines[0], lines[1], lines[2])


def _take_away(private: Path) -> None:
    place = private / SYNC_NOTE
    with posix.storage(place):
        place.unlink(missing_ok=True)
        posix.sync_folder(private)


# The files ----------------------------------------------------------------------------------------


class _Move:
    """The files that differ between two commits, and what stands at their places now."""

    def __init__(self, gitdir: GitDir, objects: Objects, way: UnderWay) -> None:
        self.gitdir = gitdir
        self.objects = objects
        self.way = way
        self.changes = differences(gitdir, way.old, way.new)
        self._attributes = Attributes(gitdir)
        self._large_files = LargeFiles(gitdir)
        self._puts: list[Put] = []
        self._gone: list[str] = []
        self._modes: list[tuple[Path, bool]] = []

    def place(self, path: str) -> Path:
        return Path(os.path.join(self.gitdir.top, path))

    def _found(self, path: str) -> bytes | None:
        """The bytes at a place; None: nothing. What is no plain file counts as a change by hand."""
        place = self.place(path)
        try:
            status = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(status.st_mode):
            raise _in_the_way(self.gitdir, [path])
        with posix.storage(place):
            return place.read_bytes()

    def _is(self, path: str, found: bytes | None, entry: Entry | None) -> bool:
        """Whether what stands there is, to git, the file ``entry``."""
        if found is None or entry is None:
            return found is None and entry is None
        if blob_id(found, entry.oid) == entry.oid:
            return True
        if self._is_converted(path):
            out = run(self.gitdir.top, ["hash-object", "--path", path, "--stdin"], found)
            return out.decode("ascii").strip() == entry.oid
        return b"\r\n" in found and blob_id(found.replace(b"\r\n", b"\n"), entry.oid) == entry.oid

    def _is_converted(self, path: str) -> bool:
        return self._attributes.convert(path.encode("utf-8", "surrogateescape"))

    def _bytes(self, path: str, entry: Entry, commit: str) -> bytes:
        if self._is_converted(path):
            stored = self.objects.blob(entry.oid)
            if self._large_files.lacks(stored):
                return stored  # the network is not waited for under the lock
            return run(self.gitdir.top, ["cat-file", "--filters", f"{commit}:{path}"])
        return self.objects.blob(entry.oid)

    def refuse_what_is_in_the_way(self) -> None:
        """Raise Refusal naming every file that a person changed, staged or put in the way."""
        wrong = [
            path
            for path, (old, new) in self.changes.items()
            if not self._is(path, found := self._found(path), old)
            and not self._is(path, found, new)
        ]
        words = ["diff-index", "--cached", "--raw", "--no-abbrev", "-z", self.way.old]
        staged = dict(raw_differences(run(self.gitdir.top, words)))
        wrong += [
            path
            for path, difference in staged.items()
            if path in self.changes and difference.new != self.changes[path].new
        ]
        if wrong:
            raise _in_the_way(self.gitdir, list(dict.fromkeys(wrong)))

    def write_files(self) -> None:
        """Let every place hold the new content; one that holds it already is left alone.

        Attributes first: git asks those in the work tree how all others are to be written.
        """
        attributes = [path for path in self.changes if path.rpartition("/")[2] == ATTRIBUTES]
        if attributes:
            self._write_files(attributes)
            self._attributes = Attributes(self.gitdir)
        self._write_files([path for path in self.changes if path not in attributes])

    def _write_files(self, paths: list[str]) -> None:
        for first in range(0, len(paths), AHEAD):
            part = paths[first : first + AHEAD]
            entries = [self.changes[path].new for path in part]
            self.objects.look_ahead([entry.oid for entry in entries if entry is not None])
            for path in part:
                self._plan_file(path, self.changes[path])
        self._carry_out()

    def _plan_file(self, path: str, change: Difference) -> None:
        found = self._found(path)
        if self._is(path, found, change.new):
            return
        if not self._is(path, found, change.old):
            # Written in between by somebody else: both are kept.
            self._merge_into(path, found, change)
        elif change.new is None:
            self._gone.append(path)
        else:
            data = self._bytes(path, change.new, self.way.new)
            self._write(path, found, data, change.new.mode)

    def _carry_out(self) -> None:
        """Write what was planned; what goes away makes room first."""
        for path in self._gone:
            self._remove(path)
        try:
            put_all(self._puts)
        except FileExistsError as error:
            where = os.path.relpath(error.filename2 or error.filename, self.gitdir.top)
            raise _in_the_way(self.gitdir, [where]) from None
        for place, executable in self._modes:
            if bool(os.stat(place).st_mode & 0o100) != executable:
                with posix.storage(place):
                    os.chmod(place, 0o755 if executable else 0o644)
        self._gone, self._puts, self._modes = [], [], []

    def take_back(self) -> None:
        """Let the places that hold new content hold what the branch has there now."""
        for path, change in self.changes.items():
            if not self._is(path, found := self._found(path), change.new):
                continue
            oid = run(self.gitdir.top, ["rev-parse", "--verify", "--quiet", f"HEAD:{path}"])
            if change.old is None or oid.decode("ascii").strip() != change.old.oid:
                continue
            self._write(path, found, self._bytes(path, change.old, self.way.old), change.old.mode)
        self._carry_out()

    def _merge_into(self, path: str, found: bytes | None, change: Difference) -> None:
        if found is None or change.new is None:
            raise _in_the_way(self.gitdir, [path])
        base = [self.objects.blob(change.old.oid)] if change.old is not None else []
        record = path[len(self.gitdir.prefix) :] if path.startswith(self.gitdir.prefix) else ""
        merged = merge_file(record, self.objects.blob(change.new.oid), found, base)
        if merged.data is None:
            raise _in_the_way(self.gitdir, [path])
        self._write(path, found, merged.data, change.new.mode)

    def _write(self, path: str, found: bytes | None, data: bytes, mode: str) -> None:
        place = self.place(path)
        if found != data:
            self._puts.append(Put(place, found, data))
        self._modes.append((place, mode == "100755"))

    def _remove(self, path: str) -> None:
        place = self.place(path)
        with posix.storage(place):
            place.unlink(missing_ok=True)
        for folder in place.parents:  # git knows no empty folders
            if folder == self.gitdir.top:
                break
            try:
                os.rmdir(folder)
            except OSError:
                break

    def tell_index(self) -> None:
        """Let git's index know of the files as they are now."""
        names = b"".join(
            path.encode("utf-8", "surrogateescape") + b"\0" for path in self._without_parents()
        )
        if names:
            stage(self.gitdir, names, None)

    def _without_parents(self) -> Iterator[str]:
        # A path that goes away where a folder comes is dropped from the index by that folder.
        folders = {os.path.dirname(path) for path, change in self.changes.items() if change.new}
        for path, change in self.changes.items():
            if change.new is not None or path not in folders:
                yield path

    def sweep(self) -> None:
        """Remove temporary files of the sync that was killed."""
        for folder in {os.path.dirname(path) for path in self.changes}:
            with suppress(FileNotFoundError):
                posix.sweep(self.place(folder))


def _in_the_way(gitdir: GitDir, paths: list[str]) -> Refusal:
    """Return the refusal to write where somebody changed files; ``paths`` from the work tree's top."""
    shown = ", ".join(paths[:5]) + (" …" if len(paths) > 5 else "")
    if is_case(paths[0].removeprefix(gitdir.prefix)):
        # Lines that svcctl wrote may stand there too, and wait to be committed.
        remedy = N_(
            "git diff HEAD -- :/{path} shows it. Put the lines back as they were and leave those that "
            "were added, then sync again (git checkout HEAD -- :/{path} puts all of it back, and drops "
            "lines of svcctl that are not committed yet)"
        )
    else:
        remedy = N_(
            "keep it: git add :/{path} && git commit; drop it, and what svcctl wrote there and has not "
            "committed yet: git checkout HEAD -- :/{path} (a file git does not know: move it away); "
            "then sync again"
        )
    return Refusal(
        "in-the-way",
        Message(
            N_("changed by hand and not committed, so the sync cannot write there: {paths}"),
            {"paths": shown},
        ),
        Message(remedy, {"path": paths[0]}),
    )
