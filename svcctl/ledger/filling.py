"""Filling the index: from paths to rows, with as many processes as there are processors.

Knows the index's tables and the readers; not when something is stale.
"""

from __future__ import annotations

import gc
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain

from svcctl.domain import cards
from svcctl.domain.checks.catalogue import severity_of
from svcctl.domain.checks.schema_rules import stray_problems
from svcctl.domain.journals import JournalKind
from svcctl.domain.policy import Book
from svcctl.domain.problems import Problem, Unreadable
from svcctl.domain.replay import replay
from svcctl.ledger.book import load_book
from svcctl.ledger.folder import RECORDS, Ledger, is_card, is_ticket, journal_kind
from svcctl.ledger.formrows import Forms
from svcctl.ledger.gonerules import RULES, forget
from svcctl.ledger.numbering import PLACES, owings_of
from svcctl.ledger.records import read_card, read_journal
from svcctl.ledger.rows import (
    OWING_COLUMNS,
    RULE_COLUMNS,
    TICKET_COLUMNS,
    Row,
    rule_rows,
)
from svcctl.ledger.settled import SETTLED_COLUMNS

AT_ONCE = 250  # files whose rows are inserted together
MOST_GROUPS = 10_000  # their numbers fit into a pipe
WORTH_SHARING = 2000  # from so many files on, more than one process reads
MOST_WORKERS = 8  # each but the first brings a database to attach, and SQLite attaches 10

TICKETS = f"{RECORDS}/tickets/"


def fill(
    ledger: Ledger,
    connection: sqlite3.Connection,
    stale: set[str] | None,
    since: int,
    differing: set[str] | None = None,
) -> tuple[int, set[str]]:
    """Read the ``stale`` paths again (None: all) and replace their rows. Return how many files, and
    the paths of those that were changed after ``since`` (nanoseconds since the epoch).

    ``differing`` are the paths that git names (None: it was not asked). A folder without a file, in no
    committed record's place, is none of them and is passed over: git would not tell when it goes.

    A change of the rules makes every ticket stale: what is owed follows from them.
    """
    if stale is not None and any(path.startswith(RULES) for path in stale):
        stale = None
        forget(ledger)
    if stale is None:
        for table in TABLES:
            connection.execute(f"delete from {table}")
        records = chain(_cards(ledger), ledger.journals(), ledger.tickets())
        paths = list(dict.fromkeys(records))
    else:
        for path in stale:
            _delete(connection, path)
        paths = sorted(filter(_is_read, stale))
    try:
        book = load_book(ledger)
    except Unreadable as stop:
        _insert(connection, "problems", map(_problem_row, stop.problems))
        raise
    for folder in RULES:
        connection.execute("delete from problems where path glob ?", (f"{folder}*",))
    _insert(connection, "problems", map(_problem_row, book.problems))
    zone = getattr(book.zone, "key", None) or str(book.zone)
    connection.execute("insert or replace into meta values ('zone', ?)", (zone,))
    connection.execute("delete from rules")
    marks = ",".join("?" * len(RULE_COLUMNS))
    connection.executemany(f"insert into rules values ({marks})", rule_rows(book))
    reading = _Reading(ledger, connection, book, since, differing)
    workers = min(_processors(), MOST_WORKERS)
    alone = workers == 1 or not hasattr(os, "fork") or not os.access(ledger.private, os.W_OK)
    with _indexes_later(connection) if stale is None else nullcontext():
        if len(paths) < WORTH_SHARING or alone:
            reading.read(_groups(paths))
        else:
            _share(reading, _groups(paths), workers)
    if stale is None:
        rules = (f"{folder}{name}.yaml" for folder in RULES for name in ledger.names(folder[8:-1]))
        reading.young |= {path for path in rules if _changed(ledger, path) > since}
    return len(paths), reading.young


