"""The power fails at any moment of a write, and the disk keeps only what was flushed.

Every call of the command and of the git it starts is recorded, and disks are made that such a
recording allows. When thorough, many of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import made_ledgers as made
import pytest
from disk import (
    Missing,
    Name,
    Recording,
    after_power_loss,
    as_it_stands,
    part_of,
    record,
    unsafe_names,
)
from made_ledgers import CUSTOMER, OTHER, TICKET
from stations import point, stations, tree
from thorough import often

from svcctl.ledger.folder import Ledger

LOSSES = often(12, 160)
LATER = "2026-11-16T11:00:00+08:00"
FSCK = (
    "fsck",
    "--strict",
    "--no-dangling",
    "--no-progress",
    "--no-reflogs",
)  # a log is not flushed
AREAS = ("records/", ".git/svcctl/")
NEW = ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "--subject", "异响")
NOTE = ("ticket", "note", TICKET, "客户来电催促")
LOG = ("log", "add", "早会：三台在修")


def recorded(
    root: Path, words: tuple[str | Path, ...], into: Path, below: Path | None = None
) -> Recording:
    """What a command did to the files of its ledger, or of all ``below``.

    The test is skipped where calls cannot be traced.
    """
    try:
        return record(
            below or root, made.process("--ledger", root, *words), made.surroundings(), into
        )
    except Missing as reason:
        pytest.skip(f"calls cannot be traced here: {reason}")


def losses(
    recording: Recording, areas: tuple[str, ...], tmp_path: Path, ended: int = 2
) -> Iterator[tuple[str, bool, Path]]:
    """Disks after a loss of power, each with what to call it.

    The first ``ended`` lost it when the command had ended and said so (True), the others at any moment.
    """
    chance = Random(20261122)
    for number in range(LOSSES):
        last = len(recording.steps)
        steps = last if number < ended else chance.randint(0, last)
        disk = tmp_path / f"disk-{number}"
        disk.mkdir()
        after_power_loss(recording, steps, areas, chance, disk)
        yield f"loss {number}, after step {steps} of {last}", number < ended, disk


def tickets(root: Path) -> dict[str, bytes]:
    return kept(root, "tickets")


def kept(root: Path, *folders: str) -> dict[str, bytes]:
    """What the files of some folders of records hold, by path."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for folder in folders
        for path in (root / "records" / folder).rglob("*.yaml")
    }


@pytest.mark.parametrize(
    ("words", "areas"),
    [
        pytest.param(words, areas, id=f"{what}, {disk}")
        for disk, areas in (("one journal", ()), ("folders without order", AREAS))
        for what, words in (("a new ticket", NEW), ("one more line", NOTE), ("a log begun", LOG))
    ],
)
def test_a_loss_of_power_leaves_the_old_record_or_the_new_one_and_nothing_is_forgotten(
    tmp_path: Path, words: tuple[str, ...], areas: tuple[str, ...]
) -> None:
    root = made.copy(tmp_path / "ledger")
    before = kept(root, "tickets", "logs")
    recording = recorded(root, words, tmp_path / "trace")
    after = kept(root, "tickets", "logs")
    [changed] = [path for path in after if after[path] != before.get(path)]
    for place, ended, disk in losses(recording, areas, tmp_path, ended=4):
        found = kept(disk, "tickets", "logs")
        assert found.get(changed) in (before.get(changed), after[changed]), place
        assert {**found, changed: b""} == {**before, changed: b""} or found == before, place
        if ended:
            assert found == after, place
        Ledger(disk).note_station("SHA", "desk1")  # the same clone, though its files are others
        goes_on(disk, place)
        assert made.uncommitted(disk) == "", place
        assert made.git(disk, *FSCK) == "", place


def goes_on(disk: Path, place: str) -> None:
    """The next command works; each lock that git left behind is named once, and removing it helps."""
    for _lock_of_git in range(4):
        ran = made.call(disk, "ticket", "note", TICKET, "next", now=LATER)
        assert ran.code == 0, f"{place}: {ran}"
        left = [path for path in (disk / ".git").rglob("*.lock") if str(path) in ran.err]
        if not left:
            break
        assert ran.err.count("commit pending") == 1, f"{place}: {ran}"
        for path in left:
            path.unlink()
    assert (ran.code, ran.err) == (0, ""), f"{place}: {ran}"


