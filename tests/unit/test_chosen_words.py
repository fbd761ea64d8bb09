"""Words chosen from a list: what is proposed for one that is not in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from svcctl.desk.typed import chosen
from svcctl.domain.policy import ROLES
from svcctl.domain.problems import Usage
from svcctl.domain.ticket import CHANNELS, FINISH_RESULTS, KINDS, TICKET
from svcctl.views.everyday import EVERYDAY
from svcctl.views.language import LANGUAGES, say, set_language, stored_word, word

RESULTS = ("fixed", "not-fixed", "workshop")


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


def _proposal(text: str) -> str:
    with pytest.raises(Usage) as stop:
        chosen("result", text, RESULTS)
    return say(stop.value.remedy) if stop.value.remedy else ""


def test_part_of_two_labels_proposes_both_never_only_the_opposite() -> None:
    set_language("zh_CN")
    proposal = _proposal("修")
    assert "fixed（已修好）" in proposal
    assert "not-fixed（未修好）" in proposal


def test_a_mistyped_word_proposes_the_one_it_resembles() -> None:
    set_language("en")
    assert _proposal("fixd") == "did you mean fixed?"


def test_a_label_is_taken_as_the_word_itself() -> None:
    assert chosen("result", "已修好", RESULTS) == "fixed"


# What people say ----------------------------------------------------------------------------------

LISTS: dict[str, list[tuple[str, ...]]] = {
    "role": [ROLES],
    "state": [tuple(TICKET.states)],
    "do": [tuple(TICKET.events)],
}
for _shape in (TICKET.head, *(_kind.shape for _kind in TICKET.events.values())):
    for _field in _shape.fields.values():
        _words = ("true", "false") if _field.type == "flag" else _field.words
        if _words and _words not in LISTS.setdefault(_field.name, []):
            LISTS[_field.name].append(_words)


@pytest.mark.parametrize(
    ("key", "words", "typed", "meant"),
    [
        ("kind", KINDS, "报修", "repair"),
        ("kind", KINDS, "投诉", "complaint"),
        ("channel", CHANNELS, "打电话", "phone"),
        ("channel", CHANNELS, " 微 信 ", "online"),
        ("channel", CHANNELS, "ＱＱ", "online"),
        ("channel", CHANNELS, "E-Mail", "mail"),
        ("result", FINISH_RESULTS, "修好了", "fixed"),
        ("result", FINISH_RESULTS, "没修好", "not-fixed"),
        ("result", FINISH_RESULTS, "没人在家", "no-access"),
    ],
)
def test_what_people_say_is_taken_in_either_language(
    key: str, words: tuple[str, ...], typed: str, meant: str
) -> None:
    for lang in LANGUAGES:
        set_language(lang)
        assert chosen(key, typed, words) == meant


def test_an_everyday_word_means_one_word_of_its_option_and_is_no_label_of_another() -> None:
    for key, said in EVERYDAY.items():
        field, _dot, meant = key.rpartition(".")
        lists = [words for words in LISTS[field] if meant in words]
        assert lists, f"{key} is a word of no option"
        for words in lists:
            for one in said.split():
                assert one == one.lower()
                others = [w for w in words if one in EVERYDAY.get(f"{field}.{w}", "").split()]
                assert others == [meant], f"{field}: {one} may mean {others}"
                assert stored_word(one, field, words) == meant, f"{key}: {one} is shown for another"


def test_a_word_that_may_mean_two_is_answered_with_the_choices() -> None:
    set_language("zh_CN")
    with pytest.raises(Usage) as stop:
        chosen("kind", "上门", KINDS)
    assert all(word(one, "kind") in say(stop.value.message) for one in KINDS)


def test_part_of_an_everyday_word_is_asked_back_not_taken() -> None:
    set_language("zh_CN")
    assert "not-fixed" in _proposal("没修")
