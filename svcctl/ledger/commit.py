"""How the files a command wrote become a commit, now or later. Knows git; not what a record is.

``git commit`` reads and writes the whole index several times over. Here one ``git fast-import``
stores the blobs, the folders along their paths and the commit, one ``git update-index`` tells the
index of the same paths, and one ``git update-ref`` moves HEAD if it still stands where it stood:

1. nothing the user has staged is looked at, let alone committed;
2. HEAD moves last, when all it leads to is on the disk and the index knows it: a kill in between
   leaves the files staged or merely changed, never a HEAD that the index would take back.

What a command could not commit is kept by ``pending``. All of it runs under the caller's lock.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from datetime import datetime
from typing import IO, NamedTuple

from svcctl.domain.problems import N_, GitFailed, Message
from svcctl.ledger.git import GitDir, Process, failure, finish, head, run, start

# Git flushes nothing by default; this is what a commit consists of.
FSYNC = ("core.fsync=committed,loose-object,reference,index", "core.fsyncMethod=fsync")
DURABLE = tuple(word for setting in FSYNC for word in ("-c", setting))
# Objects of a small commit stay loose; those of an import stay in one pack.
UNPACK = ("-c", "fastimport.unpackLimit=100")
# Up to here both programs work at once, each storing the few blobs. Above, the index waits for the
# pack: it would store every blob loose and flush each.
FEW = 32
# Another program refreshing the index holds its lock for a moment.
PATIENCE = (0.02, 0.05, 0.1, 0.2, 0.4)
# The importer needs a name for the branch it builds; it is dropped before the importer ends.
BRANCH = b"refs/svcctl/under-way"
# Attributes that make git store other bytes than the file holds.
CONVERTED = re.compile(rb"^[^#\n]*\s(?:filter|ident|working-tree-encoding)\b", re.MULTILINE)


class Identity(NamedTuple):
    """A person as git records one."""

    name: str
    email: str


class Note(NamedTuple):
    """A commit to be made. ``paths`` are relative to the ledger's root, with "/".

    ``when`` is when it happened, ``noted`` when it was written down (None: then); both are aware.
    """

    paths: tuple[str, ...]
    message: str
    author: Identity
    committer: Identity
    when: datetime
    noted: datetime | None = None


class Moved(Exception):
    """HEAD no longer stands where the commit was built."""


def commit(
    gitdir: GitDir,
    paths: Sequence[str],
    message: str,
    author: Identity,
    committer: Identity,
    when: datetime,
    noted: datetime | None = None,
) -> str | None:
    """Commit the files at ``paths`` as they are now; a path that is gone is a deletion.

    ``paths`` are relative to the ledger's root, with "/". ``when`` becomes the author's date and
    ``noted`` (None: the same) the committer's; they are aware and recorded with their own offsets
    (as the epoch, if before it). Works on a branch without commits and on a
    detached HEAD. Returns the commit's id once it and the files are on the disk; None when HEAD
    has these files already. Raises GitFailed; then HEAD has not moved.
    """
    if gitdir.linked:
        raise GitFailed(
            "git-linked-worktree",
            Message(
                N_("{folder} is a linked work tree; the ledger is not written there"),
                {"folder": str(gitdir.top)},
            ),
            Message(N_("run the command in the main clone, or make a clone of its own")),
        )
    note = Note(tuple(dict.fromkeys(paths)), message, author, committer, when, noted)
    try:
        return _commit_onto(gitdir, head(gitdir), note)
    except Moved:
        # Somebody committed or switched branches meanwhile: once more, onto what is there now.
        try:
            return _commit_onto(gitdir, head(gitdir), note)
        except Moved as moved:
            raise GitFailed(
                "git-moved",
                Message(
                    N_("another program keeps moving the branch of {folder}"),
                    {"folder": str(gitdir.top)},
                ),
                Message(N_("let it finish; the next writing command commits what is pending")),
            ) from moved


def _commit_onto(gitdir: GitDir, parent: str | None, note: Note) -> str | None:
    who = {"GIT_COMMITTER_NAME": scrubbed(note.committer.name, "svcctl")}
    who |= {"GIT_COMMITTER_EMAIL": scrubbed(note.committer.email, "svcctl")}
    who |= {"GIT_COMMITTER_DATE": "@" + stamp(note.noted or note.when)}
    names = b"".join(_in_work_tree(gitdir, path) + b"\0" for path in note.paths)
    few = len(note.paths) <= FEW
    stager = _start_stager(gitdir, names) if few else None
    try:
        before, after, commit_id = _import(gitdir, parent, note)
    finally:
        staged = _wait(stager) if stager else None
    if before == after:
        if (
            staged is not None
        ):  # a file may be as HEAD has it, and another size than git's index knows
            stage(gitdir, names, staged)
        return None
    stage(gitdir, names, staged)
    move_head(gitdir, parent, commit_id, note.message, who)
    return commit_id


def _import(gitdir: GitDir, parent: str | None, note: Note) -> tuple[str, str, str]:
    """Store the commit without moving anything: ids of the tree before, the tree after, itself."""
    # Looking for likenesses between records costs more here than it saves; git's own packing does.
    words = [*DURABLE, *UNPACK, "fast-import", "--quiet", "--depth=0"]
    process = start(gitdir.top, words, fed=True)
    assert process.stdin is not None
    try:
        try:
            _feed(process.stdin, gitdir, parent, note)
        finally:
            # Without "done" at its end, git takes the stream for broken and changes no branch.
            stream, process.stdin = process.stdin, None  # closing may fail: nobody closes it again
            stream.close()
    except BrokenPipeError:
        pass  # git ended early and says why below
    except BaseException:
        process.communicate()
        remove_crash_report(gitdir, process)
        raise
    try:
        out, _ = finish(process, "fast-import")
    except GitFailed:
        remove_crash_report(gitdir, process)
        raise
    before, after, commit_id = out.decode("ascii").splitlines()
    return before.split()[2], after.split()[2], commit_id


def _feed(stream: IO[bytes], gitdir: GitDir, parent: str | None, note: Note) -> None:
    stream.write(b"feature done\ncommit " + BRANCH + b"\nmark :1\n")
    author, committer = (note.author, note.when), (note.committer, note.noted or note.when)
    for role, (person, moment) in (("author", author), ("committer", committer)):
        known, email = scrubbed(person.name, "svcctl"), scrubbed(person.email, "svcctl")
        stream.write(f"{role} {known} <{email}> {stamp(moment)}\n".encode("utf-8", "replace"))
    message = note.message.replace("\0", "").strip().encode("utf-8", "replace") + b"\n"
    stream.write(b"data %d\n%s\n" % (len(message), message))
    if parent:
        stream.write(b"from %s\n" % parent.encode("ascii"))
    stream.write(b'ls ""\n')
    stored_by_git = []
    attributes = Attributes(gitdir)
    for path in note.paths:
        name = _in_work_tree(gitdir, path)
        mode, content = _file(gitdir, name)
        if content is None:
            stream.write(b"D %s\n" % quoted_name(name))
        elif mode != b"120000" and (b"\r" in content or attributes.convert(name)):
            stored_by_git.append((mode, name))
        else:
            header = b"M %s inline %s\ndata %d\n" % (mode, quoted_name(name), len(content))
            stream.write(header)
            stream.write(content)
            stream.write(b"\n")
    for (mode, name), blob in zip(stored_by_git, _blobs(gitdir, stored_by_git), strict=True):
        stream.write(b"M %s %s %s\n" % (mode, blob, quoted_name(name)))
    stream.write(b'ls ""\n\nget-mark :1\nreset ' + BRANCH + b"\n\ndone\n")


def _file(gitdir: GitDir, name: bytes) -> tuple[bytes, bytes | None]:
    """Mode and bytes that git would record for the file; None for one that is gone."""
    place = os.path.join(os.fsencode(gitdir.top), name)
    try:
        found = os.lstat(place)
        if stat.S_ISLNK(found.st_mode):
            return b"120000", os.readlink(place)
        with open(place, "rb") as file:
            content = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return b"100644", None
    except OSError as error:
        raise GitFailed(
            "git-unreadable-path",
            Message(
                N_("{path} cannot be committed: {reason}"),
                {"path": name.decode("utf-8", "replace"), "reason": error.strerror or str(error)},
            ),
        ) from error
    executable = found.st_mode & 0o100 and _modes_are_kept(gitdir)
    return (b"100755" if executable else b"100644"), content


def _modes_are_kept(gitdir: GitDir) -> bool:
    words = ["config", "--type=bool", "--default=true", "--get", "core.fileMode"]
    return run(gitdir.top, words).strip() == b"true"


class Attributes:
    """Whether a .gitattributes over a file tells git to store other bytes than the file's."""

    def __init__(self, gitdir: GitDir) -> None:
        self._top = os.fsencode(gitdir.top)
        info = os.path.join(os.fsencode(gitdir.path), b"info", b"attributes")
        self._folders = {
            b"": _mentions(info) or _mentions(os.path.join(self._top, b".gitattributes"))
        }

    def convert(self, name: bytes) -> bool:
        return self._folder(os.path.dirname(name))

    def _folder(self, folder: bytes) -> bool:
        known = self._folders.get(folder)
        if known is None:
            here = os.path.join(self._top, folder, b".gitattributes")
            known = self._folder(os.path.dirname(folder)) or _mentions(here)
            self._folders[folder] = known
        return known


