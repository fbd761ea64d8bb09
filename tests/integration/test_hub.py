"""The hub takes what belongs into the book and refuses, with the record and the reason, what breaks it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER, OTHER, TICKET
from stations import Stations, stations, tree

from svcctl.desk import hub

FILE = f"records/tickets/2026/11/{TICKET}.yaml"
CARD = f"records/customers/{CUSTOMER}.yaml"
POLICY = "records/policy/2026-01-01.yaml"
ZERO = "0" * 40

SEAL = f"""format: 1
month: 2026-10
sealed: "2026-11-16T10:00:00+08:00"
by: mgr1
tickets: 0
digest: {"0" * 64}
tree: {"0" * 40}
commit: {"0" * 40}
"""

Told = Callable[..., list[str]]


@pytest.fixture
def three(tmp_path: Path) -> Stations:
    return stations(tmp_path)


@pytest.fixture
def told(three: Stations) -> Told:
    """What the hub says to what SHA has committed: every reason, in one line each."""

    def ask(
        ref: str = "refs/heads/main",
        new: str = "HEAD",
        old: str | None = None,
        now: datetime = datetime(2026, 11, 16, tzinfo=UTC),
    ) -> list[str]:
        made.git(three.sha, "push", "--quiet", "--force", str(three.hub), "HEAD:refs/heads/trial")
        before = old or made.git(three.hub, "rev-parse", "main").strip()
        after = ZERO if new == ZERO else made.git(three.sha, "rev-parse", new).strip()

        def clock() -> datetime:
            return now

        reasons = hub.receive(three.hub, [f"{before} {after} {ref}\n"], clock)
        return [reason.template.format_map(dict(reason.args)) for reason in reasons]

    return ask


def rewrite(root: Path, path: str, old: str, new: str) -> None:
    file = root / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    made.commit_all(root)


def test_what_desks_write_is_taken(three: Stations, told: Told) -> None:
    made.sure(three.sha, "ticket", "note", TICKET, "x")
    made.sure(three.sha, "customer", "set", CUSTOMER, "--phone", "111")
    made.sure(
        three.sha, "ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "--subject", "x"
    )
    (three.sha / "templates").mkdir()
    (three.sha / "templates/slip.html").write_text("x", "utf-8")
    (three.sha / "README.md").write_text("x", "utf-8")
    (three.sha / ".gitignore").write_text("x", "utf-8")
    made.commit_all(three.sha)
    assert told() == []


@pytest.mark.parametrize(
    ("path", "old", "new", "reason"),
    [
        (FILE, "subject: 不制冷", "subject: 不制热", f"{FILE}: the head was changed"),
        (FILE, '"result": "reached"', '"result": "no-answer"', "E203"),
        (FILE, '"result": "reached"', '"result": "unreached"', "changed or removed: 2SHA"),
        (FILE, "kind: repair", "kind: [", f"{FILE}:"),
        (CARD, "name:", "nome:", f"{CARD}:"),
        (POLICY, "reply:", "antwort:", "the rules in force since 2026-01-01 were changed"),
    ],
)
def test_a_record_that_was_changed_is_named_with_the_reason(
    three: Stations, told: Told, path: str, old: str, new: str, reason: str
) -> None:
    rewrite(three.sha, path, old, new)
    reasons = told()
    assert any(reason in one for one in reasons), reasons
    assert all(path in one for one in reasons)


def test_a_line_removed_in_one_commit_is_missed_in_the_next(three: Stations, told: Told) -> None:
    made.sure(three.sha, "ticket", "note", TICKET, "gone")
    file = three.sha / FILE
    lines = file.read_text("utf-8").split("\n")
    file.write_text("\n".join([*lines[:-2], ""]), "utf-8")
    made.commit_all(three.sha)
    made.sure(three.sha, "ticket", "note", TICKET, "after")
    assert told() == [f"{FILE}: lines were changed or removed: 5SHA"]


def test_a_ticket_that_was_there_in_one_commit_only_is_missed(three: Stations, told: Told) -> None:
    new = (
        "ticket",
        "new",
        "--kind",
        "repair",
        "--customer",
        CUSTOMER,
        "--subject",
        "x",
        "-o",
        "ids",
    )
    path = made.ticket_file(three.sha, made.sure(three.sha, *new).out.strip())
    path.unlink()
    made.commit_all(three.sha)
    [reason] = told()
    assert reason.endswith(f"{path.name}: the record was removed")


def test_a_merge_that_drops_lines_is_refused(three: Stations, told: Told) -> None:
    made.sure(three.bja, "ticket", "note", TICKET, "theirs")
    made.sure(three.bja, "sync")
    made.sure(three.sha, "ticket", "note", OTHER, "ours")
    made.git(three.sha, "fetch", "--quiet", "origin")
    made.git(three.sha, "merge", "--quiet", "--no-edit", "-s", "ours", "origin/main")
    assert told() == [f"{FILE}: lines were changed or removed: 5BJA"]


@pytest.mark.parametrize("path", [FILE, CARD, "records/.gitattributes"])
def test_a_removed_record_is_refused(three: Stations, told: Told, path: str) -> None:
    made.git(three.sha, "rm", "--quiet", path)
    made.commit_all(three.sha)
    assert f"{path}: the record was removed" in told()


def test_rules_in_force_and_seals_are_not_removed_nor_changed(three: Stations, told: Told) -> None:
    seal = "records/seals/2026-10.yaml"
    (three.sha / "records/seals").mkdir()
    (three.sha / seal).write_text(SEAL, "utf-8")
    made.commit_all(three.sha)
    assert told() == []
    rewrite(three.sha, seal, "by: mgr1", "by: desk1")
    assert told() == [f"{seal}: the seal of a month was changed or removed"]
    made.git(three.sha, "rm", "--quiet", seal, POLICY)
    made.commit_all(three.sha)
    assert {one.partition(":")[0] for one in told()} == {POLICY, seal}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (FILE, "subject: 不制冷", "subject: 不制热"),
        (FILE, '"result": "reached"', '"result": "refused"'),
        (POLICY, "within: 3m", "within: 4m"),
    ],
)
def test_who_puts_right_what_was_refused_is_let_in(
    three: Stations, told: Told, path: str, old: str, new: str
) -> None:
    rewrite(three.sha, path, old, new)
    assert told()
    made.git(three.sha, "revert", "--no-edit", "HEAD")
    made.sure(three.sha, "ticket", "note", TICKET, "x")
    assert told() == []


@pytest.mark.parametrize(("day", "taken"), [("2026-11-10", False), ("2026-12-01", True)])
def test_new_rules_begin_on_a_day_to_come(
    three: Stations, told: Told, day: str, taken: bool
) -> None:
    new = three.sha / f"records/policy/{day}.yaml"
    new.write_bytes((three.sha / POLICY).read_bytes())
    made.commit_all(three.sha)
    late = f"records/policy/{day}.yaml: rules that hold from {day} on, a day that was over"
    assert [one.partition(";")[0] for one in told()] == ([] if taken else [late])


@pytest.fixture
def sao_paulo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The hub's machine stands in another zone than the ledger."""
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("now", "taken"),
    [("2026-11-19T15:59:59+00:00", True), ("2026-11-19T16:00:00+00:00", False)],
)
@pytest.mark.usefixtures("sao_paulo")
def test_a_day_begins_where_the_ledger_is_and_not_where_the_hub_stands(
    three: Stations, told: Told, now: str, taken: bool
) -> None:
    first = made.git(three.sha, "rev-parse", "HEAD").strip()
    coming = three.sha / "records/policy/2026-11-20.yaml"
    coming.write_bytes((three.sha / POLICY).read_bytes())
    made.commit_all(three.sha)
    assert told(old=first) == []
    here = made.git(three.sha, "rev-parse", "HEAD").strip()
    rewrite(three.sha, "records/policy/2026-11-20.yaml", "within: 3m", "within: 4m")
    late = "records/policy/2026-11-20.yaml: the rules in force since 2026-11-20 were changed"
    said = told(old=here, now=datetime.fromisoformat(now))
    assert [one.partition(" or removed")[0] for one in said] == ([] if taken else [late])


