"""What the audit asks of the index: breaches, and references between records. Knows tables and SQL;
not what a finding is called, nor how bad it is.

Every question is one query over the whole ledger, or two: no ticket's file is read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from svcctl.domain.checks.owed_rules import Breach
from svcctl.ledger.index import Index
from svcctl.ledger.numbering import PLACES
from svcctl.ledger.rows import LATE, MISSED, UNDECIDED

_BREACH = (
    "select t.path, t.id, o.kind, o.number, o.line, o.due, o.due_text, o.met, o.ended, o.severity "
    f"from unsettled o join tickets t on t.rowid = o.owing >> {PLACES} "
)
_PAST_DUE = "o.verdict = 0 and o.due < ? and (o.paused is null or o.paused > o.due)"
assert UNDECIDED == 0, "spelt out above, because only a constant lets SQLite use its index"


class Naming(NamedTuple):
    """One record that names another: ``kind`` is the card's kind (or ``ticket``), ``value`` its id."""

    path: str
    subject: str
    kind: str
    value: str


def decided_breaches(index: Index) -> list[Breach]:
    """Return what was met late, or ended unmet after its due time: whatever the moment of asking."""
    sql = f"{_BREACH} where o.verdict in ({LATE}, {MISSED})"
    return [Breach(*row) for row in index.connection.execute(sql)]


def open_breaches(index: Index, as_of: float) -> list[Breach]:
    """Return what is still owed and past due at ``as_of`` (seconds since the epoch)."""
    sql = f"{_BREACH} where {_PAST_DUE}"
    return [Breach(*row) for row in index.connection.execute(sql, (as_of,))]


def count_open_breaches(index: Index, as_of: float) -> int:
    """Return how many obligations are still owed and past due at ``as_of``."""
    sql = f"select count(*) from unsettled o where {_PAST_DUE}"
    count: int = index.connection.execute(sql, (as_of,)).fetchone()[0]
    return count


def same_ids(index: Index) -> Iterator[tuple[str, list[str]]]:
    """Yield each id that more than one ticket file has, with the paths in order."""
    sql = "select id from tickets group by id having count(*) > 1 order by id"
    for (identifier,) in index.connection.execute(sql).fetchall():
        paths = index.connection.execute(
            "select path from tickets where id = ? order by path", (identifier,)
        )
        yield identifier, [path for (path,) in paths]


def names_without_card(index: Index) -> list[Naming]:
    """Return each record that names a customer, unit, person or ticket which is not there.

    A card that is there but cannot be read counts as there: it is reported for itself.
    """
    return [
        *_columns_without(index, "customer", _there(index, "customer", "customers")),
        *_columns_without(index, "unit", _there(index, "unit", "units")),
        *_people_without(index, _there(index, "staff", "staff")),
        *_units_without(index, _there(index, "customer", "customers")),
        *_about_nothing(index),
        *_noted_of_nothing(index),
    ]


def _there(index: Index, kind: str, folder: str) -> set[str]:
    """Return the ids of all cards of a kind, also of those that cannot be read."""
    ask = index.connection.execute
    known = {row[0] for row in ask("select id from cards where kind = ?", (kind,))}
    start = f"records/{folder}/"
    broken = ask(
        "select distinct path from problems where path > ? and path < ?",
        (start, start + "\U0010ffff"),
    )
    return known | {path[len(start) :].removesuffix(".yaml") for (path,) in broken}


def _columns_without(index: Index, column: str, known: set[str]) -> Iterator[Naming]:
    ask = index.connection.execute
    named = {row[0] for row in ask(f"select distinct {column} from tickets where {column} != ''")}
    for value in sorted(named - known):
        for path, subject in ask(
            f"select path, id from tickets where {column} = ? and {column} != ''", (value,)
        ):
            yield Naming(path, subject, column, value)


def _people_without(index: Index, known: set[str]) -> Iterator[Naming]:
    return _listed_without(index, "people", "staff", known)


def _listed_without(index: Index, column: str, kind: str, known: set[str]) -> Iterator[Naming]:
    """What a column of names with blanks between them names, in tickets and journals, and is not known."""
    ask = index.connection.execute
    for table in ("tickets", "journals"):
        lists = {row[0] for row in ask(f"select distinct {column} from {table}")}
        sql = (
            f"select path, id from {table} where instr(' ' || {column} || ' ', ' ' || ? || ' ') > 0"
        )
        for value in sorted({value for line in lists for value in line.split()} - known):
            for path, subject in ask(sql, (value,)):
                yield Naming(path, subject, kind, value)


