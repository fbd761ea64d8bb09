"""Filling the index: from paths to rows, with as many processes as there are processors.

Knows the index's tables and the readers; not when something is stale.
"""

from __future__ import annotations

import gc
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from svcctl.domain import cards
from svcctl.domain.checks.catalogue import severity
from svcctl.domain.policy import Book
from svcctl.domain.problems import Problem, Unreadable
from svcctl.domain.shapes import Shapes
from svcctl.domain.ticket import TICKET
from svcctl.ledger.folder import RECORDS, Ledger, is_card, is_ticket
from svcctl.ledger.records import load_book, read_card
from svcctl.ledger.rows import (
    OWING_COLUMNS,
    RULE_COLUMNS,
    TICKET_COLUMNS,
    TicketRows,
    rule_ids,
    rule_rows,
    ticket_rows,
)

AT_ONCE = 250  # tickets whose rows are inserted together
WORTH_SHARING = 2000  # from so many files on, more than one process reads

_RULES = (f"{RECORDS}/policy/", f"{RECORDS}/calendar/")


def fill(ledger: Ledger, connection: sqlite3.Connection, stale: set[str] | None) -> int:
    """Read the ``stale`` paths again (None: all) and replace their rows. Return how many files.

    A change of the rules makes every ticket stale: what is owed follows from them.
    """
    if stale is not None and any(path.startswith(_RULES) for path in stale):
        stale = None
    if stale is None:
        for table in TABLES:
            connection.execute(f"delete from {table}")
        tickets: Iterable[str] = ledger.tickets()
        others: Iterable[str] = _cards(ledger)
    else:
        for path in stale:
            for table in TABLES:
                connection.execute(f"delete from {table} where path = ?", (path,))
        there = sorted(path for path in stale if os.path.lexists(ledger.root / path))
        tickets = [path for path in there if is_ticket(path)]
        others = [path for path in there if is_card(path)]
    try:
        book = load_book(ledger)
    except Unreadable as stop:
        _insert_problems(connection, stop.problems)
        raise
    zone = getattr(book.zone, "key", None) or str(book.zone)
    connection.execute("insert or replace into meta values ('zone', ?)", (zone,))
    connection.execute("delete from rules")
    marks = ",".join("?" * len(RULE_COLUMNS))
    connection.executemany(f"insert into rules values ({marks})", rule_rows(book))
    ordered = chain(others, tickets)
    first = list(islice(ordered, WORTH_SHARING))
    workers = os.cpu_count() or 1
    alone = workers == 1 or not hasattr(os, "fork") or not os.access(ledger.private, os.W_OK)
    if len(first) < WORTH_SHARING or alone:
        return _insert_all(connection, ledger, book, chain(first, ordered))
    return _share(connection, ledger, book, chain(first, ordered), workers)


def _cards(ledger: Ledger) -> Iterator[str]:
    for folder in cards.BY_FOLDER:
        for name in ledger.names(folder):
            yield f"{RECORDS}/{folder}/{name}.yaml"


def _insert_all(
    connection: sqlite3.Connection, ledger: Ledger, book: Book, paths: Iterable[str]
) -> int:
    """Read the records at ``paths`` and insert their rows. Return how many files there were."""
    count = 0
    rules, shapes = rule_ids(book), Shapes(TICKET, book)
    waiting: list[TicketRows] = []
    for path in paths:
        if not is_ticket(path):
            _fill_card(ledger, connection, path)
            count += 1
            continue
        rows = _read(ledger, shapes, rules, path)
        if rows is not None:
            count += 1
            waiting.append(rows)
            if len(waiting) == AT_ONCE:
                _insert(connection, waiting)
                waiting.clear()
    _insert(connection, waiting)
    return count


def _share(
    connection: sqlite3.Connection, ledger: Ledger, book: Book, paths: Iterable[str], workers: int
) -> int:
    """Let forked processes read, each into a database of its own; then take these over.

    Rows never pass between processes: SQLite copies them from file to file.
    """
    from multiprocessing import get_context

    everything = list(paths)
    folder = ledger.private
    parts = [folder / f"index-part-{os.getpid()}-{number}.sqlite3" for number in range(workers)]
    fork = get_context("fork")
    processes = [
        fork.Process(target=_part, args=(str(part), ledger, book, everything[number::workers]))
        for number, part in enumerate(parts)
    ]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):  # killed, or no room for what it read
            return _insert_all(connection, ledger, book, everything)
        indexes = connection.execute(
            "select name, sql from sqlite_master where type='index' and sql is not null "
            "and tbl_name in ('tickets', 'owings', 'problems', 'cards')"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"drop index {name}")
        for number, part in enumerate(parts):
            _take_over(connection, f"part{number}", str(part))
        for _, sql in indexes:
            connection.execute(sql)
    finally:
        for process in processes:
            if process.is_alive():
                process.kill()
        for part in parts:
            part.unlink(missing_ok=True)
    return len(everything)


