"""Hostile text is harmless wherever it is shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcctl.domain.problems import Message
from svcctl.views import safe
from svcctl.views.language import say

OBEYED = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u061c\u200b\u200e\u200f\u2028\u2029\ufeff",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    "\ud800",
    "\U000e0041",
]


@pytest.mark.parametrize("character", OBEYED, ids=lambda text: f"U+{ord(text):04X}")
def test_a_character_that_a_terminal_obeys_is_shown_as_an_escape(character: str) -> None:
    shown = safe.line(f"a{character}b")
    assert character not in shown
    assert shown.startswith("a\\")
    assert shown.endswith("b")
    assert shown.isprintable()


@pytest.mark.parametrize(
    "text", ["不制冷", "中山路 1 号", "a b", "王\u3000伟", "👩\u200d🔧", "é", ""]
)
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert safe.line(text) == text


@given(st.text())
def test_no_text_gets_a_second_line_or_an_escape_sequence_past_line(text: str) -> None:
    shown = safe.line(text)
    assert not any(character in shown for character in OBEYED)
    assert len(shown.splitlines()) <= 1


def test_a_block_keeps_its_line_feeds_and_nothing_else() -> None:
    assert safe.block("a\nb\r\n\x1b[2J") == "a\nb\\r\n\\x1b[2J"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+8613800138000", "'+8613800138000"),
        ("-1+cmd", "'-1+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("\r=1", "' =1"),
        (" =1", "' =1"),
        ("\x00=1", "'=1"),
        ("\u202e=1", "'=1"),
        ("＝1+1", "'＝1+1"),
        ("-12.50", "-12.50"),
        ("不制冷", "不制冷"),
        ("a\nb", "a b"),
        ("a\x1b[31mb", "a[31mb"),
        ("", ""),
    ],
)
def test_a_csv_cell_runs_nothing_and_controls_nothing(text: str, expected: str) -> None:
    assert safe.cell(text) == expected


@given(st.text())
def test_no_csv_cell_begins_like_a_formula_unless_it_is_a_number(text: str) -> None:
    shown = safe.cell(text)
    assert not any(character in shown for character in OBEYED)
    if shown.strip() and shown.strip()[0] in "=+-@＝＋－＠":
        assert float(shown) <= 0


@given(st.dictionaries(st.text(), st.text()))
def test_json_made_harmless_says_the_same(value: dict[str, str]) -> None:
    text = safe.json_text(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(text) == value
    assert not any(character in text for character in OBEYED if character != "\n")


def test_the_arguments_of_a_message_are_made_harmless_but_not_its_template() -> None:
    assert say(Message("no ticket “{id}”", {"id": "\x1b[31m{x}"})) == "no ticket “\\x1b[31m{x}”"


def test_wide_characters_count_two_columns() -> None:
    assert safe.width("a不\u0301") == 3