def _units_without(index: Index, known: set[str]) -> Iterator[Naming]:
    sql = "select path, id, customer from cards where kind = 'unit' and customer != ''"
    for path, subject, customer in index.connection.execute(sql):
        if customer not in known:
            yield Naming(path, subject, "customer", customer)


def _about_nothing(index: Index) -> Iterator[Naming]:
    sql = (
        "select path, id, about from tickets t where about != '' "
        "and not exists (select 1 from tickets a where a.id = t.about) "
        "and not exists (select 1 from problems p where p.subject = t.about)"
    )
    for path, subject, about in index.connection.execute(sql):
        yield Naming(path, subject, "ticket", about)


def _noted_of_nothing(index: Index) -> Iterator[Naming]:
    """Tickets that entries of a journal name and that are not there."""
    ask = index.connection.execute
    journals = ask("select path, id, tickets from journals where tickets != ''").fetchall()
    named = {ticket for _, _, tickets in journals for ticket in tickets.split()}
    unknown = {
        ticket
        for ticket in named
        if ask("select 1 from tickets where id = ?", (ticket,)).fetchone() is None
    }
    if unknown:  # asked of all problems at once: nothing finds one by its subject
        unknown -= {row[0] for row in ask("select distinct subject from problems")}
    for path, subject, tickets in journals:
        for ticket in tickets.split():
            if ticket in unknown:
                yield Naming(path, subject, "ticket", ticket)


def unregistered_desks(index: Index) -> list[Naming]:
    """Return each ticket and journal in which a desk without a card wrote."""
    return list(_listed_without(index, "desks", "desk", _there(index, "desk", "desks")))


def with_approvals(index: Index) -> list[str]:
    """Return the paths of the tickets in which work was given to somebody else."""
    sql = "select path from tickets where approvals != '' order by path"
    return [path for (path,) in index.connection.execute(sql)]


def with_attachments(index: Index) -> list[tuple[str, str, list[str]]]:
    """Return path and id of each ticket that has attachments, with the names of the files."""
    sql = "select path, id, attached from tickets where attached != '' order by path"
    return [(path, name, files.split()) for path, name, files in index.connection.execute(sql)]


def without_complaint(index: Index, as_of: float) -> list[str]:
    """Return the paths of tickets with a dissatisfied answer about which no complaint was opened."""
    sql = (
        "select path from tickets t where dissatisfied != '' and kind != 'complaint' "
        "and not exists (select 1 from tickets c where c.about = t.id and c.about != '' "
        "and c.kind = 'complaint' and c.began <= ?) order by path"
    )
    return [path for (path,) in index.connection.execute(sql, (as_of,))]


def has_complaint(index: Index, identifier: str, as_of: float) -> bool:
    """Return whether a complaint about this ticket had been opened by then."""
    sql = (
        "select 1 from tickets where about = ? and about != '' and kind = 'complaint' "
        "and began <= ? limit 1"
    )
    return index.connection.execute(sql, (identifier, as_of)).fetchone() is not None


def roles(index: Index) -> dict[str, str]:
    """Return the role of each person whose card can be read."""
    sql = "select id, role from cards where kind = 'staff'"
    return dict(index.connection.execute(sql).fetchall())


def still_to_come(index: Index, as_of: float, known: float | None = None) -> dict[str, bool]:
    """Return the tickets to which something happened after ``as_of``; True: opened before it.

    With ``known`` also those of which something was written down after that.
    """
    sql = "select path, began <= ? from tickets where last_at > ?"
    values = [as_of, as_of]
    if known is not None:
        sql += " or last_noted > ?"
        values.append(known)
    return {path: bool(there) for path, there in index.connection.execute(sql, values)}


def untouched_since(index: Index, since: float) -> set[str]:
    """Return the paths of the tickets opened before ``since`` and with nothing noted from it on."""
    sql = "select path from tickets where opened < ? and last_noted < ?"
    return {path for (path,) in index.connection.execute(sql, (since, since))}


def first_and_last(index: Index) -> tuple[float, float] | None:
    """Return between which instants deadlines are counted: from the first ticket's opening to what
    is owed last. None where there is no ticket."""
    ask = index.connection.execute
    first, last = ask("select min(opened), max(last_at) from tickets").fetchone()
    if first is None:
        return None
    due = ask(f"select max(due) from owings where verdict = {UNDECIDED}").fetchone()[0]
    return first, max(last, due or last)


def token(index: Index) -> str | None:
    """Return a text that changes whenever the index does; None where no file keeps it."""
    try:
        return index.database.path.with_suffix(".stamp").read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return None


def lying_otherwise(index: Index) -> list[str]:
    """Return the records that may lie in the work tree otherwise than committed, as git said last."""
    return [row[0] for row in index.connection.execute("select path from dirty order by path")]
