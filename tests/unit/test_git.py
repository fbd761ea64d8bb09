"""Finding git and asking it, under a personal configuration that would spoil it if it could."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_person import person, settle_in

from svcctl.domain.problems import GitFailed
from svcctl.ledger import git
from svcctl.ledger.changes import (
    IgnoredPath,
    Status,
    StatusEntry,
    changed_between,
    finish_status,
    ignored_paths,
    start_status,
)

NAME = "records/tickets/2026/11/工单 一.yaml"

Do = Callable[..., str]


@pytest.fixture(autouse=True)
def _hostile_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_in(tmp_path, monkeypatch)


def write(root: Path, path: str, text: str = "id: 1\n") -> str:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")
    return path


def status(gitdir: git.GitDir) -> Status:
    return finish_status(start_status(gitdir))


def entries(gitdir: git.GitDir) -> list[StatusEntry]:
    return sorted(status(gitdir).entries)


@pytest.fixture
def ledger(tmp_path: Path) -> git.GitDir:
    (tmp_path / "ledger").mkdir()
    return git.init(tmp_path / "ledger")


@pytest.fixture
def inner(tmp_path: Path) -> git.GitDir:
    """A ledger in a sub-folder of a larger repository."""
    root = tmp_path / "whole" / "售后 book"
    root.mkdir(parents=True)
    person(tmp_path / "whole", "init", "-q", "-b", "main")
    return git.init(root)


def test_init_makes_a_repository_with_branch_main_and_without_the_persons_hooks(
    ledger: git.GitDir,
) -> None:
    assert (ledger.path / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert not (ledger.path / "hooks").exists()
    assert person(ledger.top, "config", "--local", "core.untrackedCache") == "true\n"


def test_init_uses_the_repository_that_is_there(inner: git.GitDir) -> None:
    assert inner.prefix == "售后 book/"
    assert inner.path == inner.top / ".git"
    assert not (inner.root / ".git").exists()


def test_init_makes_its_own_repository_in_a_folder_that_the_outer_one_ignores(
    tmp_path: Path,
) -> None:
    person(tmp_path, "init", "-q")
    write(tmp_path, ".gitignore", "/demo*/\n")
    (tmp_path / "demo-ledger").mkdir()
    made = git.init(tmp_path / "demo-ledger")
    assert (made.top, made.prefix) == (made.root, "")


def test_init_twice_changes_nothing(ledger: git.GitDir) -> None:
    before = (ledger.path / "config").read_bytes()
    assert git.init(ledger.root) == ledger
    assert (ledger.path / "config").read_bytes() == before


def test_discovery_runs_no_git(ledger: git.GitDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("git was run")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert git.discover(ledger.root) == ledger


def test_a_folder_that_is_in_no_repository_has_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()  # bears the name only
    assert git.discover(tmp_path) is None
    assert "not in a git repository" in git.why_without_git().template


def test_without_a_git_program_there_is_no_repository(
    ledger: git.GitDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git.discover(ledger.root) is None
    assert "PATH" in git.why_without_git().template
    with pytest.raises(GitFailed) as caught:
        git.run(ledger.top, ["status"])
    assert caught.value.code == "git-absent"


def test_a_linked_work_tree_is_recognised(ledger: git.GitDir, tmp_path: Path) -> None:
    person(ledger.top, "commit", "-q", "--allow-empty", "-m", "first")
    person(ledger.top, "worktree", "add", "-q", str(tmp_path / "linked"))
    found = git.discover(tmp_path / "linked")
    assert found is not None
    assert found.linked
    assert git.head(found) == git.head(ledger)
    assert not ledger.linked


def test_a_git_directory_kept_elsewhere_is_no_linked_work_tree(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    person(tmp_path / "here", "init", "-q", f"--separate-git-dir={tmp_path / 'there'}")
    found = git.discover(tmp_path / "here")
    assert found is not None
    assert (found.path, found.linked) == (tmp_path / "there", False)


def test_a_git_file_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nonesuch/folder\n")
    with pytest.raises(GitFailed) as caught:
        git.discover(tmp_path)
    assert caught.value.code == "git-broken-link"


def test_variables_that_point_git_elsewhere_are_dropped(
    ledger: git.GitDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -p 2222")
    assert status(ledger).head is None
    assert git.environment()["GIT_SSH_COMMAND"] == "ssh -p 2222"


def test_gits_own_line_is_in_the_failure(ledger: git.GitDir) -> None:
    with pytest.raises(GitFailed, match=r"fatal: .*nonesuch"):
        git.run(ledger.top, ["cat-file", "-t", "nonesuch"])


@pytest.mark.parametrize(
    ("told", "code", "remedy"),
    [
        (
            "fatal: detected dubious ownership in repository at '/srv/账本'\nTo add an exception",
            "git-unsafe-directory",
            "git config --global --add safe.directory /srv/账本",
        ),
        (
            "fatal: Unable to create '/l/.git/index.lock': File exists.\n\nAnother git process",
            "git-locked",
            "delete /l/.git/index.lock",
        ),
        (
            "fatal: cannot lock ref 'HEAD': Unable to create '/l/.git/HEAD.lock': File exists.",
            "git-locked",
            "delete /l/.git/HEAD.lock",
        ),
        ("error: file write error: No space left on device", "git-disk-full", "room"),
        ("fatal: .git/index: Permission denied", "git-read-only", "permission"),
        ("fatal: bad object 1234", "git-missing-object", "fsck"),
    ],
)
def test_a_known_failure_says_what_to_do(told: str, code: str, remedy: str) -> None:
    failed = git.failure("status", 128, told.encode())
    assert failed.code == code
    assert failed.remedy is not None
    assert remedy in failed.remedy.template.format_map(dict(failed.remedy.args))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused_with_the_way_out(ledger: git.GitDir) -> None:
    os.chown(ledger.top, 12345, 12345)
    os.chown(ledger.path, 12345, 12345)
    with pytest.raises(GitFailed) as caught:
        status(ledger)
    assert caught.value.code == "git-unsafe-directory"


def test_head_is_none_before_the_first_commit(ledger: git.GitDir) -> None:
    assert git.head(ledger) is None


@pytest.mark.parametrize("how", ["branch", "packed", "detached", "sha256"])
def test_head_is_what_git_says(tmp_path: Path, how: str) -> None:
    kind = "sha256" if how == "sha256" else "sha1"
    person(tmp_path, "init", "-q", "-b", "main", f"--object-format={kind}")
    person(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    if how == "packed":
        person(tmp_path, "pack-refs", "--all")
    if how == "detached":
        person(tmp_path, "checkout", "-q", "--detach")
    gitdir = git.discover(tmp_path)
    assert gitdir is not None
    assert git.head(gitdir) == person(tmp_path, "rev-parse", "HEAD").strip()
    assert status(gitdir).branch == (None if how == "detached" else "main")


def change_everything(root: Path) -> list[StatusEntry]:
    """Leave one file in each state git tells apart; those states."""
    for name in ("clean", "dirty", "gone", "removed", "staged"):
        write(root, f"records/{name} 件.yaml")
    write(root, ".gitattributes", "*.yaml text eol=lf\n")
    person(root, "add", ".")
    person(root, "commit", "-q", "-m", "first")
    write(root, "records/dirty 件.yaml", "id: 2\n")
    write(root, "records/staged 件.yaml", "id: 2\n")
    person(root, "add", "records/staged 件.yaml")
    (root / "records/gone 件.yaml").unlink()
    person(root, "rm", "-q", "records/removed 件.yaml")
    write(root, NAME)
    write(root, "records/tickets/2026/12/b.yaml")
    write(root, "outside.txt")
    return [
        StatusEntry("records/dirty 件.yaml", "dirty"),
        StatusEntry("records/gone 件.yaml", "deleted"),
        StatusEntry("records/removed 件.yaml", "deleted"),
        StatusEntry("records/staged 件.yaml", "staged"),
        StatusEntry(NAME, "untracked"),
        StatusEntry("records/tickets/2026/12/b.yaml", "untracked"),
    ]


def test_status_names_every_file_that_is_not_as_head_has_it(ledger: git.GitDir) -> None:
    expected = change_everything(ledger.root)
    found = status(ledger)
    assert sorted(found.entries) == expected
    assert found.head == git.head(ledger)
    assert (found.branch, found.warnings) == ("main", [])


def test_status_of_a_sub_folder_tells_its_own_paths_only(inner: git.GitDir) -> None:
    expected = change_everything(inner.root)
    write(inner.top, "records/of-the-outer-repository.yaml")
    assert entries(inner) == expected


def test_status_of_some_folders_tells_of_those(ledger: git.GitDir) -> None:
    change_everything(ledger.root)
    found = finish_status(start_status(ledger, ["records/tickets/2026/12"]))
    assert found.entries == [StatusEntry("records/tickets/2026/12/b.yaml", "untracked")]


def test_status_before_the_first_commit_names_all_files(inner: git.GitDir) -> None:
    write(inner.root, NAME)
    write(inner.root, "elsewhere/x.yaml")
    assert entries(inner) == [StatusEntry(NAME, "untracked")]
    assert status(inner).head is None


def test_status_names_unmerged_files(ledger: git.GitDir) -> None:
    write(ledger.root, NAME, "id: 1\n")
    person(ledger.root, "add", ".")
    person(ledger.root, "commit", "-q", "-m", "first")
    person(ledger.root, "checkout", "-q", "-b", "other")
    for branch, text in (("other", "id: 2\n"), ("main", "id: 3\n")):
        person(ledger.root, "checkout", "-q", branch)
        write(ledger.root, NAME, text)
        person(ledger.root, "commit", "-q", "-a", "-m", branch)
    with pytest.raises(subprocess.CalledProcessError):
        person(ledger.root, "merge", "other")
    assert entries(ledger) == [StatusEntry(NAME, "unmerged")]
    git.finish_remembering(ledger, git.start_remembering(ledger))
    assert entries(ledger) == [StatusEntry(NAME, "unmerged")]


def test_status_writes_nothing(ledger: git.GitDir) -> None:
    change_everything(ledger.root)
    index = ledger.path / "index"
    before = (index.stat().st_ino, index.read_bytes())
    status(ledger)
    assert (index.stat().st_ino, index.read_bytes()) == before


def test_a_file_monitor_that_lies_is_not_asked(ledger: git.GitDir, tmp_path: Path) -> None:
    liar = tmp_path / "liar"
    liar.write_text("#!/bin/sh\nprintf 'token\\0'\n")
    liar.chmod(0o755)
    write(ledger.root, NAME, "id: 1\n")
    person(ledger.root, "add", ".")
    person(ledger.root, "commit", "-q", "-m", "first")
    person(ledger.root, "config", "core.fsmonitor", str(liar))
    person(ledger.root, "config", "core.fsmonitorHookVersion", "2")
    person(ledger.root, "update-index", "--fsmonitor")
    person(ledger.root, "status")
    write(ledger.root, NAME, "id: 2\n")
    assert person(ledger.root, "status", "--porcelain") == ""
    assert entries(ledger) == [StatusEntry(NAME, "dirty")]


def test_what_was_remembered_makes_no_difference_to_the_answer(ledger: git.GitDir) -> None:
    expected = change_everything(ledger.root)
    git.finish_remembering(ledger, git.start_remembering(ledger))
    assert entries(ledger) == expected
    write(ledger.root, "records/tickets/2026/12/c.yaml")
    assert StatusEntry("records/tickets/2026/12/c.yaml", "untracked") in entries(ledger)


def test_changes_between_two_commits(inner: git.GitDir) -> None:
    root = inner.root
    write(root, "records/a.yaml", "id: 1\n")
    write(root, "records/b.yaml", "id: 2\n")
    write(root, "elsewhere.yaml")
    person(root, "add", ".")
    person(root, "commit", "-q", "-m", "first")
    first = git.head(inner)
    (root / "records/b.yaml").rename(root / "records/c d.yaml")
    write(root, "records/a.yaml", "id: 3\n")
    write(root, "elsewhere.yaml", "id: 3\n")
    person(root, "add", ".")
    person(root, "commit", "-q", "-m", "second")
    second = git.head(inner)
    assert changed_between(inner, first, second) == [
        ("M", "records/a.yaml"),
        ("D", "records/b.yaml"),
        ("A", "records/c d.yaml"),
    ]
    assert changed_between(inner, None, first) == [("A", "records/a.yaml"), ("A", "records/b.yaml")]
    assert changed_between(inner, second, second) == []


def test_changes_from_nothing_in_a_sha256_repository(tmp_path: Path) -> None:
    person(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256")
    write(tmp_path, "records/a.yaml")
    person(tmp_path, "add", ".")
    person(tmp_path, "commit", "-q", "-m", "first")
    gitdir = git.discover(tmp_path)
    assert gitdir is not None
    assert changed_between(gitdir, None, git.head(gitdir)) == [("A", "records/a.yaml")]


def test_a_commit_that_this_clone_lacks_is_told_by_its_code(ledger: git.GitDir) -> None:
    person(ledger.top, "commit", "-q", "--allow-empty", "-m", "first")
    with pytest.raises(GitFailed) as caught:
        changed_between(ledger, "1" * 40, git.head(ledger))
    assert caught.value.code == "git-missing-object"


def test_files_that_git_was_told_to_ignore_are_found(inner: git.GitDir) -> None:
    root = inner.root
    for name in ("seen", "assumed", "skipped"):
        write(root, f"records/{name}.yaml")
    write(root, ".gitignore", "*.bak.yaml\n")
    person(root, "add", ".")
    person(root, "update-index", "--assume-unchanged", "records/assumed.yaml")
    person(root, "update-index", "--skip-worktree", "records/skipped.yaml")
    write(root, "records/单.bak.yaml")
    write(root, "other.bak.yaml")
    assert ignored_paths(inner) == [
        IgnoredPath("records/assumed.yaml", "assume-unchanged"),
        IgnoredPath("records/skipped.yaml", "skip-worktree"),
        IgnoredPath("records/单.bak.yaml", "ignored"),
    ]


@pytest.mark.parametrize("lang", ["C", "zh_CN.GB18030", ""])
def test_names_come_through_whatever_language_is_set(
    ledger: git.GitDir, lang: str, tmp_path: Path
) -> None:
    change_everything(ledger.root)
    script = (
        "import sys; from pathlib import Path\n"
        "from svcctl.ledger import git, changes\n"
        "found = git.discover(Path(sys.argv[1]))\n"
        "answer = changes.finish_status(changes.start_status(found))\n"
        "print(ascii(sorted(e.path for e in answer.entries)))\n"
    )
    env = {"PATH": os.environ["PATH"], "LC_ALL": lang, "HOME": str(tmp_path / "nonesuch")}
    env["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", script, os.fsencode(ledger.root)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert ascii(NAME) in done.stdout


def test_tidy_lets_git_decide(ledger: git.GitDir) -> None:
    change_everything(ledger.root)
    git.tidy(ledger)
    assert not list((ledger.path / "objects" / "pack").glob("*.pack"))
