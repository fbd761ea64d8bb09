"""A desk at work on one ledger: who asks, what time it is, which rules hold, how a write is done.

Every use case takes a ``Desk``. It holds no state of the ledger beyond what one command needs, and
reads the clock only through the function it was given.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from svcctl.domain.problems import N_, Message, NotFound, Problem, Refusal, Unreadable, Usage
from svcctl.ledger.folder import Ledger, Station, find

if TYPE_CHECKING:
    from svcctl.domain.cards import Card
    from svcctl.domain.decide import Who
    from svcctl.domain.policy import Book
    from svcctl.domain.times import Week
    from svcctl.ledger.changes import StatusQuery
    from svcctl.ledger.index import Index
    from svcctl.ledger.waiting import Waiting


class Desk:
    """One command's view of a ledger."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self._clock = clock
        self._book: Book | None = None
        self._index: Index | None = None
        self._query: StatusQuery | None = None
        self._asked: int | None = None
        self._station: Station | None = None
        self._zone: tzinfo | None = None
        self._in_doubt: tuple[Problem, ...] = ()

    # Time and rules -----------------------------------------------------------------------------

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock that was given: any instant with an offset."""
        return self._clock

    @property
    def zone(self) -> tzinfo:
        """The ledger's zone: the newest policy's calendar's."""
        if self._zone is None:
            self._zone = self._zone_of_index() or self.book.zone
        return self._zone

    def _zone_of_index(self) -> tzinfo | None:
        if self._index is None or self._book is not None:
            return None
        row = self._index.connection.execute("select value from meta where key='zone'").fetchone()
        if row is None:
            return None
        from svcctl.domain.times import zone

        return zone(row[0])

    def now(self) -> datetime:
        """The present instant in the ledger's zone, to the second."""
        return self._clock().astimezone(self.zone).replace(microsecond=0)

    def today(self) -> str:
        """The present day as text; where the rules cannot be read, in the clock's own zone."""
        return self.moment().date().isoformat()

    def moment(self) -> datetime:
        """As ``now``; where the rules cannot be read, in the clock's own zone."""
        try:
            return self.now()
        except Unreadable:
            return self._clock().replace(microsecond=0)

    def read_time(self, text: str | None, after: datetime | None = None) -> datetime:
        """Return what a person typed as a time (None: now). Raises ``Usage``.

        ``after``: it is for something to come, after that moment; see ``spoken.read_time``.
        """
        now = self.now()
        if text is None:
            return now
        from svcctl.domain.spoken import read_time

        return read_time(text, now, self.zone, after)

    def read_week(self, text: str, moment: datetime) -> Week:
        """Return the week that a person typed, as seen from ``moment``. Raises ``Usage``."""
        from svcctl.domain.spoken_weeks import read_week

        return read_week(text, moment, self.zone)

    @property
    def book(self) -> Book:
        """The policies by date. Raises ``Unreadable`` naming every fault."""
        if self._book is None:
            from svcctl.ledger.book import load_book

            self._book = load_book(self.ledger)
        return self._book

    def rules_in_doubt(self) -> tuple[Problem, ...]:
        """Return what is wrong with the rules this command went by, if it needed any."""
        return self._book.problems if self._book is not None else ()

    # Reading ------------------------------------------------------------------------------------

    def look_ahead(self, *, everything: bool = False) -> None:
        """Let git look for changes already, while this process still loads what it needs.

        Sealed months are left out unless ``everything`` is to be looked at.
        """
        from svcctl.ledger import changes

        if self._index is None and self._query is None and self.ledger.git is not None:
            self._asked = time.time_ns()
            folders = None
            if not everything:
                from svcctl.ledger.openmonths import open_folders

                folders = open_folders(self.ledger)
            self._query = changes.start_status(self.ledger.git, folders or changes.RECORDS)

    def let_go(self) -> None:
        """End what git was asked ahead and nobody waited for."""
        if self._query is not None:
            query, self._query = self._query, None
            query.process.kill()
            query.process.communicate()

    @property
    def index(self) -> Index:
        """The index, made fresh once per command."""
        if self._index is None:
            from svcctl.ledger.index import open_index

            query, self._query = self._query, None
            self._index = open_index(self.ledger, query, self._asked)
        return self._index

    @property
    def index_is_open(self) -> bool:
        """Whether this command has asked the index already: one more question costs next to nothing."""
        return self._index is not None

    def take_index(self, index: Index) -> None:
        """Go on with an index that was just made."""
        self.forget_index()
        self._index = index

    def forget_index(self) -> None:
        """Let the next question look at the files again (this process wrote something)."""
        if self._index is not None:
            self._index.connection.close()
            self._index = self._asked = None

    def files_in_doubt(self) -> tuple[Problem, ...]:
        """As ``problems``, where this command has asked the index anyway; else nothing is looked for."""
        if self._index is not None:
            self._in_doubt = tuple(self.problems())
        return self._in_doubt

    def problems(self) -> list[Problem]:
        """Return every error about a record that cannot be used or trusted (families E1 to E3)."""
        from svcctl.ledger.ask import broken

        return broken(self.index)

    # People -------------------------------------------------------------------------------------

    @property
    def station(self) -> Station:
        """What this clone knows of itself."""
        if self._station is None:
            self._station = self.ledger.station()
        return self._station

    def desk_code(self) -> str:
        """Return the code that this clone writes under. Raises ``Refusal`` where it has none."""
        station = self.station
        if not station.desk:
            raise Refusal(
                "no-desk",
                Message(
                    N_("this clone has no desk code yet, and every line says which desk wrote it"),
                    {},
                ),
                Message(N_("svcctl init {path} --desk BJA"), {"path": str(self.ledger.root)}),
            )
        self.refuse_copied()
        return station.desk

    def refuse_copied(self) -> None:
        """Refuse to write in a clone that was copied or restored, until ``init`` said which desk it is."""
        station = self.station
        if station.copied:
            raise Refusal(
                "copied-clone",
                Message(
                    N_(
                        "this clone was copied or restored: two clones must not write as desk {desk}"
                    ),
                    {"desk": station.desk},
                ),
                Message(
                    N_(
                        "a second place: svcctl init {path} --desk NEW; the only one left: svcctl init {path} --desk {desk}"
                    ),
                    {"path": str(self.ledger.root), "desk": station.desk},
                ),
            )

    def who(self, by: str | None) -> Who:
        """Return the person a command is done by: ``by``, else who sits at this desk."""
        from svcctl.domain.decide import Who

        name = by or self.station.me
        if not name:
            raise Usage(
                "by-whom",
                Message(N_("by whom? nobody sits at this desk yet"), {}),
                Message(N_("give --by STAFF, or once for all: svcctl me STAFF"), {}),
            )
        card = self.staff(name)
        if self.has_left(card):
            raise Refusal(
                "has-left",
                Message(N_("{name} left on {day}"), {"name": name, "day": card.get("left")}),
            )
        return Who(card.id, card.get("role"))

    def has_left(self, card: Card) -> bool:
        """Whether a person's last day lies before today."""
        left = card.get("left")
        return bool(left) and left < self.now().date().isoformat()

    def staff(self, name: str) -> Card:
        """Return a person's card, by id or by name. Raises ``NotFound``."""
        from svcctl.domain.cards import STAFF
        from svcctl.ledger.records import load_card

        try:
            return load_card(self.ledger, STAFF, name)
        except NotFound as stop:
            found = [c for c in self.all_staff() if c.get("name") == name]
            if len(found) == 1:
                return found[0]
            if found:
                listed = ", ".join(card.id for card in found)
                raise NotFound(
                    "ambiguous-staff",
                    Message(
                        N_("“{name}” is the name of several: {listed}"),
                        {"name": name, "listed": listed},
                    ),
                    Message(N_("give the id"), {}),
                ) from None
            meant = self._staff_like(name)
            remedy = N_("known are: {known}; add somebody with svcctl staff new")
            if meant:
                remedy = N_("did you mean {known}? Else add somebody with svcctl staff new")
            known = ", ".join(f"{c.id} {c.get('name')}" for c in meant or self.all_staff()[:12])
            raise NotFound(
                "no-such-staff",
                Message(N_("there is nobody with the id or name “{name}”"), {"name": name}),
                Message(remedy, {"known": known or "-"}),
            ) from stop

    def _staff_like(self, typed: str) -> list[Card]:
        """Return who may have been meant: of that surname (王师傅), with a part of the name, or nearly so."""
        from svcctl.domain.identity import near_names

        here = [card for card in self.all_staff() if not self.has_left(card)]
        names = [(name, "", card.id) for card in here for name in (card.get("name"), card.id)]
        near = {identifier for _name, _phone, identifier in near_names(typed, names)}
        surname = typed[:1] if not typed.isascii() else ""
        return [
            card
            for card in here
            if card.id in near
            or (surname and card.get("name").startswith(surname))
            or (typed and typed in card.get("name"))
        ]

    def all_staff(self) -> list[Card]:
        """Return the card of every person whose card can be read, by id."""
        from svcctl.domain.cards import STAFF
        from svcctl.domain.problems import Unreadable
        from svcctl.ledger.records import read_card

        found = []
        for name in self.ledger.names("staff"):
            path = f"records/staff/{name}.yaml"
            try:
                card, _ = read_card(STAFF, self.ledger.read(path), path)
            except (FileNotFoundError, Unreadable):
                continue  # the index reports it with every command
            if card is not None:
                found.append(card)
        return found


def open_desk(
    given: str | None, clock: Callable[[], datetime], waiting: Waiting | None = None
) -> Desk:
    """Return the desk of the ledger ``given``, of SVCCTL_LEDGER, or around the working directory."""
    return Desk(find(given or os.environ.get("SVCCTL_LEDGER"), Path.cwd(), waiting), clock)
