"""``undo`` takes back what the desk's last command wrote, a void too, and says in words what that was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made.copy(tmp_path / "ledger")


class Day:
    """A day at the desk of a ledger: each command a minute after the one before."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.minute = 0

    @property
    def now(self) -> str:
        return f"2026-11-16T12:{self.minute:02d}:00+08:00"

    def __call__(self, *words: str) -> Any:
        self.minute += 1
        return made.sure(self.root, *words, now=self.now)

    def entries(self) -> list[str]:
        ran = made.sure(self.root, "log", "list", "-o", "json", now=self.now)
        return [item["words"] for item in json.loads(ran.out)["items"]]

    def events(self) -> dict[str, bool]:
        """Which events of the ticket count."""
        ran = made.sure(self.root, "ticket", "show", made.TICKET, "-o", "json", now=self.now)
        return {e["event"]: e["counts"] for e in json.loads(ran.out)["items"][0]["events"]}


@pytest.fixture
def day(root: Path) -> Day:
    return Day(root)


def test_undo_after_a_void_of_an_entry_restores_that_entry_and_no_other(day: Day) -> None:
    day("log", "add", "一")
    day("log", "add", "二")
    day("log", "void", "2026-11/1SHA", "--reason", "x")
    ran = day("undo")
    assert day.entries() == ["一", "二"]
    assert "counts again: 2026-11/1SHA, logged (2026-11-16 12:01, " in ran.out
    assert "words: 一" in ran.out
    assert "svcctl log void ENTRY" in ran.err


def test_undo_after_undo_counts_the_line_again_and_then_takes_it_back_again(day: Day) -> None:
    day("log", "add", "一")
    day("log", "add", "二")
    for left in (["一"], ["一", "二"], ["一"]):
        day("undo")
        assert day.entries() == left


def test_undo_after_a_void_on_a_ticket_touches_only_that_void(day: Day) -> None:
    day("ticket", "note", made.TICKET, "一")
    day("ticket", "note", made.TICKET, "二")
    first, second = sorted(day.events(), key=lambda name: int(name[:-3]))[-2:]
    day("ticket", "void", made.TICKET, first, "--reason", "x")
    ran = day("undo")
    counts = day.events()
    assert counts[first]
    assert counts[second]
    assert f"counts again: {first}, noted (2026-11-16 12:01, " in ran.out
    assert "words: 一" in ran.out
    assert f"svcctl ticket void {made.TICKET} EVENT" in ran.err


def test_a_void_that_a_later_line_builds_on_is_not_taken_back_and_says_what_to_do(day: Day) -> None:
    day("undo")  # the dispatch
    day("ticket", "cancel", made.TICKET, "--reason", "x", "--no-commit")
    before = day.events()
    voided = [name for name, counts in before.items() if not counts]
    void = next(
        e.split('"n": ')[1].split(",")[0] + "SHA"
        for e in made.ticket_file(day.root).read_text("utf-8").splitlines()
        if '"do": "voided"' in e
    )
    ran = made.call(day.root, "ticket", "void", made.TICKET, void, "--reason", "x", now=day.now)
    assert ran.code == 3
    assert "void those first, the last one first" in ran.err
    assert [name for name, counts in day.events().items() if not counts] == voided


def test_undo_and_void_say_what_they_took_back_and_when_it_was(day: Day) -> None:
    day("log", "add", "回访\n三户")
    assert "taken back: 2026-11/1SHA, logged (2026-11-16 12:01, " in (out := day("undo").out)
    assert "回访" in out
    day("ticket", "note", made.TICKET, "门铃坏")
    ran = day("undo")
    assert "noted (2026-11-16 12:03, " in ran.out
    assert "words: 门铃坏" in ran.out


def test_an_amendment_that_was_undone_counts_again_after_another_undo(day: Day) -> None:
    day("log", "add", "一")
    day("log", "amend", "1SHA", "words", "二", "--reason", "x")
    day("undo")
    assert day.entries() == ["一"]
    assert "counts again: 2026-11/2SHA, amended" in day("undo").out
    assert day.entries() == ["二"]


def test_machine_output_names_the_entry_that_counts_again(day: Day) -> None:
    day("log", "add", "一")
    day("undo")
    item = json.loads(day("undo", "-o", "json").out)["items"][0]
    assert (item["id"], item["words"], item["counts"]) == ("2026-11/1SHA", "一", True)


def open_complaints(day: Day) -> list[str]:
    ran = made.sure(day.root, "ticket", "list", "--kind", "complaint", "-o", "ids", now=day.now)
    return [*ran.out.split()]


SLIP = ("slip", "return", made.TICKET, "--signed", "--opinion", "dissatisfied")


def test_undo_of_a_dissatisfied_slip_names_the_complaint_it_opened_and_opens_no_second(
    day: Day,
) -> None:
    day(*SLIP)
    (complaint,) = open_complaints(day)
    assert f"complaint {complaint} was opened by that line and stays open" in (
        told := day("undo").err
    )
    assert f"svcctl ticket cancel {complaint} --reason" in told
    assert "complaint opened" not in day("undo").out  # the slip counts again
    assert open_complaints(day) == [complaint]
    day("undo")
    day("ticket", "cancel", complaint, "--reason", "x")
    void = [name for name, counts in day.events().items() if not counts]
    assert void  # the slip; its complaint is over
    day("ticket", "note", made.TICKET, "x")
    assert "complaint opened" in day(*SLIP).out


