"""Rules as they are shown and refused: in words, with spans spelled out, and empty values as empty."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
NOW = "2026-11-16T09:00:00+08:00"
WEEK = """timezone: Asia/Shanghai
holidays: {holidays}
week:
  mon: ["08:00-12:00"]
  sun: []
"""


@pytest.fixture
def ledger(tmp_path: Path, svcctl: Run) -> Path:
    root = tmp_path / "desk"
    root.mkdir()
    assert svcctl("init", ".", "--desk", "SHA", "--no-commit", cwd=root, now=NOW).code == 0
    return root


def rows(text: str) -> dict[str, str]:
    """The column that says how long, by what is owed."""
    lines = text.splitlines()
    return {line.split("  ")[0]: " ".join(line.split()) for line in lines}


def test_the_rules_say_how_long_in_words(ledger: Path, svcctl: Run) -> None:
    shown = rows(svcctl("policy", "show", cwd=ledger, now=NOW).out)
    assert "engineer 3 minutes repair" in shown["first call"]
    assert "coordinator 1 day repair" in shown["callback the day after"]
    assert "manager without a time limit complaint" in shown["complaint resolved"]
    assert "engineer no limit configured repair" in shown["first contact after the dispatch"]


def test_the_rules_say_how_long_in_chinese_words(ledger: Path, svcctl: Run) -> None:
    out = svcctl("--lang", "zh_CN", "policy", "show", cwd=ledger, now=NOW).out
    shown = rows(out)
    assert shown["首次联系"].split()[2:4] == ["3", "分钟"]
    assert shown["收款"].split()[2] == "不限时"
    assert shown["派工后首次联系"].split()[2] == "未设时限"
    assert "unlimited" not in out
    assert "补记时限：24 小时" in out


def test_an_empty_value_is_said_to_be_empty(tmp_path: Path, svcctl: Run) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(
        "format: 1\nobligations:\n"
        '  reply: {starts: opened, within: 24h, met-by: [replied], owner: ""}\n',
        "utf-8",
    )
    ran = svcctl("policy", "check", str(draft), cwd=tmp_path, now=NOW)
    assert ran.code == 1
    assert "obligations.reply.owner is empty, and should be manager | coordinator" in ran.out


@pytest.mark.parametrize(
    ("holidays", "last", "found"),
    [
        ("CN", "makeup: sun", "E240"),
        ("CN", "makeup: mon", ""),
        ("none", "makeup: sun", ""),
        ("CN", "makeup: tue", "E240"),
    ],
)
def test_make_up_days_that_never_open_are_a_warning(
    tmp_path: Path, svcctl: Run, holidays: str, last: str, found: str
) -> None:
    card = tmp_path / "calendar.yaml"
    card.write_text(WEEK.format(holidays=holidays) + last + "\n", "utf-8")
    ran = svcctl("policy", "check", str(card), cwd=tmp_path, now="2020-03-01T09:00:00+08:00")
    assert ran.code == 0
    assert ("E240" in ran.out) == bool(found)
    if found:
        assert "calendar.yaml:6:9: E240 make-up working days have the windows of" in ran.out


def test_a_monday_without_windows_is_pointed_at_where_nothing_names_another(
    tmp_path: Path, svcctl: Run
) -> None:
    card = tmp_path / "calendar.yaml"
    card.write_text(
        'timezone: Asia/Shanghai\nholidays: CN\nweek: {tue: ["08:00-12:00"]}\n', "utf-8"
    )
    ran = svcctl("policy", "check", str(card), cwd=tmp_path, now="2020-03-01T09:00:00+08:00")
    assert "calendar.yaml:2:11: E240" in ran.out
