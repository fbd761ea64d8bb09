"""Cards as they were at a moment in the past: what git remembers of them. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from svcctl.desk import finding
from svcctl.domain import cards, identity
from svcctl.domain.cards import Card, CardKind
from svcctl.domain.problems import N_, GitFailed, Message, NotFound, Said, Unreadable
from svcctl.domain.times import format_instant
from svcctl.ledger.folder import RECORDS
from svcctl.ledger.records import load_card, read_card

if TYPE_CHECKING:
    from svcctl.desk.view import View


def cards_then(view: View, kinds: Sequence[CardKind], name: str = "*") -> list[Card]:
    """Return the cards of ``kinds`` at the view's moment, by kind and id; ``name``: only that one.

    They are what git says they were: see ``past.files_at``. A customer who was erased since stays so. One that could not be read then is left
    out of many, and raises ``Unreadable`` where it alone is asked for. Raises ``GitFailed`` where
    there is no git, or not all of its history.
    """
    from svcctl.ledger import git
    from svcctl.ledger.past import files_at

    gitdir = view.desk.ledger.git
    if gitdir is None:
        raise GitFailed(
            "no-history",
            Message(
                N_("what a card said before is remembered by git alone: {reason}"),
                {"reason": Said.of(git.why_without_git())},
            ),
            Message(N_("ask without --as-of and --known for the cards as they are now")),
        )
    alone = name != "*"
    folders = {f"{RECORDS}/{kind.folder}": kind for kind in kinds}
    wanted = [f"{folder}/{name}.yaml" if alone else folder for folder in folders]
    erased = _erased(view) if cards.CUSTOMER in kinds else {}
    found = []
    for path, data in files_at(gitdir, wanted, view.as_of, view.known).items():
        kind = folders.get(path.rpartition("/")[0])
        if kind is None or not path.endswith(".yaml"):
            continue
        card, problems = read_card(kind, data, path)
        if card is not None:
            found.append(erased.get(card.id, card) if kind is cards.CUSTOMER else card)
        elif alone:
            raise Unreadable(
                "unreadable-record",
                Message(N_("{path} could not be read then"), {"path": path}),
                problems=tuple(problems),
            )
    return sorted(found, key=lambda card: (card.kind.name, card.id))


def _erased(view: View) -> dict[str, Card]:
    """Return what is left of the customers whose personal data was taken out, by id."""
    rows = view.desk.index.connection.execute(
        "select id from cards where kind='customer' and instr(fields, '\"erased\"') > 0"
    )
    names = [name for (name,) in rows.fetchall()]
    return {name: load_card(view.desk.ledger, cards.CUSTOMER, name) for name in names}


def card_at(view: View, kind: CardKind, typed: str) -> Card:
    """Return the card that ``typed`` names as it was at the view's moment: see ``find_card``.

    A name or phone number is looked up among the cards of now. Raises ``NotFound`` where the card
    was not there yet, or no longer.
    """
    if not view.past:
        return finding.find_card(view.desk, kind, typed)
    name = identity.normalise(typed) if kind is not cards.STAFF else typed
    if kind.ids.fullmatch(name) is None or not (found := cards_then(view, [kind], name)):
        name = finding.find_card(view.desk, kind, typed).id
        found = cards_then(view, [kind], name)
    if not found:
        raise NotFound(
            "not-yet",
            Message(
                N_("{id} did not exist yet at {at}"),
                {"id": name, "at": format_instant(min(view.as_of, view.known or view.as_of))},
            ),
        )
    return found[0]


def tickets_of(view: View, kind: CardKind, name: str) -> list[str]:
    """Return the ids of the tickets of a customer or a unit at the view's moment, oldest first."""
    if not view.past:
        from svcctl.ledger.ask import tickets_of

        return tickets_of(view.desk.index, kind.name, name)
    rows = view.tickets(f"t.{kind.name} = ?", [name], lambda row: row[kind.name] == name)
    return [row["id"] for row in sorted(rows, key=lambda row: (row["opened"], row["id"]))]


def says(card: Card, text: str) -> bool:
    """Whether a card has ``text`` in its id or a field, as ``find`` and ``list`` look for it."""
    words = [card.id, *card.fields.values(), *(w for many in card.lists.values() for w in many)]
    return any(text.lower() in word.lower() for word in words)