def test_a_complaint_that_was_taken_by_hand_is_not_said_to_be_the_slips(day: Day) -> None:
    day("ticket", "new", "--kind", "complaint", "--about", made.TICKET, "--subject", "x")
    taken = open_complaints(day)
    day(*SLIP)
    (complaint,) = set(open_complaints(day)) - set(taken)
    told = day("undo").err
    assert complaint in told
    assert taken[0] not in told
    day("ticket", "note", made.TICKET, "x")
    assert "was opened by that line" not in day("undo").err


def test_undo_takes_back_all_files_of_one_attach_and_no_earlier_one(
    day: Day, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(f"{name}\n", "utf-8")
    day("ticket", "attach", made.TICKET, str(tmp_path / "a.txt"))
    day("ticket", "attach", made.TICKET, str(tmp_path / "b.txt"), str(tmp_path / "c.txt"))
    first, *others = sorted(day.events(), key=lambda name: int(name[:-3]))[-3:]
    out = day("undo").out
    assert [day.events()[name] for name in (first, *others)] == [True, False, False]
    assert out.count("taken back: ") == 2
    assert out.count("b.txt") == out.count("c.txt") == 1
    day("undo")
    assert [day.events()[name] for name in (first, *others)] == [True, True, True]


def test_two_notes_of_one_moment_are_two_commands(root: Path) -> None:
    now = "2026-11-16T12:00:00+08:00"
    for words in ("一", "二"):
        made.sure(root, "ticket", "note", made.TICKET, words, now=now)
    made.sure(root, "undo", now=now)
    ran = made.sure(root, "ticket", "show", made.TICKET, "-o", "json", now=now)
    events = json.loads(ran.out)["items"][0]["events"]
    assert [e["counts"] for e in events if e["do"] == "noted"][-2:] == [True, False]


@pytest.mark.parametrize(
    ("words", "back"),
    [
        (("customer", "set", made.CUSTOMER, "--address", "x"), f"customer set {made.CUSTOMER}"),
        (("unit", "set", made.UNIT, "--model", "x"), f"unit set {made.UNIT}"),
        (("staff", "new", "eng2", "--name", "戊", "--role", "engineer"), "staff set eng2"),
    ],
    ids=["customer", "unit", "staff"],
)
def test_undo_after_a_change_of_a_card_takes_back_no_older_line(
    day: Day, words: tuple[str, ...], back: str
) -> None:
    day("ticket", "note", made.TICKET, "一")
    before = day.events()
    note = list(before)[-1]
    day(*words)
    for more in (("--dry-run",), ()):
        ran = made.call(day.root, "undo", *more, now=day.now)
        assert (ran.code, ran.out) == (3, "")
        assert "card-changed-last" in ran.err
        assert f"svcctl {back} …" in ran.err
        assert f"svcctl ticket void {made.TICKET} {note} --reason …" in ran.err
    assert day.events() == before
    day("ticket", "void", made.TICKET, note, "--reason", "x")
    assert not day.events()[note]


def test_undo_after_an_erasure_takes_back_no_entry_of_the_log(day: Day) -> None:
    day("log", "add", "一")
    made.sure(day.root, "customer", "erase", made.SECOND, "--reason", "x", now=day.now)
    ran = made.call(day.root, "undo", now=day.now)  # within the same minute: the files tell
    assert ran.code == 3
    assert "svcctl log void 2026-11/1SHA --reason …" in ran.err
    assert "what was erased does not come back" in ran.err
    assert "customer set" not in ran.err
    assert day.entries() == ["一"]


def test_undo_takes_back_a_line_that_was_written_after_a_card_and_not_committed(day: Day) -> None:
    day("customer", "set", made.CUSTOMER, "--address", "x")
    day("log", "add", "一", "--no-commit")
    day("undo")
    assert day.entries() == []


@pytest.mark.parametrize("entry", [False, True], ids=["ticket", "log"])
def test_undo_takes_back_no_older_line_where_the_last_was_taken_out_by_hand(
    day: Day, entry: bool
) -> None:
    day("ticket", "note", made.TICKET, "一")
    day("log", "add", "一")
    before = day.events()
    day(*(("log", "add", "二") if entry else ("ticket", "note", made.OTHER, "二")))
    file = made.ticket_file(day.root, made.OTHER)
    if entry:
        (file,) = (day.root / "records/logs").rglob("*.yaml")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]))
    ran = made.call(day.root, "undo", now=day.now)
    assert ran.code == 3
    assert "committed-lines-changed" in ran.err
    assert day.events() == before


def test_undo_needs_no_commit_in_the_repository(tmp_path: Path) -> None:
    made.git(tmp_path, "init", "-q")
    words = (
        ("init", tmp_path, "--desk", "SHA"),
        ("staff", "new", "a", "--name", "A", "--role", "manager"),
        ("log", "add", "x", "--by", "a"),
    )
    for each in words:
        made.sure(tmp_path, *each, "--no-commit")
    ran = made.sure(tmp_path, "undo", "--by", "a", "--no-commit")
    assert "words: x" in ran.out
