"""Tickets: take one, let something happen to it. The cycle of every write: read, decide, append, commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from svcctl.desk import items, warranty
from svcctl.desk.desk import Desk
from svcctl.desk.doubts import (
    about_complaint_left,
    after_writing,
    asked_before,
    complaint_of,
    complaints_of,
    of_another,
)
from svcctl.desk.finding import customer_id, find_card, ticket_file
from svcctl.desk.naming import customer_name, person_name
from svcctl.desk.typed import named_field, stored_fields, stored_form
from svcctl.desk.writing import Manner, Outcome, Writing
from svcctl.domain import cards, identity
from svcctl.domain.cases import Case, Event
from svcctl.domain.checks.dissatisfaction import dissatisfied
from svcctl.domain.contests import setter_of
from svcctl.domain.decide import Who, Wish, decide, reopen_until
from svcctl.domain.judging import Obligation
from svcctl.domain.obligations import obligations
from svcctl.domain.problems import N_, Message, Problem, Refusal, Usage
from svcctl.domain.replay import State, replay
from svcctl.domain.schema import Value, as_text
from svcctl.domain.ticket import TICKET
from svcctl.domain.times import CLOCKS_DIFFER_BY
from svcctl.ledger.folder import ticket_path
from svcctl.ledger.records import load_card, load_ticket


class Written(NamedTuple):
    """What a writing command wrote: the event's line, the ticket after it, what to know besides."""

    path: str
    event: Event
    state: State
    owed: list[Obligation]
    outcome: Outcome
    also: tuple[Written, ...] = ()
    problems: tuple[Problem, ...] = ()
    before: tuple[Event, ...] = ()
    """Lines of the same ticket that were written with ``event``, before it."""

    def item(self, desk: Desk) -> items.Item:
        """Return the ticket as machine output has it, with what was written."""
        name = customer_name(desk, self.state.text("customer"))
        item = items.of_state(self.state, self.owed, desk.now(), name)
        events = (*self.before, self.event, *(other.event for other in self.also))
        item["written"] = [event.canonical() for event in events]
        return item


def take(desk: Desk, fields: Mapping[str, str], manner: Manner) -> Written:
    """Open a ticket. ``fields`` are the head's fields as text; ``customer`` may be typed loosely.

    Raises ``Usage`` for bad fields, ``NotFound`` for an unknown customer or unit, ``Refusal``.
    """
    code = desk.desk_code()
    who = desk.who(manner.by)
    opened = desk.read_time(manner.at)
    wanted = stored_fields(desk, TICKET.head.fields, fields, opened)
    notices = [*_complete(desk, wanted), *asked_before(desk, wanted)]
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        now = desk.now()
        case = _opened_case(desk, code, wanted, opened, now, who)
        path = ticket_path(case.id)
        writing.create(path, case.text())
        outcome = writing.finish(f"{case.id} opened", who, now)
    outcome = outcome._replace(notices=(*notices, *outcome.notices))
    state = replay(case)
    return Written(path, case.events[0], state, obligations(state, desk.book), outcome)


def _complete(desk: Desk, fields: dict[str, str]) -> list[Message]:
    """Fill what follows from the ticket it is about and from the cards: whose, which unit; return what
    is in doubt about these."""
    from_earlier(desk, fields)
    serial, owner = fields.get("unit", ""), ""
    if serial:
        unit = find_card(desk, cards.UNIT, serial)
        fields["unit"] = identity.normalise(serial)
        owner = unit.get("customer")
        if not fields.get("customer"):
            fields["customer"] = owner
    if fields.get("customer"):
        fields["customer"] = customer_id(desk, fields["customer"])
        load_card(desk.ledger, cards.CUSTOMER, fields["customer"])
    fields.setdefault("channel", "phone")
    fields.setdefault("priority", "normal")
    return of_another(desk, fields, owner)


def from_earlier(desk: Desk, fields: dict[str, str]) -> None:
    """Fill what is not said from the ticket that a new one is ``about``; it may be typed loosely.

    Whose it is and which product follows only where neither is said.
    """
    if not fields.get("about"):
        return
    earlier = preview(desk, fields["about"])
    fields["about"] = earlier.case.id
    names = ["kind", "subject", "category", "region"]
    if not (fields.get("customer") or fields.get("unit")):
        names += ["customer", "unit", "model"]
    for name in names:
        if earlier.text(name) and not fields.get(name):
            fields[name] = earlier.text(name)


