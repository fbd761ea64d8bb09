"""Money that comes in parts: added up, compared with what was agreed, owed until the last of it is in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.domain.money import hundredths, written

DAY = "2026-11-16"


class Desk:
    """A desk with one paid repair, told hour by hour."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hour = 9
        made.after(root, made.AT_HOME, f"{DAY}T09:00:00+08:00")
        self.ticket = self.says("ticket list -o ids").out.strip()

    def says(self, words: str) -> Any:
        now = f"{DAY}T{self.hour:02d}:00:00+08:00"
        return made.sure(self.root, *words.split(" "), now=now)

    def then(self, *commands: str) -> str:
        """Run each command on the ticket, an hour apart; what was told besides."""
        told = ""
        for words in commands:
            self.hour += 1
            verb, _space, rest = words.partition(" ")
            told = self.says(f"ticket {verb} {self.ticket} {rest}".rstrip()).err
        return told.replace("the ledger is not in a git repository\n", "")

    def payment(self) -> str:
        """How the payment stands, "" where none is owed."""
        answer = json.loads(self.says(f"ticket show {self.ticket} -o json").out)
        owed = answer["items"][0]["obligations"]
        return next((str(one["state"]) for one in owed if one["kind"] == "payment"), "")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = tmp_path / "desk"
    root.mkdir()
    return Desk(root)


AGREED = ("review --cover paid", "quote --amount 180", "accept")
DONE = (
    "dispatch --to 王伟 --visit -10m",
    "arrive --by wang.wei",
    "finish --by wang.wei --result fixed",
)


def test_less_than_was_agreed_leaves_the_payment_open_and_why_says_how_much(desk: Desk) -> None:
    told = desk.then(*AGREED, *DONE, "record paid amount=50")
    assert told == "50.00 of 180.00 received, 130.00 missing\n"
    assert desk.payment() == "open"
    assert "50.00 of 180.00 received, 130.00 missing" in desk.says(f"why {desk.ticket} payment").out
    assert desk.then("record paid amount=129.99") == "179.99 of 180.00 received, 0.01 missing\n"
    assert desk.payment() == "open"
    assert desk.then("record paid amount=0.01") == ""
    assert desk.payment() == "met"


def test_the_fee_on_the_slip_holds_where_it_differs_from_the_quote(desk: Desk) -> None:
    desk.then(
        *AGREED, *DONE[:2], "finish --by wang.wei --result fixed --fee 200 --fault x --action y"
    )
    assert desk.then("record paid amount=180") == "180.00 of 200.00 received, 20.00 missing\n"
    assert desk.payment() == "open"


def test_a_deposit_before_the_work_leaves_the_rest_owed(desk: Desk) -> None:
    desk.then(*AGREED, "record paid amount=50", *DONE)
    assert desk.payment() == "open"
    desk.then("record paid amount=130")
    assert desk.payment() == "met"


def test_all_of_it_before_the_work_leaves_nothing_owed(desk: Desk) -> None:
    desk.then(*AGREED, "record paid amount=180")
    assert desk.payment() == ""
    desk.then(*DONE)
    assert desk.payment() == "met"


def test_where_no_amount_is_known_the_first_payment_is_enough(desk: Desk) -> None:
    desk.then("review --cover paid", "accept", *DONE, "record paid amount=1")
    assert desk.payment() == "met"


def test_who_lets_the_rest_go_says_so(desk: Desk) -> None:
    desk.then(*AGREED, *DONE, "record paid amount=100 part=false")
    assert desk.payment() == "met"


def test_rules_that_ask_for_any_payment_are_content_with_the_first(desk: Desk) -> None:
    policy = desk.root / "records/policy/2026-01-01.yaml"
    text = policy.read_text("utf-8")
    assert '"paid(part!=true)"' in text
    policy.write_text(text.replace('"paid(part!=true)"', "paid"), "utf-8")
    desk.then(*AGREED, *DONE, "record paid amount=50")
    assert desk.payment() == "met"


def test_more_than_was_agreed_is_said_to_be_too_much_and_the_ticket_shows_it(desk: Desk) -> None:
    desk.then("review --cover paid", "quote --amount 300")
    assert "payment: 0.00 of 300.00 received\n" in desk.says(f"ticket show {desk.ticket}").out
    desk.then("record paid amount=100", "record paid amount=100")
    shown = desk.says(f"ticket show {desk.ticket}").out
    assert "payment: 200.00 of 300.00 received, 100.00 missing\n" in shown
    desk.then("record paid amount=100")
    assert "payment: 300.00 of 300.00 received\n" in desk.says(f"ticket show {desk.ticket}").out
    told = desk.then("record paid amount=300")
    assert told.startswith("due 300.00, received 600.00, 300.00 too much\n")
    assert "svcctl undo" in told
    shown = desk.says(f"ticket show {desk.ticket}").out
    assert "payment: due 300.00, received 600.00, 300.00 too much\n" in shown


