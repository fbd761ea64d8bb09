"""Times as people type them: 昨天 17:30, 周一 9:00, 下午3点半, -10m. Knows words and zones; no clock."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import cast

from svcctl.domain.problems import N_, Message, Usage
from svcctl.domain.times import (
    Span,
    add_months,
    at_epoch,
    in_zone,
    plain,
    read_span,
    wall_epoch,
)

TIME_EXAMPLES = (
    "2026-11-16T09:00:00+08:00, 2026-11-16 09:00, 11-16 09:00, 09:05, "
    "昨天 17:30, yesterday 17:30, 周一 9:00, 下午3点半, -10m, -2h, +1d"
)

_DAYS = {
    "今天": 0,
    "今日": 0,
    "昨天": -1,
    "昨日": -1,
    "前天": -2,
    "大前天": -3,
    "明天": 1,
    "明日": 1,
    "后天": 2,
    "大后天": 3,
    "today": 0,
    "yesterday": -1,
    "tomorrow": 1,
}
_ENGLISH_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE_WEEK = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
WEEKS_SAID = {"上": -1, "本": 0, "这": 0, "下": 1}
_UNITS = {
    "s": "s",
    "秒": "s",
    "秒钟": "s",
    "m": "m",
    "分": "m",
    "分钟": "m",
    "h": "h",
    "小时": "h",
    "个小时": "h",
    "d": "d",
    "天": "d",
    "mo": "mo",
    "个月": "mo",
    "y": "y",
    "年": "y",
}
#: Part of the day: hours from which and up to which it is said, and from which 12 is added.
_PARTS = {
    "凌晨": (0, 12),
    "早上": (3, 12),
    "上午": (0, 12),
    "中午": (11, 14),
    "下午": (12, 19),
    "傍晚": (16, 21),
    "晚上": (17, 24),
    "am": (0, 12),
    "pm": (12, 24),
}

_OFFSET = re.compile(
    r"(\d{4}-\d{2}-\d{2})[t ](\d{2}:\d{2}(?::\d{2})?) ?(z|[+-]\d{2}(?::?\d{2})?)", re.ASCII
)
_SHIFT = re.compile(r"([+-]) ?(\d{1,6}) ?(s|mo|m|h|d|y)", re.ASCII)
_AGO = re.compile(r"(\d{1,6}|半) ?(秒钟|秒|分钟|分|小时|个小时|天|个月|年)(前|后)", re.ASCII)
_CLOCK = re.compile(
    r"(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上)? ?(?P<hour>\d{1,2})"
    r"(?::(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"|[点时]钟?(?:(?P<quarter>半|一刻|三刻|整)|(?P<past>\d{1,2})分?)?"
    r"|(?= ?[ap]m))"
    r"(?: ?(?P<half>am|pm))?",
    re.ASCII,
)
_FULL_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})/(\d{1,2})/(\d{1,2})|(\d{4})\.(\d{1,2})\.(\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})[日号]",
    re.ASCII,
)
_MONTH_DAY = re.compile(r"(\d{1,2})-(\d{1,2})|(\d{1,2})月(\d{1,2})[日号]", re.ASCII)
_YEAR_SAID = re.compile(r"([前去今明])年(.+)")
_YEARS = {"前": -2, "去": -1, "今": 0, "明": 1}
_WEEKDAY = re.compile(r"(上|下|本|这)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天])")


def read_time(text: str, now: datetime, zone: tzinfo, after: datetime | None = None) -> datetime:
    """The instant a person means by ``text`` at the moment ``now``, in the ledger's ``zone``.

    A time without a day is today's, also when that is still to come. A day without a time is its
    first instant. A month and day without a year lie in the year that brings them nearest to
    ``now``. A weekday is the most recent one, today included; 上周/下周 name the ISO week before
    and after. ``-1d`` keeps the time of day. Of a time that occurs twice, the first is meant.

    With ``after``, for something to come: everything counts from that moment, not from ``now``
    (明天 is the day after it, 11-16 the nearest to it, 2小时后 two hours later), and a time without a
    day and a weekday are the next ones after it (a weekday without a time: that moment's own day
    too, which is not over yet). What names its day otherwise may lie before it.

    Usage when it cannot be read, or when clocks skip that time for daylight saving.
    """
    now = in_zone(now if after is None else after, zone)
    after = None if after is None else now.replace(tzinfo=None)
    counted = _counted(plain(text))
    meant = _understood(counted, now, after)
    if meant is None and (hour := _hour_left_open(counted, now.date())):
        raise Usage(
            "which-hour",
            Message(N_("“{text}” is a part of a day; at what time?"), {"text": text.strip()}),
            Message(N_("such as {example}"), {"example": text.strip() + hour}),
        )
    if meant is None and _is_no_day(counted, now.date()):
        raise _unread(N_("{text}: no month has that day"), text)
    if meant is None or not 1 < meant.year < 9999:
        raise _unread(N_("{text} is not a time that can be read"), text)
    if meant.tzinfo is not None:
        return in_zone(meant, zone)
    first = cast(timedelta, meant.replace(tzinfo=zone, fold=0).utcoffset())
    second = cast(timedelta, meant.replace(tzinfo=zone, fold=1).utcoffset())
    if first < second and (meant.hour or meant.minute or meant.second):
        raise _unread(N_("{text} does not exist: clocks are set forward over that time"), text)
    return at_epoch(wall_epoch(meant, zone), zone)


_LENGTH = re.compile(r"([+-]?\d{1,10}) ?([a-z]+|[\u4e00-\u9fff]+)", re.ASCII)


def read_length(text: str) -> Span:
    """The length of time that a person means: ``24mo``, and as it is shown: 24个月, 2 years, 半小时.

    Usage as ``read_span`` raises it, which takes only what records and policies may hold.
    """
    said = _counted(plain(text))
    found = _LENGTH.fullmatch(_HALVES.get(said, said))
    unit = found and (_UNITS.get(found[2]) or _UNIT_NAMES.get(found[2].removesuffix("s")))
    return read_span(f"{found[1]}{unit}" if found and unit else text)


_HALVES = {"半小时": "30m", "半个小时": "30m", "半年": "6mo"}
_UNIT_NAMES = {"second": "s", "minute": "m", "hour": "h", "day": "d", "month": "mo", "year": "y"}
_SHORT = {"昨": "昨天", "今": "今天", "明": "明天", "晚": "晚上", "早": "早上"}
_SAID = re.compile(
    r"(?P<day>[昨今明])(?P<part>[晚早])(?!上)"
    r"|(?P<week>(?:周|星期|礼拜)[一二三四五六日天])"
    r"|(?P<number>[零〇一二两三四五六七八九十]+)(?=[点时分月日号天年]|小时|个)"
    r"|(?<=[点时])(?P<past>[零〇一二三四五六七八九十]+)$"
)
_DIGITS = {**{sign: value for value, sign in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2}


def _counted(text: str) -> str:
    """``text`` as it would be typed with digits: 昨晚八点二十 is 昨天晚上8点20."""

    def digits(said: re.Match[str]) -> str:
        if said["day"]:
            return _SHORT[said["day"]] + _SHORT[said["part"]]
        return said["week"] or _number(said["number"] or said["past"])

    return text if text.isascii() else _SAID.sub(digits, text)


def _number(numeral: str) -> str:
    """A numeral below a hundred, such as 十, 二十五 or 零五, in digits; others as they are."""
    tens, ten, ones = numeral.rpartition("十")
    parts = [tens or "一", ones or "零"] if ten else ["零", numeral.lstrip("零〇") or "零"]
    if any(part not in _DIGITS for part in parts):
        return numeral
    return str(_DIGITS[parts[0]] * 10 + _DIGITS[parts[1]])


def _unread(template: str, text: str) -> Usage:
    return Usage(
        "time",
        Message(template, {"text": text.strip()[:80] or '""'}),
        Message(N_("write for example {examples}"), {"examples": TIME_EXAMPLES}),
    )


def _understood(text: str, now: datetime, after: datetime | None) -> datetime | None:
    """What ``text`` means at ``now`` (local time): with offset where the text settles the instant,
    without where it is a reading of the local clock, as is ``after``; None when it means nothing."""
    try:
        if text in ("now", "现在", "刚才", "刚刚"):
            return now.replace(microsecond=0)
        if match := _OFFSET.fullmatch(text):
            day, clock, offset = match.groups()
            return datetime.fromisoformat(f"{day}T{clock}{'+00:00' if offset == 'z' else offset}")
        shifted = _shifted(text, now)
        return shifted if shifted is not None else _day_and_clock(text, now, after)
    except (ValueError, OverflowError):
        # A day or an hour that no calendar has (02-30, 25:00), or a year out of range.
        return None


def _hour_left_open(text: str, today: date) -> str:
    """An hour that could be said after 明天下午 or 晚上; "" where the text is no part of a day."""
    for part, hour in _LIKELY.items():
        day = text.removesuffix(part).strip()
        if day != text:
            try:
                known = not day or day_said(day, today) is not None
            except ValueError:  # 2月30日下午
                known = False
            return hour if known else ""
    return ""


def _is_no_day(text: str, today: date) -> bool:
    """Whether ``text`` begins with a date that no calendar has: 11-31, 2026-13-01."""
    found = _FULL_DATE.match(text) or _MONTH_DAY.match(text)
    if found is None or text[found.end() : found.end() + 1] in _OTHERWISE_GOES_ON:
        return False
    try:
        day_said(found[0], today)
    except ValueError:
        return True
    return False


_OTHERWISE_GOES_ON = tuple("0123456789-./:")
"""What follows a date in something that is no date, such as 11-311 or 25-70-3."""
_LIKELY = {
    "凌晨": "1点",
    "早上": "8点",
    "上午": "9点",
    "中午": "12点",
    "下午": "2点",
    "傍晚": "5点",
    "晚上": "7点",
}


def _shifted(text: str, now: datetime) -> datetime | None:
    """``-10m``, ``+1d``, ``2小时前``, ``半小时前``."""
    if match := _SHIFT.fullmatch(text):
        sign, number, unit = match.groups()
        forward = sign == "+"
    elif match := _AGO.fullmatch(text):
        number, unit, direction = match.groups()
        forward = direction == "后"
    else:
        return None
    unit = _UNITS[unit]
    if number == "半":
        if unit != "h":
            return None
        number, unit = "30", "m"
    count = int(number) if forward else -int(number)
    now = now.replace(microsecond=0)
    if unit in ("s", "m", "h"):
        return now + timedelta(seconds=count * {"s": 1, "m": 60, "h": 3600}[unit])
    local = now.replace(tzinfo=None)
    if unit == "d":
        return local + timedelta(count)
    day = add_months(local.date(), count * (12 if unit == "y" else 1))
    return datetime.combine(day, local.time())


def _day_and_clock(text: str, now: datetime, after: datetime | None) -> datetime | None:
    """``DAY``, ``CLOCK``, or ``DAY CLOCK`` with or without a space (an ISO day also with T)."""
    if match := _CLOCK.fullmatch(text):
        return _following(_at(now.date(), match), after, 1)
    day = day_said(text, now.date())
    if day is not None:
        if after is not None and _weekday(text) is not None:
            day += timedelta(0 if day == after.date() else 7)
        return datetime(day.year, day.month, day.day)
    for cut in range(len(text) - 1, 0, -1):
        day = day_said(text[:cut].rstrip(), now.date())
        if day is None:
            continue
        rest = text[cut:].lstrip()
        if rest[:1] == "t" and _FULL_DATE.fullmatch(text[:cut]):
            rest = rest[1:]
        elif text[cut].isascii() and text[cut] != " " and text[cut - 1].isascii():
            continue  # 11-161 9:00 is not the 1st, then 61 9:00
        if match := _CLOCK.fullmatch(rest):
            if after is None or _weekday(text[:cut].rstrip()) is None:
                return _at(day, match)
            return _following(_at(day, match), after, 7)
    return None


def _following(meant: datetime, after: datetime | None, days: int) -> datetime:
    """``meant``, or so many days later where it has to lie after ``after`` and does not."""
    return meant if after is None or meant > after else meant + timedelta(days)


def day_said(text: str, today: date) -> date | None:
    """The day that ``text`` names as seen from ``today``; ValueError if no month has it."""
    if text in _DAYS:
        return today + timedelta(_DAYS[text])
    if match := _FULL_DATE.fullmatch(text):
        year, month, day = (int(part) for part in match.groups() if part)
        return date(year, month, day)
    if match := _MONTH_DAY.fullmatch(text):
        month, day = (int(part) for part in match.groups() if part)
        return _nearest(month, day, today)
    if (said := _YEAR_SAID.fullmatch(text)) and (match := _MONTH_DAY.fullmatch(said[2])):
        month, day = (int(part) for part in match.groups() if part)
        return date(today.year + _YEARS[said[1]], month, day)
    if (match := _WEEKDAY.fullmatch(text)) and match[1]:
        monday = today - timedelta(today.weekday())
        return monday + timedelta(7 * WEEKS_SAID[match[1]] + _CHINESE_WEEK[match[2]])
    weekday = _weekday(text)
    return None if weekday is None else today - timedelta((today.weekday() - weekday) % 7)


def is_weekday(text: str) -> bool:
    """Whether ``text`` is the name of a weekday, in this week or another."""
    return _WEEKDAY.fullmatch(text) is not None or _weekday(text) is not None


def _weekday(text: str) -> int | None:
    """The weekday that ``text`` names without its week, Monday as 0; None where it names none."""
    if match := _WEEKDAY.fullmatch(text):
        return None if match[1] else _CHINESE_WEEK[match[2]]
    if text in _ENGLISH_WEEK or text in {name[:3] for name in _ENGLISH_WEEK}:
        return next(i for i, name in enumerate(_ENGLISH_WEEK) if name.startswith(text))
    return None


def _nearest(month: int, day: int, today: date) -> date:
    """The day of that month nearest to ``today``: in January 12-28 is last month, not next year."""
    found = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue  # 29 February: another year may have it
    if not found:
        raise ValueError(f"no such day near {today}")
    return min(found, key=lambda candidate: abs(candidate - today))


def _at(day: date, clock: re.Match[str]) -> datetime:
    """``day`` at the time of a ``_CLOCK`` match; ValueError where the words contradict the hour."""
    hour = int(clock["hour"])
    quarters = {"半": 30, "一刻": 15, "三刻": 45, "整": 0}
    minute = quarters[clock["quarter"]] if clock["quarter"] else int(clock["past"] or 0)
    minute = int(clock["minute"] or minute)
    second = int(clock["second"] or 0)
    part = clock["part"] or clock["half"]
    if clock["part"] and clock["half"]:
        raise ValueError("am or pm beside 上午 or 下午")
    if part:
        hour = _hour(part, hour)
    if (hour, minute, second) == (24, 0, 0):
        day, hour = day + timedelta(1), 0
    return datetime(day.year, day.month, day.day, hour, minute, second)


def _hour(part: str, hour: int) -> int:
    """The hour 0 to 24 meant by ``hour`` in that part of the day: 下午3 is 15, 晚上12 is 24."""
    first, last = _PARTS[part]
    if hour == 12 and part in ("凌晨", "am"):
        return 0
    if hour == 12 and part == "晚上":
        return 24
    if 0 < hour < 12 < last:
        # 中午11点 is before noon, 中午1点 after it.
        hour += 0 if first <= hour else 12
    if not first <= hour <= last:
        raise ValueError(f"{hour} is not {part}")
    return hour
