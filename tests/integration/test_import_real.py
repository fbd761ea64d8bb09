"""The incident export of docs/import.md, all 20,769 rows of it, where the file lies beside the checkout."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from svcctl.__main__ import run
from svcctl.ledger import posix
from svcctl.ledger.folder import Ledger
from svcctl.ledger.index import Index, open_index

ROOT = Path(__file__).parents[2]
FILE = ROOT.parent / "shared" / "data" / "uci_incidents_one_row_each.csv"
MAP = ROOT / "docs" / "examples" / "uci-map.yaml"
NOW = datetime.fromisoformat("2026-11-16T09:00:00+08:00")

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the incident export is not here")


class Brought(NamedTuple):
    """A ledger with the whole file in it, and the processor time the one command took."""

    folder: Path
    seconds: float
    rows: Index

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.rows.connection.execute(query).fetchall()


def svcctl(folder: Path, *words: str) -> int:
    return run([*words, "--ledger", str(folder)], clock=lambda: NOW)


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brought]:
    """The whole file, imported once however many processes run these tests."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "uci"
    with posix.lock(base / "uci.lock", timeout=600):
        if not (base / "uci.seconds").exists():
            assert run(["init", str(folder), "--desk", "SHA"], clock=lambda: NOW) == 0
            words = ("staff", "new", "mgr1", "--name", "经理甲", "--role", "manager")
            assert svcctl(folder, *words) == 0
            assert svcctl(folder, "me", "mgr1") == 0
            begin = _processor_seconds()
            assert svcctl(folder, "import", "tickets", str(FILE), "--map", str(MAP)) == 0
            (base / "uci.seconds").write_text(str(_processor_seconds() - begin))
    index = open_index(Ledger(folder))
    yield Brought(folder, float((base / "uci.seconds").read_text()), index)
    index.connection.close()


def _processor_seconds() -> float:
    """What this process and its children have used: other work on the computer does not count."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with open(FILE, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_incident_is_a_ticket_of_its_own(
    brought: Brought, rows: list[dict[str, str]]
) -> None:
    found = brought.ask("select id, foreign_id from tickets")
    assert len({name for name, _ in found}) == 20_769
    assert {foreign for _, foreign in found} == {f"uci:{row['number']}" for row in rows}


def test_the_states_and_priorities_are_those_of_the_file(brought: Brought) -> None:
    assert dict(brought.ask("select state, count(*) from tickets group by state")) == {
        "closed": 20_768,
        "new": 1,
    }
    # "1 - Critical" 220 and "2 - High" 337 are urgent; "3 - Moderate" 19,554 and "4 - Low" 658 not.
    assert dict(brought.ask("select priority, count(*) from tickets group by priority")) == {
        "urgent": 220 + 337,
        "normal": 19_554 + 658,
    }


def test_every_day_has_as_many_requests_as_in_the_file(
    brought: Brought, rows: list[dict[str, str]]
) -> None:
    days = dict(brought.ask("select substr(opened_text, 1, 10), count(*) from tickets group by 1"))
    wanted = Counter(datetime.strptime(r["opened_at"], "%d/%m/%Y %H:%M").date() for r in rows)
    assert days == {day.isoformat(): number for day, number in wanted.items()}
    assert (min(days), max(days)) == ("2016-02-29", "2016-05-13")


def test_everybody_named_has_a_card(brought: Brought, rows: list[dict[str, str]]) -> None:
    people = {r["resolved_by"] for r in rows if r["resolved_at"] != "?"} - {"?"}
    names = {name for (name,) in brought.ask("select name from cards where kind='staff'")}
    assert names == people | {"经理甲"}
    callers = {r["caller_id"] for r in rows} - {"?"} | {"Unknown caller"}
    names = {name for (name,) in brought.ask("select name from cards where kind='customer'")}
    assert names == callers


def test_the_audit_finds_no_error_and_nothing_is_owed(
    brought: Brought, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert svcctl(brought.folder, "audit", "-o", "json") == 0
    problems = json.loads(capsys.readouterr().out)["items"]
    assert [problem for problem in problems if problem["path"].startswith("records/tickets")] == []
    assert svcctl(brought.folder, "callbacks", "due", "-o", "ids") == 0
    assert capsys.readouterr().out == ""
    assert svcctl(brought.folder, "ticket", "list", "-o", "json") == 0
    listed = json.loads(capsys.readouterr().out)["items"]
    assert [item["foreign"] for item in listed] == ["uci:INC0029233"]


def test_the_weekly_summary_counts_what_the_file_says(
    brought: Brought, rows: list[dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    def in_week(text: str) -> bool:
        if text == "?":
            return False
        return datetime.strptime(text, "%d/%m/%Y %H:%M").isocalendar()[:2] == (2016, 18)

    opened = sum(in_week(r["opened_at"]) for r in rows)
    closed = sum(in_week(r["closed_at"]) for r in rows if r["incident_state"] == "Closed")
    capsys.readouterr()
    assert svcctl(brought.folder, "report", "weekly", "--week", "2016-W18", "--lang", "en") == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert [sum(f"**{n}**" in one for one in lines) for n in (opened, closed)] == [1, 1]


def test_a_second_run_brings_nothing(brought: Brought, capsys: pytest.CaptureFixture[str]) -> None:
    head = git(brought.folder, "rev-parse", "HEAD")
    capsys.readouterr()
    words = ("import", "tickets", str(FILE), "--map", str(MAP), "-o", "json")
    assert svcctl(brought.folder, *words) == 0
    out, err = capsys.readouterr()
    item = json.loads(out)["items"][0]
    assert (item["new"], item["there"], item["changed"], err) == (0, 20_769, [], "")
    assert git(brought.folder, "rev-parse", "HEAD") == head
    assert git(brought.folder, "status", "--porcelain") == ""


def test_the_one_command_stays_within_a_minute_of_one_processor(brought: Brought) -> None:
    assert brought.seconds < 60


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, check=True, text=True
    ).stdout
