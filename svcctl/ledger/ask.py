"""Questions to the index, one function each. Knows its tables and SQL; not what is fresh."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from svcctl.domain.problems import Problem
from svcctl.domain.standing import standing
from svcctl.domain.times import text_at
from svcctl.ledger.index import Index
from svcctl.ledger.numbering import PLACES, owings_of
from svcctl.ledger.settled import unpacked

Row = dict[str, Any]


def rows(index: Index, sql: str, values: Iterable[object] = ()) -> list[Row]:
    """Return the rows of a query as dicts."""
    cursor = index.connection.execute(sql, tuple(values))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


_AT_ONCE = 500  # tickets about which one question asks
_PLACE = (1 << PLACES) - 1


def with_obligations(
    index: Index, sql: str, values: Iterable[object], kind: str | None = None
) -> Iterator[Row]:
    """Yield the tickets of a query as dicts, each with its ``obligations``: see ``add_obligations``.

    Some are held at a time, so that whoever keeps little of each may ask about all.
    """
    cursor = index.connection.execute(sql, tuple(values))
    names = [column[0] for column in cursor.description]
    while some := cursor.fetchmany(_AT_ONCE):
        found = [dict(zip(names, row, strict=True)) for row in some]
        add_obligations(index, found, kind)
        yield from found


def add_obligations(index: Index, tickets: list[Row], kind: str | None = None) -> None:
    """Give each of these rows of ``tickets``, with their ``row_number``, its ``obligations``, in order.

    Each is a dict of ``rows.OBLIGATION_COLUMNS``. ``kind``: only those of this name.
    """
    rules = {key: rule for key, rule in _rules(index).items() if kind in (None, rule["kind"])}
    named, wanted = ("", ()) if kind is None else (" where o.kind = ?", (kind,))
    for first in range(0, len(tickets), _AT_ONCE):
        some = {row["row_number"]: row for row in tickets[first : first + _AT_ONCE]}
        numbers = json.dumps(list(some))
        found: dict[int, list[tuple[int, Row]]] = {number: [] for number in some}
        # `cross`: tickets first, or SQLite looks at every ticket for each obligation.
        for one in rows(
            index,
            "select o.*, n.value as ticket from json_each(?) n "
            f"cross join unsettled o on {owings_of('n.value')} {named}",
            (numbers, *wanted),
        ):
            found[one.pop("ticket")].append((one.pop("owing") & _PLACE, one))
        for ticket, value in index.connection.execute(
            "select ticket, owings from settled where ticket in (select value from json_each(?))",
            (numbers,),
        ):
            path = some[ticket]["path"]
            found[ticket] += [
                (place, _settled(path, row, rules))
                for place, row in unpacked(value)
                if row[0] in rules
            ]
        for number, row in some.items():
            row["obligations"] = [one for _, one in sorted(found[number], key=_place)]


def due_between(index: Index, start: float, end: float) -> Iterator[Row]:
    """Yield the obligations due after ``start`` and by ``end``, as ``add_obligations`` has them."""
    between = (start, end)
    yield from rows(index, "select * from unsettled where due > ? and due <= ?", between)
    rules = _rules(index)
    for path, value in index.connection.execute(
        "select t.path, s.owings from settled s join tickets t on t.rowid = s.ticket "
        "where s.last_due > ? and s.first_due <= ?",
        between,
    ):
        for _, row in unpacked(value):
            one = _settled(path, row, rules)
            if one["due"] is not None and start < one["due"] <= end:
                yield one


def _rules(index: Index) -> dict[object, Row]:
    return {row.pop("rule_id"): row for row in rows(index, "select * from rules")}


def _place(one: tuple[int, Row]) -> int:
    return one[0]


def _settled(path: str, row: tuple[Any, ...], rules: dict[object, Row]) -> Row:
    """Return an obligation from what is packed of it (``PACKED``)."""
    rule_id, number, who, starts, starts_offset, started_by, not_before, *rest = row
    due, due_offset, met, met_offset, met_by, excused, ended, paused, verdict = rest
    return {
        **rules[rule_id],
        "path": path,
        "number": number,
        "who": who,
        "starts": starts,
        "starts_text": text_at(starts, starts_offset),
        "started_by": started_by,
        "not_before": not_before,
        "due": due,
        "due_text": None if due is None else text_at(due, due_offset),
        "met": met,
        "met_text": None if met is None else text_at(met, met_offset),
        "met_by": met_by,
        "excused": excused,
        "ended": ended,
        "paused": paused,
        "verdict": verdict,
        "attempts": 0,
        "line": 0,
    }


def ids_ending(index: Index, tail: str) -> list[tuple[str, str, int]]:
    """Return (id, path, ended) of the tickets whose id ends with ``tail``, dashes aside."""
    if not tail:
        return []
    plain = tail.replace("-", "")
    found = []
    for state in ("where ended = 0", ""):
        found = index.connection.execute(
            f"select id, path, ended from tickets {state}"
            + (" and " if state else " where ")
            + "replace(id, '-', '') like ? order by opened desc limit 20",
            (f"%{_quoted(plain)}",),
        ).fetchall()
        if found:
            return found
    return found


def unreadable_ending(index: Index, tail: str) -> list[str]:
    """Return the paths of the ticket files that cannot be used and whose id ends with ``tail``."""
    wanted = tail.replace("-", "")
    paths = index.connection.execute(
        "select distinct path from problems where path not in (select path from tickets) "
        "and path like 'records/tickets/%' order by path"
    )
    return [
        path
        for (path,) in paths
        if wanted and path.rpartition("/")[2][:-5].replace("-", "").endswith(wanted)
    ]


def _quoted(text: str) -> str:
    return text.replace("%", "").replace("_", "")


def recent_ids(index: Index, most: int = 5000) -> list[str]:
    """Return the ids of the tickets opened last, newest first."""
    query = "select id from tickets order by opened desc limit ?"
    return [row[0] for row in index.connection.execute(query, (most,))]


def recognised_by(index: Index, identifier: str) -> tuple[str, str]:
    """Return (customer's name, subject) of a ticket: what a person on the telephone knows it by."""
    row = index.connection.execute(
        "select coalesce(c.name, t.customer), t.subject from tickets t "
        "left join cards c on c.kind='customer' and c.id=t.customer where t.id=?",
        (identifier,),
    ).fetchone()
    return row if row is not None else ("", "")


def customers_like(index: Index, typed: str, wanted: str) -> list[tuple[str, str, str, str]]:
    """Return (id, name, phone, address) of customers by tail of the id, phone number or part of the name.

    At most ``MOST_LIKE``. ``wanted`` is ``typed`` as ids are written, so its digits are those of every keyboard.
    """
    digits = "".join(c for c in wanted if c in "0123456789")
    only_digits = digits and not any(c.isalpha() for c in typed)
    plain = wanted.replace("-", "")
    clauses, values = ["instr(name, ?) > 0"], [typed]
    if plain:
        clauses.append("replace(id, '-', '') like ?")
        values.append(f"%{_quoted(plain)}")
    if only_digits and len(digits) >= 4:
        clauses.append("phone like ?")
        values.append(f"%{digits}")
    found = index.connection.execute(
        f"select id, name, phone, fields from cards where kind='customer' and ({' or '.join(clauses)}) "
        "order by id limit ?",
        (*values, MOST_LIKE),
    )
    return [(*known, json.loads(fields).get("address", "")) for *known, fields in found]


MOST_LIKE = 20
"""Customers that answer to what was typed, before the rest is not told."""


def customers_known(index: Index) -> Iterator[tuple[str, str, str]]:
    """Yield (name, phone in digits, id) of every customer that is not erased."""
    return index.connection.execute(
        "select name, phone, id from cards where kind='customer' and name != '' order by id"
    )


def broken(index: Index) -> list[Problem]:
    """Return the errors of families E1 to E3: what cannot be read or is not who it says it is.

    With them what may be cut off (E111): it can be read, but nobody knows what is missing.
    """
    return [
        _problem(row)
        for row in index.connection.execute(
            "select path, code, line, column, args, excerpt, subject from problems "
            "where (severity='error' or code='E111') and code < 'E4' and code not in ('E207', 'E209', 'E210', 'E211') "
            "order by path, line"
        )
    ]


def findings(index: Index) -> list[Problem]:
    """Return every finding the index keeps, of all families, in order of place."""
    return [
        _problem(row)
        for row in index.connection.execute(
            "select path, code, line, column, args, excerpt, subject from problems "
            "order by path, line, code"
        )
    ]


def _problem(row: tuple[Any, ...]) -> Problem:
    path, code, line, column, args, excerpt, subject = row
    return Problem(code, path, line, column, json.loads(args), excerpt, subject)


def standing_of(row: Row | sqlite3.Row, as_of: float) -> str:
    """Return an obligation's standing at ``as_of`` (seconds since the epoch)."""
    return standing(row["due"], row["met"], row["excused"], row["ended"], row["paused"], as_of)


def tickets_of(index: Index, kind: str, name: str) -> list[str]:
    """Return the ids of the tickets of a customer or a unit, oldest first."""
    column = {"customer": "customer", "unit": "unit"}[kind]
    query = f"select id from tickets where {column}=? order by opened, id"
    return [row[0] for row in index.connection.execute(query, (name,))]


def people(index: Index) -> dict[str, str]:
    """Return what each person is called, by id; two of one name are told apart by their ids."""
    found = dict(
        index.connection.execute("select id, name from cards where kind='staff' and name != ''")
    )
    names = list(found.values())
    return {key: f"{name} {key}" if names.count(name) > 1 else name for key, name in found.items()}


def open_about(
    index: Index, customer: str, kind: str, unit: str, subject: str
) -> list[tuple[str, str]]:
    """Return (id, subject) of open tickets of a customer about the same unit, or of the same subject."""
    return index.connection.execute(
        "select id, subject from tickets where customer=? and kind=? and ended=0"
        " and ((unit!='' and unit=?) or subject=?) order by opened, id limit 8",
        (customer, kind, unit, subject),
    ).fetchall()


def open_complaints(index: Index, about: str) -> dict[int, str]:
    """Return the open complaints about a ticket: their ids by when they were opened, in seconds."""
    return dict(
        index.connection.execute(
            "select opened, id from tickets where about=? and kind='complaint' and ended=0",
            (about,),
        ).fetchall()
    )
