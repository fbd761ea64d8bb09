"""``svcctl sync``: what clones wrote apart comes together, nothing is lost, and every stop says why."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER, OTHER, TICKET, Ran
from stations import Stations, stations, tree, twin

from svcctl.domain import identity
from svcctl.ledger import remote
from svcctl.ledger.folder import Ledger

CARD = f"records/customers/{CUSTOMER}.yaml"
FILE = f"records/tickets/2026/11/{TICKET}.yaml"
FREE = f"records/tickets/2026/11/{OTHER}.yaml"


@pytest.fixture
def three(tmp_path: Path) -> Stations:
    return stations(tmp_path)


def note(root: Path, text: str, ticket: str = TICKET) -> None:
    made.sure(root, "ticket", "note", ticket, text)


def syncs(*roots: Path) -> list[Ran]:
    return [made.sure(root, "sync") for root in roots]


def alike(three: Stations) -> None:
    """All stations and the hub hold the same records, and nothing is left to commit."""
    assert len({tree(root) for root in three.all} | {tree(three.hub, "main")}) == 1
    assert [made.git(root, "status", "--porcelain") for root in three.all] == ["", "", ""]


def sound(root: Path) -> None:
    assert made.sure(root, "audit", "--only", "E1,E2,E3").out.startswith("0 errors, 0 warnings")


def refused(root: Path, code: str, *words: str) -> Ran:
    """A sync that stops with ``code`` leaves files and branch as they were."""
    before = made.git(root, "rev-parse", "HEAD"), made.git(root, "status", "--porcelain")
    ran = made.call(root, "sync", *words)
    assert f"[{code}]" in ran.err, ran
    assert "\n  " in ran.err, "no remedy"
    after = made.git(root, "rev-parse", "HEAD"), made.git(root, "status", "--porcelain")
    assert before == after
    return ran


def test_lines_written_apart_are_all_there_after_two_rounds(three: Stations) -> None:
    for root in three.all:
        note(root, f"by {root.name}")
        made.sure(
            root, "ticket", "new", "--kind", "inquiry", "--customer", CUSTOMER, "--subject", "问"
        )
    syncs(*three.all, *three.all)
    alike(three)
    text = (three.gza / FILE).read_text("utf-8")
    assert all(f"by {root.name}" in text for root in three.all)
    assert len(list((three.sha / "records/tickets").rglob("*.yaml"))) == 6
    sound(three.bja)


def test_a_value_given_on_both_sides_is_named_with_the_way_to_settle_it(three: Stations) -> None:
    made.sure(three.sha, "ticket", "review", OTHER, "--cover", "free", "--by", "mgr1")
    made.sure(three.bja, "ticket", "review", OTHER, "--cover", "paid", "--by", "mgr1")
    syncs(three.sha)
    ran = made.sure(three.bja, "sync")
    assert f"{OTHER}: both sides are kept: here 2BJA; there 2SHA" in ran.out
    for name in ("2SHA", "2BJA"):
        assert f"\n  svcctl ticket settle {OTHER} --pick {name} --reason" in ran.out
    settled = made.sure(
        three.bja, *f"ticket settle {OTHER} --pick 2SHA --reason x".split(), "--by", "mgr1"
    )
    assert settled.out.count('"do": "settled"') == 2, "state and cover, of one pair of events"
    syncs(three.bja, three.sha)
    shown = json.loads(made.sure(three.sha, "ticket", "show", OTHER, "-o", "json").out)
    assert shown["items"][0]["contested"] == []


def test_a_card_changed_in_different_fields_keeps_both_and_its_comments(three: Stations) -> None:
    for root in (three.sha, three.bja):
        card = (root / CARD).read_text("utf-8")
        (root / CARD).write_text(card.replace("name:", "# 熟客\nname:"), "utf-8")
        made.commit_all(root)
    made.sure(three.sha, "customer", "set", CUSTOMER, "--phone", "111")
    made.sure(three.bja, "customer", "set", CUSTOMER, "--marks", "VIP", "--email", "a@example.com")
    syncs(three.sha, three.bja)
    lines = (three.bja / CARD).read_text("utf-8").split("\n")
    assert "# 熟客" in lines
    assert {'phone: "111"', "marks: VIP", "email: a@example.com"} <= set(lines)


def disagree(three: Stations) -> Ran:
    made.sure(three.sha, "customer", "set", CUSTOMER, "--phone", "111", "--marks", "VIP")
    made.sure(three.bja, "customer", "set", CUSTOMER, "--phone", "222", "--email", "b@example.com")
    note(three.bja, "meanwhile")
    syncs(three.sha)
    return refused(three.bja, "sync-conflict")


def test_a_field_changed_otherwise_on_both_sides_stops_and_shows_both(three: Stations) -> None:
    ran = disagree(three)
    assert ran.code == 5
    assert "phone: here 222, there 111" in ran.err
    note(three.bja, "work goes on")
    copy = three.bja / ".git/svcctl/sync" / CARD
    assert "<<<<<<< here" in copy.read_text("utf-8")
    assert refused(three.bja, "still-undecided", "--continue").code == 5
    text = copy.read_text("utf-8")
    start, end = text.index("<<<<<<<"), text.index("\n", text.index(">>>>>>>")) + 1
    copy.write_text(text[:start] + 'phone: "333"\n' + text[end:], "utf-8")
    made.sure(three.bja, "sync", "--continue")
    syncs(three.sha, three.gza)
    alike(three)
    card = (three.sha / CARD).read_text("utf-8")
    assert 'phone: "333"' in card
    assert "marks: VIP" in card
    assert "b@example.com" in card
    assert not (three.bja / ".git/svcctl/sync").exists()


def test_a_copy_that_nobody_could_read_is_not_merged_and_its_line_is_named(
    three: Stations,
) -> None:
    disagree(three)
    copy = three.bja / ".git/svcctl/sync" / CARD
    text = copy.read_text("utf-8").split("\n")
    both = [line for line in text if not line.startswith(("<<<<<<<", "=======", ">>>>>>>"))]
    copy.write_text("\n".join(both), "utf-8")
    ran = refused(three.bja, "bad-copy", "--continue")
    assert ran.code == 5
    second = [at for at, line in enumerate(both, start=1) if line.startswith("phone:")][1]
    assert f"{copy}:{second}: E1" in ran.err
    assert copy.read_text("utf-8") == "\n".join(both)
    del both[second - 1]
    copy.write_text("\n".join(both), "utf-8")
    made.sure(three.bja, "sync", "--continue")
    assert 'phone: "222"' in (three.bja / CARD).read_text("utf-8")
    sound(three.bja)


@pytest.mark.parametrize(("side", "phone"), [("here", "222"), ("there", "111")])
def test_one_side_can_be_taken_for_all_that_is_disputed(
    three: Stations, side: str, phone: str
) -> None:
    disagree(three)
    made.sure(three.bja, "sync", "--continue", "--keep", side)
    card = (three.bja / CARD).read_text("utf-8")
    assert f'phone: "{phone}"' in card
    assert "marks: VIP" in card
    assert "b@example.com" in card


def test_a_conflict_is_an_answer_for_machines_too(three: Stations) -> None:
    disagree(three)
    ran = made.call(three.bja, "sync", "-o", "json")
    assert ran.code == 5
    answer = json.loads(ran.out)
    assert (answer["kind"], answer["as_of"]) == ("disputed", made.NOW)
    [item] = answer["items"]
    assert item == {
        "id": CUSTOMER,
        "path": CARD,
        "field": "phone",
        "here": "222",
        "there": "111",
        "why": item["why"],
    }
    assert "phone" in ran.err
    ran = made.call(three.bja, "sync", "--continue", "-o", "csv")
    assert ran.code == 5
    assert ran.out.splitlines() == ["id,field,here,there,why", f"{CUSTOMER},,,,not yet decided"]
    done = json.loads(
        made.sure(three.bja, "sync", "--continue", "--keep", "here", "-o", "json").out
    )
    assert done["as_of"] == made.NOW


def test_the_moment_of_an_answer_is_in_the_ledgers_zone(three: Stations) -> None:
    ran = made.sure(three.sha, "sync", "-o", "json", now="2026-11-16T03:00:00+00:00")
    assert json.loads(ran.out)["as_of"] == "2026-11-16T11:00:00+08:00"


def test_there_is_nothing_to_continue_where_nothing_stopped(three: Stations) -> None:
    assert refused(three.sha, "nothing-to-continue", "--continue").code == 8
    assert made.call(three.sha, "sync", "--keep", "here").code == 2


def test_a_file_changed_by_hand_is_never_overwritten(three: Stations) -> None:
    made.sure(three.sha, "customer", "set", CUSTOMER, "--phone", "111")
    syncs(three.sha)
    card = three.bja / CARD
    card.write_text(card.read_text("utf-8") + "marks: by hand\n", "utf-8")
    assert CARD in refused(three.bja, "in-the-way").err
    made.git(three.bja, "add", CARD)
    refused(three.bja, "in-the-way")
    made.commit_all(three.bja)
    syncs(three.bja)
    assert "marks: by hand" in card.read_text("utf-8")
    assert 'phone: "111"' in card.read_text("utf-8")


def commands(ran: Ran, first: str) -> str:
    """The command of a remedy from ``first`` on, without what is said around it."""
    line = next(line for line in ran.err.split("\n") if first in line)
    return line[line.index(first) :].partition(", then")[0].partition(" does")[0]


def paste(root: Path, command: str) -> None:
    subprocess.run(["sh", "-c", command], cwd=root, check=True, capture_output=True)


def test_lines_written_on_no_branch_come_along_by_the_way_back_that_is_named(
    three: Stations,
) -> None:
    made.git(three.bja, "checkout", "--quiet", "--detach")
    note(three.bja, "on no branch")
    ran = refused(three.bja, "no-branch")
    seen = made.call(three.bja, "doctor")
    assert seen.code == 1
    assert "is not on a branch" in seen.out
    paste(three.bja, commands(ran, "git branch"))
    syncs(three.bja, three.sha)
    assert "on no branch" in (three.sha / FILE).read_text("utf-8")
    assert "is not on a branch" not in made.call(three.bja, "doctor").out


def test_the_way_out_of_a_head_changed_by_hand_keeps_a_line_that_waits(three: Stations) -> None:
    note(three.sha, "from afar")
    syncs(three.sha)
    lock = three.bja / ".git/index.lock"
    lock.touch()
    note(three.bja, "waits")
    lock.unlink()
    file = three.bja / FILE
    good = file.read_text("utf-8")
    file.write_text(good.replace("subject: 不制冷", "subject: 不制热"), "utf-8")
    told = refused(three.bja, "in-the-way").err
    assert f"git diff HEAD -- :/{FILE}" in told
    assert "drops lines of svcctl that are not committed yet" in told
    file.write_text(file.read_text("utf-8").replace("不制热", "不制冷"), "utf-8")
    syncs(three.bja)
    assert {"waits", "from afar"} <= set(re.findall("waits|from afar", file.read_text("utf-8")))


def test_a_file_git_does_not_know_is_never_overwritten(three: Stations) -> None:
    ran = made.sure(three.sha, "customer", "new", "--name", "丙", "-o", "ids")
    path = f"records/customers/{ran.out.strip()}.yaml"
    syncs(three.sha)
    (three.bja / path).write_text("mine\n", "utf-8")
    refused(three.bja, "in-the-way")
    (three.bja / path).unlink()
    syncs(three.bja)


def test_what_is_staged_or_changed_elsewhere_stays_as_it_is(three: Stations) -> None:
    note(three.sha, "from afar")
    syncs(three.sha)
    (three.bja / "README.md").write_text("mine\n", "utf-8")
    made.git(three.bja, "add", "README.md")
    card = three.bja / "records/customers" / f"{made.SECOND}.yaml"
    card.write_text(card.read_text("utf-8") + "marks: by hand\n", "utf-8")
    before = made.git(three.bja, "status", "--porcelain")
    syncs(three.bja)
    assert made.git(three.bja, "status", "--porcelain") == before
    assert "from afar" in (three.bja / FILE).read_text("utf-8")


def test_what_was_changed_by_hand_and_not_committed_is_named_with_the_command(
    three: Stations,
) -> None:
    assert "not committed" not in made.sure(three.sha, "sync").err
    card = three.sha / CARD
    card.write_text(card.read_text("utf-8") + "marks: by hand\n", "utf-8")
    new = three.sha / "records/units/SN9.yaml"
    new.parent.mkdir(exist_ok=True)
    new.write_text(f'format: 1\nserial: "SN9"\ncustomer: {CUSTOMER}\n', "utf-8")
    (three.sha / "records/customers/.left.swp").write_text("x", "utf-8")
    named = f"{CARD}, records/units/SN9.yaml"
    for words in (("sync",), ("sync", "--dry-run"), ("sync", "-o", "json")):
        assert f"no other station gets it: {named}\n" in made.sure(three.sha, *words).err
    ran = made.call(three.sha, "doctor")
    assert ran.code == 1
    assert named in ran.out
    assert "git add -A records && git commit -m WHY" in ran.out
    (three.sha / "records/customers/.left.swp").unlink()
    made.git(three.sha, "add", "-A", "records")
    made.git(three.sha, "commit", "--quiet", "-m", "WHY")
    assert "not committed" not in made.sure(three.sha, "sync").err
    syncs(three.bja)
    assert (three.bja / CARD).read_bytes() == card.read_bytes()


def test_what_is_kept_for_good_and_was_changed_by_hand_is_not_to_be_committed(
    three: Stations,
) -> None:
    policy = next((three.sha / "records/policy").glob("*.yaml")).relative_to(three.sha)
    card = three.sha / CARD
    card.write_text(card.read_text("utf-8") + "marks: by hand\n", "utf-8")
    file = three.sha / FILE
    file.write_text(file.read_text("utf-8").replace("T09:02", "T09:01", 1), "utf-8")
    rules = (three.sha / policy).read_text("utf-8")
    (three.sha / policy).write_text(rules + "note: mine\n", "utf-8")
    ran = made.sure(three.sha, "sync")
    assert f"which no hub takes: {policy}, {FILE}\n" in ran.err
    assert f"no other station gets it: {CARD}\n" in ran.err
    assert f"git commit -m WHY -- {CARD}\n" in ran.err
    assert "git add -A records " not in ran.err
    assert f"which no hub takes: {policy}, {FILE}" in made.call(three.sha, "doctor").out
    made.git(three.sha, "add", "-A", "records")
    for _ in range(2):
        paste(three.sha / "records", commands(made.sure(three.sha, "sync"), "git checkout HEAD"))
    told = made.sure(three.sha, "sync").err
    assert "no hub takes" not in told
    assert "git add -A records && git commit" in told


def test_a_policy_to_come_changed_by_hand_is_a_persons_to_commit(three: Stations) -> None:
    today = next((three.sha / "records/policy").glob("*.yaml"))
    coming = today.with_name("2099-01-01.yaml")
    coming.write_bytes(today.read_bytes())
    made.commit_all(three.sha)
    coming.write_text(coming.read_text("utf-8") + "note: mine\n", "utf-8")
    told = made.sure(three.sha, "sync").err
    assert "no hub takes" not in told
    assert "git add -A records && git commit" in told


def test_what_was_removed_by_hand_is_named_with_the_way_back(three: Stations) -> None:
    (three.sha / CARD).unlink()
    told = made.sure(three.sha, "sync").err
    assert f"which no other station takes: {CARD}\n" in told
    assert f"git checkout HEAD -- {CARD}" in told
    assert "git add" not in told
    made.git(three.sha, "checkout", "HEAD", "--", CARD)
    (three.sha / "records/tickets/2026/10").mkdir()
    made.git(three.sha, "mv", FILE, FILE.replace("/11/", "/10/"))
    told = made.sure(three.sha, "sync").err
    assert "removed here" not in told
    assert FILE.replace("/11/", "/10/") in told


@pytest.mark.parametrize("here", [True, False], ids=["here", "there"])
def test_a_deleted_record_stops_the_sync(three: Stations, here: bool) -> None:
    made.git(three.sha, "rm", "--quiet", FREE)
    made.commit_all(three.sha)
    if not here:
        made.git(three.sha, "push", "--quiet", "origin", "main")
    ran = refused(three.sha if here else three.bja, "would-delete-records")
    assert FREE in ran.err
    assert ran.code == 3
    assert (three.bja / FREE).exists()


def test_lines_taken_out_of_a_ticket_come_back(three: Stations) -> None:
    file = three.bja / FILE
    lines = file.read_text("utf-8").split("\n")
    taken = lines.pop(-3)
    file.write_text("\n".join(lines), "utf-8")
    made.commit_all(three.bja)
    note(three.sha, "from afar")
    syncs(three.sha, three.bja)
    assert taken in file.read_text("utf-8").split("\n")
    syncs(three.sha)
    assert taken in (three.sha / FILE).read_text("utf-8").split("\n")


def test_a_head_changed_by_hand_stops_and_can_be_put_right(three: Stations) -> None:
    file = three.bja / FILE
    before = file.read_text("utf-8")
    file.write_text(before.replace("subject: 不制冷", "subject: 不制热"), "utf-8")
    made.commit_all(three.bja)
    note(three.bja, "goes on")
    ran = refused(three.bja, "sync-conflict")
    assert ran.code == 5
    assert "the head was changed" in ran.err
    copy = three.bja / ".git/svcctl/sync" / FILE
    copy.write_text(file.read_text("utf-8").replace("不制热", "不制冷"), "utf-8")
    made.sure(three.bja, "sync", "--continue")
    assert file.read_text("utf-8").startswith(before)
    assert "goes on" in file.read_text("utf-8")
    syncs(three.sha, three.gza)
    alike(three)


def test_a_hub_whose_history_was_rewritten_is_not_merged(three: Stations) -> None:
    note(three.sha, "gone soon")
    syncs(three.sha, three.bja)
    made.git(three.hub, "update-ref", "refs/heads/main", "main~1")
    ran = refused(three.bja, "history-rewritten")
    assert ran.code == 3
    assert "gone soon" in (three.bja / FILE).read_text("utf-8")


def test_another_ledger_is_not_merged(three: Stations, tmp_path: Path) -> None:
    other = tmp_path / "other"
    made.sure(other, "init", other, "--desk", "NJ")
    assert refused(three.bja, "unrelated", str(other)).code == 3


def test_without_a_remote_the_sync_says_how_to_name_one(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    assert refused(root, "no-remote").code == 8


def test_the_first_place_synced_with_is_remembered(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "another")
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "usual"], check=True)
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "stick"], check=True)
    told = made.sure(root, "sync", tmp_path / "usual").err
    assert "from now on" in told
    assert "from now on" not in made.sure(root, "sync", tmp_path / "stick").err
    made.sure(root, "ticket", "note", TICKET, "x")
    assert json.loads(made.sure(root, "sync", "-o", "json").out)["items"][0]["change"] == "sent"
    assert made.git(tmp_path / "usual", "log", "-1", "--format=%s", "main") == f"{TICKET} noted\n"


def test_git_pull_alone_knows_where_after_the_first_sync(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "first")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "hub"], check=True)
    made.sure(root, "sync", tmp_path / "hub")
    second = tmp_path / "BJA"
    made.sure(second, "init", "--from", tmp_path / "hub", "--desk", "BJA")
    made.sure(second, "sync")
    made.git(root, "pull", "--quiet", "--ff-only")
    assert tree(root) == tree(second)
    assert made.git(root, "rev-parse", "--abbrev-ref", "@{upstream}") == "origin/main\n"


def test_a_branch_that_a_person_had_set_to_follow_another_is_left_so(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "first")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "hub"], check=True)
    made.git(root, "config", "branch.main.remote", ".")
    made.sure(root, "sync", tmp_path / "hub")
    assert made.git(root, "config", "branch.main.remote") == ".\n"


def test_a_hub_that_cannot_be_reached_loses_nothing(three: Stations) -> None:
    note(three.bja, "kept")
    three.hub.rename(three.hub.with_name("away"))
    ran = refused(three.bja, "remote-unreachable")
    assert ran.code == 6
    three.hub.with_name("away").rename(three.hub)
    syncs(three.bja, three.sha)
    assert "kept" in (three.sha / FILE).read_text("utf-8")


def test_a_hub_that_vanishes_half_way_loses_nothing(
    three: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(three.sha, "from afar")
    syncs(three.sha)
    note(three.bja, "kept")
    real = remote.push

    def vanishing(*given: Any) -> object:
        three.hub.rename(three.hub.with_name("away"))
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(remote, "push", vanishing)
        ran = made.call(three.bja, "sync")
    assert ran.code == 6
    assert "[remote-unreachable]" in ran.err
    text = (three.bja / FILE).read_text("utf-8")
    assert "from afar" in text
    assert "kept" in text
    three.hub.with_name("away").rename(three.hub)
    syncs(three.bja, three.sha, three.gza)
    alike(three)


def test_whoever_is_slower_merges_and_sends_again(
    three: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(three.bja, "slow")
    real, tries = remote.push, []

    def slower(*given: Any) -> object:
        tries.append(1)
        if len(tries) < 4:
            with monkeypatch.context() as patch:
                patch.setattr(remote, "push", real)
                note(three.sha, f"faster {len(tries)}")
                syncs(three.sha)
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(remote, "push", slower)
        patch.setattr("time.sleep", lambda _seconds: None)
        made.sure(three.bja, "sync")
    assert len(tries) == 4
    syncs(three.sha, three.gza)
    alike(three)
    text = (three.gza / FILE).read_text("utf-8")
    assert all(f"faster {n}" in text for n in (1, 2, 3))
    assert "slow" in text


def test_it_works_over_ssh(
    three: Stations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(
        '#!/bin/sh\nwhile [ "$1" != hub.example ]; do shift; done; shift\nexec sh -c "$*"\n'
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    note(three.bja, "by ssh")
    ran = made.sure(three.bja, "sync", f"hub.example:{three.hub}")
    assert "1 from here" in ran.out
    syncs(three.sha)
    assert "by ssh" in (three.sha / FILE).read_text("utf-8")
    station = tmp_path / "station"
    made.sure(station, "init", "--from", f"ssh://hub.example{three.hub}", "--desk", "HZ")
    made.sure(station, "me", "mgr1")
    assert "1 from here" in made.sure(station, "sync").out


def test_a_dry_run_says_what_would_happen_and_changes_nothing(three: Stations) -> None:
    note(three.sha, "from afar")
    syncs(three.sha)
    note(three.bja, "here")
    before = tree(three.bja), tree(three.hub, "main")
    ran = made.sure(three.bja, "sync", "--dry-run", "-o", "json")
    [item] = json.loads(ran.out)["items"]
    assert (item["id"], item["change"]) == (TICKET, "both")
    assert (item["from_here"], item["from_there"]) == (["5BJA"], ["5SHA"])
    assert (tree(three.bja), tree(three.hub, "main")) == before


def with_crlf(file: Path, *more: str) -> None:
    """Save a file as an editor of another system does, with lines of one's own."""
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    file.write_bytes(file.read_bytes() + "".join(f"{line}\r\n" for line in more).encode())


