"""Fifty real processes at once on one ledger under git: no id twice, no event lost, nobody turned away."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER, NOW, TICKET
from stdnum.iso7064 import mod_37_36

MANY = 50
PATIENCE = 3600.0
"""Seconds that each may wait: how long they take is the machine's affair, that all get through is ours."""
LATER = "2030-01-01T00:00:00+08:00"

# What one of the fifty does, with all the patience in the world: take a request, then note something on the ticket all of them write on.
ONE_OF_MANY = """\
import json, sys, time
from datetime import datetime
from svcctl.__main__ import run
from svcctl.desk import writing
now, patience, root, number, customer, ticket = sys.argv[1:]
writing.PATIENCE = float(patience)
times = []
for words in (
    ["ticket", "new", "--kind", "repair", "--customer", customer, "--subject", f"第 {number} 个", "-o", "ids"],
    ["ticket", "note", ticket, f"note {number}", "-o", "ids"],
):
    began = time.monotonic()
    code = run(["--ledger", root, *words], clock=lambda: datetime.fromisoformat(now))
    times.append(time.monotonic() - began)
    if code:
        sys.exit(code)
print(json.dumps(times))
"""


def start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words,
        env=made.surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(processes: Sequence[subprocess.Popen[bytes]]) -> list[tuple[int, str, str]]:
    """Exit codes, and what was printed; that one waits for another may be told, and nothing else."""
    told = []
    for process in processes:
        out, err = process.communicate()
        lines = err.decode().splitlines(keepends=True)
        other = "".join(line for line in lines if not line.startswith("waiting for "))
        told.append((process.returncode, out.decode(), other))
    return told


def whole(root: Path, commits: int) -> None:
    """Every write is a commit of its own, git is sound, and the index says what the files say."""
    assert made.uncommitted(root) == ""
    assert made.temporaries(root) == []
    assert int(made.git(root, "rev-list", "--count", "HEAD")) == commits
    assert made.git(root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    verified = made.call(root, "index", "verify")
    assert (verified.code, verified.out) == (0, "")


def test_fifty_processes_make_fifty_tickets_and_append_fifty_events(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    there = {path.stem for path in (root / "records/tickets").rglob("*.yaml")}
    commits = int(made.git(root, "rev-list", "--count", "HEAD"))
    program = [sys.executable, "-c", ONE_OF_MANY, NOW, str(PATIENCE), str(root)]
    told = ended([start([*program, str(n), CUSTOMER, TICKET]) for n in range(MANY)])
    assert [(code, err) for code, _, err in told] == [(0, "")] * MANY
    longest = max(seconds for _, out, _ in told for seconds in json.loads(out.splitlines()[-1]))
    print(f"the longest of {2 * MANY} commands took {longest:.1f} s, its waiting included")

    made_now = {path.stem for path in (root / "records/tickets").rglob("*.yaml")} - there
    printed = [out.split("\n")[0] for _, out, _ in told]
    assert sorted(printed) == sorted(made_now)
    assert len(made_now) == MANY
    for identifier in made_now:
        assert mod_37_36.is_valid(identifier.replace("-", ""))
        assert made.call(root, "ticket", "show", identifier, now=LATER).code == 0
    every = {str(number) for number in range(MANY)}
    texts = [path.read_text("utf-8") for path in (root / "records/tickets").rglob("*.yaml")]
    assert {n for text in texts for n in re.findall(r"subject: 第 (\d+) 个", text)} == every
    text = made.ticket_file(root).read_text("utf-8")
    noted = re.findall(r'"words": "note (\d+)"', text)
    assert (len(noted), set(noted)) == (MANY, every)
    numbers = [json.loads(line[2:])["n"] for line in text.split("events:\n")[1].splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    whole(root, commits + 2 * MANY)


def test_readers_among_writers_always_get_a_whole_answer(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")

    def begun(*words: str) -> subprocess.Popen[bytes]:
        return start(made.process("--ledger", root, *words))

    writers = [begun("ticket", "note", TICKET, str(number)) for number in range(6)]
    readers = [begun("ticket", "list", "--all", "-o", "json") for _ in range(6)]
    readers += [begun("today", "-o", "json") for _ in range(4)]
    assert [(code, err) for code, _, err in ended(writers)] == [(0, "")] * 6
    for code, out, err in ended(readers):
        assert (code, err) == (0, "")
        assert json.loads(out)["problems"] == []
    verified = made.call(root, "index", "verify")
    assert (verified.code, verified.out) == (0, "")


def test_somebody_who_holds_the_lock_too_long_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svcctl.desk import writing
    from svcctl.ledger import posix

    root = made.copy(tmp_path / "ledger")
    monkeypatch.setattr(writing, "PATIENCE", 0.0)
    with posix.lock(root / ".git/svcctl/lock"):
        ran = made.call(root, "ticket", "note", TICKET, "x")
    assert ran.code == 7
    assert f"process {os.getpid()}" in ran.err
    assert "wait until it has ended" in ran.err
    assert made.call(root, "ticket", "note", TICKET, "x").code == 0
