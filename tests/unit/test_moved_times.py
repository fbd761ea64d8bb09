"""Times that were amended when they were over: warned of by the audit, named by ``why``."""

from __future__ import annotations

import json
from pathlib import Path

import made_ledgers as made
import pytest
from ticketplay import Told, book, tell

from svcctl.domain.checks.service_rules import ticket_problems
from svcctl.domain.judging import Obligation
from svcctl.domain.obligations import obligations
from svcctl.domain.problems import Message
from svcctl.domain.reasons import reasons
from svcctl.domain.replay import replay

FREE: Told = ("11-16 09:10", "reviewed", {"cover": "free"})
SENT: Told = (
    "11-16 09:20",
    "dispatched",
    {"to": "wang.wei", "visit": "2026-11-17T10:00:00+08:00"},
)
THERE: Told = ("11-17 10:20", "arrived")


def amended(when: str, target: str, field: str, value: str) -> Told:
    return (when, "amended", {"target": target, "field": field, "value": value, "reason": "x"})


def later(when: str) -> Told:
    return amended(when, "3SHA", "visit", "2026-11-17T10:30:00+08:00")


def warned(*told: Told, **head: str) -> list[dict[str, str]]:
    state = replay(tell(FREE, SENT, *told, **head))
    found = ticket_problems("t.yaml", state, book())
    return [dict(one.args) for one in found if one.code == "E428"]


def why(*told: Told, kind: str = "arrival") -> list[Message]:
    state, rules = replay(tell(FREE, SENT, *told)), book()
    one: Obligation = next(one for one in obligations(state, rules) if one.kind == kind)
    return reasons(state, rules, one, state.facts[-1].at)


def test_an_appointment_amended_when_it_was_over_is_a_warning_with_who_and_when() -> None:
    [one] = warned(THERE, later("11-17 10:40"))
    assert one["event"] == "5SHA"
    assert one["by"] == "li.na"
    assert (one["since"], one["until"]) == (
        "2026-11-17T10:00:00+08:00",
        "2026-11-17T10:30:00+08:00",
    )
    assert one["noted"] == "2026-11-17T10:40:00+08:00"


@pytest.mark.parametrize(
    ("when", "warnings"), [("11-17 09:59", 0), ("11-17 10:00", 0), ("11-17 10:00:01", 1)]
)
def test_one_amended_before_it_was_over_is_none(when: str, warnings: int) -> None:
    assert len(warned(later(when))) == warnings


def test_what_counts_is_when_it_was_written_down_not_when_it_is_said_to_have_been() -> None:
    case = tell(FREE, SENT, THERE, later("11-17 10:40"))
    case.events[-1].at = case.events[0].at
    found = ticket_problems("t.yaml", replay(case), book())
    assert "E428" in [one.code for one in found]


def test_a_second_amendment_is_measured_against_the_first() -> None:
    first = amended("11-17 09:00", "3SHA", "visit", "2026-11-18T10:00:00+08:00")
    second = amended("11-17 11:00", "3SHA", "visit", "2026-11-18T15:00:00+08:00")
    third = amended("11-18 16:00", "3SHA", "visit", "2026-11-18T17:00:00+08:00")
    assert [one["since"] for one in warned(first, second, third)] == ["2026-11-18T15:00:00+08:00"]


def test_an_amendment_that_was_taken_back_or_changes_nothing_is_no_warning() -> None:
    taken_back = ("11-17 10:50", "voided", {"target": "5SHA", "reason": "x"})
    assert warned(THERE, later("11-17 10:40"), taken_back) == []
    assert warned(amended("11-17 12:00", "3SHA", "visit", "2026-11-17T10:00:00+08:00")) == []


@pytest.mark.parametrize(("when", "warnings"), [("11-17 23:00", 0), ("11-18 00:00", 1)])
def test_a_day_that_was_promised_is_over_with_its_end(when: str, warnings: int) -> None:
    moved = amended(when, "head", "promised", "2026-11-20")
    assert len(warned(moved, promised="2026-11-17")) == warnings


def test_other_fields_and_times_that_were_never_to_come_are_amended_without_a_warning() -> None:
    assert warned(THERE, amended("11-17 12:00", "4SHA", "at", "2026-11-17T10:05:00+08:00")) == []
    assert warned(THERE, amended("11-17 12:00", "head", "subject", "y")) == []


def test_why_names_who_amended_the_appointment_when_and_from_what_to_what() -> None:
    [told] = [one for one in why(THERE, later("11-17 10:40")) if "changed" in one.template]
    assert "when it was over" in told.template
    assert told.args == {
        "by": "li.na",
        "field": "visit",
        "target": "3SHA",
        "since": "2026-11-17T10:00:00+08:00",
        "until": "2026-11-17T10:30:00+08:00",
        "event": "5SHA",
        "noted": "2026-11-17T10:40:00+08:00",
    }
    [early] = [one for one in why(later("11-16 12:00")) if "changed" in one.template]
    assert "when it was over" not in early.template


def test_why_names_an_amended_time_of_what_met_it_and_of_nothing_else() -> None:
    arrived = amended("11-17 12:00", "4SHA", "at", "2026-11-17T09:55:00+08:00")
    [told] = [one for one in why(THERE, arrived) if "changed" in one.template]
    assert (told.args["target"], told.args["field"]) == ("4SHA", "at")
    assert [one for one in why(THERE, arrived, kind="slip") if "changed" in one.template] == []


def test_the_commands_name_the_person_and_the_line(tmp_path: Path) -> None:
    root, day = made.copy(tmp_path / "ledger"), "2026-11-17T{}:00+08:00"
    shown = json.loads(made.sure(root, "ticket", "show", made.TICKET, "-o", "json").out)
    sent = next(one["event"] for one in shown["items"][0]["events"] if one["do"] == "dispatched")
    amend = ("amend", made.TICKET, sent, "visit", day.format("14:30"), "--reason", "x")
    made.sure(root, "ticket", *amend, now=day.format("09:00"))
    told = made.sure(root, "why", made.TICKET, "arrival", now=day.format("09:01")).out
    assert f"协调员甲 changed visit of {sent}" in told
    assert "2026-11-17 09:00, when it was over" in told
    found = made.call(root, "audit", "--only", "E428", now=day.format("09:01"))
    assert found.code == 0
    assert f"{made.TICKET}.yaml:" in found.out
    assert "(warning)" in found.out
