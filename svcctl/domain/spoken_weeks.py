"""Weeks as people say them: 上周, this, 47. Pure: the caller says what the time is and where.

Knows words; days in them are read as ``spoken`` reads them.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

from svcctl.domain.problems import N_, Message, Usage
from svcctl.domain.spoken import WEEKS_SAID, day_said, is_weekday
from svcctl.domain.times import Week, in_zone, midnight, parse_week, plain, week_of

_SAID_WEEK = re.compile(r"(?P<two>上上)?(?P<which>[上本这下])?一?个?(?:周|星期|礼拜)")


_ENGLISH_WEEKS = {"last": -1, "previous": -1, "this": 0, "current": 0, "next": 1}


_WEEK_NUMBER = re.compile(r"(?:(\d{4})(?:-|年)?)?(?:第|w)?(\d{1,2})周?", re.ASCII)


def read_week(text: str, now: datetime, zone: tzinfo) -> Week:
    """The week that a person means at ``now``: ``2026-W47``, 上周, last, 第47周, 47, or a day in it.

    A number without a year is the most recent week of that number which has begun. ``2026-11`` is a
    month, so a year goes with ``W`` or 周. Usage when it is no week or the year has no week 53.
    """
    said = plain(text)
    today = in_zone(now, zone).date()
    try:
        if (shift := _weeks_away(said)) is not None:
            return week_of(midnight(today + timedelta(7 * shift), zone), zone)
        if (match := _WEEK_NUMBER.fullmatch(said)) and (not match[1] or said.strip("0123456789-")):
            if match[1]:
                return parse_week(f"{match[1]}-W{int(match[2]):02d}", zone)
            return _begun(int(match[2]), today, zone)
        day = None if is_weekday(said) else day_said(said, today)
        if day is not None:
            return week_of(midnight(day, zone), zone)
        return parse_week(text, zone)
    except (ValueError, OverflowError) as error:
        raise Usage(
            "week",
            Message(N_("{text} is not a week"), {"text": text.strip()[:80] or '""'}),
            Message(
                N_("write for example {examples}; only some years have a week 53"),
                {"examples": "2026-W47, 上周, last, 本周, this, 47"},
            ),
        ) from error


def _weeks_away(said: str) -> int | None:
    """How many weeks after this one 上周, 这个星期 or ``last week`` is; None where it says none."""
    if match := _SAID_WEEK.fullmatch(said):
        if match["two"]:
            return None if match["which"] else -2
        return WEEKS_SAID.get(match["which"])
    return _ENGLISH_WEEKS.get(said.removesuffix(" week"))


def _begun(number: int, today: date, zone: tzinfo) -> Week:
    """The most recent week of that number that has begun by ``today``; ValueError for none."""
    year = today.isocalendar().year
    for earlier in range(7):  # a week 53 comes after six years at the latest
        try:
            monday = date.fromisocalendar(year - earlier, number, 1)
        except ValueError:
            continue
        if monday <= today:
            return week_of(midnight(monday, zone), zone)
    raise ValueError(f"no year has a week {number}")
