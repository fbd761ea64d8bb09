"""What the Tab key offers: ids, or names and numbers where those were begun; shells take no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.desk import completing
from svcctl.views.language import set_language

Run = Callable[..., Any]


@pytest.fixture
def _ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = (
        "init . --desk SHA --no-commit",
        "staff new li.na --name 李娜 --role manager",
        "staff new liu.yang --name 刘洋 --role engineer --by li.na",
        "customer new --name 白鹭酒店 --phone 021-5550-0102 --by li.na",
    )
    made.after(tmp_path, commands)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_ledger")
@pytest.mark.parametrize(
    ("source", "typed", "offered"),
    [
        ("staff", "l", [("li.na", "李娜"), ("liu.yang", "刘洋")]),
        ("staff", "刘", [("刘洋", "liu.yang")]),
        ("customers", "SHA-C", [("SHA-C0001Z", "白鹭酒店")]),
        ("customers", "sha-c", [("SHA-C0001Z", "白鹭酒店")]),
        ("customers", "白", [("白鹭酒店", "SHA-C0001Z")]),
        ("customers", "0215", [("02155500102", "SHA-C0001Z")]),
        ("customers", "02", []),
        ("owed", "callback-n", [("callback-next", "callback the day after")]),
        ("measures", "sat", [("satisfaction", "Satisfaction")]),
    ],
)
def test_what_was_begun_is_offered_as_it_was_begun(
    source: str, typed: str, offered: list[tuple[str, str]]
) -> None:
    assert getattr(completing, source)(typed) == offered


def test_a_word_is_offered_by_its_label_where_that_was_begun() -> None:
    set_language("zh_CN")
    assert completing.words("已修", "finished", "result") == [("已修好", "fixed")]
    assert completing.words("fi", "finished", "result") == [("fixed", "已修好")]
    assert completing.measures("返修")[0][1] == "rework"


def test_small_letters_begin_a_name_in_capitals_and_marks_of_patterns_stand_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = (
        "init . --desk SHA --no-commit",
        "staff new m --name Anna --role manager",
        "customer new --name Bauer_Haus --by m",
        "customer new --name BauerXHaus --by m",
    )
    made.after(tmp_path, commands)
    monkeypatch.chdir(tmp_path)
    assert [name for name, _ in completing.customers("bauer")] == ["Bauer_Haus", "BauerXHaus"]
    assert [name for name, _ in completing.customers("bauer_")] == ["Bauer_Haus"]
    assert completing.staff("ann") == [("Anna", "m")]
    for pattern in ("%", "_", "\\"):
        assert completing.customers(pattern) == []
        assert completing.staff(pattern) == []
        assert completing.tickets(pattern) == []
