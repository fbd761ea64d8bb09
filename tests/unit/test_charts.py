"""Charts: lengths in proportion, gaps where nothing was counted, and text that stays text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcctl.views.charts import bars, bullet, line
from svcctl.views.weekly import (
    DayCount,
    Figure,
    History,
    Measure,
    Point,
    WeeklyPage,
    render_weekly,
    target_of,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = WeeklyPage(2026, 47, date(2026, 11, 16), date(2026, 11, 22), NOON, UTC)


def drawing(page: WeeklyPage, kind: str) -> str:
    html = render_weekly(page, "html")
    found = re.search(rf'<svg class="chart {kind}".*?</svg>', html, re.DOTALL)
    assert found
    return found[0]


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=31))
def test_bars_are_as_high_as_their_counts_and_stay_inside(counts: list[tuple[int, int]]) -> None:
    chart = bars("k", "t", [(str(n), pair) for n, pair in enumerate(counts)], ("a", "b"))
    flat = [count for pair in counts for count in pair]
    highest = max(flat)
    tallest = max(bar.height for bar in chart.bars)
    for bar, count in zip(chart.bars, flat, strict=True):
        assert bar.label.text == str(count)
        assert abs(bar.height * highest - tallest * count) <= 0.11 * max(1, highest)
        assert 0 <= bar.x <= bar.x + bar.width <= chart.width
        assert bar.y >= 0
        assert bar.y + bar.height == pytest.approx(chart.base, abs=0.11)


def test_a_day_without_work_has_its_zero_but_no_bar() -> None:
    svg = drawing(WEEK._replace(days=(DayCount(date(2026, 11, 16), 0, 0),)), "bars")
    assert svg.count(">0</text>") == 2
    assert "Mon 16" in svg
    assert svg.count("<rect") == 2  # the legend's own


def test_a_chart_without_anything_says_so() -> None:
    assert ">no data</text>" in drawing(WEEK, "bars")
    measure = Measure("rework", 1, 50)
    gaps = History("rework", (Point("W46", Figure()), Point("W47", Figure())))
    svg = drawing(WEEK._replace(measures=(measure,), histories=(gaps,)), "line")
    assert ">no data</text>" in svg
    assert "<circle" not in svg


def test_a_bullet_shows_value_and_target_on_one_scale() -> None:
    chart = bullet("k", "t", "d", (41, 50), (85, 100), width=100)
    assert (chart.value, chart.target) == (82.0, 85.0)
    small = bullet("k", "t", "d", (4, 100), (5, 100), width=100)
    assert (small.value, small.target) == (40.0, 50.0)
    assert bullet("k", "t", "d", None, (5, 100)).value is None
    assert bullet("k", "t", "d", (0, 7), None, width=100).value == 0.0


@given(
    st.tuples(st.integers(0, 99), st.integers(1, 99)),
    st.none() | st.tuples(st.integers(0, 99), st.integers(1, 99)),
)
def test_a_bullet_never_leaves_its_scale(
    value: tuple[int, int], target: tuple[int, int] | None
) -> None:
    chart = bullet("k", "t", "d", value, target, width=100)
    assert chart.value is not None
    assert 0 <= chart.value <= 100
    assert chart.target is None or 0 <= chart.target <= 100


def test_a_missed_target_is_drawn_differently() -> None:
    measure = Measure("rework", 6, 100, target=target_of("rework", 5))
    assert '<rect class="missed"' in drawing(WEEK._replace(measures=(measure,)), "bullet")
    kept = measure._replace(numerator=4)
    assert '<rect class="kept"' in drawing(WEEK._replace(measures=(kept,)), "bullet")


def test_a_line_breaks_where_nothing_was_counted() -> None:
    points = [("1", 0.5, "a"), ("2", 0.6, "b"), ("3", None, "no data"), ("4", 0.7, "c")]
    chart = line("k", "t", points)
    assert len(chart.dots) == 3
    assert len(chart.strokes) == 1
    assert chart.last is not None
    assert chart.last.text == "c"


@given(
    st.lists(st.none() | st.floats(0, 1e6), min_size=1, max_size=52), st.none() | st.floats(0, 1e6)
)
def test_a_line_stays_inside_whatever_it_shows(
    values: list[float | None], target: float | None
) -> None:
    chart = line("k", "t", [(str(n), value, "") for n, value in enumerate(values)], target)
    assert len(chart.dots) == sum(value is not None for value in values)
    for x, y in chart.dots:
        assert 0 <= x <= chart.width
        assert 0 <= y <= chart.height
    assert chart.target is None or 0 <= chart.target <= chart.height


def test_higher_values_are_drawn_higher() -> None:
    chart = line("k", "t", [("1", 0.5, ""), ("2", 0.9, "")])
    assert chart.dots[1][1] < chart.dots[0][1]


def test_who_cannot_see_a_chart_is_told_its_numbers() -> None:
    svg = drawing(WEEK._replace(days=(DayCount(date(2026, 11, 16), 3, 2),)), "bars")
    assert 'role="img"' in svg
    assert re.search(r'aria-labelledby="days-t days-d"><title id="days-t">Opened and finished', svg)
    assert "Mon 16: Opened 3, Finished 2" in svg


def test_text_in_a_chart_is_escaped() -> None:
    measure = Measure("own", 1, 2, title="</title><script>a()</script>")
    svg = drawing(WEEK._replace(measures=(measure,)), "bullet")
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg
