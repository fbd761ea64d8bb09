"""The file that holds the index: opened, trusted or made anew, held while it is asked or written.

Knows SQLite, and whose turn it is; not what the tables say, nor when that is stale (``index``). It is
written without any sync: a stamp beside it (size, inode and times after each writing) tells whether it
is the file we left. The stamp is taken away before each writing: after a kill, a crash, a disk that was
full, or a hand that changed it, everything is made again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from svcctl import __version__
from svcctl.domain.problems import N_, Busy, Message, StorageFailed
from svcctl.ledger.folder import Ledger

SCHEMA = 14
PATIENCE = 60
"""Seconds for which a command waits where the index is held."""
PRAGMAS = "pragma journal_mode=memory; pragma synchronous=off; pragma cache_size=-16000;"

Found = TypeVar("Found")


class IndexChanged(Exception):
    """Another process replaced the database while this one held it open."""


class Database:
    """The open database of a ledger's index. ``kept``: in its file, else in memory only."""

    def __init__(self, ledger: Ledger, kept: bool = True) -> None:
        self.ledger = ledger
        self.path: Path = ledger.private / f"index-{SCHEMA}.sqlite3"
        self.made_anew = False
        self.connection = self._connected() if kept else self._in_memory()

    # Opening ----------------------------------------------------------------------------------

    def _connected(self) -> sqlite3.Connection:
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
                made = self._when_free(lambda: _value(connection, "made"))
            if made == _made_by():
                return connection
        except sqlite3.DatabaseError:
            pass  # no database of ours, whatever its stamp says: it is made anew
        except Busy:
            connection.close()
            raise
        connection.close()
        return None

    def _created(self) -> sqlite3.Connection:
        """Make the database anew in a file of its own, then put it in place."""
        with self._locked():
            if (there := self._trusted()) is not None:
                return there  # another command has just made it
            for stale in self.path.parent.glob("index-*.sqlite3*"):
                stale.unlink(missing_ok=True)
            connection = _new(str(self.path))
            self.stamp()
        self.made_anew = True
        return connection

    def _in_memory(self) -> sqlite3.Connection:
        """Work without a file where none can be kept (a read-only place): slower, same answers."""
        self.made_anew = True
        self.path = Path(":memory:")
        return _new(":memory:")

    @property
    def in_memory(self) -> bool:
        return str(self.path) == ":memory:"

    # The stamp --------------------------------------------------------------------------------

    def _signature(self) -> str:
        info = os.stat(self.path)
        return f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino}"

    def _is_as_left(self) -> bool:
        try:
            return self.path.with_suffix(".stamp").read_text("ascii") == self._signature()
        except (OSError, UnicodeDecodeError):
            return False

    def stamp(self) -> None:
        """Note the file as it is now as what we left."""
        if not self.in_memory:
            self.path.with_suffix(".stamp").write_text(self._signature(), "ascii")

    def distrust(self) -> None:
        """Let go of the database; whoever comes next makes it anew."""
        self.connection.close()
        if not self.in_memory:
            with suppress(OSError):  # a place that is read-only: then nothing is kept there anyway
                self.path.with_suffix(".stamp").unlink(missing_ok=True)

    # Asking and writing -----------------------------------------------------------------------

    def value(self, key: str) -> str | None:
        """Return what is noted about the whole index under ``key``."""
        return _value(self.connection, key)

    def note(self, key: str, value: str) -> None:
        """Note something about the whole index."""
        self.connection.execute("insert or replace into meta values (?,?)", (key, value))

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Within, several questions are answered from one state, whatever other commands write.

        Who makes the index fresh waits meanwhile: ask within, show what was answered afterwards.
        """
        connection = self.connection
        if connection.in_transaction:
            yield
            return
        connection.execute("begin")
        try:
            with _waiting_ourselves(connection):  # a transaction begins with its first question
                self._when_free(lambda: self.value("made"))
            yield
        finally:
            connection.execute("rollback")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Within, the tables may be written, by this command alone; all of it counts, or nothing.

        While somebody reads, what is new stays in memory until the end, which waits for the reader.
        Raises IndexChanged where another process replaced the file, Busy where one holds it too long.
        """
        if self.in_memory:
            with self._transaction():
                yield
            return
        with self._locked():
            if not self._is_as_left():
                raise IndexChanged
            self.path.with_suffix(".stamp").unlink()
            with self._transaction():
                yield
            self.stamp()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        connection = self.connection
        with _waiting_ourselves(connection):
            self._when_free(lambda: connection.execute("begin immediate"))
            try:
                yield
                self._when_free(lambda: connection.execute("commit"))
            except BaseException:
                connection.execute("rollback")
                raise

    # Whose turn it is -------------------------------------------------------------------------

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Exclude other commands of ours that write the database."""
        from svcctl.ledger import posix

        with posix.lock(self.path.with_suffix(".lock"), PATIENCE, self.ledger.waiting):
            yield

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
        raise Busy(
            "index-busy",
            Message(
                N_("another program has had {path} open for {seconds} s"),
                {"path": str(self.path), "seconds": str(PATIENCE)},
            ),
            Message(N_("nothing is lost; close that program, or wait for it, and try again")),
        )

    def _turns(self) -> Iterator[None]:
        """At once, where nobody holds it; only then is loaded what waiting takes."""
        yield
        from svcctl.ledger.waiting import Waiting

        why = Message(
            N_("waiting for another program that has {path} open … Ctrl-C is safe"),
            {"path": str(self.path)},
        )
        yield from (self.ledger.waiting or Waiting()).turns(PATIENCE, lambda: why)


@contextmanager
def _waiting_ourselves(connection: sqlite3.Connection) -> Iterator[None]:
    """Within, SQLite does not wait for whoever holds the file but says so at once."""
    connection.execute("pragma busy_timeout=0")
    try:
        yield
    finally:
        connection.execute(f"pragma busy_timeout={PATIENCE * 1000}")


def _made_by() -> str:
    return f"{SCHEMA} {__version__}"


def _new(name: str) -> sqlite3.Connection:
    from svcctl.ledger import tables

    connection = sqlite3.connect(name, timeout=PATIENCE, isolation_level=None)
    connection.executescript(PRAGMAS)
    tables.create(connection, _made_by())
    return connection


def _value(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("select value from meta where key=?", (key,)).fetchone()
    return row[0] if row else None
