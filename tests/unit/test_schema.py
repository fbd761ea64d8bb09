"""Fields: the text each type takes, the text it refuses, and the way back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from svcctl.domain.schema import CONVERTERS, EXPECTED, Field, Shape, as_text, converter, stored

GOOD = {
    "text": ["不制冷", "two\nlines", " edges "],
    "line": ["不制冷", "a: b # c", "x"],
    "instant": ["2026-11-22T09:30:00+08:00", "1900-01-01T00:00:00-03:30"],
    "date": ["2026-11-22", "2024-02-29", "2999-12-31"],
    "moment": ["2026-11-22", "2026-11-22T09:30:00+08:00"],
    "money": ["0.00", "120.00", "-5.50", "999999999999.99"],
    "int": ["0", "-1", "999999999"],
    "count": ["1", "12", "999999999"],
    "score": ["1", "5"],
    "flag": ["true", "false"],
    "span": ["24mo", "2y", "30d", "0d", "90s"],
    "lines": ["空调"],
    "desk": ["SH", "SHA", "ABCD"],
    "journal": ["2026-11.SHA", "1999-01.BJ"],
    "tickets": ["SHA-261122-07M", "SHA-261122-07M BJ-261122-123K"],
    "ticket": ["SHA-261122-07M", "BJ-261122-123K"],
    "customer": ["SHA-C0042J"],
    "unit": ["SN00012345", "A", "A.B_C-9"],
    "staff": ["li.na", "x", "eng_1"],
    "event": ["3SHA", "999999999BJ"],
    "digest": ["0123456789abcdef" * 4],
}

BAD = {
    "text": ["", " ", "\n", "half a pair \ud83d"],
    "line": ["", "  ", "a\nb", "a\n", "a\rb", "a\u2028b", "a\x85b", "a\x0bb", "\udcff"],
    "instant": [
        "2026-11-22",
        "2026-11-22T09:30:00",
        "2026-11-22T09:30:00Z",
        "2026-13-22T09:30:00+08:00",
        "2026-11-22 09:30:00+08:00",
        "0026-11-22T09:30:00+08:00",
        "9999-11-22T09:30:00+08:00",
    ],
    "date": ["2026-1-1", "2026-02-30", "20261122", "2026-W47-1", "0026-11-22", "9999-12-31", ""],
    "moment": ["2026-11-22 09:30", "9999-12-31", "9999-11-22T09:30:00+08:00", "tomorrow"],
    "money": ["120", "120.0", "1,200.00", "+1.00", "-0.00", "01.00", "1.00 ", "١.٠٠", ""],
    "int": ["", "01", "-0", "1.0", "+1", "1e3", "1234567890", "２"],
    "count": ["0", "-1", "01", "1234567890", "²", ""],
    "score": ["0", "6", "5.0", "five", ""],
    "flag": ["yes", "no", "True", "1", ""],
    "span": ["2", "d", "-2d", "2 d", "101y", "2w"],
    "lines": ["", "a\nb"],
    "desk": ["S", "SHANG", "SHI", "SHO", "sha", "S1"],
    "journal": ["2026-13.SHA", "2026-11", "2026-11.sha", "26-11.SHA"],
    "tickets": ["", "SHA-261122-07M  SHA-261122-08K", "SHA-261122-07M,SHA-261122-08K", "SHA"],
    "ticket": ["SHA-261122-7M", "sha-261122-07M", "SHA-261122-07"],
    "customer": ["SHA-42K", "C0042K"],
    "unit": ["sn1", "-A", "A-", "A/B", "", "A" * 49],
    "staff": ["Li", "li na", "-li", ""],
    "event": ["SHA", "0SHA", "3sha", "3"],
    "digest": ["", "0123456789abcdef", "0123456789ABCDEF" * 4, "g" * 64],
}


def test_every_type_has_a_look_and_examples() -> None:
    assert set(CONVERTERS) | {"word"} == set(EXPECTED)
    assert set(GOOD) == set(BAD) == set(CONVERTERS)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind in GOOD for text in GOOD[kind]])
def test_a_good_text_becomes_a_value_that_reads_back(kind: str, text: str) -> None:
    value = CONVERTERS[kind](text)
    assert as_text(value) == text
    assert CONVERTERS[kind](as_text(value)) == value


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind in BAD for text in BAD[kind]])
def test_a_bad_text_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (it has no text of its own)
        CONVERTERS[kind](text)


def test_a_word_is_one_of_its_words_and_nothing_else() -> None:
    convert = converter(Field("result", "word", ("reached", "refused")))
    assert convert("reached") == "reached"
    for text in ("Reached", "", "reached ", "lost"):
        with pytest.raises(ValueError):  # noqa: PT011  (it has no text of its own)
            convert(text)


SHAPE = Shape(
    (
        Field("name", "line", required=True),
        Field("score", "score"),
        Field("result", "word", ("yes", "no"), required=True),
    )
)


def test_all_that_is_wrong_with_a_mapping_is_found_at_once() -> None:
    values, flaws = SHAPE.convert({"name": "a\nb", "score": "5", "colour": "red"})
    assert values == {"score": 5}
    assert [(flaw.code, flaw.key) for flaw in flaws] == [
        ("E203", "name"),
        ("E201", "colour"),
        ("E202", "result"),
    ]
    assert flaws[1].args["known"] == "name, score, result"


def test_a_flaw_says_what_was_expected_and_shortens_what_was_found() -> None:
    _, flaws = SHAPE.convert({"name": "x", "result": "perhaps" * 100})
    assert flaws[0].args["expected"] == "one of yes | no"
    assert len(flaws[0].args["value"]) == 80


def test_stored_values_are_text_numbers_and_flags() -> None:
    moment = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    assert stored(moment) == "2026-11-22T09:30:00+08:00"
    assert stored(True) is True
    assert stored(5) == 5
    assert as_text(False) == "false"
    assert as_text(True) == "true"
    assert as_text(moment) == "2026-11-22T09:30:00+08:00"
