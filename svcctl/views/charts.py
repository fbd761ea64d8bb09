"""Where the marks of three small charts lie. Knows geometry; the templates draw, and escape.

Lengths are units of the drawing's own view box; the page decides how large that is. A chart
without anything to show says so instead of drawing zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Label(NamedTuple):
    """A text at a place; ``anchor`` as in SVG: start, middle, end."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


class Bar(NamedTuple):
    """One bar, and its number above it; ``series`` counts from 0."""

    x: float
    y: float
    width: float
    height: float
    series: int
    label: Label


class BarChart(NamedTuple):
    """Groups of bars on one base line; ``bars`` is empty where there is nothing to show."""

    key: str
    title: str
    description: str
    width: float
    height: float
    base: float
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    legend: tuple[tuple[float, str], ...]


class BulletChart(NamedTuple):
    """A value as a bar on its scale and the target as a mark; ``value`` None: nothing to show."""

    key: str
    title: str
    description: str
    width: float
    height: float
    value: float | None
    target: float | None
    missed: bool


class LineChart(NamedTuple):
    """A line over time, broken where nothing was counted; ``dots`` is empty if that is everywhere."""

    key: str
    title: str
    description: str
    width: float
    height: float
    strokes: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    last: Label | None
    target: float | None
    labels: tuple[Label, ...]


def bars(
    key: str,
    title: str,
    groups: Sequence[tuple[str, Sequence[int]]],
    series: Sequence[str],
    width: float = 340,
    height: float = 150,
) -> BarChart:
    """Bars side by side for each group: ``(name of the group, one count per series)``."""
    from svcctl.views.safe import width as text_columns

    top, base = 34.0, height - 18.0
    highest = max((count for _, counts in groups for count in counts), default=0)
    drawn: list[Bar] = []
    labels = []
    slot = width / max(1, len(groups))
    thick = min(20.0, slot * 0.72 / max(1, len(series)))
    for n, (name, counts) in enumerate(groups):
        middle = slot * (n + 0.5)
        labels.append(Label(_r(middle), base + 13, name))
        left = middle - thick * len(counts) / 2
        for s, count in enumerate(counts):
            tall = (base - top) * count / highest if highest else 0.0
            x = left + s * thick
            number = Label(_r(x + thick / 2), _r(base - tall - 3), str(count))
            drawn.append(Bar(_r(x), _r(base - tall), _r(thick - 1.5), _r(tall), s, number))
    legend = []
    edge = 0.0
    for name in series:
        legend.append((_r(edge), name))
        edge += 34 + 6 * text_columns(name)
    told = "; ".join(
        f"{name}: " + ", ".join(f"{s} {c}" for s, c in zip(series, counts, strict=True))
        for name, counts in groups
    )
    return BarChart(
        key, title, told, width, height, base, tuple(drawn), tuple(labels), tuple(legend)
    )


def bullet(
    key: str,
    title: str,
    description: str,
    value: tuple[int, int] | None,
    target: tuple[int, int] | None,
    missed: bool = False,
    width: float = 120,
    height: float = 12,
) -> BulletChart:
    """A ratio against its target, both as numerator and denominator.

    The scale ends at one, or, where value and target are small, at twice the larger of them, so
    that 4 % can be told from 5 %.
    """
    share = value[0] / value[1] if value and value[1] else None
    aim = target[0] / target[1] if target else None
    largest = max(share or 0.0, aim or 0.0)
    end = 1.0 if largest > 0.4 or largest == 0 else 2 * largest
    end = max(end, largest)
    at = None if aim is None else _r(min(width - 1, width * aim / end))
    length = None if share is None else _r(width * share / end)
    return BulletChart(key, title, description, width, height, length, at, missed)


def line(
    key: str,
    title: str,
    points: Sequence[tuple[str, float | None, str]],
    target: float | None = None,
    width: float = 220,
    height: float = 96,
) -> LineChart:
    """A line through ``points``: (name, value or None, value as text), the oldest first."""
    top, base, left, right = 16.0, height - 30.0, 14.0, width - 14.0
    values = [value for _, value, _ in points if value is not None]
    told = "; ".join(f"{name}: {text}" for name, _, text in points)
    if not values:
        return LineChart(key, title, told, width, height, (), (), None, None, ())
    known = values if target is None else [*values, target]
    low, high = min(known), max(known)
    pad = (high - low) * 0.15 or abs(high) * 0.1 or 1.0
    low, high = low - pad, high + pad

    def y(value: float) -> float:
        return _r(base - (base - top) * (value - low) / (high - low))

    step = (right - left) / max(1, len(points) - 1)
    strokes: list[str] = []
    dots: list[tuple[float, float]] = []
    run: list[str] = []
    last = None
    for n, (_, value, text) in enumerate(points):
        if value is None:
            strokes.append(" ".join(run))
            run = []
            continue
        x = _r(left + step * n)
        run.append(f"{x},{y(value)}")
        dots.append((x, y(value)))
        anchor = "end" if n == len(points) - 1 and len(points) > 1 else "middle"
        # Below a falling line, above a rising one: beside it the number would be struck through.
        falls = len(dots) > 1 and dots[-1][1] > dots[-2][1]
        beside = y(value) + 14 if falls else y(value) - 7
        last = Label(min(x + 12, width) if anchor == "end" else x, _r(beside), text, anchor)
    strokes.append(" ".join(run))
    names: tuple[Label, ...] = (Label(2, height - 4, points[0][0], "start"),)
    if len(points) > 1:
        names += (Label(width - 2, height - 4, points[-1][0], "end"),)
    kept = tuple(stroke for stroke in strokes if " " in stroke)
    aim = None if target is None else y(target)
    return LineChart(key, title, told, width, height, kept, tuple(dots), last, aim, names)


def _r(length: float) -> float:
    """Tenths are finer than any printer at this size, and keep the page small."""
    return round(length, 1)
