"""Instants, spans, weeks and what people type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from svcctl.domain import spoken, spoken_weeks, times
from svcctl.domain.problems import Usage
from svcctl.domain.times import Span

SHANGHAI = times.zone("Asia/Shanghai")
NEW_YORK = times.zone("America/New_York")
SAO_PAULO = times.zone("America/Sao_Paulo")
#: A Wednesday.
NOW = times.parse_instant("2026-11-18T10:20:30+08:00")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T09:30:00+08:00",
        "2026-11-22T09:30:59-03:30",
        "2024-02-29T00:00:00+00:00",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_a_stored_instant_reads_and_writes_back(text: str) -> None:
    assert times.format_instant(times.parse_instant(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T09:30:00",
        "2026-11-22T09:30:00Z",
        "2026-11-22T09:30+08:00",
        "2026-11-22 09:30:00+08:00",
        "2026-11-22t09:30:00+08:00",
        "2026-11-22T09:30:00+0800",
        "2026-11-22T09:30:00.5+08:00",
        "2026-11-22T09:30:00.12345",
        "2026-11-22T09:30:00,12345",
        "2026-W47-7T09:30:00+08:00",
        "2026-11-22T24:00:00+08:00",
        "2026-11-22T09:60:00+08:00",
        "2026-02-30T09:30:00+08:00",
        "2026-11-22T09:30:00+24:00",
        "2026-11-22T09:30:00 08:00",
        "２026-11-22T09:30:00+08:00",
        " 2026-11-22T09:30:00+08:00",
        "2026-11-22T09:30:00+08:00 ",
        "2026-11-22T09:30:00+08:0a",
        "20261122T093000+08:00:000",
    ],
)
def test_any_other_form_is_no_stored_instant(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the message is not for people)
        times.parse_instant(text)


def test_writing_an_instant_leaves_fractions_out_and_needs_an_offset() -> None:
    fraction = datetime(2026, 11, 22, 9, 30, 0, 999999, tzinfo=UTC)
    assert times.format_instant(fraction) == "2026-11-22T09:30:00+00:00"
    with pytest.raises(ValueError, match="offset"):
        times.format_instant(datetime(2026, 11, 22))


def test_local_mean_time_is_written_with_an_offset_in_minutes() -> None:
    old = times.midnight(datetime(1900, 1, 1).date(), SHANGHAI)
    text = times.format_instant(old)
    assert len(text) == 25
    assert times.parse_instant(text) == old


READ = """
2026-11-16T09:00:00+08:00 | 2026-11-16T09:00:00+08:00
2026-11-16T09:00:00Z      | 2026-11-16T17:00:00+08:00
2026-11-16T09:00Z         | 2026-11-16T17:00:00+08:00
2026-11-16t09:00z         | 2026-11-16T17:00:00+08:00
2026-11-16 09:00 +01:00   | 2026-11-16T16:00:00+08:00
2026-11-16T20:00:00-05:00 | 2026-11-17T09:00:00+08:00
2026-11-16T09:00:05       | 2026-11-16T09:00:05+08:00
2026-11-16T09:00          | 2026-11-16T09:00:00+08:00
2026-11-16 09:00          | 2026-11-16T09:00:00+08:00
2026-11-16   9:00         | 2026-11-16T09:00:00+08:00
2026-11-16                | 2026-11-16T00:00:00+08:00
2026-11-16 24:00          | 2026-11-17T00:00:00+08:00
2026/11/16 9:00           | 2026-11-16T09:00:00+08:00
2026年11月16日 9点        | 2026-11-16T09:00:00+08:00
2026年11月16日9点05分     | 2026-11-16T09:05:00+08:00
11-16 09:00               | 2026-11-16T09:00:00+08:00
11-16                     | 2026-11-16T00:00:00+08:00
11月16日 下午3点          | 2026-11-16T15:00:00+08:00
11月16号                  | 2026-11-16T00:00:00+08:00
12-28 09:00               | 2026-12-28T09:00:00+08:00
01-03 09:00               | 2027-01-03T09:00:00+08:00
09:05                     | 2026-11-18T09:05:00+08:00
9:05                      | 2026-11-18T09:05:00+08:00
09:05:07                  | 2026-11-18T09:05:07+08:00
23:59                     | 2026-11-18T23:59:00+08:00
00:00                     | 2026-11-18T00:00:00+08:00
24:00                     | 2026-11-19T00:00:00+08:00
０９：０５                | 2026-11-18T09:05:00+08:00
２０２６－１１－１６　０９：００ | 2026-11-16T09:00:00+08:00
昨天 17:30                | 2026-11-17T17:30:00+08:00
昨天17:30                 | 2026-11-17T17:30:00+08:00
昨天下午5点半             | 2026-11-17T17:30:00+08:00
今天 9:00                 | 2026-11-18T09:00:00+08:00
前天                      | 2026-11-16T00:00:00+08:00
大前天 9点                | 2026-11-15T09:00:00+08:00
明天                      | 2026-11-19T00:00:00+08:00
后天 9:00                 | 2026-11-20T09:00:00+08:00
yesterday 17:30           | 2026-11-17T17:30:00+08:00
Yesterday 17:30           | 2026-11-17T17:30:00+08:00
today                     | 2026-11-18T00:00:00+08:00
tomorrow 9:00             | 2026-11-19T09:00:00+08:00
周一 9:00                 | 2026-11-16T09:00:00+08:00
周三 9:00                 | 2026-11-18T09:00:00+08:00
周三 23:00                | 2026-11-18T23:00:00+08:00
周四                      | 2026-11-12T00:00:00+08:00
星期天9点                 | 2026-11-15T09:00:00+08:00
礼拜日 9点                | 2026-11-15T09:00:00+08:00
上周一 9:00               | 2026-11-09T09:00:00+08:00
上个星期五                | 2026-11-13T00:00:00+08:00
本周五                    | 2026-11-20T00:00:00+08:00
下周一 9:00               | 2026-11-23T09:00:00+08:00
monday 9:00               | 2026-11-16T09:00:00+08:00
fri                       | 2026-11-13T00:00:00+08:00
-10m                      | 2026-11-18T10:10:30+08:00
- 10m                     | 2026-11-18T10:10:30+08:00
－10m                     | 2026-11-18T10:10:30+08:00
-90s                      | 2026-11-18T10:19:00+08:00
-2h                       | 2026-11-18T08:20:30+08:00
-1d                       | 2026-11-17T10:20:30+08:00
+1d                       | 2026-11-19T10:20:30+08:00
-1mo                      | 2026-10-18T10:20:30+08:00
-1y                       | 2025-11-18T10:20:30+08:00
10分钟前                  | 2026-11-18T10:10:30+08:00
半小时前                  | 2026-11-18T09:50:30+08:00
2个小时后                 | 2026-11-18T12:20:30+08:00
3天前                     | 2026-11-15T10:20:30+08:00
now                       | 2026-11-18T10:20:30+08:00
现在                      | 2026-11-18T10:20:30+08:00
上午9点                   | 2026-11-18T09:00:00+08:00
早上8点一刻               | 2026-11-18T08:15:00+08:00
下午3点半                 | 2026-11-18T15:30:00+08:00
下午3:30                  | 2026-11-18T15:30:00+08:00
下午15:00                 | 2026-11-18T15:00:00+08:00
下午12点                  | 2026-11-18T12:00:00+08:00
中午11点                  | 2026-11-18T11:00:00+08:00
中午12点                  | 2026-11-18T12:00:00+08:00
中午1点                   | 2026-11-18T13:00:00+08:00
傍晚6点                   | 2026-11-18T18:00:00+08:00
晚上8点                   | 2026-11-18T20:00:00+08:00
晚上12点                  | 2026-11-19T00:00:00+08:00
凌晨12点                  | 2026-11-18T00:00:00+08:00
凌晨1点                   | 2026-11-18T01:00:00+08:00
9点三刻                   | 2026-11-18T09:45:00+08:00
9点整                     | 2026-11-18T09:00:00+08:00
9时5分                    | 2026-11-18T09:05:00+08:00
3pm                       | 2026-11-18T15:00:00+08:00
3:30 PM                   | 2026-11-18T15:30:00+08:00
12am                      | 2026-11-18T00:00:00+08:00
12pm                      | 2026-11-18T12:00:00+08:00
13:30pm                   | 2026-11-18T13:30:00+08:00
9点钟                     | 2026-11-18T09:00:00+08:00
九点                      | 2026-11-18T09:00:00+08:00
昨天下午三点半            | 2026-11-17T15:30:00+08:00
昨晚八点二十              | 2026-11-17T20:20:00+08:00
今早9点                   | 2026-11-18T09:00:00+08:00
下午两点零五              | 2026-11-18T14:05:00+08:00
周二十点一刻              | 2026-11-17T10:15:00+08:00
十一月十六日二十三点      | 2026-11-16T23:00:00+08:00
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [tuple(part.strip() for part in line.split("|")) for line in READ.strip().splitlines()],
)
def test_a_time_is_read_as_people_mean_it(text: str, expected: str) -> None:
    assert times.format_instant(spoken.read_time(text, NOW, SHANGHAI)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "9", "900", "9:5", "09:60", "25:00", "24:01", "hello", "晚上1点"),
        *("上午1:00 pm", "上午15点", "凌晨13点", "0pm", "下午0点", "2026-02-30", "02-30", "13-01"),
        *("11-16T09:00", "11-1619:00", "11-161 9:00", "2026-11-16 9", "2026-11-16T9:00:00Z extra"),
        *("2026-11-16T25:00:00+08:00", "2026-11-16T09:00:00+25:00", "半天前", "-10", "-10w"),
        *("-999999y", "9999-12-31", "9999-12-31T23:59:59-12:00", "0001-01-01", "周八", "٠٩:٠٥"),
        *("昨天昨天", "今天 9:00 10:00", "$(date)", "\x1b[31m"),
    ],
)
def test_what_cannot_be_read_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Usage) as caught:
        spoken.read_time(text, NOW, SHANGHAI)
    assert caught.value.code == "time"
    assert caught.value.message.args["text"] == (text.strip() or '""')
    assert caught.value.remedy is not None
    assert "昨天 17:30" in caught.value.remedy.args["examples"]


