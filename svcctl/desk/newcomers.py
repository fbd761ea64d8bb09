"""Customers and people whom an import brings along: who is known here already, cards for the others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from svcctl.desk.desk import Desk
from svcctl.domain import identity
from svcctl.ledger.cardfile import card_text
from svcctl.ledger.folder import card_path


class Customers:
    """The customers of another system, known again by the card's field ``foreign``."""

    def __init__(self, desk: Desk, code: str, source: str) -> None:
        self.source = source
        self.cards: dict[str, bytes] = {}
        self._code = code
        self._ids: dict[str, str] = {}
        rows = desk.index.connection.execute(
            "select id, fields from cards where kind='customer' and instr(fields, '\"foreign\"')"
        )
        for name, fields in rows:
            foreign = json.loads(fields).get("foreign", "")
            self._ids.setdefault(foreign, name)
        taken = [
            int(found[2])
            for name in desk.ledger.names("customers")
            if (found := identity.CUSTOMER.fullmatch(name)) and found[1] == code
        ]
        self._number = max(taken, default=0)

    def find(self, key: str) -> str | None:
        """Return the id of the customer whom the other system calls ``key`` ("": nobody)."""
        return self._ids.get(self._foreign(key))

    def add(self, key: str, fields: Mapping[str, str]) -> str:
        """Plan a card for the customer ``key`` and return the id that this desk gives it."""
        identifier = None
        while identifier is None:
            self._number += 1
            identifier = identity.customer_id(self._code, self._number)
        foreign = self._foreign(key)
        card = {"format": "1", "id": identifier, **fields, "foreign": foreign}
        self.cards[identifier] = card_text(card)
        self._ids[foreign] = identifier
        return identifier

    def _foreign(self, key: str) -> str:
        return f"{self.source}:{key}"

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and bytes of each planned card."""
        for identifier, data in self.cards.items():
            yield card_path("customers", identifier), data


class People:
    """The people whom another system names, known again by the map, the card's name or its id.

    The id of somebody new is made of the name, so that a card renamed since is still theirs.
    """

    def __init__(self, desk: Desk, names: Mapping[str, str], role: str, left: str) -> None:
        self.role = role
        self.left = left
        self.used: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._taken: set[str] = set(desk.ledger.names("staff"))
        self._claimed: set[str] = set()
        for card in desk.all_staff():
            self._ids.setdefault(card.get("name"), card.id)
            self._ids[card.id] = card.id
        for name, identifier in names.items():
            self._ids[name] = identifier
            if identifier not in self._taken:
                self._names[identifier] = name

    def id_of(self, name: str) -> str:
        """Return the staff id of the person called ``name``; somebody new gets one made of it."""
        known = self._ids.get(name)
        if known is not None:
            return known
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:28].strip("-")
        if stem in self._taken and stem not in self._claimed:
            self._claimed.add(stem)
            self._ids[name] = stem
            return stem
        identifier, number = stem or "person", 1
        while identifier in self._taken or identifier in self._names:
            number += 1
            identifier = f"{stem or 'person'}-{number}"
        self._ids[name] = identifier
        self._names[identifier] = name
        return identifier

    def use(self, identifier: str) -> None:
        """Note that a ticket names this person: whoever is new gets a card."""
        name = self._names.get(identifier)
        if name is not None:
            self.used[identifier] = name

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and bytes of each card to be written."""
        for identifier, name in self.used.items():
            fields = {"format": "1", "id": identifier, "name": name, "role": self.role}
            if self.left:
                fields["left"] = self.left
            yield card_path("staff", identifier), card_text(fields)
