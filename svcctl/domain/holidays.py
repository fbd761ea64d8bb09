"""Statutory holidays and make-up working days of the PRC by year. Knows the source; no calendar.

Source: the yearly notices of the General Office of the State Council, as kept by the package
``chinesecalendar`` (checked against the official lists for 2020 to 2026, every day). Its import
takes some 20 ms, so it waits until a calendar asks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Statutory(NamedTuple):
    """One year's days off and make-up working days, as ordinals (``date.toordinal``)."""

    off: frozenset[int]
    makeup: frozenset[int]


@lru_cache(maxsize=256)
def statutory(year: int) -> Statutory | None:
    """The statutory days of ``year``; None where the source has no data for it."""
    from datetime import date

    import chinese_calendar

    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return None
    return Statutory(
        frozenset(day.toordinal() for day in chinese_calendar.holidays if day.year == year),
        frozenset(day.toordinal() for day in chinese_calendar.workdays if day.year == year),
    )
