"""Until when a unit is under warranty, and what is said where a review sees it otherwise.

Knows the units' cards; what is done free of charge is for a person to decide.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from svcctl.domain import cards
from svcctl.domain.cards import Card
from svcctl.domain.problems import N_, Message, NotFound, Unreadable
from svcctl.domain.replay import State
from svcctl.domain.times import add_months, parse_span
from svcctl.ledger.records import load_card

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk

UNTIL, ENDED = N_("until {day}"), N_("ended on {day}")


def warranty_until(unit: Card | None) -> date | None:
    """Return the last day of a unit's warranty: its length from installation, else from sale.

    The corresponding day ends it (PRC Civil Code 202); None where the card does not say.
    """
    if unit is None:
        return None
    start = unit.get("installed") or unit.get("sold")
    length = unit.get("warranty")
    if not start or not length:
        return None
    first, span = date.fromisoformat(start), parse_span(length)
    months = {"mo": 1, "y": 12}.get(span.unit)
    if months is not None:
        return add_months(first, months * span.amount)
    return date.fromordinal(first.toordinal() + span.amount) if span.unit == "d" else None


def told(desk: Desk, state: State) -> Message | None:
    """Return until when a ticket's unit is under warranty, or that this had ended when the request
    came; None where no card says."""
    until = _until(desk, state)
    return None if until is None else Message(_ended(desk, state, until), {"day": str(until)})


def doubts(desk: Desk, state: State) -> list[Message]:
    """Return what speaks against the review that ``state`` has: free of charge after the warranty's
    end, or charged before it."""
    until = _until(desk, state)
    if until is None:
        return []
    args = {"unit": state.text("unit"), "day": str(until)}
    ended = _ended(desk, state, until) == ENDED
    if ended and state.text("cover") == "free":
        return [Message(N_("free of charge, but the warranty of {unit} ended on {day}"), args)]
    if not ended and state.text("cover") == "paid":
        return [Message(N_("charged for, but {unit} is under warranty until {day}"), args)]
    return []


def _ended(desk: Desk, state: State, until: date) -> str:
    return ENDED if state.opened.astimezone(desk.zone).date() > until else UNTIL


def _until(desk: Desk, state: State) -> date | None:
    if not state.text("unit"):
        return None
    try:
        return warranty_until(load_card(desk.ledger, cards.UNIT, state.text("unit")))
    except (NotFound, Unreadable):
        return None  # every list names a broken card; the audit names one that is not there
