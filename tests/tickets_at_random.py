"""Random events and histories: of every declared kind, sensible or not, of one desk or two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from hypothesis import strategies as st
from ticketplay import at, head

from svcctl.domain.cases import Case, Event
from svcctl.domain.replay import replay
from svcctl.domain.schema import CONVERTERS, Field, Value
from svcctl.domain.ticket import TICKET

OPENED = at("11-16 09:00")
PEOPLE = ("li.na", "wang.wei", "chen.jing")
DESKS = ("BJ", "SHA")


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
    "digest": st.just("0" * 64),
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


@st.composite
def events(draw: st.DrawFn, n: int, desk: str) -> Event:
    """One event of any kind; ``over`` names anything or nothing."""
    do = draw(st.sampled_from(sorted(TICKET.events)))
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
        draw(st.none() | names),
    )


LIKELY = (
    "reviewed dispatched dispatched arrived finished finished called-back slip-returned closed "
    "reopened reassigned voided amended amended settled accepted cancelled"
).split()
SOME: dict[str, tuple[str, ...]] = {
    "text": ("x", "两行\nof text", "=1+1"),
    "line": ("x", "finished", "closed", "报价单 7"),
    "money": ("0.00", "120.00", "-5.50"),
    "count": ("1", "1", "2", "3"),
    "score": ("1", "5"),
    "flag": ("true", "false"),
    "digest": ("0" * 64, "1" * 64),
    "staff": PEOPLE,
}


class Chance:
    """Histories from a seed: much faster than drawing each field, and sensible more often."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.pick = self.random.choice

    def moment(self, n: int) -> datetime:
        """Around ten hours after the last one, now and then before it."""
        return OPENED + timedelta(minutes=max(0, self.random.randint(600 * n - 700, 600 * n)))

    def text(self, field: Field) -> str:
        """A text that ``field`` takes."""
        if field.type == "word":
            return self.pick(field.words)
        if field.type in ("instant", "moment", "date"):
            moment = self.moment(self.random.randint(1, 12)).isoformat()
            short = field.type == "date" or (field.type == "moment" and self.random.randrange(2))
            return moment[:10] if short else moment
        return self.pick(SOME[field.type])

    def fields(self, do: str, before: list[Event]) -> dict[str, Value]:
        """Values for ``do``, which may speak of the events ``before`` it."""
        declared = TICKET.events[do]
        if do == "voided":
            return {"target": self.pick(before).name, "reason": "x"}
        if do == "amended":
            return self.amendment(before)
        if do == "settled":
            setting = [
                one.name for one in before if one.do in ("dispatched", "reassigned", "amended")
            ]
            value = self.pick((*CONTESTABLE, "state", "engineer"))
            pick = self.pick(setting or [before[0].name])
            return {"value": value, "pick": pick, "reason": "x"}
        found: dict[str, Value] = {}
        for name in declared.order:
            field = declared.shape.fields[name]
            if field.required or not self.random.randrange(4):
                found[name] = declared.shape.converters[name](self.text(field))
        return found

    def amendment(self, before: list[Event]) -> dict[str, Value]:
        """An amendment of the head or of an event before it; one in six makes no sense."""
        target, shape, names = "head", TICKET.head, sorted(TICKET.amendable)
        if self.random.randrange(3):
            one = self.pick(before)
            declared = TICKET.events[one.do]
            target, shape, names = one.name, declared.shape, sorted(declared.amendable)
        name = self.pick(names)
        field = shape.fields[name]
        known = (
            field.type == "word"
            or field.type in ("instant", "moment", "date")
            or field.type in SOME
        )
        value = self.text(field) if known and self.random.randrange(6) else "?"
        return {"target": target, "field": name, "value": value, "reason": "x"}

    def event(self, n: int, desk: str, before: list[Event], state: str = "") -> Event:
        """One event that ``desk`` wrote after ``before``, mostly one that ``state`` allows."""
        likely = self.random.randrange(5)
        do = self.pick(LIKELY) if likely else self.pick(list(TICKET.events))
        if state and likely:
            do = self.pick(sorted(TICKET.table[state]))
        happened = self.moment(n)
        return Event(
            n,
            desk,
            happened,
            happened + timedelta(minutes=self.random.randint(0, 60)),
            self.pick(PEOPLE),
            do,
            self.fields(do, before),
            self.pick(before[-4:]).name if self.random.randrange(4) else None,
        )

    def history(self, base: int, apart: tuple[int, int]) -> Case:
        """``base`` events of one desk, then what two desks wrote apart from each other."""
        found = [Event(1, "SHA", OPENED, OPENED, "li.na", "opened")]
        while len(found) <= base:
            found.append(self.event(len(found) + 1, "SHA", found, replay(in_order(found)).state))
        last, common = found[-1].n, list(found)
        for desk, count in zip(DESKS, apart, strict=True):
            own = list(common)
            for n in range(last + 1, last + 1 + count):
                own.append(self.event(n, desk, own))
            found += own[len(common) :]
        if not self.random.randrange(12):
            found = found[1:] or found
        if not self.random.randrange(12):
            found.append(self.pick(found))  # twice the same name
        return in_order(found, kind=self.pick(("repair", "repair", "complaint")))


@st.composite
def histories(draw: st.DrawFn) -> Case:
    """A ticket with what two desks wrote, in the order of a merge, whether it makes sense or not."""
    lengths = st.integers(0, 8)
    chance = Chance(draw(st.integers(0, 2**32)))
    return chance.history(draw(lengths), (draw(lengths), draw(lengths)))


def in_order(found: Iterable[Event], **changes: str) -> Case:
    """The case of these events, by number and desk."""
    return Case(TICKET, head(**changes), sorted(found, key=lambda one: one.order))


MONEY: tuple[tuple[str, dict[str, str]], ...] = (
    ("quoted", {"amount": "120.00"}),
    ("quoted", {"amount": "500.00"}),
    ("accepted", {}),
    ("accepted", {"amount": "120.00"}),
    ("paid", {"amount": "60.00"}),
    ("paid", {"amount": "60.00", "part": "true"}),
    ("paid", {"amount": "120.00"}),
    ("paid", {"amount": "-60.00"}),
    ("paid", {"amount": "1.00", "part": "false"}),
    ("finished", {"result": "fixed", "fault": "x", "action": "y"}),
    ("finished", {"result": "fixed", "fault": "x", "action": "y", "fee": "60.00"}),
    ("finished", {"result": "parts-needed", "fault": "x", "action": "y", "fee": "70.00"}),
)


def paid_for() -> st.SearchStrategy[list[tuple[str, dict[str, str]]]]:
    """What is said of money on a paid repair, with work in between."""
    return st.lists(st.sampled_from(MONEY), min_size=1, max_size=7)
