"""What is owed under the shipped policy: when it is due, what meets, excuses, waives and pauses it.

16 November 2026 is a Monday; the shipped calendar is open daily, and closed from 1 to 7 October.
"""

from __future__ import annotations

from datetime import date

import pytest
from test_replay import APART, dispatch, settle, then, void
from ticketplay import (
    Told,
    at,
    book,
    event,
    merged,
    owed,
    policy_from,
    rules,
    shipped_policy,
    stands,
    tell,
    the,
)

from svcctl.domain.cases import Case
from svcctl.domain.policy import Book, Policy

FREE: Told = ("11-16 09:05", "reviewed", {"cover": "free"})
SENT: Told = (
    "11-16 09:10",
    "dispatched",
    {"to": "wang.wei", "visit": "2026-11-17T10:00:00+08:00"},
)
FIXED: Told = ("11-17 11:00", "finished", {"result": "fixed"})
LATER = "12-31 12:00"


def sent(when: str, to: str = "wang.wei", **more: str) -> Told:
    return (when, "dispatched", {"to": to, "visit": "2026-11-20T10:00:00+08:00", **more})


def finished(when: str, result: str = "fixed") -> Told:
    return (when, "finished", {"result": result})


def slip(when: str, **more: str) -> Told:
    return (when, "slip-returned", {"signed": "true", "third-copy": "left", **more})


def called(when: str, result: str = "reached", **more: str) -> Told:
    return (when, "called-back", {"result": result, **more})


def contacted(when: str, result: str = "reached") -> Told:
    return (when, "contacted", {"result": result})


def cancelled(when: str) -> Told:
    return (when, "cancelled", {"reason": "x"})


def told(case: Case, by: Book | None = None) -> dict[tuple[str, int], str]:
    """Each obligation of a case with its standing long after."""
    return {(one.kind, one.number): stands(one, LATER) for one in owed(case, by)}


# First call and reply ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "standing"),
    [
        ([contacted("11-16 09:03")], "met"),
        ([contacted("11-16 09:03:01")], "late"),
        ([contacted("11-16 09:00")], "met"),
        ([contacted("11-16 09:01", "unreached")], "missed"),
        ([contacted("11-16 09:01", "refused")], "missed"),
        ([contacted("11-16 09:01", "unreached"), contacted("11-16 09:02")], "met"),
        ([("11-16 09:01", "replied")], "missed"),
        ([], "missed"),
        ([cancelled("11-16 09:03")], "waived"),
        ([cancelled("11-16 09:03:01")], "missed"),
        ([cancelled("11-16 09:02"), contacted("11-16 09:10")], "waived"),
        ([cancelled("11-16 09:01"), contacted("11-16 09:02")], "met"),
        ([contacted("11-16 09:02"), cancelled("11-16 09:10")], "met"),
    ],
)
def test_the_first_call_is_due_after_three_minutes(calls: list[Told], standing: str) -> None:
    one = the(tell(*calls), "first-call")
    assert one.due == at("11-16 09:03")
    assert stands(one, LATER) == standing
    assert (one.owner, one.severity, one.number) == ("engineer", "warning", 0)


def test_the_first_call_runs_by_the_clock_on_the_wall_at_night_and_on_holidays() -> None:
    assert the(tell(opened="2026-10-01 23:59"), "first-call").due == at("2026-10-02 00:02")


@pytest.mark.parametrize(
    ("what", "standing"),
    [
        (contacted("11-17 09:00"), "met"),
        (contacted("11-17 09:00:01"), "late"),
        (("11-17 08:59", "replied"), "met"),
        (("11-17 08:59", "told"), "missed"),
        (contacted("11-16 09:01", "unreached"), "missed"),
    ],
)
def test_every_request_is_answered_within_twenty_four_hours(what: Told, standing: str) -> None:
    for kind in ("repair", "install", "inspection", "complaint", "inquiry", "support"):
        one = the(tell(what, kind=kind), "reply")
        assert one.due == at("11-17 09:00")
        assert stands(one, LATER) == standing
        assert one.met_with == ("contacted", "replied")


def test_only_repairs_owe_a_first_call_and_only_field_work_a_slip() -> None:
    def kinds(kind: str) -> set[str]:
        return {one.kind for one in owed(tell(kind=kind))}

    assert kinds("repair") == {"first-call", "reply", "slip"}
    assert kinds("install") == kinds("inspection") == {"reply", "slip"}
    assert kinds("inquiry") == kinds("support") == {"reply"}
    assert kinds("complaint") == {"reply", "complaint-resolved"}


