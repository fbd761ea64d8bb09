"""Questions to the index go from tickets to what they owe, however many tickets there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import made_ledgers as made
import pytest

from svcctl.desk import listing
from svcctl.ledger import ask
from svcctl.ledger.index import Index


def test_no_question_of_a_list_looks_at_every_obligation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made.copy(tmp_path / "ledger")
    asked: list[tuple[str, tuple[object, ...]]] = []
    really = ask.rows

    def noting(index: Index, sql: str, values: Iterable[object] = ()) -> list[ask.Row]:
        asked.append((sql, tuple(values)))
        return really(index, sql, asked[-1][1])

    monkeypatch.setattr(ask, "rows", noting)
    made.sure(root, "ticket", "list")
    (index,) = (root / ".git/svcctl").glob("index-*.sqlite3")
    with closing(sqlite3.connect(index)) as connection:
        plans = [
            step[3]
            for sql, values in asked
            for step in connection.execute(f"explain query plan {sql}", values)
        ]
    assert any(plan.startswith(("SEARCH owings", "SEARCH o ")) for plan in plans), plans
    assert not any(plan.startswith(("SCAN owings", "SCAN o ")) for plan in plans), plans


def test_a_list_is_the_same_however_few_tickets_are_held_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made.copy(tmp_path / "ledger")
    new = ("ticket", "new", "--kind", "repair", "--customer", made.CUSTOMER, "--subject")
    for priority in ("urgent", "normal"):
        made.sure(root, *new, priority, "--priority", priority)
    words = ("ticket", "list", "--all", "-o", "json")
    for as_of in ((), ("--as-of", made.NOW), ("--as-of", "2026-11-17T09:00:00+08:00")):
        expected = made.sure(root, *words, *as_of).out
        with monkeypatch.context() as changed:
            changed.setattr(listing, "AT_ONCE", 1)
            assert made.sure(root, *words, *as_of).out == expected


def test_what_is_overdue_in_a_long_answer_is_known_at_its_end(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    for output in ("json", "csv", "ids", "table"):
        words = ("ticket", "list", "--strict", "-o", output)
        assert made.call(root, *words, now="2027-11-16T10:00:00+08:00").code == 4
