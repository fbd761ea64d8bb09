"""A sync that is killed, or whose disk or git fails, at every call: the old state or the new one.

After each blow every record at the station is a whole one that some station wrote or the merge of
both, the next command works, and the next sync brings everything together.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER, OTHER, SECOND, TICKET
from stations import Stations, copied, stations, tree
from test_commands_under_fire import blow_at, git_fails_at, is_full, killed_at, records
from thorough import THOROUGH

from svcctl.desk.desk import Desk
from svcctl.desk.syncing import sync
from svcctl.domain.problems import Busy, GitFailed
from svcctl.ledger.folder import find
from svcctl.ledger.records import read_ticket
from svcctl.ledger.swap import Put, put_all

SYNC = ("sync",)
LATER = "2026-11-16T11:00:00+08:00"
STEP = 1 if THOROUGH else 24
"""Every call with SVCCTL_TESTS=thorough; else few, beginning elsewhere in each test."""
HAND = f"records/customers/{SECOND}.yaml"
MANY = 9
"""With more files than eight they are put in place in bulk."""
each_number = pytest.mark.parametrize("more", [0, MANY], ids=["few files", "many files"])


@pytest.fixture
def three(tmp_path: Path) -> Stations:
    return ready(tmp_path / "three", 0)


def ready(folder: Path, more: int) -> Stations:
    """Make stations of which both sides changed something; SHA has ``more`` new records."""
    folder.mkdir()
    return copied(_prepared(more), folder)


@functools.cache
def _prepared(more: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    prepare(stations(folder), more)
    return folder


def prepare(three: Stations, more: int) -> None:
    """Both sides change the same ticket and card, and each has something new; SHA has ``more``.

    At BJA another editor saved a card, with line ends of its own.
    """
    for root, flag in (
        (three.sha, ("--marks", "m")),
        (three.bja, ("--email", "e@example.com")),
    ):
        made.sure(root, "ticket", "note", TICKET, f"{root.name} 0")
        made.sure(root, "ticket", "note", OTHER, f"{root.name} 0")
        made.sure(root, "customer", "set", CUSTOMER, *flag)
        new = ("ticket", "new", "--kind", "inquiry", "--customer", CUSTOMER, "--subject", "问")
        made.sure(root, *new)
    card = three.bja / HAND
    text = card.read_bytes().replace(b"\r", b"") + b"# by hand\n"
    card.write_bytes(text.replace(b"\n", b"\r\n"))
    made.commit_all(three.bja)
    for _ in range(more):
        customer = ("customer", "new", "--name", "新", "--no-commit")
        made.sure(three.sha, *customer)
    if more:
        made.commit_all(three.sha)
    made.sure(three.sha, "sync")


def whole(three: Stations, before: dict[str, bytes]) -> None:
    """Every record can be read, none is gone, and no ticket lost a line."""
    after = records(three.bja)
    assert set(before) <= set(after)
    for path, data in after.items():
        if "/tickets/" in path:
            case = read_ticket(data, path).case
            assert case is not None, path
            old = set(before.get(path, b"").split(b"\n"))
            assert old <= set(data.split(b"\n")), path


def next_command_works(three: Stations) -> None:
    ran = made.call(three.bja, "ticket", "note", TICKET, "next", now=LATER)
    assert (ran.code, ran.err) == (0, "")
    assert made.temporaries(three.bja) == []
    assert made.git(three.bja, "status", "--porcelain") == ""


def comes_together(three: Stations) -> None:
    for root in (three.bja, three.sha):
        made.sure(root, "sync")
    assert tree(three.bja) == tree(three.sha) == tree(three.hub, "main")
    assert b"\r" not in (three.bja / HAND).read_bytes()
    assert made.git(three.bja, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    left = {path.name for path in (three.bja / ".git/svcctl").iterdir()}
    assert not left & {"sync", "sync-under-way", "under-way"}
    assert not list((three.bja / ".git").glob("fast_import_crash_*"))


def further(more: int, step: int = STEP, apart: int = 3) -> int:
    """How many calls lie between two blows: ``apart`` times as many when there are many files."""
    return step if THOROUGH or not more else apart * step


@each_number
def test_a_sync_killed_at_any_call_leaves_old_or_new_records(tmp_path: Path, more: int) -> None:
    number = 1
    while True:
        three = ready(tmp_path / str(number), more)
        before = records(three.bja)
        struck = killed_at(number, three.bja, SYNC)
        whole(three, before)
        next_command_works(three)
        whole(three, before)
        comes_together(three)
        shutil.rmtree(three.hub.parent)
        if not struck:
            break
        number += further(more)
    assert number > 30


@each_number
def test_a_disk_that_is_full_at_any_call_of_a_sync_loses_nothing(tmp_path: Path, more: int) -> None:
    number, refused = (1 if THOROUGH else 2), 0
    while True:
        three = ready(tmp_path / str(number), more)
        before = records(three.bja)
        with blow_at(number, is_full) as blows:
            ran = made.call(three.bja, *SYNC)
        struck = len(blows.calls) >= number
        assert ran.code in (0, 4, 6), (blows.calls[number - 1 :][:1], ran)
        assert "bug" not in ran.err
        refused += ran.code != 0
        whole(three, before)
        next_command_works(three)
        whole(three, before)
        comes_together(three)
        shutil.rmtree(three.hub.parent)
        if not struck:
            break
        number += further(more)
    assert refused > 1


@each_number
def test_a_git_that_fails_at_any_call_of_a_sync_loses_nothing(tmp_path: Path, more: int) -> None:
    number = 1
    while True:
        three = ready(tmp_path / str(number), more)
        before = records(three.bja)
        with git_fails_at(number) as calls:
            ran = made.call(three.bja, *SYNC)
        assert ran.code in (0, 3, 6, 8), (calls[number - 1 :][:1], ran)
        assert "bug" not in ran.err
        whole(three, before)
        next_command_works(three)
        whole(three, before)
        comes_together(three)
        shutil.rmtree(three.hub.parent)
        if len(calls) < number:
            break
        number += further(more, 1 if THOROUGH else 8, 4)
    assert number > 15


def test_attributes_and_what_they_convert_arrive_together_wherever_a_sync_is_killed(
    tmp_path: Path,
) -> None:
    photo, data = tmp_path / "photo.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    photo.write_bytes(data)
    before = tmp_path / "before"
    before.mkdir()
    there = stations(before)
    for root in there.all:
        made.git(root, "config", "filter.letters.clean", "base64")
        made.git(root, "config", "filter.letters.smudge", "base64 -d")
    attributes = there.sha / "records/.gitattributes"
    attributes.write_text(
        attributes.read_text("utf-8") + "attachments/** filter=letters\n", "utf-8"
    )
    made.commit_all(there.sha)
    made.sure(there.sha, "ticket", "attach", TICKET, photo)
    made.sure(there.sha, "sync")
    number, struck = 1, True
    while struck:
        (tmp_path / str(number)).mkdir()
        three = copied(before, tmp_path / str(number))
        struck = killed_at(number, three.bja, SYNC)
        next_command_works(three)
        for root in (three.bja, three.sha):
            made.sure(root, "sync")
        assert tree(three.bja) == tree(three.sha)
        [stored] = (three.bja / "records/attachments").rglob("*.png")
        assert stored.read_bytes() == data
        assert made.git(three.bja, "status", "--porcelain") == ""
        kept = made.git(three.bja, "show", f"HEAD:{stored.relative_to(three.bja)}")
        assert kept.startswith("iVBOR"), "git holds what the filter makes of it"
        shutil.rmtree(three.hub.parent)
        number += 1 if THOROUGH else STEP
    assert number > 30


def test_what_is_written_by_hand_after_a_kill_is_merged_and_not_overwritten(
    three: Stations,
) -> None:
    path = f"records/tickets/2026/11/{TICKET}.yaml"
    for number in range(1, 400, STEP):
        assert killed_at(number, three.bja, SYNC), "the note is put down before the end"
        if (three.bja / ".git/svcctl/sync-under-way").exists():
            break
        next_command_works(three)
    file = three.bja / path
    file.write_text(
        file.read_text("utf-8") + '- {"n": 9, "desk": "BJA", "at": "2026-11-16T10:30:00+08:00", '
        '"noted": "2026-11-16T10:30:00+08:00", "by": "mgr1", "do": "noted", "words": "by hand"}\n',
        "utf-8",
    )
    made.sure(three.bja, "ticket", "note", OTHER, "next", now=LATER)
    text = file.read_text("utf-8")
    assert "by hand" in text
    assert "SHA 0" in text
    made.commit_all(three.bja)
    comes_together(three)


LEFT_BY_GIT = ("index.lock", "HEAD.lock", "refs/heads/main.lock")


@pytest.mark.parametrize("pending", [False, True], ids=["all committed", "a commit pending"])
@pytest.mark.parametrize("name", LEFT_BY_GIT)
def test_a_lock_that_a_killed_git_left_stops_a_sync_and_keeps_nobody_from_writing(
    three: Stations, name: str, pending: bool
) -> None:
    lock = three.bja / ".git" / name
    lock.touch()
    if pending:
        assert made.call(three.bja, "ticket", "note", TICKET, "before").code == 0
    for words in (SYNC, ("ticket", "note", TICKET, "one"), SYNC, ("ticket", "note", OTHER, "two")):
        ran = made.call(three.bja, *words)
        assert f"delete {lock}" in ran.err
        assert ran.code == (6 if words == SYNC else 0), ran
        assert ("commit pending, do not repeat" in ran.err) == (words != SYNC)
    whole(three, {})
    lock.unlink()
    next_command_works(three)
    text = made.git(three.bja, "log", "-p", "--format=%an", "-m")
    for noted in ("one", "two", *(["before"] if pending else [])):
        assert f'"words": "{noted}"' in text
    comes_together(three)


def test_nothing_is_sealed_while_a_sync_waits_for_git(three: Stations) -> None:
    lock = three.bja / ".git/HEAD.lock"
    lock.touch()
    assert made.call(three.bja, *SYNC).code == 6
    lock_named = made.call(three.bja, "seal", "2026-10")
    assert (lock_named.code, str(lock) in lock_named.err) == (6, True)


def test_a_lock_that_stays_at_the_hub_is_named_and_one_that_goes_is_waited_for(
    three: Stations,
) -> None:
    lock = three.hub / "refs/heads/main.lock"
    lock.touch()
    pauses: list[float] = []
    desk = Desk(find(str(three.bja), three.bja), lambda: datetime.fromisoformat(LATER))
    with pytest.raises(GitFailed) as stopped:
        sync(desk, None, three.bja, pause=pauses.append)
    assert stopped.value.code == "hub-locked"
    assert stopped.value.message.args["file"] == str(lock)
    assert 3 < len(pauses) < 10
    next_command_works(three)
    synced = sync(desk, None, three.bja, pause=lambda _: lock.unlink())
    assert synced.sent
    comes_together(three)


def test_a_branch_that_moved_after_a_kill_takes_the_files_back(three: Stations) -> None:
    for number in range(1, 400, STEP):
        assert killed_at(number, three.bja, SYNC)
        if (three.bja / ".git/svcctl/sync-under-way").exists():
            break
        next_command_works(three)
    (three.bja / "README.md").write_text("x", "utf-8")
    made.git(three.bja, "add", "README.md")
    made.git(three.bja, "commit", "--quiet", "-m", "by hand", "README.md")
    next_command_works(three)
    comes_together(three)


@pytest.mark.parametrize("count", [3, 40])
def test_many_files_put_in_place_are_whole_and_none_is_overwritten(
    tmp_path: Path, count: int
) -> None:
    puts = []
    for number in range(count):
        place = tmp_path / f"{number % 3}" / f"{number}.yaml"
        place.parent.mkdir(exist_ok=True)
        old = f"old {number}".encode() if number % 2 else None
        if old is not None:
            place.write_bytes(old)
        puts.append(Put(place, old, f"new {number}".encode()))
    put_all(puts)
    assert [put.place.read_bytes() for put in puts] == [put.data for put in puts]
    assert made.temporaries(tmp_path) == []
    with pytest.raises(Busy):
        put_all([put._replace(old=b"something else", data=b"x") for put in puts])
    with pytest.raises(FileExistsError):
        put_all([put._replace(old=None, data=b"x") for put in puts])
    assert [put.place.read_bytes() for put in puts] == [put.data for put in puts]
    assert made.temporaries(tmp_path) == []
