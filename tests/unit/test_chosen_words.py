"""Words chosen from a list: what is proposed for one that is not in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from svcctl.desk.typed import chosen
from svcctl.domain.problems import Usage
from svcctl.views.language import say, set_language

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
    proposal = _proposal("修好")
    assert "fixed（已修好）" in proposal
    assert "not-fixed（未修好）" in proposal


def test_a_mistyped_word_proposes_the_one_it_resembles() -> None:
    set_language("en")
    assert _proposal("fixd") == "did you mean fixed?"


def test_a_label_is_taken_as_the_word_itself() -> None:
    assert chosen("result", "已修好", RESULTS) == "fixed"
