"""The audit's rules one by one: what each reports, and what it leaves alone."""

from __future__ import annotations

from datetime import datetime

import pytest

from svcctl.desk import playing
from svcctl.domain.checks import crossing
from svcctl.domain.checks.catalogue import remedy_of, severity, severity_of
from svcctl.domain.checks.dissatisfaction import dissatisfied
from svcctl.domain.checks.examples import EXAMPLES
from svcctl.domain.checks.examples.sound import (
    ARRIVED,
    BEGUN,
    CALLED,
    CONTACTED,
    DONE,
    FINISHED,
    OPENED,
    RETURNED,
    REVIEWED,
    STORY,
    TICKET,
    Told,
    ticket,
    told,
    written,
)
from svcctl.domain.checks.identity_rules import folder_of, identity_problems
from svcctl.domain.checks.owed_rules import (
    Breach,
    breach_of,
    code_of_rule,
    owed_problem,
    span_text,
)
from svcctl.domain.checks.schema_rules import misread_problems, stray_problems
from svcctl.domain.checks.service_rules import (
    approval_problems,
    complaint_problem,
    ticket_problems,
)
from svcctl.domain.obligations import obligations
from svcctl.domain.policy import Book
from svcctl.domain.problems import Problem
from svcctl.domain.replay import replay
from svcctl.domain.state import State
from svcctl.domain.times import Span
from svcctl.ledger.book import load_book
from svcctl.ledger.records import read_ticket

ROLES = {"mgr1": "manager", "desk1": "coordinator", "eng1": "engineer"}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return load_book(playing.make(None, tmp_path_factory.mktemp("ledger")))


def state_of(*events: Told, **head: str) -> State:
    case = read_ticket(ticket(*events, **head), TICKET).case
    assert case is not None
    return replay(case)


def found(book: Book, *events: Told, **head: str) -> list[str]:
    return [problem.code for problem in ticket_problems(TICKET, state_of(*events, **head), book)]


def fields(book: Book, *events: Told, **head: str) -> list[str]:
    problems = ticket_problems(TICKET, state_of(*events, **head), book)
    return [problem.args["field"] for problem in problems if problem.code == "E410"]


# What a ticket's own events show ------------------------------------------------------------------


def test_a_story_in_which_all_was_done_in_time_shows_nothing(book: Book) -> None:
    assert found(book, *STORY) == []


DISPATCHED_AGAIN = told(
    "16T14:10", "desk1", "dispatched", to="eng1", visit="2026-11-18T10:00:00+08:00", over="5SHA"
)
PAID = told("16T14:00", "mgr1", "reviewed", cover="paid", over="4SHA")


def test_paid_work_dispatched_without_acceptance_is_reported(book: Book) -> None:
    assert found(book, *BEGUN, PAID, DISPATCHED_AGAIN) == ["E406"]


def test_paid_work_accepted_before_the_dispatch_is_not_reported(book: Book) -> None:
    accepted = told("16T14:05", "desk1", "accepted")
    assert found(book, *BEGUN, PAID, accepted, DISPATCHED_AGAIN) == []


def test_an_acceptance_that_came_after_the_dispatch_does_not_help(book: Book) -> None:
    accepted = told("16T15:00", "desk1", "accepted")
    assert found(book, *BEGUN, PAID, DISPATCHED_AGAIN, accepted) == ["E406"]


def test_in_an_emergency_paid_work_may_begin_before_it_is_accepted(book: Book) -> None:
    assert found(book, *BEGUN, PAID, {**DISPATCHED_AGAIN, "emergency": "漏电"}) == []


def test_a_callback_by_the_engineer_who_worked_is_reported_only_when_somebody_was_reached(
    book: Book,
) -> None:
    assert found(book, *DONE, RETURNED, {**CALLED, "by": "eng1"}) == ["E408"]
    missed = told("18T09:30", "eng1", "called-back", result="unreached")
    assert found(book, *DONE, RETURNED, missed) == []


def test_a_refused_third_copy_and_a_missing_signature_are_reported(book: Book) -> None:
    assert found(book, *DONE, {**RETURNED, "third-copy": "refused"}) == ["E409"]
    assert found(book, *DONE, {**RETURNED, "signed": False}) == ["E411"]
    assert found(book, *DONE, {**RETURNED, "signed": False, "unsigned": "客户不在"}) == []


