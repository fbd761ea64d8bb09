"""The weekly summary for whoever reads one page on Monday. Knows its layout; counts nothing.

Sources: SERVICE-RULES, "Reports" and "Measures". The desk fills a ``WeeklyPage``; the templates
``weekly.md`` and ``weekly.html`` show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from svcctl.domain.problems import N_, Message, Usage
from svcctl.views.measures import Figure, Measure, MeasureLine, Target, measure_line, target_of

if TYPE_CHECKING:
    from svcctl.views.charts import BarChart, BulletChart, LineChart

__all__ = [
    "Complaint",
    "DayCount",
    "EngineerRow",
    "Figure",
    "Headline",
    "History",
    "KindCount",
    "Measure",
    "Overdue",
    "Point",
    "Target",
    "WeeklyPage",
    "render_weekly",
    "target_of",
]

HEADLINES = {
    "opened": N_("Opened"),
    "finished": N_("Finished"),
    "closed": N_("Closed"),
    "open": N_("Open at the end"),
    "overdue": N_("Overdue"),
}
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
#: Rows of a list before the rest is only counted: the page stays one that is read.
SHOWN = 12
CHANGES = 6
BLANKS = 4


class Headline(NamedTuple):
    """A count of the week and of the week before; ``name_key``: opened, finished, closed, open, overdue.

    ``note``, in the reader's language, says what else is among them.
    """

    name_key: str
    value: int
    previous: int | None = None
    note: str = ""


class KindCount(NamedTuple):
    """How many tickets of a kind were opened, finished and closed in the week, and are open at its end."""

    kind: str
    opened: int
    finished: int
    closed: int
    open: int


class DayCount(NamedTuple):
    """One day of the week in the ledger's zone."""

    day: date
    opened: int
    finished: int


class Overdue(NamedTuple):
    """Something owed and past its due time; ``what`` is the obligation's stored word.

    ``owner`` is a name as people know it; ``late`` is in seconds at the page's ``as_of``.
    """

    what: str
    ticket: str
    customer: str
    owner: str
    due: datetime
    late: int


class Complaint(NamedTuple):
    """An open complaint; ``age`` in seconds; ``liability`` a stored word, empty while undecided."""

    ticket: str
    customer: str
    subject: str
    opened: datetime
    age: int
    liability: str = ""
    severity: str = ""
    owner: str = ""


class EngineerRow(NamedTuple):
    """One engineer's week; ``arrival`` is the median in seconds from request to arrival."""

    name: str
    dispatched: int = 0
    finished: int = 0
    rework: int = 0
    slips_in_time: int = 0
    slips_due: int = 0
    callbacks_in_time: int = 0
    callbacks_due: int = 0
    satisfied: int = 0
    answers: int = 0
    arrival: int | None = None


class Point(NamedTuple):
    """A week in a history, and what was counted in it (see ``Figure``)."""

    label: str
    figure: Figure


class History(NamedTuple):
    """A measure over the last weeks, the oldest first; ``name_key`` is one of the page's measures."""

    name_key: str
    points: tuple[Point, ...]


