"""A list is of one moment, though the index is made fresh by somebody else while it is put together."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import made_ledgers as made
import pytest

from svcctl.desk import listing
from svcctl.desk.view import View
from svcctl.domain.problems import Busy
from svcctl.ledger import index as indexes
from svcctl.ledger.folder import Ledger

LATER = "2026-11-16T10:30:00+08:00"
LISTS = {
    "tickets": ("ticket", "list"),
    "every ticket": ("ticket", "list", "--all"),
    "the board": ("today", "--all"),
    "slips": ("slip", "list"),
    "callbacks": ("callbacks", "due", "--within", "30d"),
    "a search": ("find", "漏水", "--as-of", "2026-11-16T09:30:00+08:00"),
    "reminders": ("remind",),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = made.copy(tmp_path / "ledger")
    made.sure(root, "ticket", "list")
    return root


def items(root: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(made.sure(root, *words, "-o", "json").out)["items"]
    return found


def write(root: Path) -> None:
    """Write to both open tickets, at a later time, and make the index fresh where that is possible."""
    for ticket in (made.TICKET, made.OTHER):
        made.sure(root, "ticket", "note", ticket, "meanwhile", now=LATER)
    impatient = indexes.Index(Ledger(root))
    at_once = patch.object(impatient.database, "_turns", lambda: iter((None,)))
    with closing(impatient.connection), at_once:
        with suppress(Busy):  # the list is at rest: it could not be made fresh
            impatient.refresh()
            return
        impatient.database.distrust()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_counts_nothing_twice_and_leaves_nothing_out(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    expected = items(root, *LISTS[name])
    done: list[Path] = []
    really: Callable[..., Any] = View.later

    def later(view: View, *given: Any) -> Any:
        if not done:
            done.append(root)
            write(root)
        return really(view, *given)

    monkeypatch.setattr(View, "later", later)
    assert items(root, *LISTS[name]) == expected
    assert done


def test_a_long_list_holds_nobody_up_and_is_still_of_its_moment(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two parts of it tickets are changed, closed, and get each other's row numbers."""
    words = ("ticket", "list", "--all")
    expected = items(root, *words)
    assert len(expected) == 3
    seen: list[list[int]] = []
    really = View.numbered

    def numbered(view: View, numbers: Any) -> Any:
        if len(seen) == 1:
            write(root)
            with closing(indexes.open_index(Ledger(root)).connection) as connection:
                connection.execute("update tickets set rowid = -rowid")
                connection.execute("update tickets set rowid = 4 + rowid")
        seen.append(list(numbers))
        return really(view, numbers)

    monkeypatch.setattr(View, "numbered", numbered)
    monkeypatch.setattr(listing, "AT_ONCE", 1)
    assert items(root, *words) == expected
    assert len(seen) == 3


def test_a_ticket_that_is_gone_before_its_part_of_the_list_is_left_out(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = items(root, "ticket", "list", "--all")
    really = listing.item
    shown: list[str] = []

    def item(view: View, row: dict[str, Any]) -> Any:
        if not shown:
            made.ticket_file(root, expected[-1]["id"]).unlink()
            indexes.open_index(Ledger(root)).connection.close()
        shown.append(row["id"])
        return really(view, row)

    monkeypatch.setattr(listing, "item", item)
    monkeypatch.setattr(listing, "AT_ONCE", 1)
    assert items(root, "ticket", "list", "--all") == expected[:-1]
