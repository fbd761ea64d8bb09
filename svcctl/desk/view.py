"""The ledger as of a moment: from the index where nothing happened since, else from the files.

A ticket whose last event lies after the moment asked about is replayed up to it; all others are
answered by the index. Both give rows of one shape, the index's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.domain.replay import State

_OWED = "o." + ", o.".join(
    "kind number who owner due due_text met excused ended paused attempts met_with".split()
)
"""What lists show of something owed; each further text is work for every row."""

Row = dict[str, Any]
Test = Callable[[Row], bool]


class Outline(NamedTuple):
    """What a ticket's place in a list depends on. ``number`` is that of its row, ``next_due`` when the
    first thing owed is due (None: nothing is, or at no time)."""

    number: int
    id: str
    priority: str
    next_due: str | None


class View:
    """What was the case at ``as_of``, as far as it was written down by ``known`` (None: by now).

    ``past``: one of them lies before now, so that a card need not be what it is now.
    """

    def __init__(
        self, desk: Desk, as_of: datetime, known: datetime | None = None, past: bool = False
    ) -> None:
        self.desk = desk
        self.as_of = as_of
        self.past = past
        self.seconds = as_of.timestamp()
        self.known = known
        self._replayed: dict[str, tuple[Row, list[Row]] | None] = {}

    def days_back(self, days: int) -> datetime:
        """Return the first instant of the day that many days before, as days are at the desk."""
        from svcctl.domain.times import midnight

        zone = self.desk.zone
        return midnight(self.as_of.astimezone(zone).date() - timedelta(days=days), zone)

    def then(self) -> tuple[str, list[object]]:
        """Return the condition (over ``t``) that the index knows all there was of a ticket then."""
        if self.known is None:
            return "t.last_at <= ?", [self.seconds]
        return "t.last_at <= ? and t.last_noted <= ?", [self.seconds, self.known.timestamp()]

    def tickets(self, where: str, values: Iterable[object], test: Test) -> list[Row]:
        """Return tickets, each with its ``obligations``; ``where`` and ``test`` say the same."""
        then, moments = self.then()
        with self.desk.index.database.at_rest():
            found = self._rows(f"{then} and ({where})", [*moments, *values])
            paths = self.went_on()
        found += [row for row, _ in self.later(paths) if test(row)]
        return found

    def numbered(self, numbers: Mapping[int, str], kind: str | None = None) -> dict[int, Row]:
        """Return rows of tickets by their row numbers, each with its ``obligations`` (those of one
        ``kind`` only); given is which id an outline had under each number.

        A ticket that went on since it was outlined is replayed from its file; one that is gone is
        left out. So a long list says what was the case at the moment, though nobody had to wait for
        it to be read to its end.
        """
        then, moments = self.then()
        with self.desk.index.database.at_rest():
            known = self._rows(
                f"{then} and t.rowid in (select value from json_each(?))",
                [*moments, str(list(numbers))],
                kind,
            )
            found = {
                row["row_number"]: row for row in known if numbers[row["row_number"]] == row["id"]
            }
            moved = {
                number: self.desk.index.connection.execute(
                    "select path from tickets where id = ?", (identifier,)
                ).fetchone()
                for number, identifier in numbers.items()
                if number not in found
            }
        for number, row in moved.items():
            if row is not None:
                found.update((number, ticket) for ticket, _ in self.later(row))
        return found

    def _rows(self, where: str, values: Iterable[object], kind: str | None = None) -> list[Row]:
        from svcctl.ledger.ask import with_obligations

        sql = (
            f"select t.rowid as row_number, t.*, c.name, c.phone from tickets t left join cards c "
            f"on c.kind='customer' and c.id=t.customer where {where}"
        )
        return list(with_obligations(self.desk.index, sql, values, kind))

    def outlines(self, where: str, values: Iterable[object]) -> list[Outline]:
        """Return in outline the tickets that the index answers for, ``where`` as in ``tickets``."""
        from svcctl.domain.standing import OWED, standing
        from svcctl.ledger.numbering import owings_of

        then, moments = self.then()
        ask, given = self.desk.index.connection.execute, [*moments, *values]
        due: dict[int, str | None] = {}
        for number, text, at, met, excused, ended, paused in ask(
            "select t.rowid, o.due_text, o.due, o.met, o.excused, o.ended, o.paused from tickets t "
            f"cross join unsettled o on {owings_of('t.rowid')} where {then} and ({where})",
            given,
        ):
            if standing(at, met, excused, ended, paused, self.seconds) in OWED:
                known = due.get(number)
                due[number] = text if known is None or (text or known) < known else known
        return [
            Outline(number, identifier, priority, due.get(number))
            for number, identifier, priority in ask(
                f"select t.rowid, t.id, t.priority from tickets t where {then} and ({where})", given
            )
        ]

    def owings(self, where: str, values: Iterable[object], kind: str) -> Iterator[Row]:
        """Yield of the tickets that the index answers for, ``where`` as in ``tickets``, ``id``, ``path``,
        ``row_number`` and the ``obligations`` of one ``kind``, settled ones too; some at a time.
        """
        from svcctl.ledger.ask import with_obligations

        then, moments = self.then()
        sql = (
            f"select t.rowid as row_number, t.id, t.path from tickets t where {then} and ({where})"
        )
        yield from with_obligations(self.desk.index, sql, [*moments, *values], kind)

    def owed(self, where: str, values: Iterable[object], test: Test) -> list[Row]:
        """Return obligations still owed, each with its ticket's values under the same names.

        ``where`` (over ``o``) and ``test`` choose among them.
        """
        from svcctl.ledger.ask import rows
        from svcctl.ledger.numbering import PLACES

        then, moments = self.then()
        sql = (
            f"select {_OWED}, t.id, t.kind as ticket_kind, t.state, t.priority, t.customer, t.subject, "
            f"t.engineer, t.visit, t.path, t.contested, c.name, c.phone from unsettled o "
            f"join tickets t on t.rowid = o.owing >> {PLACES} "
            f"left join cards c on c.kind='customer' and c.id=t.customer "
            f"where o.verdict=0 and {then} and ({where})"
        )
        with self.desk.index.database.at_rest():
            found = rows(self.desk.index, sql, [*moments, *values])
            paths = self.went_on()
        for ticket, obligations in self.later(paths):
            for one in obligations:
                if one["verdict"] == 0 and test(one):
                    found.append({**ticket, "ticket_kind": ticket["kind"], **one})
        return found

    def went_on(self) -> list[str]:
        """Return the paths of the tickets that the index does not answer for, since they went on.

        To be asked ``at_rest`` with what the index answers: each ticket is then in one of the two.
        """
        # As `not` of what `then` says, in words by which SQLite finds them without looking at all.
        _, moments = self.then()
        went_on = "last_at > ?" if self.known is None else "(last_at > ? or last_noted > ?)"
        return [
            row[0]
            for row in self.desk.index.connection.execute(
                f"select path from tickets where {went_on} and began <= ?",
                [*moments, self.seconds],
            )
        ]

    def later(self, paths: Iterable[str]) -> list[tuple[Row, list[Row]]]:
        """Return the tickets of these files as they were at the moment; each is replayed once."""
        found = []
        for path in paths:
            if path not in self._replayed:
                self._replayed[path] = self.ticket(path)
            if (made := self._replayed[path]) is not None:
                found.append(made)
        return found

    def ticket(self, path: str) -> tuple[Row, list[Row]] | None:
        """Return one ticket's row and obligations as they were, from its file; None: not yet there."""
        from svcctl.domain.obligations import obligations
        from svcctl.ledger import rows

        state = self.state(path)
        if state is None:
            return None
        book = self.desk.book
        values = dict(zip(rows.TICKET_COLUMNS, rows.ticket_row(path, state, book), strict=True))
        card = self.desk.index.connection.execute(
            "select name, phone from cards where kind='customer' and id=?", (values["customer"],)
        ).fetchone()
        values["name"], values["phone"] = card or (None, None)
        owed = [
            dict(zip(rows.OBLIGATION_COLUMNS, rows.obligation_row(path, state, one), strict=True))
            for one in obligations(state, book)
        ]
        values["obligations"] = owed
        return values, owed

    def state(self, path: str) -> State | None:
        """Return what one ticket was at the moment, from its file; None: not yet there."""
        from svcctl.domain.problems import Unreadable
        from svcctl.domain.replay import replay
        from svcctl.ledger.records import load_ticket

        try:
            case, _, _ = load_ticket(self.desk.ledger, path)
        except (FileNotFoundError, Unreadable):
            return None  # gone or damaged since the index was asked: the next command reports it
        state = replay(case, self.as_of, self.known)
        return state if state.facts else None
