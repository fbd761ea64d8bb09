"""A month of open windows on absolute time. Knows sums and search; nothing of days or zones.

All times are whole seconds; every search is a bisection, so that a deadline far away costs one
step a month.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import sub
from typing import NamedTuple


class Shape(NamedTuple):
    """A month's windows in seconds from its first instant, in order.

    ``before[i]`` is the open time ahead of window ``i``, ``after[i]`` that including it.
    """

    opens: list[int]
    closes: list[int]
    before: list[int]
    after: list[int]
    total: int

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> Shape:
        opens: list[int] = []
        closes: list[int] = []
        for start, end in spans:
            opens.append(start)
            closes.append(end)
        after = list(accumulate(map(sub, closes, opens)))
        total = after[-1] if after else 0
        before = [0, *after[:-1]] if after else []
        return cls(opens, closes, before, after, total)


class Block(NamedTuple):
    """A month on absolute time: its first instant, that of the next month, its windows."""

    base: int
    until: int
    shape: Shape

    def worked(self, instant: int) -> int:
        """Open seconds of this month's windows before ``instant``."""
        instant -= self.base
        shape = self.shape
        place = bisect_right(shape.opens, instant) - 1
        if place < 0:
            return 0
        return min(shape.before[place] + instant - shape.opens[place], shape.after[place])

    def reach(self, worked: int) -> int:
        """The earliest instant at which ``worked`` (1 to the total) seconds have been open."""
        shape = self.shape
        place = bisect_left(shape.after, worked)
        return self.base + shape.closes[place] - (shape.after[place] - worked)

    def reach_back(self, worked: int) -> int:
        """The latest instant before which ``worked`` (less than the total) seconds are open."""
        shape = self.shape
        place = bisect_right(shape.before, worked) - 1
        return self.base + shape.opens[place] + worked - shape.before[place]

    def open_at(self, instant: int) -> tuple[int, int] | None:
        """The first window that closes after ``instant``."""
        place = bisect_right(self.shape.closes, instant - self.base)
        if place == len(self.shape.closes):
            return None
        return self.base + self.shape.opens[place], self.base + self.shape.closes[place]

    def windows(self) -> Iterator[tuple[int, int]]:
        for opens, closes in zip(self.shape.opens, self.shape.closes, strict=True):
            yield self.base + opens, self.base + closes
