"""What is asked as of a moment in the past: cards through git, tickets through their events."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from svcctl.ledger import git, past

Run = Callable[..., Any]
MONDAY, TUESDAY = "2026-11-16T09:00:00+08:00", "2026-11-17T09:00:00+08:00"
FRIDAY = "2026-11-20T09:00:00+08:00"


@pytest.fixture
def desk(svcctl: Run) -> Run:
    """A ledger with a customer whose phone changed on Tuesday; it is Friday."""

    def call(*words: str, now: str = FRIDAY) -> Any:
        return svcctl(*words, now=now)

    for words, now in (
        (("init", ".", "--desk", "SHA"), MONDAY),
        (("staff", "new", "li.na", "--name", "李娜", "--role", "manager"), MONDAY),
        (("me", "li.na"), MONDAY),
        (("customer", "new", "--name", "周兰", "--phone", "13800138000"), MONDAY),
        (("customer", "set", "周兰", "--phone", "13900139000"), TUESDAY),
    ):
        ran = call(*words, now=now)
        assert ran.code == 0, ran.err
    return call


def items(ran: Any) -> list[dict[str, Any]]:
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)["items"]
    return found


def test_a_card_as_of_a_day_says_what_it_said_then(desk: Run) -> None:
    def phone(*more: str) -> str:
        (shown,) = items(desk("customer", "show", "周兰", "-o", "json", *more))
        (listed,) = items(desk("customer", "list", "--show-personal", "-o", "json", *more))
        assert shown["phone"] == listed["phone"]
        return str(shown["phone"])

    assert phone() == "13900139000"
    assert phone("--as-of", TUESDAY) == "13900139000"
    assert phone("--as-of", "2026-11-17T08:59:59+08:00") == "13800138000"
    assert phone("--known", "2026-11-17T08:59:59+08:00") == "13800138000"


def test_a_card_that_was_not_there_yet_is_not_found(desk: Run) -> None:
    before = "2026-11-15T09:00:00+08:00"
    ran = desk("customer", "show", "周兰", "--as-of", before)
    assert (ran.code, "did not exist yet" in ran.err) == (8, True)
    assert items(desk("customer", "list", "-o", "json", "--as-of", before)) == []


def test_a_change_written_down_later_counts_from_when_it_happened(desk: Run) -> None:
    ran = desk("staff", "set", "li.na", "--phone", "13700137000", "--at", "2026-11-18T09:00")
    assert ran.code == 0, ran.err
    (shown,) = items(desk("staff", "show", "li.na", "--as-of", "2026-11-18T10:00", "-o", "json"))
    assert shown["phone"] == "13700137000"
    known = ("--known", "2026-11-19T09:00")
    (shown,) = items(desk("staff", "show", "li.na", *known, "-o", "json"))
    assert shown["phone"] is None


def test_many_cards_of_the_past_take_no_more_git_than_one(
    desk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        assert desk("unit", "new", f"SN{number}", "--model", "KFR-35").code == 0
    assert desk("unit", "list").code == 0  # the index is fresh
    asked: list[str] = []
    start = git.start

    def watched(folder: Path, args: Any, *more: Any, **named: Any) -> Any:
        asked.append(args[0])
        return start(folder, args, *more, **named)

    monkeypatch.setattr(git, "start", watched)
    monkeypatch.setattr(past, "start", watched)
    now = "2026-11-21T09:00:00+08:00"
    assert len(items(desk("unit", "list", "--as-of", FRIDAY, "-o", "json", now=now))) == 5
    assert [one for one in asked if one != "status"] == ["log", "cat-file"]
    asked.clear()
    assert len(items(desk("unit", "list", "-o", "json", now=now))) == 5
    assert "log" not in asked


def test_a_merge_brings_what_the_other_side_wrote_when_it_was_written(tmp_path: Path) -> None:
    gitdir = git.init(tmp_path)
    card = tmp_path / "records/staff/甲.yaml"
    card.parent.mkdir(parents=True)

    def commit(text: str, day: int, *parents: str) -> str:
        card.write_text(text)
        git.run(tmp_path, ["add", "records"])
        tree = git.run(tmp_path, ["write-tree"]).decode().strip()
        words = [word for parent in parents for word in ("-p", parent)]
        stamp = f"2026-11-{day}T09:00:00+08:00"
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "n"), ("EMAIL", "e@x.invalid"), ("DATE", stamp))
        }
        out = git.run(tmp_path, ["commit-tree", tree, *words, "-m", "x"], extra=who)
        return out.decode().strip()

    first = commit("first", 16)
    ours = commit("ours", 18, first)
    theirs = commit("theirs", 17, first)
    merged = commit("merged", 19, ours, theirs)
    gone = commit("gone", 20, merged)
    git.run(tmp_path, ["update-ref", "HEAD", gone])

    def at(day: int) -> list[bytes]:
        moment = datetime.fromisoformat(f"2026-11-{day}T10:00:00+08:00")
        return list(past.files_at(gitdir, ["records/staff"], moment).values())

    assert [at(day) for day in range(15, 21)] == [
        [],
        [b"first"],
        [b"theirs"],
        [b"ours"],
        [b"merged"],
        [b"gone"],
    ]


def test_without_git_a_card_of_the_past_is_refused_in_words(
    svcctl: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "program", lambda: None)
    assert svcctl("init", ".", "--desk", "SHA").code == 0
    assert svcctl("staff", "new", "li.na", "--name", "李娜", "--role", "manager").code == 0
    assert svcctl("staff", "list").code == 0
    ran = svcctl("staff", "list", "--as-of", "2026-11-15")
    assert ran.code == 6
    assert "remembered by git alone: the git program is not on this machine's PATH" in ran.err
    assert "without --as-of" in ran.err


def test_find_as_of_a_day_finds_what_was_there_then(desk: Run) -> None:
    words = ["ticket", "new", "--kind", "repair", "--customer", "周兰", "--subject", "不制冷"]
    ran = desk(*words, now="2026-11-18T09:00:00+08:00")
    assert ran.code == 0, ran.err
    ticket = desk("ticket", "list", "-o", "ids").out.strip()
    assert desk("ticket", "note", ticket, "压缩机异响").code == 0

    def found(text: str, *more: str) -> list[str]:
        return [item["kind"] for item in items(desk("find", text, "-o", "json", *more))]

    assert found("压缩机") == ["ticket"]
    assert found("压缩机", "--as-of", "2026-11-19T09:00") == []
    assert found("不制冷", "--as-of", "2026-11-19T09:00") == ["ticket"]
    assert found("不制冷", "--as-of", TUESDAY) == []
    assert found("13800138000") == []
    assert found("13800138000", "--as-of", MONDAY) == ["customer"]
    assert found("周兰", "--as-of", "2026-11-19T09:00") == ["customer", "ticket"]


def test_the_audit_knows_only_what_had_been_written_down(desk: Run) -> None:
    words = ["ticket", "new", "--kind", "repair", "--customer", "周兰", "--subject", "不制冷"]
    assert desk(*words, now="2026-11-18T09:00:00+08:00").code == 0
    ticket = desk("ticket", "list", "-o", "ids").out.strip()
    note = ("ticket", "contact", ticket, "--result", "reached", "--at", "2026-11-18T09:01")
    assert desk(*note).code == 0

    def codes(*more: str) -> set[str]:
        ran = desk("audit", "--as-of", "2026-11-18T12:00", "-o", "json", *more)
        return {item["code"] for item in json.loads(ran.out)["items"] if item["code"] > "E4"}

    assert codes("--known", "2026-11-18T12:00") - codes() != set()


def test_whoever_was_erased_is_not_brought_back_by_a_look_at_the_past(desk: Run) -> None:
    assert desk("customer", "erase", "周兰", "--reason", "要求删除").code == 0
    later = "2026-11-21T09:00:00+08:00"
    for words in (("customer", "list"), ("customer", "show", "SHA-C0001Z"), ("find", "C0001")):
        ran = desk(*words, "--as-of", TUESDAY, "-o", "json", now=later)
        assert "SHA-C0001Z" in ran.out, ran.err
        assert "周兰" not in ran.out
        assert "900139000" not in ran.out
    assert items(desk("find", "13900139000", "--as-of", TUESDAY, "-o", "json", now=later)) == []


def test_a_ticket_shows_the_events_that_were_known_then(desk: Run) -> None:
    words = ["ticket", "new", "--kind", "repair", "--customer", "周兰", "--subject", "不制冷"]
    assert desk(*words, now="2026-11-18T09:00:00+08:00").code == 0
    ticket = desk("ticket", "list", "-o", "ids").out.strip()
    note = ("ticket", "contact", ticket, "--result", "reached", "--at", "2026-11-18T09:01")
    assert desk(*note).code == 0

    def shown(*more: str) -> list[str]:
        (item,) = items(desk("ticket", "show", ticket, "-o", "json", *more))
        return [event["do"] for event in item["events"]]

    assert shown() == ["opened", "contacted"]
    assert shown("--as-of", "2026-11-18T12:00") == ["opened", "contacted"]
    assert shown("--known", "2026-11-18T12:00") == ["opened"]
    assert shown("--as-of", "2026-11-18T09:00:30") == ["opened"]
