"""Whole commands that are killed, or whose disk fails, at every system call of a write.

After each blow: the record is the old one or the new one, the next command works, and then everything
is committed and no temporary file is left.
"""

from __future__ import annotations

import builtins
import errno
import gc
import io
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER, NOW, TICKET, Ran
from thorough import THOROUGH

from svcctl.ledger.database import SCHEMA

WRITING = ("write", "fsync", "link", "replace", "rename", "mkdir", "truncate", "fchmod")
TAKING_AWAY = ("unlink", "rmdir")
LATER = "2026-11-16T11:00:00+08:00"
"""Also where each round takes long: a blow at every call."""

Strike = Callable[[str, Callable[[], object]], None]


class Blows:
    """Counts the calls that change the disk, and deals its blow before the chosen one."""

    def __init__(self, number: int, strike: Strike, lasting: bool = False) -> None:
        self.number = number
        self.strike = strike
        self.lasting = lasting
        self.calls: list[str] = []

    def before(self, name: str, half: Callable[[], object] = lambda: None) -> None:
        self.calls.append(name)
        reached = len(self.calls)
        if reached == self.number or (self.lasting and reached > self.number):
            self.strike(name, half)


@contextmanager
def blow_at(number: int, strike: Strike, *, lasting: bool = False) -> Iterator[Blows]:
    """Within, ``strike`` comes before the call ``number`` (from 1) of those that change the disk.

    ``lasting``: and before every one after it.
    """
    blows = Blows(number, strike, lasting)

    class TornFile(io.FileIO):
        def write(self, data: Any, /) -> int:
            def half() -> None:
                io.FileIO.write(self, bytes(data)[: len(data) // 2])

            blows.before("write", half)
            return super().write(data)

    def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if isinstance(file, int) or not set(mode) & set("wxa+"):
            return real_open(file, mode, *args, **kwargs)
        blows.before("open")
        raw = TornFile(file, mode.replace("b", "").replace("t", ""))
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "a" in mode:
            buffered.seek(0, os.SEEK_END)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding=kwargs.get("encoding", "utf-8"))

    def started(self: Any, words: Any, *args: Any, **kwargs: Any) -> None:
        blows.before("git")
        real_start(self, words, *args, **kwargs)

    real_open, real_start = builtins.open, subprocess.Popen.__init__
    with pytest.MonkeyPatch.context() as patch:
        for name in (*WRITING, *TAKING_AWAY):
            patch.setattr(os, name, _counted(blows, name, getattr(os, name)))
        patch.setattr(os, "open", _counted_open(blows, os.open))
        patch.setattr(builtins, "open", opened)
        patch.setattr(io, "open", opened)
        patch.setattr(subprocess.Popen, "__init__", started)
        yield blows


@contextmanager
def git_fails_at(number: int) -> Iterator[list[str]]:
    """Within, the ``number``-th git (from 1) fails; what was asked of each is listed."""
    calls: list[str] = []

    def started(self: Any, words: list[str], *args: Any, **kwargs: Any) -> None:
        calls.append(" ".join(map(str, words[-3:])))
        if len(calls) == number:
            words = ["git", "no-such-command"]
        real(self, words, *args, **kwargs)

    real: Callable[..., None] = subprocess.Popen.__init__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", started)
        yield calls


def _counted(blows: Blows, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        def half() -> None:
            if name == "write":
                real(args[0], bytes(args[1])[: len(args[1]) // 2])

        blows.before(name, half)
        return real(*args, **kwargs)

    return call


def _counted_open(blows: Blows, real: Callable[..., int]) -> Callable[..., int]:
    def call(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            blows.before("open")
        return real(path, flags, *args, **kwargs)

    return call


def dies(_name: str, half: Callable[[], object]) -> None:
    """Kill this process without another word, a write torn in the middle."""
    half()
    os._exit(9)


def is_full(name: str, half: Callable[[], object]) -> None:
    """The disk is full for this one call: part of a write still fits. Taking away needs no room."""
    if name not in ("git", *TAKING_AWAY):
        half()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def is_read_only(_name: str, _half: Callable[[], object]) -> None:
    """The file system turned read-only, for git too."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


each_failure = pytest.mark.parametrize(
    ("strike", "lasting"),
    [(is_full, False), (is_read_only, True)],
    ids=["disk full", "read-only from then on"],
)


def killed_at(number: int, root: Path, words: tuple[str, ...]) -> bool:
    """Run a command in a process that dies before its ``number``-th call; whether it got that far."""
    child = os.fork()
    if child == 0:
        try:
            with blow_at(number, dies):
                ran = made.call(root, *words)
            os._exit(ran.code)
        except BaseException:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), f"at call {number}: exit {code}"
    return code == 9


NEW = ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "--subject", "异响")
NOTE = ("ticket", "note", TICKET, "客户来电催促")
SET = ("customer", "set", CUSTOMER, "--address", "人民路 2 号", "--phone", "13700137000")
BACK = ("customer", "set", CUSTOMER, "--address", "中山路 1 号", "--phone", "13800138000")
PERSON = ("staff", "new", "eng2", "--name", "工程师乙", "--role", "engineer", "--by", "mgr1")
LOG = ("log", "add", "下午回访三户", "--ticket", TICKET)
COMMANDS = {"ticket new": NEW, "ticket note": NOTE, "customer set": SET, "log add": LOG}
each_command = pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())


def records(root: Path) -> dict[str, bytes]:
    """Every record's bytes by path; temporary files are no records."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in (root / "records").rglob("*")
        if path.is_file() and not path.name.startswith(".svcctl-")
    }


def is_old_or_new(root: Path, before: dict[str, bytes], words: tuple[str, ...]) -> None:
    """The blow left everything as it was, or one record whole and new."""
    after = records(root)
    changed = [path for path, data in after.items() if before.get(path) != data]
    assert set(before) <= set(after)
    assert len(changed) <= 1
    for path in changed:
        if words == NOTE or (words == LOG and path in before):
            assert after[path].startswith(before[path])
            assert after[path][len(before[path]) :].count(b"\n") == 1
        assert after[path].endswith(b"\n")


def recovered(root: Path) -> None:
    """The next command works, and after it nothing is left to do."""
    ran = made.call(root, "ticket", "note", TICKET, "next", now=LATER)
    assert (ran.code, ran.err) == (0, "")
    assert made.uncommitted(root) == ""
    assert made.temporaries(root) == []
    listed = made.call(root, "ticket", "list", "--all", "-o", "ids")
    assert (listed.code, listed.err) == (0, "")
    assert len(listed.out.split()) == len(list((root / "records/tickets").rglob("*.yaml")))


def sound_for_good(root: Path) -> None:
    """Git has every object, nothing lies about in its folder, and the index is the files'."""
    assert made.git(root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    git = root / ".git"
    assert [*git.rglob("*.lock.tmp"), *git.glob("fast_import_crash_*")] == []
    assert not (git / "index.lock").exists()
    assert sorted(path.name for path in (git / "svcctl").iterdir() if path.suffix != ".lock") == [
        *(f"index-{SCHEMA}.sqlite3", f"index-{SCHEMA}.stamp", "lock", "pending", "rules", "station")
    ]
    verified = made.call(root, "index", "verify")
    assert (verified.code, verified.out) == (0, "")


@each_command
def test_a_kill_at_any_call_leaves_the_old_record_or_the_new_one(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    root = made.copy(tmp_path / "ledger")
    number = 1
    while True:
        before = records(root)
        struck = killed_at(number, root, words)
        is_old_or_new(root, before, words)
        recovered(root)
        if not struck:
            break
        if words == SET:  # so that there is something to change the next time
            made.sure(root, *BACK)
        number += 1
    assert number > 15, "the command makes more calls than that"
    sound_for_good(root)


def test_a_kill_at_any_call_of_a_command_without_git_leaves_the_old_or_the_new(
    tmp_path: Path,
) -> None:
    root = made.copy(tmp_path / "ledger", git=False)
    number = 1
    while True:
        before = records(root)
        struck = killed_at(number, root, ("ticket", "note", TICKET, "x", "--no-commit"))
        is_old_or_new(root, before, NOTE)
        made.sure(root, "customer", "set", CUSTOMER, "--marks", str(number), "--no-commit")
        assert made.temporaries(root) == []
        if not struck:
            break
        number += 1
    assert number > 5


@each_command
@each_failure
def test_a_disk_that_fails_at_any_call_ends_the_command_with_a_clear_sentence(
    tmp_path: Path, words: tuple[str, ...], strike: Strike, lasting: bool
) -> None:
    root = made.copy(tmp_path / "ledger")
    number = 1
    refused = pending = 0
    while True:
        before = records(root)
        with blow_at(number, strike, lasting=lasting) as blows:
            ran = made.call(root, *words)
        struck = len(blows.calls) >= number
        is_old_or_new(root, before, words)
        told(ran, blows.calls[number - 1] if struck else "", before != records(root))
        refused += ran.code == 4
        pending += "commit pending" in ran.err
        recovered(root)
        if not struck:
            break
        if words == SET:
            made.sure(root, *BACK)
        number += 1
    assert number > 15
    assert refused > 5
    assert pending >= 1
    sound_for_good(root)


def told(ran: Ran, call: str, written: bool) -> None:
    """A command that failed says what, why and what to do; one that wrote all the same says so."""
    place = f"the call was {call}: {ran}"
    assert ran.code in (0, 4), place
    assert "Traceback" not in ran.err, place
    assert "bug" not in ran.err, place
    if ran.code == 4:
        assert os.strerror(errno.ENOSPC) in ran.err or os.strerror(errno.EROFS) in ran.err, place
        assert "\n  " in ran.err, f"no remedy; {place}"
        assert ran.out == "", place
        assert not written or "[storage-unconfirmed]" in ran.err, place
    else:
        assert written, place


@each_command
def test_a_git_that_fails_at_any_call_keeps_nothing_from_being_written_or_is_told(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    root = made.copy(tmp_path / "ledger")
    number = pending = 0
    struck = True
    while struck:
        number += 1
        before = records(root)
        with git_fails_at(number) as calls:
            ran = made.call(root, *words)
        struck = len(calls) >= number
        is_old_or_new(root, before, words)
        place = f"git was asked {calls[number - 1 :][:1]}: {ran}"
        assert "bug" not in ran.err, place
        assert "Traceback" not in ran.err, place
        assert (ran.code == 0) == (before != records(root)), place
        assert ran.code in (0, 3, 6), place
        assert struck or ran.err == "", place
        pending += "commit pending" in ran.err
        recovered(root)
        if words == SET:
            made.sure(root, *BACK)
    assert number > 3
    assert pending >= 2
    sound_for_good(root)


@contextmanager
def reading_fails_at(number: int, root: Path) -> Iterator[list[str]]:
    """Within, the disk fails at the ``number``-th file opened below ``root`` (from 1); which they are."""
    opened: list[str] = []

    def looked_at(path: Any) -> None:
        if isinstance(path, int) or not os.fsdecode(path).startswith(str(root)):
            return
        opened.append(os.fsdecode(path))
        if len(opened) == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO), os.fsdecode(path))

    def instead_of(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            looked_at(path)
            return real(path, *args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", instead_of(os.open))
        patch.setattr(io, "open", instead_of(builtins.open))
        patch.setattr(builtins, "open", instead_of(builtins.open))
        yield opened


@pytest.mark.parametrize("words", [NEW, NOTE], ids=["ticket new", "ticket note"])
def test_a_disk_that_fails_at_any_file_that_is_opened_is_told_with_its_name(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    root = made.copy(tmp_path / "ledger")
    number, struck = 1, True
    while struck:
        before = records(root)
        with reading_fails_at(number, root) as opened:
            ran = made.call(root, *words)
        struck = len(opened) >= number
        place = f"the file was {opened[number - 1 :][:1]}: {ran}"
        is_old_or_new(root, before, words)
        assert ran.code in (0, 4), place
        assert "bug" not in ran.err, place
        if ran.code == 4:
            named = opened[number - 1].removeprefix(f"{root}/")
            assert os.strerror(errno.EIO) in ran.err, place
            assert named in ran.err or named.endswith(".tmp"), place
            assert before == records(root) or "[storage-unconfirmed]" in ran.err, place
        else:
            assert before != records(root), place
        recovered(root)
        number += 1 if THOROUGH else 5
    assert number > 20
    sound_for_good(root)


def test_making_a_ledger_can_be_killed_at_every_other_call_and_repeated(tmp_path: Path) -> None:
    number = 1
    while True:
        root = tmp_path / str(number)
        struck = killed_at(number, root, ("init", str(root), "--desk", "SHA"))
        again = made.call(root, "init", str(root), "--desk", "SHA")
        assert again.code == 0, again
        first = made.call(root, "staff", "new", "mgr1", "--name", "甲", "--role", "manager")
        assert (first.code, first.err) == (0, "")
        assert made.uncommitted(root) == ""
        assert made.temporaries(root) == []
        if not struck:
            break
        number += 1 if THOROUGH else 2
    assert number > 15


@each_failure
def test_making_a_ledger_on_a_disk_that_fails_ends_with_a_clear_sentence(
    tmp_path: Path, strike: Strike, lasting: bool
) -> None:
    number = refused = 1
    while True:  # not every call: each round makes a whole repository
        root = tmp_path / str(number)
        with blow_at(number, strike, lasting=lasting) as blows:
            ran = made.call(root, "init", str(root), "--desk", "SHA")
        assert ran.code in (0, 4, 6), (blows.calls[number - 1 :][:1], ran)
        assert "bug" not in ran.err
        refused += ran.code != 0
        made.sure(root, "init", str(root), "--desk", "SHA")
        made.sure(root, "staff", "new", "mgr1", "--name", "甲", "--role", "manager")
        assert made.uncommitted(root) == ""
        assert made.temporaries(root) == []
        if len(blows.calls) < number:
            break
        number += 1 if THOROUGH else 3
    assert refused > 5


def test_saying_who_sits_here_can_be_killed_at_any_call(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    number = 1
    while killed_at(number, root, ("me", "mgr1")):
        made.sure(root, *NOTE)  # somebody sits here: the one before or the one now
        made.sure(root, "me", "desk1")
        number += 1
    assert number > 4
    assert list((root / ".git/svcctl").glob("station.*")) == []


def test_a_write_whose_flush_is_not_confirmed_is_committed_by_the_next_command(
    tmp_path: Path,
) -> None:
    root = made.copy(tmp_path / "ledger")
    folder = str(made.ticket_file(root).parent)

    def fails_there(handle: int, *, real: Callable[[int], None] = os.fsync) -> None:
        if os.readlink(f"/proc/self/fd/{handle}") == folder:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fails_there)
        ran = made.call(root, *NOTE)
    assert ran.code == 4
    assert "[storage-unconfirmed]" in ran.err
    assert "客户来电催促" in made.ticket_file(root).read_text("utf-8")
    made.sure(root, "customer", "set", CUSTOMER, "--marks", "the next command")
    assert made.uncommitted(root) == ""
    recovered(root)
    assert "客户来电催促" in made.git(root, "show", f"HEAD:records/tickets/2026/11/{TICKET}.yaml")


# Real processes ---------------------------------------------------------------------------------


# What a killed git leaves of its index, of the name that leads to the branch, and of the branch.
LEFT_BY_GIT = ("index.lock", "HEAD.lock", "refs/heads/main.lock")


def unlocked_as_told(root: Path) -> list[str]:
    """Do what the messages of the next command say until it has nothing to say; return what."""
    deleted = []
    for _ in range(len(LEFT_BY_GIT) + 1):
        ran = made.call(root, "ticket", "note", TICKET, "next", now=LATER)
        assert ran.code == 0, ran
        named = [name for name in LEFT_BY_GIT if f"delete {root / '.git' / name}" in ran.err]
        for name in named:
            (root / ".git" / name).unlink()
        deleted += named
        if not named:
            return deleted
    raise AssertionError(f"still locked after {deleted}")


def test_every_lock_that_a_killed_git_leaves_is_named_until_none_is_left(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    for name in LEFT_BY_GIT:
        (root / ".git" / name).touch()
    assert unlocked_as_told(root) == list(LEFT_BY_GIT)
    recovered(root)
    sound_for_good(root)


def test_a_real_kill_of_the_command_and_its_git_at_any_time_loses_nothing(tmp_path: Path) -> None:
    """The whole group is killed, at moments spread over the time the command takes.

    Git may leave locks of its own behind; the message says what to delete, as git's own does.
    """
    root = made.copy(tmp_path / "ledger")
    program, surroundings = made.process("--ledger", root, *NOTE), made.surroundings()
    started = time.monotonic()
    subprocess.run(program, env=surroundings, check=True, capture_output=True)
    whole = time.monotonic() - started
    rounds = 12
    for number in range(rounds):
        before = records(root)
        process = subprocess.Popen(
            program,
            env=surroundings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(whole * (0.3 + 0.8 * number / rounds))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        is_old_or_new(root, before, NOTE)
        unlocked_as_told(root)
        recovered(root)
    sound_for_good(root)


# With thousands of tickets several processes fill the index, each writing a file.
each_size = pytest.mark.parametrize("shared", [False, True], ids=["a small ledger", "a large one"])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this machine does not let the test mount a small file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@each_size
def test_a_disk_that_is_really_full_refuses_with_a_clear_sentence(
    small_disk: Path, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shared:
        monkeypatch.setattr("svcctl.ledger.filling.WORTH_SHARING", 2)
    root = made.copy(small_disk / "ledger")
    made.sure(root, *NOTE)
    ballast = small_disk / "ballast"
    codes = set()
    for pages in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32):
        fill(ballast, pages)
        before = records(root)
        ran = made.call(root, *NOTE)
        is_old_or_new(root, before, NOTE)
        assert ran.code in (0, 4), ran
        assert "bug" not in ran.err
        if ran.code == 4:
            assert "No space left on device" in ran.err
            assert "free some space" in ran.err or "make room" in ran.err
            assert records(root) == before
        elif ran.err:
            assert "commit pending" in ran.err
        if pages % 3 == 0:  # no index, and no room for one
            for path in (root / ".git/svcctl").glob("index-*"):
                path.unlink()
            fill(small_disk / "more", 0)
        listed = made.call(root, "ticket", "list", "--all", "-o", "ids")
        assert (listed.code, len(listed.out.split())) == (0, 3), listed
        codes.add((ran.code, bool(ran.err)))
        ballast.unlink()
        (small_disk / "more").unlink(missing_ok=True)
        recovered(root)
    assert (4, True) in codes
    assert made.git(root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""


def fill(ballast: Path, spared: int) -> None:
    """Fill the disk but for so many pages."""
    page = b"\0" * 4096
    written = 0
    with open(ballast, "wb", buffering=0) as file:
        while True:
            try:
                written += file.write(page)
            except OSError:
                break
        file.truncate(max(0, written - spared * len(page)))


@each_size
def test_a_file_system_that_is_really_read_only_can_be_read_and_refuses_writes(
    small_disk: Path, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shared:
        monkeypatch.setattr("svcctl.ledger.filling.WORTH_SHARING", 2)
    root = made.copy(small_disk / "ledger")
    made.sure(root, "ticket", "list")
    for index in ("warm", "stale", "none"):
        if index == "stale":
            made.sure(root, *NOTE)
        if index == "none":
            for path in (root / ".git/svcctl").glob("index-*"):
                path.unlink()
        with read_only(small_disk):
            told = {words: made.call(root, *words) for words in READING}
            for words in (*COMMANDS.values(), PERSON, ("me", "mgr1")):
                ran = made.call(root, *words)
                assert ran.code == 4, (index, words, ran)
                assert "Read-only file system" in ran.err
        assert told == {words: Ran(0, made.sure(root, *words).out, "") for words in READING}
    recovered(root)


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    gc.collect()  # an index still open in this process would keep the disk writable
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


READING = (
    ("ticket", "list", "--all", "-o", "json"),
    ("ticket", "show", TICKET),
    ("callbacks", "due", "--within", "9d", "-o", "json"),
    ("slip", "list"),
    ("today",),
    ("find", "不制冷"),
    ("customer", "list"),
    ("unit", "list"),
    ("staff", "show", "eng1"),
)


def test_the_clock_of_these_tests_is_the_injected_one(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    assert f'"noted": "{NOW}"' in made.sure(root, *NOTE).out
