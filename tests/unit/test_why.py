"""``svcctl why``: each step of the counting is told, and the steps lead to the due time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from svcctl.desk import playing
from svcctl.desk.setup import shipped
from svcctl.domain.checks.examples.sound import (
    ARRIVED,
    AS_OF,
    BEGUN,
    CALLED,
    DONE,
    FINISHED,
    OPENED,
    POLICY,
    RETURNED,
    STORY,
    TICKET,
    TICKET_ID,
    Told,
    ticket,
    told,
    written,
)
from svcctl.domain.obligations import obligations
from svcctl.domain.reasons import deadline, reasons
from svcctl.domain.replay import replay
from svcctl.ledger.book import load_book
from svcctl.ledger.folder import Ledger
from svcctl.ledger.records import read_ticket

RULE = f"{POLICY}:{shipped('policy.yaml').split(b'obligations:')[0].count(10) + 2}"
"""Where the rule told stands: behind the line with which the obligations begin."""
Run = Callable[..., Any]
Steps = Callable[..., list[str]]


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    """The steps of one rule, named ``told``, over some events, as English sentences."""
    playing.make(None, tmp_path)
    text = (tmp_path / POLICY).read_text("utf-8")

    def ask(rule: str, *events: Told, as_of: str = AS_OF, **head: str) -> list[str]:
        line = f"obligations:\n  told: {{for: [], owner: coordinator, met-by: [told], {rule}}}\n"
        (tmp_path / POLICY).write_text(text.replace("obligations:\n", line), "utf-8")
        book = load_book(Ledger(tmp_path))
        case = read_ticket(ticket(*events, **head), TICKET).case
        assert case is not None
        state = replay(case)
        one = next(one for one in obligations(state, book) if one.kind == "told")
        moment = datetime.fromisoformat(as_of)
        return [
            template.format_map(dict(args)) for template, args in reasons(state, book, one, moment)
        ]

    return ask


def test_a_span_round_the_clock_is_started_counted_and_met(steps: Steps) -> None:
    answer = told("16T11:00", "desk1", "told", words="已修好")
    assert steps("starts: opened, within: 3h", OPENED, answer) == [
        "started by 1SHA opened, 2026-11-16 09:00",
        f"rule: within 3h round the clock ({RULE}, policy 2026-01-01)",
        "due 2026-11-16 12:00, by coordinator",
        "met by 2SHA told, 2026-11-16 11:00, in time",
    ]


def test_working_time_is_shown_window_by_window(steps: Steps) -> None:
    told_steps = steps("starts: opened, within: 6h, clock: work", OPENED, as_of=written("16T10:00"))
    assert told_steps[1:] == [
        f"rule: within 6h of working time ({RULE}, policy 2026-01-01)",
        "open 2026-11-16 09:00 to 12:00: 3h 00m",
        "open 2026-11-16 13:30 to 16:30: 3h 00m",
        "due 2026-11-16 16:30, by coordinator",
        "would be met by told",
        "at 2026-11-16 10:00 6h 30m are left",
    ]


def test_a_long_working_time_shows_its_first_windows_and_how_many_follow(steps: Steps) -> None:
    told_steps = steps("starts: opened, within: 40h, clock: work", OPENED)
    assert sum(step.startswith("open 2026-11-1") for step in told_steps) == 8
    assert "and further windows: 3" in told_steps


def test_days_leave_out_the_day_of_the_event_and_end_with_the_last_window(steps: Steps) -> None:
    told_steps = steps("starts: opened, within: 2d", OPENED)
    assert told_steps[1:] == [
        f"rule: within 2d, counted in days ({RULE}, policy 2026-01-01)",
        "the day of the event is not counted: 2026-11-16",
        "day 1: 2026-11-17, a Tuesday",
        "its last day is 2026-11-18, a Wednesday",
        "2026-11-18 is open 08:00-12:00, 13:30-17:30",
        "due 2026-11-18 17:30, by coordinator",
        "would be met by told",
        "at 2026-11-20 12:00 it is 1d 18h overdue",
    ]


HOLIDAY = "2026-09-30T09:00:00+08:00"


def opened(at: str, name: str) -> tuple[Told, dict[str, str]]:
    return told(at, "desk1", "opened"), {"opened": at}


def test_a_last_day_that_is_closed_moves_to_the_next_open_day_for_a_reason(steps: Steps) -> None:
    event, head = opened(HOLIDAY, "")
    told_steps = steps("starts: opened, within: 1d", event, **head)
    assert "its last day is 2026-10-01, a Thursday" in told_steps
    assert "2026-10-01 is a statutory holiday" in told_steps
    assert "so the period ends on the next open day, 2026-10-08" in told_steps
    assert "due 2026-10-08 17:30, by coordinator" in told_steps


def test_a_rule_may_let_a_period_end_on_a_closed_day(steps: Steps) -> None:
    event, head = opened(HOLIDAY, "")
    told_steps = steps("starts: opened, within: 1d, rolls: never", event, **head)
    assert "by its rule the period ends there nevertheless, at 24:00" in told_steps
    assert "due 2026-10-01 24:00, by coordinator" in told_steps


def test_a_make_up_day_is_named_as_such(steps: Steps) -> None:
    event, head = opened("2026-10-09T09:00:00+08:00", "")
    told_steps = steps("starts: opened, within: 1d", event, **head)
    assert "2026-10-10 is a make-up working day, open 08:00-12:00, 13:30-17:30" in told_steps


def test_months_and_years_end_on_the_corresponding_day(steps: Steps) -> None:
    assert "its last day is 2027-01-16, a Saturday" in steps("starts: opened, within: 2mo", OPENED)
    assert "its last day is 2027-11-16, a Tuesday" in steps("starts: opened, within: 1y", OPENED)


def test_a_day_closed_every_week_or_by_the_calendar_says_so(tmp_path: Path, steps: Steps) -> None:
    calendar = tmp_path / "records/calendar/CN.yaml"
    text = calendar.read_text("utf-8")
    calendar.write_text(
        text.replace('sun: ["08:00-17:30"]', "sun: []").replace(
            "days: {} ", "yearly: {11-20: []}\ndays: {2026-11-21: []} "
        ),
        "utf-8",
    )
    told_steps = steps("starts: opened, within: 4d", OPENED)
    assert told_steps[6:11] == [
        "its last day is 2026-11-20, a Friday",
        "2026-11-20 is closed every year",
        "2026-11-21 is closed by the calendar's `days`",
        "2026-11-22 is closed, as every Sunday",
        "so the period ends on the next open day, 2026-11-23",
    ]


PAUSED = told("16T10:00", "desk1", "paused", **{"for": "parts"}, reason="等配件")
RESUMED = told("18T10:00", "desk1", "resumed")


def test_a_pause_is_told_with_what_would_be_due_without_it(steps: Steps) -> None:
    pausing = "paused-by: [paused], resumed-by: [resumed]"
    told_steps = steps(f"starts: opened, within: 2d, {pausing}", OPENED, PAUSED, RESUMED)
    assert "without its pauses it would be due 2026-11-18 17:30" in told_steps
    assert (
        "its clock stood still from 2026-11-16 10:00 to 2026-11-18 10:00: 2SHA paused (等配件)"
        in told_steps
    )
    assert "due 2026-11-20 17:30, by coordinator" in told_steps
    standing = steps(f"starts: opened, within: 2d, {pausing}", OPENED, PAUSED)
    assert "its clock stands still since 2026-11-16 10:00: 2SHA paused (等配件)" in standing


def test_a_promised_time_is_due_when_it_was_promised(steps: Steps) -> None:
    day = steps("starts: opened, until: wanted", OPENED, wanted="2026-11-18")
    assert f"rule: until the time in wanted ({RULE}, policy 2026-01-01)" in day
    assert "that day ends when its last window closes" in day
    hour = steps("starts: opened, until: promised", OPENED, promised="2026-11-18T09:15:30+08:00")
    assert "due 2026-11-18 09:15:30, by coordinator" in hour
    assert not any("window" in step for step in hour)


def test_what_was_late_excused_or_ended_says_so(steps: Steps) -> None:
    late = told("17T11:00", "desk1", "told", words="已修好")
    assert steps("starts: opened, within: 3h", OPENED, late)[-1] == (
        "met by 2SHA told, 2026-11-17 11:00, 23h 00m late"
    )
    noted = told("16T10:00", "desk1", "noted", words="出差")
    excused = steps("starts: opened, within: 3h, excused-by: [noted]", OPENED, noted)
    assert "excused by an explanation, 2026-11-16 10:00" in excused
    assert not any("overdue" in step for step in excused)
    cancelled = told("16T10:00", "desk1", "cancelled", reason="客户取消", over="1SHA")
    ended = steps("starts: opened, within: 3h", OPENED, cancelled)
    assert ended[-1] == "ended without it, 2026-11-16 10:00"


def test_what_is_met_only_from_some_day_on_says_so(steps: Steps) -> None:
    told_steps = steps("starts: opened, within: 2d, not-before: 1d", OPENED)
    assert "does not count before 2026-11-17 00:00 (not before 1d)" in told_steps


def test_the_steps_of_every_obligation_lead_to_its_due_time(tmp_path: Path) -> None:
    playing.make(None, tmp_path)
    book = load_book(Ledger(tmp_path))
    case = read_ticket(ticket(*STORY), TICKET).case
    assert case is not None
    state = replay(case)
    owed = obligations(state, book)
    assert owed
    for one in owed:
        found = reasons(state, book, one, datetime.fromisoformat(AS_OF))
        assert one.due is not None
        assert any(step.args.get("at") == deadline(one.due) for step in found)


# The command --------------------------------------------------------------------------------------


def test_why_explains_every_obligation_of_a_ticket(ledger: Path, svcctl: Run) -> None:
    ran = svcctl("why", "02G", cwd=ledger, now=AS_OF)
    assert (ran.code, ran.err) == (0, "")
    heads = [line for line in ran.out.split("\n") if line and not line.startswith(" ")]
    assert heads == [
        TICKET_ID,
        "first call: met",
        "reply within the time: met",
        "slip hand-in: met",
        "arrival: met",
        "callback the day after: met",
        "callback after the slip: met",
    ]


def test_why_warns_of_a_year_without_holidays_only_where_it_could_change_the_answer(
    ledger: Path, svcctl: Run
) -> None:
    file = ledger / TICKET
    file.write_bytes(file.read_bytes().replace(b"2026-11-1", b"2089-12-1"))
    for wanted, years in (("slip", ["2089"]), ("reply", []), ("arrival", []), ("", ["2089"])):
        words = ("why", "02G", *([wanted] if wanted else []), "-o", "json")
        ran = svcctl(*words, cwd=ledger, now="2089-12-31T09:00:00+08:00")
        warned = [p["args"]["year"] for p in json.loads(ran.out)["problems"] if p["code"] == "E239"]
        assert (wanted, warned) == (wanted, years)


def test_why_takes_a_kind_or_one_instance(ledger: Path, svcctl: Run) -> None:
    again = told(
        "17T09:00", "desk1", "dispatched", to="eng1", visit="2026-11-18T10:00:00+08:00", over="4SHA"
    )
    (ledger / TICKET).write_bytes(ticket(*BEGUN, again))
    assert svcctl("why", "02G", "slip", "-o", "ids", cwd=ledger, now=AS_OF).out == "slip\nslip\n"
    ran = svcctl("why", "02G", "slip:2", cwd=ledger, now=AS_OF)
    assert "\nslip hand-in (2): missed\n" in ran.out
    assert "started by 5SHA dispatched, 2026-11-17 09:00" in ran.out
    assert ran.out.count("started by") == 1


def test_why_as_of_the_past_knows_only_what_had_happened(ledger: Path, svcctl: Run) -> None:
    ran = svcctl(
        "why", "02G", "slip", "--as-of", "2026-11-17T12:00", "-o", "json", cwd=ledger, now=AS_OF
    )
    (item,) = json.loads(ran.out)["items"]
    assert (item["state"], item["met"], item["due"]) == ("open", None, "2026-11-18T17:30:00+08:00")
    early = svcctl("why", "02G", "--as-of", "2026-11-15", cwd=ledger, now=AS_OF)
    assert early.code == 8
    assert "did not exist yet" in early.err


def test_why_known_leaves_out_what_had_not_been_written_down(ledger: Path, svcctl: Run) -> None:
    late = {**RETURNED, "noted": written("19T17:00")}
    (ledger / TICKET).write_bytes(ticket(*DONE, late, CALLED))
    words = ("why", "02G", "slip", "-o", "json", "--known", "2026-11-19T09:00")
    (item,) = json.loads(svcctl(*words, cwd=ledger, now=AS_OF).out)["items"]
    assert item["met"] is None


def test_why_gives_machine_output_with_the_rule_and_its_place(ledger: Path, svcctl: Run) -> None:
    ran = svcctl("why", TICKET_ID, "callback-next", "-o", "json", cwd=ledger, now=AS_OF)
    answer = json.loads(ran.out)
    (item,) = answer["items"]
    assert answer["kind"] == "obligation"
    assert {key: item[key] for key in ("ticket", "kind", "state", "started_by", "met_by")} == {
        "ticket": TICKET_ID,
        "kind": "callback-next",
        "state": "met",
        "started_by": "6SHA",
        "met_by": "8SHA",
    }
    assert (item["policy"], item["rule"], item["not_before"]) == (
        POLICY,
        "1d",
        "2026-11-18T00:00:00+08:00",
    )
    assert "callback-next:" in (ledger / POLICY).read_text("utf-8").split("\n")[item["line"] - 1]


def test_an_obligation_that_nothing_started_is_not_found(ledger: Path, svcctl: Run) -> None:
    ran = svcctl("why", "02G", "papers", cwd=ledger, now=AS_OF)
    assert ran.code == 8
    assert "has no obligation papers" in ran.err
    assert "first-call, reply, slip:1, arrival:1, callback-next:1, callback-slip:1" in ran.err


def test_a_line_without_a_limit_is_told_with_its_place(ledger: Path, svcctl: Run) -> None:
    ran = svcctl("why", "02G", "first-contact", cwd=ledger, now=AS_OF)
    lines = (ledger / POLICY).read_text("utf-8").split("\n")
    line = next(n for n, text in enumerate(lines, start=1) if text.startswith("  first-contact:"))
    assert ran.code == 8
    assert "no limit is configured for first-contact" in ran.err
    assert f"{POLICY}:{line} [no-limit]" in ran.err


def test_a_ticket_without_obligations_says_so(ledger: Path, svcctl: Run) -> None:
    (ledger / POLICY).write_text('service-phone: "1"\ncalendar: CN\n', "utf-8")
    ran = svcctl("why", "02G", cwd=ledger, now=AS_OF)
    assert ran.out == f"{TICKET_ID}\nnothing is or was owed on this ticket\n"
    assert "nothing is or was owed" in svcctl("why", "02G", "slip", cwd=ledger, now=AS_OF).err


def test_why_speaks_chinese(ledger: Path, svcctl: Run) -> None:
    ran = svcctl("why", "02G", "slip", cwd=ledger, now=AS_OF, lang="zh_CN")
    assert ran.code == 0
    assert "started by" not in ran.out
    assert "Wednesday" not in ran.out


def test_a_visit_that_two_desks_began_is_closed_once_one_dispatch_is_picked(
    ledger: Path, svcctl: Run
) -> None:
    def sent(desk: str, n: int, at: str, to: str, over: str) -> Told:
        visit = "2026-11-17T10:00:00+08:00"
        return {
            **told(at, "desk1", "dispatched", to=to, visit=visit, over=over),
            "desk": desk,
            "n": n,
        }

    parts = {**FINISHED, "result": "parts-needed"}
    apart = (sent("BJ", 7, "17T11:20", "eng1", "6SHA"), sent("SHA", 7, "17T11:25", "mgr1", "6SHA"))
    (ledger / TICKET).write_bytes(ticket(*BEGUN, ARRIVED, parts, *apart))

    assert svcctl("init", ".", "--desk", "SHA", cwd=ledger, now=AS_OF).code == 0

    def do(*words: str, at: str) -> None:
        ran = svcctl(*words, "--by", "desk1", "--at", at, "--no-commit", cwd=ledger, now=AS_OF)
        assert (ran.code, ran.err) == (0, ""), words

    settle = ("ticket", "settle", "02G", "engineer", "--reason", "住得近", "--by", "mgr1")
    assert svcctl(*settle, "--pick", "7BJ", "--no-commit", cwd=ledger, now=AS_OF).code == 0
    do("ticket", "arrive", "02G", at=written("17T14:00"))
    work = ("--fault", "电容损坏", "--action", "更换电容")
    do("ticket", "finish", "02G", "--result", "fixed", *work, at=written("17T15:00"))
    do(
        "slip",
        "return",
        "02G",
        "--visit",
        "1",
        "--signed",
        "--opinion",
        "satisfied",
        at=written("17T16:00"),
    )
    do(
        "slip",
        "return",
        "02G",
        "--visit",
        "2",
        "--signed",
        "--opinion",
        "satisfied",
        at=written("17T17:00"),
    )
    do(
        "callbacks",
        "record",
        "02G",
        "--result",
        "reached",
        "--working",
        "yes",
        at=written("18T09:00"),
    )
    why = svcctl("why", "02G", "slip:2", cwd=ledger, now=AS_OF).out
    assert "waived: the other dispatch was picked by 8SHA settled, 2026-11-20 12:00" in why
    (one, other) = json.loads(
        svcctl("why", "02G", "slip:2", "-o", "json", cwd=ledger, now=AS_OF).out
    )["items"]
    assert {one["started_by"]: one["state"], other["started_by"]: other["state"]} == {
        "7BJ": "met",
        "7SHA": "waived",
    }
    do("ticket", "close", "02G", at=written("18T10:00"))
