"""A contested ticket shows both candidates wherever it is shown; the items of a ticket are alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

Run = Callable[..., Any]
NOW = "2026-11-18T10:00:00+08:00"
REASSIGN = ("--to", "wang.wei", "--approved-by", "li.na", "--reason", "离得近")
CANDIDATES = [
    {
        "event": "4SHA",
        "value": "zhao.min",
        "by": "li.na",
        "at": "2026-11-16T09:20:00+08:00",
    },
    {"event": "4BJ", "value": "wang.wei", "by": "li.na", "at": "2026-11-16T09:20:00+08:00"},
]


@pytest.fixture
def desk(svcctl: Run, tmp_path: Path) -> Run:
    """A ledger with one ticket that two desks have dispatched to different engineers."""
    commands = (
        "init . --desk SHA",
        "staff new li.na --name 李娜 --role manager",
        "me li.na",
        "staff new wang.wei --name 王伟 --role engineer",
        "staff new zhao.min --name 赵敏 --role engineer",
        "customer new --name 周兰 --phone 13800138000",
        "ticket new --kind repair --customer 周兰 --subject 不制冷 --at 2026-11-16T09:00",
        "ticket contact 02G --result reached --at 2026-11-16T09:01",
        "ticket review 02G --cover free --at 2026-11-16T09:10",
        "ticket dispatch 02G --to zhao.min --visit 2026-11-18T14:00 --at 2026-11-16T09:20",
    )
    made.after(tmp_path, commands, NOW)
    path = next((tmp_path / "records/tickets").rglob("*.yaml"))
    *head, last = path.read_text("utf-8").splitlines()
    other = {**json.loads(last[2:]), "desk": "BJ", "to": "wang.wei"}
    lines = [*head, f"- {json.dumps(other)}", last]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def call(*words: str) -> Any:
        return svcctl(*words, now=NOW)

    return call


def items(ran: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ran.out)["items"]
    assert found, ran.err
    return found


@pytest.mark.parametrize(
    "command",
    ["ticket list", "ticket show 02G", "today", "ticket list --as-of 2026-11-17T09:00"],
)
def test_the_candidates_stand_in_machine_output(desk: Run, command: str) -> None:
    for item in items(desk(*command.split(), "-o", "json")):
        assert item["contested"] == [{"field": "engineer", "candidates": CANDIDATES}]


@pytest.mark.parametrize("command", ["ticket list", "today"])
def test_a_table_marks_the_ticket_and_says_where_to_look(desk: Run, command: str) -> None:
    ran = desk(*command.split())
    assert "SHA-261116-02G !" in ran.out
    told = "SHA-261116-02G is contested (service engineer): svcctl ticket show SHA-261116-02G"
    assert ran.err.count(told) == 1
    assert desk(*command.split(), "-o", "ids").out.split()[0] == "SHA-261116-02G"


def test_the_board_has_a_section_for_what_is_contested_and_only_then(desk: Run) -> None:
    shown = desk("today").out
    assert "Contested (1): service engineer ×1" in shown
    assert "4SHA zhao.min / 4BJ wang.wei" in shown
    (item,) = (one for one in items(desk("today", "-o", "json")) if one["section"] == "contested")
    assert (item["ticket"], item["what"]) == ("SHA-261116-02G", "engineer")
    settle = ("ticket", "settle", "02G", "--pick", "4BJ", "--reason", "离得近")
    assert desk(*settle).code == 0
    assert "Contested" not in desk("today").out


def test_what_is_contested_on_an_ended_ticket_stays_on_the_board(desk: Run) -> None:
    assert desk("ticket", "cancel", "02G", "--reason", "客户不修了").code == 0
    (item,) = items(desk("today", "-o", "json"))
    assert (item["section"], item["what"]) == ("contested", "engineer")


def test_each_way_to_settle_is_a_command_of_its_own(desk: Run) -> None:
    audit = desk("audit").out
    for name in ("4SHA", "4BJ"):
        way = f"svcctl ticket settle SHA-261116-02G --pick {name} --reason …"
        assert way in [line.strip().removeprefix("Remedy: ") for line in audit.splitlines()]
    ran = desk("ticket", "reassign", "02G", *REASSIGN)
    assert ran.code == 3
    assert ran.err.splitlines()[-2:] == [
        f"  svcctl ticket settle SHA-261116-02G --pick {name} --reason …"
        for name in ("4SHA", "4BJ")
    ]


def test_the_callbacks_mark_it_too(desk: Run) -> None:
    finish = ("ticket", "finish", "02G", "--result", "fixed", "--at", "2026-11-17T11:00")
    assert desk(*finish, "--fault", "电容", "--action", "更换").code == 0
    assert "SHA-261116-02G !" in desk("callbacks", "due").out
    (item,) = items(desk("callbacks", "due", "-o", "json"))
    assert item["contested"] == [{"field": "engineer", "candidates": CANDIDATES}]


def test_a_slip_is_marked_on_paper_and_on_stderr(desk: Run) -> None:
    ran = desk("slip", "print", "02G")
    assert "<em>contested</em>" in ran.out
    assert "is contested (service engineer)" in ran.err
    (item,) = items(desk("slip", "print", "02G", "-o", "json"))
    assert item["contested"] == ["engineer"]


def test_every_command_gives_a_ticket_the_same_keys(desk: Run) -> None:
    (listed,) = items(desk("ticket", "list", "-o", "json"))
    (shown,) = items(desk("ticket", "show", "02G", "-o", "json"))
    (written,) = items(desk("ticket", "note", "02G", "x", "--dry-run", "-o", "json"))
    assert set(shown) == set(listed) | {"head", "events"}
    assert set(written) == set(listed) | {"written"}
    assert {key: shown[key] for key in listed} == listed
    assert {key: written[key] for key in listed} == listed
    assert listed["name"] == "周兰"
    owed = [one for one in listed["obligations"] if one["state"] in ("open", "missed")]
    soonest = min(owed, key=lambda one: str(one["due"] or "~"))
    assert (listed["next"], listed["next_due"]) == (soonest["kind"], soonest["due"])


def test_a_table_names_people_and_machine_output_keeps_their_ids(desk: Run) -> None:
    shown = desk("ticket", "list").out
    assert "赵敏" in shown
    assert "zhao.min" not in shown
    assert items(desk("ticket", "list", "-o", "json"))[0]["engineer"] == "zhao.min"
    assert "zhao.min" in desk("ticket", "list", "-o", "csv").out
    assert desk("staff", "new", "zhao.er", "--name", "赵敏", "--role", "engineer").code == 0
    assert "赵敏 zhao.min" in desk("ticket", "list").out


@pytest.mark.parametrize(
    ("command", "near"),
    [
        ("ticket list --kind repiar", "repair"),
        ("ticket list --state clsed", "closed"),
        ("ticket review 02G --cover fre", "free"),
        ("ticket contact 02G --result reachd", "reached"),
        ("ticket finish 02G --result parts-neded", "parts-needed"),
        ("callbacks record 02G --result reached --opinion satisfid", "satisfied"),
        ("slip print 02G --paper 241x14", "241x140"),
        ("slip print 02G --copy stubb", "stub"),
        ("staff set li.na --role enginer", "engineer"),
    ],
)
def test_a_wrong_word_gives_the_list_and_the_nearest(desk: Run, command: str, near: str) -> None:
    ran = desk(*command.split())
    assert ran.code == 2, ran.err
    assert f"did you mean {near}?" in ran.err
    assert " | " in ran.err


def test_a_word_may_be_given_as_it_is_shown(desk: Run) -> None:
    assert desk("ticket", "list", "--state", "已派工", "--kind", "维修", "-o", "ids").out == (
        "SHA-261116-02G\n"
    )


def _two_values_contested(root: Path) -> None:
    """Make the two desks' dispatches name different hours, too."""
    path = next((root / "records/tickets").rglob("*.yaml"))
    lines = path.read_text("utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if '"desk": "BJ"' in line)
    other = {**json.loads(lines[at][2:]), "visit": "2026-11-19T10:00:00+08:00"}
    lines[at] = f"- {json.dumps(other)}"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _contested(desk: Run) -> list[str]:
    (item,) = items(desk("ticket", "show", "02G", "-o", "json"))
    return sorted(one["field"] for one in item["contested"])


def test_undo_takes_back_all_that_a_settlement_decided_and_gives_it_back_as_a_whole(
    desk: Run, tmp_path: Path
) -> None:
    _two_values_contested(tmp_path)
    both = ["engineer", "visit"]
    assert _contested(desk) == both
    settle = ("ticket", "settle", "02G", "--pick", "4BJ", "--reason", "离得近")
    assert desk(*settle).out.count('"do": "settled"') == 2
    assert _contested(desk) == []
    for left in (both, [], both):
        ran = desk("undo", "--reason", "选错了")
        assert ran.code == 0, ran.err
        assert ran.out.count('"do": "voided"') == 2
        assert _contested(desk) == left
    assert desk("audit", "--only", "E2").code == 0
