"""Time that does not count, changes of priority, reopening, and rules of an earlier day."""

from __future__ import annotations

from datetime import date

import pytest
from test_obligations import FIXED, FREE, SENT, cancelled, contacted, finished, slip
from test_replay import then
from ticketplay import Told, at, book, event, owed, policy_from, rules, stands, tell, the

from svcctl.domain.cases import Case
from svcctl.domain.decide import reopen_until
from svcctl.domain.policy import Book
from svcctl.domain.replay import replay

LATER = "12-31 12:00"


def paused(when: str, waiting: str = "customer") -> Told:
    return (when, "paused", {"for": waiting, "reason": "x"})


def resumed(when: str, waiting: str = "") -> Told:
    return (when, "resumed", {"for": waiting} if waiting else {})


def reopened(when: str) -> Told:
    return (when, "reopened", {"reason": "x"})


def clock(within: str, *, by: str = "paused", more: str = "") -> Book:
    line = f"told: {{starts: opened, within: {within}, met-by: [told, closed], "
    line += f"paused-by: ['{by}'], resumed-by: [resumed], waived-by: [cancelled]{more}}}"
    return book(rules(line))


WORK = clock("4h, clock: work")


@pytest.mark.parametrize(
    ("why", "happened", "due"),
    [
        ("nothing waits", (), "11-16 14:30"),
        ("an hour within the hours", (paused("11-16 10:00"), resumed("11-16 11:00")), "11-16 15:30"),
        ("the lunch break adds nothing", (paused("11-16 12:00"), resumed("11-16 13:30")), "11-16 14:30"),
        ("a pause over lunch adds its open part", (paused("11-16 11:30"), resumed("11-16 14:00")), "11-16 15:30"),
        (
            "pauses that touch are one",
            (paused("11-16 10:00"), resumed("11-16 10:30"), paused("11-16 10:30"), resumed("11-16 11:00")),
            "11-16 15:30",
        ),
        (
            "pauses that overlap count once",
            (
                paused("11-16 10:00"),
                paused("11-16 10:20", "parts"),
                resumed("11-16 10:40", "customer"),
                resumed("11-16 11:00", "parts"),
            ),
            "11-16 15:30",
        ),
        (
            "what is resumed without a name ends all waiting",
            (paused("11-16 10:00"), paused("11-16 10:20", "parts"), resumed("11-16 11:00")),
            "11-16 15:30",
        ),
    ],
)  # fmt: skip
def test_a_pause_adds_what_the_clock_would_have_counted(
    why: str, happened: tuple[Told, ...], due: str
) -> None:
    assert the(tell(*happened), "told", by=WORK).due == at(due), why


def test_waiting_for_our_own_parts_stops_only_a_clock_whose_rule_says_so() -> None:
    waiting = (paused("11-16 10:00", "parts"), resumed("11-16 11:00"))
    assert the(tell(*waiting), "told", by=WORK).due == at("11-16 15:30")
    ours = clock("4h, clock: work", by="paused(for=customer)")
    assert the(tell(*waiting), "told", by=ours).due == at("11-16 14:30")
    assert the(tell(FREE, SENT, *waiting), "slip").due == at("11-18 17:30")
    abroad = (paused("11-16 14:00"), resumed("11-18 10:00"))
    assert the(tell(FREE, SENT, *abroad), "slip").due == at("11-20 17:30")
    assert stands(the(tell(FREE, SENT, abroad[0]), "slip"), LATER) == "paused"


@pytest.mark.parametrize(
    ("done", "standing"), [("14:30:00", "met"), ("14:29:59", "met"), ("14:30:01", "late")]
)
def test_exactly_at_the_due_time_is_in_time(done: str, standing: str) -> None:
    assert stands(the(tell((f"11-16 {done}", "told")), "told", by=WORK), LATER) == standing


# What has no time -------------------------------------------------------------------------------


def test_what_is_unlimited_is_owed_and_never_overdue() -> None:
    by = book(
        rules("money: {starts: finished, within: unlimited, met-by: paid, outlasts-closing: yes}")
    )
    case = tell(FREE, SENT, FIXED, ("11-18 09:00", "closed"))
    one = the(case, "money", by=by)
    assert (one.due, one.ended, stands(one, LATER)) == (None, None, "open")
    paid = then(case, event(6, "paid", "12-30 09:00", {"amount": "1.00"}))
    assert stands(the(paid, "money", by=by), LATER) == "met"


def test_a_line_without_a_limit_owes_nothing() -> None:
    by = book(rules('told: {starts: opened, within: "", met-by: told}'))
    assert owed(tell(), by) == []


def test_the_money_of_paid_work_is_owed_until_it_is_in() -> None:
    paid = ("11-16 09:05", "reviewed", {"cover": "paid"})
    done = tell(paid, ("11-16 09:06", "accepted", {}), SENT, FIXED)
    assert the(done, "payment").due is None
    assert "payment" not in {one.kind for one in owed(tell(FREE, SENT, FIXED))}
    before = ("11-16 09:07", "paid", {"amount": "1.00"})
    early = tell(paid, ("11-16 09:06", "accepted", {}), before, SENT, FIXED)
    assert the(early, "payment").met == at("11-16 09:07")


# Arrival, answers that were put off, results ----------------------------------------------------


def test_the_engineer_who_was_given_the_visit_owes_the_arrival_by_the_appointment() -> None:
    passed_on = {"to": "chen.jing", "approved": "m", "reason": "x"}
    moved = {**passed_on, "visit": "2026-11-17T14:00:00+08:00"}
    case = tell(FREE, SENT, ("11-16 12:00", "reassigned", passed_on))
    assert [
        (o.who, o.due, stands(o, "11-17 09:00")) for o in owed(case) if o.kind == "arrival"
    ] == [
        ("chen.jing", at("11-17 10:00"), "waived"),
        ("chen.jing", at("11-17 10:00"), "open"),
    ]
    case = tell(FREE, SENT, ("11-16 12:00", "reassigned", moved), ("11-17 13:55", "arrived"))
    assert [stands(o, LATER) for o in owed(case) if o.kind == "arrival"] == ["waived", "met"]