def test_what_is_paid_back_is_no_payment_too_many(desk: Desk) -> None:
    desk.then(*AGREED, "record paid amount=300")
    assert desk.then("record paid amount=-20") == "due 180.00, received 280.00, 100.00 too much\n"
    assert desk.then("record paid amount=-100") == ""


def test_a_payment_where_nothing_was_agreed_is_shown_and_a_ticket_without_money_shows_none(
    desk: Desk,
) -> None:
    assert "payment:" not in desk.says(f"ticket show {desk.ticket}").out
    desk.then("record paid amount=50")
    shown = desk.says(f"ticket show {desk.ticket}").out
    assert "payment: 50.00 received, no amount agreed\n" in shown


def test_parts_taken_at_two_stations_meet_the_payment_together(desk: Desk) -> None:
    desk.then(*AGREED, *DONE, "record paid amount=90 part=true")
    assert desk.payment() == "open"
    desk.then(
        "record paid amount=90 part=true"
    )  # as the other station wrote it, unaware of the first
    assert desk.payment() == "met"


def test_a_lower_fee_on_the_slip_makes_what_came_in_enough(desk: Desk) -> None:
    desk.then(*AGREED, "record paid amount=60")
    assert desk.payment() == "open"
    desk.then(*DONE[:2], "finish --by wang.wei --result fixed --fee 60")
    assert desk.payment() == "met"


def test_a_higher_fee_on_the_slip_makes_a_payment_in_advance_a_part(desk: Desk) -> None:
    told = desk.then(
        *AGREED,
        "record paid amount=180",
        *DONE[:2],
        "finish --by wang.wei --result fixed --fee 200 --fault x --action y",
    )
    assert told == "180.00 of 200.00 received, 20.00 missing\n"
    assert desk.payment() == "open"
    desk.then("record paid amount=20")
    assert desk.payment() == "met"


def test_a_part_that_is_voided_is_owed_again(desk: Desk) -> None:
    desk.then(*AGREED, "record paid amount=60", "record paid amount=120", *DONE)
    assert desk.payment() == "met"
    event = json.loads(desk.says(f"ticket show {desk.ticket} -o json").out)["items"][0]["events"]
    first = next(one["event"] for one in event if one["do"] == "paid")
    told = desk.then(f"void {first} --reason 假币")
    assert told == "120.00 of 180.00 received, 60.00 missing\n"
    assert desk.payment() == "open"
    assert "60.00 missing" in desk.says(f"why {desk.ticket} payment").out


def test_money_given_back_is_owed_again_unless_it_was_let_go(desk: Desk) -> None:
    desk.then(*AGREED, *DONE, "record paid amount=180", "record paid amount=-80")
    assert desk.payment() == "open"
    desk.then("record paid amount=0.00 part=false")
    assert desk.payment() == "met"


def test_a_quote_after_the_acceptance_counts_once_it_is_accepted(desk: Desk) -> None:
    told = desk.then(*AGREED, "quote --amount 500")
    assert told == "500.00 counts once it is accepted; until then 180.00 holds\n"
    desk.then(*DONE, "record paid amount=180")
    assert desk.payment() == "met"
    assert desk.then("accept") == "180.00 of 500.00 received, 320.00 missing\n"
    assert desk.payment() == "open"


def test_the_fee_of_a_second_visit_takes_the_place_of_the_first_and_says_so(desk: Desk) -> None:
    desk.then(*AGREED, *DONE[:2], "finish --by wang.wei --result parts-needed --fee 50")
    told = desk.then(*DONE[:2], "finish --by wang.wei --result fixed --fee 70 --fault x --action y")
    said, _colon, way = told.partition("svcctl ")
    assert said.startswith("the fee 70.00 takes the place of 50.00 (")
    amend = (
        way.strip().replace("ticket ", "", 1).replace(f" {desk.ticket}", "").replace("…", "两次")
    )
    desk.then("record paid amount=70")
    assert desk.payment() == "met"
    assert desk.then(amend) == "70.00 of 120.00 received, 50.00 missing\n"
    assert desk.payment() == "open"


