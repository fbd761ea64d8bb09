"""What people and customers are called, by their cards, for whoever shows an id. Knows cards; no ticket."""

from __future__ import annotations

from svcctl.desk.desk import Desk
from svcctl.domain import cards
from svcctl.domain.cards import CardKind
from svcctl.domain.problems import NotFound, Unreadable
from svcctl.ledger.records import load_card


def customer_name(desk: Desk, identifier: str) -> str:
    """Return a customer's name, or "" where the card is not there or cannot be read."""
    return _named(desk, cards.CUSTOMER, identifier)


def ways_to_reach(desk: Desk, identifier: str) -> list[tuple[str, str]]:
    """Return contact, phone and address of a customer, those that are given, by field."""
    found = [
        (key, _named(desk, cards.CUSTOMER, identifier, key))
        for key in ("contact", "phone", "address")
    ]
    return [(key, text) for key, text in found if text]


def person_name(desk: Desk, identifier: str) -> str:
    """Return a person's name, or the id where the card is not there or cannot be read."""
    return _named(desk, cards.STAFF, identifier) or identifier


def _named(desk: Desk, kind: CardKind, identifier: str, key: str = "name") -> str:
    try:
        return load_card(desk.ledger, kind, identifier).get(key)
    except (NotFound, Unreadable):
        return ""
