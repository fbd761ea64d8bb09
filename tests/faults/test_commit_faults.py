"""A command that is killed, or whose git fails, between writing a record and committing it.

A program named ``git`` stands before the real one in PATH and does the harm at the chosen step;
everything it does not harm it hands on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from test_commands_under_fire import Strike, blow_at, dies, is_full, is_read_only

from svcctl.domain.problems import Busy, GitFailed, StorageFailed
from svcctl.ledger import commit as commit_module
from svcctl.ledger import git
from svcctl.ledger.changes import finish_status, start_status
from svcctl.ledger.commit import Identity
from svcctl.ledger.pending import Pending, settle

A = "records/tickets/2026/11/SHA-261122-07M.yaml"
WHEN = datetime.fromisoformat("2026-11-22T09:30:00+08:00")
LI = Identity("李娜", "li.na@example.com")
WANG = Identity("王伟", "wang.wei@example.com")
STEPS = ["fast-import", "update-index", "update-ref"]

# One command, as the desk runs it: note, write, settle.
COMMAND = """\
import sys
from datetime import datetime
from pathlib import Path
from svcctl.ledger import git
from svcctl.ledger.commit import Identity
from svcctl.ledger.pending import Pending, settle
root, path, text, end = sys.argv[1:]
gitdir = git.discover(Path(root))
when = datetime.fromisoformat("2026-11-22T09:30:00+08:00")
Pending(gitdir).note([path], "ticket new", Identity("李娜", "li.na@example.com"), when)
if end == "before writing":
    import os; os.kill(os.getpid(), 9)
(Path(root) / path).parent.mkdir(parents=True, exist_ok=True)
(Path(root) / path).write_bytes(text.encode())
if end == "after writing":
    import os; os.kill(os.getpid(), 9)
