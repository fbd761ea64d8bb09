"""What the commands of every kind of card do: customers, units and people share it."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.manner import Asked, How
from svcctl.cli.session import Session, session
from svcctl.domain.problems import N_
from svcctl.views.language import _, say, word
from svcctl.views.output import Column
from svcctl.views.safe import line

Given = dict[str, str | list[str] | None]

Text = Annotated[
    str, typer.Argument(metavar="[TEXT]", help=N_("Only cards that contain this text."))
]

TITLES = {
    "id": N_("id"),
    "name": N_("name"),
    "contact": N_("contact"),
    "phone": N_("phone"),
    "company": N_("company"),
    "address": N_("address"),
    "email": N_("e-mail"),
    "role": N_("role"),
    "skills": N_("skills"),
    "regions": N_("regions"),
    "region": N_("region"),
    "left": N_("left on"),
    "desk": N_("desk"),
    "serial": N_("serial number"),
    "model": N_("model"),
    "customer": N_("customer"),
    "sold": N_("sold on"),
    "installed": N_("installed on"),
    "warranty": N_("warranty"),
    "contract": N_("contract"),
    "marks": N_("special marks"),
    "erased": N_("erased at"),
    "erased-by": N_("erased by"),
    "reason": N_("reason"),
    "foreign": N_("number elsewhere"),
}


def new(
    kind: str,
    name: str,
    given: Given,
    how: How,
) -> None:
    """Add a card and print it; says so where another customer has the same phone number."""
    from svcctl.desk import cardwork

    run = session()
    desk = echo.open_desk()
    phone = given.get("phone")
    _doubt(run, phone)
    if kind == "customer" and isinstance(phone, str) and phone:
        for other, other_name in cardwork.same_phone(desk, phone):
            run.tell(
                _("the same phone number is on the card of {id} {name}").format(
                    id=other, name=line(other_name)
                )
            )
    done = cardwork.new(desk, cardwork.KINDS[kind], name, given, how.manner)
    echo.card(desk, done, how.output, how.dry_run)


def _doubt(run: Session, phone: str | list[str] | None) -> None:
    """Say where a phone number was probably mistyped; it is stored all the same."""
    from svcctl.domain.telephones import doubt

    if isinstance(phone, str) and phone and (found := doubt(phone)) is not None:
        run.tell(say(found))


def change(
    kind: str,
    name: str,
    given: Given,
    how: How,
) -> None:
    """Change the fields given of a card and print it."""
    from svcctl.desk import cardwork
    from svcctl.desk.finding import find_card

    desk = echo.open_desk()
    card = find_card(desk, cardwork.KINDS[kind], name)
    _doubt(session(), given.get("phone"))
    changes = {key: value for key, value in given.items() if value}
    done = cardwork.change(desk, card.kind, card.id, changes, how.manner)
    echo.card(desk, done, how.output, how.dry_run)


def listed(
    kind: str, text: str, keys: tuple[str, ...], asked: Asked, *, masked: bool = False
) -> None:
    """Print the cards of a kind; ``masked``: without whole phone numbers and addresses."""
    from svcctl.desk import cardwork

    items = cardwork.listed(asked.view, cardwork.KINDS[kind], text)
    columns = [Column(key, TITLES[key], show="word" if key == "role" else "text") for key in keys]
    asked.emit(kind, items, columns, empty=_("no cards"), masked=masked)


def shown(kind: str, name: str, asked: Asked) -> None:
    """Print one card; a unit's and a customer's with their tickets."""
    from svcctl.desk import cardwork, pastcards

    card = pastcards.card_at(asked.view, cardwork.KINDS[kind], name)
    item = cardwork.card_item(card)
    if kind in ("unit", "customer"):
        item["tickets"] = pastcards.tickets_of(asked.view, card.kind, card.id)
    if asked.output == "table":
        for key, value in item.items():
            if value:
                shown = _(", ").join(map(str, value)) if isinstance(value, list) else str(value)
                if key == "role":
                    shown = word(shown, key)
                label = _(TITLES.get(key, key))
                asked.run.print(_("{label}: {text}").format(label=label, text=line(shown)))
        return
    asked.emit(kind, [item], [Column(key, key) for key in item])
