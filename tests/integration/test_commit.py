"""Committing exactly what a command wrote, under a personal configuration that would spoil it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hostile_person import person, settle_in

from svcctl.domain.problems import GitFailed, StorageFailed
from svcctl.ledger import git
from svcctl.ledger import pending as pending_module
from svcctl.ledger.changes import StatusEntry, finish_status, ignored_paths, start_status
from svcctl.ledger.commit import Identity, Note, commit
from svcctl.ledger.pending import Pending, settle

A = "records/tickets/2026/11/SHA-261122-07M.yaml"
B = "records/tickets/2026/11/工单 二.yaml"
WHEN = datetime.fromisoformat("2026-11-22T09:30:00+08:00")
LI = Identity("李娜", "li.na@example.com")
WANG = Identity("王伟", "wang.wei@example.com")

Made = Callable[..., str | None]


@pytest.fixture(autouse=True)
def _hostile_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_in(tmp_path, monkeypatch)


def write(gitdir: git.GitDir, path: str, text: str = "id: 1\n") -> str:
    place = gitdir.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode())
    return path


def make(gitdir: git.GitDir, *paths: str, message: str = "ticket new") -> str | None:
    return commit(gitdir, paths, message, LI, WANG, WHEN)


def entries(gitdir: git.GitDir) -> list[StatusEntry]:
    return sorted(finish_status(start_status(gitdir)).entries)


def listed(gitdir: git.GitDir, commit_id: str | None) -> list[str]:
    assert commit_id is not None
    return person(gitdir.top, "ls-tree", "-r", "-z", "--name-only", commit_id).split("\0")[:-1]


def subjects(gitdir: git.GitDir) -> list[str]:
    return person(gitdir.top, "log", "--reverse", "--format=%s").splitlines()


def sound(gitdir: git.GitDir) -> bool:
    """Whether git finds nothing wrong or missing, and nothing half-done is left lying about."""
    told = person(gitdir.top, "fsck", "--strict", "--no-dangling")
    left = [*gitdir.path.glob("fast_import_crash_*"), *gitdir.path.rglob("*.lock")]
    left += gitdir.path.rglob("tmp_*")
    refs = person(gitdir.top, "for-each-ref", "refs/svcctl")
    return not told and not left and not refs


@pytest.fixture
def ledger(tmp_path: Path) -> git.GitDir:
    (tmp_path / "ledger").mkdir()
    return git.init(tmp_path / "ledger")


def test_the_first_commit_of_a_branch_has_no_parent(ledger: git.GitDir) -> None:
    write(ledger, A)
    made = make(ledger, A)
    assert person(ledger.top, "log", "--format=%H %P", "main").strip() == made
    assert listed(ledger, made) == [A]
    assert entries(ledger) == []
    assert sound(ledger)


def test_author_committer_time_and_message_are_those_given(ledger: git.GitDir) -> None:
    write(ledger, A)
    make(ledger, A, message="工单：新建\n\n不制冷\n")
    form = "%an|%ae|%ai|%cn|%ce|%ci|%B"
    assert person(ledger.top, "log", f"--format={form}").strip() == (
        "李娜|li.na@example.com|2026-11-22 09:30:00 +0800|"
        "王伟|wang.wei@example.com|2026-11-22 09:30:00 +0800|工单：新建\n\n不制冷"
    )
    assert person(ledger.top, "reflog", "--format=%gs|%gn").strip() == "svcctl: 工单：新建|王伟"


@pytest.mark.parametrize(
    ("time", "recorded"),
    [
        ("2026-11-22T09:30:00-03:30", "1795352400 -0330"),
        ("2026-11-22T09:30:00+00:00", "1795339800 +0000"),
        ("1960-01-01T00:00:00+08:00", "0 +0800"),
    ],
)
def test_a_time_keeps_its_own_offset(ledger: git.GitDir, time: str, recorded: str) -> None:
    write(ledger, A)
    commit(ledger, [A], "x", LI, LI, datetime.fromisoformat(time))
    raw = person(ledger.top, "log", "-1", "--format=%ad", "--date=raw").strip()
    assert raw == recorded


def test_a_time_without_offset_is_a_mistake_of_the_caller(ledger: git.GitDir) -> None:
    write(ledger, A)
    with pytest.raises(ValueError, match="offset"):
        commit(ledger, [A], "x", LI, LI, datetime(2026, 11, 22))


@pytest.mark.parametrize(
    ("name", "email", "recorded"),
    [
        ("a <b>\nauthor c", "x> y\n<z", "a b author c|x y z"),
        ("\x00\x1b[31m", "", "[31m|svcctl"),
        ("...", "<>", "svcctl|svcctl"),
    ],
)
def test_names_cannot_break_out_of_their_line(
    ledger: git.GitDir, name: str, email: str, recorded: str
) -> None:
    write(ledger, A)
    person_named = Identity(name, email)
    commit(ledger, [A], "a\0b", person_named, person_named, WHEN)
    assert person(ledger.top, "log", "--format=%an|%ae").strip() == recorded
    assert sound(ledger)


def test_only_the_given_paths_are_committed_and_what_is_staged_stays_staged(
    ledger: git.GitDir,
) -> None:
    for path in (A, B, "records/staged.yaml", "records/dirty.yaml", "records/gone.yaml"):
        write(ledger, path)
    person(ledger.top, "add", ".")
    person(ledger.top, "commit", "-q", "-m", "first")
    for path in (A, "records/staged.yaml", "records/dirty.yaml", "records/new.yaml"):
        write(ledger, path, "id: 2\n")
    person(ledger.top, "add", "records/staged.yaml", "records/new.yaml")
    person(ledger.top, "rm", "-q", "records/gone.yaml")
    made = make(ledger, A)
    assert made is not None
    assert person(ledger.top, "show", "--format=", "--name-status", made) == f"M\t{A}\n"
    assert entries(ledger) == [
        StatusEntry("records/dirty.yaml", "dirty"),
        StatusEntry("records/gone.yaml", "deleted"),
        StatusEntry("records/new.yaml", "staged"),
        StatusEntry("records/staged.yaml", "staged"),
    ]


def test_a_path_that_is_gone_is_committed_as_deleted(ledger: git.GitDir) -> None:
    make(ledger, write(ledger, A), write(ledger, B))
    (ledger.root / B).unlink()
    made = make(ledger, B, "records/never/was.yaml")
    assert listed(ledger, made) == [A]
    assert entries(ledger) == []


def test_a_folder_that_takes_the_place_of_a_file_and_back(ledger: git.GitDir) -> None:
    make(ledger, write(ledger, "records/x"))
    (ledger.root / "records/x").unlink()
    made = make(ledger, write(ledger, "records/x/y.yaml"))
    assert listed(ledger, made) == ["records/x/y.yaml"]
    (ledger.root / "records/x/y.yaml").unlink()
    (ledger.root / "records/x").rmdir()
    made = make(ledger, "records/x/y.yaml", write(ledger, "records/x"))
    assert listed(ledger, made) == ["records/x"]
    assert entries(ledger) == []


def test_nothing_new_makes_no_commit(ledger: git.GitDir) -> None:
    write(ledger, A)
    assert make(ledger, A) is not None
    assert make(ledger, A) is None
    assert make(ledger, "records/never.yaml") is None
    assert subjects(ledger) == ["ticket new"]
    assert sound(ledger)


def test_a_ledger_in_a_sub_folder_commits_its_own_files(tmp_path: Path) -> None:
    top = tmp_path / "whole"
    root = top / "售后 book"
    root.mkdir(parents=True)
    person(top, "init", "-q", "-b", "main")
    (top / "other.txt").write_text("x\n")
    person(top, "add", ".")
    person(top, "commit", "-q", "-m", "first")
    inner = git.init(root)
    write(inner, A)
    assert listed(inner, make(inner, A)) == ["other.txt", f"售后 book/{A}"]
    assert entries(inner) == []


def test_a_detached_head_moves_alone(ledger: git.GitDir) -> None:
    first = make(ledger, write(ledger, A))
    person(ledger.top, "checkout", "-q", "--detach")
    made = make(ledger, write(ledger, B))
    assert git.head(ledger) == made
    assert person(ledger.top, "rev-parse", "main").strip() == first


@pytest.mark.parametrize("how", ["packed", "sha256"])
def test_other_ways_to_keep_a_branch_are_served(tmp_path: Path, how: str) -> None:
    kind = "sha256" if how == "sha256" else "sha1"
    root = tmp_path / "ledger"
    root.mkdir()
    person(root, "init", "-q", "-b", "main", f"--object-format={kind}")
    gitdir = git.init(root)
    first = make(gitdir, write(gitdir, A))
    if how == "packed":
        person(root, "pack-refs", "--all")
    second = make(gitdir, write(gitdir, B))
    assert person(root, "log", "--reverse", "--format=%H").split() == [first, second]
    assert sound(gitdir)


def test_a_linked_work_tree_is_refused(ledger: git.GitDir, tmp_path: Path) -> None:
    make(ledger, write(ledger, A))
    person(ledger.top, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = git.discover(tmp_path / "linked")
    assert linked is not None
    with pytest.raises(GitFailed) as caught:
        make(linked, write(linked, B))
    assert caught.value.code == "git-linked-worktree"


def test_bytes_are_committed_as_they_are(ledger: git.GitDir) -> None:
    (ledger.root / "records").mkdir()
    (ledger.root / "records/x.bin").write_bytes(bytes(range(256)) * 3)
    made = make(ledger, "records/x.bin", write(ledger, "records/no end.yaml", "id: 1"))
    blob = git.run(ledger.top, ["cat-file", "blob", f"{made}:records/x.bin"])
    assert blob == bytes(range(256)) * 3
    assert git.run(ledger.top, ["cat-file", "blob", f"{made}:records/no end.yaml"]) == b"id: 1"
    assert entries(ledger) == []


def test_the_ledgers_own_attributes_are_applied(ledger: git.GitDir) -> None:
    write(ledger, "records/.gitattributes", "*.yaml text eol=lf\nattachments/** -text -merge\n")
    write(ledger, A, "id: 1\r\n")
    write(ledger, "records/attachments/07M/a.txt", "raw\r\n")
    write(ledger, "records/.gitattributes", "*.yaml text eol=lf\nattachments/** -text -merge\n")
    paths = (A, "records/attachments/07M/a.txt", "records/.gitattributes")
    made = make(ledger, *paths)
    assert git.run(ledger.top, ["cat-file", "blob", f"{made}:{A}"]) == b"id: 1\n"
    assert git.run(ledger.top, ["cat-file", "blob", f"{made}:{paths[1]}"]) == b"raw\r\n"
    assert entries(ledger) == []


def test_a_filter_of_the_repository_is_applied(ledger: git.GitDir) -> None:
    write(ledger, "records/attachments/.gitattributes", "* filter=shout\n")
    person(ledger.top, "config", "filter.shout.clean", "tr a-z A-Z")
    made = make(ledger, write(ledger, "records/attachments/07M/a.txt", "raw\n"))
    blob = git.run(ledger.top, ["cat-file", "blob", f"{made}:records/attachments/07M/a.txt"])
    assert blob == b"RAW\n"
    assert "attachments/07M" not in str(entries(ledger))


def test_an_executable_file_and_a_link_keep_their_kind(ledger: git.GitDir) -> None:
    write(ledger, "records/run.sh")
    (ledger.root / "records/run.sh").chmod(0o755)
    (ledger.root / "records/link").symlink_to("run.sh")
    made = make(ledger, "records/run.sh", "records/link")
    assert made is not None
    modes = [line.split()[0] for line in person(ledger.top, "ls-tree", "-r", made).splitlines()]
    assert modes == ["120000", "100755"]
    assert entries(ledger) == []


@pytest.mark.parametrize(
    "name", ['records/"quoted".yaml', "records/a\nb.yaml", "records/a\\n[b]*.yaml", "records/ x .y"]
)
def test_odd_names_are_names(ledger: git.GitDir, name: str) -> None:
    assert listed(ledger, make(ledger, write(ledger, name))) == [name]
    assert entries(ledger) == []


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "records/../../x", "", "records/./x"])
def test_a_path_outside_the_ledger_is_a_mistake_of_the_caller(
    ledger: git.GitDir, path: str
) -> None:
    with pytest.raises(ValueError, match="ledger's root"):
        make(ledger, path)


def test_a_file_that_git_ignores_is_committed_all_the_same(ledger: git.GitDir) -> None:
    write(ledger, ".gitignore", "records/\n")
    assert listed(ledger, make(ledger, write(ledger, A))) == [A]
    assert ignored_paths(ledger) == []


def test_a_file_marked_not_to_be_looked_at_is_committed_and_not_dropped(
    ledger: git.GitDir,
) -> None:
    make(ledger, write(ledger, A), write(ledger, B))
    person(ledger.top, "update-index", "--skip-worktree", A)
    made = make(ledger, write(ledger, A, "id: 2\n"))
    assert git.run(ledger.top, ["cat-file", "blob", f"{made}:{A}"]) == b"id: 2\n"
    assert A in person(ledger.top, "ls-files")
    assert [found.path for found in ignored_paths(ledger)] == [A]


def test_a_folder_in_place_of_a_record_is_told_and_nothing_moves(ledger: git.GitDir) -> None:
    first = make(ledger, write(ledger, B))
    (ledger.root / A).mkdir(parents=True)
    with pytest.raises(GitFailed) as caught:
        make(ledger, B, A)
    assert caught.value.code == "git-unreadable-path"
    assert A in str(caught.value)
    assert git.head(ledger) == first
    assert sound(ledger)


def test_a_commit_during_a_merge_leaves_the_merge_to_the_person(ledger: git.GitDir) -> None:
    make(ledger, write(ledger, A, "id: 1\n"))
    person(ledger.top, "checkout", "-q", "-b", "other")
    make(ledger, write(ledger, A, "id: 2\n"))
    person(ledger.top, "checkout", "-q", "main")
    make(ledger, write(ledger, A, "id: 3\n"))
    with pytest.raises(subprocess.CalledProcessError):
        person(ledger.top, "merge", "other")
    made = make(ledger, write(ledger, B))
    assert git.head(ledger) == made
    assert entries(ledger) == [StatusEntry(A, "unmerged")]
    assert (ledger.path / "MERGE_HEAD").exists()


def test_an_import_of_twenty_thousand_files_is_one_commit_and_one_pack(
    ledger: git.GitDir,
) -> None:
    paths = [f"records/tickets/2016/{n % 12 + 1:02d}/SHA-{n:06d}.yaml" for n in range(20_769)]
    for month in range(1, 13):
        (ledger.root / f"records/tickets/2016/{month:02d}").mkdir(parents=True)
    for number, path in enumerate(paths):
        (ledger.root / path).write_bytes(b"id: %d\n" % number)
    made = make(ledger, *paths)
    assert sorted(listed(ledger, made)) == sorted(paths)
    assert entries(ledger) == []
    assert len(list((ledger.path / "objects/pack").glob("*.pack"))) == 1
    assert "count: 0" in person(ledger.top, "count-objects", "-v")


def note(gitdir: git.GitDir, *paths: str, message: str, author: Identity = LI) -> None:
    Pending(gitdir).note(paths, message, author, WHEN)


def test_what_was_noted_comes_back_as_it_was(ledger: git.GitDir) -> None:
    kept = Pending(ledger)
    assert kept.take() == []
    kept.note([A, B], "工单\n\n二", LI, WHEN, WANG)
    kept.note([B], "second", WANG, WHEN)
    assert kept.take() == [
        Note((A, B), "工单\n\n二", LI, WANG, WHEN),
        Note((B,), "second", WANG, WANG, WHEN),
    ]
    kept.clear()
    assert kept.take() == []


def test_a_note_is_withdrawn_when_nothing_was_written(ledger: git.GitDir) -> None:
    kept = Pending(ledger)
    assert not kept.waiting()
    note(ledger, A, message="one")
    kept.withdraw(kept.note([B], "refused", LI, WHEN))
    assert [each.message for each in kept.take()] == ["one"]
    assert kept.waiting()
    kept.clear()
    assert not kept.waiting()


def test_a_torn_note_is_passed_over_and_does_not_spoil_the_next(ledger: git.GitDir) -> None:
    note(ledger, A, message="first")
    kept = Pending(ledger)
    with open(kept.path, "ab") as file:
        file.write(b'{"paths": ["records/x"], "mess')
    note(ledger, B, message="second")
    assert [each.message for each in kept.take()] == ["first", "second"]
    settle(ledger)
    assert not kept.waiting()


def test_a_note_that_cannot_be_kept_is_refused_before_anything_is_written(
    ledger: git.GitDir,
) -> None:
    (ledger.path / "svcctl").write_text("a file where the folder should be")
    with pytest.raises(StorageFailed) as caught:
        note(ledger, A, message="first")
    assert caught.value.code == "pending-not-noted"


def test_settling_commits_each_note_under_its_own_author(ledger: git.GitDir) -> None:
    note(ledger, A, message="one", author=LI)
    write(ledger, A)
    note(ledger, B, message="two", author=WANG)
    write(ledger, B)
    heard: list[str] = []
    made = settle(ledger, lambda each, commit_id: heard.append(f"{each.message} {commit_id}"))
    told = person(ledger.top, "log", "--reverse", "--format=%H %s %an").splitlines()
    assert told == [f"{made[0]} one 李娜", f"{made[1]} two 王伟"]
    assert heard == [f"one {made[0]}", f"two {made[1]}"]
    assert Pending(ledger).take() == []
    assert settle(ledger) == []


def test_what_a_person_has_committed_meanwhile_is_not_committed_again(ledger: git.GitDir) -> None:
    note(ledger, A, message="one")
    write(ledger, A)
    person(ledger.top, "add", ".")
    person(ledger.top, "commit", "-q", "-m", "by hand")
    assert settle(ledger) == []
    assert subjects(ledger) == ["by hand"]
    assert Pending(ledger).take() == []


def test_a_note_whose_files_were_never_written_is_forgotten(ledger: git.GitDir) -> None:
    note(ledger, A, message="one")
    assert settle(ledger) == []
    assert git.head(ledger) is None
    assert Pending(ledger).take() == []


def test_one_note_that_cannot_be_committed_does_not_hold_up_the_others(
    ledger: git.GitDir,
) -> None:
    note(ledger, A, message="stuck")
    (ledger.root / A).mkdir(parents=True)
    note(ledger, B, message="free")
    write(ledger, B)
    with pytest.raises(GitFailed, match="SHA-261122-07M"):
        settle(ledger)
    assert subjects(ledger) == ["free"]
    assert [each.message for each in Pending(ledger).take()] == ["stuck"]
    (ledger.root / A).rmdir()
    write(ledger, A)
    settle(ledger)
    assert subjects(ledger) == ["free", "stuck"]


def test_after_a_failure_of_git_itself_no_further_note_is_tried(
    ledger: git.GitDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def refuse(gitdir: git.GitDir, paths: object, message: str, *rest: object) -> None:
        tried.append(message)
        raise git.failure("update-index", 128, b"fatal: No space left on device")

    monkeypatch.setattr(pending_module, "commit", refuse)
    note(ledger, A, message="one")
    note(ledger, B, message="two")
    with pytest.raises(GitFailed) as caught:
        settle(ledger)
    assert caught.value.code == "git-disk-full"
    assert tried == ["one"]
    assert [each.message for each in Pending(ledger).take()] == ["one", "two"]
