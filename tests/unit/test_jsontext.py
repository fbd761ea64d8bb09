"""JSON of several lines is what the standard library writes, only sooner."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svcctl.views import output
from svcctl.views.jsontext import indented
from svcctl.views.output import Column
from svcctl.views.render import pieces, render

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES, st.integers(0, 3))
def test_it_is_the_text_of_the_standard_library(value: Any, depth: int) -> None:
    expected = json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n" + "  " * depth)
    assert indented(value, depth) == expected


def test_what_json_has_no_form_for_is_left_to_the_caller() -> None:
    value = {"day": date(2026, 11, 16), "in": [{"day": date(2026, 11, 17)}]}
    expected = json.dumps(value, indent=2, default=str)
    assert indented(value, default=str) == expected


@pytest.mark.parametrize("many", [0, 1, 3])
def test_an_answer_in_pieces_is_the_object_that_is_promised(many: int) -> None:
    items = [{"id": str(n), "owed": [{"at": n}], "none": []} for n in range(many)]
    text = "".join(pieces("ticket", iter(items), (), "json", as_of="2026"))
    answer = {"svcctl": 1, "kind": "ticket", "as_of": "2026", "items": items, "problems": []}
    assert text == json.dumps(answer, indent=2) + "\n"
    columns = (Column("id", "id"), Column("owed", "owed"))
    assert render("ticket", items, columns, "csv").count("\r\n") == many + 1


def test_a_long_answer_is_whole_before_any_of_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "MOST_KEPT", 50)
    made = [f"第 {n} 行\r\n" for n in range(40)]
    seen: list[str] = []
    pulled = 0

    def growing() -> Any:
        nonlocal pulled
        for one in made:
            assert not seen
            pulled += 1
            yield one

    for text in output.complete(growing()):
        assert pulled == len(made)
        seen.append(text)
    assert "".join(seen) == "".join(made)
