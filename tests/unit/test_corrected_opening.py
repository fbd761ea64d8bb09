"""A time of opening that was corrected is the one that everything says, counts and lists by."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from ticketplay import Told, book, tell

from svcctl.domain.replay import replay
from svcctl.domain.shapes import Shapes
from svcctl.domain.ticket import TICKET
from svcctl.ledger.folder import ticket_path
from svcctl.ledger.formrows import Forms
from svcctl.ledger.rows import TICKET_COLUMNS, rule_ids, ticket_row, ticket_rows

Run = Callable[..., Any]
MONDAY, LATER = "2026-11-16T11:00:00+08:00", "2026-11-16T16:00:00+08:00"
FRIDAY, SOONER = "2026-11-13T15:00:00+08:00", "2026-11-16T09:00:00+08:00"


def corrected(to: str, when: str = "11-16 16:00") -> Told:
    fields = {"target": "1SHA", "field": "at", "value": to, "reason": "mistyped"}
    return (when, "amended", fields)


@pytest.fixture
def desk(svcctl: Run) -> Run:
    """A ledger with one ticket, taken on Monday at eleven, and its id as ``desk.ticket``."""
    for words in (
        ("init", ".", "--desk", "SHA"),
        ("staff", "new", "li.na", "--name", "李娜", "--role", "manager"),
        ("me", "li.na"),
        ("customer", "new", "--name", "周兰", "--phone", "13800138000"),
        ("ticket", "new", "--kind", "repair", "--customer", "周兰", "--subject", "x", "--channel"),
    ):
        more = ("phone",) if words[-1] == "--channel" else ()
        ran = svcctl(*words, *more, now=MONDAY)
        assert ran.code == 0, ran.err

    def call(*words: str, now: str = LATER) -> Any:
        return svcctl(*words, now=now)

    return call


def items(ran: Any) -> list[dict[str, Any]]:
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)["items"]
    return found


def correct(desk: Run, to: str) -> str:
    (ticket,) = items(desk("ticket", "list", "-o", "json"))
    ran = desk("ticket", "amend", ticket["id"], "1SHA", "at", to, "--reason", "mistyped")
    assert ran.code == 0, ran.err
    return str(ticket["id"])


@pytest.mark.parametrize("to", [FRIDAY, SOONER, "2026-11-16T12:00:00+08:00"])
def test_list_show_and_machine_output_say_the_corrected_time_and_the_id_stays(
    desk: Run, to: str
) -> None:
    ticket = correct(desk, to)
    (listed,) = items(desk("ticket", "list", "-o", "json"))
    (shown,) = items(desk("ticket", "show", ticket, "-o", "json"))
    assert [listed["opened"], shown["opened"], shown["head"]["opened"]] == [to] * 3
    assert listed["id"] == ticket
    assert to[11:16] in desk("ticket", "show", ticket).out.partition("event")[0]


@pytest.mark.parametrize("to", [SOONER, "2026-11-16T12:00:00+08:00"])
@pytest.mark.parametrize("hour", [8, 10, 11, 12, 15, 16])
def test_as_of_any_moment_a_ticket_is_shown_where_it_is_listed(
    desk: Run, to: str, hour: int
) -> None:
    ticket = correct(desk, to)
    moment = ("--as-of", f"2026-11-16T{hour:02}:30:00+08:00", "-o", "json")
    listed = items(desk("ticket", "list", *moment, now="2026-11-16T17:00:00+08:00"))
    shown = desk("ticket", "show", ticket, *moment, now="2026-11-16T17:00:00+08:00")
    assert (shown.code == 0) == bool(listed) == (hour >= 11)
    if listed:
        assert items(shown)[0]["opened"] == listed[0]["opened"]
        assert listed[0]["opened"] == (to if hour >= 16 else MONDAY)


def test_what_is_said_to_have_been_before_the_opening_does_not_make_a_ticket_sooner() -> None:
    case = tell(("11-16 10:00", "noted", {"words": "x"}))
    case.events[1].at = datetime.fromisoformat("2026-11-15T10:00:00+08:00")
    assert not replay(case, until=datetime.fromisoformat("2026-11-15T20:00:00+08:00")).facts
    assert replay(case).opened == case.opened


def test_an_opening_corrected_into_the_week_before_was_received_in_that_week(desk: Run) -> None:
    def received() -> list[int]:
        asked = ("why", "--measure", "opened", "-o", "json", "--week")
        now = "2026-11-23T08:00:00+08:00"
        return [len(items(desk(*asked, week, now=now))) for week in ("2026-W47", "2026-W46")]

    assert received() == [1, 0]
    correct(desk, FRIDAY)
    assert received() == [0, 1]


def test_the_quick_reading_of_a_file_and_the_careful_one_agree() -> None:
    case = tell(corrected(FRIDAY))
    rules = book()
    path = ticket_path(case.id)
    careful, _ = ticket_rows(path, case.text(), Shapes(TICKET, rules), rule_ids(rules), 7)
    forms = Forms(rules)
    for _ in range(3):
        assert forms.rows(path, case.text(), 7) == careful
    row = dict(zip(TICKET_COLUMNS, ticket_row(path, replay(case), rules), strict=True))
    assert row["opened_text"] == FRIDAY
    began, opened = (datetime.fromisoformat(one) for one in ("2026-11-16T09:00:00+08:00", FRIDAY))
    assert (row["began"], row["opened"]) == (began.timestamp(), opened.timestamp())


def test_a_time_corrected_to_after_its_correction_is_one_at_which_something_happened() -> None:
    case = tell(corrected("2026-11-16T12:00:00+08:00", "11-16 09:30"))
    row = dict(zip(TICKET_COLUMNS, ticket_row("t", replay(case), book()), strict=True))
    assert row["last_at"] == row["opened"]