# Slips ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "opened", "due"),
    [
        ("the day of the request is not counted", "11-16 09:00", "11-18 17:30"),
        ("early or late that day, it is the same", "11-16 23:59:59", "11-18 17:30"),
        ("Sunday is a day of duty", "2026-11-20 09:00", "2026-11-22 17:30"),
        (
            "a holiday at the end moves it to the next open day",
            "2026-09-29 09:00",
            "2026-10-08 17:30",
        ),
        ("a holiday in between does not", "2026-10-06 09:00", "2026-10-08 17:30"),
        ("a request in the holidays", "2026-10-01 09:00", "2026-10-08 17:30"),
        ("over the end of a year", "2026-12-30 09:00", "2027-01-01 17:30"),
    ],
)
def test_a_slip_is_due_two_days_after_the_request(why: str, opened: str, due: str) -> None:
    found = the(tell(opened=opened), "slip")
    if due.startswith("2027"):
        # Whatever the holidays of 2027 turn out to be: an open day, the first from 1 January on.
        assert found.due is not None
        assert found.due >= at("2027-01-01 17:30"), why
    else:
        assert found.due == at(due), why


@pytest.mark.parametrize(
    ("back", "standing"),
    [
        ([slip("11-18 17:30")], "met"),
        ([slip("11-18 17:30:01")], "late"),
        ([], "missed"),
        ([("11-18 18:00", "slip-explained", {"reason": "x"})], "excused"),
        ([("11-17 18:00", "slip-explained", {"reason": "x"}), slip("11-25 09:00")], "excused"),
        ([("11-17 18:00", "slip-explained", {"reason": "x"}), slip("11-18 09:00")], "met"),
    ],
)
def test_a_slip_comes_in_time_or_is_explained(back: list[Told], standing: str) -> None:
    assert stands(the(tell(FREE, SENT, FIXED, *back), "slip"), LATER) == standing


def test_the_slip_of_a_second_visit_counts_from_its_dispatch() -> None:
    case = tell(
        FREE,
        SENT,
        finished("11-17 11:00", "parts-needed"),
        slip("11-17 12:00"),
        sent("11-24 09:00"),
        finished("11-25 10:00"),
        slip("11-26 17:30"),
    )
    first, second = the(case, "slip", 1), the(case, "slip", 2)
    assert (first.due, first.met_by) == (at("11-18 17:30"), "5SHA")
    assert (second.due, second.met_by) == (at("11-26 17:30"), "8SHA")
    assert stands(second, LATER) == "met"


def test_a_slip_meets_the_visit_it_names() -> None:
    case = tell(
        FREE,
        SENT,
        finished("11-17 11:00", "parts-needed"),
        sent("11-17 12:00"),
        slip("11-18 12:00", **{"visit-no": "1"}),
    )
    assert the(case, "slip", 1).met_by == "6SHA"
    assert the(case, "slip", 2).met is None


def test_a_promised_slip_is_due_at_the_end_of_the_promised_day() -> None:
    def promised(moment: str) -> Told:
        return ("11-18 09:00", "slip-explained", {"reason": "x", "promised": moment})

    case = tell(FREE, SENT, FIXED, promised("2026-11-23"))
    one = the(case, "slip-promised")
    assert (one.due, one.number, one.rule) == (at("11-23 17:30"), 1, "until promised")
    assert stands(one, "11-23 17:30") == "open"
    assert stands(one, "11-23 17:30:01") == "missed"
    assert stands(the(case, "slip"), LATER) == "excused"
    back = tell(FREE, SENT, FIXED, promised("2026-11-23"), slip("11-23 10:00"))
    assert stands(the(back, "slip-promised"), LATER) == "met"
    by_the_hour = the(
        tell(FREE, SENT, FIXED, promised("2026-11-23T09:00:00+08:00")), "slip-promised"
    )
    assert by_the_hour.due == at("11-23 09:00")
    closed_day = the(
        tell(
            sent("2026-09-28 09:30", emergency="x"),
            ("2026-09-29 09:00", "slip-explained", {"reason": "x", "promised": "2026-10-03"}),
            opened="2026-09-28 09:00",
        ),
        "slip-promised",
    )
    assert closed_day.due == at("2026-10-08 17:30")