def test_nobody_pushes_a_zone_together_with_a_change_of_rules_in_force(
    three: Stations, told: Told
) -> None:
    begun = datetime(2026, 11, 19, 17, tzinfo=UTC)  # 01:00 on the 20th in the ledger's zone
    coming = "records/policy/2026-11-20.yaml"
    (three.sha / coming).write_bytes((three.sha / POLICY).read_bytes())
    made.commit_all(three.sha)
    here = made.git(three.sha, "rev-parse", "HEAD").strip()
    rewrite(three.sha, "records/calendar/CN.yaml", "Asia/Shanghai", "America/Los_Angeles")
    rewrite(three.sha, coming, "within: 3m", "within: 4m")
    [said] = told(old=here, now=begun)
    assert said.startswith(f"{coming}: the rules in force since 2026-11-20 were changed")


@pytest.mark.usefixtures("sao_paulo")
def test_where_nothing_was_here_or_it_cannot_be_read_the_pushed_rules_say_the_zone(
    three: Stations, told: Told
) -> None:
    before = datetime(2026, 11, 19, 15, tzinfo=UTC)
    assert told(old=ZERO, now=before) == []
    rewrite(three.sha, POLICY, "obligations:", "obligations: [")
    broken = made.git(three.sha, "rev-parse", "HEAD").strip()
    made.git(three.sha, "revert", "--no-edit", "HEAD")
    assert told(old=broken, now=before) == []


