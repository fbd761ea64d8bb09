"""The sample ledger in ``records/``: readable, without errors, and known by the tests."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from svcctl.desk.desk import Desk
from svcctl.desk.entries import entries
from svcctl.desk.listing import callbacks_due, tickets
from svcctl.desk.view import View
from svcctl.domain.journals import LOG
from svcctl.ledger.folder import Ledger

SAMPLE = Path(__file__).parents[2] / "records"
NOW = datetime.fromisoformat("2026-11-20T16:30:00+08:00")


def _desk(tmp_path: Path) -> Desk:
    shutil.copytree(SAMPLE, tmp_path / "records")
    return Desk(Ledger(tmp_path), lambda: NOW)


def test_every_record_of_the_sample_ledger_can_be_read(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    assert desk.problems() == []
    on_disk = sorted(p.stem for p in (SAMPLE / "tickets").rglob("*.yaml"))
    listed = tickets(View(desk, NOW), everything=True)
    assert sorted(item["id"] for item in listed) == on_disk


def test_the_sample_ledger_owes_one_callback_that_is_overdue(tmp_path: Path) -> None:
    owed = callbacks_due(View(_desk(tmp_path), NOW))
    overdue = [item for item in owed if item["overdue_minutes"]]
    assert [(item["kind"], item["name"]) for item in overdue] == [("callback-next", "远山印务")]
    assert overdue[0]["overdue_minutes"] == 23 * 60


def test_the_sample_ledger_has_a_daily_log_with_a_correction(tmp_path: Path) -> None:
    found = entries(View(_desk(tmp_path), NOW), LOG)
    assert [item["by"] for item in found] == ["wang.wei", "li.na", "chen.jing"]
    assert [item["amended"] for item in found] == ["2SHA", None, None]


def test_a_past_moment_shows_the_ledger_as_it_was(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    then = datetime.fromisoformat("2026-11-13T12:00:00+08:00")
    before = list(tickets(View(desk, then), everything=True))
    assert before
    assert all(item["opened"] <= "2026-11-13T12:00:00+08:00" for item in before)
    now = {item["id"]: item for item in tickets(View(desk, NOW), everything=True)}
    assert any(now[item["id"]]["state"] != item["state"] for item in before)


def test_what_was_not_yet_written_down_is_not_known(tmp_path: Path) -> None:
    desk = _desk(tmp_path)
    known = datetime.fromisoformat("2026-11-13T12:00:00+08:00")
    seen = tickets(View(desk, NOW, known), everything=True)
    assert {item["id"] for item in seen} == {
        item["id"] for item in tickets(View(desk, known), everything=True)
    }
