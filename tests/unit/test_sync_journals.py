"""Journals between stations: every desk's own file, twins of one desk, what a hub and the audit refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER
from stations import Stations, stations, tree, twin

from svcctl.desk.driving import merge_for_git
from svcctl.domain.cases import Case, Event
from svcctl.domain.journals import LOG
from svcctl.domain.schema import Value
from svcctl.ledger.mergefile import merge_file
from svcctl.ledger.records import read_journal

LATER = "2026-11-16T10:30:00+08:00"


def path_of(desk: str) -> str:
    return f"records/logs/2026-11.{desk}.yaml"


@pytest.fixture
def three(tmp_path: Path) -> Stations:
    return stations(tmp_path)


def syncs(*roots: Path) -> None:
    for root in roots:
        made.sure(root, "sync")


def entries(root: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        made.sure(root, "log", "list", "-o", "json", *words, now=LATER).out
    )["items"]
    return found


def lines(root: Path, desk: str = "SHA") -> list[str]:
    return (root / path_of(desk)).read_text("utf-8").split("events:\n")[1].splitlines()


def sound(root: Path) -> None:
    ran = made.call(root, "audit", "--only", "E1,E2,E3,E5", "--strict", now=LATER)
    assert ran.code == 0, ran.out


def test_each_station_writes_its_own_file_and_all_have_every_entry(three: Stations) -> None:
    for root in three.all:
        made.sure(root, "log", "add", f"在 {root.name}")
    syncs(*three.all, *three.all)
    assert len({tree(root) for root in three.all}) == 1
    for root in three.all:
        assert sorted(item["id"] for item in entries(root)) == [
            "2026-11/1BJA",
            "2026-11/1GZA",
            "2026-11/1SHA",
        ]
    sound(three.gza)


def test_two_entries_of_one_name_are_both_kept_and_what_followed_follows(three: Stations) -> None:
    second = twin(three)
    made.sure(three.sha, "log", "add", "甲")
    made.sure(second, "log", "add", "乙")
    made.sure(second, "log", "amend", "1SHA", "words", "丙", "--reason", "写错")
    syncs(three.sha)
    ran = made.sure(second, "sync")
    assert "2026-11.SHA: 1SHA of here is now 3SHA" in ran.out
    first, moved, amended = lines(second)
    assert '"words": "甲"' in first
    assert '"n": 3' in moved
    assert '"was": "1SHA"' in moved
    assert '"target": "3SHA"' in amended
    syncs(three.sha, second, three.bja)
    assert tree(second) == tree(three.sha) == tree(three.bja)
    assert sorted(item["words"] for item in entries(three.bja)) == ["丙", "甲"]
    sound(three.sha)


@pytest.mark.parametrize("words", ["pull --no-rebase", "pull --rebase", "merge", "rebase"])
def test_an_entry_that_was_pushed_keeps_its_name_whichever_way_git_brings_it(
    three: Stations, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(made.__file__).parents[1]))
    second = twin(three)
    made.sure(three.sha, "log", "add", "sent")
    syncs(three.sha)
    made.sure(second, "log", "add", "own")
    way, *options = words.split(" ")
    if way == "pull":
        made.git(second, way, "--no-edit", *options, "origin", "main")
    else:
        made.git(second, "fetch", "--quiet", "origin")
        made.git(second, way, "origin/main")
    assert made.git(second, "status", "--porcelain") == ""
    sent, own = lines(second)
    assert '"n": 1' in sent
    assert '"words": "sent"' in sent
    assert own.endswith('"words": "own", "was": "1SHA"}')


def test_an_entry_that_a_remote_has_keeps_its_name_though_git_calls_it_theirs_or_ours(
    three: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(made.__file__).parents[1]))
    made.git(three.sha, "switch", "--quiet", "-c", "draft")
    made.sure(three.sha, "log", "add", "draft")
    made.git(three.sha, "switch", "--quiet", "main")
    made.sure(three.sha, "log", "add", "sent")
    syncs(three.sha)
    made.git(three.sha, "merge", "--no-edit", "draft")
    sent, draft = lines(three.sha)
    assert '"words": "sent"' in sent
    assert '"n": 1' in sent
    assert draft.endswith('"words": "draft", "was": "1SHA"}')


def test_two_amendments_of_one_entry_are_shown_until_one_is_taken_back(three: Stations) -> None:
    made.sure(three.sha, "log", "add", "甲")
    syncs(three.sha)
    second = twin(three)
    for root, words in ((three.sha, "乙"), (second, "丙")):
        made.sure(root, "log", "amend", "1SHA", "words", words, "--reason", "写错")
    syncs(three.sha)
    ran = made.sure(second, "sync")
    for entry in ("2026-11/3SHA", "2026-11/2SHA"):
        assert f"\n  svcctl log void {entry} --reason" in ran.out
    assert "1SHA.words is contested" in made.call(second, "log", "list", now=LATER).err
    again = ("log", "amend", "1SHA", "words", "丁", "--reason", "x")
    ran = made.call(second, *again, now=LATER)
    assert (ran.code, "[contested]" in ran.err) == (3, True)
    made.sure(second, "log", "void", "3SHA", "--reason", "乙对", now=LATER)
    assert made.call(second, "log", "list", now=LATER).err == ""
    assert [item["words"] for item in entries(second)] == ["乙"]
    made.sure(second, *again, now=LATER)


def test_an_entry_about_a_ticket_that_got_another_id_follows_it(three: Stations) -> None:
    second = twin(three)
    new = ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "-o", "ids")
    old = made.sure(three.sha, *new, "--subject", "甲").out.strip()
    assert made.sure(second, *new, "--subject", "乙").out.strip() == old
    made.sure(three.sha, "log", "add", "关于甲", "--ticket", old)
    made.sure(second, "log", "add", "关于乙", "--ticket", old)
    syncs(three.sha)
    out = made.sure(second, "sync").out
    fresh = out.partition(f"{old} of here is now ")[2].partition(",")[0]
    assert "2026-11.SHA follows it" in out
    about = {item["words"]: item["tickets"] for item in entries(second)}
    assert about == {"关于甲": [old], "关于乙": [fresh]}
    sound(second)


def test_an_entry_that_somebody_took_out_comes_back_with_a_sync(three: Stations) -> None:
    for words in ("甲", "乙"):
        made.sure(three.sha, "log", "add", words)
    syncs(three.sha, three.bja)
    file = three.bja / path_of("SHA")
    file.write_text(file.read_text("utf-8").replace(lines(three.bja)[0] + "\n", ""), "utf-8")
    made.commit_all(three.bja)
    made.sure(three.sha, "log", "add", "丙")
    syncs(three.sha)
    ran = made.sure(three.bja, "sync")
    assert len(lines(three.bja)) == 3
    assert ran.code == 0
    sound(three.bja)


def entry(n: int, words: str, desk: str = "SHA") -> Event:
    from svcctl.domain.times import parse_instant

    at = parse_instant("2026-11-16T09:30:00+08:00")
    return Event(n, desk, at, at, "eng1", "logged", {"words": words})


def book(*events: Event, desk: str = "SHA", month: str = "2026-11") -> bytes:
    head: dict[str, Value] = {"id": f"{month}.{desk}", "kind": "log"}
    return Case(LOG, head, list(events)).text()


def test_books_of_different_months_or_desks_are_never_mixed() -> None:
    path = path_of("SHA")
    for other in (book(entry(1, "乙"), month="2026-10"), book(entry(1, "乙"), desk="BJA")):
        merged = merge_file(path, book(entry(1, "甲")), other, [])
        assert merged.data is None
        assert merged.conflict is not None
        assert b"<<<<<<<" in merged.conflict.marked


def test_ends_of_lines_and_the_order_of_a_hand_are_no_change() -> None:
    path, base = path_of("SHA"), book(entry(1, "甲"), entry(2, "乙"))
    first, second = base.decode().splitlines()[-2:]
    by_hand = base.decode().replace(f"{first}\n{second}\n", f"{second}\n{first}\n")
    merged = merge_file(path, by_hand.replace("\n", "\r\n").encode(), base, [base])
    assert merged.data is not None
    read = read_journal(LOG, merged.data, path)
    assert read.case is not None
    assert [event.name for event in read.case.events] == ["1SHA", "2SHA"]


def test_the_driver_for_git_merges_books_of_one_name_and_keeps_strangers_apart(
    tmp_path: Path,
) -> None:
    base, ours, theirs = (tmp_path / name for name in ("base", "ours", "theirs"))
    base.write_bytes(book(entry(1, "甲")))
    ours.write_bytes(book(entry(1, "甲"), entry(2, "乙")))
    theirs.write_bytes(book(entry(1, "甲"), entry(2, "丙")))
    assert merge_for_git(base, ours, theirs, path_of("SHA")) is None
    read = read_journal(LOG, ours.read_bytes(), path_of("SHA"))
    assert read.case is not None
    assert [(e.name, e.was) for e in read.case.events] == [
        ("1SHA", None),
        ("2SHA", None),
        ("3SHA", "2SHA"),
    ]
    theirs.write_bytes(book(entry(1, "甲"), month="2026-10"))
    assert merge_for_git(base, ours, theirs, path_of("SHA")) is not None
    assert b"<<<<<<<" in ours.read_bytes()


# The hub ------------------------------------------------------------------------------------------


@pytest.fixture
def written(three: Stations) -> Stations:
    """SHA's log has two entries, which the hub has and BJA has."""
    for words in ("甲", "乙"):
        made.sure(three.sha, "log", "add", words)
    syncs(three.sha, three.bja)
    return three


