"""Random events and histories: of every declared kind, sensible or not, of one desk or two."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from ticketplay import at, head

from svcctl.domain.cases import Case, Event
from svcctl.domain.schema import CONVERTERS, Field, Value
from svcctl.domain.ticket import TICKET

OPENED = at("11-16 09:00")
PEOPLE = ("li.na", "wang.wei", "chen.jing")
DESKS = ("BJ", "SHA")
THOROUGH = os.environ.get("SVCCTL_TESTS") == "thorough"


def effort(usual: int) -> settings:
    """``usual`` examples, always the same; with SVCCTL_TESTS=thorough fifty times as many, new ones."""
    return settings(
        max_examples=usual * 50 if THOROUGH else usual,
        derandomize=not THOROUGH,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


printable = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: text.strip()
)
instants = st.integers(0, 40 * 24 * 60).map(lambda minutes: OPENED + timedelta(minutes=minutes))
amounts = st.integers(-(10**6), 10**6).map(lambda cents: f"{cents / 100:.2f}")
names = st.builds(lambda n, desk: f"{n}{desk}", st.integers(1, 25), st.sampled_from(DESKS))

TEXTS: dict[str, st.SearchStrategy[str]] = {
    "text": printable,
    "line": printable.filter(lambda text: text.splitlines() == [text]),
    "instant": instants.map(datetime.isoformat),
    "date": instants.map(lambda one: one.date().isoformat()),
    "moment": instants.map(datetime.isoformat) | instants.map(lambda one: one.date().isoformat()),
    "money": amounts.filter(lambda text: text != "-0.00"),
    "int": st.integers(-99, 99).map(str),
    "count": st.integers(1, 4).map(str),
    "score": st.integers(1, 5).map(str),
    "flag": st.sampled_from(["true", "false"]),
    "staff": st.sampled_from(PEOPLE),
    "ticket": st.just("SHA-261116-01F"),
    "customer": st.just("SHA-C0001Z"),
    "unit": st.just("SN00012345"),
    "event": names,
}
HEAD_VALUES = sorted(TICKET.amendable)
CONTESTABLE = ("state", "engineer", "visit", "cover", "quote", "priority", "4SHA.to", "4SHA.visit")


def text_of(field: Field) -> st.SearchStrategy[str]:
    """Texts that ``field`` takes."""
    return st.sampled_from(field.words) if field.type == "word" else TEXTS[field.type]


@st.composite
def fields_of(draw: st.DrawFn, do: str) -> dict[str, Value]:
    """Values for the event ``do``: what is required, and some of the rest, in the order declared."""
    declared = TICKET.events[do]
    found: dict[str, Value] = {}
    for name in declared.order:
        field = declared.shape.fields[name]
        if field.required or draw(st.integers(0, 3)) == 0:
            found[name] = CONVERTERS.get(field.type, str)(draw(text_of(field)))
    if do == "amended":
        found.update(draw(amendments()))
    elif do == "settled":
        found["value"] = draw(st.sampled_from(CONTESTABLE))
    return found


@st.composite
def amendments(draw: st.DrawFn) -> dict[str, Value]:
    """Target, field and value of an amendment that may or may not make sense."""
    target = draw(st.just("head") | names)
    if target == "head":
        name = draw(st.sampled_from(["kind", "priority", "subject", "wanted", "opened", "id"]))
    else:
        name = draw(st.sampled_from(["at", "to", "visit", "result", "visit-no", "reason", "by"]))
    value = draw(
        st.sampled_from(["complaint", "urgent", "wang.wei", "fixed", "not-fixed", "2", "x"])
        | TEXTS["instant"]
        | TEXTS["date"]
    )
    return {"target": target, "field": name, "value": value}


LIKELY = (
    "reviewed dispatched dispatched arrived finished finished called-back slip-returned closed "
    "reopened reassigned voided amended settled accepted cancelled"
).split()


@st.composite
def events(draw: st.DrawFn, n: int, desk: str) -> Event:
    """One event of any kind; ``over`` names anything or nothing."""
    do = draw(st.sampled_from(LIKELY) | st.sampled_from(sorted(TICKET.events)))
    happened = draw(instants)
    return Event(
        n,
        desk,
        happened,
        happened + timedelta(minutes=draw(st.integers(0, 60))),
        draw(st.sampled_from(PEOPLE)),
        do,
        draw(fields_of(do)),
        draw(st.none() | names),
        draw(st.none() | names) if draw(st.integers(0, 9)) == 0 else None,
    )


@st.composite
def histories(draw: st.DrawFn) -> Case:
    """A ticket with what two desks wrote, in the order of a merge, whether it makes sense or not."""
    kind = draw(st.sampled_from(["repair", "complaint", "inspection"]))
    opening = Event(1, "SHA", OPENED, OPENED, "li.na", "opened")
    found = [opening]
    for desk in DESKS:
        count = draw(st.integers(0, 10))
        number = 1
        for _ in range(count):
            number += draw(st.integers(1, 2))
            found.append(draw(events(number, desk)))
    if draw(st.integers(0, 9)) == 0:
        found = found[1:] or found
    if draw(st.integers(0, 9)) == 0:
        found.append(draw(st.sampled_from(found)))  # twice the same name
    return in_order(found, kind=kind)


def in_order(found: Iterable[Event], **changes: str) -> Case:
    """The case of these events, by number and desk."""
    return Case(TICKET, head(**changes), sorted(found, key=lambda one: one.order))
