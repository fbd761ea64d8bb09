"""The map of an import: which column becomes which field, and how a row is read through it.

Knows the map's keys and the declaration of tickets; not the ledger, its ids or who is known there.
Every fault names its place: those of the map its line and column, those of a cell its row and column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple, cast

from svcctl.domain.policy import ROLES
from svcctl.domain.problems import N_, Usage
from svcctl.domain.schema import Field, Value
from svcctl.domain.ticket import TICKET
from svcctl.domain.times import zone as zone_of
from svcctl.exchange.columns import Binder, Complaints, Keys, Place, Reader
from svcctl.exchange.dates import DateColumn, DateForm, Order
from svcctl.exchange.table import Faults, Row, Table

Fields = Mapping[str, object]

STATUSES = ("open", "finished", "closed", "cancelled")
_NOT_SO_FAR = {
    "open": frozenset({"finished", "closed", "cancelled"}),
    "finished": frozenset({"closed", "cancelled"}),
    "closed": frozenset({"cancelled"}),
    "cancelled": frozenset({"closed"}),
}
"""Which milestones cannot have happened while the status says this, whatever their cells say."""

_KEYS = (
    "format source id delimiter encoding missing dates columns customers people status events"
).split()
_NOT_MAPPED = ("id", "customer", "about", "foreign", "alias")
_HEAD = tuple(name for name in TICKET.head_order if name not in _NOT_MAPPED)
_DEFAULTS = {"channel": "other", "priority": "normal"}
_EVENTS = tuple(
    name
    for name in TICKET.events
    if name not in ("opened", "imported", "reassigned", "amended", "voided", "settled")
)
_CUSTOMER = ("name", "contact", "phone", "company", "address", "email", "region", "marks")
_LINE = Field("line", "line")


class Happening(NamedTuple):
    """One thing that happened to a case in the other system; ``by`` is "" where nobody is named.

    ``by`` and fields that hold people are the other system's names. ``column`` is where ``at`` is.
    """

    do: str
    at: datetime
    by: str
    fields: dict[str, Value]
    column: str


class Foreign(NamedTuple):
    """One row as the map reads it. ``head`` lacks id, customer and foreign, which the desk adds.

    ``customer`` is the other system's name for the customer ("": unknown). ``supplied`` names what
    this row can tell of; ``status`` is one of ``STATUSES``, or "" where the map has none.
    """

    row: Row
    id: str
    head: dict[str, Value]
    customer: str
    status: str
    happened: list[Happening]
    supplied: list[str]


class Layout(NamedTuple):
    """How the file is written: what must be known before its first row can be read."""

    encoding: str
    delimiter: str


class _Event(NamedTuple):
    do: str
    at: Reader
    by: Reader | None
    fields: tuple[tuple[str, Reader], ...]
    required: tuple[str, ...]
    unless: tuple[tuple[int, frozenset[str]], ...]


def layout(path: str, fields: Fields, place: Place) -> Layout:
    """Return how the map says that the file is written. Raises ``BadMap``."""
    wrong = Complaints(path, place)
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
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


class TicketMap:
    """A map bound to the header of one table. Raises ``BadMap`` naming everything wrong with it.

    ``fields`` is the map as nested text and ``place`` tells where a key stands in it; ``zone`` is
    the ledger's, for times whose zone the map does not state.
    """

    def __init__(self, path: str, fields: Fields, place: Place, table: Table, zone: tzinfo) -> None:
        wrong = self._wrong = Complaints(path, place)
        self._table = table
        wrong.known(fields, (), _KEYS)
        if fields.get("format") != "1":
            wrong.add(("format",), N_("a map begins with: format: 1"))
        self.source = str(fields.get("source", ""))
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,30}", self.source):
            wrong.add(
                ("source",),
                N_("source names the other system: small letters, digits, dots and dashes"),
            )
        self.missing = frozenset(self._texts(fields.get("missing", [""]), ("missing",)))
        self._bind = Binder(wrong, table.header, self.missing)
        if "dates" in fields:
            self._set_dates(fields["dates"], zone)
        self._id = self._needed(fields, (), "id", Field("id", "line", required=True))
        self._set_columns(fields)
        self._set_customers(fields.get("customers", {}))
        self._set_people(fields.get("people", {}))
        self._status = None
        if "status" in fields:
            words = Field("status", "word", STATUSES)
            self._status = self._bind.reader(fields["status"], ("status",), words)
        self._set_events(fields.get("events", {}))
        wrong.end()

    @property
    def id_column(self) -> str:
        """The column that holds the other system's name for a case."""
        return self._id.column if self._id else ""

    def column_of(self, name: str) -> str:
        """Return the column that a field of the head is read from, or ""."""
        reader = self._head.get(name)
        return reader.column if reader else ""

    # Reading rows -------------------------------------------------------------------------------

    def settle_dates(self, faults: Faults) -> None:
        """Decide the order of day and month for each column of dates, from all of its cells."""
        columns = [
            (self._table.header.index(name), column) for name, column in self._bind.dates.items()
        ]
        for row in self._table.rows(Faults(self._table.path)):
            for at, column in columns:
                text = row.cells[at].strip()
                if text not in self.missing:
                    column.see(row.line, text)
        for name, column in self._bind.dates.items():
            why = column.settle()
            if why is not None:
                faults.add(why[0], name, why[1].template, **why[1].args)

    def read(self, row: Row, faults: Faults) -> Foreign | None:
        """Return what ``row`` says, or None with every bad cell among ``faults``."""
        before = faults.number
        identifier = str(self._id.read(row, faults) or "") if self._id else ""
        if not identifier and faults.number == before:
            faults.add(row.line, self.id_column, N_("the row has no id"))
        head: dict[str, Value] = {}
        for name, reader in self._head.items():
            bad = faults.number
            value = reader.read(row, faults)
            if value is not None:
                head[name] = value
            elif TICKET.head.fields[name].required and faults.number == bad:
                faults.add(row.line, reader.column, N_("a ticket needs {key}"), key=name)
        customer = self._customer.read(row, faults) if self._customer else None
        status = str(self._status.read(row, faults) or "") if self._status else ""
        happened: list[Happening] = []
        supplied = ["opened"]
        for event in self._events:
            one = self._happening(event, row, status, faults)
            if one is not None:
                happened.append(one)
            # What the status says has happened, without a time, cannot be judged (LEDGER).
            if event.do not in supplied and (one is not None or not _reached(event.do, status)):
                supplied.append(event.do)
        if faults.number != before:
            return None
        return Foreign(row, identifier, head, str(customer or ""), status, happened, supplied)

    def customer_card(self, row: Row, key: str) -> dict[str, str]:
        """Return the fields of the card of the customer whom ``row`` names by ``key``."""
        if not key:
            return {"name": self.unknown_customer}
        spare = Faults(self._table.path)
        found = {name: reader.read(row, spare) for name, reader in self._customer_fields.items()}
        return {"name": key, **{name: str(text) for name, text in found.items() if text}}

    def _happening(self, event: _Event, row: Row, status: str, faults: Faults) -> Happening | None:
        if event.do in _NOT_SO_FAR.get(status, ()):
            return None
        for at, words in event.unless:
            if row.cells[at].strip() in words:
                return None
        when = event.at.read(row, faults)
        if when is None:
            return None
        fields: dict[str, Value] = {}
        for name, reader in event.fields:
            bad = faults.number
            value = reader.read(row, faults)
            if value is not None:
                fields[name] = value
            elif name in event.required and faults.number == bad:
                faults.add(row.line, reader.column, N_("{do} needs {key}"), do=event.do, key=name)
        by = str(event.by.read(row, faults) or "") if event.by else ""
        return Happening(event.do, cast(datetime, when), by, fields, event.at.column)

    # Reading the map ----------------------------------------------------------------------------

    def _needed(self, given: Fields, keys: Keys, key: str, field: Field) -> Reader | None:
        if key not in given:
            self._wrong.add(keys or (key,), N_("the map needs the key {key}"), key=key)
            return None
        return self._bind.reader(given[key], (*keys, key), field)

    def _texts(self, given: object, keys: Keys) -> list[str]:
        items = given if isinstance(given, list) else [given]
        return [self._wrong.text(item, (*keys, at)) for at, item in enumerate(items)]

    def _set_dates(self, given: object, zone: tzinfo) -> None:
        """``dates``: one form for all columns, or ``form``, ``zone``, ``order`` and ``columns``."""
        keys: Keys = ("dates",)
        if isinstance(given, str):
            given = {"form": given}
        entry = self._wrong.known(given, keys, ("form", "zone", "order", "columns"))
        if "zone" in entry:
            try:
                zone = zone_of(self._wrong.text(entry["zone"], (*keys, "zone")))
            except Usage as stop:
                self._wrong.add((*keys, "zone"), stop.message.template, **stop.message.args)
        order = entry.get("order", "as written")
        if order not in ("as written", "auto"):
            self._wrong.add((*keys, "order"), N_("order is auto, or left away: as written"))
        forms = {"": self._form(entry.get("form"), (*keys, "form"))}
        of_columns = entry.get("columns", {})
        if isinstance(of_columns, Mapping):
            for column, text in of_columns.items():
                self._bind.index(column, (*keys, "columns", column))
                forms[column] = self._form(text, (*keys, "columns", column))
        else:
            self._wrong.add((*keys, "columns"), N_("columns must be a mapping: column, form"))

        def form(column: str) -> DateColumn | None:
            found = forms.get(column, forms[""])
            return found and DateColumn(found, zone, cast(Order, order))

        self._bind.form = form

    def _form(self, given: object, keys: Keys) -> DateForm | None:
        try:
            return DateForm.parse(str(given or ""))
        except ValueError:
            self._wrong.add(
                keys,
                N_(
                    "“{form}” is no form of a date: use YYYY M MM D DD HH MM SS AM, as in {example}"
                ),
                form=str(given or ""),
                example="D/M/YYYY HH:MM",
            )
            # A form that reads everything: one complaint about it is enough.
            return DateForm.parse("YYYY-M-D H:MM")

    def _set_columns(self, fields: Fields) -> None:
        given = self._wrong.known(fields.get("columns", {}), ("columns",), _HEAD)
        self._head: dict[str, Reader] = {}
        for name in _HEAD:
            entry = given.get(name)
            field = TICKET.head.fields[name]
            if entry is None and name in _DEFAULTS:
                entry = {"constant": _DEFAULTS[name]}
            if entry is not None:
                reader = self._bind.reader(entry, ("columns", name), field)
                if reader is not None:
                    self._head[name] = reader
            elif field.required:
                self._wrong.add(("columns",), N_("the map needs the key {key}"), key=name)

    def _set_customers(self, given: object) -> None:
        """``customers``: ``id`` tells one from another; ``unknown`` is who stands for nobody."""
        keys: Keys = ("customers",)
        entry = self._wrong.known(given, keys, ("id", "unknown", *_CUSTOMER))
        self.unknown_customer = ""
        if "unknown" in entry:
            self.unknown_customer = self._wrong.text(entry["unknown"], (*keys, "unknown"))
        self._customer = None
        if "id" in entry:
            self._customer = self._bind.reader(entry["id"], (*keys, "id"), _LINE)
        elif not self.unknown_customer:
            self._wrong.add(
                keys, N_("customers needs id, or unknown: a name for all who are not named")
            )
        self.customer_column = self._customer.column if self._customer else ""
        readers = {
            name: self._bind.reader(entry[name], (*keys, name), _LINE)
            for name in _CUSTOMER
            if name in entry
        }
        self._customer_fields = {name: found for name, found in readers.items() if found}

    def _set_people(self, given: object) -> None:
        """``people``: the role of those who are new here, and whom the others are known as."""
        keys: Keys = ("people",)
        entry = self._wrong.known(given, keys, ("role", "left", "names"))
        self.role = str(entry.get("role", "engineer"))
        if self.role not in ROLES:
            self._wrong.add((*keys, "role"), N_("the roles are: {roles}"), roles=", ".join(ROLES))
        self.left = ""
        if "left" in entry:
            self.left = self._bind.stored(entry["left"], (*keys, "left"), Field("left", "date"))
        self.names: dict[str, str] = {}
        names = entry.get("names", {})
        if not isinstance(names, Mapping):
            self._wrong.add((*keys, "names"), N_("names must be a mapping: old name, staff id"))
            return
        for old, new in names.items():
            self.names[old] = self._bind.stored(new, (*keys, "names", old), Field(old, "staff"))

    def _set_events(self, given: object) -> None:
        """``events``: a mapping, or a list of several, for each thing that may have happened."""
        keys: Keys = ("events",)
        self._events: list[_Event] = []
        for do, entries in self._wrong.known(given, keys, _EVENTS).items():
            if do not in _EVENTS:
                continue
            several = isinstance(entries, list)
            for at, entry in enumerate(entries if isinstance(entries, list) else [entries]):
                event = self._event(do, entry, (*keys, do, at) if several else (*keys, do))
                if event is not None:
                    self._events.append(event)

    def _event(self, do: str, given: object, keys: Keys) -> _Event | None:
        own = {field.name: field for field in TICKET.events[do].own if field.name != "from"}
        entry = self._wrong.known(given, keys, ("at", "by", "unless", *own))
        at = self._needed(entry, keys, "at", Field("at", "instant"))
        by = self._bind.reader(entry["by"], (*keys, "by"), _LINE) if "by" in entry else None
        fields = []
        for name, field in own.items():
            if name in entry:
                kind = _LINE if field.type == "staff" else field
                reader = self._bind.reader(entry[name], (*keys, name), kind)
                if reader is not None:
                    fields.append((name, reader))
            elif field.required:
                self._wrong.add(keys, N_("{do} needs {key}"), do=do, key=name)
        unless = []
        conditions = entry.get("unless", {})
        if not isinstance(conditions, Mapping):
            self._wrong.add((*keys, "unless"), N_("unless must be a mapping: column, words"))
            conditions = {}
        for column, words in conditions.items():
            where = self._bind.index(column, (*keys, "unless", column))
            if where is not None:
                unless.append((where, frozenset(self._texts(words, (*keys, "unless", column)))))
        required = tuple(name for name, field in own.items() if field.required)
        return at and _Event(do, at, by, tuple(fields), required, tuple(unless))


def _reached(do: str, status: str) -> bool:
    """Whether a case of this status must have had the milestone ``do``."""
    return do == status or (do == "finished" and status == "closed")
