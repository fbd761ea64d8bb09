"""What vouches for a history: fetching alone is no rewriting, and a rewriting is none the less found."""

from __future__ import annotations

import json
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import OTHER, TICKET
from stations import Stations, stations


@pytest.fixture
def three(tmp_path: Path) -> Stations:
    """BJA has sent a line, and SHA has fetched it with git alone."""
    three = stations(tmp_path)
    made.sure(three.bja, "ticket", "note", TICKET, "theirs")
    made.sure(three.bja, "sync")
    made.git(three.sha, "fetch", "--quiet")
    return three


def audited(root: Path, code: int) -> tuple[list[str], str]:
    """The references that the history lacks, and what was said besides."""
    ran = made.call(root, "audit", "--history", "-o", "json")
    assert ran.code == code, ran
    items = json.loads(ran.out)["items"]
    assert {item["code"] for item in items} <= {"E506"}
    return [item["path"] for item in items], ran.err


def test_what_was_fetched_and_not_merged_is_a_notice(three: Stations) -> None:
    assert audited(three.sha, 0)[0] == []
    made.sure(three.sha, "ticket", "note", OTHER, "ours")
    lacking, said = audited(three.sha, 0)
    assert lacking == []
    assert "refs/remotes/origin/main" in said
    made.sure(three.sha, "sync")
    assert audited(three.sha, 0) == ([], "")


def test_a_history_that_was_sent_and_is_done_again_is_found_after_a_fetch_too(
    three: Stations,
) -> None:
    made.git(three.sha, "commit", "--quiet", "--amend", "-m", "another")
    assert "refs/svcctl/synced/origin/main" in audited(three.sha, 1)[0]


def test_so_it_is_where_git_sent_it(three: Stations) -> None:
    made.sure(three.sha, "sync")
    made.sure(three.sha, "ticket", "note", OTHER, "ours")
    made.git(three.sha, "push", "--quiet", "origin", "main")
    made.git(three.sha, "commit", "--quiet", "--amend", "-m", "another")
    assert audited(three.sha, 1)[0] == ["refs/remotes/origin/main"]


def test_a_branch_of_another_history_vouches_for_nothing(three: Stations) -> None:
    tree = made.git(three.sha, "rev-parse", "HEAD^{tree}").strip()
    root = made.git(three.sha, "commit-tree", tree, "-m", "x").strip()
    made.git(three.sha, "update-ref", "refs/remotes/origin/pages", root)
    assert "pages" not in "".join(audited(three.sha, 0)[0])


def test_a_hub_that_was_rewritten_is_noticed_by_a_sync_though_git_fetched_it_before(
    three: Stations,
) -> None:
    made.sure(three.sha, "sync")
    made.git(three.hub, "update-ref", "refs/heads/main", "main~1")
    made.git(three.sha, "fetch", "--quiet")
    ran = made.call(three.sha, "sync")
    assert ran.code == 3
    assert "[history-rewritten]" in ran.err
    assert "update-ref -d refs/svcctl/synced/origin/main" in ran.err


def test_who_fetched_with_git_alone_and_has_not_merged_is_told_to(three: Stations) -> None:
    """Where no sync ever was, a head that went another way may be a rewritten history, or only fetched."""
    made.git(three.sha, "update-ref", "-d", "refs/svcctl/synced/origin/main")
    made.sure(three.bja, "ticket", "note", made.OTHER, "there")
    made.sure(three.bja, "sync")
    made.git(three.sha, "fetch", "--quiet")
    made.sure(three.sha, "ticket", "note", made.OTHER, "here")
    told = made.call(three.sha, "audit", "--history")
    assert "E506" in told.out
    assert "still to be merged: svcctl sync" in told.out
    made.sure(three.sha, "sync")
    assert made.call(three.sha, "audit", "--history").out.startswith("0 errors")