def _processors() -> int:
    """Return how many processors this process may use, where the system tells; else how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _is_read(path: str) -> bool:
    if path.startswith(TICKETS):
        return is_ticket(path)
    return is_card(path) or journal_kind(path) is not None


def _groups(paths: list[str]) -> list[list[str]]:
    size = max(AT_ONCE, len(paths) // MOST_GROUPS)
    return [paths[first : first + size] for first in range(0, len(paths), size)]


@contextmanager
def _indexes_later(connection: sqlite3.Connection) -> Iterator[None]:
    """Within, rows go into tables without indexes: to sort them once is quicker."""
    indexes = connection.execute(
        "select name, sql from sqlite_master where type = 'index' and sql is not null"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"drop index {name}")
    yield
    for _, sql in indexes:
        connection.execute(sql)


def _delete(connection: sqlite3.Connection, path: str) -> None:
    number = connection.execute("select rowid from tickets where path = ?", (path,)).fetchone()
    if number is not None:
        connection.execute(f"delete from owings as o where {owings_of('?1')}", number)
        connection.execute("delete from settled where ticket = ?", number)
    for table in ("tickets", "problems", "cards", "journals"):
        connection.execute(f"delete from {table} where path = ?", (path,))


def _changed(ledger: Ledger, path: str) -> int:
    """Return when a file was changed last (its ctime, in nanoseconds); 0 where it is gone."""
    try:
        return os.lstat(f"{ledger.root}/{path}").st_ctime_ns
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _cards(ledger: Ledger) -> Iterator[str]:
    for folder in cards.BY_FOLDER:
        for name in ledger.names(folder):
            yield f"{RECORDS}/{folder}/{name}.yaml"


class _Reading:
    """Reads files and inserts their rows. ``count`` are the files found, ``young`` the paths of those
    that were changed after ``since``."""

    def __init__(
        self,
        ledger: Ledger,
        connection: sqlite3.Connection,
        book: Book,
        since: int,
        differing: set[str] | None,
    ) -> None:
        self.ledger = ledger
        self.connection = connection
        self.book = book
        self.since = since
        self.differing = differing
        self.young: set[str] = set()

    def read(self, groups: Iterable[Iterable[str]]) -> None:
        """Read the records at these paths, a group at a time."""
        forms = Forms(self.book)
        number = _last(self.connection)
        for paths in groups:
            tickets: list[Row] = []
            owings: list[Row] = []
            settled: list[Row] = []
            problems: list[Problem] = []
            listed: list[Row] = []
            journals: list[Row] = []
            # All of a group's files, then all of its rows: each of the two is quicker undisturbed.
            contents = [(path, self._bytes(path, problems)) for path in paths]
            for path, data in contents:
                if data is None:
                    continue
                if not path.startswith(TICKETS):
                    kind = journal_kind(path)
                    if kind is None:
                        card_rows(path, data, listed, problems)
                    else:
                        journal_rows(kind, path, data, journals, problems)
                    continue
                found = forms.rows(path, data, number + 1)
                problems += found.problems
                if found.ticket is not None:
                    number += 1
                    tickets.append(found.ticket)
                    owings += found.owings
                    if found.settled is not None:
                        settled.append(found.settled)
            _insert(self.connection, "tickets", tickets)
            _insert(self.connection, "owings", owings)
            _insert(self.connection, "settled", settled)
            _insert(self.connection, "problems", map(_problem_row, problems))
            _insert(self.connection, "cards", listed)
            _insert(self.connection, "journals", journals)

    def _bytes(self, path: str, problems: list[Problem]) -> bytes | None:
        """Return the bytes of a file; None where it is gone by now, or not to be read."""
        data = None
        try:
            data, changed = self.ledger.read_and_changed(path)
        except FileNotFoundError:
            return None
        except Unreadable as stop:
            known = self.differing is None or path in self.differing
            if not known and _holds_no_file(f"{self.ledger.root}/{path}"):
                return None
            problems += stop.problems
            changed = _changed(self.ledger, path)
        if changed > self.since:
            self.young.add(path)
        return data


def _holds_no_file(place: str) -> bool:
    """Whether a folder stands there with nothing in it but folders: git tells of none such."""
    return os.path.isdir(place) and not any(files for _, _, files in os.walk(place))


def _last(connection: sqlite3.Connection) -> int:
    """Return the number of the last ticket's row; 0 where there is none."""
    number: int = connection.execute("select coalesce(max(rowid), 0) from tickets").fetchone()[0]
    return number


def _share(reading: _Reading, groups: list[list[str]], workers: int) -> None:
    """Read with forked processes, each into a database of its own; then take these over.

    Rows never pass between processes: SQLite copies them from file to file. Whoever is ready takes
    the next group of paths, by its number, from a pipe that holds them all before anybody reads.
    """
    from multiprocessing import get_context

    turns, filled = os.pipe()
    with open(filled, "wb") as numbers:
        numbers.write(b"".join(number.to_bytes(4, "big") for number in range(len(groups))))
    folder = reading.ledger.private
    parts = [folder / f"index-part-{os.getpid()}-{number}.sqlite3" for number in range(1, workers)]
    fork = get_context("fork")
    processes = [
        fork.Process(target=_part, args=(str(part), reading, groups, turns)) for part in parts
    ]
    watched = gc.isenabled()
    gc.disable()  # for some seconds: what is made here needs no looking for
    try:
        for process in processes:
            process.start()
        reading.read(_next(groups, turns))
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):  # killed, or no room for what it read
            for table in TABLES:
                reading.connection.execute(f"delete from {table}")
            reading.read(groups)
            return
        for number, part in enumerate(parts):
            _take_over(reading, f"part{number}", str(part))
    finally:
        os.close(turns)
        if watched:
            gc.enable()
        for process in processes:
            if process.is_alive():
                process.kill()
        for part in parts:
            part.unlink(missing_ok=True)


def _next(groups: list[list[str]], turns: int) -> Iterator[list[str]]:
    while number := os.read(turns, 4):
        yield groups[int.from_bytes(number, "big")]


