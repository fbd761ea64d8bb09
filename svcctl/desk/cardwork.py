"""Cards: customers, units, people. New ones, changed ones, listed ones. One way for every kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from svcctl.desk.desk import Desk
from svcctl.desk.typed import stored_form
from svcctl.desk.writing import Manner, Outcome, Writing
from svcctl.domain import cards, identity
from svcctl.domain.cards import Card, CardKind
from svcctl.domain.decide import Who
from svcctl.domain.problems import N_, Message, Problem, Refusal, Usage
from svcctl.ledger import cardfile
from svcctl.ledger.folder import card_path
from svcctl.ledger.records import load_card, read_card

if TYPE_CHECKING:
    from svcctl.desk.view import View

KINDS = cards.KINDS

Given = Mapping[str, str | list[str] | None]


class CardWritten(NamedTuple):
    """A card as it is after the command, its text, and what to know besides."""

    card: Card
    path: str
    text: str
    outcome: Outcome

    def item(self) -> dict[str, object]:
        """Return the card as machine output has it."""
        return card_item(self.card)


def card_item(card: Card) -> dict[str, object]:
    """Return a card as machine output has it: every field of its kind, null where not given."""
    item: dict[str, object] = {"id": card.id}
    for name in card.kind.shape.fields:
        if name in ("format", "id"):
            continue
        if name in card.kind.lists:
            item[name] = list(card.lists.get(name, ()))
        else:
            item[name] = card.fields.get(name) or None
    return item


def new(desk: Desk, kind: CardKind, name: str, given: Given, manner: Manner) -> CardWritten:
    """Add a card. ``name`` is its id, "" for a customer, whose id the desk issues.

    Raises ``Usage`` for bad fields and ``Refusal`` where the id is taken, or where there is a
    customer of this name with this telephone number.
    """
    code = desk.desk_code()
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        if kind is cards.CUSTOMER:
            name = _next_customer(desk, code)
        elif kind is cards.UNIT:
            name = identity.normalise(name)
        fields: dict[str, str | list[str]] = {"format": "1"}
        fields["serial" if kind is cards.UNIT else "id"] = name
        fields.update(_stored(desk, kind, given))
        if kind is cards.CUSTOMER:
            _refuse_twice(desk, fields)
        data = cardfile.card_text(fields)
        path = card_path(kind.folder, name)
        card = _checked(kind, data, path, name)
        who = _author(desk, card, manner)
        if (desk.ledger.root / path).exists():
            raise Refusal(
                "already-there",
                Message(N_("{kind} {name} is already there"), {"kind": kind.name, "name": name}),
                Message(
                    N_("svcctl {kind} show {name}; svcctl {kind} set {name} changes it"),
                    {"kind": kind.name, "name": name},
                ),
            )
        writing.create(path, data)
        outcome = writing.finish(f"{kind.name} {name}", who, desk.read_time(manner.at))
    return CardWritten(card, path, data.decode(), outcome)


def _refuse_twice(desk: Desk, given: Given) -> None:
    """With two cards of one person, neither the name nor the number would lead to one any more."""
    name, phone = given.get("name"), given.get("phone")
    if not isinstance(phone, str):
        return
    for known, known_name in same_phone(desk, phone):
        if known_name == name:
            raise Refusal(
                "already-there",
                Message(
                    N_("{name} with this telephone number is already there: {id}"),
                    {"name": known_name, "id": known},
                ),
                Message(
                    N_("take {id}; svcctl customer set {id} changes what is on the card"),
                    {"id": known},
                ),
            )


def change(desk: Desk, kind: CardKind, name: str, given: Given, manner: Manner) -> CardWritten:
    """Change fields of a card, line by line; None takes a field away, comments and order stay."""
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        card = load_card(desk.ledger, kind, name)
        refuse_erased(card)
        who = desk.who(manner.by)
        path = card_path(kind.folder, card.id)
        old = desk.ledger.read(path)
        if not given:
            raise Usage(
                "nothing-to-change",
                Message(N_("nothing to change was given"), {}),
                Message(
                    N_("give the fields to change; svcctl {kind} set --help lists them"),
                    {"kind": kind.name},
                ),
            )
        fresh = cardfile.set_fields(old, _stored(desk, kind, given))
        changed = _checked(kind, fresh, path, card.id)
        if fresh != old:
            writing.replace(path, old, fresh)
        outcome = writing.finish(f"{kind.name} {card.id} changed", who, desk.read_time(manner.at))
    return CardWritten(changed, path, fresh.decode(), outcome)


def refuse_erased(card: Card) -> None:
    """Refuse to write on what is left of an erased customer: the promise to forget holds on."""
    if card.get("erased"):
        raise Refusal(
            "erased",
            Message(
                N_("{id} was erased ({at}), and a stub is not filled again"),
                {"id": card.id, "at": card.get("erased")},
            ),
            Message(N_("whoever is a customer again gets a card anew: svcctl customer new")),
        )


def _stored(desk: Desk, kind: CardKind, given: Given) -> dict[str, str | list[str]]:
    """Return what was given in the form the card stores: dates read, customers found."""
    found: dict[str, str | list[str]] = {}
    for key, value in given.items():
        field = kind.shape.fields.get(key)
        if isinstance(value, list):
            found[key] = value
        elif value:
            if field is not None and field.type == "customer":
                from svcctl.desk.finding import customer_id

                found[key] = customer_id(desk, value)
            else:
                found[key] = stored_form(desk, field, value) if field is not None else value
    return found


def replace_text(
    desk: Desk, kind: CardKind, name: str, old: bytes, fresh: bytes, manner: Manner
) -> CardWritten:
    """Put a hand-edited text in the card's place, after checking it."""
    path = card_path(kind.folder, name)
    before, _problems = read_card(kind, old, path)
    if before is not None:
        refuse_erased(before)
    changed = _checked(kind, fresh, path, name)
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        who = desk.who(manner.by)
        if fresh != old:
            writing.replace(path, old, fresh)
        outcome = writing.finish(f"{kind.name} {name} edited", who, desk.read_time(manner.at))
    return CardWritten(changed, path, fresh.decode(), outcome)


