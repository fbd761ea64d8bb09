"""Opening hours that also count. Knows hours and the rules of counting; no clock, no files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import cast

from svcctl.domain import counting, times
from svcctl.domain.calendar_card import Card, Place, Window, read_card
from svcctl.domain.counting import Clock, Pauses, Rolls
from svcctl.domain.opening_hours import Kind, OpeningHours
from svcctl.domain.times import Span

__all__ = ["ALWAYS", "Calendar", "Card", "Kind", "Window"]


class Calendar(OpeningHours):
    """Opening hours of one place, with what is due by them; ``counting`` has the rules."""

    __slots__ = ()

    @classmethod
    def from_fields(
        cls,
        fields: object,
        place: Place | None = None,
        path: str = "",
        default_zone: str = "Asia/Shanghai",
        key_place: Place | None = None,
    ) -> Calendar:
        """The calendar that ``fields`` (nested text) state; see ``calendar_card.read_card``."""
        return cls(read_card(fields, place, path, default_zone, key_place))

    def day_end(self, day: date, rolls: Rolls = "open-day") -> datetime:
        """When a period whose last day is ``day`` ends: see ``counting.end_of_period``."""
        return counting.end_of_period(self, day.toordinal(), rolls)[1]

    def add_work(self, start: datetime, seconds: int) -> datetime:
        """When ``seconds`` of open time have passed since ``start``; before it if negative."""
        return self.moment(counting.add_work(self, times.epoch(start), seconds))

    def work_between(self, start: datetime, end: datetime, pauses: Pauses = ()) -> int:
        """Open seconds from ``start`` to ``end`` outside ``pauses``; negative if ``end`` is earlier."""
        return counting.between(self, times.epoch(start), times.epoch(end), "work", pauses)

    def wall_between(self, start: datetime, end: datetime, pauses: Pauses = ()) -> int:
        """Seconds from ``start`` to ``end`` outside ``pauses``, open or not."""
        return counting.between(self, times.epoch(start), times.epoch(end), "wall", pauses)

    def add_days(self, day: date, count: int) -> date:
        """The ``count``-th open day after ``day`` (before it if negative); 0: see ``counting``."""
        return date.fromordinal(counting.add_days(self, day.toordinal(), count))

    def count_days(self, start: datetime, count: int, rolls: Rolls = "open-day") -> datetime:
        """When a period of ``count`` days that began on the day of ``start`` ends."""
        return counting.count_days(self, start, count, rolls)

    def count_months(self, start: datetime, count: int, rolls: Rolls = "open-day") -> datetime:
        """When a period of ``count`` months that began on the day of ``start`` ends."""
        return counting.count_months(self, start, count, rolls)

    def due(
        self,
        start: datetime,
        span: Span,
        clock: str = "wall",
        rolls: str = "open-day",
        pauses: Sequence[tuple[datetime, datetime]] = (),
    ) -> datetime:
        """When ``span`` from ``start`` is over: LEDGER, "Times that are owed"; see ``counting``."""
        return counting.due(self, start, span, cast(Clock, clock), cast(Rolls, rolls), pauses)


#: The calendar without windows: every second of every day, in UTC.
ALWAYS = Calendar(Card(UTC))
