"""The written form: one spelling per value, and every reader of YAML reads the same text."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from svcctl.domain.canonical import case_text, event_line, flow_scalar, scalar

GUESSED = """
yes No ON off true FALSE null ~ y N 007 1 -1 +1 1.5 .5 1e3 0x1F 0o17 1_000 12:30 12:30:45 2026-11-22
2026-11-22T09:30:00+08:00 .inf .nan = << - ? : ! & * | > % @ ` " ' # , [ ] { } 13800138000 None
"""


def test_an_event_keeps_the_order_of_its_keys_and_the_canonical_separators() -> None:
    line = event_line({"n": 1, "desk": "SHA", "do": "opened", "urgent": True, "by": "li.na"})
    assert line == '{"n": 1, "desk": "SHA", "do": "opened", "urgent": true, "by": "li.na"}'


def test_text_is_written_as_it_is_and_invisible_characters_as_escapes() -> None:
    line = event_line({"a": "不制冷 😀 ，", "b": "\t\n\r\x1b\x7f\x85\x9f\u2028\u2029\ufeff\uffff"})
    assert line == (
        '{"a": "不制冷 😀 ，", "b": '
        '"\\u0009\\u000a\\u000d\\u001b\\u007f\\u0085\\u009f\\u2028\\u2029\\ufeff\\uffff"}'
    )


def test_backslashes_and_quotes_are_not_taken_for_escapes() -> None:
    assert event_line({"a": '\\n "\\"'}) == '{"a": "\\\\n \\"\\\\\\""}'
    assert json.loads(event_line({"a": '\\n "\\"\b\f'})) == {"a": '\\n "\\"\b\f'}


@pytest.mark.parametrize("value", [1.5, None, ["a"], {"a": "b"}])
def test_an_event_refuses_what_is_neither_text_nor_integer_nor_boolean(value: Any) -> None:
    with pytest.raises(ValueError, match="text, integers and booleans"):
        event_line({"a": value})


def test_half_a_surrogate_pair_is_refused_everywhere() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        event_line({"a": "x\ud800"})
    with pytest.raises(ValueError, match="surrogate"):
        scalar("\udfff")


@pytest.mark.parametrize("text", ["SHA-261122-07M", "li.na", "不制冷", "a:b", "a#b", 'say "no"'])
def test_a_text_that_no_reader_mistakes_stays_plain(text: str) -> None:
    assert scalar(text) == text
    assert yaml.safe_load(f"k: {scalar(text)}") == {"k": text}


@pytest.mark.parametrize(
    "text", [*GUESSED.split(), "", " a", "a ", "a: b", "a #b", "a:", "a\nb", "\u3000a"]
)
def test_a_text_that_some_reader_mistakes_is_quoted_and_reads_back(text: str) -> None:
    assert scalar(text) == json.dumps(text, ensure_ascii=False).replace("\\n", "\\u000a")
    assert yaml.safe_load(f"k: {scalar(text)}") == {"k": text}
    assert yaml.safe_load(f"[{flow_scalar(text)}, {flow_scalar(text)}]") == [text, text]


def test_an_item_of_a_flow_list_is_quoted_where_its_marks_would_split_it() -> None:
    assert scalar("a, b") == "a, b"
    assert flow_scalar("a, b") == '"a, b"'


def test_a_case_is_its_head_then_events_one_per_line() -> None:
    content = case_text(
        {"format": "1", "id": "A-1", "phone": "13800138000"}, ['{"n": 1}', '{"n": 2}']
    )
    assert content == (
        b'format: 1\nid: A-1\nphone: "13800138000"\nevents:\n- {"n": 1}\n- {"n": 2}\n'
    )


@pytest.mark.parametrize(
    ("head", "events"),
    [
        ({"events": "x"}, []),
        ({"a b": "x"}, []),
        ({"": "x"}, []),
        ({"a": "x"}, ['{"n": 1}\n{"n": 2}']),
        ({"a": "x"}, ["n: 1"]),
    ],
)
def test_a_case_that_would_not_read_back_is_refused(
    head: dict[str, str], events: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        case_text(head, events)
