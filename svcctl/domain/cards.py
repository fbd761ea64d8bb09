"""Cards: plain mappings edited in place, one file each. The declarations of all kinds of card."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.policy import ROLES
from svcctl.domain.schema import EXPECTED, Field, Flaw, Shape


class CardKind(NamedTuple):
    """The declaration of one kind of card.

    ``folder`` is below ``records/``; the file's name is the id. ``lists`` are fields holding
    several lines; ``personal`` those that belong to no other file of the ledger.
    """

    name: str
    folder: str
    ids: re.Pattern[str]
    id_looks: str
    shape: Shape
    lists: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()


_FORMAT = Field("format", "int", required=True)

CUSTOMER = CardKind(
    "customer",
    "customers",
    identity.CUSTOMER,
    EXPECTED["customer"],
    Shape(
        (
            _FORMAT,
            Field("id", "customer", required=True),
            Field("name", "line", required=True),
            Field("contact", "line"),
            Field("phone", "line"),
            Field("company", "line"),
            Field("address", "line"),
            Field("email", "line"),
            Field("region", "line"),
            Field("marks", "line"),
            Field("foreign", "line"),
            Field("alias", "customer"),
            Field("erased", "instant"),
            Field("erased-by", "staff"),
            Field("reason", "line"),
        )
    ),
    personal=frozenset({"name", "contact", "phone", "company", "address", "email"}),
)

UNIT = CardKind(
    "unit",
    "units",
    identity.UNIT,
    EXPECTED["unit"],
    Shape(
        (
            _FORMAT,
            Field("serial", "unit", required=True),
            Field("model", "line", required=True),
            Field("customer", "customer"),
            Field("sold", "date"),
            Field("installed", "date"),
            Field("warranty", "span"),
            Field("contract", "line"),
            Field("marks", "line"),
        )
    ),
)

STAFF = CardKind(
    "staff",
    "staff",
    identity.STAFF,
    EXPECTED["staff"],
    Shape(
        (
            _FORMAT,
            Field("id", "staff", required=True),
            Field("name", "line", required=True),
            Field("role", "word", ROLES, required=True),
            Field("skills", "lines"),
            Field("regions", "lines"),
            Field("desk", "desk"),
            Field("email", "line"),
            Field("phone", "line"),
            Field("left", "date"),
        )
    ),
    lists=frozenset({"skills", "regions"}),
)

DESK = CardKind(
    "desk",
    "desks",
    identity.DESK,
    EXPECTED["desk"],
    Shape(
        (
            _FORMAT,
            Field("id", "desk", required=True),
            Field("name", "line"),
            Field("registered", "instant", required=True),
        )
    ),
)

KINDS = {kind.name: kind for kind in (CUSTOMER, UNIT, STAFF, DESK)}
BY_FOLDER = {kind.folder: kind for kind in KINDS.values()}


class Card(NamedTuple):
    """One card's fields as text; lists as tuples of text."""

    kind: CardKind
    id: str
    fields: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]

    def get(self, name: str) -> str:
        """Return a field's text, or "" where it is not given."""
        return self.fields.get(name, "")


def read_card(
    kind: CardKind, name: str, raw: Mapping[str, object]
) -> tuple[Card | None, list[Flaw]]:
    """Return the card that the text ``raw`` of the file called ``name`` states, and all flaws.

    A stub that holds more than a stub does is a flaw, and a card nevertheless: it can be erased.
    """
    scalars: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    flaws: list[Flaw] = []
    for key, value in raw.items():
        if key in kind.lists and isinstance(value, list):
            items = [item for item in value if isinstance(item, str)]
            if len(items) != len(value):
                flaws.append(kind.shape.bad_value(key, str(value)))
            lists[key] = tuple(items)
        elif key in kind.lists and isinstance(value, str) and value:
            lists[key] = (value,)  # one, written without brackets
        elif isinstance(value, str) and (value or key not in kind.shape.fields):
            scalars[key] = value
        elif value != "":
            flaws.append(
                kind.shape.bad_value(key, str(value))
                if key in kind.shape.fields
                else Flaw("E201", key, {"key": key, "known": ", ".join(kind.shape.fields)})
            )
    _, wrong = kind.shape.convert(scalars)
    erased = kind is CUSTOMER and "erased" in scalars
    flaws.extend(flaw for flaw in wrong if not (erased and _is_missing_name(flaw)))
    form = scalars.get("format", "1")
    if form != "1":
        flaws = [Flaw("E204", "format", {"found": form[:20], "known": "1"})]
    stated = scalars.get("serial" if kind is UNIT else "id", "")
    if stated and stated != name and not flaws:
        flaws.append(Flaw("E301", "id", {"id": stated, "name": name}))
    if kind is CUSTOMER and stated and not flaws and not identity.is_sound(stated):
        flaws.append(Flaw("E302", "id", {"id": stated}))
    if flaws:
        return None, flaws
    return Card(kind, name, scalars, lists), _filled_again(name, scalars) if erased else []


def _is_missing_name(flaw: Flaw) -> bool:
    return flaw.code == "E202" and flaw.key == "name"


_OF_A_STUB = frozenset({"format", "id", "erased", "erased-by", "reason", "alias"})


def beside_the_stub(fields: Mapping[str, object]) -> list[str]:
    """Return the fields of an erased customer's card that ``erased`` does not leave there."""
    return [key for key in fields if key not in _OF_A_STUB]


def _filled_again(name: str, fields: Mapping[str, str]) -> list[Flaw]:
    more = beside_the_stub(fields)
    return [Flaw("E212", more[0], {"id": name, "fields": ", ".join(more)})] if more else []


def erased(identifier: str, at: str, by: str, reason: str) -> dict[str, str]:
    """Return what is left of a customer's card: that it was erased, when, by whom and why."""
    return {
        "format": "1",
        "id": identifier,
        "erased": at,
        "erased-by": by,
        "reason": reason,
    }
