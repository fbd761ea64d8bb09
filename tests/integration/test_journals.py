"""Journals: entries of one desk and month, corrected by lines, broken without hiding anything."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.domain.cases import EventKind, read_case
from svcctl.domain.journals import BY_FOLDER, JOURNALS, LOG, JournalKind
from svcctl.domain.schema import Field
from svcctl.ledger import casefile
from svcctl.ledger.folder import is_card, is_case, journal_kind
from svcctl.ledger.plaincase import plain_case
from svcctl.ledger.records import Read, read_journal, read_lines

NOVEMBER = "records/logs/2026-11.SHA.yaml"
LINE = (
    '- {{"n": {n}, "desk": "{desk}", "at": "{at}", "noted": "2026-11-16T09:30:00+08:00", '
    '"by": "eng1", "do": "logged", "words": "{words}"}}\n'
)
HEAD = 'format: 1\nid: "2026-11.SHA"\nkind: log\nevents:\n'


def line(
    n: int, words: str = "回访", desk: str = "SHA", at: str = "2026-11-16T09:30:00+08:00"
) -> str:
    return LINE.format(n=n, desk=desk, at=at, words=words)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made.copy(tmp_path / "ledger")


def put(root: Path, text: str, path: str = NOVEMBER) -> None:
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text(text, "utf-8")


def listed(root: Path, *words: str, now: str = made.NOW) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(
        made.sure(root, "log", "list", *words, "-o", "json", now=now).out
    )["items"]
    return items


def codes(root: Path) -> set[str]:
    found = json.loads(made.call(root, "audit", "-o", "json").out)["items"]
    return {item["code"] for item in found if item["path"].startswith("records/logs")}


def test_an_entry_goes_into_the_file_of_the_month_in_which_it_happened(root: Path) -> None:
    made.sure(root, "log", "add", "今天", now=made.NOW)
    made.sure(root, "log", "add", "上月", "--at", "2026-10-31T23:59", now=made.NOW)
    made.sure(root, "log", "add", "别处的十一月", "--at", "2026-10-31T20:00:00+00:00", now=made.NOW)
    assert sorted(path.name for path in (root / "records/logs").iterdir()) == [
        "2026-10.SHA.yaml",
        "2026-11.SHA.yaml",
    ]
    assert [item["id"] for item in listed(root, "--since", "2026-10-01")] == [
        "2026-10/1SHA",
        "2026-11/2SHA",
        "2026-11/1SHA",
    ]
    assert codes(root) == set()


def test_each_entry_is_a_commit_of_that_file_alone(root: Path) -> None:
    for words in ("一", "二"):
        made.sure(root, "log", "add", words)
        shown = subprocess.run(
            ["git", "show", "--format=%s", "--name-only"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert shown[-1] == NOVEMBER
        assert len(shown) == 4
    assert shown[:3] == ["log", "2026-11/2SHA", "logged"]


def test_the_head_and_the_lines_before_stay_as_they_are(root: Path) -> None:
    made.sure(root, "log", "add", "一")
    before = (root / NOVEMBER).read_bytes()
    made.sure(root, "log", "amend", "1SHA", "words", "二", "--reason", "写错")
    made.sure(root, "log", "void", "2SHA", "--reason", "没有写错")
    after = (root / NOVEMBER).read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == before.count(b"\n") + 2
    assert [item["words"] for item in listed(root)] == ["一"]


def test_the_first_entry_can_be_voided_and_comes_back_when_the_void_is_voided(root: Path) -> None:
    made.sure(root, "log", "add", "一")
    made.sure(root, "log", "void", "1SHA", "--reason", "写错")
    assert listed(root) == []
    made.sure(root, "log", "void", "2SHA", "--reason", "没有写错")
    assert [item["words"] for item in listed(root)] == ["一"]


def test_an_earlier_entry_may_be_added_after_a_later_one(root: Path) -> None:
    made.sure(root, "log", "add", "下午", "--at", "2026-11-15T17:00")
    made.sure(root, "log", "add", "上午", "--at", "2026-11-15T09:00")
    made.sure(root, "log", "amend", "1SHA", "at", "2026-11-15T08:00", "--reason", "写错")
    assert [item["words"] for item in listed(root)] == ["下午", "上午"]


def test_an_amended_ticket_is_found_by_its_tail(root: Path) -> None:
    made.sure(root, "log", "add", "一")
    made.sure(root, "log", "amend", "1SHA", "tickets", "02g 03e", "--reason", "漏写")
    (item,) = listed(root, "--ticket", "03E")
    assert item["tickets"] == [made.TICKET, made.OTHER]


def test_a_ticket_that_is_not_there_is_no_ticket_of_an_entry(root: Path) -> None:
    assert made.call(root, "log", "add", "一", "--ticket", "99Z").code == 8
    assert not (root / "records/logs").exists()


def test_undo_takes_back_what_was_written_last_wherever_it_stands(root: Path) -> None:
    made.sure(root, "log", "add", "一", now="2026-11-16T10:01:00+08:00")
    made.sure(root, "ticket", "note", "02G", "二", now="2026-11-16T10:02:00+08:00")
    last = "2026-11-16T10:03:00+08:00"
    assert made.TICKET in made.sure(root, "undo", now=last).out
    made.sure(root, "log", "add", "三", now=last)
    assert "2026-11/2SHA" in made.sure(root, "undo", now=last).out
    assert [item["words"] for item in listed(root, now=last)] == ["一"]


def test_a_journal_that_cannot_be_read_keeps_nobody_from_undoing(root: Path) -> None:
    put(root, "\tbroken\n", "records/logs/2026-10.SHA.yaml")
    made.sure(root, "ticket", "note", "02G", "二")
    assert made.TICKET in made.sure(root, "undo").out
    made.sure(root, "log", "add", "一", now="2026-11-16T10:02:00+08:00")
    assert "2026-11/1SHA" in made.sure(root, "undo", now="2026-11-16T10:03:00+08:00").out


def test_undo_finds_what_was_noted_last_though_it_happened_in_an_earlier_month(root: Path) -> None:
    made.sure(root, "log", "add", "一", now="2026-11-16T10:01:00+08:00")
    october = ("log", "add", "二", "--at", "2026-10-31T17:00")
    made.sure(root, *october, now="2026-11-16T10:02:00+08:00")
    last = "2026-11-16T10:03:00+08:00"
    assert "2026-10/1SHA" in made.sure(root, "undo", now=last).out
    assert [item["words"] for item in listed(root, "--since", "2026-10-01", now=last)] == ["一"]


def test_undo_replays_no_journal_older_than_what_it_found(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svcctl.desk import entries

    for month in ("2026-08", "2026-09", "2026-10"):
        made.sure(root, "log", "add", "旧", now=f"{month}-16T10:00:00+08:00")
    made.sure(root, "log", "add", "新")
    read: list[str] = []

    def noting(data: bytes, path: str) -> Read:
        read.append(path)
        return read_lines(data, path)

    monkeypatch.setattr(entries, "read_lines", noting)
    assert "2026-11/1SHA" in made.sure(root, "undo").out
    assert read == [NOVEMBER, "records/logs/2026-10.SHA.yaml"]


def found(root: Path, text: str) -> list[str]:
    items = json.loads(made.sure(root, "find", text, "-o", "json").out)["items"]
    return [item["id"] for item in items if item["kind"] == "log"]


def test_an_entry_is_found_by_its_words_and_tickets_alone(root: Path) -> None:
    made.sure(root, "log", "add", "Filter bestellt", "--ticket", "02G")
    for text in ("filter BE", made.TICKET, "02g"):
        assert found(root, text) == ["2026-11/1SHA"], text
    for text in ("08:00", "10:00", "1SHA", "2026-11", "desk1"):
        assert found(root, text) == [], text


@pytest.mark.parametrize("value", ["", "-"])
def test_tickets_of_an_entry_are_not_taken_away_and_the_way_is_named(
    root: Path, value: str
) -> None:
    made.sure(root, "log", "add", "一", "--ticket", "02G")
    ran = made.call(root, "log", "amend", "1SHA", "tickets", value, "--reason", "x")
    assert (ran.code, "[cannot-be-emptied]" in ran.err) == (2, True)
    assert "svcctl log void 2026-11/1SHA --reason" in ran.err


def test_an_entry_of_long_ago_is_written_and_told_of(root: Path) -> None:
    ran = made.sure(root, "log", "add", "一", "--at", "1999-01-01T00:00")
    assert "1999-01-01 00:00 is 10181 days ago" in ran.err
    assert (root / "records/logs/1999-01.SHA.yaml").exists()
    assert made.sure(root, "log", "add", "二", "--at", "2026-10-17T10:00").err == ""


def test_the_last_seven_days_begin_at_midnight_of_the_desk(root: Path) -> None:
    """On 2026-10-25 the clocks of Berlin went from +02:00 to +01:00."""
    for calendar in (root / "records/calendar").glob("*.yaml"):
        text = calendar.read_text("utf-8")
        calendar.write_text(text.replace("Asia/Shanghai", "Europe/Berlin"), "utf-8")
    made.sure(root, "log", "add", "早", now="2026-10-24T00:30:00+02:00")
    made.sure(root, "log", "add", "前一天", "--at", "2026-10-23T23:30:00+02:00")
    now = "2026-10-31T12:00:00+01:00"
    assert [item["words"] for item in listed(root, now=now)] == ["早"]
    west = ("--as-of", "2026-10-31T01:00:00-10:00")
    assert [item["words"] for item in listed(root, *west)] == ["早"]


def test_within_one_second_undo_takes_back_what_was_written_later(root: Path) -> None:
    for first, second in (("log", "ticket"), ("ticket", "log")):
        words = {"log": ("log", "add", "一"), "ticket": ("ticket", "note", "02G", "二")}
        files = {"log": root / NOVEMBER, "ticket": made.ticket_file(root)}
        for number, what in enumerate((first, second)):
            made.sure(root, *words[what])
            os.utime(files[what], (number, number))  # clocks of file systems are coarse
        out = made.sure(root, "undo").out
        assert ("2026-11/" in out) == (second == "log")


def test_ends_of_lines_of_another_editor_do_no_harm(root: Path) -> None:
    put(root, (HEAD + line(1)).replace("\n", "\r\n"))
    made.sure(root, "log", "add", "二")
    assert [item["words"] for item in listed(root)] == ["回访", "二"]


def test_a_broken_file_is_reported_by_every_command_and_hides_nothing_else(root: Path) -> None:
    put(root, HEAD + line(1).replace('"n": 1', '"n": 1, "n": 1'))
    put(root, (HEAD + line(1, desk="BJA")).replace("SHA", "BJA"), "records/logs/2026-11.BJA.yaml")
    for words in (
        ("ticket", "list"),
        ("callbacks", "due"),
        ("today",),
        ("log", "list"),
        ("find", "x"),
    ):
        ran = made.call(root, *words)
        assert f"{NOVEMBER}:5" in ran.err, words
        assert ran.code == 0
        assert made.call(root, *words, "--strict").code == 4
    assert [item["id"] for item in listed(root)] == ["2026-11/1BJA"]
    ran = made.call(root, "log", "add", "一")
    assert ran.code == 4
    assert "git checkout" in ran.err
    assert made.call(root, "ticket", "note", "02G", "二").code == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD + line(1, desk="BJA"), "E314"),
        (HEAD + line(1, at="2026-10-31T09:30:00+08:00"), "E315"),
        (HEAD + line(1) + line(3), "E316"),
        (HEAD + line(1) + line(1, "另一句"), "E303"),
        (HEAD + line(2) + line(1), "E307"),
        (HEAD.replace("format: 1", "format: 2") + line(1), "E204"),
        (HEAD.replace("kind: log", "kind: stock") + line(1), "E203"),
        (HEAD.replace("2026-11", "2026-10") + line(1), "E301"),
        (HEAD.replace("events:\n", "events: []\n"), "E206"),
        (HEAD + line(1).replace('"by": "eng1"', '"by": "nobody"'), "E305"),
        (HEAD + line(1)[:-2] + ', "tickets": "SHA-261116-99Y"}\n', "E305"),
        (HEAD + line(1)[:-2] + ', "tickets": "02G"}\n', "E203"),
        (HEAD + line(1).replace('"words"', '"mood"'), "E201"),
    ],
)
def test_the_audit_finds_what_is_wrong_with_a_journal(root: Path, text: str, code: str) -> None:
    put(root, text)
    assert code in codes(root)


def test_a_number_that_a_merge_gave_away_is_not_missing(root: Path) -> None:
    put(root, HEAD + line(1) + line(3, "二")[:-2] + ', "was": "2SHA"}\n')
    assert codes(root) == set()


def test_a_file_that_is_no_month_of_a_desk_is_no_journal(root: Path) -> None:
    put(root, HEAD + line(1), "records/logs/november.yaml")
    assert codes(root) == {"E301", "E310"}


def test_an_index_made_from_nothing_is_the_same(root: Path) -> None:
    made.sure(root, "log", "add", "一", "--ticket", "02G")
    put(root, HEAD + line(1, desk="BJA"), "records/logs/2026-12.SHA.yaml")
    made.call(root, "today")
    made.sure(root, "log", "add", "二")
    assert made.call(root, "index", "verify").code == 0


def test_without_git_a_changed_journal_is_seen(tmp_path: Path) -> None:
    root = made.story(tmp_path / "plain", git=False)
    made.sure(root, "log", "add", "一", "--no-commit")
    assert made.call(root, "today").err == ""
    put(root, HEAD + line(1, desk="BJA"))
    assert "E314" in made.call(root, "today").err


def test_without_rules_the_audit_still_looks_at_journals(root: Path) -> None:
    put(root, HEAD + line(1, desk="BJA"))
    for policy in (root / "records/policy").iterdir():
        policy.unlink()
    assert "E314" in codes(root)


def test_where_a_journal_lies_follows_from_its_declaration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stock = JournalKind("moves", "parts/moves", EventKind("moved", Field("part", "line", (), True)))
    monkeypatch.setitem(BY_FOLDER, stock.folder, stock)
    path = "records/parts/moves/2026-11.SHA.yaml"
    assert journal_kind(path) is stock
    assert is_case(path)
    assert not is_card(path)
    text = HEAD.replace("log", "moves") + line(1).replace("logged", "moved").replace(
        "words", "part"
    )
    read = read_journal(stock, text.encode(), path)
    assert read.case is not None
    assert read.problems == []
    assert journal_kind("records/parts/catalogue.yaml") is None
    assert journal_kind(NOVEMBER) is LOG
    assert LOG in JOURNALS


def test_hostile_words_are_harmless_where_they_are_shown(root: Path) -> None:
    made.sure(root, "log", "add", "=1+1\x1b[31m\u202e\n第二行")
    assert "\x1b" not in made.sure(root, "log", "list").out
    assert "'=1+1" in made.sure(root, "log", "list", "-o", "csv").out


def test_both_ways_of_reading_give_the_same_entries_or_the_same_problem() -> None:
    """Every single damage of a small book, read as plain lines and as YAML."""
    whole = (HEAD + line(1) + line(2, "二") + line(3, "三")[:-2] + ', "was": "2SHA"}\n').encode()
    for place in range(0, len(whole), 3):
        for put in (b"", b'"', b", ", b"0", b"\n", b"}"):
            text = whole[:place] + put + whole[place + 1 :]
            plain = plain_case(LOG, text)
            raw = casefile.read_case(text, NOVEMBER)
            slow = casefile._through_yaml(text, NOVEMBER)
            assert (raw.head, raw.events, raw.ok) == (slow.head, slow.events, slow.ok)
            if plain is not None:
                careful, wrong = read_case(LOG, slow.head, slow.events, slow.event_lines)
                assert careful is not None
                assert not wrong
                assert careful.text() == plain.text()
                assert slow.problems == []