def _opened_case(
    desk: Desk, code: str, fields: Mapping[str, str], opened: datetime, now: datetime, who: Who
) -> Case:
    if opened > now + CLOCKS_DIFFER_BY:
        raise Refusal(
            "in-the-future",
            Message(
                N_("{at} has not happened yet: now it is {now}"),
                {"at": as_text(opened), "now": as_text(now)},
            ),
            Message(N_("check --at and this computer's clock"), {}),
        )
    head = head_values(fields)
    head["id"] = next_id(desk, code, opened)
    head["opened"] = opened
    ordered = {name: head[name] for name in TICKET.head_order if name in head}
    event = Event(1, code, opened, now, who.id, "opened")
    return Case(TICKET, ordered, [event])


def head_values(fields: Mapping[str, str]) -> dict[str, Value]:
    """Return the head's values; raises ``Usage`` for the first field that is unknown, bad or missing."""
    shape = TICKET.head
    values: dict[str, Value] = {}
    for key, text in fields.items():
        if key not in shape.fields or key in ("id", "opened", "alias"):
            known = ", ".join(k for k in shape.fields if k not in ("id", "opened", "alias"))
            raise Usage(
                "unknown-field",
                Message(N_("a ticket has no field {key}"), {"key": key}),
                Message(N_("known are: {known}"), {"known": known}),
            )
        if text == "":
            continue
        try:
            values[key] = shape.converters[key](text)
        except ValueError:
            raise Usage(
                "bad-value",
                Message(N_("{key}: “{value}” is not {expected}"), shape.bad_value(key, text).args),
            ) from None
    for key in shape.required:
        if key not in values and key not in ("id", "opened"):
            raise Usage(
                "missing-field",
                Message(N_("a ticket needs {key}"), {"key": key}),
                Message(N_("give it with --{key}"), {"key": key}),
            )
    return values


def next_id(desk: Desk, code: str, opened: datetime) -> str:
    """Return the desk's next free id of that day. Call it under the lock."""
    day = opened.astimezone(desk.zone).date()
    stem = f"{code}-{day:%y%m%d}-"
    folder = f"tickets/{day:%Y/%m}"
    taken = [
        int(found[3])
        for name in desk.ledger.names(folder)
        if name.startswith(stem) and (found := identity.TICKET.fullmatch(name))
    ]
    number = max(taken, default=0)
    while True:
        number += 1
        identifier = identity.ticket_id(code, day, number)
        if identifier is not None:
            return identifier


def act(
    desk: Desk,
    typed: str,
    do: str,
    fields: Mapping[str, str],
    manner: Manner,
    *more: Mapping[str, str],
    another: bool = False,
) -> Written:
    """Let ``do`` happen to the ticket that ``typed`` names. Returns what was written.

    ``more``: let it happen again with these fields, in the same commit. ``another``: a dispatch is
    meant as one more visit while one is under way.

    Raises ``NotFound``, ``Unreadable``, ``Usage``, ``Refusal``, ``Busy``.
    """
    if do == "attached":
        raise Refusal(
            "not-by-hand",
            Message(N_("{do} needs a file"), {"do": do}),
            Message(N_("svcctl ticket attach {typed} FILE"), {"typed": typed}),
        )
    code = desk.desk_code()
    path = ticket_file(desk, typed)
    who = desk.who(manner.by)
    at = desk.read_time(manner.at)
    declared = TICKET.events[do]
    each = [stored_fields(desk, declared.shape.fields, one, at) for one in (fields, *more)]
    notices = [notice for wanted in each for notice in _check_people(desk, wanted)]
    complaints = complaints_of(desk, do, path)
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        now = desk.now()
        case, data, problems = load_ticket(desk.ledger, path)
        after = state = replay(case)
        if do == "reopened":
            _check_not_too_late(desk, state, at)
        if do == "dispatched" and not another:
            _check_no_visit_under_way(desk, state)
        owed = obligations(state, desk.book) if do == "closed" else []
        events: list[Event] = []
        for wanted in each:
            if do == "amended":
                wanted.update(_amendment(desk, case, wanted, at))
            wish = Wish(do, wanted, at, who, code)
            events.append(decide(after, wish, now, desk.book.at(now), owed))
            after = replay(Case(TICKET, case.head, [*case.events, *events]))
        writing.append(path, data, *(event.canonical() for event in events))
        *before, event = events
        also: tuple[Written, ...] = ()
        if not complaint_of(after, desk.book, complaints):  # an answer that counts again has one
            also = _complaint(desk, writing, state, after, event, now, who, code)
        outcome = writing.finish(f"{case.id} {do}", who, now)
    if do == "reviewed":
        notices += warranty.doubts(desk, after)
    notices += after_writing(desk.book, state, after, event, who.role)
    notices += about_complaint_left(state, after, desk.book, complaints)
    outcome = outcome._replace(notices=(*notices, *outcome.notices))
    owed = obligations(after, desk.book)
    return Written(path, event, after, owed, outcome, also, tuple(problems), tuple(before))