def test_an_explanation_without_a_promise_promises_nothing() -> None:
    case = tell(FREE, SENT, FIXED, ("11-18 09:00", "slip-explained", {"reason": "x"}))
    assert "slip-promised" not in {one.kind for one in owed(case)}


@pytest.mark.parametrize(
    ("why", "way"),
    [
        ("solved by telephone", [finished("11-16 10:00", "by-phone")]),
        ("declined", [("11-16 10:00", "reviewed", {"cover": "declined"})]),
        ("cancelled", [cancelled("11-16 10:00")]),
    ],
)
def test_without_a_visit_there_is_no_slip(why: str, way: list[Told]) -> None:
    assert stands(the(tell(*way), "slip"), LATER) == "waived", why


def test_what_is_solved_by_telephone_after_a_visit_owes_that_visits_slip() -> None:
    assert (
        stands(the(tell(FREE, SENT, finished("11-17 11:00", "by-phone")), "slip"), LATER)
        == "missed"
    )


# Callbacks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "calls", "standing"),
    [
        ("the day after, at its first second", [called("11-18 00:00")], "met"),
        ("the day after, at the end of its windows", [called("11-18 17:30")], "met"),
        ("a second too late", [called("11-18 17:30:01")], "late"),
        ("the same day is too soon", [called("11-17 23:59:59")], "missed"),
        (
            "the same day, and again the day after",
            [called("11-17 15:00"), called("11-18 10:00")],
            "met",
        ),
        ("not reached", [called("11-18 10:00", "unreached")], "missed"),
        (
            "reached at the second attempt",
            [called("11-18 10:00", "unreached"), called("11-18 11:00")],
            "met",
        ),
        ("the customer wants no call", [called("11-18 10:00", "refused")], "waived"),
        ("the customer says so too late", [called("11-18 17:31", "refused")], "missed"),
        ("cancelled before", [cancelled("11-17 12:00")], "waived"),
    ],
)
def test_the_callback_is_made_the_day_after(why: str, calls: list[Told], standing: str) -> None:
    one = the(tell(FREE, SENT, FIXED, *calls), "callback-next")
    assert one.not_before == at("11-18 00:00")
    assert one.due == at("11-18 17:30")
    assert stands(one, LATER) == standing, why
    assert (one.owner, one.who, one.number) == ("coordinator", "", 1)


@pytest.mark.parametrize("result", ["fixed", "no-fault", "by-phone"])
def test_what_is_finished_asks_for_a_callback(result: str) -> None:
    assert the(tell(FREE, SENT, finished("11-17 11:00", result)), "callback-next")


@pytest.mark.parametrize(
    "result", ["refused", "no-access", "not-fixed", "parts-needed", "workshop"]
)
def test_what_is_not_done_asks_for_none(result: str) -> None:
    found = owed(tell(FREE, SENT, finished("11-17 11:00", result)))
    assert "callback-next" not in {one.kind for one in found}


def test_before_a_holiday_the_callback_moves_to_the_first_day_after_it() -> None:
    case = tell(
        sent("2026-09-29 10:00", emergency="x"),
        finished("2026-09-30 11:00"),
        opened="2026-09-29 09:00",
    )
    one = the(case, "callback-next")
    assert (one.not_before, one.due) == (at("2026-10-01 00:00"), at("2026-10-08 17:30"))
    on_duty = then(case, event(4, "called-back", "2026-10-02 10:00", {"result": "reached"}))
    assert stands(the(on_duty, "callback-next"), LATER) == "met"


def test_the_callback_after_the_slip_is_due_two_days_after_its_hand_in() -> None:
    case = tell(FREE, SENT, FIXED, slip("11-18 15:00"))
    one = the(case, "callback-slip")
    assert (one.due, one.number) == (at("11-20 17:30"), 1)
    same_day = tell(FREE, SENT, FIXED, slip("11-18 15:00"), called("11-18 15:01"))
    assert stands(the(same_day, "callback-slip"), LATER) == "met"
    before = tell(FREE, SENT, FIXED, called("11-18 14:00"), slip("11-18 15:00"))
    assert stands(the(before, "callback-slip"), LATER) == "missed"


