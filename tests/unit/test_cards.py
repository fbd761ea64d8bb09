"""Cards: customers, units, staff, desks, from text to fields, and everything that can be wrong."""

from __future__ import annotations

import pytest

from svcctl.domain import cards
from svcctl.domain.policy import ROLES

GOOD: dict[str, tuple[str, dict[str, object]]] = {
    "customer": (
        "SHA-C0001Z",
        {"format": "1", "id": "SHA-C0001Z", "name": "客户甲", "phone": "13800138000"},
    ),
    "unit": (
        "SN1",
        {"format": "1", "serial": "SN1", "model": "KFR-35", "warranty": "24mo"},
    ),
    "staff": (
        "li.na",
        {
            "format": "1",
            "id": "li.na",
            "name": "李娜",
            "role": "engineer",
            "skills": ["空调", "冰箱"],
        },
    ),
    "desk": ("SHA", {"format": "1", "id": "SHA", "registered": "2026-11-16T09:00:00+08:00"}),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_card_is_read(kind: str) -> None:
    name, raw = GOOD[kind]
    card, flaws = cards.read_card(cards.KINDS[kind], name, raw)
    assert flaws == []
    assert card is not None
    assert card.id == name
    assert card.get("format") == "1"
    assert card.get("nothing") == ""
    assert card.lists == ({"skills": ("空调", "冰箱")} if kind == "staff" else {})


@pytest.mark.parametrize("kind", GOOD)
def test_an_empty_optional_field_is_as_good_as_none_and_an_empty_required_one_is_missing(
    kind: str,
) -> None:
    name, raw = GOOD[kind]
    declared = cards.KINDS[kind].shape
    for field in declared.fields.values():
        card, flaws = cards.read_card(cards.KINDS[kind], name, {**raw, field.name: ""})
        if field.required:
            assert [(flaw.code, flaw.key) for flaw in flaws] == [("E202", field.name)]
        else:
            assert flaws == []
            assert card is not None
            assert card.get(field.name) == ""


@pytest.mark.parametrize(
    ("kind", "change", "code", "key"),
    [
        ("customer", {"format": "2"}, "E204", "format"),
        ("customer", {"format": ["1"]}, "E203", "format"),
        ("customer", {"id": "SHA-C0001X"}, "E301", "id"),
        ("customer", {"colour": "red"}, "E201", "colour"),
        ("customer", {"colour": ["red"]}, "E201", "colour"),
        ("customer", {"colour": ""}, "E201", "colour"),
        ("customer", {"phone": ["1", "2"]}, "E203", "phone"),
        ("customer", {"name": "a\nb"}, "E203", "name"),
        ("customer", {"erased": "yes"}, "E203", "erased"),
        ("unit", {"serial": "SN2"}, "E301", "id"),
        ("unit", {"installed": "2026-5-1"}, "E203", "installed"),
        ("unit", {"warranty": "two years"}, "E203", "warranty"),
        ("unit", {"customer": "甲"}, "E203", "customer"),
        ("staff", {"role": "boss"}, "E203", "role"),
        ("staff", {"skills": [["空调"]]}, "E203", "skills"),
        ("staff", {"desk": "sha"}, "E203", "desk"),
        ("desk", {"registered": "2026-11-16"}, "E203", "registered"),
    ],
)
def test_a_bad_card_is_refused_with_its_key(
    kind: str, change: dict[str, object], code: str, key: str
) -> None:
    name, raw = GOOD[kind]
    card, flaws = cards.read_card(cards.KINDS[kind], name, {**raw, **change})
    assert card is None
    assert (code, key) in [(flaw.code, flaw.key) for flaw in flaws]


def test_a_customer_whose_check_character_is_wrong_is_refused() -> None:
    raw = {**GOOD["customer"][1], "id": "SHA-C0001X"}
    card, flaws = cards.read_card(cards.CUSTOMER, "SHA-C0001X", raw)
    assert card is None
    assert [flaw.code for flaw in flaws] == ["E302"]


def test_the_kinds_of_card_have_folders_ids_and_personal_fields_of_their_own() -> None:
    assert {kind.folder for kind in cards.KINDS.values()} == set(cards.BY_FOLDER)
    for name, (identifier, _) in GOOD.items():
        assert cards.KINDS[name].ids.fullmatch(identifier)
        assert cards.KINDS[name].id_looks
    assert cards.CUSTOMER.personal >= {"name", "phone", "address"}
    assert cards.CUSTOMER.personal <= set(cards.CUSTOMER.shape.fields)
    assert cards.STAFF.shape.fields["role"].words == ROLES