def test_every_example_in_the_remedy_can_be_read() -> None:
    for example in spoken.TIME_EXAMPLES.split(", "):
        spoken.read_time(example, NOW, SHANGHAI)


def test_a_month_and_day_lie_in_the_nearest_year() -> None:
    january = times.parse_instant("2027-01-03T09:00:00+08:00")
    assert spoken.read_time("12-28", january, SHANGHAI).year == 2026
    assert spoken.read_time("01-28", january, SHANGHAI).year == 2027
    assert spoken.read_time("02-29", january, SHANGHAI).year == 2028
    with pytest.raises(Usage):
        spoken.read_time("02-29", NOW.replace(year=2026), SHANGHAI)


def test_days_are_those_of_the_ledgers_zone_and_not_of_now() -> None:
    late = times.parse_instant("2026-11-17T23:00:00+00:00")
    assert times.format_instant(spoken.read_time("9:00", late, SHANGHAI)) == (
        "2026-11-18T09:00:00+08:00"
    )


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-01 01:30", NEW_YORK, "2026-11-01T01:30:00-04:00"),
        ("2026-11-01 02:00", NEW_YORK, "2026-11-01T02:00:00-05:00"),
        ("2026-03-08 01:59", NEW_YORK, "2026-03-08T01:59:00-05:00"),
        ("2026-03-08 03:00", NEW_YORK, "2026-03-08T03:00:00-04:00"),
        ("2018-02-17 23:30", SAO_PAULO, "2018-02-17T23:30:00-02:00"),
        ("2018-11-04", SAO_PAULO, "2018-11-04T01:00:00-02:00"),
        ("2018-11-04 01:00", SAO_PAULO, "2018-11-04T01:00:00-02:00"),
    ],
)
def test_of_a_time_that_occurs_twice_the_first_is_meant(
    text: str, zone: timezone, expected: str
) -> None:
    assert times.format_instant(spoken.read_time(text, NOW, zone)) == expected


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-03-08 02:00", NEW_YORK),
        ("2026-03-08 02:59:59", NEW_YORK),
        ("2018-11-04 00:30", SAO_PAULO),
    ],
)
def test_a_time_that_clocks_skip_is_refused(text: str, zone: timezone) -> None:
    with pytest.raises(Usage, match="set forward"):
        spoken.read_time(text, NOW, zone)


