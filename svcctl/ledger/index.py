"""The index: SQLite, derived one way from the files, disposable at any moment.

Knows when it is stale and how to make itself fresh; not what a question means (``ask``), nor what
a row says (``rows``). Freshness comes from git where there is git: one ``git status`` names what
differs from HEAD now; that, what differed last time, and what ``diff-tree`` names between the
commit indexed and HEAD is read again. Elsewhere: size, mtime, inode, and a file touched within
the last two seconds is never trusted.

The database is written without any sync, because a stamp beside it (size, inode and times after
each writing) tells whether it is the file we left. The stamp is taken away before each writing: after
a kill, a crash, a disk that was full, or a hand that changed it, everything is built again.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from svcctl import __version__
from svcctl.domain.problems import N_, Busy, GitFailed, Message, StorageFailed
from svcctl.ledger import changes
from svcctl.ledger.folder import RECORDS, Ledger

SCHEMA = 10
NOW_IS_WITHIN = 2_000_000_000  # nanoseconds: a file as young as this may change unseen again
TICK = 50_000_000  # nanoseconds by which the clock of a file system may lag behind ours
RULES = ("policy", "calendar")
PATIENCE = 60
"""Seconds for which a command waits where the index is held."""
PRAGMAS = "pragma journal_mode=memory; pragma synchronous=off; pragma cache_size=-16000;"

Filler = Callable[[Ledger, sqlite3.Connection, "set[str] | None", int], tuple[int, set[str]]]


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
        self.path: Path = ledger.private / f"index-{SCHEMA}.sqlite3"
        self._query = query
        self._asked = asked or time.time_ns()
        self.rebuilt = False
        self.reread = 0
        self.connection = self._connect() if kept else self._in_memory()

    # Opening ----------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self._trusted() or self._created()
        except (sqlite3.Error, OSError, StorageFailed, Busy):
            return self._in_memory()

    def _trusted(self) -> sqlite3.Connection | None:
        """Return the database as it was left, or None where it is not what we left."""
        if not self._is_as_left():
            return None
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            with _waiting_ourselves(connection):
                self._when_free(lambda: connection.executescript(PRAGMAS))
                made = self._when_free(lambda: _meta(connection, "made"))
            if made == self._made_by():
                return connection
        except sqlite3.DatabaseError:
            pass  # no database of ours, whatever its stamp says: it is made anew
        connection.close()
        return None

    def _when_free(self, act: Callable[[], Found]) -> Found:
        """Return what ``act`` returns, waiting for whoever holds the file, as is told after a second.

        Commands of ours that write are waited for at their lock; this is one that reads, or another
        program. Only ``_waiting_ourselves``, or SQLite would wait first, and tell nobody.
        """
        for _ in self._turns():
            try:
                return act()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
        raise sqlite3.OperationalError(f"{self.path} was held for {PATIENCE} s")

    def _turns(self) -> Iterator[None]:
        """At once, where nobody holds it; only then is loaded what waiting takes."""
        yield
        from svcctl.ledger.waiting import Waiting

        why = Message(
            N_("waiting for another program that has {path} open … Ctrl-C is safe"),
            {"path": str(self.path)},
        )
        yield from (self.ledger.waiting or Waiting()).turns(PATIENCE, lambda: why)

    def _made_by(self) -> str:
        return f"{SCHEMA} {__version__}"

    def _plain(self, name: str) -> sqlite3.Connection:
        connection = sqlite3.connect(name, timeout=PATIENCE, isolation_level=None)
        connection.executescript(PRAGMAS)
        return connection

    def _created(self) -> sqlite3.Connection:
        """Make the database anew in a file of its own, then put it in place."""
        from svcctl.ledger import posix

        with posix.lock(self.path.with_suffix(".lock"), 60, self.ledger.waiting):
            if (there := self._trusted()) is not None:
                return there  # another command has just made it
            for stale in self.path.parent.glob("index-*.sqlite3*"):
                stale.unlink(missing_ok=True)
            connection = self._plain(str(self.path))
            _create(connection, self._made_by())
            self._stamp()
        self.rebuilt = True
        return connection

    def _in_memory(self) -> sqlite3.Connection:
        """Work without a file where none can be kept (a read-only place): slower, same answers."""
        connection = self._plain(":memory:")
        _create(connection, self._made_by())
        self.rebuilt = True
        self.path = Path(":memory:")
        return connection

    # The stamp --------------------------------------------------------------------------------

    def _signature(self) -> str:
        info = os.stat(self.path)
        return f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino}"

    def _is_as_left(self) -> bool:
        try:
            return self.path.with_suffix(".stamp").read_text("ascii") == self._signature()
        except (OSError, UnicodeDecodeError):
            return False

    def _stamp(self) -> None:
        if str(self.path) != ":memory:":
            self.path.with_suffix(".stamp").write_text(self._signature(), "ascii")

    # Freshness --------------------------------------------------------------------------------

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
        dirty = {entry.path for entry in status.entries if entry.path.startswith(RECORDS + "/")}
        stale = self._changed_by_git(status.head, dirty)
        if stale is None:
            self._update(None, status.head, dirty)
        elif stale or status.head != _meta(self.connection, "head"):
            self._update(stale, status.head, dirty)

    def _changed_by_git(self, head: str | None, dirty: set[str]) -> set[str] | None:
        """Return the paths to read again, or None where everything must be."""
        known = _meta(self.connection, "head")
        if _meta(self.connection, "way") != "git" or known is None:
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
        if _meta(self.connection, "way") != "stat":
            return None
        before = {row[0]: row[1:] for row in self.connection.execute("select * from dirty")}
        there = set(_all_records(self.ledger))
        return {
            path for path in there if path not in before or not self._unchanged(path, before[path])
        } | (set(before) - there)

    def _update(
        self, stale: set[str] | None, head: str | None, dirty: set[str] | None = None
    ) -> None:
        from svcctl.ledger import posix
        from svcctl.ledger.filling import fill

        if str(self.path) == ":memory:":
            self._write(fill, stale, head, dirty)
            return
        with posix.lock(self.path.with_suffix(".lock"), 60, self.ledger.waiting):
            if not self._is_as_left():
                raise IndexChanged
            self.path.with_suffix(".stamp").unlink()
            self._write(fill, stale, head, dirty)
            self._stamp()

    def _write(
        self, fill: Filler, stale: set[str] | None, head: str | None, dirty: set[str] | None
    ) -> None:
        from svcctl.ledger.filling import release

        connection = self.connection
        with _waiting_ourselves(connection):
            self._when_free(lambda: connection.execute("begin immediate"))
            self._filled(fill, stale, head, dirty)
        release(connection)

    def _filled(
        self, fill: Filler, stale: set[str] | None, head: str | None, dirty: set[str] | None
    ) -> None:
        """Fill the tables and end the transaction. While somebody reads, what is new stays in memory
        until the commit, which waits for the reader."""
        connection = self.connection
        try:
            self.reread, young = fill(self.ledger, connection, stale, self._asked - TICK)
            noticed = time.time_ns()
            connection.execute("delete from dirty")
            connection.executemany(
                "insert or replace into dirty values (?,?,?,?,?,?)",
                (
                    (path, *_signs(f"{self.ledger.root}/{path}"), noticed)
                    for path in self._watched(dirty, young)
                ),
            )
            _set_meta(connection, "head", head or "")
            _set_meta(connection, "way", "git" if dirty is not None else "stat")
            self._when_free(lambda: connection.execute("commit"))
        except BaseException:
            connection.execute("rollback")
            raise

    def _watched(self, dirty: set[str] | None, young: set[str]) -> Iterable[str]:
        """Return the paths whose signs are kept: all where there is no git, else those git named.

        A file that changed while git was being asked may be read as it is after the commit that
        git named: the ``young`` are kept too, so that the next command looks again. So are those with
        line ends that git does not count as a difference: it would not tell that they were mended.
        """
        if dirty is None:
            return _all_records(self.ledger)
        return dirty | young | set(with_foreign_line_ends(self))

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Within, several questions are answered from one state, whatever other commands write.

        Who makes the index fresh waits meanwhile: ask within, show what was answered afterwards.
        """
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("begin")
        try:
            with _waiting_ourselves(
                self.connection
            ):  # a transaction begins with its first question
                self._when_free(lambda: _meta(self.connection, "made"))
            yield
        finally:
            self.connection.execute("rollback")

    def distrust(self) -> None:
        """Let go of the database; whoever comes next makes it anew."""
        self.connection.close()
        if str(self.path) != ":memory:":
            with suppress(OSError):  # a place that is read-only: then nothing is kept there anyway
                self.path.with_suffix(".stamp").unlink(missing_ok=True)