@pytest.mark.parametrize("copied", [True, False])
def test_a_ticket_is_taken_where_its_id_says_and_nowhere_else(
    three: Stations, told: Told, copied: bool
) -> None:
    wrong = FILE.replace("/11/", "/10/")
    (three.sha / wrong).parent.mkdir()
    if copied:
        (three.sha / wrong).write_bytes((three.sha / FILE).read_bytes())
    else:
        made.git(three.sha, "mv", FILE, wrong)
    made.commit_all(three.sha)
    [reason] = told()
    assert reason.startswith(f"{wrong}: the ticket {TICKET} belongs in {FILE}: move it there")
    made.git(three.sha, "mv", "-f", wrong, FILE)
    made.commit_all(three.sha)
    assert told() == []


def test_a_ticket_that_lies_elsewhere_already_may_be_written_and_moved_home(
    three: Stations, told: Told
) -> None:
    wrong = FILE.replace("/11/", "/10/")
    (three.sha / wrong).parent.mkdir()
    made.git(three.sha, "mv", FILE, wrong)
    made.commit_all(three.sha)
    here = made.git(three.sha, "rev-parse", "HEAD").strip()
    made.sure(three.sha, "ticket", "note", TICKET, "x")
    assert told(old=here) == []
    (three.sha / FILE).parent.mkdir(exist_ok=True)
    made.git(three.sha, "mv", wrong, FILE)
    made.commit_all(three.sha)
    assert told(old=here) == []


@pytest.mark.parametrize("stray", ["records/sub/foo.txt", "records/tickets/2026/11/x.yaml.bak"])
def test_what_is_no_record_may_go(tmp_path: Path, stray: str) -> None:
    three = stations(tmp_path, hook=True)
    (three.sha / stray).parent.mkdir(exist_ok=True)
    (three.sha / stray).write_text("1", "utf-8")
    made.commit_all(three.sha)
    made.sure(three.sha, "sync")
    made.sure(three.bja, "sync")
    made.git(three.bja, "rm", "--quiet", stray)
    made.commit_all(three.bja)
    made.sure(three.bja, "sync")
    made.sure(three.sha, "sync")
    assert not (three.sha / stray).exists()
    assert tree(three.sha) == tree(three.hub, "main")


def test_comments_in_the_rules_and_rules_to_come_may_change(three: Stations, told: Told) -> None:
    policy = three.sha / POLICY
    policy.write_text("# seen\n" + policy.read_text("utf-8"), "utf-8")
    (policy.parent / "2027-01-01.yaml").write_bytes(policy.read_bytes())
    made.commit_all(three.sha)
    assert told() == []


def test_records_of_a_desk_that_is_not_registered_are_refused(three: Stations, told: Told) -> None:
    made.git(three.sha, "rm", "--quiet", "--cached", "records/desks/GZA.yaml")
    rewrite(three.sha, FILE, '"n": 4, "desk": "SHA"', '"n": 4, "desk": "XX"')
    assert f"{FILE}: written by the desk XX, which is not registered" in told()


@pytest.mark.parametrize(
    "path", ["notes.txt", "src/x.py", ".github/workflows/x.yaml", ".gitmodules"]
)
def test_other_files_are_refused_until_they_are_taken_out_again(
    three: Stations, told: Told, path: str
) -> None:
    (three.sha / path).parent.mkdir(parents=True, exist_ok=True)
    (three.sha / path).write_text("x", "utf-8")
    made.commit_all(three.sha)
    [reason] = told()
    assert reason.startswith(f"{path}: only records/")
    made.git(three.sha, "rm", "--quiet", path)
    made.commit_all(three.sha)
    assert told() == []


def test_links_are_refused(three: Stations, told: Told) -> None:
    os.symlink("/etc/passwd", three.sha / "records/attachments")
    made.commit_all(three.sha)
    assert told() == ["records/attachments: no plain file (a link or a module)"]


