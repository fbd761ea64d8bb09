"""A customer's personal data can be taken out, and reports and lists do not show more than they need."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.domain.merge import merge_fields
from svcctl.ledger import cardfile, mergefile

Run = Callable[..., Any]
CARD = f"records/customers/{made.CUSTOMER}.yaml"
NOW = "2026-11-17T10:00:00+08:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    root = tmp_path / "ledger"
    made.copy(root)
    return root


def fields(root: Path, *words: str) -> dict[str, str]:
    item = json.loads(made.call(root, *words, "-o", "json", now=NOW).out)["items"][0]
    return {key: value for key, value in item.items() if value}


def test_erasing_leaves_a_stub_that_says_when_by_whom_and_why(ledger: Path) -> None:
    before = fields(ledger, "customer", "show", made.CUSTOMER)
    assert {"name", "phone", "address"} <= set(before)
    ran = made.call(ledger, "customer", "erase", made.CUSTOMER, "--reason", "客户要求", now=NOW)
    assert ran.code == 0, ran.err
    assert (ledger / CARD).read_text("utf-8") == (
        f'format: 1\nid: {made.CUSTOMER}\nerased: "{NOW}"\nerased-by: desk1\nreason: 客户要求\n'
    )
    words = [before[key] for key in ("name", "phone", "address")]
    for path in sorted(ledger.rglob("index-*")):
        assert not any(word.encode() in path.read_bytes() for word in words), path
    assert made.git(ledger, "status", "--porcelain") == ""


def test_the_tickets_and_what_is_owed_stay(ledger: Path) -> None:
    before = {path: path.read_bytes() for path in (ledger / "records/tickets").rglob("*.yaml")}
    owed = made.call(ledger, "today", "-o", "ids", now=NOW).out
    made.call(ledger, "customer", "erase", made.CUSTOMER, "--reason", "x", now=NOW)
    after = {path: path.read_bytes() for path in (ledger / "records/tickets").rglob("*.yaml")}
    assert after == before
    assert made.call(ledger, "today", "-o", "ids", now=NOW).out == owed
    assert made.call(ledger, "audit", "--only", "E1,E2,E3", now=NOW).code == 0
    assert (
        made.call(
            ledger, "slip", "print", made.TICKET, "--out", str(ledger.parent / "x.html"), now=NOW
        ).code
        == 0
    )


def test_it_says_which_journal_still_holds_the_name(ledger: Path) -> None:
    name = fields(ledger, "customer", "show", made.SECOND)["name"]
    made.call(ledger, "log", "add", f"{name}来电致谢", now=NOW)
    ran = made.call(ledger, "customer", "erase", made.SECOND, "--reason", "x", now=NOW)
    assert "2026-11.SHA" in ran.err


def test_it_says_which_tickets_are_open_and_which_still_hold_the_name(ledger: Path) -> None:
    name = fields(ledger, "customer", "show", made.CUSTOMER)["name"]
    made.call(ledger, "ticket", "note", made.TICKET, f"{name}要求上午到", now=NOW)
    ran = made.call(ledger, "customer", "erase", made.CUSTOMER, "--reason", "x", now=NOW)
    holding, still_open = ran.err.strip().split("\n")
    assert "records that are never changed" in holding
    assert made.TICKET in holding
    assert made.CLOSED not in holding
    assert "still open" in still_open
    assert made.CLOSED not in still_open


def test_erasing_twice_or_without_a_reason_is_refused(ledger: Path) -> None:
    assert made.call(ledger, "customer", "erase", made.CUSTOMER, now=NOW).code == 2
    made.call(ledger, "customer", "erase", made.CUSTOMER, "--reason", "x", now=NOW)
    again = made.call(ledger, "customer", "erase", made.CUSTOMER, "--reason", "x", now=NOW)
    assert again.code == 3
    assert "already-erased" in again.err


def test_a_dry_run_erases_nothing(ledger: Path) -> None:
    before = (ledger / CARD).read_bytes()
    made.call(ledger, "customer", "erase", made.CUSTOMER, "--reason", "x", "--dry-run", now=NOW)
    assert (ledger / CARD).read_bytes() == before


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_lists_mask_numbers_and_addresses_unless_they_are_asked_for(
    ledger: Path, output: str
) -> None:
    whole = fields(ledger, "customer", "show", made.CUSTOMER)
    listed = made.call(ledger, "customer", "list", "-o", output, now=NOW).out
    assert whole["phone"] not in listed
    assert whole["address"] not in listed
    assert whole["name"] in listed
    asked = made.call(ledger, "customer", "list", "--show-personal", "-o", output, now=NOW).out
    assert whole["phone"] in asked
    assert whole["address"] in asked


def test_whoever_has_to_call_sees_the_number(ledger: Path) -> None:
    phone = fields(ledger, "customer", "show", made.CUSTOMER)["phone"]
    shown = made.call(ledger, "today", "-o", "json", now="2026-11-20T10:00:00+08:00").out
    assert phone in shown


def test_the_weekly_summary_masks_a_number_in_what_a_customer_said(ledger: Path) -> None:
    words = ("ticket", "new", "--kind", "complaint", "--customer", made.CUSTOMER)
    made.call(ledger, *words, "--subject", "请回电 13911112222", "--channel", "mail", now=NOW)
    week = ("report", "weekly", "--week", "2026-W47", "--format", "html")
    assert "13911112222" not in made.call(ledger, *week, now=NOW).out
    assert "139****2222" in made.call(ledger, *week, now=NOW).out
    assert "13911112222" in made.call(ledger, *week, "--show-personal", now=NOW).out


def erase(root: Path) -> None:
    made.sure(root, "customer", "erase", made.CUSTOMER, "--reason", "x", now=NOW)


@pytest.mark.parametrize(
    "words",
    [("customer", "set", made.CUSTOMER, "--name", "复活"), ("edit", "customer", made.CUSTOMER)],
)
def test_a_stub_is_not_filled_again(
    ledger: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "sed -i '$aname: 复活'")
    erase(ledger)
    stub = (ledger / CARD).read_bytes()
    ran = made.call(ledger, *words, now=NOW)
    assert ran.code == 3
    assert "[erased]" in ran.err
    assert (ledger / CARD).read_bytes() == stub
    assert not list((ledger / ".git/svcctl").glob("edit-*"))


def test_a_stub_that_was_filled_by_hand_is_found_and_can_be_erased_again(ledger: Path) -> None:
    erase(ledger)
    with (ledger / CARD).open("a", encoding="utf-8") as card:
        card.write('phone: "13811112222"\nmarks: VIP\n')
    found = json.loads(made.call(ledger, "audit", "--only", "E212", "-o", "json", now=NOW).out)
    assert [item["path"] for item in found["items"]] == [CARD]
    assert found["items"][0]["args"]["fields"] == "phone, marks"
    erase(ledger)
    assert "13811112222" not in (ledger / CARD).read_text("utf-8")
    assert made.call(ledger, "audit", "--only", "E1,E2,E3", now=NOW).code == 0


def test_of_two_stubs_the_one_that_nobody_filled_wins() -> None:
    stub = {"format": "1", "id": made.CUSTOMER, "erased": NOW, "erased-by": "desk1", "reason": "x"}
    filled = {**stub, "name": "复活"}
    assert merge_fields(filled, stub, [stub]).values == stub
    assert merge_fields(stub, filled, [stub]).values == stub
    texts = [cardfile.card_text(fields) for fields in (filled, stub)]
    assert mergefile.merge_file(CARD, texts[0], texts[1], [texts[1]]).data == texts[1]


def test_what_an_editor_or_a_stopped_sync_left_of_the_card_is_removed_too(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "sed -i '$acolour: 13811112222'")
    assert made.call(ledger, "edit", "customer", made.CUSTOMER, now=NOW).code == 2
    private = ledger / ".git/svcctl"
    assert (private / f"edit-{made.CUSTOMER}.yaml").exists()
    for card in (made.CUSTOMER, made.SECOND):
        copy = private / f"sync/records/customers/{card}.yaml"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text('phone: "13811112222"\n')
    made.call(ledger, "audit", now=NOW)
    erase(ledger)
    left = [
        path.name for path in private.rglob("*") if path.is_file() and made.CUSTOMER in path.name
    ]
    assert left == []
    assert not (private / "audit.kept").exists()
    assert (private / f"sync/records/customers/{made.SECOND}.yaml").exists()


def test_at_a_terminal_it_is_shown_and_asked_first(ledger: Path, svcctl: Run) -> None:
    words = ("customer", "erase", made.CUSTOMER, "--reason", "客户要求")
    before = (ledger / CARD).read_bytes()
    name = fields(ledger, "customer", "show", made.CUSTOMER)
    for answer in ("\n", "n\n"):
        ran = svcctl(*words, cwd=ledger, now=NOW, typed=answer)
        assert ran.code == 0, ran.err
        assert f"to be taken out: {made.CUSTOMER}  {name['name']}  {name['phone']}" in ran.err
        assert f"still open: {made.TICKET}" in ran.err
        assert "personal data out? [y/N]" in ran.err
        assert (ledger / CARD).read_bytes() == before
    assert svcctl(*words, cwd=ledger, now=NOW, typed="what?\ny\n").code == 0
    assert b"erased:" in (ledger / CARD).read_bytes()


def test_who_says_yes_beforehand_is_not_asked(ledger: Path, svcctl: Run) -> None:
    words = ("customer", "erase", made.CUSTOMER, "--reason", "客户要求", "--yes")
    ran = svcctl(*words, cwd=ledger, now=NOW, typed="")
    assert ran.code == 0, ran.err
    assert b"erased:" in (ledger / CARD).read_bytes()


def test_erasing_again_removes_the_copies_that_came_to_be_here_meanwhile(ledger: Path) -> None:
    erase(ledger)
    copy = ledger / f".git/svcctl/sync/{CARD}"
    copy.parent.mkdir(parents=True, exist_ok=True)
    words = ("customer", "erase", made.CUSTOMER, "--reason", "x")
    copy.write_text('phone: "13811112222"\n')
    assert made.call(ledger, *words, "--dry-run", now=NOW).code == 3
    assert copy.exists()
    ran = made.call(ledger, *words, now=NOW)
    assert "[already-erased]" in ran.err
    assert not copy.exists()
