"""The index: SQLite, derived one way from the files, disposable at any moment.

Knows when it is stale and how to make itself fresh; not how the file that holds it is kept
(``database``), what a question means (``ask``), nor what a row says (``rows``). Freshness comes from
git where there is git: one ``git status`` names what differs from HEAD now; that, what differed last
time, and what ``diff-tree`` names between the commit indexed and HEAD is read again. Elsewhere: size,
mtime, inode, and a file touched within the last two seconds is never trusted.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator

from svcctl.domain.problems import N_, Busy, GitFailed, Message, StorageFailed
from svcctl.ledger import changes
from svcctl.ledger.database import Database, IndexChanged
from svcctl.ledger.folder import RECORDS, Ledger

NOW_IS_WITHIN = 2_000_000_000  # nanoseconds: a file as young as this may change unseen again
TICK = 50_000_000  # nanoseconds by which the clock of a file system may lag behind ours
RULES = ("policy", "calendar")

Seen = tuple[int, int, int, int, int]
Filler = Callable[
    [Ledger, sqlite3.Connection, "set[str] | None", int, "set[str] | None"], tuple[int, set[str]]
]


class Index:
    """A fresh index of a ledger. Use ``open_index``."""

    def __init__(
        self,
        ledger: Ledger,
        query: changes.StatusQuery | None = None,
        kept: bool = True,
        asked: int | None = None,
    ) -> None:
        self.ledger = ledger
        self.database = Database(ledger, kept)
        self.connection = self.database.connection
        self._query = query
        self._asked = asked or time.time_ns()
        self.reread = 0

    def refresh(self) -> None:
        """Read again whatever changed since the last time; afterwards the answers are the files'."""
        status = None
        if self._query is not None:
            query, self._query = self._query, None
            try:
                status = changes.finish_status(query)
            except GitFailed:
                status = None  # git refuses here: the files themselves are asked instead
        elif self.ledger.git is not None:
            try:
                status = changes.finish_status(changes.start_status(self.ledger.git))
            except GitFailed:
                status = None
        if status is None:
            changed = self._changed_by_stat()
            if changed is None or changed:
                self._update(changed, None)
            return
        dirty = {
            _record_at(entry.path)
            for entry in status.entries
            if entry.path.startswith(RECORDS + "/")
        }
        stale = self._changed_by_git(status.head, dirty)
        if stale is None:
            self._update(None, status.head, dirty)
        elif stale or status.head != self.database.value("head"):
            self._update(stale, status.head, dirty)

    def _changed_by_git(self, head: str | None, dirty: set[str]) -> set[str] | None:
        """Return the paths to read again, or None where everything must be."""
        known = self.database.value("head")
        if self.database.value("way") != "git" or known is None:
            return None
        before = {row[0]: row[1:] for row in self.connection.execute("select * from dirty")}
        stale = {path for path in before if not self._unchanged(path, before[path])}
        stale |= dirty - set(before)
        if known != (head or ""):
            assert self.ledger.git is not None
            try:
                for _, path in changes.changed_between(self.ledger.git, known or None, head):
                    stale.add(path)
            except GitFailed:
                return None
        return stale

    def _unchanged(self, path: str, before: Seen) -> bool:
        """Whether the file is the one seen before. Its ctime tells of every change, also of one that
        put size and mtime back; one that is too young may have changed again in the same moment."""
        *seen, noticed = before
        now = _signs(f"{self.ledger.root}/{path}")
        return list(now) == seen and now[2] < noticed - NOW_IS_WITHIN

    def _changed_by_stat(self) -> set[str] | None:
        if self.database.value("way") != "stat":
            return None
        before = {row[0]: row[1:] for row in self.connection.execute("select * from dirty")}
        there = set(_all_records(self.ledger))
        return {
            path for path in there if path not in before or not self._unchanged(path, before[path])
        } | (set(before) - there)

    def _update(
        self, stale: set[str] | None, head: str | None, dirty: set[str] | None = None
    ) -> None:
        from svcctl.ledger.filling import fill, release

        with self.database.writing():
            self._fill(fill, stale, head, dirty)
        release(self.connection)

    def _fill(
        self, fill: Filler, stale: set[str] | None, head: str | None, dirty: set[str] | None
    ) -> None:
        connection = self.connection
        self.reread, young = fill(self.ledger, connection, stale, self._asked - TICK, dirty)
        noticed = time.time_ns()
        connection.execute("delete from dirty")
        connection.executemany(
            "insert or replace into dirty values (?,?,?,?,?,?)",
            (
                (path, *_signs(f"{self.ledger.root}/{path}"), noticed)
                for path in self._watched(dirty, young)
            ),
        )
        self.database.note("head", head or "")
        self.database.note("way", "git" if dirty is not None else "stat")

    def _watched(self, dirty: set[str] | None, young: set[str]) -> Iterable[str]:
        """Return the paths whose signs are kept: all where there is no git, else those git named.

        A file that changed while git was being asked may be read as it is after the commit that
        git named: the ``young`` are kept too, so that the next command looks again. So are those with
        line ends that git does not count as a difference: it would not tell that they were mended.
        """
        if dirty is None:
            return _all_records(self.ledger)
        return dirty | young | set(with_foreign_line_ends(self))


