"""The seven words for an obligation at a moment, at their exact boundaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from thorough import effort

from svcctl.domain.standing import OWED, STANDINGS, standing

NONE = None
times = st.integers(0, 20)
maybe = st.none() | times


@pytest.mark.parametrize(
    ("due", "met", "excused", "ended", "paused", "as_of", "expected"),
    [
        (10, NONE, NONE, NONE, NONE, 0, "open"),
        (10, NONE, NONE, NONE, NONE, 10, "open"),
        (10, NONE, NONE, NONE, NONE, 11, "missed"),
        (10, 9, NONE, NONE, NONE, 20, "met"),
        (10, 10, NONE, NONE, NONE, 20, "met"),
        (10, 11, NONE, NONE, NONE, 20, "late"),
        (10, 11, 5, NONE, NONE, 20, "excused"),
        (10, 9, 5, NONE, NONE, 20, "met"),
        (10, NONE, 5, NONE, NONE, 7, "excused"),
        (10, NONE, 15, NONE, NONE, 20, "excused"),
        (10, NONE, NONE, 9, NONE, 20, "waived"),
        (10, NONE, NONE, 10, NONE, 20, "waived"),
        (10, NONE, NONE, 11, NONE, 20, "missed"),
        (10, NONE, NONE, NONE, 5, 8, "paused"),
        (10, NONE, NONE, NONE, 5, 20, "paused"),
        (10, NONE, NONE, NONE, 10, 20, "paused"),
        (10, NONE, NONE, NONE, 11, 20, "missed"),
        (10, NONE, NONE, 9, 5, 20, "waived"),
    ],
)
def test_the_standing_at_each_boundary(
    due: int,
    met: int | None,
    excused: int | None,
    ended: int | None,
    paused: int | None,
    as_of: int,
    expected: str,
) -> None:
    assert standing(due, met, excused, ended, paused, as_of) == expected


def test_all_seven_words_and_no_other() -> None:
    assert set(STANDINGS) == {"open", "met", "missed", "late", "excused", "waived", "paused"}
    assert len(STANDINGS) == 7
    assert set(OWED) == {"open", "missed", "paused"}


@effort(200)
@given(times, maybe, maybe, maybe, maybe, times)
def test_a_missed_obligation_is_never_met_in_time_and_time_alone_only_makes_it_missed(
    due: int,
    met: int | None,
    excused: int | None,
    ended: int | None,
    paused: int | None,
    as_of: int,
) -> None:
    now = standing(due, met, excused, ended, paused, as_of)
    later = standing(due, met, excused, ended, paused, as_of + 1)
    assert now in STANDINGS
    assert later == now or (now, later) == ("open", "missed")
    if met is None and now == "missed":
        assert standing(due, max(as_of, due + 1), excused, ended, paused, as_of) == "late"
