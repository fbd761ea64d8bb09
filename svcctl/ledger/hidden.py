"""Asking git, while this process does other things, which records it was told not to look at.

Knows two of git's lists; not what a record is. ``changes.ignored_paths`` asks the same and waits.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from svcctl.ledger.changes import RECORDS, IgnoredPath
from svcctl.ledger.git import GitDir, Process, finish, start

_MARKED = re.compile(rb"(?:\A|\0)([a-zS]) ([^\0]*)")


class HiddenQuery(NamedTuple):
    """Two ``git ls-files`` under way. Hand it to ``finish_hidden`` or ``abandon_hidden``."""

    gitdir: GitDir
    ignored: Process
    marked: Process


def start_hidden(gitdir: GitDir) -> HiddenQuery:
    """Start asking about everything below ``records/``. Raises GitFailed without git."""
    places = ["--", *(gitdir.prefix + folder for folder in RECORDS)]
    listed = ["ls-files", "-z", "--full-name"]
    others = [*listed, "--others", "--ignored", "--exclude-standard", *places]
    return HiddenQuery(
        gitdir, start(gitdir.top, others), start(gitdir.top, [*listed, "-v", *places])
    )


def finish_hidden(query: HiddenQuery) -> list[IgnoredPath]:
    """Wait for git's answers: files whose changes it would not report. Raises GitFailed."""
    prefix = len(query.gitdir.prefix)
    # The long list first: git can go on with the other only as far as a pipe holds.
    marked = finish(query.marked, "ls-files")[0]
    ignored = finish(query.ignored, "ls-files")[0]
    found = [
        IgnoredPath(name.decode("utf-8", "surrogateescape")[prefix:], "ignored")
        for name in ignored.split(b"\0")[:-1]
    ]
    for mark, name in _MARKED.findall(marked):
        path = name.decode("utf-8", "surrogateescape")[prefix:]
        # S: skip-worktree; any small letter: assume-unchanged, also of "s".
        if mark in (b"S", b"s"):
            found.append(IgnoredPath(path, "skip-worktree"))
        else:
            found.append(IgnoredPath(path, "assume-unchanged"))
    return sorted(found)


def abandon_hidden(query: HiddenQuery) -> None:
    """End a question whose answer is not needed any more."""
    for process in (query.ignored, query.marked):
        process.kill()
        process.communicate()
