"""Git looks at the ledger while the program is loaded, for the commands that will ask it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest
from made_ledgers import CLOSED

from svcctl.cli.ahead import ASKING, NOT_ASKING, opened_ahead, understood
from svcctl.cli.lazy import Noun, Target
from svcctl.cli.main import COMMANDS
from svcctl.desk.desk import Desk


def noon() -> datetime:
    return datetime(2026, 11, 16, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "asks", "given"),
    [
        ("callbacks due", True, None),
        ("callbacks", True, None),
        ("callbacks --within 1d", True, None),
        ("callbacks --within 1d --ledger c", True, "c"),
        ("escalations", True, None),
        ("today --all", True, None),
        ("find pump", True, None),
        ("--ledger a callbacks due -o ids", True, "a"),
        ("callbacks due --ledger=b", True, "b"),
        ("--lang en ticket list --ledger a --ledger b", True, "b"),
        ("callbacks record X", False, None),
        ("ticket new", False, None),
        ("ticket", False, None),
        ("callbacks due --help", False, None),
        ("callbacks due -h", False, None),
        ("-h callbacks", False, None),
        ("--version", False, None),
        ("audit", False, None),
        ("", False, None),
    ],
)
def test_the_words_say_whether_git_will_be_asked(words: str, asks: bool, given: str | None) -> None:
    found = understood(words.split())
    assert found[0] is asks
    assert not asks or found[1] == given


def named(target: Target) -> Any:
    """What a line of a table of commands names."""
    module, name = target.where.split(":")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("words", sorted(ASKING))
def test_every_such_command_reads_and_asks_the_index(words: tuple[str, ...]) -> None:
    command = named(COMMANDS[words[0]])
    if isinstance(command, Noun):
        verb = words[1] if len(words) > 1 else command.alone
        listed = {one.name: one.callback for one in command.registered_commands}
        command = listed.get(verb) or named(command.table[verb])
    marks = command.__dict__
    assert (marks.get("shared") or marks["manner"]).parameter == "asked"


def test_of_a_noun_that_answers_alone_every_verb_is_known() -> None:
    for name, target in COMMANDS.items():
        noun = named(target)
        if isinstance(noun, Noun) and noun.alone and (name,) in ASKING:
            verbs = {*noun.table, *(one.name for one in noun.registered_commands)}
            assert {(name, verb) for verb in verbs} == {
                pair for pair in ASKING | NOT_ASKING if pair[0] == name and len(pair) > 1
            }
            assert (name, noun.alone) in ASKING


def test_what_git_was_asked_ahead_is_what_the_command_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = made.copy(tmp_path / "ledger")
    made.sure(ledger, "callbacks", "due", "-o", "ids")
    asked: list[str] = []
    really = Desk.look_ahead

    def noting(desk: Desk, *, everything: bool = False) -> None:
        before = desk._query
        really(desk, everything=everything)
        if desk._query is not before:
            asked.append(str(desk.ledger.root))

    monkeypatch.setattr(Desk, "look_ahead", noting)
    assert json.loads(made.sure(ledger, "callbacks", "due", "-o", "json").out)["kind"] == "callback"
    assert asked == [str(ledger)]


def test_of_another_ledger_nothing_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the parser the last word is an engineer's name; the words alone do not tell."""
    here, there = made.copy(tmp_path / "here"), made.copy(tmp_path / "there")
    opened: list[Desk] = []
    really = Desk.look_ahead

    def noting(desk: Desk, *, everything: bool = False) -> None:
        if desk not in opened:
            opened.append(desk)
        really(desk, everything=everything)

    monkeypatch.setattr(Desk, "look_ahead", noting)
    monkeypatch.chdir(here)
    made.call_here("ticket", "list", "--engineer", f"--ledger={there}")
    assert [desk.ledger.root for desk in opened] == [there, here]
    assert opened[0]._query is None


def test_where_there_is_no_ledger_the_command_says_so(tmp_path: Path) -> None:
    assert opened_ahead(["--ledger", str(tmp_path), "callbacks", "due"], noon) is None
    ran = made.call(tmp_path, "callbacks", "due")
    assert ran.code == 8


def test_git_is_let_go_where_the_command_comes_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = made.copy(tmp_path / "ledger")
    opened: list[Desk] = []
    really = Desk.look_ahead

    def noting(desk: Desk, *, everything: bool = False) -> None:
        opened.append(desk)
        really(desk, everything=everything)

    monkeypatch.setattr(Desk, "look_ahead", noting)
    assert made.call(ledger, "ticket", "show", CLOSED, "--no-such-option").code == 2
    assert opened
    assert all(desk._query is None for desk in opened)
