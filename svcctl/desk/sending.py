"""Sending each person's list: once, through the outbox, what failed before it first.

Every message is written down before it is sent and marked after; what a target did not take waits for
the next time. Writes no record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from svcctl.desk.reminding import by_section, key_of
from svcctl.domain.problems import N_, Message, NotFound, Usage
from svcctl.domain.times import format_instant
from svcctl.exchange.letters import Carrier, Letter, Undelivered
from svcctl.exchange.targets import Target, is_address
from svcctl.ledger.outbox import Outbox, Waiting

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk

Item = dict[str, Any]
KEPT = timedelta(days=400)
"""So long a mark of a message is kept: what has gone up is told once within it."""
UNSENT = ("unsent", "no-address", "no-recipient")
"""What became of a message that reached nobody."""


class Delivery(NamedTuple):
    """What became of one message: ``sent``, ``nothing-new``, or one of ``UNSENT``."""

    id: str
    person: str
    name: str
    target: str
    address: str
    lines: int
    state: str
    why: Message | None = None

    def item(self) -> Item:
        """As machine output has it; ``why`` in English."""
        why = None if self.why is None else self.why.template.format_map(dict(self.why.args))
        made = self._asdict()
        return {**made, "id": self.id or None, "person": self.person or None, "why": why}


def carrier_of(target: Target) -> Carrier:
    """Return who takes letters to a target."""
    if target.how == "mail":
        from svcctl.exchange.mail import Mail

        return Mail(target)
    from svcctl.exchange.webhook import Service, Webhook

    return Service(target) if target.how == "apprise" else Webhook(target)


def send(
    desk: Desk,
    items: Sequence[Item],
    targets: Sequence[Target],
    *,
    show_personal: bool = False,
    carriers: Callable[[Target], Carrier] = carrier_of,
) -> list[Delivery]:
    """Send each person's lines that were not sent yet, and what waits for these targets.

    Call it in the language of the messages. Raises ``Busy`` while another command sends.
    """
    outbox = Outbox(desk.ledger)
    done = [
        Delivery("", "", role, "", "", len(list(rows)), "no-recipient", _nobody(role))
        for role, rows in groupby(
            (item for item in items if item["person"] is None), key=lambda item: str(item["role"])
        )
    ]
    with outbox.at_work():
        outbox.forget((desk.now() - KEPT).date().isoformat())
        for target in targets:
            post = _Post(desk, outbox, target, carriers(target))
            try:
                waiting, damaged = outbox.waiting()
                post.again(waiting)
                post.fresh(items, show_personal)
            finally:
                post.carrier.close()
            done += post.done
        done += [_damaged(path.name) for path in damaged] if targets else []
    return done


class _Post:
    """The round to one target."""

    def __init__(self, desk: Desk, outbox: Outbox, target: Target, carrier: Carrier) -> None:
        self.desk = desk
        self.outbox = outbox
        self.target = target
        self.carrier = carrier
        self.done: list[Delivery] = []
        self._down: Message | None = None
        self._cards = {card.id: card for card in desk.all_staff()}

    def again(self, waiting: Iterable[Waiting]) -> None:
        """Send what waits for this target, in the order in which it was written."""
        for message in waiting:
            identity, _, to = message.target.partition(" ")
            if identity == self.target.identity and (not to or to in self.target.to):
                self._try(message, to)

    def fresh(self, items: Sequence[Item], show_personal: bool) -> None:
        """Write down and send what each person has not been told."""
        taken = self.outbox.taken()
        today = self.desk.now().date().isoformat()
        by_person: dict[str, list[Item]] = {}
        for item in items:
            if item["person"] is not None:
                by_person.setdefault(item["person"], []).append(item)
        for person, mine in by_person.items():
            mine.sort(key=by_section)  # of somebody who is told by more than one role
            for to in self.target.to or ("",):
                place = f"{self.target.identity} {to}".strip()
                told = taken.get((place, person), {})
                new = [item for item in mine if not _is_told(key_of(item), told, today)]
                if not new:
                    self._note("", person, to, 0, "nothing-new")
                elif self.target.how == "mail" and not self._address(person, to):
                    self._note("", person, to, len(new), "no-address", _no_address(person))
                else:
                    message = self._written(place, person, today, new, show_personal)
                    self.outbox.put(message)
                    self._try(message, to)

    def _written(
        self, place: str, person: str, today: str, items: list[Item], show_personal: bool
    ) -> Waiting:
        """Return the message about ``items``; its id follows from what it is, not from when."""
        import hashlib

        from svcctl.views import reminders
        from svcctl.views.personal import without_personal

        keys = tuple(key_of(item) for item in items)
        name = self._cards[person].get("name")
        policy = self.desk.book.at(self.desk.now())
        told = items if show_personal else without_personal(items)
        letter = {
            "name": name,
            "company": policy.company,
            "subject": reminders.subject(policy.company, name, today, items),
            "body": reminders.body(told),
            "items": told,
        }
        parts = "\n".join((place, person, today, *sorted(keys)))
        made = format_instant(self.desk.now())
        name = hashlib.sha256(parts.encode()).hexdigest()[:32]
        return Waiting(name, place, person, made, keys, letter)

    def _try(self, message: Waiting, to: str) -> None:
        """Send one message that is written down, and mark it; or note why it waits on."""
        why = self._down
        address = self._address(message.person, to)
        if why is None and self.target.how == "mail" and not address:
            why = _no_address(message.person)
        elif why is None:
            try:
                self.carrier.deliver(_letter(message, address))
            except Undelivered as error:
                why = error.why
                self._down = why if error.down else None
        if why is None:
            self.outbox.arrived(message, format_instant(self.desk.now()))
        else:
            self.outbox.failed(message, why.template.format_map(dict(why.args)))
        state = "sent" if why is None else "unsent"
        self._note(message.id, message.person, address, len(message.keys), state, why)

    def _address(self, person: str, to: str) -> str:
        """Return where a person's mail goes: as the target says, else as the card says now."""
        card = self._cards.get(person)
        address = to or (card.get("email") if card is not None else "")
        return address if is_address(address) else ""

    def _note(
        self,
        name: str,
        person: str,
        address: str,
        lines: int,
        state: str,
        why: Message | None = None,
    ) -> None:
        card = self._cards.get(person)
        shown = card.get("name") if card is not None else ""
        if self.target.how != "mail":
            address = ""
        self.done.append(
            Delivery(name, person, shown, self.target.shown, address, lines, state, why)
        )


