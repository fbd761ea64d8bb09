"""Patterns over events: how they are read, what they match, which are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from thorough import effort

from svcctl.domain.patterns import Pattern
from svcctl.domain.schema import Value

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)
WORDS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True)


def holds(text: str, **fields: Value) -> bool:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Pattern.parse(text).holds(named.get)


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("finished", {}, True),
        ("finished()", {}, True),
        ("finished(result=fixed)", {"result": "fixed"}, True),
        ("finished(result=fixed)", {"result": "not-fixed"}, False),
        ("finished(result=fixed)", {}, False),
        ("finished(result=fixed|no-fault)", {"result": "no-fault"}, True),
        (" finished ( result = fixed | no-fault ) ", {"result": "no-fault"}, True),
        ("finished(result!=fixed)", {"result": "refused"}, True),
        ("finished(result!=fixed)", {"result": "fixed"}, False),
        ("finished(result!=fixed)", {}, True),
        ("finished(result!=fixed|refused)", {"result": "refused"}, False),
        ("finished(result=fixed, visits=0)", {"result": "fixed", "visits": 0}, True),
        ("finished(result=fixed, visits=0)", {"result": "fixed", "visits": 1}, False),
        ("dispatched(emergency)", {"emergency": "burst pipe"}, True),
        ("dispatched(emergency)", {}, False),
        ("slip-returned(signed)", {"signed": True}, True),
        ("slip-returned(signed)", {"signed": False}, False),
        ("slip-returned(signed=false)", {"signed": False}, True),
        ("dispatched(number>1)", {"number": 2}, True),
        ("dispatched(number>1)", {"number": 1}, False),
        ("dispatched(number<2)", {"number": 1}, True),
        ("dispatched(number<2)", {"number": 2}, False),
        ("dispatched(number>1)", {}, False),
        ("dispatched(number<5)", {"number": "one"}, False),
        ("called-back(had-finished>0)", {"had_finished": 3}, True),
    ],
)
def test_a_pattern_holds_exactly_if_all_its_conditions_do(
    text: str, fields: dict[str, Value], expected: bool
) -> None:
    assert holds(text, **fields) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Finished",
        "1st",
        "finished(",
        "finished)",
        "finished(result=)",
        "finished(result=fixed,)",
        "finished(,)",
        "finished(=fixed)",
        "finished(result==fixed)",
        "finished(result=a=b)",
        "finished(result=a|)",
        "finished(result=|a)",
        "finished(result=a||b)",
        "finished(number>=1)",
        "finished(number>one)",
        "finished(number>²)",
        "finished(number>1|2)",
        "finished(result=(a))",
        "finished(a)(b)",
        "finished arrived",
        "finished(result\n=a\n)\nx",
    ],
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (its text is the offending part)
        Pattern.parse(text)


def test_the_offending_part_is_named() -> None:
    with pytest.raises(ValueError, match=r"^number>one$"):
        Pattern.parse("finished(result=fixed, number>one)")


@st.composite
def patterns(draw: st.DrawFn) -> tuple[str, str, list[tuple[str, str, frozenset[str]]]]:
    do = draw(NAMES)
    parts, expected = [], []
    for _ in range(draw(st.integers(0, 3))):
        name, how = draw(NAMES), draw(st.sampled_from(["", "=", "!=", ">", "<"]))
        if how == "":
            words = [""]
        elif how in "><":
            words = [str(draw(st.integers(0, 99)))]
        else:
            words = draw(st.lists(WORDS, min_size=1, max_size=3))
        space = draw(st.sampled_from(["", " "]))
        parts.append(f"{space}{name}{space}{how}{space}{f'{space}|{space}'.join(words)}")
        expected.append((name, how, frozenset(words)))
    return do, f"{do}({','.join(parts)})" if parts else do, expected


@effort(60)
@given(patterns())
def test_a_written_pattern_reads_as_what_was_meant(
    made: tuple[str, str, list[tuple[str, str, frozenset[str]]]],
) -> None:
    do, text, expected = made
    read = Pattern.parse(text)
    assert read.do == do
    assert read.text == text.strip()
    assert [(one.field, one.how, one.words) for one in read.conditions] == expected
    assert Pattern.parse(read.text) == read
