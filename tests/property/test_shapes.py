"""What is remembered of the form of a history says what replay and the rules say, for every history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from thorough import effort
from ticketplay import book, rules, shipped_policy, tell
from tickets_at_random import Chance, histories, paid_for

from svcctl.domain import shapes
from svcctl.domain.cases import Case, Event, read_case
from svcctl.domain.contests import RETROACTIVE
from svcctl.domain.obligations import obligations
from svcctl.domain.policy import Book
from svcctl.domain.replay import over_of, replay
from svcctl.domain.schema import Value
from svcctl.domain.shapes import Shapes
from svcctl.domain.state import State
from svcctl.domain.ticket import TICKET
from svcctl.ledger import casefile
from svcctl.ledger.plaincase import plain_case

ODD = rules(
    "work: {for: [repair, complaint], per: ticket, starts: opened, within: 4h, clock: work, "
    "met-by: [finished], waived-by: [cancelled], paused-by: [paused], "
    "resumed-by: [resumed, finished(attempt>1)], owner: engineer}",
    "days: {per: cycle, starts: [contacted, told(cycle>1)], within: 3d, rolls: never, "
    "met-by: [closed(kind!=complaint), replied(words)], paused-by: [paused(for=customer), told], "
    "resumed-by: [resumed, noted], excused-by: [noted(state=ready|new)], "
    "waived-by: [cancelled, damaged(had-finished>0)], owner: coordinator}",
    "month: {per: visit, starts: [dispatched(number<3), finished(had-paid=0)], within: 1mo, "
    "not-before: 2d, met-by: [slip-returned(signed=true), called-back(quality>3)], "
    "owner: engineer}",
    "account: {per: cycle, starts: [finished, paid(part), told], within: 3d, in-advance: yes, "
    "met-by: [paid(part!=true), closed], excused-by: [noted], waived-by: [cancelled], "
    "paused-by: [paused], resumed-by: [resumed], owner: coordinator}",
    "ready: {per: ticket, starts: [dispatched(visits>0), paid], within: unlimited, in-advance: yes, "
    "outlasts-closing: yes, met-by: [paid(part!=true), contacted], owner: coordinator}",
    "named: {per: visit, starts: [dispatched, reassigned], until: visit, in-advance: yes, "
    "not-before: 1d, met-by: [contacted, noted], owner: engineer}",
    "until: {per: visit, starts: [dispatched, reassigned(visit)], until: visit, "
    "met-by: [arrived, finished(fee=120.00), noted(engineer=wang.wei)], owner: engineer}",
)
BOOKS = (book(shipped_policy()), book(ODD))
MEMORIES = tuple(Shapes(TICKET, one) for one in BOOKS)


def everything(state: State) -> Iterator[object]:
    for name in State.__slots__:
        if name not in ("facts", "views"):
            yield getattr(state, name)
    for fact in state.facts:
        yield [getattr(fact, name) for name in type(fact).__slots__]


def both_alike(memory: Shapes, by: Book, case: Case) -> None:
    state = replay(case)
    expected, owing = list(everything(state)), obligations(state, by)
    for _ in ("to learn", "to remember"):
        remembered, owed = memory.judge(case)
        assert list(everything(remembered)) == expected
        assert owed == owing


def ordinary(case: Case, hours: int, mixed: bool = False) -> Case:
    """What follows of the same events, of one desk, numbered, each having seen what it replaces.

    They come ``hours`` apart, ``mixed`` not in their order; where that is none, whenever they came.
    """
    kept = Case(case.kind, case.head, [])
    state = replay(kept)
    for one in case.events:
        if one.do in RETROACTIVE:
            continue
        number = len(kept.events) + 1
        place = number * 3 % 5 if mixed else number
        at = case.opened + timedelta(hours=hours * place) if hours else one.at
        made = Event(number, "SHA", at, at, one.by, one.do, dict(one.fields))
        made.over = over_of(state, made)
        longer = Case(case.kind, case.head, [*kept.events, made])
        then = replay(longer)
        if not then.strays:
            kept, state = longer, then
    return kept


@effort(120)
@given(histories(), st.integers(0, 30), st.booleans())
def test_the_memory_says_of_any_history_what_replay_and_the_rules_say(
    case: Case, hours: int, mixed: bool
) -> None:
    plain = ordinary(case, hours)
    if not plain.events:
        return
    followed = ordinary(case, hours, mixed) if mixed else plain
    for memory, by in zip(MEMORIES, BOOKS, strict=True):
        both_alike(memory, by, case)
        both_alike(memory, by, followed)


@effort(120)
@given(st.integers(0, 2**32), st.integers(0, 30), st.booleans())
def test_it_does_so_of_tickets_of_one_desk_whose_events_mostly_follow(
    seed: int, hours: int, mixed: bool
) -> None:
    case = Chance(seed).history(9, (0, 0))
    plain = ordinary(case, hours)
    if not plain.events:
        return
    followed = ordinary(case, hours, mixed) if mixed else plain
    for memory, by in zip(MEMORIES, BOOKS, strict=True):
        both_alike(memory, by, case)
        both_alike(memory, by, followed)


def of_money(told: list[tuple[str, dict[str, str]]], places: list[int]) -> Case:
    """A paid repair of which ``told`` is said, the n-th on the day that the n-th of ``places`` says."""
    sent = {"to": "wang.wei", "visit": "2026-11-17T09:00:00+08:00"}
    work = [("11-16 09:10", "reviewed", {"cover": "paid"}), ("11-16 09:20", "accepted", {})]
    days = (f"11-{17 + place} 10:{at:02}" for at, place in enumerate(places))
    money = [(day, do, fields) for day, (do, fields) in zip(days, told, strict=False)]
    return tell(*work, ("11-16 10:00", "dispatched", sent), *money)


@effort(80)
@given(paid_for(), st.permutations(range(7)), st.booleans())
def test_it_does_so_where_sums_of_money_decide(
    told: list[tuple[str, dict[str, str]]], places: list[int], mixed: bool
) -> None:
    """Here the same event means one thing or another by what is said after it."""
    case = of_money(told, places if mixed else sorted(places))
    for memory, by in zip(MEMORIES, BOOKS, strict=True):
        both_alike(memory, by, case)


def test_those_histories_are_remembered_with_what_is_owed_of_them() -> None:
    """Or else the laws above say nothing."""
    memory = Shapes(TICKET, BOOKS[1])
    cases = [ordinary(Chance(seed).history(9, (0, 0)), 5) for seed in range(100)]
    kept = [case for case in cases if case.events]
    owed = [memory.judge(case)[1] for case in kept]
    assert sum(memory._walked(case) is not None for case in kept) > 80
    assert sum(map(len, owed)) > 100


def usual(minutes: int, to: str, **head: str) -> Case:
    fields = {"to": to, "visit": "2026-11-17T09:00:00+08:00"}
    return tell(
        (f"11-16 09:{minutes:02}", "reviewed", {"cover": "free"}),
        ("11-16 10:00", "dispatched", fields),
        ("11-17 10:00", "finished", {"result": "fixed"}),
        ("11-18 10:00", "called-back", {"result": "reached"}),
        **head,
    )


def test_tickets_that_went_the_same_way_share_one_memory() -> None:
    memory = Shapes(TICKET, BOOKS[0])
    memory.judge(usual(1, "wang.wei"))
    known = memory._walked(usual(2, "chen.jing", subject="x"))
    assert known is not None
    assert known[0].values["engineer"] == "chen.jing"
    assert memory._walked(usual(2, "chen.jing", kind="install")) is None


def test_values_that_a_rule_looks_at_tell_histories_apart() -> None:
    by = book(
        rules(
            "seen: {per: ticket, starts: opened, within: 1d, owner: coordinator, "
            "met-by: ['noted(engineer=wang.wei, priority=urgent)']}"
        )
    )
    memory = Shapes(TICKET, by)
    for priority in ("normal", "urgent"):
        for to in ("chen.jing", "wang.wei"):
            fields = {"to": to, "visit": "2026-11-17T09:00:00+08:00"}
            case = tell(
                ("11-16 09:10", "reviewed", {"cover": "free"}),
                ("11-16 10:00", "dispatched", fields),
                ("11-16 11:00", "noted", {"words": "x"}),
                priority=priority,
            )
            both_alike(memory, by, case)
            met = memory.judge(case)[1][0].met is not None
            assert met == (priority == "urgent" and to == "wang.wei")


def test_the_memory_forgets_rather_than_growing_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Shapes(TICKET, BOOKS[0])
    monkeypatch.setattr(shapes, "MOST_NODES", 12)
    for seed in range(40):
        both_alike(memory, BOOKS[0], Chance(seed).history(6, (0, 0)))
        assert memory._count <= 12


def written(case: Case) -> tuple[object, ...]:
    values: list[tuple[str, type, Value]] = []
    for one in (case.head, *(event.fields for event in case.events)):
        values += [(key, type(value), value) for key, value in one.items()]
    events = [
        (e.name, e.at.isoformat(), e.noted.isoformat(), e.by, e.do, e.over, e.was, e.line)
        for e in case.events
    ]
    return values, events


@effort(80)
@given(histories(), st.integers(0, 10**9), st.sampled_from([b"", b'"', b", ", b"0", b"T", b"}"]))
def test_the_plain_way_gives_the_very_case_that_the_careful_way_gives_or_none(
    case: Case, place: int, put: bytes
) -> None:
    content = case.text()
    place %= len(content)
    for text in (content, content[:place] + put + content[place + len(put) // 2 :]):
        plain = plain_case(TICKET, text)
        if plain is None:
            continue
        raw = casefile.read_case(text, "p")
        careful, _ = read_case(TICKET, raw.head, raw.events, raw.event_lines)
        assert raw.problems == []
        assert careful is not None
        assert written(plain) == written(careful)


def test_what_a_command_writes_is_read_the_plain_way() -> None:
    case = usual(5, "wang.wei", details="x")
    plain = plain_case(TICKET, case.text())
    assert plain is not None
    assert plain.text() == case.text()