def test_one_call_may_satisfy_both() -> None:
    case = tell(FREE, SENT, FIXED, slip("11-17 12:00"), called("11-18 10:00"))
    assert the(case, "callback-next").met_by == the(case, "callback-slip").met_by == "6SHA"


def test_each_cycle_of_work_owes_its_own_callback() -> None:
    case = tell(
        FREE,
        SENT,
        FIXED,
        called("11-18 10:00", working="no"),
        sent("11-18 11:00"),
        finished("11-19 10:00"),
        called("11-19 11:00"),
        called("11-20 10:00"),
    )
    first, second = the(case, "callback-next", 1), the(case, "callback-next", 2)
    assert (first.met_by, first.due) == ("5SHA", at("11-18 17:30"))
    assert (second.met_by, second.due) == ("9SHA", at("11-20 17:30"))


@pytest.mark.parametrize(
    ("reopened", "standing"), [("11-18 15:00", "waived"), ("11-18 18:00", "missed")]
)
def test_a_callback_nobody_made_is_owed_no_more_once_the_work_begins_again(
    reopened: str, standing: str
) -> None:
    case = tell(FREE, SENT, FIXED, (reopened, "reopened", {"reason": "x"}))
    one = the(case, "callback-next", 1)
    assert one.ended == at(reopened)
    assert stands(one, LATER) == standing


# Papers after an emergency ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("papers", "standing"),
    [
        ([("11-18 17:30", "reviewed", {"cover": "free"})], "met"),
        ([("11-18 17:31", "reviewed", {"cover": "free"})], "late"),
        ([("11-17 10:00", "reviewed", {"cover": "paid"})], "missed"),
        ([("11-17 10:00", "reviewed", {"cover": "paid"}), ("11-17 11:00", "accepted")], "met"),
        ([], "missed"),
        ([cancelled("11-16 12:00")], "waived"),
    ],
)
def test_an_emergency_owes_its_papers_afterwards(papers: list[Told], standing: str) -> None:
    one = the(tell(sent("11-16 09:01", emergency="gas"), *papers), "papers")
    assert one.due == at("11-18 17:30")
    assert stands(one, LATER) == standing


def test_an_ordinary_dispatch_owes_no_papers() -> None:
    assert "papers" not in {one.kind for one in owed(tell(FREE, SENT))}


# The end of a case ------------------------------------------------------------------------------


def test_closing_makes_no_breach_vanish() -> None:
    closed = ("11-30 10:00", "closed")
    case = tell(contacted("11-16 09:02"), FREE, SENT, FIXED, closed)
    assert told(case) == {
        ("first-call", 0): "met",
        ("reply", 0): "met",
        ("slip", 1): "missed",
        ("arrival", 1): "excused",
        ("callback-next", 1): "missed",
    }
    assert the(case, "slip").ended == at("11-30 10:00")


def test_what_was_not_yet_due_when_the_case_ended_is_waived() -> None:
    case = tell(contacted("11-16 09:02"), FREE, SENT, FIXED, ("11-17 12:00", "closed"))
    assert stands(the(case, "slip"), LATER) == "waived"
    assert stands(the(case, "callback-next"), LATER) == "waived"


def test_what_was_missed_stays_late_when_it_is_met_after_closing() -> None:
    case = tell(FREE, SENT, FIXED, ("11-30 10:00", "closed"), slip("11-30 11:00"))
    assert stands(the(case, "slip"), LATER) == "late"
    in_time = tell(FREE, SENT, FIXED, ("11-17 12:00", "closed"), slip("11-18 11:00"))
    assert stands(the(in_time, "slip"), LATER) == "met"


def test_a_reopened_case_owes_again_what_closing_had_ended() -> None:
    case = tell(
        FREE, SENT, FIXED, ("11-17 12:00", "closed"), ("11-17 13:00", "reopened", {"reason": "x"})
    )
    assert the(case, "slip").ended is None
    assert stands(the(case, "slip"), LATER) == "missed"
    assert stands(the(case, "callback-next", 1), LATER) == "waived"


