"""Files cut off, rules deleted, folders in the place of files: told by every command, alike each time."""

from __future__ import annotations

from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import OTHER, TICKET

POLICY = "records/policy/2026-01-01.yaml"
CALENDAR = "records/calendar/CN.yaml"
TICKETS = "records/tickets/2026/11"
READING = (
    ("today",),
    ("callbacks", "due"),
    ("customer", "list"),
    ("ticket", "list"),
    ("ticket", "show", TICKET),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made.copy(tmp_path / "ledger")


def cut(root: Path, path: str, size: int) -> None:
    """Cut a file off in the middle of a line."""
    data = (root / path).read_bytes()[:size]
    assert data[-1:] != b"\n"
    (root / path).write_bytes(data)


def cut_in_a_comment(root: Path) -> None:
    """Cut the policy off where what is left is whole as YAML, and owes nothing any more."""
    data = (root / POLICY).read_bytes()
    before = data.index(b"\nobligations:")
    cut(root, POLICY, data.rindex(b"\n#", 0, before) + 5)


def test_a_policy_cut_in_a_comment_still_owes_what_git_has_of_it(root: Path) -> None:
    late = "2026-11-19T10:00:00+08:00"
    before = {words: made.call(root, *words, now=late) for words in READING}
    assert OTHER in before[("today",)].out  # it owes something
    cut_in_a_comment(root)
    for words in READING:
        ran = made.call(root, *words, now=late)
        assert (ran.code, ran.out) == (0, before[words].out)
        assert f"{POLICY}:" in ran.err
        assert "E111" in ran.err
        assert "the last version of it that git has applies" in ran.err
        assert made.call(root, *words, "--strict", now=late).code == 4


def test_a_cut_policy_is_an_error_of_the_audit_and_of_policy_check(root: Path) -> None:
    cut_in_a_comment(root)
    for words in (("audit",), ("policy", "check"), ("policy", "check", root / POLICY)):
        ran = made.call(root, *words)
        assert ran.code == 1
        assert "E111" in ran.out + ran.err


def test_a_calendar_without_a_last_line_end_is_read_from_git(root: Path) -> None:
    cut(root, CALENDAR, (root / CALENDAR).stat().st_size - 1)
    ran = made.call(root, "today")
    assert ran.code == 0
    assert f"{CALENDAR}:" in ran.err
    assert "E111" in ran.err


def test_without_git_a_cut_policy_says_nothing_of_deadlines(tmp_path: Path) -> None:
    root = made.story(tmp_path / "plain", git=False)
    cut_in_a_comment(root)
    ran = made.call(root, "today")
    assert ran.code == 4
    assert f"{POLICY}:" in ran.err
    assert "E111" in ran.err


def test_a_ticket_without_a_last_line_end_is_told_with_line_and_column(root: Path) -> None:
    path = f"{TICKETS}/{OTHER}.yaml"
    cut(root, path, (root / path).stat().st_size - 1)
    lines = (root / path).read_text("utf-8").split("\n")
    for words in READING[:-1]:
        ran = made.call(root, *words)
        assert ran.code == 0
        assert f"{path}:{len(lines)}:{len(lines[-1]) + 1}: E111" in ran.err
        assert made.call(root, *words, "--strict").code == 4
    ran = made.call(root, "ticket", "note", TICKET[-3:], "x")
    assert f"{path}:{len(lines)}:" in ran.err


def test_a_folder_without_files_is_nothing_to_any_command(root: Path) -> None:
    folder = root / "records/customers/SHA-C0007M.yaml"
    listed = made.call(root, "customer", "list").out
    (folder / "further").mkdir(parents=True)
    for words in (("customer", "list"), ("index", "rebuild"), ("customer", "list"), ("audit",)):
        ran = made.call(root, *words)
        assert "E116" not in ran.out + ran.err
    assert made.call(root, "customer", "list").out == listed
    (folder / "further").rmdir()
    folder.rmdir()
    assert made.call(root, "index", "verify").code == 0


def test_a_folder_with_a_file_in_a_records_place_is_told_until_it_is_gone(root: Path) -> None:
    folder = root / "records/customers/SHA-C0007M.yaml"
    assert made.call(root, "today").err == ""
    folder.mkdir()
    (folder / "inside").write_text("x")
    place = folder.relative_to(root).as_posix()
    assert f"{place}: E116" in made.call(root, "today").err
    assert made.call(root, "index", "verify").code == 0
    (folder / "inside").unlink()
    assert made.call(root, "today").err == ""
    assert made.call(root, "index", "verify").code == 0


@pytest.mark.parametrize("path", [POLICY, CALENDAR])
def test_deleted_rules_apply_as_git_has_them_and_every_command_tells_it(
    root: Path, path: str
) -> None:
    late = "2026-11-19T10:00:00+08:00"
    days = ("calendar", "open", "2026-11-20T10:00")
    commands = (*READING, ("staff", "list"), ("policy", "show"), days)
    before = {words: made.call(root, *words, now=late) for words in commands}
    (root / path).unlink()
    for words in commands:
        ran = made.call(root, *words, now=late)
        assert (ran.code, ran.out) == (0, before[words].out)
        assert f"{path}: E224" in ran.err
        assert f"git checkout HEAD -- {path}" in ran.err
        assert "git rm" not in ran.err, "what applies to tickets is not to go"
    for words in (("today",), days):
        assert made.call(root, *words, "--strict", now=late).code == 4
    ran = made.call(root, "ticket", "note", TICKET, "x", "--no-commit", now=late)
    assert ran.code == 0
    assert f"{path}: E224" in ran.err
    ran = made.call(root, "audit", now=late)
    assert ran.code == 1
    assert ran.out.count(f"{path}: E224") == 1
    assert "E222" not in ran.out
    assert "E223" not in ran.out
    made.git(root, "checkout", "HEAD", "--", path)
    assert made.call(root, "today", now=late).err == ""


def test_the_newer_of_two_policies_is_not_forgotten_when_its_file_is_gone(root: Path) -> None:
    newer = "records/policy/2026-11-01.yaml"
    text = (root / POLICY).read_text("utf-8").partition("\nobligations:")[0]
    (root / newer).write_text(f"{text}\nobligations: {{}}\n", "utf-8")
    made.commit_all(root)
    assert made.call(root, "policy", "show", "-o", "ids").out == "2026-11-01\n"
    (root / newer).unlink()
    for words in (("policy", "show", "-o", "ids"), ("ticket", "note", TICKET, "x")):
        ran = made.call(root, *words)
        assert ran.code == 0
        assert f"{newer}: E224" in ran.err
    assert made.call(root, "policy", "show", "-o", "ids").out == "2026-11-01\n"


def test_rules_whose_deletion_is_committed_apply_no_more_and_nothing_is_told(root: Path) -> None:
    newer = "records/policy/2026-11-01.yaml"
    (root / newer).write_bytes((root / POLICY).read_bytes())
    made.commit_all(root)
    assert made.call(root, "today").err == ""
    (root / newer).unlink()
    assert "E224" in made.call(root, "today").err
    made.commit_all(root)
    assert made.call(root, "today").err == ""
    assert made.call(root, "policy", "show", "-o", "ids").out == "2026-01-01\n"


def test_rules_that_were_never_committed_may_go(root: Path) -> None:
    newer = root / "records/policy/2026-11-01.yaml"
    newer.write_bytes((root / POLICY).read_bytes())
    assert made.call(root, "policy", "show", "-o", "ids").out == "2026-11-01\n"
    newer.unlink()
    ran = made.call(root, "policy", "show", "-o", "ids")
    assert (ran.code, ran.out, ran.err) == (0, "2026-01-01\n", "")


def test_without_git_a_deleted_calendar_stops_what_needs_deadlines(tmp_path: Path) -> None:
    root = made.story(tmp_path / "plain", git=False)
    (root / CALENDAR).unlink()
    ran = made.call(root, "today")
    assert ran.code == 4
    assert CALENDAR in ran.err