def test_each_field_that_a_returned_slip_lacks_is_named(book: Book) -> None:
    bare = told("17T11:00", "eng1", "finished", result="fixed", over="5SHA")
    assert fields(book, *BEGUN, ARRIVED, bare, RETURNED) == ["fault", "action"]
    assert fields(book, *BEGUN, ARRIVED, RETURNED) == ["finished"]
    silent = {key: value for key, value in RETURNED.items() if key != "opinion"}
    assert fields(book, *DONE, silent) == ["opinion"]
    assert fields(book, *DONE, RETURNED, unit="") == ["model"]
    assert fields(book, *DONE, RETURNED, unit="", model="KFR-35") == []


def test_what_a_slip_lacks_is_added_by_the_command_that_the_finding_names(book: Book) -> None:
    bare = told("17T11:00", "eng1", "finished", result="fixed", over="5SHA")
    silent = {key: value for key, value in RETURNED.items() if key != "opinion"}
    state = state_of(*BEGUN, ARRIVED, bare, silent, unit="")
    made = [p for p in ticket_problems(TICKET, state, book) if p.code == "E410"]
    said = [remedy_of(problem).format_map(dict(problem.args)) for problem in made]
    assert [line.partition("amend ")[2].partition(" VALUE --reason …")[0] for line in said] == [
        f"{state.case.id} {place}"
        for place in ("6SHA fault", "6SHA action", "head model", "7SHA opinion")
    ]
    (missing,) = (
        p
        for p in ticket_problems(TICKET, state_of(*BEGUN, ARRIVED, RETURNED), book)
        if p.code == "E410"
    )
    assert "svcctl ticket finish {id} --result" in remedy_of(missing)


def test_the_example_of_a_code_shows_where_its_lines_differ() -> None:
    for code in ("E409", "E410", "E411"):
        old, new = list(playing.difference(EXAMPLES[code]))[1:3]
        assert (old[0], new[0]) == ("-", "+")
        assert old[1:] != new[1:]
        assert max(len(old), len(new)) <= 160


def test_a_visit_in_which_nothing_was_repaired_needs_no_fault_and_no_action(book: Book) -> None:
    nobody = told("17T11:00", "eng1", "finished", result="no-access", over="5SHA")
    assert found(book, *BEGUN, ARRIVED, nobody, RETURNED) == []


def test_what_the_first_result_lacked_may_stand_in_the_second(book: Book) -> None:
    first = told("17T11:00", "eng1", "finished", result="fixed", fault="电容", over="5SHA")
    second = {**FINISHED, "over": "6SHA"}
    assert fields(book, *BEGUN, ARRIVED, first, second, RETURNED) == []


def test_late_and_early_notes_are_reported_beyond_the_policys_span(book: Book) -> None:
    late = {**CONTACTED, "noted": written("17T09:03")}
    assert found(book, OPENED, late) == ["E413"]
    assert found(book, OPENED, {**CONTACTED, "noted": written("17T09:02")}) == []
    assert found(book, OPENED, {**CONTACTED, "noted": written("16T08:50")}) == ["E418"]
    assert found(book, OPENED, {**CONTACTED, "noted": written("16T08:57")}) == []


def test_the_policy_may_know_no_limit_for_late_notes_or_one_in_months(book: Book) -> None:
    policy = book.policies[0]
    usual = policy.back_dating
    late = {**CONTACTED, "noted": written("30T09:02")}
    try:
        policy.back_dating = None
        assert found(book, OPENED, late) == []
        policy.back_dating = Span(1, "mo")
        assert found(book, OPENED, late) == []
        policy.back_dating = Span(13, "d")
        assert found(book, OPENED, late) == ["E413"]
    finally:
        policy.back_dating = usual


def test_a_contested_value_is_reported_with_both_candidates(book: Book) -> None:
    state = state_of(
        OPENED,
        CONTACTED,
        told("16T09:10", "mgr1", "quoted", amount="100.00"),
        told("16T09:20", "desk1", "quoted", desk="BJA", amount="120.00", over="3SHA"),
        told("16T09:21", "desk1", "quoted", n=4, amount="150.00", over="3SHA"),
    )
    (problem,) = ticket_problems(TICKET, state, book)
    assert (problem.code, problem.line, problem.subject) == ("E414", 15, state.case.id)
    assert problem.args["applied_text"] == "150.00"
    assert problem.args["other_text"] == "120.00"


