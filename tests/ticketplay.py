"""Tickets for tests: heads, events and whole histories in few words, and the shipped rules.

Times are written ``11-16 09:00`` (of 2026, +08:00), ``11-16 09:00:01`` or in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import cast

from svcctl.domain.calendar import Calendar
from svcctl.domain.cases import Case, Event
from svcctl.domain.decide import Who, Wish
from svcctl.domain.judging import Obligation
from svcctl.domain.obligations import obligations
from svcctl.domain.policy import Book, Policy
from svcctl.domain.policy_reading import read_policy
from svcctl.domain.policy_text import Fields
from svcctl.domain.replay import State, over_of, replay
from svcctl.domain.schema import Value
from svcctl.domain.standing import standing
from svcctl.domain.ticket import TICKET
from svcctl.ledger import cardfile

SHIPPED = Path(__file__).parent.parent / "svcctl" / "shipped"
CHINA = timezone(timedelta(hours=8))

Told = tuple[str, str] | tuple[str, str, Mapping[str, str]]
"""One thing that happened: when, what, with which fields as text."""


def at(text: str) -> datetime:
    """The instant that ``text`` names: see the module."""
    if "T" in text:
        return datetime.fromisoformat(text)
    year = "" if len(text.split(" ")[0]) == 10 else "2026-"
    return datetime.fromisoformat((year + text).replace(" ", "T")).replace(tzinfo=CHINA)


def head(**changes: str) -> dict[str, Value]:
    """The head of a repair opened on Monday 16 November 2026, 09:00, with some fields changed."""
    raw = {
        "id": "SHA-261116-01F",
        "kind": "repair",
        "opened": "2026-11-16T09:00:00+08:00",
        "channel": "phone",
        "customer": "SHA-C0001Z",
        "priority": "normal",
        "subject": "不制冷",
        **changes,
    }
    values, flaws = TICKET.head.convert(raw)
    assert not flaws, flaws
    return values


def event(
    n: int,
    do: str,
    when: str = "11-16 09:00",
    fields: Mapping[str, str] | None = None,
    *,
    desk: str = "SHA",
    by: str = "li.na",
    over: str | None = None,
    noted: str | None = None,
) -> Event:
    """One event with its fields as text; noted when it happened unless said otherwise."""
    raw = {} if fields is None else fields
    values = {key: TICKET.events[do].shape.converters[key](text) for key, text in raw.items()}
    return Event(n, desk, at(when), at(noted or when), by, do, values, over)


def tell(*happened: Told, opened: str = "11-16 09:00", **changes: str) -> Case:
    """A ticket of one desk, opened and then ``happened``, each event naming what it saw."""
    changes.setdefault("opened", at(opened).isoformat())
    told: list[Told] = [(opened, "opened"), *happened]
    case = Case(TICKET, head(**changes), [])
    for number, one in enumerate(told, 1):
        fields = one[2] if len(one) == 3 else None
        made = event(number, one[1], one[0], fields)
        made.over = over_of(replay(case), made) if case.events else None
        case.events.append(made)
    return case


def merged(base: Case, *desks: Iterable[Event]) -> Case:
    """``base`` and what each desk wrote apart from the others, in the order of a merge."""
    events = [*base.events, *(one for desk in desks for one in desk)]
    return Case(base.kind, base.head, sorted(events, key=lambda one: one.order))


def wish(
    do: str, when: str = "11-16 10:00", role: str = "manager", /, desk: str = "SHA", **fields: str
) -> Wish:
    """A command; ``third_copy`` stands for ``third-copy``."""
    named = {key.replace("_", "-"): text for key, text in fields.items()}
    return Wish(do, named, at(when), Who(f"{role}1", role), desk)


def policy_from(text: str, since: date = date(2026, 1, 1), path: str = "policy.yaml") -> Policy:
    """The policy that ``text`` states. Raises ``Unreadable`` as a ledger would."""
    raw = cardfile.read_card(text.encode(), path)
    assert raw.ok, raw.problems
    return read_policy(
        path,
        since,
        cast(Fields, raw.fields()),
        raw.place,
        TICKET.events,
        TICKET.marks,
        TICKET.head,
    )


@cache
def shipped_policy() -> Policy:
    """The policy that ``svcctl init`` writes."""
    return policy_from((SHIPPED / "policy.yaml").read_text(encoding="utf-8"))


@cache
def shipped_calendar() -> Calendar:
    """The calendar that ``svcctl init`` writes."""
    raw = cardfile.read_card((SHIPPED / "calendar.yaml").read_bytes(), "calendar.yaml")
    return Calendar.from_fields(raw.fields(), raw.place, "calendar.yaml")


def book(*policies: Policy) -> Book:
    """The given policies (else the shipped one) under the shipped calendar."""
    calendar = shipped_calendar()
    chosen = policies or (shipped_policy(),)
    return Book(chosen, {policy.calendar: calendar for policy in chosen}, calendar.zone)


def rules(*lines: str) -> Policy:
    """A policy with these obligations only, one line each."""
    return policy_from("obligations:\n" + "".join(f"  {line}\n" for line in lines))


def owed(case: Case, rules_in_force: Book | None = None) -> list[Obligation]:
    """All obligations of a case."""
    return obligations(replay(case), rules_in_force or book())


def the(case: Case, kind: str, number: int | None = None, by: Book | None = None) -> Obligation:
    """The one obligation of a case that has this name (and this visit or cycle)."""
    found = [
        one
        for one in owed(case, by)
        if one.kind == kind and (number is None or one.number == number)
    ]
    assert len(found) == 1, found
    return found[0]


def stands(one: Obligation, when: str) -> str:
    """The standing of an obligation at a time."""

    def seconds(instant: datetime | None) -> float | None:
        return None if instant is None else instant.timestamp()

    return standing(
        seconds(one.due),
        seconds(one.met),
        seconds(one.excused),
        seconds(one.ended),
        seconds(one.paused),
        at(when).timestamp(),
    )


def names(state: State) -> list[str]:
    """The names of the events that count."""
    return [fact.event.name for fact in state.facts]
