"""Rows straight from the bytes of a ticket are the rows that reading with care gives, of any ticket."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_shapes import ODD, of_money, ordinary, usual
from thorough import effort
from ticketplay import book, rules, shipped_policy, tell
from tickets_at_random import Chance, histories, paid_for

from svcctl.domain import identity
from svcctl.domain.cases import Case, Event
from svcctl.domain.policy import Book, Policy, Rule
from svcctl.domain.schema import Value
from svcctl.domain.shapes import Shapes
from svcctl.domain.ticket import TICKET
from svcctl.ledger import formrows, plainlines
from svcctl.ledger.folder import ticket_path
from svcctl.ledger.formrows import Forms
from svcctl.ledger.rows import TicketRows, rule_ids, ticket_rows

PLAIN = rules(
    "promised: {per: visit, starts: [dispatched, reassigned(visit)], until: visit, "
    "met-by: [arrived], owner: engineer}",
    "work: {per: ticket, starts: opened, within: 4h, clock: work, met-by: [finished], "
    "waived-by: [cancelled], owner: engineer}",
    "month: {per: visit, starts: dispatched, within: 1mo, not-before: 2d, "
    "met-by: [slip-returned, called-back], excused-by: [noted], owner: engineer}",
    "today: {per: ticket, starts: reviewed, within: 0d, met-by: [dispatched], owner: coordinator}",
)
SECOND = Policy("records/policy/2026-11-17.yaml", date(2026, 11, 17))
SECOND.rules, SECOND.table, SECOND.calendar = PLAIN.rules, PLAIN.table, PLAIN.calendar
BOOKS = (book(shipped_policy()), book(ODD), book(PLAIN), book(shipped_policy(), SECOND))
LAST = identity.check_character("SHA-261116-01")
FORMS = tuple(Forms(one) for one in BOOKS)


def sound(case: Case) -> Case:
    """The case under an id whose check character is right, or else every file were a finding."""
    return Case(case.kind, {**case.head, "id": "SHA-261116-01" + LAST}, case.events)


def in_one_line(case: Case) -> Case:
    """The case without ends of line within its texts: they are written in a way read with care."""
    events = []
    for one in case.events:
        fields = {
            k: v.replace("\n", " ") if isinstance(v, str) else v for k, v in one.fields.items()
        }
        made = Event(one.n, one.desk, one.at, one.noted, one.by, one.do, fields, one.over, one.was)
        events.append(made)
    return Case(case.kind, case.head, events)


def with_care(by: Book, path: str, data: bytes) -> TicketRows:
    return ticket_rows(path, data, Shapes(TICKET, by), rule_ids(by), 7)[0]


def all_alike(cases: Iterable[Case]) -> None:
    both = (made for case in cases for made in (case, in_one_line(case)))
    texts = {case.text(): ticket_path(case.id) for case in map(sound, both)}
    for data, path in texts.items():
        for forms, by in zip(FORMS, BOOKS, strict=True):
            expected = with_care(by, path, data)
            for _ in ("to learn", "to note the form", "to know it"):
                assert forms.rows(path, data, 7) == expected


@effort(24)
@given(histories(), st.integers(0, 30), st.booleans())
def test_of_any_history_the_rows_are_those_of_careful_reading(
    case: Case, hours: int, mixed: bool
) -> None:
    plain = ordinary(case, hours)
    followed = [plain, *([ordinary(case, hours, True)] if mixed else [])]
    all_alike([case, *followed] if plain.events else [case])


@effort(50)
@given(st.integers(0, 2**32), st.integers(0, 30), st.integers(-9, 40))
def test_and_of_tickets_of_one_desk_whose_events_mostly_follow(
    seed: int, hours: int, late: int
) -> None:
    case = in_one_line(ordinary(Chance(seed).history(9, (0, 0)), hours))
    if not case.events:
        return
    for one in case.events[1:]:
        one.noted = one.at + timedelta(hours=late)
    all_alike([case])


@effort(20)
@given(paid_for(), st.permutations(range(7)), st.booleans())
def test_and_of_tickets_where_sums_of_money_decide(
    told: list[tuple[str, dict[str, str]]], places: list[int], mixed: bool
) -> None:
    all_alike([of_money(told, places if mixed else sorted(places))])


def test_and_of_two_tickets_that_differ_in_an_amount_alone() -> None:
    done = ("finished", {"result": "fixed", "fault": "x", "action": "y"})
    for order in ((60, 120), (120, 60)):
        told = [("quoted", {"amount": "120.00"}), done]
        both = [[*told, ("paid", {"amount": f"{amount}.00"})] for amount in order]
        all_alike(of_money(one, [0, 1, 2]) for one in both)


@effort(40)
@given(
    st.integers(0, 2**32),
    st.integers(0, 10**9),
    st.sampled_from([b"", b'"', b", ", b"0", b"T", b"}", b"\n", b"- {", b"\\", b"9SHA"]),
)
def test_and_of_files_that_a_hand_damaged(seed: int, place: int, put: bytes) -> None:
    case = in_one_line(ordinary(Chance(seed).history(6, (0, 0)), 3))
    if not case.events:
        return
    content, path = sound(case).text(), ticket_path(sound(case).id)
    place %= len(content)
    damaged = content[:place] + put + content[place + len(put) // 2 :]
    for forms, by in zip(FORMS, BOOKS, strict=True):
        forms.rows(path, content, 7)
        for text in (content, damaged):
            assert forms.rows(path, text, 7) == with_care(by, path, text)


def test_and_of_a_head_without_events() -> None:
    case = sound(usual(0, "eng1"))
    content, path = case.text(), ticket_path(case.id)
    head = content[: content.index(b"events:")]
    for forms, by in zip(FORMS, BOOKS, strict=True):
        for text in (head + b"events:\n", head + b"events:", head + b"events:\n\n", head):
            assert forms.rows(path, text, 7) == with_care(by, path, text)


def careful(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which paths are read with care from now on."""
    asked: list[str] = []

    def noting(path: str, *rest: Any) -> object:
        asked.append(path)
        return ticket_rows(path, *rest)

    monkeypatch.setattr(formrows, "ticket_rows", noting)
    return asked


