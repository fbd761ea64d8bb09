"""Words of the program inside messages: shown by their labels in Chinese, stored as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from svcctl.domain.cards import KINDS as CARDS
from svcctl.domain.policy import ROLES
from svcctl.domain.problems import Message, Said
from svcctl.domain.schema import EXPECTED
from svcctl.domain.standing import STANDINGS
from svcctl.domain.ticket import TICKET
from svcctl.views.labels import LABELS
from svcctl.views.language import phrase, say, set_language, span, word

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "svcctl" / "locale" / "zh_CN" / "LC_MESSAGES" / "svcctl.po"
MARKS = {"word", "words", "options", "phrase", "time", "pattern", "span"}


@pytest.fixture(autouse=True)
def _chinese() -> None:
    set_language("zh_CN")


def _is_chinese(text: str) -> bool:
    return re.search("[\u4e00-\u9fff]", text) is not None


def _marked() -> dict[str, set[str]]:
    """The texts whose translation marks a place, with the marks."""
    with open(PO, "rb") as source:
        catalogue = read_po(source, locale="zh_CN")
    found = {}
    for entry in catalogue:
        if isinstance(entry.id, str) and isinstance(entry.string, str):
            marks = set(re.findall(r"\{\w+:([a-z]+)[^{}]*\}", entry.string))
            if marks:
                found[entry.id] = marks
    return found


def test_every_stored_word_has_a_chinese_label() -> None:
    events = list(TICKET.events.values())
    fields = [*TICKET.head.fields.values()]
    fields += [field for event in events for field in event.shape.fields.values()]
    fields += [field for kind in CARDS.values() for field in kind.shape.fields.values()]
    words = {(one, field.name) for field in fields for one in field.words}
    words |= {(field.name, "field") for field in fields}
    words |= {(state, "state") for state in TICKET.states}
    words |= {(event, "do") for event in TICKET.events}
    words |= {(role, "role") for role in ROLES} | {(one, "state") for one in STANDINGS}
    assert sorted(one for one in words if not _is_chinese(word(*one))) == []


def test_every_obligation_of_the_shipped_policy_has_a_chinese_label() -> None:
    shipped = (ROOT / "svcctl" / "shipped" / "policy.yaml").read_text(encoding="utf-8")
    names = re.findall(r"^  ([a-z-]+): +\{for:", shipped, re.MULTILINE)
    assert len(names) > 5
    assert [name for name in names if not _is_chinese(word(name))] == []


def test_what_a_value_should_have_been_is_said_in_chinese() -> None:
    assert [text for text in EXPECTED.values() if not _is_chinese(phrase(text))] == []
    assert phrase("one of urgent | normal") == "以下之一：urgent | normal"


def test_a_message_shows_the_labels_of_the_words_in_it() -> None:
    message = Message(
        "{id} is {state}: {do} cannot follow",
        {"id": "SHA-261116-02G", "state": "ready", "do": "paid"},
    )
    assert say(message) == "SHA-261116-02G 现在是“待派工”，不能登记“已收款”"
    set_language("en")
    assert say(message) == "SHA-261116-02G is ready: paid cannot follow"


def test_words_to_be_typed_keep_their_stored_form_beside_the_label() -> None:
    shown = say(Message("known are: {known}", {"known": "new, on-site, nonsense"}))
    assert shown == "可用的有：new（新受理）、on-site（上门中）、nonsense"


def test_a_place_of_the_users_own_words_is_never_translated() -> None:
    shown = say(Message("there is no ticket “{typed}”", {"typed": "ready"}))
    assert shown == "没有工单“ready”"


def test_a_marked_place_is_made_harmless_too() -> None:
    args = {"id": "X", "state": "\x1b[31mred", "do": "no\nsuch"}
    shown = say(Message("{id} is {state}: {do} cannot follow", args))
    assert "\x1b" not in shown
    assert "\n" not in shown


def test_a_message_within_a_message_is_said_in_the_same_language() -> None:
    inner = Said.of(Message("there is no file {path}", {"path": "a.csv"}))
    outer = Message("written, commit pending, do not repeat: {reason}", {"reason": inner})
    assert say(outer) == "已写入，提交待补，请勿重做：没有文件 a.csv"
    assert str(inner) == "there is no file a.csv"
    set_language("en")
    assert say(outer) == "written, commit pending, do not repeat: there is no file a.csv"


def test_a_length_of_time_has_its_units_spelled_out() -> None:
    assert span("17h 05m") == "17 小时 5 分钟"
    assert span("24mo") == "24 个月"


def test_a_translation_uses_only_marks_that_are_known() -> None:
    assert set().union(*_marked().values()) <= MARKS


def test_only_messages_have_marks_and_not_texts_that_are_filled_in_place() -> None:
    """``_("...").format(...)`` knows no marks: a translation with one would end in a traceback."""
    filled = {
        text
        for _name, _line, text, _comments, _context in extract_from_dir(
            ROOT / "svcctl", [("**.py", "python")], keywords={"_": None}
        )
        if isinstance(text, str)
    }
    assert len(filled) > 50
    assert sorted(filled & _marked().keys()) == []


def test_a_label_for_one_field_differs_from_the_plain_one() -> None:
    """A label under ``field.word`` that says the same as ``word`` would be there for nothing."""
    both = [key for key in LABELS if key.partition(".")[2] in LABELS]
    assert both
    assert [key for key in both if LABELS[key] == LABELS[key.partition(".")[2]]] == []


def test_lengths_fields_and_troubles_are_said_in_chinese() -> None:
    args = {"rule": "3m", "place": "p", "version": "v", "field": "visit"}
    assert "3 分钟内" in say(
        Message("rule: within {rule} round the clock ({place}, policy {version})", args)
    )
    assert "截至“预约上门”所载时间" in say(
        Message("rule: until the time in {field} ({place}, policy {version})", args)
    )
    assert say(Message("the oldest for {length}", {"length": "2h 05m"})) == "最久的已 2 小时 5 分钟"
    for reason in ("No such file or directory", "it is no plain file"):
        args = {"path": "x.jpg", "reason": reason}
        told = say(Message("{path} cannot be attached: {reason}", args))
        assert re.search("[a-z]", told.replace("x.jpg", "")) is None, told