def _amendment(desk: Desk, case: Case, wanted: Mapping[str, str], at: datetime) -> dict[str, str]:
    """Return an amendment's field by its key and its value in the form that field stores.

    Raises ``Usage`` where what is amended is there and has no such field to be corrected.
    """
    target = wanted.get("target", "")
    do = next((event.do for event in case.events if event.name == target), "")
    if target != "head" and not do:
        return {}
    shape = TICKET.events[do].shape if do else TICKET.head
    amendable = TICKET.events[do].amendable if do else TICKET.amendable
    known = [name for name in shape.fields if name in amendable]
    name = named_field(wanted.get("field", ""), known)
    if name not in known:
        raise Usage(
            "unknown-field",
            Message(
                N_("{target} has no field “{key}” that can be corrected"),
                {"target": target, "key": name},
            ),
            Message(N_("known are: {known}"), {"known": ", ".join(known)}),
        )
    return {
        "field": name,
        "value": stored_form(desk, shape.fields[name], wanted.get("value", ""), at),
    }


def _check_people(desk: Desk, fields: Mapping[str, str]) -> list[Message]:
    """Refuse to send somebody who left, or an approval by who may not; say what is unusual."""
    notices = []
    for key in ("to", "approved"):
        if not fields.get(key):
            continue
        card = desk.staff(fields[key])
        role = card.get("role")
        if desk.has_left(card):
            raise Refusal(
                "has-left",
                Message(N_("{name} left on {day}"), {"name": card.id, "day": card.get("left")}),
            )
        if key == "to" and role != "engineer":
            notices.append(
                Message(N_("{name} is {role}, not an engineer"), {"name": card.id, "role": role})
            )
        if key == "approved" and not desk.book.at(desk.now()).allows("approve", role):
            raise Refusal(
                "may-not-approve",
                Message(
                    N_("{name} is {role} and may not approve a reassignment"),
                    {"name": card.id, "role": role},
                ),
                Message(N_("the responsible lead approves: --approved-by MANAGER"), {}),
            )
    return notices


def _check_not_too_late(desk: Desk, state: State, at: datetime) -> None:
    """Refuse to take up again what ended longer ago than the policy's ``reopen`` allows."""
    until = reopen_until(state, desk.book)
    if until is not None and at > until:
        raise Refusal(
            "too-late-to-reopen",
            Message(
                N_("{id} could be reopened until {until}"),
                {"id": state.case.id, "until": as_text(until)},
            ),
            Message(
                N_("take a new request about it: svcctl ticket new --about {id}"),
                {"id": state.case.id},
            ),
        )


def _check_no_visit_under_way(desk: Desk, state: State) -> None:
    """Refuse a second visit that was perhaps meant to move the first."""
    sent = setter_of(state, "visit")
    if state.state not in ("dispatched", "on-site") or sent is None or not state.text("visit"):
        return  # where somebody came without having been sent, there is nothing to be moved
    raise Refusal(
        "visit-under-way",
        Message(
            N_("{engineer} is already sent, for {visit}"),
            {
                "engineer": person_name(desk, state.text("engineer")),
                "visit": state.text("visit"),
            },
        ),
        Message(
            N_(
                "another time: svcctl ticket amend {id} {event} visit TIME --reason …; another engineer: "
                "svcctl ticket reassign {id} …; a second visit besides: --another"
            ),
            {"id": state.case.id, "event": sent},
        ),
    )


def _complaint(
    desk: Desk,
    writing: Writing,
    before: State,
    after: State,
    event: Event,
    now: datetime,
    who: Who,
    code: str,
) -> tuple[Written, ...]:
    """Open the complaint that a dissatisfied answer asks for (SERVICE-RULES 10), in the same commit."""
    answer = dissatisfied(after, desk.book)
    if (
        answer is None
        or dissatisfied(before, desk.book) is not None
        or after.text("kind") == "complaint"
    ):
        return ()
    fields = {
        "kind": "complaint",
        "channel": "phone",
        "customer": after.text("customer"),
        "unit": after.text("unit"),
        "priority": "urgent",
        "subject": as_text(event.fields.get("words", "")).split("\n")[0] or after.text("subject"),
        "about": after.case.id,
    }
    case = _opened_case(desk, code, fields, event.at, now, who)
    path = ticket_path(case.id)
    writing.create(path, case.text())
    state = replay(case)
    return (Written(path, case.events[0], state, obligations(state, desk.book), Outcome()),)


def preview(desk: Desk, typed: str) -> State:
    """Return the present state of a ticket, from its file."""
    case, _, _ = load_ticket(desk.ledger, ticket_file(desk, typed))
    return replay(case)
