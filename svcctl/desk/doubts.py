"""What is told besides a line that was written: doubles, slips of the tongue. Refuses nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from svcctl.desk.desk import Desk
from svcctl.domain.cases import Event
from svcctl.domain.money import agreed, hundredths, missing, received
from svcctl.domain.problems import N_, Message
from svcctl.domain.replay import State
from svcctl.domain.schema import MONEY, as_text

LONG_AGO = timedelta(days=31)
"""How far back what is noted today may lie before it looks like a slip: more than any month."""


def asked_before(desk: Desk, fields: Mapping[str, str]) -> list[Message]:
    """Say which open tickets ask for the same: somebody called twice, or typed twice.

    Asked where the index is open already, because the customer was named as people name them; a
    program that gives the id knows what it does.
    """
    if not desk.index_is_open or fields.get("about"):
        return []
    from svcctl.ledger.ask import open_about

    found = open_about(
        desk.index,
        fields.get("customer", ""),
        fields.get("kind", ""),
        fields.get("unit", ""),
        fields.get("subject", ""),
    )
    if not found:
        return []
    text = N_("an open ticket asks for the same: {listed}; if this is a double, cancel it")
    listed = "; ".join(f"{identifier} {subject}" for identifier, subject in found)
    return [Message(text, {"listed": listed})]


def about_waiting(state: State, event: Event) -> list[Message]:
    """Say that a pause began within another for the same: clocks stand still already."""
    if event.do != "paused":
        return []
    whom, waiting = event.fields["for"], ""
    for fact in sorted(state.facts, key=lambda fact: (fact.at, fact.event.order)):
        earlier = fact.event
        if fact.at > event.at:
            break
        if earlier.do == "paused" and earlier.fields["for"] == whom:
            waiting = waiting or earlier.name
        elif earlier.do == "resumed" and earlier.fields.get("for", whom) == whom:
            waiting = ""
    if not waiting:
        return []
    text = N_("it waits for {whom} since {event} already; `svcctl ticket resume` ends both")
    return [Message(text, {"whom": as_text(whom), "event": waiting})]


def about_time(event: Event) -> list[Message]:
    """Say where an appointment lies before the moment it was made: a slip of the tongue, mostly."""
    visit = event.fields.get("visit")
    if not isinstance(visit, datetime) or visit >= event.at:
        return []
    args = {"visit": as_text(visit), "at": as_text(event.at)}
    return [Message(N_("the appointment {visit} lies before the dispatch itself ({at})"), args)]


def about_long_ago(event: Event) -> list[Message]:
    """Say where an entry is of a time so long past that the year or month may be a slip."""
    gap = event.noted - event.at
    if gap <= LONG_AGO:
        return []
    text = N_(
        "{at} is {days} days ago; if that is a slip: svcctl undo --reason …, and add it again"
    )
    return [Message(text, {"at": as_text(event.at), "days": str(gap.days)})]


def about_money(after: State, event: Event) -> list[Message]:
    """Say how much of what was agreed has not come in, where a payment was written."""
    if event.do != "paid":
        return []
    told = missing(after)
    return [] if told is None else [told]


def is_part(state: State, fields: Mapping[str, str]) -> bool:
    """Whether a payment about to be written leaves something of what was agreed to be paid."""
    whole = agreed(state)
    amount = fields.get("amount", "")
    if whole is None or not MONEY.fullmatch(amount):
        return False  # what is no amount is refused where it is decided
    return received(state) + hundredths(amount) < whole


def about_complaint(after: State, event: Event) -> list[Message]:
    """Say where a complaint ends and nothing was written of its cause."""
    if (
        event.do != "closed"
        or after.text("kind") != "complaint"
        or after.counts.get("investigated")
    ):
        return []
    text = N_(
        "nothing says what was found: `svcctl ticket record {id} investigated cause=… liability=…` "
        "can still write it down"
    )
    return [Message(text, {"id": after.case.id})]


def said_before(after: State, event: Event) -> list[Message]:
    """Say where a visit is finished, or its slip handed in, for the second time: each is owed for."""
    if event.do not in ("finished", "slip-returned"):
        return []
    facts = [fact for fact in after.facts if fact.event.do == event.do]
    made = next((fact for fact in facts if fact.event.name == event.name), None)
    if made is None:
        return []
    same = [f for f in facts if f is not made and (f.visit, f.cycle) == (made.visit, made.cycle)]
    text = N_(
        "{earlier} already says {do} for this visit: if it is the same, svcctl undo --reason …; "
        "to correct the first: svcctl ticket amend {id} {earlier} FIELD VALUE --reason …"
    )
    args = {"do": event.do, "id": after.case.id}
    return [Message(text, {**args, "earlier": fact.event.name}) for fact in same[-1:]]
