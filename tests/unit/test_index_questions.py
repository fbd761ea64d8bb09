"""Questions to the index go from tickets to what they owe, however many tickets there are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import made_ledgers as made
import pytest

from svcctl.ledger import ask
from svcctl.ledger.index import Index


def test_no_question_of_a_list_looks_at_every_obligation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made.copy(tmp_path / "ledger")
    asked: list[tuple[str, tuple[object, ...]]] = []
    really = ask.rows

    def noting(index: Index, sql: str, values: object = ()) -> list[ask.Row]:
        asked.append((sql, tuple(values)))  # type: ignore[arg-type]
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