def test_an_hour_ago_is_an_hour_across_a_change_of_clocks() -> None:
    after = times.parse_instant("2026-11-01T01:30:00-05:00")
    found = spoken.read_time("-1h", after, NEW_YORK)
    assert times.format_instant(found) == "2026-11-01T01:30:00-04:00"
    assert after - found == timedelta(hours=1)
    yesterday = spoken.read_time("-1d", after, NEW_YORK)
    assert times.format_instant(yesterday) == "2026-10-31T01:30:00-04:00"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", Span(90, "s")),
        ("3m", Span(3, "m")),
        ("24h", Span(24, "h")),
        ("2d", Span(2, "d")),
        ("1mo", Span(1, "mo")),
        ("1y", Span(1, "y")),
        ("-2d", Span(-2, "d")),
        ("+2d", Span(2, "d")),
        ("0h", Span(0, "h")),
        (" ２ｄ ", Span(2, "d")),
        ("24MO", Span(24, "mo")),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, span: Span) -> None:
    assert times.read_span(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "d",
        "2w",
        "2 d",
        "1.5h",
        "--2d",
        "1h30m",
        "2dd",
        "mo",
        "٢d",
        "1_0d",
        "101y",
        "36526d",
    ],
)
def test_anything_else_is_no_span(text: str) -> None:
    with pytest.raises(Usage) as caught:
        times.read_span(text)
    assert caught.value.code == "span"
    with pytest.raises(ValueError, match=r"span|longer"):
        times.parse_span(text)


