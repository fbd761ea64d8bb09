"""What people type while a customer waits: by ear, on another keyboard, without quotes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.domain.identity import near_names
from svcctl.domain.problems import Message
from svcctl.views.language import say, set_language

Run = Callable[..., Any]
NOW = "2026-11-16T09:00:00+08:00"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A ledger with a coordinator, a customer and a request."""
    commands = (
        "init . --desk SHA --no-commit",
        "staff new li.na --name 李娜 --role coordinator",
        "me li.na",
        "customer new --name 周兰 --phone １３８-００１３-８０００",
        "ticket new --kind repair --customer 周兰 --subject 不制冷",
    )
    return made.after(tmp_path / "desk", commands, NOW)


@pytest.mark.parametrize(
    "typed", ["13800138000", "138 0013 8000", "１３８００１３８０００", "138—0013—8000"]
)
def test_a_customer_is_found_by_the_number_of_any_keyboard(
    desk: Path, svcctl: Run, typed: str
) -> None:
    ran = svcctl("customer", "show", typed, "-o", "ids", cwd=desk, now=NOW)
    assert ran.out.split() == ["SHA-C0001Z"], ran.err


def test_a_number_is_stored_as_every_keyboard_types_it(desk: Path) -> None:
    (card,) = (desk / "records/customers").glob("*.yaml")
    assert "138-0013-8000" in card.read_text("utf-8")


@pytest.mark.parametrize("typed", ["周栏", "13800138001", "1380013800"])
def test_who_is_taken_down_by_ear_is_asked_back(desk: Path, svcctl: Run, typed: str) -> None:
    ran = svcctl("ticket", "new", "--customer", typed, "--subject", "漏水", cwd=desk, now=NOW)
    assert ran.code == 8
    assert "did you mean SHA-C0001Z 周兰 13800138000?" in ran.err


def test_where_several_answer_each_is_told_with_what_one_question_tells_apart(
    desk: Path, svcctl: Run
) -> None:
    for phone, address in (
        ("13900139000", "上海市黄浦区中山南路一段九百九十九弄八号楼二单元三零二室"),
        ("", "延安路 2 号"),
    ):
        words = ("--name", "周兰芳", "--phone", phone, "--address", address)
        assert svcctl("customer", "new", *words, cwd=desk, now=NOW).code == 0
    ran = svcctl("ticket", "new", "--customer", "周兰", "--subject", "漏水", cwd=desk, now=NOW)
    assert ran.code == 8
    assert ran.err.splitlines()[:4] == [
        "“周兰” fits several customers [ambiguous-customer]",
        "  SHA-C0001Z  周兰  13800138000",
        "  SHA-C0002X  周兰芳  13900139000  …浦区中山南路一段九百九十九弄八号楼二单元三零二室",
        "  SHA-C0003V  周兰芳  延安路 2 号",
    ]


def test_a_name_that_is_like_no_other_is_to_be_added(desk: Path, svcctl: Run) -> None:
    ran = svcctl("customer", "show", "欧阳娜娜", cwd=desk, now=NOW)
    assert ran.err.splitlines()[1] == "  add one: svcctl customer new --name … --phone …"


def test_one_character_is_near_and_two_are_not() -> None:
    known = [("周兰", "13800138000", "A"), ("王小明", "02155500101", "B")]
    assert near_names("王晓明", known) == known[1:]
    assert near_names("周小明", known) == known[1:]
    assert near_names("王", known) == near_names("张强", known) == []
    assert near_names("０２１-５５５００１０２", known) == known[1:]
    assert near_names("02155500202", known) == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("ticket new --kind repair --subject 不 制冷", '"不 制冷"'),
        ("ticket new --subject 不 制 冷 --customer 周 兰", '"不 制 冷" "周 兰"'),
        ("ticket note 018 客户 来电", '"客户 来电"'),
        ("customer new --name A --company North Pole --phone 1", '"North Pole"'),
    ],
)
def test_words_that_the_shell_took_apart_are_shown_in_quotes(
    desk: Path, svcctl: Run, words: str, hint: str
) -> None:
    ran = svcctl(*words.split(" "), cwd=desk, now=NOW)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == f"  what has a space in it goes in quotes: {hint}"


@pytest.mark.parametrize("words", ["today foo", "ticket show 018 01Y"])
def test_a_word_too_many_that_is_no_text_gets_no_such_hint(
    desk: Path, svcctl: Run, words: str
) -> None:
    ran = svcctl(*words.split(" "), cwd=desk, now=NOW)
    assert ran.code == 2
    assert "quotes" not in ran.err


