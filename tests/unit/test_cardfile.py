"""Cards: comments, order and untouched lines survive every change."""

from __future__ import annotations

import pytest

from svcctl.ledger.cardfile import card_text, read_card, set_fields, text_of

CARD = """\
# the key account
format: 1
name: 客户甲   # as on the contract
phone: "13800138000"

# where the units stand
address: 中山路 1 号
skills: [空调, 冰箱]
note: |
  first line
  second line
contract:
  from: "2026-01-01"
  units: [{sn: SN1}, {sn: SN2}]
""".encode()


def test_a_card_is_nested_text_with_places() -> None:
    card = read_card(CARD, "records/c.yaml")
    assert card.ok
    assert card.problems == []
    assert card.fields() == {
        "format": "1",
        "name": "客户甲",
        "phone": "13800138000",
        "address": "中山路 1 号",
        "skills": ["空调", "冰箱"],
        "note": "first line\nsecond line\n",
        "contract": {"from": "2026-01-01", "units": [{"sn": "SN1"}, {"sn": "SN2"}]},
    }
    assert card.place(["phone"]) == (4, 8)
    assert card.place(["contract", "units", 1, "sn"]) == (14, 27)
    assert card.place(["contract", "units", 9]) == card.place(["contract", "units"]) == (14, 10)
    assert card.key_place(["contract", "units"]) == (14, 3)
    assert card.excerpt(4) == 'phone: "13800138000"'


def test_a_change_touches_only_its_own_line() -> None:
    changed = set_fields(CARD, {"name": "客户乙", "phone": "139"})
    assert changed.decode() == CARD.decode().replace("客户甲", "客户乙").replace(
        '"13800138000"', '"139"'
    )


def test_a_new_field_goes_to_the_end_and_a_removed_one_takes_its_lines_along() -> None:
    changed = set_fields(CARD, {"note": None, "email": "a@b.cn", "skills": ["冰箱"]})
    assert changed.decode() == (
        CARD.decode()
        .replace("note: |\n  first line\n  second line\n", "")
        .replace("[空调, 冰箱]", "[冰箱]")
        + "email: a@b.cn\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a:\nb: 1\n", b"a: x\nb: 1\n"),
        (b"a:   # none yet\nb: 1\n", b"a: x   # none yet\nb: 1\n"),
        (b"a: |\n  long\n  text\nb: 1\n", b"a: x\nb: 1\n"),
        (b"a: |\n  long\n# about b\nb: 1\n", b"a: x\n# about b\nb: 1\n"),
        (b"a: >-\n  long\n\n\nb: 1\n", b"a: x\nb: 1\n"),
        (b"a:\n  far\n  away\nb: 1\n", b"a: x\nb: 1\n"),
        (b"a:\n- 1\n- 2\n# about b\nb: 1\n", b"a: x\n# about b\nb: 1\n"),
        (b"a: [1,\n  2]\nb: 1\n", b"a: x\nb: 1\n"),
        (b"b: 1\na: 'y'", b"b: 1\na: x\n"),
        (b"{a: y, b: 1}\n", b"{a: x, b: 1}\n"),
        (b"b: 1\r\na: y\r\n", b"b: 1\na: x\n"),
        (b"b: 1\n", b"b: 1\na: x\n"),
    ],
)
def test_a_value_is_replaced_however_it_was_written(before: bytes, after: bytes) -> None:
    assert set_fields(before, {"a": "x"}) == after


@pytest.mark.parametrize(
    "text",
    ["no", "007", "a: b", "a #b", " x", "", "line\nbreak", "{", "不制冷", "a, b", "\x1b[31m"],
)
def test_any_text_can_be_set_and_reads_back(text: str) -> None:
    assert read_card(set_fields(CARD, {"name": text}), "p").fields()["name"] == text


@pytest.mark.parametrize(
    ("card", "changes"),
    [
        (CARD, {"contract": "x"}),
        (CARD, {"contract": None}),
        (b"a: b\na: c\n", {"a": "x"}),
        (b"- a\n", {"a": "x"}),
        (b"{a: y, b: 1}\n", {"c": "x"}),
        (b"{a: y, b: 1}\n", {"a": None}),
        (b"a: b\n...\n", {"c": "x"}),
        (CARD, {"two words": "x"}),
    ],
)
def test_a_change_that_would_not_read_back_as_intended_is_refused(
    card: bytes, changes: dict[str, str | None]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        set_fields(card, changes)


def test_a_card_in_one_line_gets_values_that_its_braces_can_hold() -> None:
    assert set_fields(b"{a: y, b: 1}\n", {"a": "x, c"}) == b'{a: "x, c", b: 1}\n'
    assert set_fields(b"{a: y, b: 1}\n", {"a": "long", "b": "2"}) == b'{a: long, b: "2"}\n'


def test_a_new_card_has_a_line_per_field_and_flow_lists() -> None:
    content = card_text(
        {
            "format": "1",
            "name": "工程师甲",
            "skills": ["空调", "a, b"],
            "phone": "13800138000",
            "hours": {"mon": ["08:00", "17:30"], "note": "a, b", "2026": "x"},
            "none": [],
        }
    )
    assert content.decode() == (
        "format: 1\nname: 工程师甲\n"
        'skills: [空调, "a, b"]\nphone: "13800138000"\n'
        'hours:\n  mon: ["08:00", "17:30"]\n  note: a, b\n  "2026": x\nnone: []\n'
    )


@pytest.mark.parametrize("content", [b"", b"- a\n", b"text\n", b"# nothing\n"])
def test_a_card_that_is_no_mapping_is_a_problem(content: bytes) -> None:
    card = read_card(content, "p")
    assert not card.ok
    assert [p.code for p in card.problems] == ["E115"]
    assert card.fields() == {}
    assert card.place(["a"]) == (0, 0)


def test_a_text_that_is_no_yaml_is_held_to_the_same_bytes() -> None:
    assert text_of("# 标题\r\n正文".encode(), "p")[0] == "# 标题\n正文"
    assert [p.code for p in text_of(b"a\x07\r\nb", "p")[1]] == ["E103", "E110", "E111"]