def told(three: Stations) -> list[str]:
    """What the hub says to what BJA has committed."""
    from datetime import UTC, datetime

    from svcctl.desk import hub

    before = made.git(three.hub, "rev-parse", "main").strip()
    made.git(three.bja, "push", "--quiet", "--force", str(three.hub), "HEAD:refs/heads/trial")
    after = made.git(three.bja, "rev-parse", "HEAD").strip()

    def clock() -> datetime:
        return datetime(2026, 11, 16, tzinfo=UTC)

    reasons = hub.receive(three.hub, [f"{before} {after} refs/heads/main\n"], clock)
    return [reason.template.format_map(dict(reason.args)) for reason in reasons]


def rewrite(root: Path, old: str, new: str, desk: str = "SHA") -> None:
    file = root / path_of(desk)
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    made.commit_all(root)


def test_the_hub_takes_what_a_desk_wrote_in_its_own_book(written: Stations) -> None:
    made.sure(written.bja, "log", "add", "在北京")
    assert told(written) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("甲", "丙", f"{path_of('SHA')}: lines were changed or removed: 1SHA"),
        ("kind: log", "kind: book", "E203"),
        ('id: "2026-11.SHA"', 'id: "2026-10.SHA"', "E301"),
        ('"desk": "SHA"', '"desk": "BJA"', "E314"),
    ],
)
def test_the_hub_refuses_a_changed_journal_and_names_it(
    written: Stations, old: str, new: str, reason: str
) -> None:
    rewrite(written.bja, old, new)
    reasons = told(written)
    assert any(reason in one for one in reasons), reasons
    assert all(path_of("SHA") in one for one in reasons)


