"""Taking a customer's personal data out of the ledger. Knows what is left, and where else it may stand.

The card is replaced by a stub; tickets, units and what is owed stay. Git still holds the card as it
was: docs/privacy.md says what that means and how a hub forgets it.
"""

from __future__ import annotations

from typing import NamedTuple

from svcctl.desk.cardwork import CardWritten
from svcctl.desk.desk import Desk
from svcctl.desk.finding import find_card
from svcctl.desk.writing import Manner, Writing
from svcctl.domain import cards
from svcctl.domain.cards import CUSTOMER, Card
from svcctl.domain.problems import N_, Message, Refusal, Usage
from svcctl.domain.schema import as_text
from svcctl.ledger import cardfile, leftovers
from svcctl.ledger.folder import card_path
from svcctl.ledger.index import discard
from svcctl.ledger.records import read_card

_SHORTEST = 2
"""Shorter words than this are not looked for in other records: they stand everywhere."""


class Erased(NamedTuple):
    """The stub, and what the user must know: where the erased words still stand."""

    card: CardWritten
    notices: tuple[Message, ...]


class Going(NamedTuple):
    """Whose data would be taken out, for whoever is asked first; ``open`` are ids with subjects."""

    id: str
    name: str
    phone: str
    open: tuple[str, ...]


def what_goes(desk: Desk, typed: str) -> Going:
    """Return what ``erase`` would take out. Raises ``NotFound``."""
    card = find_card(desk, CUSTOMER, typed)
    still_open = tuple(" ".join(row) for row in _open_tickets(desk, card))
    return Going(card.id, card.get("name"), card.get("phone"), still_open)


def erase(desk: Desk, typed: str, reason: str, manner: Manner) -> Erased:
    """Replace the card of the customer that ``typed`` names by a stub.

    Raises ``Refusal`` where that was done before, ``Usage`` without a reason, ``NotFound``.
    """
    if not reason.strip():
        raise Usage("no-reason", Message(N_("say why it is taken out: --reason TEXT"), {}))
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        card = find_card(desk, CUSTOMER, typed)
        if card.get("erased") and not cards.beside_the_stub(card.fields):
            if not manner.dry_run:  # a copy may be left here of what another station erased
                leftovers.forget(desk.ledger.private, card_path(CUSTOMER.folder, card.id))
            raise Refusal(
                "already-erased",
                Message(
                    N_("{id} was erased before: {at}"),
                    {"id": card.id, "at": card.get("erased")},
                ),
            )
        who = desk.who(manner.by)
        when = desk.read_time(manner.at)
        path = card_path(CUSTOMER.folder, card.id)
        old = desk.ledger.read(path)
        stub = cards.erased(card.id, as_text(desk.now()), who.id, " ".join(reason.split()))
        new = cardfile.card_text(stub)
        left, problems = read_card(CUSTOMER, new, path)
        if left is None:
            raise AssertionError(f"a stub does not read back: {problems}")
        told = (*_where_else(desk, card), *_still_open(desk, card))
        writing.replace(path, old, new)
        outcome = writing.finish(f"customer {card.id} erased", who, when)
        if not manner.dry_run:
            leftovers.forget(desk.ledger.private, path)
            desk.forget_index()
            discard(desk.ledger)  # its free pages would hold the words for long
    return Erased(CardWritten(left, path, new.decode(), outcome), (*outcome.notices, *told))


def _where_else(desk: Desk, card: Card) -> list[Message]:
    """Say which tickets of the customer, and which journals, hold one of the erased words: they
    cannot be changed."""
    words = [card.get(name) for name in sorted(CUSTOMER.personal) if card.get(name)]
    words += ["".join(c for c in card.get("phone") if c.isdigit())]
    wanted = [word.encode() for word in words if len(word) >= _SHORTEST]
    found = []
    for identifier, path in desk.index.connection.execute(
        "select id, path from tickets where customer=? union all select id, path from journals "
        "order by id",
        (card.id,),
    ).fetchall():
        try:
            data = desk.ledger.read(path)
        except FileNotFoundError:
            continue
        if any(word in data for word in wanted):
            found.append(identifier)
    if not found:
        return []
    text = N_(
        "these words also stand in records that are never changed: {records} (docs/privacy.md)"
    )
    return [Message(text, {"records": ", ".join(found)})]


def _still_open(desk: Desk, card: Card) -> list[Message]:
    rows = _open_tickets(desk, card)
    if not rows:
        return []
    text = N_("still open, and nobody can be called any more: {tickets}")
    return [Message(text, {"tickets": ", ".join(row[0] for row in rows)})]


def _open_tickets(desk: Desk, card: Card) -> list[tuple[str, str]]:
    """Return id and subject of the customer's tickets that have not ended."""
    return desk.index.connection.execute(
        "select id, subject from tickets where customer=? and not ended order by id", (card.id,)
    ).fetchall()