def test_forced_pushes_deletions_and_other_branches_are_refused(
    three: Stations, told: Told
) -> None:
    made.git(three.sha, "commit", "--quiet", "--amend", "-m", "another")
    [reason] = told()
    assert reason.startswith("forced push")
    assert told(new=ZERO) == ["refs/heads/main: the book is not deleted"]
    assert told("refs/heads/draft") == ["refs/heads/draft: only main is kept here"]
    assert told("refs/tags/v1") == ["refs/tags/v1: only main is kept here"]


def test_many_reasons_are_cut_short(three: Stations, told: Told) -> None:
    for number in range(40):
        (three.sha / f"{number}.txt").write_text("x", "utf-8")
    made.commit_all(three.sha)
    assert len(told()) == 20


@pytest.mark.parametrize("path", [FILE, CARD, POLICY, "records/.gitattributes"])
def test_a_removed_record_that_was_put_back_is_taken(
    three: Stations, told: Told, path: str
) -> None:
    made.git(three.sha, "rm", "--quiet", path)
    made.commit_all(three.sha)
    assert told()
    made.git(three.sha, "checkout", "--quiet", "HEAD~1", "--", path)
    made.commit_all(three.sha)
    assert told() == []


# The hook itself ----------------------------------------------------------------------------------


def test_git_itself_is_refused_by_the_hook_and_told_why(tmp_path: Path) -> None:
    three = stations(tmp_path, hook=True)
    made.sure(three.sha, "ticket", "note", TICKET, "x")
    assert "1 from here" in made.sure(three.sha, "sync").out
    rewrite(three.sha, FILE, "不制冷", "不制热")
    env = {**os.environ, "PYTHONPATH": str(Path(made.__file__).parents[1])}
    push = ["git", "push", "origin", "main"]
    done = subprocess.run(push, cwd=three.sha, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"{FILE}: the head was changed" in done.stderr
    forced = subprocess.run(
        [*push, "--force", "HEAD~2:main"], cwd=three.sha, env=env, capture_output=True, check=False
    )
    assert forced.returncode != 0
    assert made.git(three.hub, "log", "--format=%s", "-1", "main").strip() == f"{TICKET} noted"


def test_the_remedy_for_a_file_that_does_not_belong_there_works(tmp_path: Path) -> None:
    three = stations(tmp_path, hook=True)
    (three.sha / "oops.xlsx").write_text("1", "utf-8")
    made.commit_all(three.sha)
    ran = made.call(three.sha, "sync")
    assert ran.code == 3
    assert "oops.xlsx: only records/" in ran.err
    made.git(three.sha, "rm", "--quiet", "oops.xlsx")
    made.commit_all(three.sha)
    made.sure(three.sha, "sync")
    assert tree(three.sha) == tree(three.hub, "main")


@pytest.mark.parametrize("book", ["main", "book"])
def test_a_station_on_another_branch_is_told_how_to_rename_it(tmp_path: Path, book: str) -> None:
    root = made.copy(tmp_path / "first")
    made.git(root, "branch", "-m", "master")
    hub_ = tmp_path / "hub"
    made.sure("", "hub", "init", hub_)
    if book != "main":  # somebody else is there already, and calls it otherwise
        made.git(hub_, "symbolic-ref", "HEAD", f"refs/heads/{book}")
        made.git(root, "push", "--quiet", str(hub_), f"master:{book}")
    for spoken in ("en", "zh_CN"):
        ran = made.call(root, "--lang", spoken, "sync", hub_)
        assert ran.code == 3
        assert "refs/heads/master" in ran.err
        assert f"git branch -m {book}" in ran.err
    made.git(root, "branch", "-m", book)
    made.sure(root, "sync", hub_)
    assert tree(root) == tree(hub_, book)


def test_a_side_branch_is_brought_to_the_hubs_and_not_renamed_onto_it(tmp_path: Path) -> None:
    three = stations(tmp_path, hook=True)
    made.git(three.sha, "switch", "--quiet", "-c", "draft")
    made.sure(three.sha, "ticket", "note", TICKET, "x")
    ran = made.call(three.sha, "sync")
    assert ran.code == 3
    assert "git branch -m" not in ran.err
    remedy = "git switch main && git merge draft"
    assert remedy in ran.err
    subprocess.run(remedy, shell=True, cwd=three.sha, check=True, capture_output=True)
    made.sure(three.sha, "sync")
    assert tree(three.sha, "draft") == tree(three.hub, "main")


@pytest.mark.parametrize("sent", [True, False], ids=["main was sent", "nothing was sent"])
def test_a_hub_whose_branch_never_began_gets_that_of_the_stations(
    tmp_path: Path, sent: bool
) -> None:
    root, hub_ = made.copy(tmp_path / "first"), tmp_path / "hub"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "trunk", hub_], check=True)
    if sent:
        made.sure(root, "sync", hub_)
        ran = made.call(tmp_path / "early", "init", "--from", hub_, "--desk", "BJA")
        assert "[nothing-to-clone]" in ran.err
        assert "svcctl hub init" in ran.err
        assert "svcctl sync" not in ran.err
    made.sure("", "hub", "init", hub_)
    made.sure(root, "ticket", "note", TICKET, "x")
    made.sure(root, "sync", hub_)
    made.sure(tmp_path / "BJA", "init", "--from", hub_, "--desk", "BJA")
    assert made.git(hub_, "symbolic-ref", "HEAD").strip() == "refs/heads/main"