def _part(name: str, ledger: Ledger, book: Book, paths: list[str]) -> None:
    gc.disable()  # a short life: nothing it makes needs looking for
    try:
        connection = sqlite3.connect(name, isolation_level=None)
        connection.executescript("pragma journal_mode=off; pragma synchronous=off; begin;")
        for table, columns in TABLES.items():
            connection.execute(f"create table {table} ({', '.join(columns)})")
        _insert_all(connection, ledger, book, paths)
        connection.execute("commit")
        connection.close()
    except sqlite3.Error:
        raise SystemExit(1) from None  # whoever started this reads the files itself then


def release(connection: sqlite3.Connection) -> None:
    """Let go of the databases taken over; possible only once the transaction has ended."""
    for _, name, _ in connection.execute("pragma database_list").fetchall():
        if name.startswith("part"):
            connection.execute(f"detach database {name}")


def _take_over(connection: sqlite3.Connection, name: str, part: str) -> None:
    """Copy the rows of another database, inside SQLite."""
    connection.execute(f"attach database ? as {name}", (part,))
    for table in TABLES:
        verb = "insert or replace" if table in ("tickets", "cards") else "insert"
        connection.execute(f"{verb} into main.{table} select * from {name}.{table}")


def _read(
    ledger: Ledger, shapes: Shapes, rules: dict[tuple[str, str], int], path: str
) -> TicketRows | None:
    """Return the rows of one ticket file; None where it is gone by now."""
    try:
        data = ledger.read(path)
    except FileNotFoundError:
        return None
    except Unreadable as stop:
        return TicketRows(path, None, [], list(stop.problems))
    return ticket_rows(path, data, shapes, rules)


PROBLEM_COLUMNS = ("path", "code", "severity", "line", "column", "args", "excerpt", "subject")
CARD_COLUMNS = ("path", "kind", "id", "name", "phone", "role", "customer", "fields")
TABLES = {
    "tickets": TICKET_COLUMNS,
    "owings": OWING_COLUMNS,
    "problems": PROBLEM_COLUMNS,
    "cards": CARD_COLUMNS,
}

_INSERT_TICKET = f"insert or replace into tickets values ({','.join('?' * len(TICKET_COLUMNS))})"
_INSERT_OWED = f"insert into owings values ({','.join('?' * len(OWING_COLUMNS))})"


def _insert(connection: sqlite3.Connection, listed: list[TicketRows]) -> None:
    tickets = [rows.ticket for rows in listed if rows.ticket is not None]
    connection.executemany(_INSERT_TICKET, tickets)
    connection.executemany(_INSERT_OWED, chain.from_iterable(rows.owings for rows in listed))
    _insert_problems(connection, chain.from_iterable(rows.problems for rows in listed))


def _insert_problems(connection: sqlite3.Connection, problems: Iterable[Problem]) -> None:
    connection.executemany(
        "insert into problems values (?,?,?,?,?,?,?,?)",
        (
            (
                p.path,
                p.code,
                severity(p.code),
                p.line,
                p.column,
                json.dumps(dict(p.args)),
                p.excerpt,
                p.subject,
            )
            for p in problems
        ),
    )


def _fill_card(ledger: Ledger, connection: sqlite3.Connection, path: str) -> None:
    folder = path.split("/")[1]
    kind = cards.BY_FOLDER.get(folder)
    if kind is None:
        return
    try:
        card, problems = read_card(kind, ledger.read(path), path)
    except FileNotFoundError:
        return
    except Unreadable as stop:
        card, problems = None, list(stop.problems)
    if problems:
        _insert_problems(connection, problems)
    if card is not None:
        everything = {**card.fields, **{key: list(items) for key, items in card.lists.items()}}
        connection.execute(
            f"insert or replace into cards values ({','.join('?' * len(CARD_COLUMNS))})",
            (
                path,
                kind.name,
                card.id,
                card.get("name") or card.get("model"),
                "".join(c for c in card.get("phone") if c.isdigit()),
                card.get("role"),
                card.get("customer"),
                json.dumps(everything, ensure_ascii=False),
            ),
        )