def test_imported_lines_are_judged_on_what_the_map_supplied_only(book: Book) -> None:
    noted = written("30T12:00")
    by_phone = told("17T11:00", "eng1", "finished", result="by-phone")
    supplied = told("16T09:00", "desk1", "imported", supplied="finished")
    imported = [{**line, "noted": noted} for line in (OPENED, supplied, by_phone)]
    head = {"foreign": "hotline:1"}
    assert found(book, *imported, **head) == []
    after = {**CALLED, "at": written("30T12:30"), "noted": written("30T12:10")}
    assert found(book, *imported, after, **head) == ["E418"]


# What needs other records -------------------------------------------------------------------------


def reassigned(approved: str) -> Told:
    return told(
        "16T14:00",
        "desk1",
        "reassigned",
        to="eng1",
        approved=approved,
        reason="路线冲突",
        over="4SHA",
    )


@pytest.mark.parametrize(("approved", "codes"), [("mgr1", []), ("desk1", ["E407"]), ("gone", [])])
def test_a_reassignment_needs_the_approval_of_somebody_who_may_give_it(
    approved: str, codes: list[str], book: Book
) -> None:
    state = state_of(*BEGUN, reassigned(approved))
    assert [one.code for one in approval_problems(TICKET, state, book, ROLES)] == codes


def test_an_imported_reassignment_needs_no_approval(book: Book) -> None:
    lines = [*BEGUN[:1], told("16T09:00", "desk1", "imported", supplied="x"), *BEGUN[1:]]
    state = state_of(
        *({**line, "noted": written("30T12:00")} for line in [*lines, reassigned("desk1")])
    )
    assert approval_problems(TICKET, state, book, ROLES) == []


@pytest.mark.parametrize("answer", [{"opinion": "dissatisfied"}, {"quality": 1}, {"attitude": 1}])
def test_a_dissatisfied_answer_or_a_low_score_asks_for_a_complaint(
    answer: dict[str, str | int], book: Book
) -> None:
    problem = complaint_problem(TICKET, state_of(*DONE, RETURNED, {**CALLED, **answer}), book)
    assert problem is not None
    assert (problem.code, problem.line, problem.args["event"]) == ("E412", 18, "8SHA")


def test_a_satisfied_answer_asks_for_none_and_a_complaint_asks_for_no_second_one(
    book: Book,
) -> None:
    assert complaint_problem(TICKET, state_of(*STORY), book) is None
    angry = {**CALLED, "opinion": "dissatisfied"}
    complaint = state_of(*DONE, angry, kind="complaint")
    assert dissatisfied(complaint, book) is not None
    assert complaint_problem(TICKET, complaint, book) is None


# What was owed ------------------------------------------------------------------------------------


BREACH = Breach(TICKET, "SHA-261116-02G", "slip", 1, 11, 1000.0, "then", None, None, "error")


def test_what_is_still_owed_has_the_policys_severity_and_no_length() -> None:
    problem = owed_problem(BREACH)
    assert (problem.code, problem.line, problem.column) == ("E403", 11, 1)
    assert problem.args["how"] == "still open"
    assert severity_of(problem) == "error"
    assert severity_of(owed_problem(BREACH._replace(severity="warning"))) == "warning"


def test_what_was_done_late_is_a_warning_whatever_the_policy_says() -> None:
    problem = owed_problem(BREACH._replace(met=1000.0 + 3 * 3600))
    assert severity_of(problem) == "warning"
    assert problem.args["how"] == "done 3h 00m late"


def test_what_ended_unmet_stays_what_the_policy_says() -> None:
    problem = owed_problem(BREACH._replace(ended=1000.0 + 86400 * 2))
    assert severity_of(problem) == "error"
    assert problem.args["how"] == "never met, 2d 0h overdue when the ticket ended"


def test_a_later_instance_is_named_with_its_number() -> None:
    assert owed_problem(BREACH).args["which"] == "slip"
    assert owed_problem(BREACH._replace(number=2)).args["which"] == "slip:2"