def _part(name: str, reading: _Reading, groups: list[list[str]], turns: int) -> None:
    try:
        connection = sqlite3.connect(name, isolation_level=None)
        connection.executescript("pragma journal_mode=off; pragma synchronous=off; begin;")
        for table, columns in TABLES.items():
            names = ", ".join(
                f"{c} integer primary key" if c == NUMBERED.get(table) else c
                for c in columns
                if c != "rowid"
            )
            connection.execute(f"create table {table} ({names})")
        connection.execute("create table young (path)")
        reading.connection = connection
        reading.read(_next(groups, turns))
        connection.executemany("insert into young values (?)", ((path,) for path in reading.young))
        connection.execute("commit")
        connection.close()
    except sqlite3.Error:
        raise SystemExit(1) from None  # whoever started this reads the files itself then


def release(connection: sqlite3.Connection) -> None:
    """Let go of the databases taken over; possible only once the transaction has ended."""
    for _, name, _ in connection.execute("pragma database_list").fetchall():
        if name.startswith("part"):
            connection.execute(f"detach database {name}")


def _take_over(reading: _Reading, name: str, part: str) -> None:
    """Copy the rows of another database, inside SQLite, and note what was young."""
    ask = reading.connection.execute
    ask(f"attach database ? as {name}", (part,))
    last = _last(reading.connection)
    for table, columns in TABLES.items():
        values = ", ".join(
            f"{c} + {last << PLACES if c == 'owing' else last}" if c == NUMBERED.get(table) else c
            for c in columns
        )
        ask(f"insert into main.{table} ({', '.join(columns)}) select {values} from {name}.{table}")
    reading.young.update(path for (path,) in ask(f"select path from {name}.young"))


PROBLEM_COLUMNS = ("path", "code", "severity", "line", "column", "args", "excerpt", "subject")
CARD_COLUMNS = ("path", "kind", "id", "name", "phone", "role", "customer", "fields")
JOURNAL_COLUMNS = ("path", "id", "desks", "people", "tickets")
TABLES = {
    "tickets": ["rowid", *TICKET_COLUMNS],
    "owings": OWING_COLUMNS,
    "settled": SETTLED_COLUMNS,
    "problems": PROBLEM_COLUMNS,
    "cards": CARD_COLUMNS,
    "journals": JOURNAL_COLUMNS,
}
NUMBERED = {"tickets": "rowid", "owings": "owing", "settled": "ticket"}
"""The column of a table that holds the number of a ticket's row, alone or in front of a place."""
_INSERTS = {
    table: f"insert into {table} ({', '.join(columns)}) values ({','.join('?' * len(columns))})"
    for table, columns in TABLES.items()
}


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    connection.executemany(_INSERTS[table], rows)


def _problem_row(problem: Problem) -> Row:
    return (
        problem.path,
        problem.code,
        severity_of(problem),
        problem.line,
        problem.column,
        json.dumps(dict(problem.args)),
        problem.excerpt,
        problem.subject,
    )


_quoted = json.encoder.encode_basestring


def card_rows(path: str, data: bytes, listed: list[Row], problems: list[Problem]) -> None:
    """Add to ``listed`` what the index keeps of the card in ``data``, to ``problems`` its findings."""
    kind = cards.BY_FOLDER.get(path.split("/")[1])
    if kind is None:
        return
    card, found = read_card(kind, data, path)
    problems += found
    if card is not None:
        # As `json.dumps` writes it, which takes most of its time to get ready.
        everything = [f"{_quoted(key)}: {_quoted(value)}" for key, value in card.fields.items()]
        for key, items in card.lists.items():
            everything.append(f"{_quoted(key)}: [{', '.join(map(_quoted, items))}]")
        phone = card.get("phone")
        listed.append(
            (
                path,
                kind.name,
                card.id,
                card.get("name") or card.get("model"),
                phone if phone.isdigit() else "".join(c for c in phone if c.isdigit()),
                card.get("role"),
                card.get("customer"),
                "{" + ", ".join(everything) + "}",
            )
        )


def journal_rows(
    kind: JournalKind, path: str, data: bytes, journals: list[Row], problems: list[Problem]
) -> None:
    """Add to ``journals`` what the index keeps of the file in ``data``, to ``problems`` its findings.

    Whom and what its entries name, for the audit; the entries themselves are read where asked for.
    """
    read = read_journal(kind, data, path)
    problems += read.problems
    if read.case is None:
        return
    state = replay(read.case)
    problems += stray_problems(path, state, read.case.id)
    people = {event.by for event in read.case.events}
    desks = {event.desk for event in read.case.events}
    named: set[str] = set()
    for fact in state.facts:
        fields = kind.events[fact.event.do].shape.fields
        for name, value in fact.event.fields.items():
            if fields[name].type == "tickets":
                named.update(str(value).split())
    values = (" ".join(sorted(each)) for each in (desks, people, named))
    journals.append((path, read.case.id, *values))
