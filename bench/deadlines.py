"""A deadline far away, computed inside this process. Knows one calendar; starts no program."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from svcctl.domain.calendar import Calendar
from svcctl.domain.calendar_card import read_card
from svcctl.domain.times import Span

_DAY = ["08:00-12:00", "13:30-17:30"]
OFFICE = {
    "timezone": "Asia/Shanghai",
    "holidays": "CN",
    "week": {"mon": _DAY, "tue": _DAY, "wed": _DAY, "thu": _DAY, "fri": _DAY},
}
TEN_YEARS = Span(20_000, "h")
"""Ten years of some 250 days with eight hours each."""


def ten_years(fields: object = OFFICE) -> Callable[[], float]:
    """A job that asks a calendar nobody has asked yet when ten years of working time are over.

    It returns the seconds of processor time. What a process does once, whatever it asks, is done
    before: the statutory days are imported.
    """
    card = read_card(fields)
    start = datetime.fromisoformat("2026-11-16T09:00:00+08:00")
    Calendar(card).due(start, TEN_YEARS, "work")

    def ask() -> float:
        calendar = Calendar(card)
        begun = time.process_time()
        calendar.due(start, TEN_YEARS, "work")
        return time.process_time() - begun

    return ask