def test_an_obligation_of_the_departments_own_has_the_general_code() -> None:
    assert code_of_rule("papers") == "E415"
    assert code_of_rule("tea") == "E419"
    assert owed_problem(BREACH._replace(kind="tea")).code == "E419"


def test_a_breach_begins_after_the_due_time_and_not_at_it(book: Book) -> None:
    state = state_of(*BEGUN)
    slip = next(one for one in obligations(state, book) if one.kind == "slip")
    assert slip.due is not None
    due = slip.due.timestamp()
    assert breach_of(TICKET, state, slip, due) is None
    breach = breach_of(TICKET, state, slip, due + 1)
    assert breach is not None
    assert (breach.line, breach.due_text) == (11, "2026-11-18T17:30:00+08:00")


def test_what_was_excused_or_met_in_time_is_no_breach(book: Book) -> None:
    explained = told("17T16:00", "eng1", "slip-explained", reason="客户出差")
    state = state_of(*BEGUN, ARRIVED, explained)
    at = datetime.fromisoformat("2026-12-01T00:00:00+08:00").timestamp()
    assert [one.kind for one in obligations(state, book) if breach_of(TICKET, state, one, at)] == []
    state = state_of(*STORY)
    assert not any(breach_of(TICKET, state, one, at) for one in obligations(state, book))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (3600, "1h 00m"), (86399, "23h 59m"), (90000, "1d 1h")],
)
def test_lengths_of_time_read_the_same_in_every_language(seconds: int, text: str) -> None:
    assert span_text(seconds) == span_text(-seconds) == text


# Who a record is ----------------------------------------------------------------------------------


def test_a_ticket_in_its_place_with_sound_id_and_ordered_events_shows_nothing() -> None:
    case = state_of(*STORY).case
    assert folder_of(case) == "records/tickets/2026/11"
    assert identity_problems(TICKET, case, [event.order for event in case.events]) == []


def test_wrong_name_wrong_folder_and_wrong_order_are_each_reported() -> None:
    case = state_of(OPENED, CONTACTED, REVIEWED).case
    orders = [(1, "SHA"), (3, "SHA"), (2, "SHA")]
    problems = identity_problems("records/tickets/2026/12/SHA-261116-03E.yaml", case, orders)
    assert [problem.code for problem in problems] == ["E301", "E306", "E307"]
    assert problems[2].line == 12
    assert problems[2].args == {"event": "2SHA", "before": "3SHA"}


def test_a_wrong_check_character_is_reported() -> None:
    case = state_of(*STORY).case
    case.head["id"] = "SHA-261116-02A"
    path = TICKET.replace("02G", "02A")
    problems = identity_problems(path, case, [])
    assert [(problem.code, problem.excerpt) for problem in problems] == [
        ("E302", "id: SHA-261116-02A")
    ]


def test_stray_events_are_reported_where_they_stand() -> None:
    state = state_of(OPENED, told("16T09:30", "desk1", "closed"))
    (problem,) = stray_problems(TICKET, state, "x")
    assert (problem.code, problem.line, problem.subject) == ("E207", 12, "x")
    assert problem.excerpt.startswith('- {"n": 2,')


def test_flaws_of_a_file_without_lines_still_have_a_place() -> None:
    from svcctl.domain.cases import Misread
    from svcctl.domain.schema import Flaw

    wrong = Misread()
    wrong.head.append(Flaw("E202", "subject", {"key": "subject"}))
    wrong.events.append((0, Flaw("E203", "at", {})))
    head, event = misread_problems("p", wrong, {}, [5], [], "x")
    assert (head.line, head.column, head.excerpt) == (1, 1, "")
    assert (event.line, event.column, event.excerpt) == (5, 1, "")


# What refers to what ------------------------------------------------------------------------------


def test_a_place_is_found_in_heads_and_in_events_of_both_forms() -> None:
    text = (
        'customer: SHA-C0001Z\nevents:\n- {"by": "eng1", "to": "eng10"}\n- by: eng10\n  to: eng1\n'
    )
    assert crossing.place_of(text, ("customer",), "SHA-C0001Z")[:2] == (1, 11)
    assert crossing.place_of(text, ("by",), "eng1")[:2] == (3, 11)
    assert crossing.place_of(text, ("by",), "eng10")[:2] == (4, 7)
    assert crossing.place_of(text, ("to",), "eng1") == (5, 7, "  to: eng1")
    assert crossing.place_of(text, ("unit",), "eng1") == (0, 0, "")
    assert crossing.place_of("to: eng1", ("to",), "eng1") == (1, 5, "to: eng1")