class WeeklyPage(NamedTuple):
    """One ISO week of one desk. Instants carry an offset and are shown in ``zone``.

    ``policy`` is the version in force; ``commands`` are pairs of what a reader may ask and the
    command that answers it. Lists may be long: the page shows the first and counts the rest.
    """

    year: int
    week: int
    first_day: date
    last_day: date
    as_of: datetime
    zone: tzinfo
    department: str = ""
    desk: str = ""
    policy: str = ""
    headlines: tuple[Headline, ...] = ()
    measures: tuple[Measure, ...] = ()
    kinds: tuple[KindCount, ...] = ()
    days: tuple[DayCount, ...] = ()
    overdue: tuple[Overdue, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    engineers: tuple[EngineerRow, ...] = ()
    histories: tuple[History, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The week as ISO 8601 writes it: 2026-W47."""
        return f"{self.year:04d}-W{self.week:02d}"


def render_weekly(page: WeeklyPage, fmt: str = "md", templates_dir: Path | None = None) -> str:
    """The page as Markdown (``md``) or as one self-contained HTML document (``html``).

    ``templates_dir`` is the ledger's own ``templates`` folder. Raises ``Usage`` for another format,
    ``Unreadable`` for a broken template of the ledger.
    """
    if fmt not in ("md", "html"):
        message = N_("A report is made as md or html, not as {format}.")
        raise Usage("format", Message(message, {"format": fmt}))
    from svcctl.views.concerns import NOTHING, concerns
    from svcctl.views.language import _
    from svcctl.views.pages import harmless_page, render

    page = harmless_page(page)
    lines = tuple(measure_line(measure) for measure in page.measures)
    values: dict[str, object] = {
        "page": page,
        "name": page.name,
        "measures": lines,
        "headlines": _headlines(page.headlines),
        "concerns": concerns(page.overdue, page.measures, page.complaints),
        "no_concern": _(NOTHING),
        "changes": changes(lines),
        "total": _total(page.kinds),
        "overdue": sorted(page.overdue, key=lambda owed: (owed.due, owed.ticket)),
        "complaints": sorted(page.complaints, key=lambda open: (-open.age, open.ticket)),
        "shown": SHOWN,
        "blanks": BLANKS,
    }
    if fmt == "html":
        values["bars"] = _bars(page)
        values["bullets"] = {line.key: _bullet(line) for line in lines}
        values["lines"] = _lines(page, lines)
    return render(f"weekly.{fmt}", values, page.zone, templates_dir)


class HeadlineText(NamedTuple):
    key: str
    title: str
    value: int
    previous: str
    note: str


def _headlines(headlines: Sequence[Headline]) -> tuple[HeadlineText, ...]:
    from svcctl.views.language import _

    return tuple(
        HeadlineText(
            one.name_key,
            _(HEADLINES.get(one.name_key, one.name_key)),
            one.value,
            "" if one.previous is None else _("before: {n}").format(n=one.previous),
            one.note,
        )
        for one in headlines
    )


def changes(lines: Sequence[MeasureLine]) -> tuple[MeasureLine, ...]:
    """What moved most worth reading: what got worse first, targets missed before targets met."""
    order = {"worse": 0, "better": 1, "moved": 2}
    moved = [line for line in lines if line.trend in order]
    moved.sort(key=lambda line: (order[line.trend], line.verdict != "missed"))
    return tuple(moved[:CHANGES])


def _total(kinds: Sequence[KindCount]) -> KindCount:
    return KindCount(
        "",
        sum(kind.opened for kind in kinds),
        sum(kind.finished for kind in kinds),
        sum(kind.closed for kind in kinds),
        sum(kind.open for kind in kinds),
    )


def _bars(page: WeeklyPage) -> BarChart:
    from svcctl.views.charts import bars
    from svcctl.views.language import _

    groups = [
        (f"{_(WEEKDAYS[one.day.weekday()])} {one.day.day}", (one.opened, one.finished))
        for one in page.days
    ]
    series = (_("Opened"), _("Finished"))
    return bars("days", _("Opened and finished per day"), groups, series)


def _bullet(line: MeasureLine) -> BulletChart:
    from svcctl.views.charts import bullet

    told = f"{line.value} ({line.counts}), {line.target}"
    return bullet(f"b-{line.key}", line.title, told, line.exact, line.aim, line.verdict == "missed")


def _lines(page: WeeklyPage, lines: Sequence[MeasureLine]) -> tuple[LineChart, ...]:
    from svcctl.views.charts import line
    from svcctl.views.figures import duration_text, percent_text
    from svcctl.views.measures import counted

    drawn = []
    measures = {one.name_key: (one, text) for one, text in zip(page.measures, lines, strict=True)}
    for n, history in enumerate(page.histories):
        if history.name_key not in measures:
            continue
        measure, text = measures[history.name_key]
        points: list[tuple[str, float | None, str]] = []
        for label, figure in history.points:
            exact = counted(figure, measure.unit)
            if exact is None:
                points.append((label, None, percent_text(0, 0)))
            elif measure.unit == "duration":
                points.append((label, float(exact[0]), duration_text(exact[0])))
            else:
                points.append((label, exact[0] / exact[1], percent_text(*exact)))
        aim = measure.target.numerator / measure.target.denominator if measure.target else None
        drawn.append(line(f"h{n}", text.title, points, aim))
    return tuple(drawn)
