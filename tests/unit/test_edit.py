"""``edit`` and ``init`` as writing commands: rehearsed, dated and answered like all others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from svcctl.ledger import git

Run = Callable[..., Any]
CARD = "records/staff/li.na.yaml"


@pytest.fixture
def desk(svcctl: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    for words in ("init . --desk SHA", "staff new li.na --name 李娜 --role manager", "me li.na"):
        ran = svcctl(*words.split())
        assert ran.code == 0, ran.err

    def call(*words: str, editor: str = "sed -i s/李娜/李小娜/") -> Any:
        with monkeypatch.context() as patch:
            patch.setenv("EDITOR", editor)
            return svcctl(*words, now="2026-11-17T12:00:00+08:00")

    return call


def test_a_rehearsed_edit_shows_the_difference_and_writes_nothing(
    desk: Run, tmp_path: Path
) -> None:
    before = (tmp_path / CARD).read_bytes()
    ran = desk("edit", "staff", "li.na", "--dry-run")
    assert ran.code == 0, ran.err
    assert "-name: 李娜" in ran.out.split("\n")
    assert "+name: 李小娜" in ran.out.split("\n")
    assert "Dry run" in ran.err
    assert (tmp_path / CARD).read_bytes() == before
    assert not list((tmp_path / ".git/svcctl").glob("edit-*"))


def test_a_rehearsed_edit_is_checked_like_any_other(desk: Run, tmp_path: Path) -> None:
    ran = desk("edit", "staff", "li.na", "--dry-run", editor="sed -i s/manager/king/")
    assert ran.code == 2, ran.err
    assert "king" in ran.err


def test_an_edit_is_dated_and_answers_with_the_card(desk: Run, tmp_path: Path) -> None:
    ran = desk("edit", "staff", "li.na", "--at", "2026-11-16T15:00", "-o", "json")
    assert ran.code == 0, ran.err
    answer = json.loads(ran.out)
    assert (answer["kind"], answer["items"][0]["name"]) == ("staff", "李小娜")
    dates = git.run(tmp_path, ["log", "-1", "--format=%aI %cI"]).decode().split()
    assert dates == ["2026-11-16T15:00:00+08:00", "2026-11-17T12:00:00+08:00"]


def test_an_edited_policy_answers_with_its_day(desk: Run) -> None:
    ran = desk("edit", "policy", "-o", "json", editor="sed -i s/30d/40d/")
    assert ran.code == 0, ran.err
    answer = json.loads(ran.out)
    item = {"id": "2026-01-01", "path": "records/policy/2026-01-01.yaml"}
    assert (answer["kind"], answer["items"]) == ("policy", [item])


def test_a_rehearsed_init_makes_no_folder_and_says_what_it_would_write(
    svcctl: Run, tmp_path: Path
) -> None:
    ran = svcctl("init", "new/ledger", "--desk", "SHA", "--dry-run", "-o", "json")
    assert ran.code == 0, ran.err
    planned = json.loads(ran.out)["items"][0]["written"]
    assert not (tmp_path / "new").exists()
    ran = svcctl("init", "new/ledger", "--desk", "SHA", "-o", "json")
    assert json.loads(ran.out)["items"][0]["written"] == planned