def test_cancelling_and_reopening_makes_nothing_vanish() -> None:
    reopened: Told = ("11-16 09:03", "reopened", {"reason": "x"})
    case = tell(cancelled("11-16 09:02"), reopened)
    assert told(case) == {
        ("first-call", 0): "missed",
        ("reply", 0): "missed",
        ("slip", 1): "missed",
    }
    again = tell(cancelled("11-16 09:02"), reopened, cancelled("11-16 12:00"))
    assert told(again) == {
        ("first-call", 0): "missed",
        ("reply", 0): "waived",
        ("slip", 1): "waived",
    }


def test_a_case_ends_when_it_first_reached_the_state_it_ended_in() -> None:
    declined = ("11-16 10:00", "reviewed", {"cover": "declined"})
    again = ("11-30 10:00", "reviewed", {"cover": "declined"})
    assert the(tell(declined, again), "reply").ended == at("11-16 10:00")


def test_a_voided_meeting_meets_nothing() -> None:
    case = then(tell(contacted("11-16 09:02")), void(3, "2SHA"))
    assert stands(the(case, "first-call"), LATER) == "missed"


def test_an_event_written_down_late_meets_what_it_met_in_time() -> None:
    case = then(
        tell(), event(2, "contacted", "11-16 09:02", {"result": "reached"}, noted="11-30 09:00")
    )
    assert stands(the(case, "first-call"), LATER) == "met"


# Who owes ---------------------------------------------------------------------------------------


def test_the_engineer_who_owes_is_the_one_of_the_visit() -> None:
    case = tell(
        FREE,
        SENT,
        finished("11-17 11:00", "parts-needed"),
        sent("11-18 09:00", "chen.jing"),
        ("11-18 10:00", "reassigned", {"to": "zhao.min", "approved": "m", "reason": "x"}),
    )
    assert the(case, "slip", 1).who == "wang.wei"
    assert the(case, "slip", 2).who == "zhao.min"
    assert the(case, "first-call").who == "zhao.min"
    assert the(case, "reply").who == ""
    assert the(tell(), "slip").who == ""


def test_after_a_settlement_the_engineer_picked_owes() -> None:
    reassign = {"approved": "m", "reason": "x"}
    sent_once = tell(FREE, SENT)
    case = merged(
        sent_once,
        [event(4, "reassigned", fields={"to": "a", **reassign}, desk="BJ", over="3SHA")],
        [event(4, "reassigned", fields={"to": "b", **reassign}, over="3SHA")],
    )
    assert the(case, "slip").who == "b"
    assert the(then(case, settle(5, "engineer", "4BJ", over="4SHA")), "slip").who == "a"
    assert the(then(APART, settle(4, "engineer", "3BJ", over="3SHA")), "slip", 1).who == "wang.wei"


# Imported cases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("supplied", "kinds"),
    [
        ("opened", set()),
        ("opened contacted", {"first-call", "reply"}),
        ("opened called-back", {"callback-next"}),
        ("opened slip-returned called-back", {"slip", "callback-next"}),
    ],
)
def test_an_imported_case_is_judged_only_on_what_its_map_supplied(
    supplied: str, kinds: set[str]
) -> None:
    imported: Told = ("11-16 09:00", "imported", {"supplied": supplied})
    case = tell(imported, ("11-17 11:00", "finished", {"result": "fixed", "from": "old"}))
    for one in case.events:
        one.noted = at("12-01 09:00")
    assert {one.kind for one in owed(case)} == kinds


def test_what_starts_after_the_import_is_judged_in_full() -> None:
    imported: Told = ("11-16 09:00", "imported", {"supplied": "opened"})
    case = tell(imported, FREE, SENT, finished("11-17 11:00"))
    for one in case.events[:4]:
        one.noted = at("11-17 09:00")
    assert {one.kind for one in owed(case)} == {"callback-next"}


# Policies by date -------------------------------------------------------------------------------


def two_policies() -> Book:
    def policy(since: date, within: str) -> Policy:
        text = f"obligations:\n  reply: {{starts: opened, within: {within}, met-by: contacted}}\n"
        return policy_from(text, since, f"{since}.yaml")

    return book(policy(date(2026, 1, 1), "24h"), policy(date(2026, 11, 17), "2h"))


