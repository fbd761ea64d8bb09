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
    "every slip": ("slip", "list", "--all"),
    "callbacks": ("callbacks", "due", "--within", "30d"),
    "a search": ("find", "漏水", "--as-of", "2026-11-16T09:30:00+08:00"),
    "reminders": ("remind",),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = made.copy(tmp_path / "ledger")
    made.sure(root, "ticket", "list")
    return root


def send_out(root: Path) -> None:
    """Let the other open ticket have a slip too."""
    visit = ("--to", "eng1", "--visit", "2026-11-16T15:00:00+08:00")
    made.sure(root, "ticket", "review", made.OTHER, "--cover", "free", "--by", "mgr1")
    made.sure(root, "ticket", "dispatch", made.OTHER, *visit)


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


@pytest.mark.parametrize(
    ("words", "many"), [(("ticket", "list", "--all"), 3), (("slip", "list", "--all"), 2)]
)
def test_a_long_list_holds_nobody_up_and_is_still_of_its_moment(
    root: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], many: int
) -> None:
    """Between two parts of it tickets are changed, closed, and get each other's row numbers."""
    send_out(root)
    expected = items(root, *words)
    assert len(expected) == many
    seen: list[list[int]] = []
    really = View.numbered

    def numbered(view: View, numbers: Any, kind: str | None = None) -> Any:
        if len(seen) == 1:
            write(root)
            with closing(indexes.open_index(Ledger(root)).connection) as connection:
                connection.execute("update tickets set rowid = -rowid")
                connection.execute("update tickets set rowid = 4 + rowid")
        seen.append(list(numbers))
        return really(view, numbers, kind)

    monkeypatch.setattr(View, "numbered", numbered)
    monkeypatch.setattr(listing, "AT_ONCE", 1)
    assert items(root, *words) == expected
    assert len(seen) == many


@pytest.mark.parametrize(
    "words",
    [
        ("ticket", "list", "--all"),
        ("slip", "list"),
        ("slip", "list", "--all"),
        ("slip", "list", "--engineer", "eng1", "--as-of", LATER),
    ],
)
@pytest.mark.parametrize("form", ["table", "json", "csv", "ids"])
def test_a_list_in_parts_is_the_list_at_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], form: str
) -> None:
    """One slip is out, one came in, one is out again for the same ticket; one went on since."""
    send_out(root)
    made.sure(root, "slip", "return", made.OTHER, "--signed", now="2026-11-16T10:20:00+08:00")
    another = ("--another", "--to", "eng1", "--visit", "2026-11-17T09:00+08:00")
    now = "2026-11-16T10:25:00+08:00"
    made.sure(root, "ticket", "dispatch", made.OTHER, *another, now=now)
    made.sure(root, "ticket", "note", made.TICKET, "later", now="2026-11-16T11:00:00+08:00")
    at_once = made.sure(root, *words, "-o", form, now=LATER)
    assert at_once.out.count(made.OTHER) > 0
    monkeypatch.setattr(listing, "AT_ONCE", 1)
    assert made.sure(root, *words, "-o", form, now=LATER) == at_once


def test_a_slip_that_came_in_meanwhile_is_not_listed_as_out(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written down late changes what was so at the list's moment."""
    send_out(root)
    expected = items(root, "slip", "list")
    really = View.numbered

    def numbered(view: View, numbers: Any, kind: str | None = None) -> Any:
        if not done:
            done.append(root)
            at = ("--signed", "--at", "2026-11-16T10:20:00+08:00")
            made.sure(root, "slip", "return", made.OTHER, *at, now="2026-11-16T10:40:00+08:00")
            indexes.open_index(Ledger(root)).connection.close()
        return really(view, numbers, kind)

    done: list[Path] = []
    monkeypatch.setattr(View, "numbered", numbered)
    answer = made.sure(root, "slip", "list", "-o", "ids", now=LATER).out.split()
    assert len(expected) == 2
    assert answer == [one["slip"] for one in expected if one["ticket"] != made.OTHER]


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