settle(gitdir)
"""


@pytest.fixture(autouse=True)
def _nobodys_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nonesuch"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture
def ledger(tmp_path: Path) -> git.GitDir:
    (tmp_path / "ledger").mkdir()
    gitdir = git.init(tmp_path / "ledger")
    (gitdir.root / "records").mkdir()
    (gitdir.root / "records/.gitattributes").write_text("*.yaml text eol=lf\n")
    commit_module.commit(gitdir, ["records/.gitattributes"], "init", LI, LI, WHEN)
    return gitdir


def person(folder: Path, *words: str) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", *words], cwd=folder, env=env, check=True, capture_output=True, text=True
    )
    return done.stdout


def before_git(tmp_path: Path, harm: str) -> str:
    """A PATH on which ``git`` runs the shell lines ``harm`` first; ``$step`` is the subcommand."""
    real = shutil.which("git")
    folder = tmp_path / "before"
    folder.mkdir(exist_ok=True)
    steps = "|".join(STEPS)
    (folder / "git").write_text(
        f"#!/bin/sh\nreal={real}\nstep=\n"
        f'for word in "$@"; do case $word in {steps}) step=$word;; esac; done\n'
        f'{harm}\nexec "$real" "$@"\n'
    )
    (folder / "git").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def run_command(
    gitdir: git.GitDir, text: str = "id: 1\n", end: str = "", path: str | None = None
) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
    env["PATH"] = path or env["PATH"]
    words = [sys.executable, "-c", COMMAND, str(gitdir.root), A, text, end]
    return subprocess.run(words, env=env, capture_output=True, check=False)


def settled(gitdir: git.GitDir) -> bool:
    """All is committed, git finds nothing wrong, and nothing half-done is left lying about."""
    status = finish_status(start_status(gitdir))
    told = person(gitdir.top, "fsck", "--strict", "--no-dangling")
    left = [*gitdir.path.glob("fast_import_crash_*"), *gitdir.path.rglob("*.lock")]
    assert (status.entries, told, left) == ([], "", [])
    return Pending(gitdir).take() == []


def told_commits(gitdir: git.GitDir) -> list[str]:
    return person(gitdir.top, "log", "--reverse", "--format=%s, %an").splitlines()


def test_the_command_itself_commits_when_nothing_happens(ledger: git.GitDir) -> None:
    assert run_command(ledger).returncode == 0
    assert told_commits(ledger) == ["init, 李娜", "ticket new, 李娜"]
    assert settled(ledger)


def test_a_kill_before_writing_leaves_nothing_to_commit(ledger: git.GitDir) -> None:
    assert run_command(ledger, end="before writing").returncode == -signal.SIGKILL
    assert settle(ledger) == []
    assert told_commits(ledger) == ["init, 李娜"]
    assert settled(ledger)


def test_a_kill_between_writing_and_committing_is_made_good_by_the_next_command(
    ledger: git.GitDir,
) -> None:
    assert run_command(ledger, end="after writing").returncode == -signal.SIGKILL
    settle(ledger)
    assert told_commits(ledger) == ["init, 李娜", "ticket new, 李娜"]
    assert settled(ledger)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_at_each_step_of_git_leaves_one_commit_in_the_end(
    ledger: git.GitDir, tmp_path: Path, step: str, moment: str
) -> None:
    kill = "kill -9 $PPID"
    ran = '"$real" "$@" >/dev/null 2>&1; ' if moment == "after" else ""
    path = before_git(tmp_path, f"if [ $step = {step} ]; then {ran}{kill}; exit 1; fi 2>/dev/null")
    assert run_command(ledger, path=path).returncode == -signal.SIGKILL
    settle(ledger)
    assert told_commits(ledger) == ["init, 李娜", "ticket new, 李娜"]
    assert (ledger.root / A).read_bytes() == b"id: 1\n"
    assert git.run(ledger.top, ["show", f"HEAD:{A}"]) == b"id: 1\n"
    assert settled(ledger)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_git_that_fails_leaves_the_note_and_head_where_they_are(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = git.head(ledger)
    with monkeypatch.context() as patch:
        told = "echo 'fatal: no luck today' >&2; exit 128"
        patch.setenv("PATH", before_git(tmp_path, f'if [ "$step" = {step} ]; then {told}; fi'))
        Pending(ledger).note([A], "ticket new", LI, WHEN)
        (ledger.root / A).parent.mkdir(parents=True)
        (ledger.root / A).write_text("id: 1\n")
        with pytest.raises(GitFailed, match=f"git {step} failed: fatal: no luck today"):
            settle(ledger)
    assert git.head(ledger) == before
    assert [note.message for note in Pending(ledger).take()] == ["ticket new"]
    settle(ledger)
    assert told_commits(ledger) == ["init, 李娜", "ticket new, 李娜"]
    assert settled(ledger)


def test_a_second_command_after_a_failed_commit_makes_two_commits_of_two_people(
    ledger: git.GitDir, tmp_path: Path
) -> None:
    failing = before_git(tmp_path, 'if [ "$step" = update-ref ]; then exit 1; fi')
    assert run_command(ledger, path=failing).returncode == 1
    settle(ledger)  # as every command does first
    Pending(ledger).note([A], "ticket contact", WANG, WHEN)
    (ledger.root / A).write_text("id: 1\nmore: 2\n")
    settle(ledger)
    assert told_commits(ledger) == ["init, 李娜", "ticket new, 李娜", "ticket contact, 王伟"]
    assert git.run(ledger.top, ["show", f"HEAD~1:{A}"]) == b"id: 1\n"
    assert settled(ledger)


def write_and_note(gitdir: git.GitDir, text: str = "id: 1\n") -> None:
    Pending(gitdir).note([A], "ticket new", LI, WHEN)
    (gitdir.root / A).parent.mkdir(parents=True, exist_ok=True)
    (gitdir.root / A).write_text(text)


BY_HAND = (
    '"$real" -c user.name=x -c user.email=x commit -q --allow-empty -m "by hand" '
    "2>/dev/null >/dev/null"
)


def test_a_branch_that_somebody_moved_meanwhile_is_built_upon(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = f'if [ "$step" = update-ref ] && mkdir {tmp_path}/once; then {BY_HAND}; fi 2>/dev/null'
    write_and_note(ledger)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", before_git(tmp_path, once))
        settle(ledger)
    # The person's commit took what our index update had staged, as any commit does; so the record
    # is in the history once, whoever was first.
    assert told_commits(ledger)[:2] == ["init, 李娜", "by hand, x"]
    assert git.run(ledger.top, ["show", f"HEAD:{A}"]) == b"id: 1\n"
    assert settled(ledger)


def test_a_branch_that_somebody_moved_elsewhere_keeps_both_commits(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = '$("$real" rev-parse "HEAD^{tree}")'
    made = f'$("$real" -c user.name=x -c user.email=x commit-tree -p HEAD -m "by hand" {tree})'
    harm = f'if [ "$step" = update-ref ] && mkdir {tmp_path}/once; then "$real" update-ref HEAD {made}; fi 2>/dev/null'
    write_and_note(ledger)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", before_git(tmp_path, harm))
        settle(ledger)
    assert told_commits(ledger) == ["init, 李娜", "by hand, x", "ticket new, 李娜"]
    assert settled(ledger)


def test_a_branch_that_never_stands_still_leaves_the_commit_pending(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = '$("$real" rev-parse "HEAD^{tree}")'
    made = f'$("$real" -c user.name=x -c user.email=x commit-tree -p HEAD -m "by hand" {tree})'
    harm = f'if [ "$step" = update-ref ]; then "$real" update-ref HEAD {made}; fi 2>/dev/null'
    write_and_note(ledger)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", before_git(tmp_path, harm))
        with pytest.raises(GitFailed) as caught:
            settle(ledger)
    assert caught.value.code == "git-moved"
    assert told_commits(ledger) == ["init, 李娜", "by hand, x", "by hand, x"]
    settle(ledger)
    assert told_commits(ledger)[-1] == "ticket new, 李娜"
    assert settled(ledger)


def test_a_reset_by_somebody_meanwhile_is_not_undone(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git.head(ledger)
    (ledger.root / "records/b.yaml").write_text("id: 2\n")
    commit_module.commit(ledger, ["records/b.yaml"], "second", LI, LI, WHEN)
    back = f'if [ "$step" = update-ref ]; then "$real" update-ref HEAD {first}; fi 2>/dev/null'
    write_and_note(ledger)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", before_git(tmp_path, back))
        settle(ledger)
    assert told_commits(ledger) == ["init, 李娜", "ticket new, 李娜"]


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock"])
def test_a_lock_that_stays_is_named_with_what_to_do(
    ledger: git.GitDir, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    monkeypatch.setattr(commit_module, "PATIENCE", ())
    write_and_note(ledger)
    (ledger.path / lock).touch()
    with pytest.raises(GitFailed) as caught:
        settle(ledger)
    assert caught.value.code == "git-locked"
    assert caught.value.remedy is not None
    assert caught.value.remedy.args["file"].endswith(f".git/{lock}")
    (ledger.path / lock).unlink()
    settle(ledger)
    assert settled(ledger)


def test_a_lock_that_goes_away_is_waited_for(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_module, "PATIENCE", (0.0, 0.0))
    write_and_note(ledger)
    lock = ledger.path / "index.lock"
    lock.touch()
    # Held for the first attempt, released before the second.
    harm = f'if [ "$step" = update-index ] && ! mkdir {tmp_path}/once; then rm -f {lock}; fi'
    with monkeypatch.context() as patch:
        patch.setenv("PATH", before_git(tmp_path, harm + " 2>/dev/null"))
        assert len(settle(ledger)) == 1
    assert settled(ledger)


def test_a_disk_that_takes_no_more_leaves_the_note_and_a_sound_repository(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = git.head(ledger)
    write_and_note(ledger, "id: " + os.urandom(20_000).hex() + "\n")
    with monkeypatch.context() as patch:
        # In blocks of 512 bytes or of 1024, according to the shell: less than the record either way.
        patch.setenv("PATH", before_git(tmp_path, '[ -z "$step" ] || ulimit -f 8'))
        with pytest.raises(GitFailed):
            settle(ledger)
    assert git.head(ledger) == before
    for left in ledger.path.rglob("*.lock"):
        left.unlink()  # what a git that is struck dead leaves behind
    settle(ledger)
    assert told_commits(ledger) == ["init, 李娜", "ticket new, 李娜"]
    assert settled(ledger)


def test_an_import_that_is_cut_short_leaves_no_crash_report(
    ledger: git.GitDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(gitdir: git.GitDir, name: bytes) -> tuple[bytes, bytes | None]:
        raise KeyboardInterrupt

    write_and_note(ledger)
    with monkeypatch.context() as patch:
        patch.setattr(commit_module, "_file", interrupt)
        with pytest.raises(KeyboardInterrupt):
            settle(ledger)
    assert not list(ledger.path.glob("fast_import_crash_*"))
    settle(ledger)
    assert settled(ledger)


def told_settings(gitdir: git.GitDir) -> list[str]:
    """The settings of two names that git finds; git must take the folder for a repository."""
    words = ("config", "--local", "--get-regexp", "^(a|core\\.untrackedcache)")
    return person(gitdir.top, *words).splitlines()


OLD, NEW = ["core.untrackedcache true"], ["core.untrackedcache true", "a.b c d", "a.e f"]


def test_settings_are_the_old_ones_or_all_new_ones_wherever_the_command_is_killed(
    ledger: git.GitDir,
) -> None:
    told, number = [OLD], 0
    while told[-1] == OLD:
        number += 1
        child = os.fork()
        if child == 0:
            with blow_at(number, dies):
                git.configure(ledger.path, [("a.b", "c d"), ("a.e", "f")])
            os._exit(0)
        os.waitpid(child, 0)
        told.append(told_settings(ledger))
    assert told[-1] == NEW
    assert number > 6
    git.configure(ledger.path, [("a.e", "g")])
    assert told_settings(ledger) == [*NEW[:2], "a.e g"]
    assert {path.name for path in ledger.path.glob("config*")} == {"config", git.TURN}


@pytest.mark.parametrize("strike", [is_full, is_read_only])
def test_settings_that_cannot_be_written_stay_as_they_are_and_it_is_told(
    ledger: git.GitDir, strike: Strike
) -> None:
    told = OLD
    for number in range(1, 100):
        reason = ""
        with blow_at(number, strike, lasting=strike is is_read_only) as blows:
            try:
                git.configure(ledger.path, [("a.b", "c d"), ("a.e", "f")])
            except (StorageFailed, GitFailed) as failed:
                reason = str(failed)
        told = told_settings(ledger)
        assert told in ((OLD, NEW) if reason else (NEW,))
        assert not reason or "No space left" in reason or "Read-only" in reason
        if len(blows.calls) < number:
            break
        if told == NEW:
            person(ledger.top, "config", "--remove-section", "a")
    assert number > 6
    assert told == NEW
    git.configure(ledger.path, [])
    assert {path.name for path in ledger.path.glob("config*")} == {"config", git.TURN}


def test_settings_that_another_program_changes_meanwhile_are_not_overwritten(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm = f'for word in "$@"; do case $word in a.b) "$real" -C {ledger.top} config a.e by-hand;; esac; done'
    with monkeypatch.context() as patch:
        patch.setenv("PATH", before_git(tmp_path, harm))
        with pytest.raises(Busy):
            git.configure(ledger.path, [("a.b", "c d")])
    assert told_settings(ledger) == [*OLD, "a.e by-hand"]


def test_without_a_git_program_the_note_waits_until_there_is_one(
    ledger: git.GitDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_and_note(ledger)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        with pytest.raises(GitFailed) as caught:
            settle(ledger)
    assert caught.value.code == "git-absent"
    settle(ledger)
    assert settled(ledger)
