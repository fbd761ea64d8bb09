"""What is due, how many there are and stored words are said in one way, in lists and in messages."""

from __future__ import annotations

import pytest
from ticketplay import Told, at, book, owed, shipped_policy, tell, wish

from svcctl.cli.findings import spoken
from svcctl.domain.checks.catalogue import CODES
from svcctl.domain.decide import decide
from svcctl.domain.keeping import Line, Loss, problem
from svcctl.domain.problems import Message, Problem, Refusal, Said
from svcctl.domain.replay import replay
from svcctl.domain.seals import unsound
from svcctl.views.board import board
from svcctl.views.findings import problem_lines
from svcctl.views.language import due, say, set_language
from svcctl.views.output import Column
from svcctl.views.reminders import body
from svcctl.views.render import render

FREE: Told = ("11-16 09:10", "reviewed", {"cover": "free"})
SENT: Told = ("11-16 09:20", "dispatched", {"to": "wang.wei"})
FIXED: Told = ("11-17 10:20", "finished", {"result": "fixed", "fault": "x", "action": "y"})
SLIP: Told = ("11-18 16:00", "slip-returned", {"signed": "true", "third-copy": "left"})
MIDNIGHT = "2027-01-02T00:00:00+08:00"


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (MIDNIGHT, "2027-01-01 24:00"),
        ("2027-01-01T00:00:00+08:00", "2026-12-31 24:00"),
        ("2027-01-02T00:00:01+08:00", "2027-01-02 00:00"),
        ("2027-01-01T17:30:00+08:00", "2027-01-01 17:30"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01 00:00"),
    ],
)
def test_an_end_at_midnight_is_24_00_of_its_day(stored: str, said: str) -> None:
    assert due(stored) == said


def _today(section: str) -> dict[str, object]:
    return {
        "section": section,
        "ticket": "T",
        "what": "slip",
        "when": MIDNIGHT,
        "who": "manager",
        "overdue_minutes": 0,
        "who_name": None,
        "name": "周兰",
        "phone": None,
        "subject": "x",
        "priority": "normal",
        "contested": [],
        "level": 0,
    }


def test_a_due_time_has_one_form_in_tables_board_reminders_and_findings() -> None:
    table = render("x", [{"due": MIDNIGHT}], [Column("due", "due", show="due")], "table")
    assert "2027-01-01 24:00" in table

    def plain(text: str, _colour: str) -> str:
        return text

    later, day = "2027-01-05T09:00:00+08:00", "2027-01-01T09:00:00+08:00"
    assert "2027-01-01 24:00" in "\n".join(board([_today("overdue")], later, plain))
    lines = "\n".join(board([_today("due-today")], day, plain))
    assert "Due today (1): 24:00 ×1" in lines
    assert "2027-01-01 24:00  T" in body([_today("overdue")])
    assert "2027-01-02 00:00  T" in body([_today("visits")])
    found = Problem(
        "E403",
        "t",
        args={
            "what": "slip:1",
            "due": MIDNIGHT,
            "outcome": "open",
            "gap": "",
            "how": "",
            "id": "T",
        },
    )
    assert "due 2027-01-01 24:00" in problem_lines(spoken(found))


def test_what_is_owed_at_closing_is_said_by_its_label() -> None:
    promised: Told = ("11-18 09:00", "slip-explained", {"reason": "x", "promised": "2026-11-20"})
    case = tell(FREE, SENT, FIXED, promised)
    with pytest.raises(Refusal) as stop:
        decide(
            replay(case),
            wish("closed", "11-19 09:00"),
            at("11-19 09:00"),
            shipped_policy(),
            owed(case),
        )
    assert stop.value.code == "still-owed"
    assert "hand-in as explained (1) 2026-11-20" in say(stop.value.message)
    set_language("zh_CN")
    assert "slip" not in say(stop.value.message)


def test_a_finding_about_a_seal_or_a_changed_line_has_no_stored_word() -> None:
    assert "bad signature" in problem_lines(unsound("s", "bad-signature"))
    assert "how many tickets" in problem_lines(unsound("s", "tickets"))
    before, after = (
        Line("2SHA", f'{{"at": "{hour}", "words": "{words}"}}', 9)
        for hour, words in (("09", "later"), ("10", "LATER"))
    )
    made = problem("E502", "t", Loss(before, after), Said.of(Message("x")))
    assert made.args["change"] == "at: 09 -> 10, words: later -> LATER"
    set_language("zh_CN")
    shown = problem_lines(made)
    assert "words" not in shown.partition("\n")[0]
    assert "later -> LATER" in shown


@pytest.mark.parametrize("count", ["1", "2"])
def test_no_finding_says_one_lines_or_tickets(count: str) -> None:
    for code in ("E413", "E510"):
        said = CODES[code].message.replace("{count}", count)
        assert f"{count} lines" not in said
        assert f"{count} tickets" not in said


def test_a_slip_that_is_in_is_not_explained() -> None:
    case = tell(FREE, SENT, FIXED, SLIP)

    def explain(when: str) -> object:
        fields = {"reason": "x", "promised": "2026-11-25"}
        return decide(
            replay(case),
            wish("slip-explained", when, **fields),
            at("11-19 09:00"),
            book().at(at(when)),
        )

    with pytest.raises(Refusal) as stop:
        explain("11-19 09:00")
    assert stop.value.code == "slip-is-in"
    told = say(stop.value.message)
    assert told == "the slip of visit 1 has been in since 2026-11-18 16:00 (5SHA)"
    assert stop.value.remedy is not None
    assert "svcctl ticket void" in say(stop.value.remedy)
    # What was said before it came in can still be written down.
    assert explain("11-18 09:00")


def test_a_slip_of_another_visit_or_one_that_was_taken_back_can_be_explained() -> None:
    again: Told = ("11-18 17:00", "dispatched", {"to": "wang.wei"})
    void: Told = ("11-18 17:00", "voided", {"target": "5SHA", "reason": "x"})
    part: Told = ("11-17 10:20", "finished", {"result": "not-fixed", "fault": "x", "action": "y"})
    for case in (tell(FREE, SENT, part, SLIP, again), tell(FREE, SENT, FIXED, SLIP, void)):
        asked = wish("slip-explained", "11-19 09:00", reason="x")
        assert decide(replay(case), asked, at("11-19 09:00"), book().at(at("11-19 09:00")))


def test_a_merged_history_with_both_is_no_finding() -> None:
    explained: Told = ("11-19 09:00", "slip-explained", {"reason": "x"})
    assert not replay(tell(FREE, SENT, FIXED, SLIP, explained)).strays
