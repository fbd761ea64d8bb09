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