def test_a_loss_of_power_while_a_sync_takes_over_leaves_each_record_old_or_new(
    tmp_path: Path,
) -> None:
    three = stations(tmp_path)
    made.sure(three.sha, "ticket", "note", OTHER, "there")
    made.sure(three.sha, "customer", "set", CUSTOMER, "--marks", "there")
    made.sure(three.sha, "sync")
    root = three.bja
    before = tickets(root)
    recording = recorded(root, ("sync",), tmp_path / "trace")
    after = tickets(root)
    for place, _ended, disk in losses(recording, AREAS, tmp_path):
        found = tickets(disk)
        assert found.keys() == before.keys(), place
        for path, data in found.items():
            assert data in (before[path], after[path]), f"{place}: {path}"
        Ledger(disk).note_station("BJA", "mgr1")
        for words in (("ticket", "note", TICKET, "next"), ("sync",)):
            ran = unlocked(disk, words)
            assert (ran.code, ran.err) == (0, ""), f"{place}: {ran}"
        assert made.uncommitted(disk) == "", place
        assert made.git(disk, *FSCK) == "", place


@pytest.mark.parametrize("dark", ["BJA", "hub", "both"])
def test_a_loss_of_power_at_a_station_or_the_hub_while_a_sync_sends_loses_no_line(
    tmp_path: Path, dark: str
) -> None:
    """Station and hub have a disk each: that of the one whose power fails keeps what was flushed."""
    world = tmp_path / "world"
    world.mkdir()
    three = stations(world, hook=True)
    made.sure(three.sha, "ticket", "note", OTHER, "there")
    made.sure(three.sha, "sync")
    made.sure(three.bja, "ticket", "note", OTHER, "here")
    made.sure(three.bja, *NEW)
    lines = event_lines(three.bja) | event_lines(three.sha)
    before = tickets(three.bja)
    hub_before = made.git(three.hub, "rev-parse", "main")
    recording = recorded(three.bja, ("sync",), tmp_path / "trace", world)
    hub_after = made.git(three.hub, "rev-parse", "main")
    after = tickets(three.bja)
    assert hub_before != hub_after
    assert unsafe_names(recording, "/refs/") == []
    parts = {folder: part_of(recording, folder) for folder in ("BJA", "hub")}
    sending = parts["hub"].moments
    chance = Random(20261122)
    for number in range(max(8, LOSSES // 2)):
        # Some after the end, when the station had said that all is sent; most while it sent.
        last = len(recording.steps)
        end = chance.randint(sending[0], last) if number % 3 else chance.randint(0, last)
        moment = last if number < 2 else end
        place = f"loss {number}, after step {moment} of {last}"
        disks = tmp_path / f"disks-{number}"
        for folder, part in parts.items():
            (disks / folder).mkdir(parents=True)
            if dark in (folder, "both"):
                areas = AREAS if folder == "BJA" else ()
                after_power_loss(part, part.until(moment), areas, chance, disks / folder)
            else:
                as_it_stands(part, part.until(moment), disks / folder)
        station, hub = disks / "BJA", disks / "hub"
        point(station, hub)
        found = tickets(station)
        assert found.keys() == after.keys(), place
        for path, data in found.items():
            assert data in (before.get(path), after[path]), f"{place}: {path}"
        assert made.git(hub, "rev-parse", "main") in (hub_before, hub_after), place
        assert made.git(hub, *FSCK) == "", place
        Ledger(station).note_station("BJA", "mgr1")
        for words in (("ticket", "note", TICKET, "next"), ("sync",)):
            ran = unlocked(disks, words, station)
            assert (ran.code, ran.err) == (0, ""), f"{place}: {ran}"
        assert made.uncommitted(station) == "", place
        assert made.git(station, *FSCK) == made.git(hub, *FSCK) == "", place
        assert tree(station) == tree(hub, "main"), place
        assert lines < event_lines(station), place


@pytest.mark.parametrize("words", [("init", "--from"), ("sync",), ("hub", "init")], ids=" ".join)
def test_settings_of_a_repository_that_stands_are_flushed_before_they_take_their_place(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Git flushes none of its own; without them a folder is no repository."""
    world, hub, root = tmp_path / "world", tmp_path / "world/hub", tmp_path / "world/HZ"
    world.mkdir()
    first = made.copy(world / "SHA")
    made.sure("", "hub", "init", hub)
    if words == ("sync",):
        root = first
        asked: tuple[str | Path, ...] = ("sync", hub)
    elif words == ("hub", "init"):
        made.git(hub, "config", "core.hooksPath", "elsewhere")
        asked = ("hub", "init", hub)
    else:
        made.sure(first, "sync", hub)
        made.git(world, "clone", "--quiet", "--origin=origin", str(hub), "HZ")
        asked = ("init", "--from", hub, "--desk", "HZ", root)
    recording = recorded(root, asked, tmp_path / "trace", world)
    changed = [step.path for step in recording.steps if isinstance(step, Name)]
    assert [path for path in changed if path.endswith("/config")] != []
    assert [path for path in unsafe_names(recording, "") if path.endswith("/config")] == []
    if words == ("hub", "init"):
        assert made.git(hub, "config", "core.hooksPath") == "hooks\n"
    assert made.git(root if words != ("hub", "init") else hub, *FSCK) == ""


def test_a_station_that_was_made_is_whole_after_a_loss_of_power(tmp_path: Path) -> None:
    world = tmp_path / "world"
    world.mkdir()
    first = made.copy(world / "SHA")
    made.sure("", "hub", "init", world / "hub")
    made.sure(first, "sync", world / "hub")
    words = ("init", "--from", str(world / "hub"), "--desk", "HZ", str(world / "HZ"))
    recording = recorded(world / "HZ", words, tmp_path / "trace", world)
    areas = ("HZ/records/", "HZ/.git/svcctl/")
    made_disks = losses(recording, areas, tmp_path, ended=LOSSES)
    for place, _ended, disk in islice(made_disks, max(4, LOSSES // 3)):
        root = disk / "HZ"
        assert kept(root, "") == kept(world / "HZ", ""), place
        assert made.git(root, "status", "--porcelain") == "", place
        assert made.git(root, *FSCK) == "", place
        assert made.git(root, "config", "merge.svcctl.driver") != "", place
        point(root, disk / "hub")
        Ledger(root).note_station("HZ", "mgr1")
        for ordered in (("ticket", "note", TICKET, "next"), ("sync",)):
            ran = unlocked(root, ordered)
            assert (ran.code, ran.err) == (0, ""), f"{place}: {ran}"
        assert tree(root) == tree(disk / "hub", "main"), place


def event_lines(root: Path) -> set[str]:
    """Ticket and line of every event."""
    return {
        f"{path} {line}"
        for path, data in tickets(root).items()
        for line in data.decode().split("\n")
        if line.startswith("- {")
    }


def unlocked(below: Path, words: tuple[str, ...], root: Path | None = None) -> made.Ran:
    """Run a command; each lock that git left behind is removed, as the message says, and it is run again."""
    ran = made.call(root or below, *words, now=LATER)
    for _lock_of_git in range(8):
        left = [path for path in below.rglob("*.lock") if str(path) in ran.err]
        if not left:
            break
        left[0].unlink()
        ran = made.call(root or below, *words, now=LATER)
    return ran


def test_a_loss_of_power_leaves_a_month_sealed_or_not(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    october = "2026-10-12T09:00:00+08:00"
    made.sure(root, *NEW, now=october)
    made.sure(root, "ticket", "cancel", "SHA-261012-018", "--reason", "x", now=october)
    recording = recorded(root, ("seal", "2026-10"), tmp_path / "trace")
    sealed = (root / "records/seals/2026-10.yaml").read_bytes()
    for place, ended, disk in losses(recording, AREAS, tmp_path):
        seal = disk / "records/seals/2026-10.yaml"
        assert not seal.exists() or seal.read_bytes() == sealed, place
        assert seal.exists() or not ended, place
        assert tickets(disk) == tickets(root), place
        Ledger(disk).note_station("SHA", "desk1")
        goes_on(disk, place)
        again = made.call(disk, "seal", "2026-10", now=LATER)
        assert again.code == 0 or "[already-sealed]" in again.err, f"{place}: {again}"
        assert made.uncommitted(disk) == "", place
        assert made.git(disk, *FSCK) == "", place
        audited = made.call(disk, "audit", "--only", "E5", now=LATER)
        assert audited.out.startswith("0 errors, 0 warnings"), f"{place}: {audited}"
