"""A case file becomes a head and events, all text, each with its place."""

from __future__ import annotations

import pytest

from svcctl.ledger import casefile
from svcctl.ledger.casefile import read_case, read_head

TICKET = """\
format: 1
id: SHA-261122-07M
opened: "2026-11-22T09:30:00+08:00"
subject: 不制冷 二楼
events:
- {"n": 1, "desk": "SHA", "do": "opened"}
- {"n": 2, "desk": "SHA", "do": "contacted", "amount": 1.50, "urgent": true, "until": null}
""".encode()

BY_HAND = b"""\
# called twice
format: 1
subject: 'no'
events:
  - n: 1
    do: opened
  - {n: 2, do: noted, text: "a
      b"}
"""


def test_a_canonical_file_is_read_as_text_with_places() -> None:
    case = read_case(TICKET, "records/t.yaml")
    assert case.ok
    assert case.problems == []
    assert case.head == {
        "format": "1",
        "id": "SHA-261122-07M",
        "opened": "2026-11-22T09:30:00+08:00",
        "subject": "不制冷 二楼",
    }
    assert case.events[1] == {
        "n": "2", "desk": "SHA", "do": "contacted", "amount": "1.50", "urgent": "true", "until": "null",
    }  # fmt: skip
    assert case.event_lines == [6, 7]
    assert case.head_at["opened"] == (3, 9)
    assert case.event_at(1, "do") == (7, 33)
    assert case.event_at(1, "missing") == case.event_at(1) == (7, 3)
    assert case.lines[3] == case.excerpt(4) == "subject: 不制冷 二楼"


def test_the_canonical_form_takes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a canonical file went the slow way")

    monkeypatch.setattr(casefile, "_through_yaml", never)
    assert read_case(TICKET, "p").ok
    assert read_head(TICKET, "p").ok


def test_a_file_written_by_hand_is_read_the_yaml_way() -> None:
    case = read_case(BY_HAND, "p")
    assert case.problems == []
    assert case.head == {"format": "1", "subject": "no"}
    assert case.events == [{"n": "1", "do": "opened"}, {"n": "2", "do": "noted", "text": "a b"}]
    assert case.event_lines == [5, 7]
    assert case.event_at(0, "do") == (6, 9)


def test_only_the_head_is_read_where_only_the_head_is_asked_for() -> None:
    broken_below = TICKET.replace(b'{"n": 2', b'{"n" 2')
    assert read_head(broken_below, "p").head == read_case(TICKET, "p").head
    assert not read_case(broken_below, "p").ok
    by_hand = read_head(BY_HAND, "p")
    assert (by_hand.head, by_hand.events) == ({"format": "1", "subject": "no"}, [])


def test_a_list_of_events_may_still_be_empty() -> None:
    assert read_case(b"id: A\nevents:\n", "p").ok
    assert read_case(b"id: A\nevents: []\n", "p").events == []


@pytest.mark.parametrize(
    ("content", "line", "column", "what", "found"),
    [
        (b"", 1, 1, "the record", "empty"),
        (b"- a\n", 1, 1, "the record", "a list"),
        (b"just text\n", 1, 1, "the record", "a single value"),
        (b"id: A\n", 1, 1, "events", "missing"),
        (b"id: [A]\nevents:\n- {}\n", 1, 5, "id", "a list"),
        (b"id: A\nevents: none\n", 2, 9, "events", "a single value"),
        (b"id: A\nevents: {n: 1}\n", 2, 9, "events", "a mapping"),
        (b"id: A\nevents:\n- opened\n", 3, 3, "an event", "a single value"),
        (b'id: A\nevents:\n- {"n": 1, "to": ["x"]}\n', 3, 18, "to", "a list"),
        (b'id: A\nevents:\n- {"n": {"x": 1}}\n', 3, 9, "n", "a mapping"),
    ],
)
def test_another_shape_than_that_of_a_case_is_refused_with_its_place(
    content: bytes, line: int, column: int, what: str, found: str
) -> None:
    case = read_case(content, "p")
    assert not case.ok
    (problem,) = case.problems
    assert (problem.code, problem.line, problem.column) == ("E115", line, column)
    assert (problem.args["what"], problem.args["found"]) == (what, found)


def test_a_broken_file_has_neither_head_nor_events() -> None:
    case = read_case(TICKET.replace(b'"n": 2', b'"n": 2, "n": 2'), "p")
    assert [p.code for p in case.problems] == ["E107"]
    assert not case.ok
    assert (case.head, case.events, case.event_lines) == ({}, [], [])


def test_a_missing_final_line_end_is_a_warning_and_the_case_is_read() -> None:
    case = read_case(TICKET.rstrip(b"\n"), "p")
    assert [p.code for p in case.problems] == ["E111"]
    assert case.ok
    assert len(case.events) == 2