@pytest.mark.parametrize("pushed", [False, True], ids=["only committed", "pushed with git"])
@pytest.mark.parametrize("path", [CARD, FILE], ids=["a card", "a ticket"])
def test_line_ends_of_another_editor_are_put_right_by_a_sync(
    three: Stations, path: str, pushed: bool
) -> None:
    with_crlf(three.bja / path, "# a remark")
    made.commit_all(three.bja)
    if pushed:
        made.git(three.bja, "push", "--quiet", "origin", "main")
    assert "E103" in made.call(three.bja, "audit", "--only", "E1").out
    made.sure(three.bja, "sync")
    sound(three.bja)
    assert b"\r" not in (three.bja / path).read_bytes()
    assert (three.bja / path).read_bytes().endswith(b"# a remark\n")
    syncs(three.sha, three.gza, three.bja)
    alike(three)
    sound(three.bja)


def test_line_ends_that_cannot_be_put_right_keep_nothing_from_being_sent(
    three: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svcctl.desk import syncing
    from svcctl.domain.problems import Message, StorageFailed

    def full(*_: object) -> None:
        raise StorageFailed("disk-full", Message("the disk is full"))

    with_crlf(three.bja / CARD, "# a remark")
    made.commit_all(three.bja)
    note(three.bja, "to be sent")
    with monkeypatch.context() as patched:
        patched.setattr(syncing, "settle_line_ends", full)
        ran = made.sure(three.bja, "sync")
    assert "line ends of another editor stay" in ran.out + ran.err
    assert "the disk is full" in ran.out + ran.err
    assert tree(three.hub, "main") == tree(three.bja)
    assert b"\r" in (three.bja / CARD).read_bytes()
    made.sure(three.bja, "sync")
    assert b"\r" not in (three.bja / CARD).read_bytes()


def test_git_is_asked_once_of_all_files_with_other_line_ends(
    three: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svcctl.ledger import lineends
    from svcctl.ledger.git import run

    with_crlf(three.bja / CARD, "# a remark")
    with_crlf(three.bja / FILE, "# a remark")
    made.commit_all(three.bja)
    asked: list[list[str]] = []

    def noting(top: Path, words: Sequence[str]) -> bytes:
        asked.append(list(words))
        return run(top, words)

    monkeypatch.setattr(lineends, "run", noting)
    made.sure(three.bja, "sync")
    [words] = asked
    assert set(words) >= {CARD, FILE}
    assert b"\r" not in (three.bja / CARD).read_bytes() + (three.bja / FILE).read_bytes()


def test_an_edit_that_is_not_committed_keeps_its_line_ends(three: Stations) -> None:
    with_crlf(three.bja / CARD, "# not committed")
    before = (three.bja / CARD).read_bytes()
    note(three.sha, "there")
    syncs(three.sha, three.bja)
    assert (three.bja / CARD).read_bytes() == before
    assert "E103" in made.call(three.bja, "audit", "--only", "E1").out


def test_a_line_written_to_a_ticket_with_other_line_ends_puts_them_right(three: Stations) -> None:
    with_crlf(three.bja / FILE)
    note(three.bja, "one more")
    assert b"\r" not in (three.bja / FILE).read_bytes()
    assert made.git(three.bja, "status", "--porcelain") == ""
    sound(three.bja)


def test_line_ends_and_order_of_a_hand_are_no_conflict(three: Stations) -> None:
    file = three.bja / FILE
    lines = file.read_text("utf-8").split("\n")
    lines[-2], lines[-3] = lines[-3], lines[-2]  # the last element is empty
    file.write_bytes("\r\n".join(lines).encode())
    made.commit_all(three.bja)
    note(three.sha, "from afar")
    syncs(three.sha, three.bja, three.sha, three.gza)
    alike(three)
    assert b"\r" not in file.read_bytes()
    sound(three.sha)


def test_a_ticket_moved_to_another_folder_takes_the_lines_of_the_others_along(
    three: Stations,
) -> None:
    wrong = FREE.replace("/11/", "/10/")
    (three.sha / wrong).parent.mkdir()
    made.git(three.sha, "mv", FREE, wrong)
    made.commit_all(three.sha)
    note(three.bja, "in the old place", OTHER)
    syncs(three.sha, three.bja, three.sha, three.gza)
    alike(three)
    assert "in the old place" in (three.sha / wrong).read_text("utf-8")
    assert not (three.bja / FREE).exists()


@pytest.fixture
def doubled(three: Stations) -> Stations:
    """Every clone has two files with one id; the second one, in the wrong folder, has a line of its own."""
    file, wrong = three.sha / FREE, three.sha / FREE.replace("/11/", "/12/")
    before = file.read_bytes()
    note(three.sha, "in the wrong place", OTHER)
    wrong.parent.mkdir()
    wrong.write_bytes(file.read_bytes())
    file.write_bytes(before)
    made.git(three.sha, "reset", "--quiet", "HEAD~1")
    made.commit_all(three.sha)
    syncs(*three.all)
    return three


def renamed(file: Path) -> None:
    """What E304 advises for the later of two records: a new id, and its old one as ``alias``."""
    new = identity.ticket_id("SHA", date(2026, 11, 16), 77)
    text = file.read_text("utf-8").replace(f"id: {OTHER}\n", f"id: {new}\nalias: {OTHER}\n", 1)
    (file.parents[1] / "11" / f"{new}.yaml").write_text(text, "utf-8")
    file.unlink()


@pytest.mark.parametrize("way", ["moved over it", "lines put together", "new id"])
def test_there_is_a_way_out_of_two_files_with_one_id(doubled: Stations, way: str) -> None:
    place = doubled.sha
    file, wrong = place / FREE, place / FREE.replace("/11/", "/12/")
    if way == "moved over it":
        made.git(place, "mv", "-f", str(wrong), str(file))
    elif way == "lines put together":
        note(doubled.bja, "in the right place meanwhile", OTHER)
        file.write_bytes(wrong.read_bytes())
        made.git(place, "rm", "--quiet", str(wrong))
    else:
        renamed(wrong)
    made.commit_all(place)
    syncs(doubled.sha, doubled.bja, doubled.gza, doubled.sha)
    alike(doubled)
    assert not (doubled.bja / wrong.relative_to(place)).exists()
    kept = b"".join(path.read_bytes() for path in (doubled.gza / FREE).parent.iterdir())
    assert b"in the wrong place" in kept
    sound(doubled.gza)


def test_the_last_file_that_has_a_line_does_not_go(doubled: Stations) -> None:
    wrong = FREE.replace("/11/", "/12/")
    made.git(doubled.sha, "rm", "--quiet", wrong)
    made.commit_all(doubled.sha)
    assert wrong in refused(doubled.sha, "would-delete-records").err


def test_two_sides_that_each_keep_another_file_lose_neither(doubled: Stations) -> None:
    wrong = FREE.replace("/11/", "/12/")
    made.git(doubled.sha, "mv", "-f", wrong, FREE)
    made.commit_all(doubled.sha)
    made.git(doubled.bja, "rm", "--quiet", FREE)
    made.commit_all(doubled.bja)
    syncs(doubled.sha, doubled.bja, doubled.sha)
    assert "in the wrong place" in (doubled.bja / FREE).read_text("utf-8")


def test_of_two_equal_files_one_stays_whichever_each_side_keeps(three: Stations) -> None:
    wrong = FREE.replace("/11/", "/12/")
    (three.sha / wrong).parent.mkdir()
    (three.sha / wrong).write_bytes((three.sha / FREE).read_bytes())
    made.commit_all(three.sha)
    syncs(*three.all)
    for place, path in ((three.sha, wrong), (three.bja, FREE)):
        made.git(place, "rm", "--quiet", path)
        made.commit_all(place)
    syncs(three.sha)
    assert FREE in refused(three.bja, "would-delete-records").err
    assert (three.sha / FREE).exists()


# Clones that write as one desk --------------------------------------------------------------------


def test_a_copied_clone_does_not_write_until_it_said_which_desk_it_is(three: Stations) -> None:
    place = three.sha.with_name("copied")
    shutil.copytree(three.sha, place, symlinks=True)
    ran = made.call(place, "ticket", "note", TICKET, "x")
    assert ran.code == 3
    assert "[copied-clone]" in ran.err
    note(three.sha, "sent after the copy")
    syncs(three.sha)
    made.sure(place, "init", str(place), "--desk", "SHA")
    assert "sent after the copy" in (place / FILE).read_text("utf-8"), "it caught up first"
    note(place, "goes on")
    syncs(place)
    other = three.sha.with_name("other")
    shutil.copytree(three.sha, other, symlinks=True)
    made.sure(other, "init", str(other), "--desk", "HZ")
    note(other, "as another desk")
    syncs(other)


def test_two_tickets_with_one_id_are_never_mixed(three: Stations) -> None:
    second = twin(three)
    new = ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "-o", "ids")
    one = made.sure(three.sha, *new, "--subject", "甲").out.strip()
    two = made.sure(second, *new, "--subject", "乙").out.strip()
    assert one == two
    note(second, "about the other", two)
    syncs(three.sha)
    ran = made.sure(second, "sync")
    assert f"{one} of here is now " in ran.out
    fresh = ran.out.partition(f"{one} of here is now ")[2].partition(",")[0]
    text = made.ticket_file(second, fresh).read_text("utf-8")
    assert "subject: 乙" in text
    assert f"alias: {one}" in text
    assert "about the other" in text
    assert "subject: 甲" in made.ticket_file(second, one).read_text("utf-8")
    syncs(three.sha, three.bja, three.gza)
    alike(three)
    sound(three.bja)


def test_two_customers_with_one_id_are_never_mixed_and_their_tickets_follow(
    three: Stations,
) -> None:
    second = twin(three)
    one = made.sure(three.sha, "customer", "new", "--name", "甲甲", "-o", "ids").out.strip()
    two = made.sure(second, "customer", "new", "--name", "乙乙", "-o", "ids").out.strip()
    assert one == two
    unit = ("unit", "new", "SN777", "--model", "X", "--customer", two)
    made.sure(second, *unit)
    new = ("ticket", "new", "--kind", "repair", "--customer", two, "--subject", "乙的", "-o", "ids")
    ticket = made.sure(second, *new).out.strip()
    syncs(three.sha)
    ran = made.sure(second, "sync")
    fresh = ran.out.partition(f"{one} of here is now ")[2].partition(",")[0]
    assert f"{ticket} follows it" in ran.out
    syncs(three.sha, three.bja, three.gza)
    alike(three)
    shown = json.loads(made.sure(three.bja, "ticket", "show", ticket, "-o", "json").out)
    assert shown["items"][0]["customer"] == fresh
    assert f"customer: {fresh}" in (three.bja / "records/units/SN777.yaml").read_text("utf-8")
    assert "甲甲" in (three.bja / f"records/customers/{one}.yaml").read_text("utf-8")
    sound(three.bja)


def test_two_lines_of_one_name_are_both_kept_and_what_followed_follows(three: Stations) -> None:
    second = twin(three)
    note(three.sha, "first")
    note(second, "second")
    made.sure(second, "undo", now="2026-11-16T10:05:00+08:00")
    syncs(three.sha)
    ran = made.sure(second, "sync")
    assert f"{TICKET}: 5SHA of here is now 7SHA" in ran.out
    events = (second / FILE).read_text("utf-8").split("\n")[-4:-1]
    assert '"words": "first"' in events[0]
    assert '"n": 7, "desk": "SHA"' in events[1]
    assert '"was": "5SHA"' in events[1]
    assert '"target": "7SHA"' in events[2]
    syncs(three.sha, three.bja, three.gza, second)
    alike(three)
    assert tree(second) == tree(three.sha)


def test_an_erased_customer_wins_whole(three: Stations) -> None:
    made.sure(three.sha, "customer", "erase", CUSTOMER, "--reason", "asked for", "--by", "mgr1")
    stub = (three.sha / CARD).read_text("utf-8")
    made.sure(three.bja, "customer", "set", CUSTOMER, "--phone", "222")
    syncs(three.sha)
    assert f"{CUSTOMER}: erased" in made.sure(three.bja, "sync").out
    syncs(three.sha, three.gza)
    alike(three)
    assert (three.bja / CARD).read_text("utf-8") == stub


def test_no_copy_is_left_of_a_card_that_another_station_erased(three: Stations) -> None:
    disagree(three)
    copy = three.bja / ".git/svcctl/sync" / CARD
    edited = three.bja / f".git/svcctl/edit-{CUSTOMER}.yaml"
    edited.write_bytes(copy.read_bytes())
    other = edited.with_name(f"edit-{made.SECOND}.yaml")
    other.write_text("mine\n", "utf-8")
    made.sure(three.sha, "customer", "erase", CUSTOMER, "--reason", "x", "--by", "mgr1")
    syncs(three.sha, three.bja)
    assert "erased:" in (three.bja / CARD).read_text("utf-8")
    assert not copy.exists()
    assert not edited.exists()
    assert other.exists()


def test_histories_with_several_merge_bases_stop_only_where_these_disagree(
    three: Stations,
) -> None:
    made.sure(three.sha, "customer", "set", CUSTOMER, "--phone", "111")
    made.sure(three.bja, "customer", "set", CUSTOMER, "--marks", "VIP")
    for root, other in ((three.sha, three.bja), (three.bja, three.sha)):
        made.git(root, "fetch", "--quiet", str(other), "main:refs/heads/other")
    for root in (three.sha, three.bja):
        made.git(root, "merge", "--quiet", "--no-edit", "other")
    note(three.sha, "a")
    note(three.bja, "b")
    syncs(three.sha)
    bases = made.git(three.bja, "merge-base", "--all", "main", "refs/heads/other")
    assert bases
    syncs(three.bja, three.sha, three.gza)
    alike(three)
    card = (three.sha / CARD).read_text("utf-8")
    assert 'phone: "111"' in card
    assert "marks: VIP" in card


# People who type git themselves -------------------------------------------------------------------


def git_merge(three: Stations, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PYTHONPATH", str(Path(made.__file__).parents[1]))
    syncs(three.sha)
    made.git(three.bja, "fetch", "--quiet", "origin")
    made.git(three.bja, "merge", "--no-edit", "origin/main", check=False)
    return made.git(three.bja, "status", "--porcelain")


def test_git_merge_unites_records_by_the_driver(
    three: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(three.sha, "from afar")
    note(three.bja, "here")
    assert git_merge(three, monkeypatch) == ""
    text = (three.bja / FILE).read_text("utf-8")
    assert "from afar" in text
    assert "here" in text
    syncs(three.bja, three.sha, three.gza)
    alike(three)


def test_git_merge_stops_at_a_conflict_with_both_values_marked(
    three: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.sure(three.sha, "customer", "set", CUSTOMER, "--phone", "111")
    made.sure(three.bja, "customer", "set", CUSTOMER, "--phone", "222")
    assert f"UU {CARD}" in git_merge(three, monkeypatch)
    text = (three.bja / CARD).read_text("utf-8")
    assert text.index("<<<<<<<") < text.index("222") < text.index("111") < text.index(">>>>>>>")


@pytest.mark.parametrize("words", ["pull --no-rebase", "pull --rebase", "merge", "rebase"])
def test_what_was_pushed_keeps_its_name_whichever_way_git_brings_it(
    three: Stations, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Two clones that write as one desk: SHA sent its lines, its twin brings them to its own by git."""
    monkeypatch.setenv("PYTHONPATH", str(Path(made.__file__).parents[1]))
    Ledger(three.bja).note_station("SHA", "desk1")
    note(three.sha, "sent first")
    syncs(three.sha)
    for text in ("own one", "own two"):
        note(three.bja, text)
    way, *options = words.split(" ")
    if way == "pull":
        made.git(three.bja, way, "--no-edit", *options, "origin", "main")
    else:
        made.git(three.bja, "fetch", "--quiet", "origin")
        made.git(three.bja, way, "origin/main")
    assert made.git(three.bja, "status", "--porcelain") == ""
    lines = (three.bja / FILE).read_text("utf-8").split("\n")
    [sent], [one], [two] = (
        [line for line in lines if f'"{text}"' in line]
        for text in ("sent first", "own one", "own two")
    )
    assert '{"n": 5, "desk": "SHA"' in sent
    assert one.endswith('"was": "5SHA"}')
    assert lines.index(sent) < lines.index(one) < lines.index(two)
    assert two.endswith('"was": "6SHA"}')
    made.git(three.bja, "push", "--quiet", "origin", "main")
    syncs(three.sha)
    sound(three.sha)
    assert made.call(three.sha, "audit", "--history").out.startswith("0 errors")


def test_a_line_that_a_remote_has_keeps_its_name_though_git_calls_it_ours(
    three: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(made.__file__).parents[1]))
    made.git(three.sha, "switch", "--quiet", "-c", "draft")
    note(three.sha, "draft")
    made.git(three.sha, "switch", "--quiet", "main")
    note(three.sha, "sent")
    syncs(three.sha)
    made.git(three.sha, "merge", "--no-edit", "draft")
    text = (three.sha / FILE).read_text("utf-8")
    assert '{"n": 5, "desk": "SHA"' in next(row for row in text.split("\n") if '"sent"' in row)
    assert '"was": "5SHA"' in next(row for row in text.split("\n") if '"draft"' in row)
    syncs(three.sha)


def test_the_driver_refuses_three_files_that_are_not_one_record(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    copies = []
    for name, source in (("O", TICKET), ("A", TICKET), ("B", OTHER)):
        copies.append(tmp_path / name)
        shutil.copy(made.ticket_file(root, source), copies[-1])
    ran = made.call_here("merge-driver", *copies, FILE)
    assert ran.code == 1
    assert f"{OTHER} and {TICKET}" in ran.err
    text = copies[1].read_text("utf-8")
    assert text.startswith("<<<<<<<")
    assert TICKET in text
    assert OTHER in text


def test_doctor_says_whether_git_would_merge_by_svcctl(three: Stations) -> None:
    made.git(three.sha, "config", "--unset", "merge.svcctl.driver")
    ran = made.call(three.sha, "doctor")
    assert "svcctl init" in ran.out
    made.sure(three.sha, "init", str(three.sha), "--desk", "SHA")
    assert "git merges records with svcctl" in made.call(three.sha, "doctor").out


def test_a_station_cannot_be_made_as_a_desk_that_is_somebody_else(
    three: Stations, tmp_path: Path
) -> None:
    place = tmp_path / "new"
    ran = made.call(place, "init", "--from", str(three.hub), "--desk", "BJA")
    assert ran.code == 3
    assert "[desk-is-taken]" in ran.err
    assert not place.exists()
    made.sure(place, "init", "--from", str(three.hub), "--desk", "BJA", "--take-over")
    full = made.call(three.sha, "init", "--from", str(three.hub), "--desk", "HZ")
    assert "[not-empty]" in full.err or full.code == 3


def test_no_reference_of_the_work_is_left(three: Stations) -> None:
    note(three.sha, "x")
    syncs(three.sha, three.bja)
    refs = made.git(three.bja, "for-each-ref", "--format=%(refname)").split()
    assert refs == [
        "refs/heads/main",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
        "refs/svcctl/synced/origin/main",
    ]
    left = set(os.listdir(three.bja / ".git/svcctl"))
    assert not left & {"sync", "sync-under-way", "under-way"}
