"""Bringing in cases from another system: a table and its map become tickets, customers and people.

All or nothing: every row is read and replayed before the first file is written. Idempotent: a case
is known again by the other system's name for it, which stands in ``foreign``. What is already here
is never changed; a row that says something else since is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from svcctl.desk.desk import Desk
from svcctl.desk.foreign import PEOPLE, Casting, Entry
from svcctl.desk.givenfiles import read_given
from svcctl.desk.newcomers import Customers, People
from svcctl.desk.writing import Change, Manner, Outcome, Writing
from svcctl.domain.cases import Event
from svcctl.domain.decide import Who
from svcctl.domain.identity import TICKET as TICKET_ID
from svcctl.domain.identity import ticket_id
from svcctl.domain.problems import N_, Message, Refusal, Unreadable
from svcctl.domain.schema import as_text
from svcctl.domain.ticket import TICKET
from svcctl.exchange.mapping import Foreign, TicketMap, layout
from svcctl.exchange.table import BadMap, Fault, Faults, Table
from svcctl.ledger import batch
from svcctl.ledger.cardfile import RawCard, read_card
from svcctl.ledger.folder import ticket_path
from svcctl.ledger.records import read_ticket
from svcctl.ledger.rows import is_error


class Changed(NamedTuple):
    """A row that says something else than when it was imported: where, which ticket, which parts."""

    place: str
    foreign: str
    ticket: str
    parts: tuple[str, ...]


class Imported(NamedTuple):
    """What an import brought, or would bring: counts, the first new ticket, what became of it."""

    rows: int
    new: int
    there: int
    customers: int
    people: int
    blank: int
    changed: tuple[Changed, ...]
    first: str
    first_path: str
    outcome: Outcome

    def item(self) -> dict[str, object]:
        """Return the import as machine output has it."""
        return {
            "rows": self.rows,
            "new": self.new,
            "there": self.there,
            "customers": self.customers,
            "people": self.people,
            "blank": self.blank,
            "first": self.first_path or None,
            "changed": [
                {"place": c.place, "foreign": c.foreign, "ticket": c.ticket, "parts": [*c.parts]}
                for c in self.changed
            ],
        }


def import_tickets(desk: Desk, file: str, map_file: str, manner: Manner) -> Imported:
    """Bring in the tickets of the table ``file`` as ``map_file`` says; a dry run writes nothing.

    Raises ``BadMap`` and ``BadTable`` naming every faulty place, ``Unreadable`` where records of
    the ledger cannot be read (what is already here could not be told), ``Refusal``,
    ``StorageFailed``. Nothing has been written then, except where the remedy says so.
    """
    code = desk.desk_code()
    who = desk.who(manner.by)
    raw = _read_map(map_file)
    fields = raw.fields()
    table = Table(file, read_given(file), *layout(map_file, fields, raw.place))
    reading = TicketMap(map_file, fields, raw.place, table, desk.zone)
    faults = Faults(file)
    reading.settle_dates(faults)
    if faults:
        raise faults.stop()
    with _BatchWriting(desk, manner.commit, manner.dry_run) as writing:
        _check_readable(desk)
        plan = _Plan(desk, code, who, reading, faults)
        for row in table.rows(faults):
            foreign = reading.read(row, faults)
            if foreign is not None:
                plan.take(foreign)
        if faults:
            raise faults.stop()
        if plan.new:
            for path, data in plan.all_files():
                writing.create(path, data)
        message = f"{plan.new} tickets imported from {reading.source}"
        outcome = writing.finish(message, who, plan.now)
    return plan.result(table.blank, outcome)


def _read_map(name: str) -> RawCard:
    """Return the map as nested text. Raises ``BadMap`` with line and column of every fault."""
    from svcctl.domain.checks.catalogue import CODES

    data = read_given(name)
    raw = read_card(data if data.endswith(b"\n") else data + b"\n", name)
    errors = [problem for problem in raw.problems if is_error(problem)]
    if errors or not raw.ok:
        raise BadMap(
            name,
            [
                Fault(f"{name}:{p.line}:{p.column}", Message(CODES[p.code].message, p.args))
                for p in errors
            ],
        )
    return raw


def _check_readable(desk: Desk) -> None:
    """Refuse while a ticket or card cannot be read: it may be one that the file brings again."""
    folders = ("records/tickets/", "records/customers/", "records/staff/")
    known = "select path from tickets union select path from cards"
    rows = desk.index.connection.execute(
        f"select distinct path from problems where severity = 'error' and path not in ({known})"
    ).fetchall()
    lost = {path for (path,) in rows if path.startswith(folders)}
    if lost:
        raise Unreadable(
            "unreadable-records",
            Message(
                N_(
                    "records that cannot be read: {number}; the file may bring one of them again, "
                    "so nothing was imported"
                ),
                {"number": str(len(lost))},
            ),
            Message(N_("mend the places named, or restore them from git"), {}),
            tuple(problem for problem in desk.problems() if problem.path in lost),
        )


class _Plan:
    """The files that an import will write, and what it will have brought."""

    def __init__(self, desk: Desk, code: str, who: Who, reading: TicketMap, faults: Faults) -> None:
        self.desk = desk
        self.code = code
        self.who = who
        self.reading = reading
        self.faults = faults
        self.now = desk.now()
        self.customers = Customers(desk, code, reading.source)
        self.people = People(desk, reading.names, reading.role, reading.left)
        self.casting = Casting(reading, self.people, faults, self.now)
        self.files: list[tuple[str, bytes]] = []
        self.new = 0
        self.changed: list[Changed] = []
        self._there = self._known()
        self._seen: dict[str, int] = {}
        self._numbers: dict[date, int] = {}

    def _known(self) -> dict[str, tuple[str, str]]:
        """Return the tickets already brought from this source: foreign id -> (path, id)."""
        rows = self.desk.index.connection.execute(
            "select foreign_id, path, id from tickets where foreign_id != ''"
        )
        start = self.reading.source + ":"
        return {foreign: (path, name) for foreign, path, name in rows if foreign.startswith(start)}

    def take(self, foreign: Foreign) -> None:
        """Plan the ticket of one row, or compare it with the one that is there already."""
        name = f"{self.reading.source}:{foreign.id}"
        if name in self._seen:
            self.faults.add(
                foreign.row.line,
                self.reading.id_column,
                N_("{id} is already in line {earlier}"),
                id=foreign.id,
                earlier=str(self._seen[name]),
            )
            return
        self._seen[name] = foreign.row.line
        there = self._there.get(name)
        if there is not None:
            self._compare(foreign, name, *there)
            return
        customer = self._customer(foreign)
        if customer is None or self._check_unit(foreign):
            return
        opened = foreign.head["opened"]
        assert isinstance(opened, datetime)
        entry = Entry(self._next_id(opened), name, customer, self.who.id, self.now)
        case = self.casting.case(foreign, entry)
        if case is None:
            return
        for event in case.events:
            self.people.use(event.by)
            for field in PEOPLE[event.do]:
                if field in event.fields:
                    self.people.use(as_text(event.fields[field]))
        self.files.append((ticket_path(case.id), case.text()))
        self.new += 1

    def _customer(self, foreign: Foreign) -> str | None:
        """Return the id of the row's customer, planning a card for one who is new."""
        if not foreign.customer and not self.reading.unknown_customer:
            self.faults.add(
                foreign.row.line,
                self.reading.customer_column,
                N_("no customer is named, and the map says not who stands for nobody: add {where}"),
                where="customers.unknown",
            )
            return None
        known = self.customers.find(foreign.customer)
        if known is not None:
            return known
        return self.customers.add(
            foreign.customer, self.reading.customer_card(foreign.row, foreign.customer)
        )

    def _check_unit(self, foreign: Foreign) -> bool:
        """Note a fault where the row's unit has no card; say whether that is so."""
        unit = foreign.head.get("unit")
        if unit is None or (self.desk.ledger.root / f"records/units/{unit}.yaml").exists():
            return False
        self.faults.add(
            foreign.row.line,
            self.reading.column_of("unit"),
            N_("the unit {unit} has no card: svcctl unit new {unit} --model …"),
            unit=as_text(unit),
        )
        return True

    def _next_id(self, opened: datetime) -> str:
        """Return the desk's next free id of that day."""
        day = opened.astimezone(self.desk.zone).date()
        if day not in self._numbers:
            stem = f"{self.code}-{day:%y%m%d}-"
            taken = [
                int(found[3])
                for name in self.desk.ledger.names(f"tickets/{day:%Y/%m}")
                if name.startswith(stem) and (found := TICKET_ID.fullmatch(name))
            ]
            self._numbers[day] = max(taken, default=0)
        while True:
            self._numbers[day] += 1
            identifier = ticket_id(self.code, day, self._numbers[day])
            if identifier is not None:
                return identifier

    # What is already here -----------------------------------------------------------------------

    def _compare(self, foreign: Foreign, name: str, path: str, identifier: str) -> None:
        """Report the row if it says something else than what was written at its import."""
        data = self.desk.ledger.read(path)
        there = read_ticket(data, path).case
        if there is None:
            return  # the index has just read it; it changes under our eyes, and is not written
        first = there.events[0]
        customer = self.customers.find(foreign.customer) or as_text(there.head["customer"])
        entry = Entry(identifier, name, customer, first.by, first.noted)
        case = self.casting.case(foreign, entry)
        if case is None:
            return
        parts = [
            key
            for key in TICKET.head_order
            if key not in ("id", "alias") and case.head.get(key) != there.head.get(key)
        ]
        brought = [event for event in there.events if event.noted == first.noted]
        mine, theirs = _lines(case.events), _lines(brought)
        parts += sorted({_part(str(said[0])) for said in mine ^ theirs})
        if parts:
            place = f"{self.faults.path}:{foreign.row.line}"
            self.changed.append(Changed(place, foreign.id, there.id, tuple(parts)))

    def result(self, blank: int, outcome: Outcome) -> Imported:
        """Return what the import brought, or would bring."""
        path, data = self.files[0] if self.files else ("", b"")
        return Imported(
            rows=len(self._seen),
            new=self.new,
            there=len(self._seen) - self.new,
            customers=len(self.customers.cards),
            people=len(self.people.used),
            blank=blank,
            changed=tuple(self.changed),
            first=data.decode(),
            first_path=path,
            outcome=outcome,
        )

    def all_files(self) -> Iterator[tuple[str, bytes]]:
        """Yield every file to be written: people, customers, tickets."""
        yield from self.people.files()
        yield from self.customers.files()
        yield from self.files


def _part(do: str) -> str:
    """Return what a person calls it that the line ``do`` differs: ``imported`` holds the status."""
    return "status" if do == "imported" else do


def _lines(events: list[Event]) -> set[tuple[object, ...]]:
    """Return what events say, without their names, which a merge may have changed."""
    return {
        (e.do, e.at, e.by, *sorted((key, as_text(value)) for key, value in e.fields.items()))
        for e in events
    }


class _BatchWriting(Writing):
    """A writing of new files that appear all together or not at all."""

    def _write_all(self) -> None:
        ledger = self.desk.ledger
        try:
            batch.write_batch(ledger.root, self._journal, ((c.path, c.new) for c in self.changes))
        except FileExistsError as error:
            raise Refusal(
                "already-there",
                Message(N_("{path} is already there"), {"path": str(error.filename)}),
                Message(N_("nothing was written; run the import again"), {}),
            ) from None
        self.desk.forget_index()

    def _is_there(self, change: Change) -> bool:
        # Decided, the batch will be completed by the next command, even if no file stands yet.
        return batch.is_decided(self._journal) or super()._is_there(change)

    @property
    def _journal(self) -> Path:
        return self.desk.ledger.private / "batch"
