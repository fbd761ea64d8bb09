"""What is shown can be typed: fields by their names, words by their labels, lengths with their units."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.desk.typed import chosen, named_field
from svcctl.domain.policy import ROLES
from svcctl.domain.problems import Usage
from svcctl.domain.spoken import read_length
from svcctl.domain.ticket import CHANNELS, COVERS, FINISH_RESULTS, KINDS, OPINIONS, PRIORITIES
from svcctl.views.language import option, set_language, word

Run = Callable[..., Any]
NOW = "2026-11-18T10:00:00+08:00"
REASON = ("--reason", "写错了")


@pytest.fixture
def desk(svcctl: Run, tmp_path: Path) -> Run:
    """A ledger with one new ticket."""
    made.after(tmp_path, made.AT_HOME, NOW)

    def call(*words: str, lang: str = "zh_CN") -> Any:
        return svcctl(*words, now=NOW, lang=lang)

    return call


def _contested_subject(root: Path) -> None:
    """Let two desks correct the subject, neither having seen the other."""
    path = next((root / "records/tickets").rglob("*.yaml"))
    text = path.read_text("utf-8")
    for code, subject in (("SHA", "不制热"), ("BJ", "漏水")):
        line = {
            "n": 2,
            "desk": code,
            "at": "2026-11-16T09:20:00+08:00",
            "noted": "2026-11-16T09:20:00+08:00",
            "by": "li.na",
            "do": "amended",
            "target": "head",
            "field": "subject",
            "value": subject,
            "reason": "客户更正",
            "over": "1SHA",
        }
        text += f"- {json.dumps(line, ensure_ascii=False)}\n"
    path.write_text(text, "utf-8")


def _written(ran: Any) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    line: dict[str, Any] = json.loads(json.loads(ran.out)["items"][0]["written"][-1])
    return line


@pytest.mark.parametrize("typed", ["事由", "subject", "Subject", "subject（事由）"])
def test_a_contested_value_is_settled_by_the_name_it_is_shown_with(
    desk: Run, tmp_path: Path, typed: str
) -> None:
    _contested_subject(tmp_path)
    ran = desk("ticket", "settle", "02G", typed, "--pick", "2BJ", *REASON, "-o", "json")
    assert _written(ran)["value"] == "subject"


@pytest.mark.parametrize(("typed", "key"), [("事由", "subject"), ("wanted by", "wanted")])
def test_a_field_is_amended_by_the_name_it_is_shown_with(desk: Run, typed: str, key: str) -> None:
    ran = desk("ticket", "amend", "02G", "head", typed, "2026-11-20", *REASON, "-o", "json")
    assert _written(ran)["field"] == key


def test_a_field_that_is_not_known_is_answered_with_those_that_are(desk: Run) -> None:
    ran = desk("ticket", "amend", "02G", "head", "题目", "不制热", *REASON)
    assert ran.code == 2
    assert "题目" in ran.err
    assert "subject（事由）" in ran.err
    assert "opened" not in ran.err, "when it was taken is not corrected in the head"


def test_an_entry_of_the_log_is_amended_by_the_name_of_its_field(desk: Run) -> None:
    assert desk("log", "add", "晨会").code == 0
    ran = desk("log", "amend", "1SHA", "文字说明", "晚会", *REASON)
    assert ran.code == 0, ran.err


def test_what_is_recorded_is_named_as_it_is_shown(desk: Run) -> None:
    ran = desk("ticket", "record", "02G", "已收款", "金额=120", "-o", "json")
    assert {key: _written(ran)[key] for key in ("do", "amount")} == {
        "do": "paid",
        "amount": "120.00",
    }


def test_the_field_of_an_event_keeps_the_event_before_it() -> None:
    known = ["3SHA.visit", "engineer"]
    set_language("zh_CN")
    assert named_field(f"3sha.{word('visit', 'field')}", known) == "3SHA.visit"
    assert named_field("3SHA.nonsense", known) == "3SHA.nonsense"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("kind", KINDS),
        ("role", ROLES),
        ("result", FINISH_RESULTS),
        ("cover", COVERS),
        ("channel", CHANNELS),
        ("opinion", OPINIONS),
        ("priority", PRIORITIES),
        ("third-copy", ("left", "refused")),
        ("severity", ("minor", "major", "critical")),
        ("liability", ("ours", "not-ours")),
        ("for", ("customer", "parts")),
    ],
)
def test_every_word_is_taken_as_it_is_shown(key: str, words: tuple[str, ...]) -> None:
    for lang in ("zh_CN", "en"):
        set_language(lang)
        shown = {one: (one, one.upper(), word(one, key), option(one, key)) for one in words}
        set_language("en")  # what is typed may be in the other language
        read = {one: {chosen(key, text, words) for text in texts} for one, texts in shown.items()}
        assert read == {one: {one} for one in words}


def test_after_a_list_of_words_nothing_is_added_where_none_is_near() -> None:
    with pytest.raises(Usage) as stop:
        chosen("cover", "zzz", COVERS)
    assert stop.value.remedy is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("24个月", "24mo"),
        ("24 个月", "24mo"),
        ("２４个月", "24mo"),
        ("2年", "2y"),
        ("两年", "2y"),
        ("十八个月", "18mo"),
        ("30天", "30d"),
        ("90分钟", "90m"),
        ("半小时", "30m"),
        ("2 years", "2y"),
        ("1 month", "1mo"),
        ("24mo", "24mo"),
        ("-2d", "-2d"),
    ],
)
def test_a_length_of_time_is_read_as_it_is_shown(typed: str, meant: str) -> None:
    assert str(read_length(typed)) == meant


@pytest.mark.parametrize("typed", ["", "月", "24", "24个", "24个月半", "200年", "2 fortnights"])
def test_what_is_no_length_of_time_is_refused(typed: str) -> None:
    with pytest.raises(Usage) as stop:
        read_length(typed)
    assert stop.value.code == "span"


def test_a_warranty_is_typed_as_people_say_it(desk: Run, tmp_path: Path) -> None:
    owned = ("--customer", "周兰", "--model", "KFR-35")
    ran = desk("unit", "new", "SN00012345", *owned, "--warranty", "24个月")
    assert ran.code == 0, ran.err
    assert 'warranty: "24mo"' in (tmp_path / "records/units/SN00012345.yaml").read_text("utf-8")


# What can follow ----------------------------------------------------------------------------------


def test_what_cannot_follow_is_not_listed_as_what_can(desk: Run) -> None:
    ran = desk("ticket", "arrive", "02G", lang="en")
    assert ran.code == 3
    told, remedy = ran.err.splitlines()
    assert "arrived cannot follow" in told
    assert "arrived" not in remedy
    assert "closed" not in remedy, "a repair is not closed before it is finished"
    assert remedy.strip().startswith("the review comes next: `svcctl ticket review")


def test_where_nobody_was_sent_the_dispatch_is_named_first(desk: Run) -> None:
    assert desk("ticket", "review", "02G", "--cover", "free").code == 0
    words = ("--to", "wang.wei", "--approved-by", "li.na", *REASON)
    ran = desk("ticket", "reassign", "02G", *words, lang="en")
    assert ran.code == 3
    assert "comes next: `svcctl ticket dispatch" in ran.err


def test_an_inquiry_can_be_closed_at_once_and_that_is_said(desk: Run) -> None:
    assert desk("ticket", "amend", "02G", "head", "kind", "咨询", *REASON).code == 0
    remedy = desk("ticket", "arrive", "02G", lang="en").err.splitlines()[-1]
    assert "closed" in remedy