def test_what_is_missing_is_named_as_the_usage_line_names_it(desk: Path, svcctl: Run) -> None:
    ran = svcctl("--lang", "zh_CN", "find", cwd=desk, now=NOW)
    assert "缺少参数 文字" in ran.err


@pytest.mark.parametrize("noun", ["callbacks", "escalations"])
def test_a_noun_that_is_a_list_answers_alone(desk: Path, svcctl: Run, noun: str) -> None:
    alone = svcctl(noun, "-o", "json", cwd=desk, now=NOW)
    assert (alone.code, alone.err) == (0, "")
    assert alone.out == svcctl(noun, "due", "-o", "json", cwd=desk, now=NOW).out
    assert svcctl(noun, "--lang", "zh_CN", cwd=desk, now=NOW).code == 0
    assert "Without a command: due." in svcctl(noun, "--help", cwd=desk, now=NOW).out
    assert svcctl(noun, "don", cwd=desk, now=NOW).code == 2


@pytest.mark.parametrize("noun", ["ticket", "slip", "customer", "policy", "report"])
def test_a_noun_that_is_a_thing_shows_its_verbs(desk: Path, svcctl: Run, noun: str) -> None:
    ran = svcctl(noun, cwd=desk, now=NOW)
    assert ran.code == 2
    assert "Commands:" in ran.out + ran.err


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_moment_in_a_message_reads_as_in_a_table(desk: Path, svcctl: Run, language: str) -> None:
    ticket = svcctl("ticket", "list", "-o", "ids", cwd=desk, now=NOW).out.strip()
    ran = svcctl(
        *("--lang", language, "ticket", "contact", ticket, "--result", "reached"),
        *("--at", "2026-11-16T02:00:00Z"),
        cwd=desk,
        now=NOW,
    )
    assert ran.code == 3
    assert "2026-11-16 10:00" in ran.err
    assert "+08:00" not in ran.err


def test_what_somebody_typed_is_shown_as_it_was_typed() -> None:
    set_language("en")
    typed = "2026-11-16T09:00:00+08:00"
    assert say(Message("“{value}” at {at}", {"value": typed, "at": typed})) == (
        f"“{typed}” at 2026-11-16 09:00"
    )


def ticket_of(answer: str) -> str:
    """The id in a JSON answer about one ticket."""
    (item,) = json.loads(answer)["items"]
    return str(item["id"])


def test_a_person_answers_by_number_by_label_or_by_word(desk: Path, svcctl: Run) -> None:
    answers = "２\n电话\n周兰\n-\n漏水\n"
    ran = svcctl("ticket", "new", "-o", "json", cwd=desk, now=NOW, lang="zh_CN", typed=answers)
    assert ran.code == 0, ran.err
    assert '"kind": "install"' in ran.out
    assert "属于哪一类？ 1 维修 · 2 安装" in ran.err
    again = "nonsense\nrepair\n6\n周兰\n-\n不转\n"
    ran = svcctl("ticket", "new", "-o", "json", cwd=desk, now=NOW, typed=again)
    assert ran.err.count("What is it?") == 2
    assert '"kind": "repair"' in ran.out
    (made,) = (desk / "records/tickets").rglob(f"{ticket_of(ran.out)}.yaml")
    assert "channel: other" in made.read_text("utf-8")


def test_who_is_nearly_known_is_added_only_on_a_yes(desk: Path, svcctl: Run) -> None:
    answers = "1\n1\n周栏\n\n周兰\n-\n漏水\n"
    ran = svcctl("ticket", "new", cwd=desk, now=NOW, typed=answers)
    assert ran.code == 0, ran.err
    assert "  near to it: SHA-C0001Z 周兰 13800138000\n" in ran.err
    assert len(list((desk / "records/customers").glob("*.yaml"))) == 1


def test_a_customer_without_a_telephone_can_be_added(desk: Path, svcctl: Run) -> None:
    answers = "1\n1\n欧阳娜娜\n\n\n\n\n-\n漏水\n"
    ran = svcctl("ticket", "new", cwd=desk, now=NOW, typed=answers)
    assert ran.code == 0, ran.err
    cards = [one.read_text("utf-8") for one in (desk / "records/customers").glob("*.yaml")]
    assert sum("欧阳娜娜" in card and "phone" not in card for card in cards) == 1


def test_a_serial_number_that_is_nearly_right_is_asked_back(desk: Path, svcctl: Run) -> None:
    svcctl("unit", "new", "SN2600137", "--customer", "周兰", "--model", "K", cwd=desk, now=NOW)
    ran = svcctl("ticket", "new", "--unit", "sn2600138", "--subject", "漏水", cwd=desk, now=NOW)
    assert ran.code == 8
    assert "did you mean SN2600137?" in ran.err