def _mentions(attributes: bytes) -> bool:
    try:
        with open(attributes, "rb") as file:
            return CONVERTED.search(file.read()) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False


def _blobs(gitdir: GitDir, files: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """Let git store files that it converts on the way (line ends, filters); their ids."""
    if not files:
        return []
    names = b"".join(name + b"\n" for _, name in files)
    return run(gitdir.top, [*DURABLE, "hash-object", "-w", "--stdin-paths"], names).split()


def _start_stager(gitdir: GitDir, names: bytes) -> Process:
    words = ["update-index", "--add", "--remove", "--replace"]
    # Else git would drop such a file from the index; doctor reports it instead.
    words += ["--ignore-skip-worktree-entries", "-z", "--stdin"]
    process = start(gitdir.top, [*DURABLE, *words], fed=True)
    assert process.stdin is not None
    try:
        process.stdin.write(names)
        process.stdin.close()
    except BrokenPipeError:
        pass  # git ended early; its reason is read when it is waited for
    process.stdin = None
    return process


def _wait(process: Process) -> tuple[int, bytes]:
    _, err = process.communicate()
    return process.returncode, err


def stage(gitdir: GitDir, names: bytes, staged: tuple[int, bytes] | None) -> None:
    from time import sleep

    for pause in (*PATIENCE, None):
        returncode, err = staged or _wait(_start_stager(gitdir, names))
        if returncode == 0:
            return
        told = failure("update-index", returncode, err)
        if told.code != "git-locked" or pause is None:
            raise told
        sleep(pause)
        staged = None


def move_head(
    gitdir: GitDir, parent: str | None, commit_id: str, message: str, who: dict[str, str]
) -> None:
    subject = scrubbed(message.strip().partition("\n")[0], "commit")
    words = [*DURABLE, "update-ref", "-m", "svcctl: " + subject, "HEAD", commit_id, parent or ""]
    process = start(gitdir.top, words, who)
    returncode, err = _wait(process)
    if returncode != 0:
        if head(gitdir) != parent:
            raise Moved
        raise failure("update-ref", returncode, err)


def remove_crash_report(gitdir: GitDir, process: Process) -> None:
    (gitdir.path / f"fast_import_crash_{process.pid}").unlink(missing_ok=True)


def _in_work_tree(gitdir: GitDir, path: str) -> bytes:
    if path.startswith("/") or not path or {"..", "."} & set(path.split("/")) or "\0" in path:
        raise ValueError(f"not a path below the ledger's root: {path!r}")
    return (gitdir.prefix + path).encode("utf-8", "surrogateescape")


def quoted_name(name: bytes) -> bytes:
    if name.startswith(b'"') or b"\n" in name:
        name = name.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        return b'"' + name + b'"'
    return name


def scrubbed(words: str, otherwise: str) -> str:
    """``words`` without what ends a name or an address in a commit; ``otherwise`` if none is left."""
    kept = "".join(" " if c in "<>" or ord(c) < 32 or c == "\x7f" else c for c in words)
    return " ".join(kept.split()).strip(".,:;\"'\\ ") or otherwise


def stamp(when: datetime) -> str:
    offset = when.utcoffset()
    if offset is None:
        raise ValueError(f"a commit's time needs an offset: {when}")
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    return f"{max(0, int(when.timestamp()))} {sign}{hours:02d}{minutes:02d}"
