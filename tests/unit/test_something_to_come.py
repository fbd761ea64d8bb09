"""Times typed for something to come, such as an appointment: the next such moment, never the last."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.domain import times
from svcctl.domain.spoken import read_time

Run = Callable[..., Any]
SHANGHAI = times.zone("Asia/Shanghai")
SUNDAY = "2026-11-22T22:59:00+08:00"


def _read(text: str, now: str = SUNDAY, after: str = "") -> str:
    moment = datetime.fromisoformat(now)
    came = read_time(text, moment, SHANGHAI, datetime.fromisoformat(after) if after else moment)
    return came.isoformat()[:16]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("周一 9:00", "2026-11-23T09:00"),
        ("monday 9:00", "2026-11-23T09:00"),
        ("周六下午3点", "2026-11-28T15:00"),
        ("周日 23:30", "2026-11-22T23:30"),
        ("周日 22:59", "2026-11-29T22:59"),
        ("9:00", "2026-11-23T09:00"),
        ("23:00", "2026-11-22T23:00"),
        ("周日", "2026-11-22T00:00"),
        ("周三", "2026-11-25T00:00"),
        # What names its day is what it says, also where it has passed.
        ("昨天 17:30", "2026-11-21T17:30"),
        ("今天 9:00", "2026-11-22T09:00"),
        ("本周一 9:00", "2026-11-16T09:00"),
        ("2026-11-16 9:00", "2026-11-16T09:00"),
        ("11-16 9:00", "2026-11-16T09:00"),
        ("明天 9:00", "2026-11-23T09:00"),
    ],
)
def test_a_time_for_something_to_come_is_the_next_one(text: str, meant: str) -> None:
    assert _read(text) == meant


def test_what_was_made_earlier_was_made_for_the_next_such_moment_after_that() -> None:
    friday = "2026-11-20T16:00:00+08:00"
    assert _read("周六 9:00", after=friday) == "2026-11-21T09:00"
    assert _read("17:00", after=friday) == "2026-11-20T17:00"
    assert _read("明天 9:00", after=friday) == "2026-11-21T09:00"


COMMANDS = (*made.AT_HOME, "ticket review 02G --cover free --at 2026-11-16T09:10")


@pytest.fixture
def desk(svcctl: Run, tmp_path: Path) -> Run:
    """A ledger with one ticket that can be dispatched; it is Sunday, one minute to eleven at night."""
    made.after(tmp_path, COMMANDS, SUNDAY)
    return lambda *words: svcctl(*words, now=SUNDAY)


def _written(ran: Any) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    line: dict[str, Any] = json.loads(json.loads(ran.out)["items"][0]["written"][-1])
    return line


@pytest.mark.parametrize(
    "typed", ["周一 9:00", "9:00", "９：００", "9：00", "周一９点", "周一　9：00"]
)
def test_an_appointment_is_written_for_the_morning_to_come(desk: Run, typed: str) -> None:
    ran = desk("ticket", "dispatch", "02G", "--to", "wang.wei", "--visit", typed, "-o", "json")
    assert _written(ran)["visit"] == "2026-11-23T09:00:00+08:00"


def test_an_appointment_amended_lies_ahead_too(desk: Run) -> None:
    desk("ticket", "dispatch", "02G", "--to", "wang.wei", "--visit", "周一 9:00")
    words = ("ticket", "amend", "02G", "3SHA", "visit", "周二 14:00", "--reason", "客户改期")
    assert _written(desk(*words, "-o", "json"))["value"] == "2026-11-24T14:00:00+08:00"


def test_a_visit_written_afterwards_is_dated_in_full_and_warned_about(desk: Run) -> None:
    visit = ("--visit", "2026-11-20 9:00")
    ran = desk("ticket", "dispatch", "02G", "--to", "wang.wei", *visit, "-o", "json")
    assert _written(ran)["visit"] == "2026-11-20T09:00:00+08:00"
    assert "before the dispatch" in ran.err


def test_an_answer_is_promised_for_a_day_to_come(desk: Run) -> None:
    ran = desk(
        "ticket", "contact", "02G", "--result", "reached", "--answer-by", "周三", "-o", "json"
    )
    assert _written(ran)["answer-by"] == "2026-11-25"


def test_when_something_happened_stays_the_past(desk: Run) -> None:
    ran = desk("ticket", "note", "02G", "来电", "--at", "周一 9:05", "-o", "json")
    assert _written(ran)["at"] == "2026-11-16T09:05:00+08:00"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("今天 17:00", "2026-11-18T17:00"),
        ("后天", "2026-11-20T00:00"),
        ("后天 9:00", "2026-11-20T09:00"),
        ("明天下午3点", "2026-11-19T15:00"),
        ("周五", "2026-11-20T00:00"),
        ("下周一 9:00", "2026-11-23T09:00"),
        ("2小时后", "2026-11-18T18:00"),
        ("+2d", "2026-11-20T16:00"),
    ],
)
def test_every_word_for_something_to_come_counts_from_when_it_was_said(
    text: str, meant: str
) -> None:
    said, monday = "2026-11-18T16:00:00+08:00", "2026-11-23T10:00:00+08:00"
    assert _read(text, now=monday, after=said) == meant


def test_an_answer_and_an_appointment_count_from_the_moment_given(desk: Run) -> None:
    at = ("--at", "2026-11-18 16:00", "-o", "json")
    words = ("ticket", "contact", "02G", "--result", "reached", "--answer-by", "明天")
    assert _written(desk(*words, *at))["answer-by"] == "2026-11-19"
    words = ("ticket", "dispatch", "02G", "--to", "wang.wei", "--visit", "后天 9:00")
    assert _written(desk(*words, *at))["visit"] == "2026-11-20T09:00:00+08:00"


def test_the_moment_itself_counts_from_now(desk: Run) -> None:
    ran = desk("ticket", "note", "02G", "来电", "--at", "昨天 16:00", "-o", "json")
    assert _written(ran)["at"] == "2026-11-21T16:00:00+08:00"


@pytest.mark.parametrize(
    ("typed", "meant"), [("10分钟后", "2026-11-22T23:09"), ("半小时后", "2026-11-22T23:29")]
)
def test_a_visit_in_some_minutes_needs_no_hour(desk: Run, typed: str, meant: str) -> None:
    ran = desk("ticket", "dispatch", "02G", "--to", "wang.wei", "--visit", typed, "-o", "json")
    assert str(_written(ran)["visit"]).startswith(meant)


def test_an_answer_in_some_minutes_is_no_whole_day(desk: Run) -> None:
    words = ("ticket", "contact", "02G", "--result", "reached", "--answer-by", "10分钟后")
    assert _written(desk(*words, "-o", "json"))["answer-by"] == "2026-11-22T23:09:00+08:00"


def test_a_visit_in_some_days_is_asked_for_its_hour_in_words_that_can_be_typed(desk: Run) -> None:
    words = ("ticket", "dispatch", "02G", "--to", "wang.wei", "--visit")
    ran = desk(*words, "3天后")
    assert ran.code == 2
    assert "such as 2026-11-25 14:00" in ran.err
    assert desk(*words, "2026-11-25 14:00").code == 0
