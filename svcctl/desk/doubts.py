"""What is told besides a line that was written: doubles, slips of the tongue. Refuses nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from svcctl.desk.desk import Desk
from svcctl.desk.naming import customer_name
from svcctl.domain.cases import Case, Event
from svcctl.domain.checks.dissatisfaction import dissatisfied
from svcctl.domain.checks.service_rules import FINISH_IT, missing_on_slip, undescribed
from svcctl.domain.money import agreed, hundredths, missing, too_much, written
from svcctl.domain.obligations import obligations
from svcctl.domain.policy import Book
from svcctl.domain.problems import N_, Message
from svcctl.domain.replay import Fact, State, replay
from svcctl.domain.schema import as_text

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


def of_another(desk: Desk, fields: Mapping[str, str], owner: str) -> list[Message]:
    """Say where the product's card names another customer, ``owner``: a wrong number, or it was
    passed on."""
    customer = fields.get("customer", "")
    if not owner or owner == customer:
        return []
    text = N_(
        "the card of {unit} names {owner} as its customer, not {customer}; if it was passed on: "
        "svcctl unit set {unit} --customer {id}"
    )
    named = {
        key: " ".join(filter(None, (one, customer_name(desk, one))))
        for key, one in (("owner", owner), ("customer", customer))
    }
    return [Message(text, {"unit": fields["unit"], "id": customer, **named})]


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


def _is_received(event: Event) -> bool:
    return hundredths(event.fields["amount"]) > 0  # what was paid back is no payment too many


def about_money(before: State, after: State, event: Event) -> list[Message]:
    """Say how much of what was agreed has not come in, where a line changed that, and what is agreed."""
    told = missing(after)
    found = [] if told is None or told == missing(before) else [told]
    if event.do == "paid" and (over := too_much(after)) is not None:
        found.append(over)
        if _is_received(event):
            found.append(Message(N_("if a payment was written twice: svcctl undo"), {}))
    holds = agreed(after)
    if event.do == "quoted" and holds is not None:
        offered = hundredths(event.fields["amount"])
        if offered != holds:
            text = N_("{offered} counts once it is accepted; until then {agreed} holds")
            found.append(Message(text, {"offered": written(offered), "agreed": written(holds)}))
    if event.do == "finished" and "fee" in event.fields:
        found += _fee_before(before, event)
    return found


def _fee_before(before: State, event: Event) -> list[Message]:
    """Say that a fee takes the place of one said before, and is not added to it."""
    fees = [fact.event for fact in before.facts if "fee" in fact.event.fields]
    if not fees:
        return []
    fee, earlier = hundredths(event.fields["fee"]), hundredths(fees[-1].fields["fee"])
    text = N_(
        "the fee {fee} takes the place of {earlier} ({event}); if both are to be paid: "
        "svcctl ticket amend {id} {made} fee {both} --reason …"
    )
    args = {"fee": written(fee), "earlier": written(earlier), "both": written(fee + earlier)}
    return [
        Message(text, {**args, "event": fees[-1].name, "id": before.case.id, "made": event.name})
    ]


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
    """Say where an arrival, a finish or a slip of one visit is written for the second time."""
    if event.do not in ("arrived", "finished", "slip-returned"):
        return []
    made = _fact(after, event)
    if made is None:
        return []
    same = [f for f in _of_visit(after, made) if f is not made and f.event.do == event.do]
    if event.do == "arrived":  # who went, finished there and came again has arrived twice
        left = [f.event.order for f in _of_visit(after, made) if f.event.do == "finished"]
        same = [f for f in same if f.event.order > max(left, default=(0, ""))]
    text = N_(
        "{earlier} already says {do} for this visit: if it is the same, svcctl undo --reason …; "
        "to correct the first: svcctl ticket amend {id} {earlier} FIELD VALUE --reason …"
    )
    args = {"do": event.do, "id": after.case.id}
    return [Message(text, {**args, "earlier": fact.event.name}) for fact in same[-1:]]


def _fact(state: State, event: Event) -> Fact | None:
    return next((fact for fact in state.facts if fact.event.name == event.name), None)


def _of_visit(state: State, made: Fact) -> list[Fact]:
    return [f for f in state.facts if (f.visit, f.cycle) == (made.visit, made.cycle)]


def about_finish(after: State, event: Event, role: str) -> list[Message]:
    """Say where work is finished by an engineer who was not sent, or where nobody says he arrived.

    ``role`` is that of the person the line is by: who writes for the engineer is no other engineer.
    """
    made = _fact(after, event)
    if event.do != "finished" or made is None or not made.visit:
        return []
    told = []
    sent = [
        f.event.fields["to"]
        for f in after.facts
        if f.event.do in ("dispatched", "reassigned") and f.visit == made.visit
    ]
    args = {"id": after.case.id, "event": event.name, "by": event.by}
    if sent and role == "engineer" and sent[-1] != event.by:
        text = N_(
            "{engineer} was sent for this visit, not {by}; if that changed: svcctl ticket reassign {id} …"
        )
        told.append(Message(text, {**args, "engineer": as_text(sent[-1])}))
    arrived = any(
        f.event.do == "arrived" and f.visit == made.visit and f.at <= event.at for f in after.facts
    )
    if event.fields["result"] in _ON_SITE and not arrived:
        text = N_(
            "nothing says that anybody arrived for this visit: svcctl undo, then "
            "svcctl ticket arrive {id} --at TIME, and finish it again"
        )
        if after.state == "finished":  # an arrival may follow without changing where it stands
            text = N_(
                "nothing says that anybody arrived for this visit: "
                "svcctl ticket arrive {id} --at TIME writes it down"
            )
        told.append(Message(text, args))
    return told


def about_slip(after: State, event: Event) -> list[Message]:
    """Say at once what a slip will be found to lack: fault and action of the work, an opinion, a model."""
    made = _fact(after, event)
    if made is None or event.do not in ("finished", "slip-returned"):
        return []
    if event.do == "finished":
        done = [f.event for f in _of_visit(after, made) if f.event.do == "finished"]
        missing = [(field, event.name) for field in undescribed(done)] if made.visit else []
    else:
        missing = missing_on_slip(after, made)
    told = []
    for field, target in missing:
        text = N_(
            "{what} is not recorded, and the audit will say so (E410): "
            "svcctl ticket amend {id} {target} {field} VALUE --reason …"
        )
        if not target:
            text = FINISH_IT
        args = {"what": field, "field": field, "target": target, "id": after.case.id}
        told.append(Message(text, args))
    return told


_ON_SITE = ("fixed", "no-fault", "not-fixed", "parts-needed", "workshop")
"""Results that nobody has without having been there."""


def about_callback(book: Book, after: State, event: Event) -> list[Message]:
    """Say where a callback comes before it counts as one that is owed, and from when on it would."""
    if event.do != "called-back":
        return []
    told = []
    for one in obligations(after, book):
        if (
            one.not_before is None
            or event.at >= one.not_before
            or one.met is not None
            or one.ended is not None
            or event.do not in one.met_with
        ):
            continue
        # What it would have done, had it come when it counts.
        moved = event.amended({"at": one.not_before})
        case = after.case
        then = replay(Case(case.kind, case.head, [*case.events[:-1], moved]))
        if any(
            (other.kind, other.number, other.met_by) == (one.kind, one.number, event.name)
            for other in obligations(then, book)
        ):
            text = N_("this is no {what} yet: one counts from {since} on, and stays owed")
            told.append(Message(text, {"what": one.kind, "since": as_text(one.not_before)}))
    return told


def complaints_of(desk: Desk, do: str, path: str) -> dict[int, str]:
    """Return the open complaints about the ticket at ``path``, where ``do`` may turn an answer.

    To be asked before the ledger is locked: the index may have to be made first.
    """
    if do not in ("voided", "amended"):
        return {}
    from svcctl.ledger.ask import open_complaints

    return open_complaints(desk.index, path.rpartition("/")[2].removesuffix(".yaml"))


def complaint_of(state: State, book: Book, complaints: Mapping[int, str]) -> str:
    """Return which of the ``complaints`` the dissatisfied answer in ``state`` opened, or ""."""
    answer = dissatisfied(state, book)
    return "" if answer is None else complaints.get(int(answer.at.timestamp()), "")


def about_complaint_left(
    before: State, after: State, book: Book, complaints: Mapping[int, str]
) -> list[Message]:
    """Say where a dissatisfied answer counts no more, and the complaint it opened still stands."""
    complaint = complaint_of(before, book, complaints)
    if not complaint or dissatisfied(after, book) is not None:
        return []
    text = N_(
        "complaint {id} was opened by that line and stays open; if it was a mistake too: "
        "svcctl ticket cancel {id} --reason …"
    )
    return [Message(text, {"id": complaint})]


def after_writing(
    book: Book, before: State, after: State, event: Event, role: str
) -> list[Message]:
    """Return all that is to be told besides ``event``, by somebody of ``role``, as it was written."""
    return [
        *about_time(event),
        *about_waiting(before, event),
        *said_before(after, event),
        *about_finish(after, event, role),
        *about_slip(after, event),
        *about_callback(book, after, event),
        *about_money(before, after, event),
        *about_complaint(after, event),
    ]