def test_the_hub_refuses_a_removed_entry_and_a_removed_book(written: Stations) -> None:
    rewrite(written.bja, lines(written.bja)[0] + "\n", "")
    assert told(written) == [f"{path_of('SHA')}: lines were changed or removed: 1SHA"]
    (written.bja / path_of("SHA")).unlink()
    made.commit_all(written.bja)
    assert told(written) == [f"{path_of('SHA')}: the record was removed"]


def test_the_hub_refuses_a_line_in_another_desks_book(written: Stations) -> None:
    file = written.bja / path_of("SHA")
    theirs = entry(3, "北京的话", "BJA").canonical()
    file.write_text(file.read_text("utf-8") + f"- {theirs}\n", "utf-8")
    made.commit_all(written.bja)
    (reason,) = told(written)
    assert reason.startswith(f"{path_of('SHA')}:7: E314 ")


def test_the_hub_refuses_the_book_of_a_desk_that_is_not_registered(written: Stations) -> None:
    (written.bja / path_of("XX")).write_bytes(book(entry(1, "甲", "XX"), desk="XX"))
    made.commit_all(written.bja)
    (reason,) = told(written)
    assert "XX, which is not registered" in reason


# The history --------------------------------------------------------------------------------------


def found(root: Path) -> set[tuple[str, str]]:
    ran = made.call(root, "audit", "--history", "-o", "json", now=LATER)
    return {(item["code"], item["path"]) for item in json.loads(ran.out)["items"]}


def test_the_history_tells_of_entries_that_were_changed_or_taken_out(written: Stations) -> None:
    path = path_of("SHA")
    assert found(written.sha) == set()
    rewrite(written.sha, "甲", "丙")
    assert found(written.sha) == {("E502", path)}
    rewrite(written.sha, "丙", "甲")
    assert found(written.sha) == set(), "it was put back"
    rewrite(written.sha, lines(written.sha)[0] + "\n", "")
    assert found(written.sha) == {("E501", path)}
    (written.sha / path).unlink()
    made.commit_all(written.sha)
    assert found(written.sha) == {("E504", path)}
    (written.sha / path).write_bytes(book(entry(1, "另一本")))
    made.commit_all(written.sha)
    assert {code for code, _ in found(written.sha)} == {"E501", "E502"}


def test_the_same_lines_in_another_journal_are_not_there(written: Stations) -> None:
    path, other = path_of("SHA"), "records/tickets/2026/11/2026-11.SHA.yaml"
    (written.sha / path).rename(written.sha / other)
    made.commit_all(written.sha)
    assert ("E504", path) in found(written.sha)
