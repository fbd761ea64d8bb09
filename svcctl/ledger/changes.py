"""Which files differ from a commit, and which git would not tell of. Knows git's lists of paths;
not what a record is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from svcctl.ledger.git import GitDir, Process, finish, run, start

Kind = Literal["staged", "dirty", "unmerged", "untracked", "deleted"]

RECORDS = ("records",)
EMPTY_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class StatusEntry(NamedTuple):
    """One file that is not as HEAD has it. ``path`` is relative to the ledger's root, with "/"."""

    path: str
    kind: Kind


class Status(NamedTuple):
    """``head`` is the commit id (None: no commit yet), ``branch`` its name (None: detached).

    ``warnings`` are git's own lines, for instance about a folder it could not open.
    """

    head: str | None
    branch: str | None
    entries: list[StatusEntry]
    warnings: list[str]


class StatusQuery(NamedTuple):
    """A ``git status`` under way. Hand it to ``finish_status``."""

    gitdir: GitDir
    folders: tuple[str, ...]
    process: Process


class IgnoredPath(NamedTuple):
    """A file under ``records/`` that git was told not to look at, and in which way."""

    path: str
    why: Literal["ignored", "assume-unchanged", "skip-worktree"]


def start_status(gitdir: GitDir, folders: Sequence[str] = RECORDS) -> StatusQuery:
    """Start asking git what differs from HEAD below ``folders`` (relative to the ledger's root).

    Start it before anything slow: it works while the caller imports and opens.
    """
    args = ["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z"]
    args += ["--untracked-files=normal", "--no-renames"]
    # Git uses what it remembers of untracked folders only when asked about the whole work tree.
    if gitdir.prefix or tuple(folders) != RECORDS:
        args += ["--", *(gitdir.prefix + folder for folder in folders)]
    return StatusQuery(gitdir, tuple(folders), start(gitdir.top, args))


def finish_status(query: StatusQuery) -> Status:
    """Wait for git's answer. Files of untracked folders are named one by one. Raises GitFailed."""
    out, err = finish(query.process, "status")
    branch = commit = None
    entries: list[StatusEntry] = []
    for line in out.decode("utf-8", "surrogateescape").split("\0"):
        if line.startswith("# branch.oid "):
            commit = line[13:] if line[13:] != "(initial)" else None
        elif line.startswith("# branch.head "):
            branch = line[14:] if line[14:] != "(detached)" else None
        elif line[:1] in ("1", "u", "?"):
            entries += _status_entries(query, line)
    warnings = err.decode("utf-8", "replace").splitlines()
    return Status(commit, branch, entries, [w.strip() for w in warnings if w.strip()])


def _status_entries(query: StatusQuery, line: str) -> Iterator[StatusEntry]:
    prefix = query.gitdir.prefix
    path = line.split(" ", {"1": 8, "u": 10, "?": 1}[line[0]])[-1]
    if path.endswith("/"):
        names: Iterator[str] = _files_below(query, path)
    else:
        names = iter((path,))
    kind = _kind(line)
    for name in names:
        inside = name[len(prefix) :]
        if name.startswith(prefix) and _below(inside, query.folders):
            yield StatusEntry(inside, kind)


def _kind(line: str) -> Kind:
    if line[0] == "?":
        return "untracked"
    if line[0] == "u":
        return "unmerged"
    index, tree = line[2], line[3]
    if tree == "D" or (tree == "." and index == "D"):
        return "deleted"
    return "staged" if tree == "." else "dirty"


def _files_below(query: StatusQuery, folder: str) -> Iterator[str]:
    """Files of an untracked folder, relative to the work tree; only those that were asked for."""
    for asked in query.folders:
        asked = query.gitdir.prefix + asked + "/"
        if not (folder.startswith(asked) or asked.startswith(folder)):
            continue
        base = os.fspath(query.gitdir.top / max(folder, asked, key=len))
        for place, folders, files in os.walk(base):
            folders[:] = sorted(name for name in folders if name != ".git")
            inside = Path(place).relative_to(query.gitdir.top).as_posix()
            for name in sorted(files):
                yield f"{inside}/{name}"


def _below(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def changed_between(
    gitdir: GitDir, a: str | None, b: str | None, folders: Sequence[str] = RECORDS
) -> list[tuple[str, str]]:
    """What differs below ``folders`` between two commits or trees (None: nothing yet).

    Pairs of git's letter (A, D, M, T) and the path relative to the ledger's root. Raises GitFailed,
    with the code ``git-missing-object`` when this clone does not hold ``a`` or ``b``.
    """
    if a == b:
        return []
    nothing = EMPTY_TREE[len(a or b or "")]
    args = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", a or nothing, b or nothing]
    out = run(gitdir.top, [*args, "--", *(gitdir.prefix + folder for folder in folders)])
    words = out.decode("utf-8", "surrogateescape").split("\0")
    pairs = zip(words[::2], words[1::2], strict=False)
    return [(letter, path[len(gitdir.prefix) :]) for letter, path in pairs]


def ignored_paths(gitdir: GitDir, folders: Sequence[str] = RECORDS) -> list[IgnoredPath]:
    """Files below ``folders`` whose changes git would not report. Raises GitFailed."""
    places = ["--", *(gitdir.prefix + folder for folder in folders)]
    listed = ["ls-files", "-z", "--full-name"]
    out = run(gitdir.top, [*listed, "--others", "--ignored", "--exclude-standard", *places])
    names = out.decode("utf-8", "surrogateescape").split("\0")[:-1]
    found = [IgnoredPath(name[len(gitdir.prefix) :], "ignored") for name in names]
    out = run(gitdir.top, [*listed, "-v", *places])
    for line in out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        # Upper-case S: skip-worktree; any lower-case letter: assume-unchanged, also of "s".
        if line[0] in "Ss":
            found.append(IgnoredPath(line[2:][len(gitdir.prefix) :], "skip-worktree"))
        elif line[0].islower():
            found.append(IgnoredPath(line[2:][len(gitdir.prefix) :], "assume-unchanged"))
    return sorted(found)
