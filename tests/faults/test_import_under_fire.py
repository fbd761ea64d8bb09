"""An import of many rows that is killed, or whose disk or git fails: all of its rows or none.

After each blow the next command completes what was decided and the ledger is sound; the same import
again brings what did not come, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import made_ledgers as made
from test_commands_under_fire import (
    LATER,
    blow_at,
    git_fails_at,
    is_full,
    killed_at,
    records,
    recovered,
    sound_for_good,
)
from thorough import THOROUGH

STEP = 1 if THOROUGH else 36
ROWS = 9
MAP = """\
format: 1
source: old
id: No
dates: {form: YYYY-MM-DD HH:MM, zone: Asia/Shanghai}
columns:
  kind: {constant: repair}
  opened: Opened
  channel: {constant: phone}
  subject: Fault
customers: {id: Caller, unknown: Nobody named}
people: {role: engineer}
status: {column: State, values: {Open: open}}
"""


def sheet(root: Path, number: int) -> tuple[str, ...]:
    """Write a table of rows that no other ``number`` has; return the words that import it."""
    lines = [f"{number}-{row},2026-11-01 09:00,漏水,C{number}-{row},Open" for row in range(ROWS)]
    file, columns = root.parent / "old.csv", root.parent / "map.yaml"
    file.write_text("\n".join(["No,Opened,Fault,Caller,State", *lines, ""]), "utf-8")
    columns.write_text(MAP, "utf-8")
    return ("import", "tickets", str(file), "--map", str(columns))


def all_or_none(root: Path, before: dict[str, bytes], words: tuple[str, ...]) -> None:
    """Look at what a blow left, let the next command work, and import the same table again."""
    struck = records(root)
    assert {path: struck.get(path) for path in before} == before
    recovered(root)
    came = set(records(root)) - set(before)
    assert set(struck) - set(before) <= came
    tickets = [path for path in came if "/tickets/" in path]
    assert len(tickets) in (0, ROWS)
    assert len(came) == 2 * len(tickets), "each row has a ticket and a customer of its own"
    again = made.sure(root, *words, now=LATER).out
    left = ROWS - len(tickets)
    assert f"{ROWS} rows: {left} new, {len(tickets)} already there" in again
    assert len(set(records(root)) - set(before)) == 2 * ROWS
    assert made.uncommitted(root) == ""


def at_every_call(
    tmp_path: Path, strike: Callable[[int, Path, tuple[str, ...]], bool], *, begin: int, step: int
) -> int:
    """Import with a blow at the ``begin``-th call, and so on until none strikes; the last number.

    ``strike`` runs the words with the blow at that number and tells whether there were so many calls.
    """
    root = made.copy(tmp_path / "ledger")
    number, struck = begin, True
    while struck:
        before, words = records(root), sheet(root, number)
        struck = strike(number, root, words)
        all_or_none(root, before, words)
        number += step
    sound_for_good(root)
    return number


def test_an_import_killed_at_any_call_brings_all_of_its_rows_or_none(tmp_path: Path) -> None:
    assert at_every_call(tmp_path, killed_at, begin=1, step=STEP) > 60


def test_an_import_on_a_disk_that_is_full_at_any_call_brings_all_of_its_rows_or_none(
    tmp_path: Path,
) -> None:
    refused = []

    def full_at(number: int, root: Path, words: tuple[str, ...]) -> bool:
        with blow_at(number, is_full) as blows:
            ran = made.call(root, *words)
        assert ran.code in (0, 4), (blows.calls[number - 1 :][:1], ran)
        assert "bug" not in ran.err
        if ran.code == 4:
            refused.append(number)
        return len(blows.calls) >= number

    assert at_every_call(tmp_path, full_at, begin=1 if THOROUGH else 5, step=STEP) > 60
    assert len(refused) > 1


def test_an_import_whose_git_fails_at_any_call_brings_all_of_its_rows_or_none(
    tmp_path: Path,
) -> None:
    def git_stops_at(number: int, root: Path, words: tuple[str, ...]) -> bool:
        before = set(records(root))
        with git_fails_at(number) as calls:
            ran = made.call(root, *words)
        assert ran.code == 0 or set(records(root)) == before, (calls[number - 1 :][:1], ran)
        assert "bug" not in ran.err
        return len(calls) >= number

    assert at_every_call(tmp_path, git_stops_at, begin=1, step=1) > 3