@pytest.mark.parametrize("amount", ["￥180", "¥180", "180元", "180块", "１８０", "180.00"])
def test_an_amount_is_read_as_it_is_said(desk: Path, svcctl: Run, amount: str) -> None:
    ticket = svcctl("ticket", "list", "-o", "ids", cwd=desk, now=NOW).out.strip()
    ran = svcctl("ticket", "quote", ticket, "--amount", amount, cwd=desk, now=NOW)
    assert '"amount": "180.00"' in ran.out, ran.err


@pytest.mark.parametrize("typed", ["13800138000", "１３８ ００１３ ８０００"])
def test_a_customer_is_not_added_twice(desk: Path, svcctl: Run, typed: str) -> None:
    """With two cards neither the name nor the number would lead to one of them any more."""
    ran = svcctl("customer", "new", "--name", "周兰", "--phone", typed, cwd=desk, now=NOW)
    assert (ran.code, ran.out) == (3, "")
    assert "周兰 with this telephone number is already there: SHA-C0001Z" in ran.err
    assert len(list((desk / "records/customers").glob("*.yaml"))) == 1


def test_another_person_at_the_same_telephone_is_added_and_the_first_is_named(
    desk: Path, svcctl: Run
) -> None:
    ran = svcctl(
        "customer", "new", "--name", "周波", "--phone", "１３８００１３８０００", cwd=desk, now=NOW
    )
    assert ran.code == 0
    assert "the same phone number is on the card of SHA-C0001Z 周兰" in ran.err


def test_what_takes_away_is_not_offered_for_a_word_that_is_hardly_like_it(
    desk: Path, svcctl: Run
) -> None:
    assert "erase" not in svcctl("customer", "merge", cwd=desk, now=NOW).err
    assert "Did you mean list?" in svcctl("customer", "lsit", cwd=desk, now=NOW).err


@pytest.mark.parametrize("typed", ["王师傅", "王工", "王维", "wangwei", "伟"])
def test_who_is_sent_is_proposed_by_surname_part_or_slip_never_taken(
    desk: Path, svcctl: Run, typed: str
) -> None:
    staff = ("staff", "new", "wang.wei", "--name", "王伟", "--role", "师傅")
    assert svcctl(*staff, cwd=desk, now=NOW).code == 0
    ran = svcctl("ticket", "note", "02G", "来电", "--by", typed, cwd=desk, now=NOW)
    assert ran.code == 8
    assert "did you mean wang.wei 王伟? Else" in ran.err


def test_a_score_is_typed_with_its_unit(desk: Path, svcctl: Run) -> None:
    words = ("ticket", "record", "02G", "called-back", "result=通了", "quality=５分")
    ran = svcctl(*words, "--dry-run", cwd=desk, now=NOW)
    assert "quality" not in ran.err, ran.err


@pytest.mark.parametrize("words", [("ticket", "02G"), ("customer", "周兰"), ("unit", "SN-1")])
def test_a_record_where_a_verb_belongs_is_proposed_to_be_shown(svcctl: Run, words: Any) -> None:
    noun, typed = words
    assert f"Did you mean {noun} show {typed}?" in svcctl(*words).err


