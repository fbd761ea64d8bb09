"""Attached files on the disk: reading one to be attached, and looking at those that are there.

Knows bytes and digests; not what a ticket says of them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from svcctl.domain.attachments import LOOKED_AT, POINTER
from svcctl.domain.problems import N_, Message, NotFound
from svcctl.ledger.folder import RECORDS, Ledger
from svcctl.ledger.git import GitDir, run

Found = Literal["whole", "missing", "altered", "pointer"]


class Source(NamedTuple):
    """A file to be attached, open for reading: its size in bytes and its beginning."""

    path: Path
    size: int
    beginning: bytes


def look_at(path: Path) -> Source:
    """Return size and beginning of a file that a person named. Raises ``NotFound``.

    Only a plain file is opened: a pipe or a device might never end.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise _unusable(path, N_("it is no plain file"))
        with path.open("rb") as file:
            return Source(path, about.st_size, file.read(LOOKED_AT))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unusable(path, reason) from error


def _unusable(path: Path, reason: str) -> NotFound:
    name = os.fsencode(path).decode("utf-8", "replace")
    return NotFound(
        "no-such-file",
        Message(N_("{path} cannot be attached: {reason}"), {"path": name, "reason": reason}),
    )


def state_of(ledger: Ledger, path: str, sha256: str) -> Found:
    """Return what has become of an attached file that should have this digest."""
    digest = hashlib.sha256()
    try:
        with open(ledger.path(path), "rb") as file:
            beginning = file.read(LOOKED_AT)
            digest.update(beginning)
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError:
        return "missing"
    if digest.hexdigest() == sha256:
        return "whole"
    return "pointer" if beginning.startswith(POINTER) else "altered"


class LargeFiles:
    """What git-lfs keeps in this clone: in its folder of the git directory, or where ``lfs.storage`` says."""

    def __init__(self, gitdir: GitDir) -> None:
        self._gitdir = gitdir
        self._store: Path | None = None

    def lacks(self, stored: bytes) -> bool:
        """Whether ``stored`` is a pointer to a content that is not here. Raises GitFailed."""
        if not stored.startswith(POINTER):
            return False
        if self._store is None:
            words = ["config", "--default", "lfs", "--type=path", "--get", "lfs.storage"]
            told = run(self._gitdir.top, words).decode("utf-8", "surrogateescape")
            self._store = self._gitdir.path / told.rstrip("\n") / "objects"
        digest = stored.partition(b"oid sha256:")[2][:64].decode("ascii", "replace")
        return not (self._store / digest[:2] / digest[2:4] / digest).is_file()


def files(ledger: Ledger) -> Iterator[str]:
    """Yield the path of every file below ``records/attachments``, hidden ones apart."""
    base = os.fspath(ledger.root / RECORDS / "attachments")
    for folder, folders, names in os.walk(base):
        folders.sort()
        inside = os.path.relpath(folder, ledger.root).replace(os.sep, "/")
        for name in sorted(names):
            if not name.startswith("."):
                yield f"{inside}/{name}"