@contextmanager
def _waiting_ourselves(connection: sqlite3.Connection) -> Iterator[None]:
    """Within, SQLite does not wait for whoever holds the file but says so at once."""
    connection.execute("pragma busy_timeout=0")
    try:
        yield
    finally:
        connection.execute(f"pragma busy_timeout={PATIENCE * 1000}")


Found = TypeVar("Found")
Seen = tuple[int, int, int, int, int]


def _signs(file: str) -> tuple[int, int, int, int]:
    """Return what tells one state of a file from another: size, mtime, ctime, inode."""
    try:
        info = os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return (-1, 0, 0, 0)
    return (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)


class IndexChanged(Exception):
    """Another process replaced the database while this one held it open."""


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
            index.distrust()
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


def _meta(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("select value from meta where key=?", (key,)).fetchone()
    return row[0] if row else None


def _set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("insert or replace into meta values (?,?)", (key, value))


def _create(connection: sqlite3.Connection, made: str) -> None:
    from svcctl.ledger.rows import (
        OWING_COLUMNS,
        RULE_COLUMNS,
        TICKET_COLUMNS,
        view_of_unsettled,
    )
    from svcctl.ledger.settled import SETTLED_COLUMNS

    tickets = ", ".join(TICKET_COLUMNS[1:])
    owed = ", ".join(OWING_COLUMNS[1:])
    settled = ", ".join(SETTLED_COLUMNS[1:])
    rules = ", ".join(RULE_COLUMNS[1:])
    connection.executescript(
        f"""
        begin;
        create table meta (key text primary key, value text) without rowid;
        create table dirty (
            path text primary key, size, mtime, ctime, inode, noticed
        ) without rowid;
        create table tickets (path text not null, {tickets});
        create unique index tickets_path on tickets (path);
        create index tickets_id on tickets (id);
        create index tickets_open on tickets (opened) where ended = 0;
        create index tickets_contested on tickets (id) where contested != '';
        create index tickets_last on tickets (last_at);
        create index tickets_customer on tickets (customer);
        create index tickets_unit on tickets (unit) where unit != '';
        create index tickets_foreign on tickets (foreign_id) where foreign_id != '';
        create index tickets_about on tickets (about) where about != '';
        create table owings (owing integer primary key, {owed});
        create index owings_undecided on owings (due) where verdict = 0;
        create index owings_breached on owings (verdict) where verdict in (0, 2, 5);
        create table settled (ticket integer primary key, {settled});
        create table rules (rule_id integer primary key, {rules});
        create view unsettled as {view_of_unsettled()};
        create table problems (path, code, severity, line, column, args, excerpt, subject);
        create index problems_path on problems (path);
        create table cards (path text not null, kind, id, name, phone, role, customer, fields);
        create unique index cards_path on cards (path);
        create index cards_kind on cards (kind, id);
        create index cards_customer on cards (customer) where customer != '';
        create table journals (path text not null, id, desks, people, tickets);
        create unique index journals_path on journals (path);
        insert into meta values ('made', '{made}');
        commit;
        """
    )
