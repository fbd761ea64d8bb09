"""What somebody changed by hand in committed lines goes along in nobody else's commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import TICKET

PATH = f"records/tickets/2026/11/{TICKET}.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made.copy(tmp_path / "ledger")


def note(root: Path, *more: str) -> made.Ran:
    return made.call(root, "ticket", "note", TICKET, "x", *more)


def lines(root: Path, path: str = PATH) -> list[bytes]:
    return (root / path).read_bytes().splitlines(keepends=True)


def changed(root: Path) -> bytes:
    """Change an old event by hand: when it happened, a minute later."""
    data = (root / PATH).read_bytes()
    fresh = data.replace(b"2026-11-16T09:02", b"2026-11-16T09:01", 1)
    assert fresh != data
    (root / PATH).write_bytes(fresh)
    return fresh


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_committed_line_changed_by_hand_is_refused_with_its_place_and_what_to_do(
    root: Path, more: tuple[str, ...]
) -> None:
    head = made.git(root, "rev-parse", "HEAD")
    fresh = changed(root)
    ran = note(root, *more)
    assert ran.code == 3
    assert f"{PATH}:" in ran.err
    assert "the event 2SHA was changed" in ran.err
    assert f"git checkout HEAD -- :/{PATH}" in ran.err
    assert "svcctl ticket amend" in ran.err
    assert "[committed-lines-changed]" in ran.err
    assert (root / PATH).read_bytes() == fresh
    assert made.git(root, "rev-parse", "HEAD") == head


def test_a_committed_line_taken_out_by_hand_is_refused(root: Path) -> None:
    kept = [line for line in lines(root) if b"reviewed" not in line]
    (root / PATH).write_bytes(b"".join(kept))
    ran = note(root)
    assert ran.code == 3
    assert "was removed" in ran.err


def test_taken_back_with_git_the_line_is_written_and_the_history_is_whole(root: Path) -> None:
    changed(root)
    assert note(root).code == 3
    made.git(root, "checkout", "--", PATH)
    assert note(root).code == 0
    assert "E50" not in made.call(root, "audit", "--history").out


def test_who_commits_the_change_with_git_is_the_one_the_history_names(root: Path) -> None:
    changed(root)
    made.commit_all(root, "as I remember it")
    assert note(root).code == 0
    found = made.call(root, "audit", "--history", "--only", "E502").out
    assert "by Nobody" in found


@pytest.mark.parametrize("staged", [True, False], ids=["git mv", "mv"])
def test_half_of_a_move_is_not_committed_and_the_remedy_takes_it_back(
    root: Path, staged: bool
) -> None:
    head, wrong = made.git(root, "rev-parse", "HEAD"), PATH.replace("/11/", "/12/")
    (root / wrong).parent.mkdir()
    subprocess.run([*(["git"] if staged else []), "mv", PATH, wrong], cwd=root, check=True)
    ran = note(root)
    assert ran.code == 3
    assert f"{wrong}: the ticket {TICKET} lies in {PATH} in the last commit" in ran.err
    assert made.git(root, "rev-parse", "HEAD") == head
    remedy = ran.err.partition("repeat the command: ")[2].partition("\n")[0]
    subprocess.run(remedy, shell=True, cwd=root, check=True)
    assert note(root).code == 0
    assert made.uncommitted(root) == ""
    assert made.git(root, "ls-files", "--", wrong) == ""


def test_a_ticket_moved_home_is_committed_with_its_move_before_it_is_written(root: Path) -> None:
    wrong = PATH.replace("/11/", "/12/")
    (root / wrong).parent.mkdir()
    made.git(root, "mv", PATH, wrong)
    made.commit_all(root)
    (root / PATH).parent.mkdir(exist_ok=True)
    (root / wrong).rename(root / PATH)
    ran = note(root)
    assert ran.code == 3
    for command in ran.err.partition("in your own name (")[2].partition(")")[0].split(" && "):
        made.git(root, *command.split()[1:])
    assert note(root).code == 0
    assert made.uncommitted(root) == ""
    assert made.git(root, "ls-files", "--", wrong) == ""


def test_a_journals_line_changed_by_hand_is_refused(root: Path) -> None:
    assert made.call(root, "log", "add", "停电一小时").code == 0
    (path,) = (root / "records").rglob("2026-11.SHA.yaml")
    path.write_bytes(path.read_bytes().replace("一小时".encode(), "两小时".encode()))
    ran = made.call(root, "log", "add", "来电")
    assert ran.code == 3
    assert "the event 1SHA was changed" in ran.err
    assert "svcctl log amend" in ran.err


def test_the_way_back_that_is_named_takes_back_what_was_staged_too_and_from_any_folder(
    root: Path,
) -> None:
    good = (root / PATH).read_bytes()
    changed(root)
    made.git(root, "add", PATH)
    told = note(root).err
    for command in (f"git diff HEAD -- :/{PATH}", f"git checkout HEAD -- :/{PATH}"):
        assert command in told
        shown = made.git(root / "records", *command.split()[1:])
        assert ("2026-11-16T09:01" in shown) == ("diff" in command)
    assert (root / PATH).read_bytes() == good
    assert note(root).code == 0


def test_lines_added_and_not_committed_line_ends_and_other_words_are_no_change(root: Path) -> None:
    assert note(root, "--no-commit").code == 0
    (root / PATH).write_bytes((root / PATH).read_bytes().replace(b"\n", b"\r\n"))
    assert note(root).code == 0
    with_comment = (root / PATH).read_bytes().replace(b"\nevents:", b"\n# as told\nevents:", 1)
    (root / PATH).write_bytes(with_comment)
    assert note(root).code == 0
    assert made.uncommitted(root) == ""


def test_a_commit_that_waits_takes_no_change_along_that_was_made_meanwhile(root: Path) -> None:
    lock = root / ".git/index.lock"
    lock.touch()
    assert "commit pending" in note(root).err
    lock.unlink()
    head = made.git(root, "rev-parse", "HEAD")
    good = (root / PATH).read_bytes()
    changed(root)
    ran = made.call(root, "ticket", "note", made.OTHER, "y")
    assert ran.code == 0
    assert "the event 2SHA was changed" in ran.err
    assert made.git(root, "log", "--format=%h", f"{head.strip()}..", "--", PATH) == ""
    (root / PATH).write_bytes(good)
    assert made.call(root, "ticket", "note", made.OTHER, "z").code == 0
    assert made.uncommitted(root) == ""


def test_without_a_commit_no_git_is_started_for_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*given: object, **more: object) -> subprocess.Popen[bytes]:
        raise AssertionError(f"a program was started: {given}")

    monkeypatch.setattr(subprocess, "Popen", refused)
    assert note(root, "--no-commit").code == 0
