"""Two ways of reading a case file give one result, and no bytes make a reader raise."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from thorough import effort

from svcctl.domain import canonical
from svcctl.domain.checks.bytes_and_yaml import MESSAGES
from svcctl.ledger import cardfile, casefile, yamltext

FRAGMENTS = [
    b"\n", b"- ", b"{", b"}", b'"', b"\\", b": ", b":", b", ", b",", b" ", b"#", b" #", b"\t", b"\r", b"\r\n",
    b"[", b"]", b"'", b"&a ", b"*a", b"!x ", b"? ", b"|", b">", b"%YAML 1.1", b"---", b"...", b"\n---\n",
    b"null", b"true", b"false", b"~", b"1", b"-1", b"1e5", b"-", b"0x1F", b"NaN", b"-Infinity", b"12:30", b"no",
    b"\x00", b"\x07", b"\x7f", b"\xc2\x85", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xe3\x80\x80", b"\xef\xbb\xbf",
    b"\xef\xbf\xbe", b"\xff", b"\xed\xa0\x80", "不制冷".encode(), "😀".encode(), b"\\ud83d\\ude00", b"\\u0041",
    b"\\/", b"\\x41", b"\\n", b"events:", b"events:\n", b"\nevents:\n- {", b"format: 1\n", b"\n- {", b"{}", b'"a": "b"',
    b'"a":"b"', b'"a" : 1', b"\n  ", b"<<<<<<< ours\n", b"=======\n", b">>>>>>> theirs\n", b"k" * 1030,
]  # fmt: skip

words = st.sampled_from(["id", "kind", "subject", "n", "desk", "at", "do", "note", "a-b", "x_1"])
texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "no",
            "00123",
            "12:30",
            "a: b",
            "a #b",
            "# x",
            "2026-11-22",
            '"',
            "\\",
            "\u2028",
            "不制冷",
            "",
        ]
    ),
)
events = st.dictionaries(words, st.one_of(texts, st.integers(), st.booleans()), max_size=5)


@st.composite
def case_files(draw: st.DrawFn) -> bytes:
    """A canonical file, or one whose event lines another JSON writer made."""
    head = draw(st.dictionaries(words, texts, min_size=1, max_size=5))
    lines = [canonical.event_line(event) for event in draw(st.lists(events, max_size=4))]
    if draw(st.booleans()) and all(char < "\U00010000" for char in "".join(lines)):
        lines = [json.dumps(json.loads(line), separators=(",", ":")) for line in lines]
    return canonical.case_text(head, lines)


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """A case file with some bytes cut out, copied, or put in."""
    content = draw(case_files())
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + draw(st.sampled_from([0, 1, 9])))))
        middle = draw(st.one_of(st.sampled_from(FRAGMENTS), st.just(content[start:end] * 2)))
        content = content[:start] + middle + content[end:]
    return content


def both_ways(content: bytes) -> None:
    slow = casefile._through_yaml(content, "p")
    for problem in slow.problems:
        severity, _, message, remedy = MESSAGES[problem.code]
        assert message.format_map(dict(problem.args))
        assert remedy.format_map(dict(problem.args))
        assert severity in ("error", "warning")
        assert problem.line >= (0 if problem.code == "E113" else 1)
    try:
        quick = casefile._quick(content, "p")
    except (ValueError, TypeError, StopIteration, RecursionError):
        return
    assert slow.problems == []
    assert list(quick.head.items()) == list(slow.head.items())
    assert [list(e.items()) for e in quick.events] == [list(e.items()) for e in slow.events]
    assert quick.event_lines == slow.event_lines
    assert quick.head_at == slow.head_at
    assert quick.lines == slow.lines
    assert all(type(text) is str for event in quick.events for text in event.values())
    for index, event in enumerate(slow.events):
        assert [quick.event_at(index, key) for key in event] == [
            slow.event_at(index, key) for key in event
        ]


@effort(120)
@given(mutated_files())
@example(b'a: b\nevents:\n- {"a": [1\n- {"b":2}]}\n- {"c":1}, 7\n')
@example(b'a: b\nevents:\n- {"a": 1\n- "b": 2}\n- {"c": 1}, {"d": 2}\n')
@example(b'a: b\nevents:\n- {"a": 1}, {"b": 2}\n')
@example(b'a: b\nevents:\n- {"a": 1,\n  "b": 2}\n- {"c": 3}\n')
@example('a: b\nevents:\n- {"a": "\u2028"}\n'.encode())
@example('a: b\nevents:\n- {"a": "\x85"}\n'.encode())
@example(b'a: b\nevents:\n- {"a": 1, "a": 2}\n- {"b":1}, {}\n')
@example(b'a: b\nevents:\n- {"' + b"k" * 1030 + b'": 1}\n')
@example(b'a: b\nevents: x\nevents:\n- {"a": 1}\n')
@example(b'a: b\na: c\nevents:\n- {"a": 1}\n')
@example(b'a: b\nevents:\n- {"a": "\\ud83d\\ude00"}\n')
@example(b'a: b\nevents:\n- {"a": true, "b": null, "c": -1.50e3, "d": 00}\n')
def test_the_quick_way_and_the_yaml_way_agree_on_whatever_the_quick_way_accepts(
    content: bytes,
) -> None:
    both_ways(content)


@effort(80)
@given(case_files())
def test_what_was_written_is_read_back_without_a_problem(content: bytes) -> None:
    both_ways(content)
    case = casefile.read_case(content, "p")
    assert case.problems == []
    assert casefile.read_head(content, "p").head == case.head


@effort(80)
@given(st.dictionaries(words, texts, max_size=4), st.lists(events, max_size=3))
def test_a_head_and_its_events_survive_writing_and_reading(
    head: dict[str, str], written: list[dict[str, str | int | bool]]
) -> None:
    content = canonical.case_text(head, map(canonical.event_line, written))
    if head or written:
        case = casefile.read_case(content, "p")
        as_text = [
            {k: json.dumps(v) if type(v) is not str else v for k, v in event.items()}
            for event in written
        ]
        assert (case.head, case.events) == (head, as_text)


@effort(80)
@given(st.one_of(st.binary(max_size=60), st.lists(st.sampled_from(FRAGMENTS)).map(b"".join)))
def test_no_bytes_make_a_reader_raise(content: bytes) -> None:
    both_ways(content)
    casefile.read_case(content, "p")
    casefile.read_head(content, "p")
    card = cardfile.read_card(content, "p")
    assert card.ok or card.problems
    card.fields()


@effort(60)
@given(mutated_files())
def test_without_the_c_parser_the_same_files_are_readable_and_read_alike(content: bytes) -> None:
    with_c = casefile._through_yaml(content, "p")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yamltext, "_parser", yamltext._pure_parser)
        pure = casefile._through_yaml(content, "p")
    if with_c.ok and pure.ok:
        assert (pure.head, pure.events) == (with_c.head, with_c.events)


values = st.recursive(
    texts,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(texts.filter(bool), inner, max_size=3)
    ),
    max_leaves=6,
)


@effort(80)
@given(st.dictionaries(words, values, min_size=1, max_size=4))
def test_a_new_card_reads_back_as_it_was_given(fields: dict[str, cardfile.Value]) -> None:
    card = cardfile.read_card(cardfile.card_text(fields), "p")
    assert card.problems == []
    assert card.fields() == fields


@effort(80)
@given(
    st.dictionaries(words, st.one_of(texts, st.lists(texts, max_size=3)), min_size=1, max_size=4),
    st.dictionaries(words, st.one_of(st.none(), texts, st.lists(texts, max_size=2)), max_size=3),
)
def test_changed_fields_of_a_card_change_nothing_else(
    fields: dict[str, cardfile.Value], changes: dict[str, str | list[str] | None]
) -> None:
    written = b"# above\n" + cardfile.card_text(fields).replace(b"\n", b"  # beside\n")
    wanted = {k: changes.get(k, v) for k, v in {**fields, **changes}.items()}
    wanted = {k: v for k, v in wanted.items() if v is not None}
    if not wanted:
        with pytest.raises(ValueError, match="read back"):
            cardfile.set_fields(written, changes)
        return
    result = cardfile.set_fields(written, changes)
    assert cardfile.read_card(result, "p").fields() == wanted
    kept = [line for line in written.split(b"\n") if line.split(b":")[0].decode() not in changes]
    assert [line for line in result.split(b"\n") if line in kept] == kept