def test_those_tickets_are_not_all_read_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or else the laws above say nothing."""
    asked = careful(monkeypatch)
    cases = [ordinary(Chance(seed).history(9, (0, 0)), 5) for seed in range(100)]
    kept = [sound(in_one_line(case)) for case in cases if case.events]
    for forms, most in zip(map(Forms, BOOKS), (0.9, 0.9, 0.9, 0.99), strict=True):
        for case in kept * 2:
            forms.rows(ticket_path(case.id), case.text(), 7)
        asked.clear()
        for case in kept:
            forms.rows(ticket_path(case.id), case.text(), 7)
        assert len(asked) < most * len(kept)


def done(minutes: int, engineer: str, caller: str = "desk1", **last: str) -> Case:
    """A ticket that went the usual way; ``last`` changes fields of its slip and of its call back."""
    case = usual(minutes, engineer)
    slip: dict[str, Value] = {"signed": True, "opinion": "satisfied", "third-copy": "left"}
    case.events[-2].fields |= {"fault": "x", "action": "y"}
    call = case.events.pop()
    at = case.events[-1].at + timedelta(hours=1)
    number = len(case.events) + 1
    slip |= {key: value for key, value in last.items() if key in ("opinion", "third-copy")}
    made = Event(number, "SHA", at, at, engineer, "slip-returned", dict(slip))
    fields = {**call.fields, **({"quality": int(last["quality"])} if "quality" in last else {})}
    called = Event(number + 1, "SHA", call.at, call.noted, caller, "called-back", fields)
    return sound(Case(case.kind, {**case.head, "unit": "SN1"}, [*case.events, made, called]))


def test_tickets_that_went_a_known_way_are_not_read_with_care(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forms = Forms(BOOKS[0])
    asked = careful(monkeypatch)
    for minutes, engineer in enumerate(("wang.wei", "chen.jing", "li.na", "wang.wei"), start=1):
        case = done(minutes, engineer)
        path, data = ticket_path(case.id), case.text()
        rows = forms.rows(path, data, 7)
        assert rows == with_care(BOOKS[0], path, data)
        assert engineer in str(rows.ticket)
        assert rows.problems == []
    assert len(asked) == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"caller": "wang.wei"},
        {"third-copy": "refused"},
        {"opinion": "dissatisfied"},
        {"quality": "1"},
    ],
    ids=lambda odd: next(iter(odd)),
)
def test_what_may_be_a_finding_is_read_with_care(odd: dict[str, str]) -> None:
    forms = Forms(BOOKS[0])
    for minutes in (1, 2, 3):
        forms.rows(ticket_path(done(minutes, "li.na").id), done(minutes, "li.na").text(), 7)
    case = done(4, "wang.wei", **odd)
    found = forms.rows(ticket_path(case.id), case.text(), 7)
    assert found == with_care(BOOKS[0], ticket_path(case.id), case.text())
    assert found.problems or "dissatisfied" in odd.values() or "quality" in odd


def test_a_line_written_down_late_is_a_finding_also_of_a_known_form() -> None:
    forms = Forms(BOOKS[0])
    for days in (0, 0, 0, 3):
        case = done(1, "li.na")
        case.events[1].noted += timedelta(days=days)
        found = forms.rows(ticket_path(case.id), case.text(), 7)
        assert [problem.code for problem in found.problems] == (["E413"] if days else [])


def test_the_acceptance_has_to_come_before_the_dispatch_also_of_a_known_form() -> None:
    def paid(accepted: str) -> bytes:
        events = [
            ("11-16 09:10", "reviewed", {"cover": "paid"}),
            (accepted, "accepted", {}),
            ("11-16 11:00", "dispatched", {"to": "li.na", "visit": "2026-11-17T09:00:00+08:00"}),
        ]
        return sound(tell(*events)).text()

    forms = Forms(BOOKS[0])
    for accepted in ("11-16 10:00", "11-16 11:00", "11-16 10:30", "11-16 10:40", "11-16 11:00"):
        path, data = ticket_path(sound(tell()).id), paid(accepted)
        assert forms.rows(path, data, 7) == with_care(BOOKS[0], path, data)


def test_a_file_in_a_wrong_place_or_with_another_id_is_told_of() -> None:
    forms = Forms(BOOKS[0])
    case = done(1, "li.na")
    path = ticket_path(case.id)
    for _ in range(3):
        forms.rows(path, case.text(), 7)
    for wrong in (path.replace("/11/", "/12/"), path.replace("261116", "261117")):
        found = forms.rows(wrong, case.text(), 7)
        assert [problem.code[:2] for problem in found.problems] >= ["E3"]
        assert found == with_care(BOOKS[0], wrong, case.text())


def test_a_head_that_is_written_in_another_way_says_what_careful_reading_says() -> None:
    forms = Forms(BOOKS[0])
    case = done(1, "li.na")
    path, text = ticket_path(case.id), case.text().decode()
    at = case.opened.isoformat()
    for _ in range(3):
        forms.rows(path, text.encode(), 7)
    for other in (f"opened: {at}", f"opened: x{at}x", f'opened: "{at}" ', "opened: x", "opened: "):
        data = text.replace(f'opened: "{at}"', other).encode()
        assert data != text.encode()
        assert forms.rows(path, data, 7) == with_care(BOOKS[0], path, data)
    for opened in ("2026-11-16T08:00:00+07:00", "2026-11-16T08:59:00+08:00", "2026-13-16T08:59:00"):
        data = text.replace(f'opened: "{at}"', f'opened: "{opened}"').encode()
        assert forms.rows(path, data, 7) == with_care(BOOKS[0], path, data)


def test_memories_that_are_full_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (plainlines, formrows):
        monkeypatch.setattr(module, "MOST_LINES", 2)
    monkeypatch.setattr(plainlines, "MOST_TIMES", 2)
    forms = Forms(BOOKS[0])
    for minutes in range(30):
        case = done(minutes, "li.na")
        path, data = ticket_path(case.id), case.text()
        assert forms.rows(path, data, 7) == with_care(BOOKS[0], path, data)


def test_every_part_of_a_rule_is_one_that_is_counted_straight() -> None:
    """Whoever gives rules another part says in ``ledger/instances.py`` what it makes of a due time, or
    that a plan with it cannot be counted there."""
    known = (
        "name kinds per starts within until clock rolls not_before met_by excused_by waived_by "
        "paused_by resumed_by owner severity text line met_with unlimited outlasts in_advance"
    )
    assert set(Rule._fields) == set(known.split())
