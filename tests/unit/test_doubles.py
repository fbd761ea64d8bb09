"""The same thing entered twice is written, and said to be a double."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

Run = Callable[..., Any]
NOW = "2026-11-18T10:00:00+08:00"
REQUEST = "ticket new --kind repair --customer 周兰 --at 2026-11-16T09:00 --subject"


@pytest.fixture
def desk(svcctl: Run, tmp_path: Path) -> Run:
    """A ledger with one request that was dispatched and finished."""

    def type_in(words: str) -> Any:
        ran = svcctl(*words.split(), now=NOW)
        assert ran.code == 0, ran.err
        return ran

    commands = (
        "init . --desk SHA",
        "staff new li.na --name 李娜 --role manager",
        "me li.na",
        "staff new wang.wei --name 王伟 --role engineer",
        "customer new --name 周兰 --phone 13800138000",
        f"{REQUEST} 不制冷",
        "ticket review 02G --cover free --at 2026-11-16T09:10",
        "ticket dispatch 02G --to wang.wei --visit 2026-11-17T10:00 --at 2026-11-16T09:20",
        "ticket arrive 02G --at 2026-11-17T10:00",
        "ticket finish 02G --result fixed --at 2026-11-17T11:00",
    )
    made.after(tmp_path, commands, NOW)
    return type_in


def test_a_visit_finished_again_names_the_line_that_says_so_already(desk: Run) -> None:
    again = desk("ticket finish 02G --result fixed --at 2026-11-17T11:05")
    assert "5SHA already says finished for this visit" in again.err


def test_a_line_that_was_taken_back_is_no_double(desk: Run) -> None:
    desk("undo --reason x")
    again = desk("ticket finish 02G --result fixed --at 2026-11-17T11:05")
    assert "already says" not in again.err


def test_a_request_for_the_same_names_the_open_ticket(desk: Run) -> None:
    assert "SHA-261116-02G 不制冷" in desk(f"{REQUEST} 不制冷").err


def test_a_request_for_something_else_names_none(desk: Run) -> None:
    assert "asks for the same" not in desk(f"{REQUEST} 漏水").err


def test_a_write_names_people_not_their_ids(desk: Run) -> None:
    said = desk("ticket note 02G x").out
    assert "by 王伟" in said
    assert "by wang.wei" not in said


CALL = "callbacks record 02G --result"


def test_a_callback_on_the_day_of_the_work_says_from_when_on_it_would_count(desk: Run) -> None:
    told = desk(f"{CALL} reached --at 2026-11-17T16:00").err
    assert "this is no callback-next yet: one counts from 2026-11-18 00:00 on" in told


def test_a_callback_in_time_and_one_that_reached_nobody_say_nothing_of_it(desk: Run) -> None:
    assert "one counts from" not in desk(f"{CALL} unreached --at 2026-11-17T16:00").err
    assert "one counts from" not in desk(f"{CALL} reached --at 2026-11-18T09:00").err


SECOND = "ticket dispatch 02G --to wang.wei --visit 2026-11-18T09:00 --at 2026-11-18T08:00"


def test_who_arrives_twice_on_one_visit_is_told_which_line_says_so(desk: Run) -> None:
    desk(SECOND)
    assert desk("ticket arrive 02G --at 2026-11-18T09:00").err == ""
    again = desk("ticket arrive 02G --at 2026-11-18T09:00")
    assert "7SHA already says arrived for this visit" in again.err


def test_who_comes_again_after_he_had_finished_is_no_double(desk: Run) -> None:
    desk(SECOND)
    desk("ticket arrive 02G --at 2026-11-18T09:00")
    desk("ticket finish 02G --result parts-needed --at 2026-11-18T09:20")
    assert "already says" not in desk("ticket arrive 02G --at 2026-11-18T09:40").err


def test_a_finish_by_another_engineer_names_who_was_sent(desk: Run) -> None:
    desk("staff new zhao.lei --name 赵磊 --role engineer")
    desk(SECOND)
    desk("ticket arrive 02G --at 2026-11-18T09:00")
    done = "ticket finish 02G --result fixed --at 2026-11-18T09:30 --by"
    assert "wang.wei was sent for this visit, not zhao.lei" in desk(f"{done} zhao.lei").err
    desk("undo")
    assert "was sent" not in desk(f"{done} li.na").err  # the desk writes for him
    desk("undo")
    assert "was sent" not in desk(f"{done} wang.wei").err


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("fixed", "svcctl ticket arrive SHA-261116-02G --at TIME writes it down"),
        ("workshop", "svcctl undo, then svcctl ticket arrive SHA-261116-02G"),
        ("by-phone", ""),
        ("no-access", ""),
    ],
)
def test_work_on_site_without_an_arrival_says_how_to_write_it(
    desk: Run, result: str, said: str
) -> None:
    desk(SECOND)
    told = desk(f"ticket finish 02G --result {result} --at 2026-11-18T09:30").err
    assert said in told
    assert ("anybody arrived" in told) == bool(said)


def test_an_arrival_written_down_after_the_finish_changes_nothing_else(desk: Run) -> None:
    desk(SECOND)
    desk("ticket finish 02G --result fixed --at 2026-11-18T09:30")
    assert "finished" in desk("ticket arrive 02G --at 2026-11-18T09:00").out.splitlines()[1]


def test_finish_and_slip_return_say_at_once_what_the_audit_will_miss(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    now = "2026-11-16T12:00:00+08:00"
    told = made.sure(root, "ticket", "finish", made.TICKET, "--result", "fixed", now=now).err
    lacks = [line for line in told.splitlines() if "E410" in line]
    assert [line.partition(" ")[0] for line in lacks] == ["fault", "action"]
    slip = made.sure(root, "slip", "return", made.TICKET, "--signed", now=now).err
    lacks = [line for line in slip.splitlines() if "E410" in line]
    assert [line.partition(" ")[0] for line in lacks] == ["fault", "action", "opinion"]
    for line in lacks:  # what is said can be done
        words = line.partition("svcctl ")[2].removesuffix(" --reason …").split()
        value = "satisfied" if "opinion" in words else "x"
        done = [value if word == "VALUE" else word for word in words]
        made.sure(root, *done, "--reason", "x", now=now)
    assert "E410" not in made.call(root, "audit", now=now).out


def test_a_slip_and_a_finish_that_say_everything_are_not_doubted(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    now = "2026-11-16T12:00:00+08:00"
    finish = ("--result", "fixed", "--fault", "x", "--action", "y")
    for words in (
        ("ticket", "finish", made.TICKET, *finish),
        ("slip", "return", made.TICKET, "--signed", "--opinion", "satisfied"),
    ):
        assert "E410" not in made.sure(root, *words, now=now).err
