"""Cases: from text to head and events and back, and everything that can be wrong with the text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from thorough import effort
from ticketplay import at, event, head, tell
from tickets_at_random import events, fields_of

from svcctl.domain.cases import Case, Event, Misread, read_case
from svcctl.domain.ticket import TICKET
from svcctl.ledger import casefile

HEAD = {
    "format": "1",
    "id": "SHA-261116-01F",
    "kind": "repair",
    "opened": "2026-11-16T09:00:00+08:00",
    "channel": "phone",
    "customer": "SHA-C0001Z",
    "priority": "normal",
    "subject": "不制冷",
}
OPENED = {
    "n": "1",
    "desk": "SHA",
    "at": "2026-11-16T09:00:00+08:00",
    "noted": "2026-11-16T09:00:00+08:00",
    "by": "li.na",
    "do": "opened",
}


def read(
    head: dict[str, str] | None = None, *events: dict[str, str]
) -> tuple[Case | None, Misread]:
    listed = [dict(one) for one in (events or (OPENED,))]
    return read_case(
        TICKET, HEAD if head is None else head, listed, list(range(9, 99))[: len(listed)]
    )


@effort(10)
@given(st.data())
@pytest.mark.parametrize("do", sorted(TICKET.events))
def test_a_canonical_line_reads_back_as_the_same_event(do: str, data: st.DataObject) -> None:
    made = data.draw(events(7, "SHA"))
    made.do, made.fields = do, data.draw(fields_of(do))
    text = Case(TICKET, head(), [event(1, "opened"), made]).text()
    raw = casefile.read_case(text, "x.yaml")
    assert raw.ok, raw.problems
    case, wrong = read_case(TICKET, raw.head, raw.events, raw.event_lines)
    assert case is not None, (wrong.head, wrong.events)
    again = case.events[1]
    assert again == made
    assert again.fields == made.fields
    assert (again.at, again.noted, again.over, again.was) == (
        made.at,
        made.noted,
        made.over,
        made.was,
    )
    assert case.text() == text


def test_the_order_of_keys_in_a_hand_written_line_changes_nothing() -> None:
    line = {
        **OPENED,
        "n": "2",
        "do": "dispatched",
        "to": "wang.wei",
        "visit": "2026-11-17T10:00:00+08:00",
        "over": "1SHA",
    }
    backwards = dict(reversed(line.items()))
    one, _ = read(None, OPENED, line)
    other, _ = read(None, OPENED, backwards)
    assert one is not None
    assert other is not None
    assert one.events[1].canonical() == other.events[1].canonical()
    assert one.events[1] == other.events[1]
    assert list(json.loads(other.events[1].canonical())) == [
        *("n desk at noted by do".split()),
        "to",
        "visit",
        "over",
    ]


def test_events_come_back_in_order_with_their_lines() -> None:
    late = {**OPENED, "n": "3", "do": "told"}
    early = {**OPENED, "n": "2", "desk": "BJ", "do": "told"}
    same = {**OPENED, "n": "2", "do": "replied"}
    case, _ = read(None, OPENED, late, same, early)
    assert case is not None
    assert [(one.name, one.line) for one in case.events] == [
        ("1SHA", 9),
        ("2BJ", 12),
        ("2SHA", 11),
        ("3SHA", 10),
    ]


@pytest.mark.parametrize(
    ("change", "code", "key"),
    [
        ({"format": None}, "E202", "format"),
        ({"format": "2"}, "E204", "format"),
        ({"id": None}, "E202", "id"),
        ({"id": "SHA-1"}, "E203", "id"),
        ({"kind": "repairs"}, "E203", "kind"),
        ({"opened": "2026-11-16"}, "E203", "opened"),
        ({"subject": " "}, "E203", "subject"),
        ({"colour": "red"}, "E201", "colour"),
        ({"state": "closed"}, "E201", "state"),
    ],
)
def test_a_bad_head_is_refused_with_its_key(
    change: dict[str, str | None], code: str, key: str
) -> None:
    raw = {name: text for name, text in {**HEAD, **change}.items() if text is not None}
    case, wrong = read(raw)
    assert case is None
    assert wrong
    assert [(flaw.code, flaw.key) for flaw in wrong.head] == [(code, key)]


@pytest.mark.parametrize(
    ("change", "code", "key"),
    [
        ({"n": None}, "E202", "n"),
        ({"n": "0"}, "E203", "n"),
        ({"n": "-2"}, "E203", "n"),
        ({"desk": None}, "E202", "desk"),
        ({"desk": "sha"}, "E203", "desk"),
        ({"at": None}, "E202", "at"),
        ({"at": "2026-11-16 09:00"}, "E203", "at"),
        ({"at": "9999-12-31T23:59:59+08:00"}, "E203", "at"),
        ({"noted": None}, "E202", "noted"),
        ({"by": None}, "E202", "by"),
        ({"by": "Li Na"}, "E203", "by"),
        ({"do": None}, "E202", "do"),
        ({"do": "exploded"}, "E205", "do"),
        ({"to": None}, "E202", "to"),
        ({"visit": "tomorrow"}, "E203", "visit"),
        ({"visit-no": "1"}, "E201", "visit-no"),
        ({"over": "SHA3"}, "E203", "over"),
        ({"was": "0SHA"}, "E203", "was"),
        ({"status": "x"}, "E201", "status"),
    ],
)
def test_a_bad_event_is_refused_with_its_place_in_the_list_and_its_key(
    change: dict[str, str | None], code: str, key: str
) -> None:
    line = {
        **OPENED,
        "n": "2",
        "do": "dispatched",
        "to": "wang.wei",
        "visit": "2026-11-17T10:00:00+08:00",
        **change,
    }
    case, wrong = read(None, OPENED, {k: v for k, v in line.items() if v is not None})
    assert case is None
    assert [(index, flaw.code, flaw.key) for index, flaw in wrong.events] == [(1, code, key)]


def test_everything_wrong_is_found_at_once() -> None:
    raw = {**HEAD, "kind": "x", "colour": "red"}
    bad = {**OPENED, "n": "x", "at": "y", "extra": "z"}
    case, wrong = read(raw, bad, {"do": "exploded"})
    assert case is None
    assert [flaw.key for flaw in wrong.head] == ["kind", "colour"]
    assert [(index, flaw.key) for index, flaw in wrong.events] == [
        (0, "n"),
        (0, "at"),
        (0, "extra"),
        (1, "do"),
    ]


def test_a_record_without_events_is_refused() -> None:
    case, wrong = read_case(TICKET, HEAD, [], [])
    assert case is None
    assert [flaw.code for flaw in wrong.head] == ["E206"]


def test_of_a_future_format_nothing_else_is_said() -> None:
    case, wrong = read({"format": "2", "new-key": "x"}, {"do": "unheard-of"})
    assert case is None
    assert [flaw.code for flaw in wrong.head] == ["E204"]
    assert wrong.events == []


def test_the_text_of_a_case_has_the_heads_keys_in_their_order() -> None:
    values = dict(reversed(head(unit="SN1", wanted="2026-11-20").items()))
    text = Case(TICKET, values, [event(1, "opened")]).text().decode()
    keys = [line.split(":")[0] for line in text.split("\n")[:10]]
    assert keys == "format id kind opened channel customer unit priority subject wanted".split()


def test_an_amended_event_keeps_its_name_and_loses_what_is_taken_away() -> None:
    made = event(4, "reassigned", fields={"to": "a", "approved": "b", "reason": "c"}, over="2SHA")
    other = made.amended({"to": "z", "at": at("11-17 10:00"), "reason": None})
    assert other.name == "4SHA"
    assert other.at == at("11-17 10:00")
    assert other.fields == {"to": "z", "approved": "b"}
    assert (made.fields["to"], made.at) == ("a", at("11-16 09:00"))
    assert other.over == "2SHA"


def test_events_are_equal_by_their_canonical_lines_only() -> None:
    made = event(4, "noted", fields={"words": "x"})
    again = event(4, "noted", fields={"words": "x"})
    again.line = 17
    assert made == again
    assert hash(made) == hash(again)
    assert made != event(4, "noted", fields={"words": "y"})
    assert made != made.canonical()
    assert repr(made) == made.canonical()


def test_a_case_knows_its_id_and_when_it_was_opened() -> None:
    case = tell()
    assert case.id == "SHA-261116-01F"
    assert case.opened == at("11-16 09:00")
    assert isinstance(case.events[0], Event)
