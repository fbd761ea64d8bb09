"""A file that cannot be read beside the one that is written: named, never in the way, its number never given again."""

from __future__ import annotations

import os
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import CLOSED, CUSTOMER, OTHER, TICKET

FOLDER = "records/tickets/2026/11"
GARBAGE = {
    "no text": b"\xff\xfe",
    "nothing": b"",
    "cut short": b"id: SHA-261116-0",
    "a tab": b"\tid: {",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made.copy(tmp_path / "ledger")


def new(root: Path, customer: str) -> made.Ran:
    words = ("--kind", "repair", "--customer", customer, "--subject", "x", "-o", "ids")
    return made.call(root, "ticket", "new", *words)


def changed(root: Path, identifier: str, second: int) -> None:
    """Let the file of a ticket be changed last at a moment of its own."""
    os.utime(made.ticket_file(root, identifier), (second, second))


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_a_ticket_is_taken_beside_one_that_cannot_be_read_which_is_named(
    root: Path, data: bytes
) -> None:
    made.ticket_file(root, OTHER).write_bytes(data)
    ran = new(root, "13800138000")
    assert (ran.code, ran.out) == (0, "SHA-261116-04C\n")
    assert f"{FOLDER}/{OTHER}.yaml:" in ran.err


def test_the_number_of_a_file_that_cannot_be_read_is_never_given_again(root: Path) -> None:
    folder = root / FOLDER
    (folder / "SHA-261116-05A.yaml").write_bytes(b"\xff")
    (folder / "SHA-261116-07X.yaml").mkdir()
    (folder / "SHA-261116-08X.yaml").symlink_to("nowhere")
    os.mkfifo(folder / "SHA-261116-09X.yaml")
    ran = new(root, CUSTOMER)
    assert ran.code == 0
    assert int(ran.out.strip().rpartition("-")[2][:-1]) > 9


def test_who_writes_to_a_ticket_or_a_card_hears_of_a_file_that_cannot_be_read(root: Path) -> None:
    made.ticket_file(root, OTHER).write_bytes(b"\xff")
    for words in (
        ("ticket", "note", "02G", "x"),
        ("customer", "set", "13800138000", "--region", "SH"),
    ):
        ran = made.call(root, *words)
        assert ran.code == 0, ran.err
        assert ran.err.count(f"{FOLDER}/{OTHER}.yaml:") == 1


def test_undo_takes_back_no_earlier_line_while_the_last_may_stand_in_a_broken_file(
    root: Path,
) -> None:
    made.sure(root, "ticket", "note", TICKET, "first")
    later = "2026-11-16T10:00:01+08:00"
    made.sure(root, "ticket", "note", OTHER, "last", now=later)
    whole = made.ticket_file(root, OTHER).read_bytes()
    made.ticket_file(root, OTHER).write_bytes(whole + b"\t{")
    changed(root, TICKET, 1_000)
    changed(root, OTHER, 2_000)
    before = made.ticket_file(root, TICKET).read_bytes()
    ran = made.call(root, "undo")
    assert ran.code == 3
    assert "last-line-hidden" in ran.err
    assert f"{FOLDER}/{OTHER}.yaml cannot be read" in ran.err
    assert made.ticket_file(root, TICKET).read_bytes() == before
    made.ticket_file(root, OTHER).write_bytes(whole)
    assert "words: last" in made.sure(root, "undo", now=later).out


def test_undo_is_not_hindered_by_a_file_that_broke_before_the_line_was_written(root: Path) -> None:
    made.ticket_file(root, CLOSED).write_bytes(b"\xff")
    made.sure(root, "ticket", "note", TICKET, "later")
    changed(root, CLOSED, 1_000)
    changed(root, TICKET, 2_000)
    ran = made.sure(root, "undo")
    assert "words: later" in ran.out
    assert f"{CLOSED}.yaml:" in ran.err
