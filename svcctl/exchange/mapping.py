"""The map of an import: which column becomes which field, and how a row is read through it.

Knows the map's keys and the declaration of tickets; not the ledger, its ids or who is known there.
Every fault names its place: those of the map its line and column, those of a cell its row and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from svcctl.domain.problems import N_, Message, Usage
from svcctl.domain.schema import EXPECTED, Field, Value
from svcctl.domain.ticket import TICKET
from svcctl.domain.times import zone as zone_of
from svcctl.exchange.dates import DateColumn, DateForm, Order
from svcctl.exchange.table import BadMap, Fault, Faults, Row, Table

Fields = Mapping[str, object]
Place = Callable[[Sequence[str | int]], tuple[int, int]]
Cells = list[str]
Read = Callable[[Cells], str]
"""A part of the map, ready to use: a row's cells -> text, "" where nothing is said."""

STATUSES = ("open", "finished", "closed", "cancelled")
_NOT_YET = {
    "open": frozenset({"finished", "closed", "cancelled"}),
    "finished": frozenset({"closed", "cancelled"}),
    "closed": frozenset({"cancelled"}),
    "cancelled": frozenset({"closed"}),
}
"""Which milestones cannot have happened yet, whatever a cell says, while the status says this."""

_KEYS = "format source id delimiter encoding missing dates columns customers people status events"
_HEAD = tuple(n for n in TICKET.head_order if n not in ("id", "customer", "about", "foreign", "alias"))
_EVENTS = tuple(
    name
    for name in TICKET.events
    if name not in ("opened", "imported", "reassigned", "amended", "voided", "settled")
)
_CUSTOMER = ("name", "contact", "phone", "company", "address", "email", "region", "marks")
_PEOPLE = ("role", "left", "names")
_DEFAULTS = {"channel": "other", "priority": "normal"}


class Happening(NamedTuple):
    """One thing that happened to a case in the other system; ``by`` is "" where nobody is named."""

    do: str
    at: datetime
    by: str
    fields: dict[str, Value]


class Foreign(NamedTuple):
    """One row as the map reads it. ``head`` lacks id, customer and foreign, which the desk adds.

    ``customer`` is the other system's name for the customer ("": unknown). ``supplied`` names what
    this row can tell of; ``status`` is one of ``STATUSES`` or "".
    """

    line: int
    id: str
    head: dict[str, Value]
    customer: str
    status: str
    happened: list[Happening]
    supplied: list[str]


class BadCell(ValueError):
    """A cell that cannot be understood: its column, and a template with its arguments."""

    def __init__(self, column: str, template: str, **args: str) -> None:
        super().__init__(template)
        self.column = column
        self.template = template
        self.args_of_message = args


class Layout(NamedTuple):
    """How the file is written: what must be known before its first row can be read."""

    encoding: str
    delimiter: str


class _Complaints:
    """The faults of a map, each at its line and column."""

    def __init__(self, path: str, place: Place) -> None:
        self.path = path
        self.place = place
        self.faults: list[Fault] = []

    def add(self, keys: Sequence[str | int], template: str, **args: str) -> None:
        line, column = self.place(keys)
        self.faults.append(Fault(f"{self.path}:{line}:{column}", Message(template, args)))

    def end(self) -> None:
        if self.faults:
            raise BadMap(self.path, self.faults)


def layout(path: str, fields: Fields, place: Place) -> Layout:
    """Return how the map says that the file is written. Raises ``BadMap``."""
    wrong = _Complaints(path, place)
    encoding, delimiter = fields.get("encoding", "utf-8"), fields.get("delimiter", ",")
    if delimiter in ("tab", "\\t"):
        delimiter = "\t"
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        wrong.add(("delimiter",), N_("the delimiter is one character, or the word tab"))
    if not isinstance(encoding, str) or not _is_encoding(encoding):
        wrong.add(("encoding",), N_("no such encoding; write utf-8, gb18030 or utf-16"))
    wrong.end()
    return Layout(str(encoding), str(delimiter))


def _is_encoding(name: str) -> bool:
    import codecs

    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


class TicketMap:
    """A map bound to the header of one table. Raises ``BadMap`` naming everything wrong with it.

    ``fields`` is the map as nested text and ``place`` tells where a key stands in it; ``zone`` is
    the ledger's, for times whose zone the map does not state.
    """

    def __init__(
        self, path: str, fields: Fields, place: Place, table: Table, zone: tzinfo
    ) -> None:
        self._wrong = _Complaints(path, place)
        self._table = table
        self._dates: dict[str, DateColumn] = {}
        self._index = {name: at for at, name in enumerate(table.header)}
        self._twice = {name for name in table.header if table.header.count(name) > 1}
        self._known(fields, (), _KEYS.split())
        if fields.get("format", "1") != "1":
            self._wrong.add(("format",), N_("this svcctl knows maps of format 1"))
        self.source = self._text(fields, "source")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,30}", self.source):
            self._wrong.add(
                ("source",),
                N_("source names the other system: small letters, digits, dots and dashes"),
            )
        self.missing = frozenset(self._words(fields, "missing", ("",)))
        self._set_dates(fields.get("dates"), zone)
        self._id = self._required(fields, "id")
        self._set_columns(fields)
        self._set_customers(fields)
        self._set_people(fields)
        self._set_events(fields)
        self._wrong.end()

    # Reading rows -------------------------------------------------------------------------------

    def settle_dates(self, faults: Faults) -> None:
        """Decide the order of day and month for each column of dates, from all of its cells."""
        columns = {name: self._index[name] for name in self._dates}
        cells: dict[str, list[tuple[int, str]]] = {name: [] for name in columns}
        for line, row in self._table.rows(Faults(self._table.path)):
            for name, at in columns.items():
                text = row[at].strip()
                if text not in self.missing:
                    cells[name].append((line, text))
        for name, found in cells.items():
            why = self._dates[name].settle(found)
            if why is not None:
                faults.add(why[0], name, why[1].template, **why[1].args)

    def read(self, row: Row, faults: Faults, person: Callable[[str], str]) -> Foreign | None:
        """Return what ``row`` says, or None with every bad cell among ``faults``.

        ``person`` turns the other system's name of a person into a staff id.
        """
        cells = row.cells
        before = len(faults)
        try:
            identifier = " ".join(self._id(cells).split())
            if not identifier:
                faults.add(row.line, self._id_column, N_("the row has no id"))
        except BadCell as bad:
            identifier = ""
            _note(faults, row.line, bad)
        head: dict[str, Value] = {}
        for name, read in self._head:
            value = self._value(read, cells, row.line, faults)
            if value is not None:
                head[name] = value
        for name in TICKET.head.required:
            if name not in head and name in self._head_columns and len(faults) == before:
                faults.add(
                    row.line, self._head_columns[name], N_("a ticket needs {key}"), key=name
                )
        customer = self._value(self._customer, cells, row.line, faults) or ""
        status = str(self._value(self._status, cells, row.line, faults) or "")
        opened = head.get("opened")
        happened: list[Happening] = []
        supplied = ["opened"]
        for event in self._events:
            one = self._happening(event, row, faults, person, status, opened)
            if one is not None:
                happened.append(one)
            if event.do not in supplied and (
                one is not None or event.do != status
            ):
                supplied.append(event.do)
        if len(faults) != before:
            return None
        return Foreign(row.line, identifier, head, str(customer), status, happened, supplied)
