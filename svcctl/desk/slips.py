"""The repair slip of a visit: what the ledger knows, put where the paper shows it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from svcctl.desk.finding import ticket_file
from svcctl.desk.warranty import warranty_until
from svcctl.domain import cards
from svcctl.domain.cards import Card
from svcctl.domain.problems import N_, Message, NotFound, Refusal, Unreadable
from svcctl.domain.replay import Fact, State, replay
from svcctl.domain.schema import as_text
from svcctl.domain.times import format_instant
from svcctl.ledger.records import load_card, load_ticket
from svcctl.views.slip import SlipPage

if TYPE_CHECKING:
    from svcctl.desk.desk import Desk
    from svcctl.desk.view import View


def slip_page(view: View, typed: str, visit: int | None) -> SlipPage:
    """Return what is printed on the slip of a ticket's visit (default: its latest).

    Raises ``NotFound`` for an unknown ticket or visit, ``Refusal`` where no visit was dispatched.
    """
    desk = view.desk
    case, _, _ = load_ticket(desk.ledger, ticket_file(desk, typed))
    state = replay(case, view.as_of, view.known)
    if state.visits == 0:
        raise Refusal(
            "no-visit",
            Message(N_("{id} has no visit yet, and a slip belongs to a visit"), {"id": case.id}),
            Message(N_("svcctl ticket dispatch {id} --to … --visit …"), {"id": case.id}),
        )
    number = state.visits if visit is None else visit
    if not 1 <= number <= state.visits:
        raise NotFound(
            "no-such-visit",
            Message(
                N_("there is no visit {number}; this ticket has {visits}"),
                {"number": str(number), "visits": str(state.visits)},
            ),
        )
    return _page(desk, state, number)


def _page(desk: Desk, state: State, number: int) -> SlipPage:
    facts = [fact for fact in state.facts if fact.visit == number]
    sent = [fact for fact in facts if fact.event.do in ("dispatched", "reassigned")]
    arrived = _last(facts, "arrived")
    finished = _last(facts, "finished")
    customer = _card(desk, cards.CUSTOMER, state.text("customer"))
    unit = _card(desk, cards.UNIT, state.text("unit"))
    policy = desk.book.at(state.opened)
    engineer = as_text(sent[-1].event.fields["to"]) if sent else state.text("engineer")
    visits = [fact.event.fields["visit"] for fact in sent if "visit" in fact.event.fields]
    return SlipPage(
        number=f"{state.case.id}/{number}",
        ticket=state.case.id,
        zone=desk.zone,
        opened=state.opened,
        channel=state.text("channel"),
        kind=state.text("kind"),
        customer=_field(customer, "name"),
        department=policy.company,
        desk=state.case.id.split("-")[0],
        service_phone=policy.service_phone,
        priority=state.text("priority"),
        contact=_field(customer, "contact"),
        phone=_field(customer, "phone"),
        company=_field(customer, "company"),
        address=_field(customer, "address"),
        model=state.text("model") or _field(unit, "model"),
        serial=state.text("unit"),
        purchased=_day(state.text("bought") or _field(unit, "sold")),
        installed=_day(_field(unit, "installed")),
        cover=state.text("cover"),
        warranty_scope=policy.warranty,
        warranty_period=_field(unit, "warranty"),
        warranty_until=warranty_until(unit),
        fault=_fault(state),
        wanted=_day(state.text("wanted")),
        marks="; ".join(m for m in (state.text("marks"), _field(customer, "marks")) if m),
        engineer=_name(desk, engineer),
        visit=visits[-1] if visits and isinstance(visits[-1], datetime) else None,
        arrived=arrived.at if arrived else None,
        left=finished.at if finished else None,
        found=_text(finished, "fault"),
        handling=_text(finished, "action"),
        result=_text(finished, "result"),
        fee=_text(finished, "fee") or state.text("quote"),
        currency=policy.currency,
        contested=tuple(sorted(set(state.contested) & {"engineer", "visit", "cover"})),
    )


def slip_item(page: SlipPage) -> dict[str, object]:
    """Return what is printed on a slip as machine output has it; what is blank is null."""
    item: dict[str, object] = {"slip": page.number}
    for name, value in page._asdict().items():
        if isinstance(value, datetime):
            item[name] = format_instant(value.astimezone(page.zone))
        elif isinstance(value, date):
            item[name] = value.isoformat()
        elif name == "parts":
            item[name] = [part._asdict() for part in page.parts]
        elif name == "contested":
            item[name] = list(page.contested)
        elif name not in ("zone", "number"):
            item[name] = value or None
    return item


def _fault(state: State) -> str:
    details = state.text("details")
    return state.text("subject") + (f"\n{details}" if details else "")


def _last(facts: list[Fact], do: str) -> Fact | None:
    return next((fact for fact in reversed(facts) if fact.event.do == do), None)


def _text(fact: Fact | None, field: str) -> str:
    value = fact.event.fields.get(field) if fact is not None else None
    return "" if value is None else as_text(value)


def _card(desk: Desk, kind: cards.CardKind, name: str) -> Card | None:
    if not name:
        return None
    try:
        return load_card(desk.ledger, kind, name)
    except (NotFound, Unreadable):
        return None  # the slip shows blanks to fill in; the audit names the missing card


def _field(card: Card | None, name: str) -> str:
    return card.get(name) if card is not None else ""


def _name(desk: Desk, staff: str) -> str:
    card = _card(desk, cards.STAFF, staff)
    return card.get("name") if card is not None else staff


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def templates_of(desk: Desk) -> Path | None:
    """Return the ledger's own templates folder, where it has one."""
    folder = desk.ledger.root / "templates"
    return folder if folder.is_dir() else None
