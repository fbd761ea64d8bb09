"""``seal`` killed, or failing, at every call that changes the disk: sealed or not, and nothing between."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import made_ledgers as made
import pytest
from test_commands_under_fire import Strike, blow_at, dies, each_failure, git_fails_at
from thorough import THOROUGH

from svcctl.ledger.folder import Ledger

LATER = "2026-12-20T10:00:00+08:00"
SEAL = "records/seals/2026-11.yaml"
STEP = 1 if THOROUGH else 4
WORDS = ("seal", "2026-11")
SET = ("customer", "set", made.CUSTOMER, "--marks")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose November can be sealed."""
    root = made.copy(tmp_path_factory.mktemp("seal") / "ledger")
    for ticket in (made.TICKET, made.OTHER):
        made.sure(root, "ticket", "cancel", ticket, "--reason", "x")
    return root


def _copy(ready: Path, root: Path) -> None:
    """Another folder that is the same clone: nothing else writes as its desk."""
    shutil.copytree(ready, root)
    Ledger(root).note_station("SHA", "desk1")


def killed(root: Path, number: int) -> bool:
    """Seal in a process that dies before its ``number``-th call; whether it got that far."""
    child = os.fork()
    if child == 0:
        try:
            with blow_at(number, dies):
                ran = made.call(root, *WORDS, now=LATER)
            os._exit(ran.code)
        except BaseException:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), f"at call {number}: exit {code}"
    return code == 9


def whole(root: Path) -> None:
    """The next command works, the month can be sealed, and after it nothing is left to do."""
    seal = root / SEAL
    assert not seal.exists() or seal.read_text("utf-8").count("\n") == 8
    assert made.call(root, *SET, "x", now=LATER).code == 0
    again = made.call(root, *WORDS, now=LATER)
    assert again.code == 0 or "[already-sealed]" in again.err, again
    assert made.uncommitted(root) == ""
    assert made.temporaries(root) == []
    assert made.call(root, "audit", "--only", "E5", now=LATER).out.startswith("0 errors, 0 warn")
    assert made.git(root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""


def said(ran: made.Ran, call: str, written: bool) -> None:
    """A command that failed says why; one that wrote all the same says so."""
    place = f"the call was {call}: {ran}"
    assert ran.code in (0, 4, 6), place
    assert "bug" not in ran.err, place
    if ran.code:
        assert os.strerror(errno.ENOSPC) in ran.err or os.strerror(errno.EROFS) in ran.err, place
        assert not written or "[storage-unconfirmed]" in ran.err, place
    else:
        assert written, place


def test_a_kill_at_any_call_leaves_the_month_sealed_or_not(ready: Path, tmp_path: Path) -> None:
    number, struck = 1, True
    while struck:
        root = tmp_path / str(number)
        _copy(ready, root)
        struck = killed(root, number)
        whole(root)
        shutil.rmtree(root)
        number += STEP
    assert number > 15


def test_a_git_that_fails_at_any_call_is_told_and_the_month_is_sealed_or_not(
    ready: Path, tmp_path: Path
) -> None:
    number, struck, told = 0, True, 0
    while struck:
        number += 1
        root = tmp_path / str(number)
        _copy(ready, root)
        with git_fails_at(number) as calls:
            ran = made.call(root, *WORDS, now=LATER)
        struck = len(calls) >= number
        place = f"git was asked {calls[number - 1 :][:1]}: {ran}"
        assert ran.code in (0, 3, 6), place
        assert "bug" not in ran.err, place
        assert (ran.code == 0) == (root / SEAL).exists(), place
        told += ran.code != 0
        whole(root)
        shutil.rmtree(root)
    assert number > 4
    assert told > 1


@each_failure
def test_a_disk_that_fails_at_any_call_is_told_and_the_month_is_sealed_or_not(
    ready: Path, tmp_path: Path, strike: Strike, lasting: bool
) -> None:
    number, struck = 1 if THOROUGH else 2 + lasting, True
    while struck:
        root = tmp_path / str(number)
        _copy(ready, root)
        with blow_at(number, strike, lasting=lasting) as blows:
            ran = made.call(root, *WORDS, now=LATER)
        struck = len(blows.calls) >= number
        said(ran, blows.calls[number - 1] if struck else "", (root / SEAL).exists())
        whole(root)
        shutil.rmtree(root)
        number += STEP
    assert number > 15