def _is_told(key: str, told: dict[str, str], today: str) -> bool:
    """What has gone up is told once; everything else once a day."""
    return key in told and (key.startswith("up ") or told[key] == today)


def _letter(message: Waiting, address: str) -> Letter:
    parts = message.letter
    return Letter(
        message.id,
        message.made,
        address,
        str(parts.get("name", "")),
        str(parts.get("subject", "")),
        str(parts.get("body", "")),
        str(parts.get("company", "")),
        {"person": message.person, "items": parts.get("items", [])},
    )


def _nobody(role: str) -> Message:
    return Message(N_("nobody has the role {role}"), {"role": role})


def _no_address(person: str) -> Message:
    return Message(
        N_("no usable e-mail address on the card of {person}: svcctl staff set {person} --email …"),
        {"person": person},
    )


def _damaged(name: str) -> Delivery:
    why = Message(N_("the file of the outbox cannot be read; it was left as it is"))
    return Delivery(name.removesuffix(".json"), "", "", "", "", 0, "unsent", why)


# The outbox itself ---------------------------------------------------------------------------------


def must_wait_for(desk: Desk) -> Usage:
    """Return the refusal to send again to nowhere: it names the targets that messages wait for."""
    waiting, _ = Outbox(desk.ledger).waiting()
    places = sorted({message.target.partition(" ")[0] for message in waiting})
    return Usage(
        "to-whom",
        Message(N_("send again by which target?")),
        Message(
            N_("give --to as when it failed; messages wait for: {places}"),
            {"places": ", ".join(places) or "-"},
        ),
    )


def drop(desk: Desk, name: str) -> None:
    """Remove a message that waits, unsent. Raises ``NotFound``."""
    outbox = Outbox(desk.ledger)
    with outbox.at_work():
        if not (name.isalnum() and outbox.drop(name)):
            waiting, damaged = outbox.waiting()
            known = [message.id for message in waiting] + [path.stem for path in damaged]
            raise NotFound(
                "no-such-message",
                Message(N_("no message {id} waits in the outbox"), {"id": name}),
                Message(N_("waiting are: {known}"), {"known": ", ".join(known) or "-"}),
            )