@pytest.mark.parametrize("amount", ["0.00", "0.05", "120.00", "-3.50", "999999999999.99"])
def test_an_amount_is_the_same_after_it_was_counted_in_hundredths(amount: str) -> None:
    assert written(hundredths(amount)) == amount


def test_a_complaint_that_ends_without_a_word_of_what_was_found_is_named(desk: Desk) -> None:
    made = desk.says("ticket new --kind complaint --customer 周兰 --subject 态度差 -o ids")
    desk.ticket = made.out.strip()
    assert desk.then("reply -m 已致歉", "close --by wang.wei").startswith(
        f"nothing says what was found: `svcctl ticket record {desk.ticket} investigated"
    )


def test_a_complaint_of_which_the_cause_is_written_ends_without_a_word(desk: Desk) -> None:
    made = desk.says("ticket new --kind complaint --customer 周兰 --subject 态度差 -o ids")
    desk.ticket = made.out.strip()
    found = "record investigated cause=x liability=ours severity=minor"
    assert desk.then(found, "contact --result reached", "close") == ""


NOT_DONE = (*DONE[:2], "finish --by wang.wei --result parts-needed")


def why(desk: Desk) -> str:
    return str(desk.says(f"why {desk.ticket} payment").out)


@pytest.mark.parametrize("result", ["parts-needed", "not-fixed", "no-access", "workshop"])
def test_a_first_payment_after_a_visit_that_did_not_finish_it_leaves_the_rest_owed(
    desk: Desk, result: str
) -> None:
    desk.then(*AGREED, *DONE[:2], f"finish --by wang.wei --result {result}")
    desk.then("record paid amount=50")
    assert desk.payment() == "open"
    desk.then(*DONE)
    assert desk.payment() == "open"
    assert "50.00 of 180.00 received, 130.00 missing" in why(desk)
    desk.then("record paid amount=130")
    assert desk.payment() == "met"


def test_all_of_it_after_such_a_visit_is_enough_unless_the_fee_says_more(desk: Desk) -> None:
    desk.then(*AGREED, *NOT_DONE, "record paid amount=180")
    assert desk.payment() == ""
    desk.then(*DONE)
    assert desk.payment() == "met"
    event = json.loads(desk.says(f"ticket show {desk.ticket} -o json").out)["items"][0]["events"]
    last = [one["event"] for one in event if one["do"] == "finished"][-1]
    desk.then(f"amend {last} fee 200 --reason 加装支架")
    assert desk.payment() == "open"


def test_a_payment_written_down_later_counts_from_when_it_came(desk: Desk) -> None:
    desk.then(*AGREED, *DONE)
    assert desk.payment() == "open"
    desk.then(f"record paid amount=180 --at {DAY}T12:30")
    assert desk.payment() == "met"
    told = why(desk)
    assert "met in advance by 8SHA money received, 2026-11-16 12:30" in told
    assert "agreed: 180.00 (4SHA " in told
    assert "paid: 180.00 (8SHA, 2026-11-16 12:30), 180.00 in all" in told
    assert "180.00 of 180.00 received" in told


def test_a_part_before_the_work_and_a_part_after_it_are_one_account(desk: Desk) -> None:
    desk.then(*AGREED, *DONE, "record paid amount=100")
    desk.then(f"record paid amount=79 --at {DAY}T12:30")
    assert desk.payment() == "open"
    told = why(desk)
    assert told.index("paid: 79.00 (9SHA, 2026-11-16 12:30), 79.00 in all") < told.index(
        "paid: 100.00 (8SHA, 2026-11-16 16:00), 179.00 in all"
    )
    assert "179.00 of 180.00 received, 1.00 missing" in told
    desk.then("record paid amount=1")
    assert desk.payment() == "met"


def test_what_is_finished_twice_owes_its_money_once(desk: Desk) -> None:
    desk.then(*AGREED, *DONE, "reopen --reason 又不制冷", *DONE)
    answer = json.loads(desk.says(f"ticket show {desk.ticket} -o json").out)
    owed = [one for one in answer["items"][0]["obligations"] if one["kind"] == "payment"]
    assert [one["state"] for one in owed] == ["open"]


def test_rules_from_before_say_what_they_said(desk: Desk) -> None:
    policy = desk.root / "records/policy/2026-01-01.yaml"
    text = policy.read_text("utf-8")
    assert "in-advance: yes, " in text
    policy.write_text(text.replace("in-advance: yes, ", ""), "utf-8")
    desk.then(*AGREED, *DONE, f"record paid amount=180 --at {DAY}T12:30")
    assert desk.payment() == "open"
