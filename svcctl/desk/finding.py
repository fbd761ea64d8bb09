"""Finding the record a person means: by id, tail of an id, phone number or part of a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svcctl.domain import cards, identity
from svcctl.domain.problems import N_, Message, NotFound
from svcctl.ledger.folder import ticket_path
from svcctl.ledger.records import load_card

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.domain.cards import Card, CardKind


def ticket_file(desk: Desk, typed: str) -> str:
    """Return the file of the ticket that ``typed`` names: its id or any unambiguous tail.

    Looked up by its full id without the index; a tail among open tickets first. Raises
    ``NotFound`` with the near matches.
    """
    wanted = identity.normalise(typed)
    if identity.TICKET.fullmatch(wanted) and identity.is_sound(wanted):
        path = ticket_path(wanted)
        if (desk.ledger.root / path).exists():
            return path
    from svcctl.ledger.ask import ids_ending

    found = ids_ending(desk.index, wanted)
    still_open = [(identifier, path) for identifier, path, ended in found if not ended]
    everything = [(identifier, path) for identifier, path, _ in found]
    for candidates in (still_open, everything):
        if len(candidates) == 1:
            return candidates[0][1]
        if candidates:
            raise NotFound(
                "ambiguous-ticket",
                Message(N_("“{typed}” fits several tickets"), {"typed": typed}),
                Message(N_("give more of the id"), {}),
                tuple(_described(desk, identifier) for identifier, _ in candidates[:8]),
            )
    from svcctl.ledger.ask import unreadable_ending

    if len(broken := unreadable_ending(desk.index, wanted)) == 1:
        return broken[0]  # whoever reads it says what is wrong with it
    raise _no_ticket(desk, typed, wanted)


def _no_ticket(desk: Desk, typed: str, wanted: str) -> NotFound:
    from svcctl.ledger.ask import recent_ids

    near = identity.near(wanted, recent_ids(desk.index)) if wanted else []
    mistyped = identity.TICKET.fullmatch(wanted) is not None and not identity.is_sound(wanted)
    message = (
        Message(
            N_("“{typed}” is mistyped: its last character does not fit the rest"), {"typed": typed}
        )
        if mistyped
        else Message(N_("there is no ticket “{typed}”"), {"typed": typed})
    )
    remedy = (
        Message(
            N_("did you mean {near}?"), {"near": "; ".join(_described(desk, one) for one in near)}
        )
        if near
        else Message(
            N_("svcctl ticket list shows the open ones, svcctl find TEXT searches all"), {}
        )
    )
    return NotFound("no-such-ticket", message, remedy)


def _described(desk: Desk, identifier: str) -> str:
    """Return an id with the customer and the subject it is recognised by."""
    from svcctl.ledger.ask import recognised_by

    return " ".join((identifier, *filter(None, recognised_by(desk.index, identifier))))


def customer_id(desk: Desk, typed: str) -> str:
    """Return the id of the customer that ``typed`` names: id, tail, phone number or part of a name.

    Raises ``NotFound``, code ``no-such-customer`` where nobody fits (the caller may offer to add
    one) and ``ambiguous-customer`` where several do.
    """
    wanted = identity.normalise(typed)
    if (
        identity.CUSTOMER.fullmatch(wanted)
        and (desk.ledger.root / f"records/customers/{wanted}.yaml").exists()
    ):
        return wanted
    from svcctl.ledger.ask import MOST_LIKE, customers_like

    found = customers_like(desk.index, typed.strip(), wanted)
    if len(found) == 1:
        return found[0][0]
    if found:
        remedy = N_("ask for the number or the address, and give the id or the whole number")
        if len(found) == MOST_LIKE:
            remedy = N_("there may be more: give more of the name, the id or the whole number")
        raise NotFound(
            "ambiguous-customer",
            Message(N_("“{typed}” fits several customers"), {"typed": typed}),
            Message(remedy, {}),
            tuple("  ".join(filter(None, (*known, shortly(address)))) for *known, address in found),
        )
    from svcctl.ledger.ask import customers_known

    near = identity.near_names(typed, customers_known(desk.index))
    remedy = N_("add one: svcctl customer new --name … --phone …")
    if near:
        remedy = N_("did you mean {near}? Else add one: svcctl customer new --name … --phone …")
    raise NotFound(
        "no-such-customer",
        Message(N_("no customer answers to “{typed}”"), {"typed": typed}),
        Message(remedy, {"near": "; ".join(f"{id} {name} {phone}" for name, phone, id in near)}),
    )


def shortly(address: str) -> str:
    """Return the end of an address, which tells neighbours apart; the city is the same for most."""
    return address if len(address) <= 24 else f"…{address[-24:]}"


def find_card(desk: Desk, kind: CardKind, typed: str) -> Card:
    """Return the card that ``typed`` names; customers also by phone or name, people by name."""
    if kind is cards.STAFF:
        return desk.staff(typed)
    if kind is cards.CUSTOMER:
        return load_card(desk.ledger, kind, customer_id(desk, typed))
    wanted = identity.normalise(typed)
    try:
        return load_card(desk.ledger, kind, wanted)
    except NotFound as stop:
        near = identity.near(wanted, desk.ledger.names(kind.folder))
        if not near:
            raise
        raise NotFound(
            stop.code, stop.message, Message(N_("did you mean {near}?"), {"near": ", ".join(near)})
        ) from None