@pytest.mark.parametrize(
    ("opened", "due", "policy"),
    [
        ("2026-11-16 23:59:59", "2026-11-17 23:59:59", "2026-01-01.yaml"),
        ("2026-11-17 00:00", "2026-11-17 02:00", "2026-11-17.yaml"),
        ("2025-06-01 10:00", "2025-06-02 10:00", "2026-01-01.yaml"),
    ],
)
def test_an_obligation_is_judged_by_the_policy_in_force_when_it_started(
    opened: str, due: str, policy: str
) -> None:
    case = tell(("2026-11-18 09:00", "told"), opened=opened)
    one = the(case, "reply", by=two_policies())
    assert (one.due, one.policy, one.line) == (at(due), policy, 2)


# Pauses -----------------------------------------------------------------------------------------

WORK = "job: {starts: opened, within: 8h, clock: %s, met-by: finished, paused-by: paused(for=parts), resumed-by: resumed}"


def paused(when: str, why: str = "parts") -> Told:
    return (when, "paused", {"for": why, "reason": "x"})


def resumed(when: str) -> Told:
    return (when, "resumed")


def job(*happened: Told, clock: str = "wall", line: str = WORK) -> tuple[Case, Book]:
    text = line % clock if "%s" in line else line
    return tell(*happened), book(rules(text))


@pytest.mark.parametrize(
    ("clock", "turns", "due"),
    [
        ("wall", [], "11-16 17:00"),
        ("wall", [paused("11-16 10:00"), resumed("11-16 12:00")], "11-16 19:00"),
        ("wall", [paused("11-16 10:00", "customer"), resumed("11-16 12:00")], "11-16 17:00"),
        ("wall", [paused("11-16 18:00"), resumed("11-16 19:00")], "11-16 17:00"),
        ("wall", [resumed("11-16 12:00")], "11-16 17:00"),
        (
            "wall",
            [paused("11-16 10:00"), paused("11-16 11:00"), resumed("11-16 12:00")],
            "11-16 19:00",
        ),
        ("wall", [paused("11-16 10:00"), resumed("11-16 10:00")], "11-16 17:00"),
        (
            "wall",
            [
                paused("11-16 10:00"),
                resumed("11-16 11:00"),
                paused("11-16 11:00"),
                resumed("11-16 13:00"),
            ],
            "11-16 20:00",
        ),
        ("work", [], "11-17 09:00"),
        ("work", [paused("11-16 12:00"), resumed("11-16 13:30")], "11-17 09:00"),
        ("work", [paused("11-16 11:00"), resumed("11-16 14:00")], "11-17 10:30"),
    ],
)
def test_a_pause_adds_exactly_the_clocks_own_time_inside_it(
    clock: str, turns: list[Told], due: str
) -> None:
    case, by = job(*turns, clock=clock)
    assert the(case, "job", by=by).due == at(due)


def test_while_it_is_paused_nothing_is_missed_and_afterwards_the_rest_runs() -> None:
    case, by = job(paused("11-16 16:59"))
    one = the(case, "job", by=by)
    assert (one.paused, stands(one, "11-20 09:00")) == (at("11-16 16:59"), "paused")
    case, by = job(paused("11-16 16:59"), resumed("11-20 09:00"))
    one = the(case, "job", by=by)
    assert (one.paused, one.due) == (None, at("11-20 09:01"))
    assert one.pauses == ((at("11-16 16:59"), at("11-20 09:00")),)


def test_a_pause_after_the_due_time_excuses_nothing() -> None:
    case, by = job(paused("11-16 17:00:01"))
    assert stands(the(case, "job", by=by), LATER) == "missed"


def test_what_is_met_or_ended_during_a_pause_is_in_time() -> None:
    done: Told = ("11-20 10:00", "finished", {"result": "by-phone"})
    case, by = job(paused("11-16 10:00"), done)
    one = the(case, "job", by=by)
    assert (one.met, one.paused, stands(one, LATER)) == (at("11-20 10:00"), None, "met")
    case, by = job(paused("11-16 10:00"), cancelled("11-20 10:00"))
    one = the(case, "job", by=by)
    assert (one.ended, one.paused, stands(one, LATER)) == (at("11-20 10:00"), None, "waived")


def test_a_pause_after_the_end_moves_nothing() -> None:
    done: Told = ("11-16 16:00", "finished", {"result": "by-phone"})
    case, by = job(done, paused("11-16 16:30"), resumed("11-16 16:40"))
    one = the(case, "job", by=by)
    assert (one.due, one.pauses) == (at("11-16 17:00"), ())