def _checked(kind: CardKind, data: bytes, path: str, name: str) -> Card:
    """Return the card that ``data`` would be. Raises ``Usage`` naming what is wrong first."""
    from svcctl.ledger.rows import is_error

    if kind.ids.fullmatch(name) is None:
        raise Usage(
            "bad-id", Message(N_("“{name}” is not {looks}"), {"name": name, "looks": kind.id_looks})
        )
    card, problems = read_card(kind, data, path)
    errors = [problem for problem in problems if is_error(problem)]
    if card is None or errors:
        raise usage_of(errors[0])
    return card


def usage_of(problem: Problem) -> Usage:
    """Return the refusal of an input that would be this problem once written."""
    from svcctl.domain.checks.catalogue import CODES

    code = CODES[problem.code]
    return Usage(
        "bad-field", Message(code.message, problem.args), Message(code.remedy, problem.args)
    )


def _author(desk: Desk, card: Card, manner: Manner) -> Who:
    """Return by whom; the first person of an empty ledger is their own author."""
    if card.kind is cards.STAFF and not desk.ledger.names("staff"):
        if manner.by and manner.by != card.id:
            return desk.who(manner.by)
        return Who(card.id, card.get("role"))
    return desk.who(manner.by)


def _next_customer(desk: Desk, code: str) -> str:
    stem = f"{code}-C"
    taken = [
        int(found[2])
        for name in desk.ledger.names("customers")
        if name.startswith(stem) and (found := identity.CUSTOMER.fullmatch(name))
    ]
    number = max(taken, default=0)
    while True:
        number += 1
        identifier = identity.customer_id(code, number)
        if identifier is not None:
            return identifier


def same_phone(desk: Desk, phone: str) -> list[tuple[str, str]]:
    """Return (id, name) of customers who have this phone number already."""
    digits = "".join(str(int(c)) for c in phone if c.isdecimal())  # of any keyboard
    if not digits:
        return []
    return desk.index.connection.execute(
        "select id, name from cards where kind='customer' and phone=? order by id", (digits,)
    ).fetchall()


def listed(view: View, kind: CardKind, text: str = "") -> list[dict[str, object]]:
    """Return the items of all cards of a kind, by id; with ``text``, those that contain it."""
    if view.past:
        from svcctl.desk.pastcards import cards_then, says

        return [card_item(card) for card in cards_then(view, [kind]) if says(card, text)]
    rows = view.desk.index.connection.execute(
        "select id, fields from cards where kind=? and (?='' or instr(fields, ?) > 0 or instr(id, ?) > 0) order by id",
        (kind.name, text, text, text),
    ).fetchall()
    found = []
    for name, fields in rows:
        stored = json.loads(fields)
        scalars = {key: value for key, value in stored.items() if isinstance(value, str)}
        lists = {key: tuple(value) for key, value in stored.items() if isinstance(value, list)}
        found.append(card_item(Card(kind, name, scalars, lists)))
    return found