def test_a_name_without_card_is_reported_at_the_first_key_that_has_it() -> None:
    text = '- {"by": "li", "to": "wu"}\n- {"by": "wu", "to": "li"}\n'
    problem = crossing.naming_problem("p", "x", "staff", "wu", text)
    assert (problem.code, problem.line, problem.args["key"]) == ("E305", 1, "to")
    nowhere = crossing.naming_problem("p", "x", "unit", "SN1", text)
    assert (nowhere.line, nowhere.args) == (0, {"key": "unit", "value": "SN1"})


def test_a_desk_is_shown_where_it_wrote_else_in_the_id() -> None:
    text = 'id: BJA-261116-02G\nevents:\n- {"n": 1, "desk": "SHA"}\n'
    assert crossing.desk_place(text, "SHA", "BJA-261116-02G")[0] == 3
    assert crossing.desk_place(text, "BJA", "BJA-261116-02G")[0] == 1
    problem = crossing.no_desk("p", "x", "BJA", (1, 5, "line"))
    assert (problem.code, problem.args) == ("E308", {"value": "BJA"})


def test_two_records_of_one_id_name_each_other() -> None:
    problem = crossing.same_id("b", "SHA-261116-02G", "a", (2, 5, "id"))
    assert (problem.code, problem.path, problem.args["other"]) == ("E304", "b", "a")


@pytest.mark.parametrize(
    "path",
    [
        "records/tickets/2026/11/SHA-261116-02G.yaml",
        "records/customers/SHA-C0001Z.yaml",
        "records/policy/2026-01-01.yaml",
        "records/attachments/ab/cd.jpg",
        "records/knowledge/compressor.md",
        "records/parts/moves/2026-11.SHA.yaml",
        "records/.gitattributes",
        "records/tickets/2026/11/.svcctl-4711.tmp",
    ],
)
def test_records_and_hidden_files_are_in_their_place(path: str) -> None:
    assert crossing.not_a_record(path) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("records/tickets/SHA-261116-02G.yaml", "records/tickets/2026/11/SHA-261122-07M.yaml"),
        ("records/tickets/2026/11/x.yaml~", "records/tickets/2026/11/SHA-261122-07M.yaml"),
        ("records/customers/old/x.yaml", "records/customers/NAME.yaml"),
        ("records/staff/li.na.yml", "records/staff/NAME.yaml"),
        ("records/logs/2026-11.yaml", "records/logs/2026-11.SHA.yaml"),
    ],
)
def test_a_file_out_of_place_is_told_where_it_could_be(path: str, expected: str) -> None:
    problem = crossing.not_a_record(path)
    assert problem is not None
    assert (problem.code, problem.args["expected"]) == ("E310", expected)


@pytest.mark.parametrize("path", ["records/notes.txt", "records/misc/a.yaml", "records/parts"])
def test_an_unknown_folder_is_told_which_are_known(path: str) -> None:
    problem = crossing.not_a_record(path)
    assert problem is not None
    assert problem.args["expected"].startswith("records/tickets|logs|policy|")


def test_only_records_kept_out_of_git_are_reported() -> None:
    hidden = crossing.kept_out_of_git(TICKET, "ignored")
    assert hidden is not None
    assert (hidden.code, hidden.args["how"]) == ("E309", "ignored")
    assert crossing.kept_out_of_git("records/staff/.DS_Store", "ignored") is None
    assert crossing.kept_out_of_git("records/tickets/x.bak", "ignored") is None


def test_a_policy_without_phone_and_a_year_without_holidays_are_warnings() -> None:
    phone = crossing.no_phone("p", (7, 16, "line"))
    year = crossing.unknown_year("c", 2003, (3, 11, "line"))
    assert [severity(phone.code), severity(year.code)] == ["warning", "warning"]
    assert (phone.line, phone.column, year.args["year"]) == (7, 16, "2003")


def test_a_finding_may_say_for_itself_how_bad_it_is() -> None:
    assert severity_of(Problem("E403", "p")) == severity("E403") == "error"
    assert severity_of(Problem("E403", "p", args={"severity": "warning"})) == "warning"