def test_a_pause_that_began_before_the_start_counts_from_the_start_on() -> None:
    line = "job: {per: visit, starts: dispatched, within: 2h, met-by: arrived, paused-by: paused, resumed-by: resumed}"
    case, by = job(
        paused("11-16 09:30"), sent("11-16 10:00", emergency="x"), resumed("11-16 11:00"), line=line
    )
    one = the(case, "job", by=by)
    assert (one.due, one.pauses) == (at("11-16 13:00"), ((at("11-16 10:00"), at("11-16 11:00")),))
    case, by = job(paused("11-16 09:30"), sent("11-16 10:00", emergency="x"), line=line)
    assert the(case, "job", by=by).paused == at("11-16 10:00")
    case, by = job(
        paused("11-16 09:30"), resumed("11-16 09:40"), sent("11-16 10:00", emergency="x"), line=line
    )
    assert the(case, "job", by=by).pauses == ()


# Other lines a policy may have --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "head", "due"),
    [
        (
            "x: {starts: opened, until: wanted, met-by: finished}",
            {"wanted": "2026-10-03"},
            "2026-10-08 17:30",
        ),
        (
            "x: {starts: opened, until: wanted, rolls: never, met-by: finished}",
            {"wanted": "2026-10-03"},
            "2026-10-04 00:00",
        ),
        (
            "x: {starts: opened, until: promised, met-by: finished}",
            {"promised": "2026-11-20T15:00:00+08:00"},
            "11-20 15:00",
        ),
        ("x: {starts: opened, within: 1mo, met-by: finished}", {}, "2026-12-16 17:30"),
        ("x: {starts: opened, within: 0d, met-by: finished}", {}, "11-16 17:30"),
        ("x: {starts: opened, within: 4h, clock: work, met-by: finished}", {}, "11-16 14:30"),
    ],
)
def test_a_date_a_span_or_working_time_can_be_owed(
    line: str, head: dict[str, str], due: str
) -> None:
    assert the(tell(**head), "x", by=book(rules(line))).due == at(due)


def test_without_the_date_it_waits_for_nothing_is_owed() -> None:
    assert owed(tell(), book(rules("x: {starts: opened, until: wanted, met-by: finished}"))) == []


def test_an_appointment_can_be_owed() -> None:
    line = "x: {per: visit, starts: dispatched, until: visit, met-by: arrived, owner: engineer}"
    case = tell(FREE, SENT, ("11-17 10:00", "arrived"))
    one = the(case, "x", by=book(rules(line)))
    assert (one.due, stands(one, LATER), one.who) == (at("11-17 10:00"), "met", "wang.wei")


def test_each_start_makes_one_and_an_event_never_meets_what_it_starts() -> None:
    line = "x: {starts: contacted(result=unreached), within: 1h, met-by: contacted}"
    case = tell(contacted("11-16 10:00", "unreached"), contacted("11-16 10:00", "unreached"))
    found = owed(case, book(rules(line)))
    assert [(one.started_by, one.met_by) for one in found] == [("2SHA", "3SHA"), ("3SHA", "")]


def test_a_start_that_two_patterns_name_makes_one_only() -> None:
    line = "x: {starts: [opened, opened(kind=repair)], within: 1h, met-by: contacted}"
    assert len(owed(tell(), book(rules(line)))) == 1


def test_a_per_visit_obligation_before_any_visit_belongs_to_the_first() -> None:
    line = "x: {per: visit, starts: opened, within: 1h, met-by: [finished, dispatched, told]}"
    by = book(rules(line))
    assert the(tell(finished("11-16 09:30", "by-phone")), "x", by=by).met_by == "2SHA"
    assert the(tell(("11-16 09:30", "told")), "x", by=by).met_by == "2SHA"
    assert the(tell(FREE, SENT), "x", by=by).number == 1


def test_two_desks_that_send_on_one_request_make_one_visit_with_one_slip() -> None:
    case = merged(tell(FREE), [dispatch(3, "a", "BJ", "2SHA")], [dispatch(3, "b", "SHA", "2SHA")])
    slips = [(one.number, one.who) for one in owed(case) if one.kind == "slip"]
    assert slips == [(1, "b")]


PER_DISPATCH = book(
    rules(
        "there: {per: visit, starts: dispatched, until: visit, met-by: [arrived], owner: engineer}",
        "told: {per: visit, starts: dispatched, within: 2d, met-by: [arrived, told]}",
    )
)


