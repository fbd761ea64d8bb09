"""The index is filled on machines of any size, and compared with the files in every table it has."""

from __future__ import annotations

import json
import os
from contextlib import closing
from datetime import datetime
from pathlib import Path

import made_ledgers as made
import pytest

from svcctl.desk import indexing
from svcctl.desk.desk import open_desk
from svcctl.ledger import filling
from svcctl.ledger.ask_audit import names_without_card
from svcctl.ledger.folder import Ledger
from svcctl.ledger.index import open_index

KEPT = {
    "tickets": "update tickets set subject = 'x'",
    "owings": "update owings set due = due + 60 where due is not null",
    "settled": "update settled set many = many + 1",
    "problems": "insert into problems (path, line, code) values ('records/x.yaml', 1, 'E301')",
    "cards": "update cards set name = 'x'",
    "journals": "update journals set people = ''",
    "rules": "update rules set rule = 'x'",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = made.copy(tmp_path / "ledger")
    made.sure(root, "log", "add", "回访", "--ticket", "02G")
    return root


def database(root: Path) -> Path:
    (found,) = (root / ".git/svcctl").glob("index-*.sqlite3")
    return found


def test_with_many_processors_the_index_is_made_and_kept(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.setattr(filling, "WORTH_SHARING", 2)
    monkeypatch.setattr(filling, "AT_ONCE", 1)
    told = json.loads(made.sure(root, "index", "rebuild", "-o", "json").out)["items"][0]
    assert told["path"] == str(database(root))
    assert (told["tickets"], told["journals"]) == (3, 1)
    assert made.sure(root, "index", "verify").out == ""


def test_no_more_processes_fill_the_index_than_this_one_may_use_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert filling._processors() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    assert filling._processors() == 64


def test_every_table_that_is_filled_is_among_those_changed_here() -> None:
    assert set(KEPT) == {*filling.TABLES, "rules"}


@pytest.mark.parametrize("table", KEPT)
def test_what_is_wrong_in_any_table_is_found_and_mended(root: Path, table: str) -> None:
    desk = open_desk(str(root), lambda: datetime.fromisoformat(made.NOW))
    changed = desk.index.connection.execute(KEPT[table]).rowcount  # after it was made fresh
    assert changed > 0
    assert indexing.verify(desk) != []
    assert indexing.verify(desk) == []
    desk.forget_index()


def test_for_the_tickets_that_logs_name_the_problems_are_read_once(root: Path) -> None:
    for n in (1, 2, 3):
        made.sure(root, "log", "add", str(n), "--ticket", "02G", "--ticket", "03E")
    log = root / "records/logs/2026-11.SHA.yaml"
    text = log.read_text("utf-8")
    log.write_text(text.replace("SHA-261116-02G", "SHA-261116-99X"), "utf-8")
    asked: list[str] = []
    index = open_index(Ledger(root))
    with closing(index.connection):
        before = {one.value for one in names_without_card(index)}
        index.connection.execute(
            "insert into journals select 'records/logs/2026-10.SHA.yaml', '2026-10.SHA', desks, "
            "people, 'SHA-261016-01A SHA-261016-02B SHA-261016-03C' from journals"
        )
        index.connection.set_trace_callback(asked.append)
        named = {one.value for one in names_without_card(index) if one.kind == "ticket"}
        index.connection.set_trace_callback(None)
        index.connection.execute(
            "insert into problems (path, subject) values ('x', 'SHA-261016-02B')"
        )
        fewer = {one.value for one in names_without_card(index) if one.kind == "ticket"}
    assert before == {"SHA-261116-99X"}
    assert named == before | {"SHA-261016-01A", "SHA-261016-02B", "SHA-261016-03C"}
    assert fewer == named - {"SHA-261016-02B"}
    assert len([sql for sql in asked if "subject from problems" in sql]) == 1