def test_where_somebody_came_without_having_been_sent_a_visit_can_be_agreed(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    for words, at in (
        (("finish", "--result", "by-phone", "--fault", "x", "--action", "y"), "10:01"),
        (("reopen", "--reason", "x"), "10:02"),
        (("arrive", "--by", "eng1"), "10:03"),
    ):
        made.sure(root, "ticket", words[0], made.OTHER, *words[1:], now=f"2026-11-16T{at}:00+08:00")
    sent = ("ticket", "dispatch", made.OTHER, "--to", "eng1", "--visit", "2026-11-18T10:00")
    ran = made.call(root, *sent, now="2026-11-16T10:04:00+08:00")
    assert ran.code == 0, ran
    again = made.call(root, *sent, now="2026-11-16T10:05:00+08:00")
    assert (again.code, "[visit-under-way]" in again.err) == (3, True)
    moved = ("ticket", "reassign", made.OTHER, "--to", "mgr1", "--visit", "2026-11-18T11:00")
    now = "2026-11-16T10:06:00+08:00"
    ran = made.call(root, *moved, "--reason", "x", "--approved-by", "mgr1", now=now)
    assert ran.code == 0, ran
    line = json.loads(ran.out.splitlines()[0].removeprefix("- "))
    again = made.call(root, *sent, now="2026-11-16T10:07:00+08:00")
    assert f"amend {made.OTHER} {line['n']}SHA visit" in again.err


TWO_OF_A_NAME = (
    *("--name", "李强", "--phone", "13900139000"),
    *("--name", "李强", "--phone", "13700137000"),
)


@pytest.fixture
def namesakes(desk: Path, svcctl: Run) -> Path:
    """The ledger with two customers of one name besides: SHA-C0002X and SHA-C0003V."""
    for words in (TWO_OF_A_NAME[:4], TWO_OF_A_NAME[4:]):
        assert svcctl("customer", "new", *words, cwd=desk, now=NOW).code == 0
    return desk


def test_an_answer_that_is_none_is_told_what_would_be_one(desk: Path, svcctl: Run) -> None:
    answers = "维修嘛\n７\n维修\n李强\n1\n周兰\n-\n\n\n不转\n"
    ran = svcctl("ticket", "new", cwd=desk, now=NOW, typed=answers)
    assert ran.code == 0, ran.err
    told = "is none of these: type a number, 1 to 6, or one of the words"
    assert f"“维修嘛” {told}" in ran.err
    assert f"“７” {told}" in ran.err
    assert "“李强” is none of these" in ran.err
    assert ran.err.count("  an answer is needed\n") == 2
    assert ran.err.count("Ctrl-C stops") == 2  # only from the second time on: kind, subject


def test_customers_of_one_name_are_answered_by_their_number(namesakes: Path, svcctl: Run) -> None:
    answers = "1\n1\n李强\n２\n-\n不转\n"
    ran = svcctl("ticket", "new", "-o", "json", cwd=namesakes, now=NOW, typed=answers)
    assert ran.code == 0, ran.err
    assert "  1  SHA-C0002X  李强  13900139000\n  2  SHA-C0003V  李强  13700137000\n" in ran.err
    assert json.loads(ran.out)["items"][0]["customer"] == "SHA-C0003V"


def test_a_few_digits_do_not_become_a_customer_by_return(namesakes: Path, svcctl: Run) -> None:
    answers = "1\n1\n李强\n99\n\n1\n-\n不转\n"
    ran = svcctl("ticket", "new", "-o", "json", cwd=namesakes, now=NOW, typed=answers)
    assert ran.code == 0, ran.err
    assert "Add a new customer? [y/N]" in ran.err
    assert json.loads(ran.out)["items"][0]["customer"] == "SHA-C0002X"
    assert len(list((namesakes / "records/customers").glob("*.yaml"))) == 3


def test_who_breaks_off_is_told_which_customer_was_added(desk: Path, svcctl: Run) -> None:
    ran = svcctl("ticket", "new", cwd=desk, now=NOW, typed="1\n1\n欧阳娜娜\n\n\n\n\n")
    assert ran.code == 130
    assert "no ticket was made; the customer SHA-C0002X was added before and stays" in ran.err
    assert (desk / "records/customers/SHA-C0002X.yaml").exists()


def test_who_breaks_off_without_a_new_customer_is_told_of_none(desk: Path, svcctl: Run) -> None:
    ran = svcctl("ticket", "new", cwd=desk, now=NOW, typed="1\n1\n周兰\n")
    assert ran.code == 130
    assert "stays" not in ran.err


def test_a_product_of_another_customer_is_told_and_taken(namesakes: Path, svcctl: Run) -> None:
    words = ("unit", "new", "SN26", "--customer", "周兰", "--model", "K")
    assert svcctl(*words, cwd=namesakes, now=NOW).code == 0
    taken = (
        "ticket",
        "new",
        "--kind",
        "repair",
        "--unit",
        "SN26",
        "--subject",
        "漏水",
        "-o",
        "json",
    )
    ran = svcctl(*taken, "--customer", "13900139000", cwd=namesakes, now=NOW)
    assert ran.code == 0
    assert "the card of SN26 names SHA-C0001Z 周兰 as its customer, not SHA-C0002X 李强" in ran.err
    assert "svcctl unit set SN26 --customer SHA-C0002X" in ran.err
    assert json.loads(ran.out)["items"][0]["customer"] == "SHA-C0002X"
    for own in (("--customer", "周兰"), ()):
        ran = svcctl(*taken, *own, cwd=namesakes, now=NOW)
        assert "names" not in ran.err, ran.err


def test_a_customer_without_a_name_is_asked_for_it(desk: Path, svcctl: Run) -> None:
    ran = svcctl("customer", "new", "--phone", "13900139000", cwd=desk, now=NOW)
    assert ran.code == 2
    assert "--name is missing" in ran.err
    assert "git log" not in ran.err
    words = ("customer", "new", "--phone", "13900139000", "-o", "json")
    ran = svcctl(*words, cwd=desk, now=NOW, typed="李强\n")
    assert json.loads(ran.out)["items"][0]["name"] == "李强"