def test_a_span_says_its_seconds_only_on_the_clock() -> None:
    assert [times.parse_span(text).seconds for text in ("90s", "3m", "-2h", "2d", "1mo")] == [
        *(90, 180, -7200),
        *(None, None),
    ]
    assert str(times.parse_span("24mo")) == "24mo"


def test_a_week_runs_from_monday_to_monday() -> None:
    week = times.parse_week("2026-W47", SHANGHAI)
    assert (week.year, week.week, week.name) == (2026, 47, "2026-W47")
    assert times.format_instant(week.start) == "2026-11-16T00:00:00+08:00"
    assert times.format_instant(week.end) == "2026-11-23T00:00:00+08:00"
    assert week.previous.name == "2026-W46"
    assert week.previous.end == week.start
    assert week.following.start == week.end


def test_the_year_of_a_week_is_the_iso_year() -> None:
    week = times.parse_week("2026-W53", SHANGHAI)
    assert times.format_instant(week.start) == "2026-12-28T00:00:00+08:00"
    assert week.following.name == "2027-W01"
    assert times.parse_week("2026-W01", SHANGHAI).previous.name == "2025-W52"
    assert times.week_of(times.parse_instant("2027-01-01T00:00:00+08:00"), SHANGHAI) == week


def test_the_week_of_an_instant_is_that_of_the_zone() -> None:
    sunday = times.parse_instant("2026-11-15T16:00:00+00:00")
    assert times.week_of(sunday, SHANGHAI).name == "2026-W47"
    assert times.week_of(sunday, NEW_YORK).name == "2026-W46"


def test_a_week_in_which_clocks_change_has_another_length() -> None:
    week = times.parse_week("2026-W44", NEW_YORK)
    assert week.end - week.start == timedelta(days=7, hours=1)


@pytest.mark.parametrize(
    "text",
    ["", "2025-W53", "2026-W54", "2026-W00", "2026-W7", "2026W47", "2026-47", "W47", "2026-W4٧"],
)
def test_what_is_written_is_a_week_in_one_form_alone(text: str) -> None:
    with pytest.raises(ValueError, match="week"):
        times.parse_week(text, SHANGHAI)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2026-W47", "2026-W47"),
        ("２０２６－ｗ４７", "2026-W47"),
        ("2026W47", "2026-W47"),
        ("2026-W7", "2026-W07"),
        ("2026年第47周", "2026-W47"),
        ("上周", "2026-W46"),
        ("上个星期", "2026-W46"),
        ("上一周", "2026-W46"),
        ("上上周", "2026-W45"),
        ("last", "2026-W46"),
        ("Last Week", "2026-W46"),
        ("本周", "2026-W47"),
        ("这周", "2026-W47"),
        ("这个礼拜", "2026-W47"),
        ("this", "2026-W47"),
        ("下周", "2026-W48"),
        ("47", "2026-W47"),
        ("W47", "2026-W47"),
        ("第47周", "2026-W47"),
        ("48", "2025-W48"),
        ("53", "2020-W53"),
        ("昨天", "2026-W46"),
        ("2026-11-01", "2026-W44"),
        ("11月9号", "2026-W46"),
    ],
)
def test_a_week_is_read_as_people_say_it(text: str, name: str) -> None:
    monday = times.parse_instant("2026-11-16T09:00:00+08:00")
    assert spoken_weeks.read_week(text, monday, SHANGHAI).name == name


def test_a_week_that_is_said_belongs_to_the_year_it_lies_in() -> None:
    january = times.parse_instant("2027-01-05T09:00:00+08:00")
    assert spoken_weeks.read_week("上周", january, SHANGHAI).name == "2026-W53"
    assert spoken_weeks.read_week("53", january, SHANGHAI).name == "2026-W53"
    assert spoken_weeks.read_week("1", january, SHANGHAI).name == "2027-W01"