def sent_apart(**other: str) -> Case:
    """The second visit of a request, for which two desks send somebody without knowing it."""
    base = tell(FREE, SENT, finished("11-17 11:00", "parts-needed"))
    fields = {"to": "a", "visit": "2026-11-19T10:00:00+08:00"}
    return merged(
        base,
        [event(5, "dispatched", "11-17 12:00", fields, desk="BJ", over="4SHA")],
        [event(5, "dispatched", "11-17 12:05", {**fields, **other}, over="4SHA")],
    )


def startings(case: Case, *kinds: str, by: Book | None = None) -> dict[tuple[str, str], str]:
    """The standing of each obligation of these names, by its name and the event that started it."""
    found = owed(case, by)
    return {(o.kind, o.started_by): stands(o, "11-18 12:00") for o in found if o.kind in kinds}


@pytest.mark.parametrize(("pick", "other"), [("5BJ", "5SHA"), ("5SHA", "5BJ")])
def test_the_dispatch_that_was_not_picked_owes_nothing(pick: str, other: str) -> None:
    apart = sent_apart(to="b")
    assert startings(apart, "slip") == {
        ("slip", "1SHA"): "open",
        ("slip", "5BJ"): "open",
        ("slip", "5SHA"): "open",
    }
    case = then(apart, settle(6, "engineer", pick, over="5SHA"))
    assert startings(case, "slip") == {
        ("slip", "1SHA"): "open",
        ("slip", pick): "open",
        ("slip", other): "waived",
    }
    late = then(
        case, event(7, "slip-returned", "11-30 09:00", {"signed": "true", "third-copy": "left"})
    )
    assert startings(late, "slip")["slip", other] == "waived"
    again = then(case, settle(7, "engineer", other, over="6SHA"))
    assert startings(again, "slip")["slip", pick] == "open"
    assert startings(then(case, void(7, "6SHA")), "slip") == startings(apart, "slip")


def test_what_a_desk_wrote_of_its_visit_belongs_to_it_whichever_dispatch_is_picked() -> None:
    base = tell(FREE)
    there = event(4, "arrived", "11-17 09:55", desk="BJ", over="3BJ")
    case = merged(base, [dispatch(3, "a", "BJ", "2SHA"), there], [dispatch(3, "b", "SHA", "2SHA")])
    case = then(case, settle(5, "engineer", "3BJ", over="3SHA"))
    assert startings(case, "there", by=PER_DISPATCH) == {
        ("there", "3BJ"): "met",
        ("there", "3SHA"): "waived",
    }


def test_an_appointment_settled_apart_from_the_engineer_is_that_of_its_own_dispatch() -> None:
    apart = sent_apart(to="b", visit="2026-11-19T14:00:00+08:00")
    case = then(
        apart,
        settle(6, "engineer", "5BJ", over="5SHA"),
        settle(7, "visit", "5SHA", over="5SHA"),
    )
    assert startings(case, "there", "told", by=PER_DISPATCH) == {
        ("there", "3SHA"): "missed",
        ("told", "3SHA"): "open",
        ("there", "5BJ"): "waived",
        ("told", "5BJ"): "open",
        ("there", "5SHA"): "open",
        ("told", "5SHA"): "waived",
    }


def test_the_same_dispatch_written_down_at_two_desks_is_owed_once() -> None:
    assert startings(sent_apart(), "slip") == {
        ("slip", "1SHA"): "open",
        ("slip", "5BJ"): "open",
        ("slip", "5SHA"): "waived",
    }


def test_a_visit_given_to_another_is_settled_with_the_dispatch_it_goes_back_to() -> None:
    fields = {"to": "c", "approved": "m", "reason": "x"}
    passed_on = event(6, "reassigned", "11-17 13:00", fields, desk="BJ", over="5BJ")
    apart = sent_apart(to="b")
    case = then(apart, passed_on, settle(7, "engineer", "6BJ", over="6BJ"))
    assert startings(case, "slip")["slip", "5SHA"] == "waived"
    assert startings(case, "slip")["slip", "5BJ"] == "open"


def test_obligations_say_where_their_rule_stands() -> None:
    one = the(tell(), "reply")
    text = (shipped_policy().path, one.line)
    assert one.policy == text[0]
    assert one.rule == "24h"
    assert one.line > 30
