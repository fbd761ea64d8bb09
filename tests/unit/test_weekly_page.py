"""The weekly summary: honest numbers, both formats alike, and hostile names that stay names."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcctl.domain.problems import Usage
from svcctl.views.figures import due_text, duration_text, percent_text, points_text
from svcctl.views.measures import DEFINITIONS, measure_line, verdict_of
from svcctl.views.pages import aligned
from svcctl.views.safe import width
from svcctl.views.weekly import (
    Complaint,
    DayCount,
    EngineerRow,
    Figure,
    Headline,
    History,
    KindCount,
    Measure,
    Overdue,
    Point,
    Target,
    WeeklyPage,
    render_weekly,
    target_of,
)

CHINA = timezone(timedelta(hours=8))


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def late(ticket: str, customer: str = "客户甲", day: int = 18) -> Overdue:
    return Overdue("slip", ticket, customer, "工程师甲", utc(day, 16), 3 * 86400 + 3600)


PAGE = WeeklyPage(
    year=2026,
    week=47,
    first_day=date(2026, 11, 16),
    last_day=date(2026, 11, 22),
    as_of=utc(23, 0),
    zone=CHINA,
    department="售后服务部甲",
    desk="SHA",
    policy="2026-01-01",
    headlines=(Headline("opened", 63, 59), Headline("overdue", 2, 9)),
    measures=(
        Measure("satisfaction", 41, 46, target=target_of("satisfaction", 85)),
        Measure("rework", 3, 52, target=target_of("rework", 5), previous=Figure(1, 49)),
        Measure("first-call", 40, 48, median=130, ninetieth=420, previous=Figure(41, 45)),
        Measure("arrival", 0, 44, value=69000, unit="duration", previous=Figure(0, 40, 79200)),
        Measure("callback", 0, 0, target=target_of("callback", 100), previous=Figure(8, 9)),
    ),
    kinds=(KindCount("repair", 48, 40, 37, 15), KindCount("install", 9, 8, 7, 3)),
    days=tuple(DayCount(date(2026, 11, 16 + n), n + 2, n) for n in range(7)),
    overdue=(late("SHA-261116-02T", day=18), late("SHA-261115-01X", day=17)),
    complaints=(Complaint("SHA-261118-04T", "客户乙", "迟到", utc(18, 6), 4 * 86400),),
    engineers=(EngineerRow("工程师甲", 8, 7, 1, 6, 7, 9, 10, 5, 6, 7265), EngineerRow("工程师乙")),
    histories=(
        History("rework", (Point("W46", Figure(1, 49)), Point("W47", Figure(3, 52)))),
        History("not-measured", (Point("W47", Figure(3, 52)),)),
    ),
    commands=(("callbacks", "svcctl callbacks due"),),
)


def rows(markdown: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in markdown.splitlines()
        if line.startswith("|")
    ]


def row(markdown: str, first: str) -> list[str]:
    return next(cells for cells in rows(markdown) if cells[0] == first)


# Numbers ---------------------------------------------------------------------------------------


def test_what_nobody_answered_is_no_data_and_neither_none_nor_all() -> None:
    line = measure_line(Measure("satisfaction", 0, 0, target=target_of("satisfaction", 85)))
    assert (line.value, line.verdict, line.counts) == ("no data", "no-data", "0 / 0")
    markdown = render_weekly(PAGE)
    assert row(markdown, "Callbacks")[1:5] == ["no data", "0 / 0", "≥ 100 %", "no data"]
    assert not re.search(r"(?<![\d.])0\.0 %", markdown)


@given(
    st.integers(0, 3000),
    st.integers(1, 3000),
    st.integers(0, 100),
    st.sampled_from(sorted(DEFINITIONS)),
)
def test_a_verdict_compares_exactly(n: int, d: int, percent: int, key: str) -> None:
    target = target_of(key, percent)
    asked = Fraction(percent, 100)
    value = Fraction(n, d)
    expected = {">=": value >= asked, "<=": value <= asked, "<": value < asked}[target.sign]
    verdict = verdict_of(Measure(key, n, d, target=target))
    assert verdict == ("met" if expected else "missed")


def test_a_value_that_only_rounds_to_its_target_misses_it() -> None:
    measure = Measure("satisfaction", 8496, 10000, target=target_of("satisfaction", 85))
    assert measure_line(measure).value == "85.0 %"
    assert measure_line(measure).verdict == "missed"


def test_exactly_at_a_strict_target_is_missed() -> None:
    assert verdict_of(Measure("rework", 5, 100, target=target_of("rework", 5))) == "missed"
    assert verdict_of(Measure("rework", 4, 100, target=target_of("rework", 5))) == "met"


def test_without_a_target_there_is_no_verdict() -> None:
    line = measure_line(Measure("completion", 50, 55))
    assert (line.verdict, line.target) == ("no-target", "–")


def test_a_duration_is_judged_in_seconds() -> None:
    slow = Measure("arrival", 0, 4, value=7201, unit="duration", target=Target("<=", 7200, 1))
    assert measure_line(slow).target == "≤ 2 h"
    assert verdict_of(slow) == "missed"
    assert verdict_of(slow._replace(value=7200)) == "met"
    assert measure_line(slow._replace(value=None, denominator=0)).value == "no data"


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_a_percentage_is_whole_only_where_the_count_is(n: int, d: int) -> None:
    n = min(n, d)
    text = percent_text(n, d)
    assert (text == "100.0 %") == (n == d)
    assert (text == "0.0 %") == (n == 0)
    if 0 < n < d:
        assert abs(Fraction(text[:-2]) - Fraction(100 * n, d)) <= Fraction(1, 10)


def test_less_rework_is_better_and_less_satisfaction_is_worse() -> None:
    rework = measure_line(Measure("rework", 1, 50, previous=Figure(3, 50)))
    assert (rework.trend, rework.change) == ("better", "\N{MINUS SIGN}4.0 points")
    content = measure_line(Measure("satisfaction", 1, 50, previous=Figure(3, 50)))
    assert content.trend == "worse"
    assert measure_line(Measure("rework", 2, 100, previous=Figure(1, 50))).trend == "same"


def test_nothing_counted_before_gives_no_change() -> None:
    line = measure_line(Measure("rework", 1, 50, previous=Figure(0, 0)))
    assert (line.previous, line.change, line.trend) == ("no data", "", "")
    assert measure_line(Measure("rework", 1, 50)).previous == ""


def test_times_are_told_in_their_two_largest_units() -> None:
    told = [duration_text(s) for s in (0, 59, 60, 200, 3600, 3660, 86400, 90000, -35)]
    expected = ["0 s", "59 s", "1 min", "3 min 20 s", "1 h", "1 h 1 min", "1 d", "1 d 1 h"]
    assert told == [*expected, "\N{MINUS SIGN}35 s"]
    assert points_text(0) == "±0.0 points"


def test_a_due_time_at_midnight_is_the_end_of_the_day_before() -> None:
    assert due_text(utc(18, 16), CHINA) == "2026-11-18 24:00"
    assert due_text(utc(18, 16, 1), CHINA) == "2026-11-19 00:01"


# The page --------------------------------------------------------------------------------------


def test_the_head_names_week_dates_desk_moment_and_policy() -> None:
    for fmt in ("md", "html"):
        text = render_weekly(PAGE, fmt)
        for value in ("2026-W47", "2026-11-16", "2026-11-22", "2026-11-23 08:00", "2026-01-01"):
            assert value in text, (fmt, value)
        assert "售后服务部甲 · SHA" in text


def test_both_formats_show_the_same_numbers() -> None:
    markdown, html = render_weekly(PAGE), render_weekly(PAGE, "html")
    for value in (
        *(
            "89.1 %",
            "41 / 46",
            "≥ 85 %",
            "5.8 %",
            "+3.8 points",
            "2.0 %",
            "19 h 10 min",
            "44 cases",
        ),
        *(
            "median 2 min 10 s",
            "90 % within 7 min",
            "SHA-261116-02T",
            "3 d 1 h",
            "2026-11-18 24:00",
        ),
        *("undecided", "2 h 1 min", "6 / 7", "9 / 10", "5 / 6", "svcctl callbacks due"),
        *("Measures taken", "Plan for next week", "satisfied answers / answers given"),
    ):
        assert value in markdown, value
        assert value in html, value
    assert row(markdown, "Total") == ["Total", "57", "48", "44", "18"]
    assert row(markdown, "工程师乙")[4:] == ["0 / 0", "0 / 0", "0 / 0", "no data"]


def test_a_measure_has_value_count_target_verdict_week_before_and_change() -> None:
    expected = ["5.8 %", "3 / 52", "< 5 %", "off target", "2.0 %", "+3.8 points"]
    assert row(render_weekly(PAGE), "Rework")[1:] == expected


def test_what_changed_begins_with_what_got_worse_and_missed_its_target() -> None:
    part = render_weekly(PAGE).partition("## What changed")[2].partition("##")[0]
    told = [line[2:].partition(":")[0] for line in part.strip().splitlines()]
    assert told == ["Rework", "First call", "Arrival"]
    assert "Rework: 2.0 % → 5.8 % (+3.8 points), worse, target missed" in part


def test_the_longest_overdue_stand_first_and_the_rest_is_counted() -> None:
    many = PAGE._replace(
        overdue=tuple(late(f"SHA-2611{30 - n}-01X", day=30 - n) for n in range(20))
    )
    markdown = render_weekly(many)
    listed = [cells[1] for cells in rows(markdown) if cells[0] == "slip hand-in"]
    assert listed == [f"SHA-2611{n}-01X" for n in range(11, 23)]
    assert "… and 8 more" in markdown
    assert "## Overdue (20)" in markdown
    assert "… and 8 more" in render_weekly(many, "html")


def test_what_needs_attention_stands_first_with_whom_and_since_when() -> None:
    again = Measure("slip", 3, 4, target=target_of("slip", 100), previous=Figure(9, 10))
    page = PAGE._replace(measures=(*PAGE.measures, again))
    markdown = render_weekly(page)
    part = markdown.split("## What needs attention")[1].split("##")[0]
    assert [text.replace("\\", "") for text in part.strip().splitlines()] == [
        "- **2 overdue**: the oldest for 3 d 1 h: slip hand-in, 客户甲, SHA-261115-01X; with: 工程师甲 2",
        "- **2 of 3 targets missed**: Rework 5.8 %, target < 5 %; "
        "Slips handed in 75.0 %, target ≥ 100 %, missed the week before too",
        "- **1 open complaint**: the oldest for 4 d: 迟到, 客户乙, SHA-261118-04T; "
        "liability to be decided: 1",
    ]
    html = render_weekly(page, "html")
    assert html.index("What needs attention") < html.index("What changed")
    assert html.count("<b>2 overdue</b>") == 1


def test_of_many_who_owe_the_first_three_are_named() -> None:
    owed = tuple(
        late(f"SHA-2611{10 + n}-01X", day=10 + n)._replace(owner=owner)
        for n, owner in enumerate("甲乙乙丙丙丙丁")
    )
    assert "with: 丙 3, 乙 2, 甲 1\n" in render_weekly(PAGE._replace(overdue=owed))


def test_an_empty_week_says_so() -> None:
    bare = WeeklyPage(2026, 47, PAGE.first_day, PAGE.last_day, PAGE.as_of, CHINA)
    for fmt in ("md", "html"):
        text = render_weekly(bare, fmt)
        assert "Nothing is overdue." in text
        assert "No complaint is open." in text
        assert "Nothing is overdue, no target was missed, no complaint is open." in text
        assert "Nothing that can be compared with the week before." in text


def test_another_format_is_refused() -> None:
    with pytest.raises(Usage, match="pdf"):
        render_weekly(PAGE, "pdf")


def test_a_ledger_may_have_its_own_summary(tmp_path: Path) -> None:
    (tmp_path / "weekly.md").write_text("{{ name }} {{ headlines[0].value }}", encoding="utf-8")
    assert render_weekly(PAGE, "md", tmp_path) == "2026-W47 63\n"


# Hostile and foreign text ----------------------------------------------------------------------

HOSTILE = "|<img src=x onerror=a()>[a](http://b)`c`*d*\n# e\u202ef"


def test_html_in_a_name_stays_text() -> None:
    html = render_weekly(PAGE._replace(overdue=(late("T", HOSTILE),), department=HOSTILE), "html")
    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert "\u202e" not in html


def test_a_name_cannot_leave_its_cell_or_become_markup() -> None:
    markdown = render_weekly(PAGE._replace(overdue=(late("T", HOSTILE),)))
    cells = row(markdown, "slip hand-in")
    assert len(cells) == 6
    assert cells[2] == r"\|\<img src=x onerror=a()>\[a\](http\://b)\`c…"
    assert not re.search(r"^# e", markdown, re.MULTILINE)


def test_nothing_is_asked_from_outside() -> None:
    html = render_weekly(PAGE, "html")
    assert not re.search(r"\b(src|href)\s*=|url\(|@import|https?:|<script", html)


def test_every_table_lines_up_as_plain_text_with_chinese_names_too() -> None:
    markdown = render_weekly(PAGE)
    tables = re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE)
    assert len(tables) == 5
    for table in tables:
        assert len({width(line) for line in table.splitlines()}) == 1, table


def test_aligning_keeps_cells_and_their_escaped_bars() -> None:
    assert aligned("| a | b |\n| --- | ---: |\n| x\\|y | 1 |") == (
        "| a    |   b |\n| ---- | --: |\n| x\\|y |   1 |"
    )