@pytest.mark.parametrize(
    "text",
    [
        *("", "2025-W53", "2026-W54", "2026-W00", "0", "54", "2026-47", "2026-11", "202647", "周"),
        *("上上上周", "上上本周", "周一", "上周一", "9:00", "week", "2026-W4٧", "一周", "9999-W53"),
    ],
)
def test_what_is_no_week_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Usage) as caught:
        spoken_weeks.read_week(text, times.parse_instant("2026-11-16T09:00:00+08:00"), SHANGHAI)
    assert caught.value.code == "week"
    assert caught.value.remedy is not None
    assert "上周" in caught.value.remedy.args["examples"]


@pytest.mark.parametrize(
    "name", ["Asia/Peking", "", "Asia", "../etc/passwd", "/etc/passwd", "a\0b", "天"]
)
def test_an_unknown_zone_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(Usage) as caught:
        times.zone(name)
    assert caught.value.remedy is not None
    assert "Asia/Shanghai" in caught.value.remedy.args["example"]


def test_a_deadline_at_midnight_is_told_as_the_day_before_at_24() -> None:
    assert times.deadline_text(times.parse_instant("2026-11-19T00:00:00+08:00")) == (
        "2026-11-18",
        "24:00",
    )
    assert times.deadline_text(times.parse_instant("2026-11-18T17:30:00+08:00")) == (
        "2026-11-18",
        "17:30",
    )
    assert times.deadline_text(times.parse_instant("2026-11-18T17:30:01+08:00"))[1] == "17:30:01"


def test_a_day_starts_where_the_gap_over_midnight_ends() -> None:
    # Clocks went from 23:30 to 00:30 on 1919-03-30 in Toronto: the 31st began at 00:30.
    toronto = times.zone("America/Toronto")
    start = times.midnight(datetime(1919, 3, 31).date(), toronto)
    assert start.isoformat() == "1919-03-31T00:30:00-04:00"


def test_epoch_needs_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        times.epoch(datetime(2026, 11, 16))
    with pytest.raises(ValueError, match="offset"):
        times.in_zone(datetime(2026, 11, 16), SHANGHAI)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025.5.1", "2025-05-01"),
        ("去年5月1日", "2025-05-01"),
        ("去年五月一号", "2025-05-01"),
        ("前年12月31日", "2024-12-31"),
        ("今年1-2", "2026-01-02"),
        ("明年1月2日", "2027-01-02"),
    ],
)
def test_a_day_of_another_year_is_read_as_people_say_it(text: str, day: str) -> None:
    now = times.parse_instant("2026-11-16T09:00:00+08:00")
    assert spoken.read_time(text, now, SHANGHAI).date().isoformat() == day


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("明天下午", "明天下午2点"),
        ("昨天晚上", "昨天晚上7点"),
        ("明早", "明早8点"),
        ("周三 上午", "周三 上午9点"),
        ("晚上", "晚上7点"),
    ],
)
def test_a_part_of_a_day_is_asked_for_its_hour(text: str, example: str) -> None:
    now = times.parse_instant("2026-11-16T09:00:00+08:00")
    with pytest.raises(Usage) as caught:
        spoken.read_time(text, now, SHANGHAI)
    assert caught.value.code == "which-hour"
    assert caught.value.remedy is not None
    assert caught.value.remedy.args["example"] == example
    spoken.read_time(example, now, SHANGHAI)


@pytest.mark.parametrize("text", ["2月30日下午", "大概下午", "2025.13.1", "大前年5月1日"])
def test_what_names_no_day_is_no_time(text: str) -> None:
    now = times.parse_instant("2026-11-16T09:00:00+08:00")
    with pytest.raises(Usage) as caught:
        spoken.read_time(text, now, SHANGHAI)
    assert caught.value.code == "time"


@pytest.mark.parametrize(
    "text", ["2026-11-31", "11-31", "2026-11-31 9:00", "11月31日", "2026年2月30日下午3点", "13-01"]
)
def test_a_day_that_no_month_has_is_called_that(text: str) -> None:
    with pytest.raises(Usage) as caught:
        spoken.read_time(text, NOW, SHANGHAI)
    assert caught.value.message.template == "{text}: no month has that day"


@pytest.mark.parametrize("text", ["11-161 9:00", "11-311", "2026-11-16 9", "25-70-3", "hello"])
def test_what_is_no_date_is_not_called_a_day_that_is_lacking(text: str) -> None:
    with pytest.raises(Usage) as caught:
        spoken.read_time(text, NOW, SHANGHAI)
    assert "no month" not in caught.value.message.template