def _record_at(path: str) -> str:
    """Return where a record would stand: where a folder stands in its place, git names what is in it."""
    inside = path.find(".yaml/")
    return path if inside < 0 else path[: inside + len(".yaml")]


def _signs(file: str) -> tuple[int, int, int, int]:
    """Return what tells one state of a file from another: size, mtime, ctime, inode."""
    try:
        info = os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return (-1, 0, 0, 0)
    return (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


def open_index(
    ledger: Ledger, query: changes.StatusQuery | None = None, asked: int | None = None
) -> Index:
    """Return a fresh index. ``query`` is a git status already under way, so that nothing waits twice,
    and ``asked`` when it was started (nanoseconds since the epoch; None: now).

    Whatever is wrong with the database, it is built again; only the files can fail this.
    """
    for _ in range(3):
        index = Index(ledger, query, asked=asked)
        query = asked = None
        try:
            index.refresh()
        except IndexChanged:
            index.connection.close()
        except (sqlite3.Error, OSError):
            index.database.distrust()
        except (StorageFailed, Busy):
            index.connection.close()
            break  # it cannot be kept, or somebody else has kept it busy too long
        else:
            return index
    return in_memory(ledger)


def rebuild(ledger: Ledger) -> Index:
    """Forget the index and build it from nothing. Raises ``StorageFailed`` where it cannot go."""
    discard(ledger)
    return open_index(ledger)


def with_foreign_line_ends(index: Index) -> list[str]:
    """Return the records some of whose lines end with a carriage return (E103)."""
    asked = "select distinct path from problems where code = 'E103' order by path"
    return [row[0] for row in index.connection.execute(asked)]


def in_memory(ledger: Ledger) -> Index:
    """Return an index made from nothing that no file keeps."""
    index = Index(ledger, kept=False)
    index.refresh()
    return index


def discard(ledger: Ledger) -> None:
    """Remove the index's files; the next question builds it again."""
    for stale in ledger.private.glob("index-*"):
        if stale.suffix == ".lock":
            continue
        try:
            stale.unlink()
        except OSError as error:
            raise StorageFailed(
                "index-stays",
                Message(
                    N_("{path} cannot be removed: {reason}"),
                    {"path": str(stale), "reason": error.strerror or str(error)},
                ),
            ) from error


def _all_records(ledger: Ledger) -> Iterator[str]:
    yield from ledger.tickets()
    yield from ledger.journals()
    for folder in ("customers", "units", "staff", "desks", *RULES):
        for name in ledger.names(folder):
            yield f"{RECORDS}/{folder}/{name}.yaml"
