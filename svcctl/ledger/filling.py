"""Filling the index: from paths to rows, with as many processes as there are processors.

Knows the index's tables and the readers; not when something is stale.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from svcctl.domain import cards
from svcctl.domain.checks.catalogue import severity
from svcctl.domain.policy import Book
from svcctl.domain.problems import Problem, Unreadable
from svcctl.ledger.folder import RECORDS, Ledger
from svcctl.ledger.records import load_book, read_card
from svcctl.ledger.rows import OBLIGATION_COLUMNS, TICKET_COLUMNS, TicketRows, ticket_rows

CHUNK = 500
WORTH_SHARING = 4 * CHUNK

_TICKETS = f"{RECORDS}/tickets/"
_RULES = (f"{RECORDS}/policy/", f"{RECORDS}/calendar/")


def fill(ledger: Ledger, connection: sqlite3.Connection, stale: set[str] | None) -> int:
    """Read the ``stale`` paths again (None: all) and replace their rows. Return how many files.

    A change of the rules makes every ticket stale: what is owed follows from them.
    """
    if stale is not None and any(path.startswith(_RULES) for path in stale):
        stale = None
    if stale is None:
        for table in ("tickets", "obligations", "problems", "cards"):
            connection.execute(f"delete from {table}")
        tickets: Iterable[str] = ledger.tickets()
        others: Iterable[str] = _cards(ledger)
    else:
        for path in stale:
            for table in ("tickets", "obligations", "problems", "cards"):
                connection.execute(f"delete from {table} where path = ?", (path,))
        there = sorted(path for path in stale if os.path.lexists(ledger.root / path))
        tickets = [path for path in there if path.startswith(_TICKETS) and path.endswith(".yaml")]
        others = [path for path in there if not path.startswith(_TICKETS)]
    count = 0
    for path in others:
        _fill_card(ledger, connection, path)
        count += 1
    try:
        book = load_book(ledger)
    except Unreadable as stop:
        _insert_problems(connection, stop.problems)
        raise
    zone = getattr(book.zone, "key", None) or str(book.zone)
    connection.execute("insert or replace into meta values ('zone', ?)", (zone,))
    for rows in _read_all(ledger, book, tickets):
        count += 1
        _insert(connection, rows)
    return count


def _cards(ledger: Ledger) -> Iterator[str]:
    for folder in cards.BY_FOLDER:
        for name in ledger.names(folder):
            yield f"{RECORDS}/{folder}/{name}.yaml"


def _read_all(ledger: Ledger, book: Book, paths: Iterable[str]) -> Iterator[TicketRows]:
    ordered = iter(paths)
    first = list(islice(ordered, WORTH_SHARING))
    workers = os.cpu_count() or 1
    if len(first) < WORTH_SHARING or workers == 1 or not hasattr(os, "fork"):
        for path in first:
            yield from _read_chunk(ledger, book, [path])
        for path in ordered:
            yield from _read_chunk(ledger, book, [path])
        return
    yield from _shared(lambda chunk: _read_chunk(ledger, book, chunk), first, ordered, workers)


def _shared(
    work: Callable[[list[str]], list[TicketRows]],
    first: list[str],
    rest: Iterator[str],
    workers: int,
) -> Iterator[TicketRows]:
    """Do ``work`` on chunks of paths in forked processes; results come as they are ready."""
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
    from multiprocessing import get_context

    global _work
    _work = work
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        waiting: set[Future[list[TicketRows]]] = set()
        source = _chunks(first, rest)
        for chunk in source:
            waiting.add(pool.submit(_do, chunk))
            if len(waiting) >= workers * 3:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        for future in waiting:
            yield from future.result()


_work: Callable[[list[str]], list[TicketRows]]


def _do(chunk: list[str]) -> list[TicketRows]:
    return _work(chunk)


def _chunks(first: list[str], rest: Iterator[str]) -> Iterator[list[str]]:
    for start in range(0, len(first), CHUNK):
        yield first[start : start + CHUNK]
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _read_chunk(ledger: Ledger, book: Book, paths: list[str]) -> list[TicketRows]:
    found = []
    for path in paths:
        try:
            data = ledger.read(path)
        except FileNotFoundError:
            continue
        except Unreadable as stop:
            args = {"reason": str(stop)}
            found.append(TicketRows(path, None, [], [Problem("E116", path, 0, 0, args)]))
            continue
        found.append(ticket_rows(path, data, book))
    return found


_INSERT_TICKET = f"insert or replace into tickets values ({','.join('?' * len(TICKET_COLUMNS))})"
_INSERT_OWED = f"insert into obligations values ({','.join('?' * len(OBLIGATION_COLUMNS))})"


def _insert(connection: sqlite3.Connection, rows: TicketRows) -> None:
    if rows.ticket is not None:
        connection.execute(_INSERT_TICKET, rows.ticket)
    if rows.obligations:
        connection.executemany(_INSERT_OWED, rows.obligations)
    if rows.problems:
        _insert_problems(connection, rows.problems)


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
    if kind is None or path.count("/") != 2 or not path.endswith(".yaml"):
        return
    try:
        card, problems = read_card(kind, ledger.read(path), path)
    except FileNotFoundError:
        return
    except Unreadable as stop:
        card, problems = None, [Problem("E116", path, 0, 0, {"reason": str(stop)})]
    if problems:
        _insert_problems(connection, problems)
    if card is not None:
        everything = {**card.fields, **{key: list(items) for key, items in card.lists.items()}}
        connection.execute(
            "insert or replace into cards values (?,?,?,?,?,?,?,?)",
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
