"""A desk in unusual surroundings: locale, zone, home, PATH, clock, folder, clone, work tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER, NOW, OTHER, TICKET, Ran

from svcctl.ledger.folder import Ledger

NEW = ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "--subject", "异响")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made.copy(tmp_path / "ledger")


def program(
    *words: str | Path, cwd: Path, env: Mapping[str, str] | None = None, only: bool = False
) -> Ran:
    """Run the program as a process of its own; ``only``: with nothing of this environment."""
    surroundings = made.surroundings()
    if only:
        surroundings = {"PYTHONPATH": surroundings["PYTHONPATH"]}
    done = subprocess.run(
        made.process(*words),
        cwd=cwd,
        env={**surroundings, **(env or {})},
        capture_output=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def test_in_the_plain_locale_with_nothing_in_the_environment_everything_is_shown(
    root: Path,
) -> None:
    path = os.environ["PATH"]
    for env in ({"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {}):
        ran = program("ticket", "list", cwd=root, env={"PATH": path, **env}, only=True)
        assert (ran.code, ran.err) == (0, "")
        assert "不制冷" in ran.out
        assert "ticket" in ran.out.split("\n")[0]
    chinese = program(
        "ticket", "list", cwd=root, env={"PATH": path, "LANG": "zh_CN.GBK"}, only=True
    )
    assert "状态" in chinese.out


def test_a_write_with_nothing_in_the_environment_is_committed(root: Path) -> None:
    ran = program(*NEW, cwd=root, env={"PATH": os.environ["PATH"]}, only=True)
    assert (ran.code, ran.err) == (0, "")
    assert made.uncommitted(root) == ""
    assert made.git(root, "log", "-1", "--format=%an, %cn") == "协调员甲, 协调员甲\n"


@pytest.mark.parametrize(
    "zone", ["America/Sao_Paulo", "Pacific/Kiritimati", "Nowhere/None", "UTC-13"]
)
def test_no_answer_depends_on_the_zone_of_the_machine(
    root: Path, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    reading = (
        ("ticket", "list", "-o", "json"),
        ("ticket", "show", TICKET),
        ("today",),
        ("callbacks", "due", "--within", "3d", "-o", "json"),
        ("slip", "print", TICKET),
        ("ticket", "note", TICKET, "x", "--at", "09:05", "--dry-run"),
    )
    before = [made.call(root, *words) for words in reading]
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        # The same instant, as this machine would give it.
        there = [made.call(root, *words, now="2026-11-16T02:00:00+00:00") for words in reading]
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert there == before


def test_no_color_is_honoured_on_a_terminal(root: Path) -> None:
    import pty

    made.sure(root, "ticket", "list")
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        parent, child = pty.openpty()
        process = subprocess.Popen(
            made.process("today", now="2026-11-20T09:00:00+08:00"),
            cwd=root,
            env=made.surroundings(PAGER="cat", TERM="xterm", **env),
            stdout=child,
            stderr=child,
            stdin=subprocess.DEVNULL,
        )
        os.close(child)
        shown = b""
        try:
            while part := os.read(parent, 4096):
                shown += part
        except OSError:  # a terminal whose other end is closed ends like this
            pass
        os.close(parent)
        assert process.wait() == 0
        assert (b"\x1b[" in shown) == coloured
        assert TICKET.encode() in shown


def test_without_the_git_program_the_desk_works_and_commits_later(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path / "nothing"))
        ran = made.call(root, "ticket", "note", TICKET, "without git")
        assert ran.code == 0
        assert "written, commit pending, do not repeat" in ran.err
        assert "PATH" in ran.err
        listed = made.call(root, "find", "without git", "-o", "ids")
        assert (listed.code, listed.out, listed.err) == (0, f"{TICKET}\n", "")
        assert made.call(root, "doctor").code == 1
    assert "?? .svcctl" not in made.git(root, "status", "--porcelain")
    assert made.uncommitted(root) != ""
    made.sure(root, "ticket", "note", OTHER, "with git")
    assert made.uncommitted(root) == ""
    told = made.git(root, "log", "-2", "--format=%s, %an").splitlines()
    assert told == [f"{OTHER} noted, 协调员甲", f"{TICKET} noted, 协调员甲"]


def test_a_ledger_made_without_the_git_program_works_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    root = tmp_path / "ledger"
    made_one = made.call(root, "init", str(root), "--desk", "SHA")
    assert made_one.code == 0
    assert "git program" in made_one.err
    first = made.call(root, "staff", "new", "mgr1", "--name", "甲", "--role", "manager")
    assert first.code == 0
    assert "git program" in first.err
    quiet = made.call(root, "customer", "new", "--name", "x", "--by", "mgr1", "--no-commit")
    assert (quiet.code, quiet.err) == (0, "")
    assert made.call(root, "customer", "list", "-o", "ids").out == f"{CUSTOMER}\n"


@pytest.mark.parametrize(
    "name",
    ["售后 服务台", "a  b", "it's", "$HOME", "-x", "ünïcode", "*?[x]", "back\\slash", 'q"uote'],
)
def test_a_ledger_lies_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    root = made.copy(tmp_path / name / "账本 1")
    ran = made.call(root, *NEW)
    assert (ran.code, ran.err) == (0, "")
    assert made.uncommitted(root) == ""
    assert len(made.sure(root, "ticket", "list", "-o", "ids").out.split()) == 3
    assert made.sure(root, "index", "verify").out == ""


@pytest.mark.parametrize("by", ["a day late", "a day early"])
def test_a_clock_wrong_by_a_day_is_noticed_and_loses_nothing(root: Path, by: str) -> None:
    made.sure(root, "ticket", "note", TICKET, "at the right time")
    now = "2026-11-17T10:00:00+08:00" if by == "a day late" else "2026-11-15T10:00:00+08:00"
    ran = made.call(root, "ticket", "note", TICKET, "x", now=now)
    if by == "a day early":
        assert ran.code == 3
        assert "before the request was made" in ran.err
        told = made.call(root, "doctor", now=now)
        assert "set this computer's clock" in told.out
        opened = made.call(root, *NEW, now=now)
        assert opened.code == 0
        assert "SHA-261115-" in opened.out
    else:
        assert ran.code == 0
        back = made.call(root, "ticket", "note", TICKET, "back at the right time")
        assert back.code == 0
        assert "set this computer's clock" in made.call(root, "doctor").out
    later = "2026-11-18T10:00:00+08:00"
    shown = json.loads(made.sure(root, "ticket", "show", TICKET, "-o", "json", now=later).out)
    assert shown["problems"] == []
    assert made.sure(root, "index", "verify", now=now).out == ""


def test_a_copied_clone_is_asked_for_a_desk_of_its_own_before_it_writes(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "sed -i '$amarks: VIP'")
    other = tmp_path / "copy"
    subprocess.run(["cp", "-a", str(root), str(other)], check=True)
    assert made.call(other, "ticket", "list").code == 0
    before = made.git(other, "rev-parse", "HEAD")
    for words in (
        NEW,
        ("ticket", "note", TICKET, "x"),
        ("customer", "new", "--name", "x"),
        ("customer", "set", made.CUSTOMER, "--marks", "VIP"),
        ("customer", "erase", made.CUSTOMER, "--reason", "x"),
        ("staff", "set", "desk1", "--email", "a@example.com"),
        ("edit", "customer", made.CUSTOMER),
        ("log", "add", "x"),
        ("me", "desk1"),
    ):
        ran = made.call(other, *words)
        assert ran.code == 3, ran
        assert "copied or restored" in ran.err
        assert "--desk NEW" in ran.err
    assert made.uncommitted(other) == ""
    assert made.git(other, "rev-parse", "HEAD") == before
    assert made.call(root, *NEW).code == 0

    made.sure(other, "init", str(other), "--desk", "BJA")
    made.sure(other, "me", "desk1")
    ran = made.call(other, *NEW)
    assert (ran.code, ran.err) == (0, "")
    assert "BJA-261116-" in ran.out


def test_a_clone_that_was_moved_is_still_the_same_desk(root: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    root.rename(moved)
    assert made.call(moved, *NEW).code == 0


def test_a_clone_by_git_has_no_desk_yet(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "clone"
    made.git(tmp_path, "clone", "--quiet", str(root), str(other))
    assert made.call(other, "ticket", "list").code == 0
    ran = made.call(other, *NEW)
    assert ran.code == 3
    assert "svcctl init" in ran.err


def test_a_linked_work_tree_is_for_reading(root: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    made.git(root, "worktree", "add", "--quiet", str(tree), "-b", "other")
    assert made.sure(tree, "ticket", "list", "-o", "ids").out == made.sure(
        root, "ticket", "list", "-o", "ids"
    ).out  # fmt: skip
    for words in (
        NEW,
        ("ticket", "note", TICKET, "x"),
        ("customer", "set", CUSTOMER, "--name", "x"),
    ):
        ran = made.call(tree, *words)
        assert ran.code == 3, ran
        assert "linked" in ran.err or "no desk code" in ran.err
    again = made.call(tree, "init", str(tree), "--desk", "BJA")
    assert again.code == 3, again
    assert made.uncommitted(tree) == ""


def test_the_ledger_is_found_by_option_variable_and_from_below(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = root / "records/tickets/2026"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    whole = made.sure(root, "ticket", "list", "-o", "ids").out
    for cwd, words, env in (
        (root, (), {}),
        (below, (), {}),
        (elsewhere, ("--ledger", "../ledger"), {}),
        (elsewhere, ("--ledger", str(root)), {"SVCCTL_LEDGER": "/nonexistent"}),
        (elsewhere, (), {"SVCCTL_LEDGER": str(root)}),
        (elsewhere, (), {"SVCCTL_LEDGER": "../ledger"}),
    ):
        ran = program(*words, "ticket", "list", "-o", "ids", cwd=cwd, env=env)
        assert (ran.code, ran.out, ran.err) == (0, whole, "")
    for words, env in (
        ((), {}),
        (("--ledger", "/nonexistent"), {}),
        (("--ledger", "~nobody-of-this-name/x"), {}),
        ((), {"SVCCTL_LEDGER": str(elsewhere)}),
    ):
        ran = program(*words, "ticket", "list", cwd=elsewhere, env=env)
        assert ran.code == 8
        assert "svcctl init" in ran.err
    written = program("ticket", "note", TICKET, "from below", cwd=below)
    assert written.code == 0
    assert made.uncommitted(root) == ""


def test_a_ledger_may_be_a_folder_of_a_larger_repository(tmp_path: Path) -> None:
    made.git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "other.txt").write_text("not ours\n")
    root = made.story(tmp_path / "部门" / "ledger", git=True)
    assert not (root / ".git").exists()
    made.git(tmp_path, "add", "other.txt")
    (tmp_path / "other.txt").write_text("changed\n")
    ran = made.call(root, *NEW)
    assert (ran.code, ran.err) == (0, "")
    assert made.uncommitted(root) == ""
    assert made.git(tmp_path, "status", "--porcelain", "other.txt").strip() != ""
    assert made.sure(root, "index", "verify").out == ""


def test_a_folder_nobody_may_read_is_told_and_not_a_bug(root: Path) -> None:
    def forbidden(place: str | Path) -> list[str]:
        if str(place).endswith("2026/11"):
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    real = os.listdir
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "listdir", forbidden)
        ran = made.call(root, "ticket", "list")
    assert ran.code == 4
    assert "Permission denied" in ran.err
    assert "2026/11" in ran.err


def test_git_that_will_not_trust_the_folder_does_not_stop_a_reader(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svcctl.domain.problems import GitFailed, Message
    from svcctl.ledger import changes

    def refuse(_query: object) -> None:
        raise GitFailed("git-unsafe-directory", Message("dubious ownership"))

    before = made.sure(root, "ticket", "list", "-o", "json").out
    monkeypatch.setattr(changes, "finish_status", refuse)
    assert made.sure(root, "ticket", "list", "-o", "json").out == before


@pytest.mark.parametrize(
    ("editor", "code", "told"),
    [
        ("rm", 0, "nothing was changed"),
        ('"', 2, "cannot be started"),
        ("/nonexistent/editor", 2, "cannot be started"),
        ("false", 2, "the editor ended with 1"),
        ("cp /dev/null", 2, "your text is kept in"),
        ("""sh -c 'printf "\\377" > "$0"'""", 2, "not UTF-8"),
    ],
)
def test_an_editor_that_fails_is_told_and_nothing_is_changed(
    root: Path, editor: str, code: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", editor)
    ran = made.call(root, "edit", "customer", CUSTOMER)
    assert ran.code == code, ran
    assert told in ran.err
    assert made.uncommitted(root) == ""


def test_what_was_typed_into_the_editor_is_kept_when_the_card_changed_meanwhile(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = root / f"records/customers/{CUSTOMER}.yaml"
    monkeypatch.setenv("EDITOR", f"""sh -c 'echo "marks: a" >> "$0"; echo "marks: b" >> {card}'""")
    ran = made.call(root, "edit", "customer", CUSTOMER)
    assert ran.code == 7, ran
    assert "your text is kept in" in ran.err
    assert card.read_text("utf-8").endswith("marks: b\n")


@pytest.mark.parametrize("out", ["", "missing/slip.html", "x" * 300])
def test_a_slip_that_cannot_be_written_out_is_told(root: Path, out: str) -> None:
    ran = made.call(root, "slip", "print", TICKET, "--out", root / out)
    assert ran.code == 2, ran
    assert "cannot be written" in ran.err


@pytest.mark.parametrize("seen", [True, False])
def test_where_a_slip_was_written_is_told_on_a_terminal_only(
    root: Path, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    monkeypatch.setattr("svcctl.cli.documents.is_terminal", lambda _stream: seen)
    page = root.parent / "slip.html"
    ran = made.call(root, "slip", "print", TICKET, "--out", page)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (f"written to {page}\n" if seen else "")
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_who_sits_here_is_answered_without_a_name(root: Path) -> None:
    made.sure(root, "me", "mgr1")
    asked = made.call(root, "me")
    assert (asked.code, asked.out) == (0, "at desk SHA: mgr1\n")
    Ledger(root).note_station("SHA", "")
    nobody = made.call(root, "me")
    assert nobody.code == 2
    assert "nobody sits at this desk yet" in nobody.err


@pytest.mark.parametrize("number", ["0", "2", "-1", "x", "²", "１", "9" * 5000])
def test_a_number_that_is_no_visit_is_refused(root: Path, number: str) -> None:
    for words in (("slip", "print"), ("ticket", "arrive"), ("slip", "explain", "--reason", "x")):
        ran = made.call(root, *words, TICKET, f"--visit={number}")
        assert ran.code in (2, 3, 8), (words, ran)


def test_a_note_of_the_desk_survives_being_written_again(root: Path) -> None:
    ledger = Ledger(root)
    first = ledger.station()
    ledger.note_station("SHA", "mgr1")
    second = ledger.station()
    assert (first.copied, second.copied, second.me) == (False, False, "mgr1")
    shutil.copy2(root / ".git/svcctl/station", root / "kept")
    os.replace(root / "kept", root / ".git/svcctl/station")
    assert ledger.station().copied


def test_the_time_is_asked_of_the_injected_clock_alone(root: Path) -> None:
    ran = made.sure(root, "ticket", "note", TICKET, "x")
    assert f'"at": "{NOW}", "noted": "{NOW}"' in ran.out