def test_a_hub_keeps_the_branch_that_has_its_book(tmp_path: Path) -> None:
    root, hub_ = made.copy(tmp_path / "first"), tmp_path / "hub"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "trunk", hub_], check=True)
    made.git(root, "push", "--quiet", str(hub_), "main:trunk", "main")
    made.sure("", "hub", "init", hub_)
    assert made.git(hub_, "symbolic-ref", "HEAD").strip() == "refs/heads/trunk"


@pytest.mark.parametrize("how", ["empty", "other branch"])
def test_no_second_ledger_is_founded_from_a_hub_that_has_none(tmp_path: Path, how: str) -> None:
    root, hub_, place = made.copy(tmp_path / "first"), tmp_path / "hub", tmp_path / "BJA"
    made.sure("", "hub", "init", hub_)
    made.git(hub_, "config", "core.hooksPath", "none")
    if how == "other branch":
        made.git(root, "push", "--quiet", str(hub_), "main:master")
    ran = made.call(place, "init", "--from", hub_, "--desk", "BJA")
    assert ran.code == 3
    assert "[nothing-to-clone]" in ran.err
    assert f"svcctl sync {hub_}" in ran.err
    assert not place.exists()
    made.sure(root, "sync", hub_)
    made.sure(place, "init", "--from", hub_, "--desk", "BJA")
    made.sure(place, "sync")
    assert (
        made.git(
            hub_, "merge-base", "--is-ancestor", made.git(root, "rev-parse", "HEAD").strip(), "main"
        )
        == ""
    )


def test_a_hub_and_a_station_are_made_whatever_a_person_told_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = stations(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[safe]\n\tbareRepository = explicit\n[clone]\n\tdefaultRemoteName = upstream\n", "utf-8"
    )
    monkeypatch.setenv("HOME", str(home))
    made.sure("", "hub", "init", three.hub)
    made.sure("", "hub", "init", tmp_path / "another")
    fourth = tmp_path / "CDA"
    made.sure(fourth, "init", "--from", three.hub, "--desk", "CDA")
    assert made.git(fourth, "remote") == "origin\n"
    made.sure(fourth, "sync")


def test_a_hub_without_svcctl_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = stations(tmp_path, hook=True)
    hook = three.hub / "hooks/pre-receive"
    hook.write_text(hook.read_text("utf-8").replace(sys.executable, "/nowhere/python"), "utf-8")
    made.sure(three.sha, "ticket", "note", TICKET, "x")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    ran = made.call(three.sha, "sync")
    assert ran.code == 3
    assert "not found on the hub" in ran.err


def test_a_folder_with_anything_else_does_not_become_a_hub(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x", "utf-8")
    ran = made.call("", "hub", "init", str(tmp_path))
    assert ran.code == 3
    assert "[not-a-hub]" in ran.err
    assert os.listdir(tmp_path) == ["x"]


def test_a_hub_can_be_renewed(tmp_path: Path) -> None:
    for _ in range(2):
        made.sure("", "hub", "init", str(tmp_path / "hub"))
    hook, flush = (tmp_path / f"hub/hooks/{name}" for name in ("pre-receive", "post-receive"))
    hook.write_text("#!/bin/sh\nexit 0\n", "utf-8")
    flush.unlink()
    made.sure("", "hub", "init", str(tmp_path / "hub"))
    assert "svcctl hub receive" in hook.read_text("utf-8")
    assert os.access(hook, os.X_OK)
    assert os.access(flush, os.X_OK)
