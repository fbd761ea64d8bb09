"""What the last command of this clone committed. Knows git's log of HEAD; not what a record means."""

from __future__ import annotations

from typing import NamedTuple

from svcctl.domain.problems import GitFailed
from svcctl.ledger.commit import scrubbed
from svcctl.ledger.git import GitDir, run


class Made(NamedTuple):
    """A commit: when it was made (seconds since the epoch), and its files relative to the ledger's root."""

    at: int
    paths: tuple[str, ...]


def last_made(gitdir: GitDir) -> Made | None:
    """Return the commit HEAD stands for where a command of this clone made it, else None.

    A merge, what a sync brought, and what somebody committed with git are none: HEAD's log names
    a commit of ours by its own subject. Nor is there one where git cannot be asked. One process.
    """
    words = ["log", "--walk-reflogs", "-1", "-z", "--root", "--name-only", "--no-renames"]
    words += ["--no-relative", "--no-show-signature", "--no-ext-diff"]
    try:
        told = run(gitdir.top, [*words, "--format=%P%x00%ct%x00%s%x00%gs", "HEAD"])
    except GitFailed:
        return None  # nothing is committed yet, or git cannot tell: that keeps nobody from undoing
    parents, _, rest = told.decode("utf-8", "surrogateescape").partition("\0")
    at, _, rest = rest.partition("\0")
    subject, _, rest = rest.partition("\0")
    logged, *names = rest.split("\0")
    if not at or " " in parents or logged != f"svcctl: {scrubbed(subject, 'commit')}":
        return None
    here = (name.lstrip("\n") for name in names)
    inside = (name for name in here if name and name.startswith(gitdir.prefix))
    return Made(int(at), tuple(name[len(gitdir.prefix) :] for name in inside))
