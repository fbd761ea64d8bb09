"""Files as they were at a moment in the past. Knows git's history; not what a record is.

What a ticket was is told by its own events. A card holds only what is so now: what it said before,
git remembers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from svcctl.domain.problems import N_, GitFailed, Message
from svcctl.ledger.git import GitDir, finish, head, run, start

_TIMES = re.compile(rb"\n?(\d+) (\d+)\Z")


def files_at(
    gitdir: GitDir, paths: Sequence[str], until: datetime, known: datetime | None = None
) -> dict[str, bytes]:
    """Return the files at or below ``paths`` as they were at ``until``, by path from the root.

    A file is what the last commit made of it whose author date is not after ``until`` (when it
    happened) and whose committer date is not after ``known`` (when it was written down). What was
    never committed is not there. However many files, git is started twice. Raises GitFailed, with
    the code ``git-shallow`` where this clone lacks the beginning of the history.
    """
    if head(gitdir) is None:
        return {}
    if (gitdir.path / "shallow").exists():
        raise GitFailed(
            "git-shallow",
            Message(N_("this clone lacks the beginning of the history (a shallow clone)")),
            Message(N_("git fetch --unshallow brings it")),
        )
    latest: dict[str, str | None] = {}
    for happened, written, path, blob in _changes(gitdir, paths):
        if happened <= until.timestamp() and (known is None or written <= known.timestamp()):
            latest.setdefault(path, blob)
    there = {path: blob for path, blob in latest.items() if blob is not None}
    return dict(zip(there, _contents(gitdir, list(there.values())), strict=True))


def _changes(gitdir: GitDir, paths: Sequence[str]) -> Iterator[tuple[int, int, str, str | None]]:
    """Yield (author time, committer time, path, blob or None) of every change, the newest first.

    A merge tells what it made of each file that is not as in every parent.
    """
    words = ["log", "--full-history", "--date-order", "-m", "--raw", "--no-renames", "--no-abbrev"]
    words += ["-z", "--format=tformat:%at %ct", "HEAD", "--"]
    out = run(gitdir.top, [*words, *(gitdir.prefix + path for path in paths)])
    happened = written = 0
    parts = iter(out.split(b"\0"))
    for part in parts:
        if times := _TIMES.match(part):
            happened, written = int(times[1]), int(times[2])
        elif part.lstrip(b"\n").startswith(b":"):
            blob = part.split()[3].decode("ascii")
            path = next(parts).decode("utf-8", "surrogateescape")[len(gitdir.prefix) :]
            yield happened, written, path, blob if blob.strip("0") else None


def versions(gitdir: GitDir, path: str, most: int = 50) -> Iterator[bytes]:
    """Yield what a file held in the last ``most`` commits that changed it, the newest first."""
    if head(gitdir) is None:
        return
    words = ["rev-list", f"--max-count={most}", "HEAD", "--", gitdir.prefix + path]
    for commit in run(gitdir.top, words).decode("ascii").split():
        name = f"{commit}:{gitdir.prefix}{path}"
        try:
            yield run(gitdir.top, ["cat-file", "blob", name])
        except GitFailed:
            continue  # this commit took the file away


def _contents(gitdir: GitDir, blobs: Sequence[str]) -> Iterator[bytes]:
    """Yield the contents of ``blobs``, in their order."""
    if not blobs:
        return
    process = start(gitdir.top, ["cat-file", "--batch"], fed=True)
    out, _ = finish(process, "cat-file", "".join(f"{blob}\n" for blob in blobs).encode("ascii"))
    place = 0
    for blob in blobs:
        line = out[place : out.index(b"\n", place)]
        place += len(line) + 1
        words = line.split()
        if len(words) != 3:
            raise GitFailed(
                "git-missing-object",
                Message(N_("git does not hold {blob} any more"), {"blob": blob}),
                Message(N_("run 'git fsck': a shallow or damaged clone lacks part of the history")),
            )
        size = int(words[2])
        yield out[place : place + size]
        place += size + 1
