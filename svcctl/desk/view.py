"""The ledger as of a moment: from the index where nothing happened since, else from the files.

A ticket whose last event lies after the moment asked about is replayed up to it; all others are
answered by the index. Both give rows of one shape, the index's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        self._later: list[tuple[Row, list[Row]]] | None = None

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
        with self.desk.index.at_rest():
            found = self._rows(f"{then} and ({where})", [*moments, *values])
        found += [row for row, _ in self.later() if test(row)]
        return found

    def numbered(self, numbers: Iterable[int]) -> dict[int, Row]:
        """Return the rows of tickets with these row numbers, each with its ``obligations``."""
        found = self._rows("t.rowid in (select value from json_each(?))", [str(list(numbers))])
        return {row["row_number"]: row for row in found}

    def _rows(self, where: str, values: Iterable[object]) -> list[Row]:
        from svcctl.ledger.ask import add_obligations, rows

        found = rows(
            self.desk.index,
            f"select t.rowid as row_number, t.*, c.name, c.phone from tickets t left join cards c "
            f"on c.kind='customer' and c.id=t.customer where {where}",
            values,
        )
        add_obligations(self.desk.index, found)
        return found

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

    def owed(self, where: str, values: Iterable[object], test: Test) -> list[Row]:
        """Return obligations still owed, each with its ticket's values under the same names.

        ``where`` (over ``o``) and ``test`` choose among them.
        """
        from svcctl.ledger.ask import rows
        from svcctl.ledger.numbering import PLACES

        then, moments = self.then()
        found = rows(
            self.desk.index,
            f"select {_OWED}, t.id, t.kind as ticket_kind, t.state, t.priority, t.customer, t.subject, "
            f"t.engineer, t.visit, t.path, t.contested, c.name, c.phone from unsettled o "
            f"join tickets t on t.rowid = o.owing >> {PLACES} "
            f"left join cards c on c.kind='customer' and c.id=t.customer "
            f"where o.verdict=0 and {then} and ({where})",
            [*moments, *values],
        )
        for ticket, obligations in self.later():
            for one in obligations:
                if one["verdict"] == 0 and test(one):
                    found.append({**ticket, "ticket_kind": ticket["kind"], **one})
        return found

    def later(self) -> list[tuple[Row, list[Row]]]:
        """Return the tickets that went on after the moment, as they were at it."""
        if self._later is None:
            self._later = self._replayed()
        return self._later

    def _replayed(self) -> list[tuple[Row, list[Row]]]:
        # As `not` of what `then` says, in words by which SQLite finds them without looking at all.
        _, moments = self.then()
        went_on = "last_at > ?" if self.known is None else "(last_at > ? or last_noted > ?)"
        paths = [
            row[0]
            for row in self.desk.index.connection.execute(
                f"select path from tickets where {went_on} and opened <= ?",
                [*moments, self.seconds],
            )
        ]
        return [found for path in paths if (found := self.ticket(path)) is not None]

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
