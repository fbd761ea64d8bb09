"""A write that fails or is killed at any system call leaves the old file or the new one."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from svcctl.domain.problems import Busy, StorageFailed
from svcctl.ledger import batch, posix

CALLS = (
    "open", "write", "fsync", "link", "replace", "rename", "unlink", "mkdir", "rmdir", "fchmod", "read",
)  # fmt: skip
OLD, NEW = b"old line\n" * 50, b"a new line\n" * 40
REASONS = [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO]

Strike = Callable[[str, Callable[..., Any], tuple[Any, ...]], None]


@contextmanager
def struck_at(number: int, strike: Strike) -> Iterator[list[str]]:
    """Within, ``strike`` is called before the system call ``number`` (from 1); gives the calls."""
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            real = getattr(os, name)

            def wrapper(*args: Any, _name: str = name, _real: Any = real, **kwargs: Any) -> Any:
                calls.append(_name)
                if len(calls) == number:
                    strike(_name, _real, args)
                return _real(*args, **kwargs)

            patch.setattr(os, name, wrapper)
        yield calls


def fails(number: int) -> Strike:
    def strike(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    return strike


def dies(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> None:
    if name == "write":  # torn: half of it gets to the disk
        real(args[0], bytes(args[1])[: len(args[1]) // 2])
    os._exit(9)


def killed_at(number: int, operation: Callable[[], object]) -> bool:
    """Run ``operation`` in a process that dies at that system call; whether it got that far."""
    child = os.fork()
    if child == 0:
        try:
            with struck_at(number, dies):
                operation()
            os._exit(0)
        except BaseException:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".svcctl-*")]


def create_deep(folder: Path) -> Path:
    path = folder / "tickets" / "2026" / "t.yaml"
    posix.create(path, NEW)
    return path


def replace_it(folder: Path) -> Path:
    path = folder / "t.yaml"
    posix.replace(path, NEW, sha(OLD))
    return path


def append_it(folder: Path) -> Path:
    path = folder / "t.yaml"
    posix.append(path, OLD, NEW)
    return path


OPERATIONS: list[tuple[Callable[[Path], Path], bytes | None, bytes, str]] = [
    (create_deep, None, NEW, "tickets/2026/t.yaml"),
    (replace_it, OLD, NEW, "t.yaml"),
    (append_it, OLD, OLD + NEW, "t.yaml"),
]
each_operation = pytest.mark.parametrize(("operation", "old", "new", "name"), OPERATIONS)


def fresh(base: Path, number: object, old: bytes | None, name: str) -> Path:
    folder = base / str(number)
    folder.mkdir()
    if old is not None:
        (folder / name).write_bytes(old)
    return folder


def content_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@each_operation
def test_killed_at_any_call_the_file_is_old_or_new_and_the_next_write_works(
    operation: Callable[[Path], Path], old: bytes | None, new: bytes, name: str, tmp_path: Path
) -> None:
    outcomes = []
    for number in range(1, 100):
        folder = fresh(tmp_path, number, old, name)
        died = killed_at(number, partial(operation, folder))
        found = content_of(folder / name)
        assert found in (old, new)
        outcomes.append(found == new)
        if (folder / name).parent.is_dir():
            posix.sweep((folder / name).parent)
        assert left_over(folder) == []
        if found == old:
            operation(folder)
        else:
            posix.append(folder / name, new, b"and on\n")
            assert (folder / name).read_bytes() == new + b"and on\n"
        if not died:
            break
    else:
        raise AssertionError("the operation never ended")
    assert number > 8
    assert outcomes == sorted(outcomes)  # once it is new it stays new
    assert outcomes[0] is False


@pytest.mark.parametrize("reason", REASONS)
@each_operation
def test_refused_at_any_call_the_old_file_stays_and_the_error_says_what_and_where(
    operation: Callable[[Path], Path],
    old: bytes | None,
    new: bytes,
    name: str,
    reason: int,
    tmp_path: Path,
) -> None:
    for number in range(1, 100):
        folder = fresh(tmp_path, number, old, name)
        with struck_at(number, fails(reason)) as calls:
            try:
                operation(folder)
            except StorageFailed as stop:
                failed: StorageFailed | None = stop
            else:
                failed = None
        found = content_of(folder / name)
        if failed is None:
            assert found == new
        else:
            assert found == (new if failed.code == "storage-unconfirmed" else old)
            assert str(folder / name) in str(failed)
            assert os.strerror(reason) in str(failed)
            assert failed.remedy is not None
        if "unlink" not in calls[number - 1 : number]:  # an unlink that fails leaves it to sweep
            assert left_over(folder) == []
        if (folder / name).parent.is_dir():
            posix.sweep((folder / name).parent)
        assert left_over(folder) == []
        if found == old:
            operation(folder)
            assert content_of(folder / name) == new
        if len(calls) < number:
            break
    else:
        raise AssertionError("the operation never ended")
    assert number > 8


@each_operation
def test_the_bytes_are_flushed_before_the_name_and_the_name_before_the_end(
    operation: Callable[[Path], Path], old: bytes | None, new: bytes, name: str, tmp_path: Path
) -> None:
    folder = fresh(tmp_path, 1, old, name)
    with struck_at(0, dies) as calls:
        operation(folder)
    named = calls.index("replace" if old else "link")
    last_write = len(calls) - 1 - calls[::-1].index("write")
    assert "fsync" in calls[last_write:named]
    assert calls[-1] == "fsync"


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_all_of_them(tmp_path: Path) -> None:
    real = os.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", lambda handle, content: real(handle, content[:7]))
        posix.create(tmp_path / "t", NEW)
    assert (tmp_path / "t").read_bytes() == NEW


def test_creating_never_overwrites_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(OLD)
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("t", "link"):
        with pytest.raises(FileExistsError):
            posix.create(tmp_path / name, NEW)
    assert (tmp_path / "t").read_bytes() == OLD
    assert left_over(tmp_path) == []


def test_a_file_changed_since_it_was_read_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(OLD)
    with pytest.raises(Busy, match="changed by somebody else"):
        posix.append(path, b"something else", NEW)
    assert path.read_bytes() == OLD
    path.unlink()
    with pytest.raises(Busy):
        posix.append(path, OLD, NEW)
    assert list(tmp_path.iterdir()) == []


def test_an_editor_that_saves_while_the_new_content_is_written_wins(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(OLD)

    def saves(name: str, *_: Any) -> None:
        path.write_bytes(b"by hand\n")

    with struck_at(6, saves) as calls, pytest.raises(Busy):
        posix.append(path, OLD, NEW)
    assert calls[5] == "write"
    assert path.read_bytes() == b"by hand\n"
    assert left_over(tmp_path) == []


def test_replacing_keeps_the_mode_and_refuses_a_symbolic_link(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(OLD)
    path.chmod(0o640)
    posix.append(path, OLD, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    (tmp_path / "link").symlink_to("t")
    with pytest.raises(StorageFailed) as stop:
        posix.append(tmp_path / "link", OLD + NEW, NEW)
    assert stop.value.remedy is not None
    assert "symbolic link" in stop.value.remedy.template
    assert path.read_bytes() == OLD + NEW


def test_a_file_where_a_folder_must_be_is_a_clear_refusal(tmp_path: Path) -> None:
    (tmp_path / "tickets").write_bytes(b"")
    with pytest.raises(StorageFailed, match="Not a directory"):
        posix.create(tmp_path / "tickets" / "2026" / "t", NEW)


def test_sweeping_removes_leftovers_only(tmp_path: Path) -> None:
    for name in (".svcctl-1-ab.tmp", ".svcctl-2-cd.tmp", "t.tmp", ".svcctl-lock", "t.yaml"):
        (tmp_path / name).write_bytes(b"")
    assert posix.sweep(tmp_path) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [".svcctl-lock", "t.tmp", "t.yaml"]
    assert posix.sweep(tmp_path / "missing") == 0


def test_fifty_processes_append_at_once_and_no_line_is_lost(tmp_path: Path) -> None:
    path, held = tmp_path / "t", tmp_path / "lock"
    path.write_bytes(b"")
    children = []
    for number in range(50):
        child = os.fork()
        if child == 0:
            try:
                with posix.lock(held, timeout=60.0):
                    posix.append(path, path.read_bytes(), b"%d\n" % number)
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
    assert {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children} == {0}
    assert sorted(map(int, path.read_bytes().split())) == list(range(50))


def test_threads_exclude_each_other_too(tmp_path: Path) -> None:
    path, held = tmp_path / "t", tmp_path / "lock"
    path.write_bytes(b"")

    def add() -> None:
        with posix.lock(held, timeout=60.0):
            posix.append(path, path.read_bytes(), b"x")

    threads = [threading.Thread(target=add) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == b"x" * 20


def test_a_held_lock_is_refused_naming_the_holder_and_free_again_when_it_is_killed(
    tmp_path: Path,
) -> None:
    held = tmp_path / "lock"
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with posix.lock(held):
            os.write(tell, b"!")
            threading.Event().wait()
        os._exit(0)
    assert os.read(ready, 1) == b"!"
    with pytest.raises(Busy, match=f"process {child}"), posix.lock(held, timeout=0.0):
        pass
    os.kill(child, 9)
    os.waitpid(child, 0)
    with posix.lock(held, timeout=0.0):
        assert held.read_text().strip() == str(os.getpid())


def test_a_lock_file_deleted_meanwhile_does_not_let_two_in(tmp_path: Path) -> None:
    held = tmp_path / "lock"
    with posix.lock(held):
        pass

    real = fcntl.flock

    def flock(handle: int, how: int) -> None:
        real(handle, how)
        if held.exists() and not moved:
            moved.append(held.rename(tmp_path / "old"))

    moved: list[Path] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fcntl, "flock", flock)
        with posix.lock(held, timeout=5.0):
            assert moved
            assert held.exists()


def test_a_folder_that_cannot_hold_a_lock_is_a_clear_refusal(tmp_path: Path) -> None:
    with (
        struck_at(1, fails(errno.EROFS)),
        pytest.raises(StorageFailed, match="Read-only"),
        posix.lock(tmp_path / "lock"),
    ):
        pass


FILES = [("tickets/01/a.yaml", b"a" * 700), ("tickets/01/b.yaml", b"b"), ("tickets/02/c.yaml", b"")]


def batch_state(root: Path) -> str:
    found = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*.yaml")}
    if found == dict(FILES):
        return "all"
    assert not found
    return "none"


@pytest.mark.parametrize("sync_by_file", [False, True])
def test_a_batch_killed_at_any_call_is_all_there_or_not_at_all_after_recovery(
    sync_by_file: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sync_by_file:
        monkeypatch.setattr(batch, "sync_file_system", lambda folder: False)
    else:  # one flush of a whole busy disk per attempt would take long, and shows nothing more
        monkeypatch.setattr(batch, "sync_file_system", lambda folder: True)
    seen, recoveries = [], []
    for number in range(1, 200):
        root, journal = tmp_path / str(number), tmp_path / str(number) / ".svcctl" / "journal"
        root.mkdir()
        died = killed_at(number, partial(batch.write_batch, root, journal, FILES))
        done = batch.recover(root, journal)
        state = batch_state(root)
        assert state == "all" or done != "completed"
        recoveries.append(done)
        assert not journal.exists()
        assert batch.recover(root, journal) == "nothing"
        if state == "none":
            assert batch.write_batch(root, journal, FILES) == 3
            assert batch_state(root) == "all"
        seen.append(state)
        if not died:
            break
    else:
        raise AssertionError("the batch never ended")
    assert seen == sorted(seen, key=["none", "all"].index)
    assert {"none", "all"} == set(seen)
    assert {"nothing", "discarded", "completed"} == set(recoveries)


def test_a_batch_refused_at_any_call_is_written_later_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "sync_file_system", lambda folder: False)
    codes = set()
    for number in range(1, 200):
        root, journal = tmp_path / str(number), tmp_path / str(number) / ".svcctl" / "journal"
        root.mkdir()
        with struck_at(number, fails(errno.ENOSPC)) as calls:
            try:
                batch.write_batch(root, journal, FILES)
            except StorageFailed as stop:
                codes.add(stop.code)
                code = stop.code
            else:
                code = ""
        assert code or not (journal / "commit").exists()
        batch.recover(root, journal)
        assert batch_state(root) == ("none" if code == "storage-failed" else "all")
        if len(calls) < number:
            break
    else:
        raise AssertionError("the batch never ended")
    assert codes == {"storage-failed", "batch-unfinished"}


def test_the_real_flush_of_a_batch_works_here(tmp_path: Path) -> None:
    assert batch.write_batch(tmp_path, tmp_path / "journal", iter(FILES)) == 3
    assert batch_state(tmp_path) == "all"
    assert not (tmp_path / "journal").exists()


@pytest.mark.parametrize(
    "name", ["/etc/x", "../x", "a/../../x", "", ".", "a//b", "a\nb", "a/./b", "a\0b"]
)
def test_a_batch_refuses_paths_that_leave_the_ledger(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a path within"):
        batch.write_batch(tmp_path, tmp_path / "journal", [*FILES, (name, b"")])
    assert list(tmp_path.iterdir()) == []


def test_a_batch_refuses_what_exists_and_what_comes_twice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"):
        batch.write_batch(tmp_path, tmp_path / "journal", [*FILES, FILES[0]])
    (tmp_path / "tickets" / "02").mkdir(parents=True)
    (tmp_path / "tickets" / "02" / "c.yaml").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        batch.write_batch(tmp_path, tmp_path / "journal", FILES)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["c.yaml"]


def test_what_interrupts_the_source_of_a_batch_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> Iterator[tuple[str, bytes]]:
        yield FILES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.write_batch(tmp_path, tmp_path / "journal", interrupted())
    assert list(tmp_path.iterdir()) == []


def test_the_next_batch_first_finishes_the_one_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal"
    with monkeypatch.context() as patch:
        patch.setattr(batch, "_place", fails(errno.EIO))
        with pytest.raises(OSError, match="error"):
            batch.write_batch(tmp_path, journal, FILES)
    assert batch.write_batch(tmp_path, journal, [("other", b"")]) == 1
    assert batch_state(tmp_path) == "all"
    assert (tmp_path / "other").exists()


def test_recovery_never_overwrites_a_file_that_came_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal"
    with monkeypatch.context() as patch:
        patch.setattr(batch, "_place", fails(errno.EIO))
        with pytest.raises(OSError, match="error"):
            batch.write_batch(tmp_path, journal, FILES)
    other = tmp_path / "tickets" / "01" / "b.yaml"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"mine")
    with pytest.raises(Busy, match="made by somebody else"):
        batch.recover(tmp_path, journal)
    assert other.read_bytes() == b"mine"
    other.unlink()
    assert batch.recover(tmp_path, journal) == "completed"
    assert batch_state(tmp_path) == "all"
