"""Eight processes on one clone and three stations that sync all the while: counts add up.

Short in the suite; two minutes when thorough.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import made_ledgers as made
from made_ledgers import CUSTOMER, NOW, TICKET
from stations import stations, tree
from thorough import often

SECONDS = often(4, 120)
WRITERS = 8

BEGINNING = """\
import sys, time
from datetime import datetime
from svcctl.__main__ import run as run_at
from svcctl.desk import syncing, writing
syncing.PATIENCE = writing.PATIENCE = 3600.0
run = lambda words: run_at(words, clock=lambda: datetime.fromisoformat(now))
now, *sys.argv[1:] = sys.argv[1:]
"""

WRITER = """\
root, name, customer, ticket, seconds = sys.argv[1:]
until, count = time.monotonic() + float(seconds), 0
while time.monotonic() < until or not count:
    count += 1
    for words in (
        ["ticket", "new", "--kind", "repair", "--customer", customer, "--subject", f"{name} {count}"],
        ["ticket", "note", ticket, f"{name} {count}"],
    ):
        code = run(["--ledger", root, *words, "-o", "ids"])
        if code:
            sys.exit(code)
print("written", count)
"""

# Whoever is always too late while the others send goes on until it was in time.
SYNCER = """\
root, name, customer, ticket, seconds = sys.argv[1:]
until, count, synced = time.monotonic() + float(seconds), 0, 0
while time.monotonic() < until or not synced:
    if name != "SHA":
        count += 1
        code = run(["--ledger", root, "ticket", "note", ticket, f"{name} {count}", "-o", "ids"])
        if code:
            sys.exit(code)
    code = run(["--ledger", root, "sync", "-o", "ids"])
    if code not in (0, 7):
        sys.exit(code)
    synced += code == 0
print("written", count)
print("synced", synced)
"""


def start(script: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BEGINNING + script, NOW, *words],
        env=made.surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_everything_that_was_written_while_stations_synced_is_everywhere(tmp_path: Path) -> None:
    three = stations(tmp_path)
    began = time.monotonic()
    given = (CUSTOMER, TICKET, str(SECONDS))
    running = {f"w{n}": start(WRITER, str(three.sha), f"w{n}", *given) for n in range(WRITERS)}
    running |= {root.name: start(SYNCER, str(root), root.name, *given) for root in three.all}
    written: dict[str, int] = {}
    synced = 0
    for name, process in running.items():
        out, err = process.communicate()
        assert process.returncode == 0, (name, out[-500:], err[-2000:])
        written[name] = int(re.findall(r"^written (\d+)$", out, re.MULTILINE)[0])
        synced += sum(map(int, re.findall(r"^synced (\d+)$", out, re.MULTILINE)))
    took = time.monotonic() - began
    for _ in range(2):
        for root in three.all:
            made.sure(root, "sync")
    print(f"{took:.0f} s: {sum(written.values())} lines noted, {synced} syncs")
    assert synced >= 3
    assert len({tree(root) for root in three.all} | {tree(three.hub, "main")}) == 1
    for root in three.all:
        text = made.ticket_file(root).read_text("utf-8")
        noted = re.findall(r'"words": "(\w+) (\d+)"', text)
        assert len(noted) == len(set(noted)) == sum(written.values())
        for name, count in written.items():
            numbers = sorted(int(number) for who, number in noted if who == name)
            assert numbers == list(range(1, count + 1))
        subjects = [
            subject
            for path in (root / "records/tickets").rglob("*.yaml")
            for subject in re.findall(
                r"^subject: (w\d+ \d+)$", path.read_text("utf-8"), re.MULTILINE
            )
        ]
        assert len(subjects) == len(set(subjects)) == sum(written[f"w{n}"] for n in range(WRITERS))
        assert made.git(root, "status", "--porcelain") == ""
    assert made.git(three.hub, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    audit = made.call(three.sha, "audit", "--only", "E1,E2,E3,E5")
    assert audit.code == 0, audit.out[-1500:]
    assert "0 errors" in audit.out.splitlines()[-1]