def test_an_answer_that_was_put_off_is_owed_by_the_time_named_in_the_call_alone() -> None:
    later = ("11-16 09:02", "contacted", {"result": "reached", "answer-by": "2026-11-18"})
    case = tell(later, promised="2026-11-20T09:00:00+08:00", kind="inquiry")
    assert the(case, "put-off").due == at("11-18 17:30")
    assert the(case, "enquiry").due == at("11-20 09:00")
    assert "put-off" not in {
        one.kind for one in owed(tell(contacted("11-16 09:02"), promised="2026-11-18"))
    }


def test_an_explanation_without_a_promise_owes_none_though_the_request_has_one() -> None:
    explained = ("11-17 09:00", "slip-explained", {"reason": "x"})
    kinds = {one.kind for one in owed(tell(FREE, SENT, explained, promised="2026-11-16"))}
    assert "slip-promised" not in kinds


def test_only_the_customer_of_urgent_work_is_told_at_once() -> None:
    assert "result-urgent" not in {one.kind for one in owed(tell(FREE, SENT, FIXED))}
    case = tell(FREE, SENT, FIXED, ("11-17 11:30", "told"), priority="urgent")
    assert stands(the(case, "result-urgent"), LATER) == "met"


# A changed priority -----------------------------------------------------------------------------

TWO = book(
    rules(
        "told: {starts: opened(priority=normal), within: 8h, clock: work, met-by: told, "
        "paused-by: paused, resumed-by: resumed}",
        "soon: {starts: opened(priority=urgent), within: 2h, clock: work, met-by: told, "
        "paused-by: paused, resumed-by: resumed}",
    )
)


def changed(case: Case, n: int, when: str, priority: str) -> Case:
    fields = {"target": "head", "field": "priority", "value": priority, "reason": "x"}
    return then(case, event(n, "amended", when, fields))


def test_a_changed_priority_counts_from_the_beginning_and_keeps_the_pauses() -> None:
    case = changed(tell(paused("11-16 09:30"), resumed("11-16 10:00")), 4, "11-16 10:30", "urgent")
    assert [(one.kind, one.due) for one in owed(case, TWO)] == [("soon", at("11-16 11:30"))]


def test_what_was_missed_before_the_priority_changed_stays_missed() -> None:
    case = tell(priority="urgent")
    in_time = changed(case, 2, "11-16 11:00", "normal")
    assert [one.kind for one in owed(in_time, TWO)] == ["told"]
    too_late = changed(case, 2, "11-16 11:00:01", "normal")
    assert {one.kind: stands(one, "11-16 12:00") for one in owed(too_late, TWO)} == {
        "soon": "missed",
        "told": "open",
    }
    twice = changed(too_late, 3, "11-16 12:00", "urgent")
    assert [(one.kind, stands(one, LATER)) for one in owed(twice, TWO)] == [("soon", "missed")]
    void = event(3, "voided", "11-16 12:00", {"target": "2SHA", "reason": "x"})
    assert [one.kind for one in owed(then(too_late, void), TWO)] == ["soon"]


# Reopening --------------------------------------------------------------------------------------


def test_the_time_in_which_a_ticket_was_closed_counts_as_nobodys() -> None:
    base = (finished("11-16 09:30", "by-phone"), ("11-16 10:00", "closed"))
    case = tell(*base, reopened("11-18 10:00"))
    one = the(case, "told", by=WORK)
    assert (one.due, one.met, stands(one, "11-18 12:00")) == (at("11-18 14:30"), None, "open")
    again = then(
        case,
        event(5, "finished", "11-18 11:00", {"result": "by-phone"}),
        event(6, "closed", "11-18 11:30"),
    )
    assert stands(the(again, "told", by=WORK), LATER) == "met"


def test_reopening_makes_no_breach_vanish() -> None:
    case = tell(cancelled("11-16 15:00"), reopened("11-18 10:00"), ("11-18 10:30", "told"))
    assert stands(the(case, "told", by=WORK), LATER) == "late"


def test_a_ticket_is_reopened_within_the_span_of_the_policy() -> None:
    done = replay(tell(FREE, SENT, FIXED, ("11-18 09:00", "closed")))
    assert reopen_until(done, book()) == at("2026-12-18 17:30")
    assert reopen_until(replay(tell(FREE, SENT)), book()) is None
    assert reopen_until(done, book(rules("x: {starts: opened, within: 1h, met-by: told}"))) is None


# Rules of their day -----------------------------------------------------------------------------


def test_a_later_policy_changes_no_verdict_of_what_began_before_it() -> None:
    def two(day: date, hours: int) -> str:
        return f"obligations:\n  told: {{starts: [opened, finished], within: {hours}h, met-by: told}}\n"

    old = policy_from(two(date(2026, 1, 1), 3), date(2026, 1, 1), "2026-01-01.yaml")
    new = policy_from(two(date(2026, 11, 17), 1), date(2026, 11, 17), "2026-11-17.yaml")
    case = tell(
        ("11-16 11:00", "told"), FREE, SENT, FIXED, slip("11-17 12:00"), ("11-18 09:00", "closed")
    )
    before = owed(case, book(old))
    after = owed(case, book(old, new))
    assert before[0] == after[0]
    assert [(one.policy, one.rule) for one in after] == [
        ("2026-01-01.yaml", "3h"),
        ("2026-11-17.yaml", "1h"),
    ]
