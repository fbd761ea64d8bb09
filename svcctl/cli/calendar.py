"""``svcctl calendar``: when something is due, how much time lies between, which days are open.

Every verb asks one calendar: that of ``--calendar FILE``, where no ledger is needed, else the
ledger's that is in force at the time asked about.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from svcctl.cli import echo
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, reading_with
from svcctl.cli.session import session
from svcctl.cli.signed import Signed
from svcctl.domain.problems import N_
from svcctl.views.language import _, word
from svcctl.views.output import Column
from svcctl.views.render import render

if TYPE_CHECKING:
    from svcctl.desk.hours import Answer, Hours, Item

app = Noun(N_("Opening hours: what is due when, which days are open."))

CalendarFile = Annotated[
    str | None,
    typer.Option(
        "--calendar",
        metavar="FILE",
        help=N_("Ask this calendar (default: the ledger's calendar in force)."),
    ),
]
Pause = Annotated[
    list[str] | None,
    typer.Option(
        "--pause",
        metavar="FROM/TO",
        help=N_("The clock stands still from FROM up to TO; may be given several times."),
    ),
]
Clock = Literal["wall", "work"]
Rolls = Literal["open-day", "never"]
At = Annotated[str, typer.Argument(metavar="AT", help=N_("A time."))]
Day = Annotated[str, typer.Argument(metavar="DATE", help=N_("A day."))]

_DUE = (Column("due", N_("due")), Column("seconds", N_("seconds"), align="right"))
_SECONDS = (Column("seconds", N_("seconds"), align="right"),)
_OPEN = (Column("open", N_("open")),)
_NEXT = (Column("next", N_("next opening")),)
_DATE = (Column("date", N_("date")),)
_DAY = (
    Column("date", N_("date")),
    Column("weekday", N_("weekday")),
    Column("kind", N_("kind of day"), show="word"),
    Column("hours", N_("windows")),
)
_DAY_CSV = (
    Column("date", N_("date")),
    Column("working", N_("open")),
    Column("kind", N_("kind of day")),
    Column("windows", N_("windows")),
)


def _hours(file: str | None, asked: Asked) -> Hours:
    """Return the hours that ``file`` states, or those of the ledger; what is in doubt of these is told."""
    from svcctl.desk import hours

    if file is not None:
        return hours.hours_of_file(file, session().now())
    desk = echo.open_desk()
    found = hours.hours_of_ledger(desk)
    asked.problems = desk.rules_in_doubt()
    return found


# The moments are those that were typed, and calendars say of themselves from when on they hold.
_reading = reading_with(as_of=None, known=None)


def _answer(kind: str, found: Answer, columns: tuple[Column, ...], asked: Asked, told: str) -> None:
    """Print an answer: for people the sentence ``told``."""
    asked.problems = [*asked.problems, *found.problems]
    if asked.output == "table":
        asked.run.print(told)
        return
    # No ``as_of``: the answer is about the times that were typed, whatever the clock says.
    items = [_flat(item) for item in found.items] if asked.output == "csv" else found.items
    asked.emit(kind, items, columns, id_key=columns[0].key)


@app.command("due", cls=Signed, help=N_("When a span of time from a start is over."))
@_reading
def due(
    start: Annotated[str, typer.Argument(metavar="START", help=N_("When it begins."))],
    within: Annotated[
        str,
        typer.Argument(
            metavar="WITHIN",
            help=N_("How long: 90s, 3m, 24h count time; 2d, 1mo, 1y count days. -3m counts back."),
        ),
    ],
    clock: Annotated[
        Clock,
        typer.Option(
            "--clock", help=N_("What seconds, minutes and hours count: all time, or opening hours.")
        ),
    ] = "wall",
    rolls: Annotated[
        Rolls,
        typer.Option(
            "--rolls",
            help=N_(
                "Where a period of days goes that ends on a closed day: to the next open one, or nowhere."
            ),
        ),
    ] = "open-day",
    calendar: CalendarFile = None,
    pause: Pause = None,
    *,
    asked: Asked,
) -> None:
    """Tell when a span is over."""
    from svcctl.desk import hours

    found = hours.due(_hours(calendar, asked), start, within, clock, rolls, pause or [])
    _answer("due", found, _DUE, asked, _told_due(found.items[0], within, clock))


@app.command("between", cls=Signed, help=N_("How much opening time lies between two times."))
@_reading
def between(
    start: Annotated[str, typer.Argument(metavar="START", help=N_("From when."))],
    end: Annotated[str, typer.Argument(metavar="END", help=N_("Until when."))],
    clock: Annotated[
        Clock, typer.Option("--clock", help=N_("What is counted: opening hours, or all time."))
    ] = "work",
    calendar: CalendarFile = None,
    pause: Pause = None,
    *,
    asked: Asked,
) -> None:
    """Tell how much time lies between."""
    from svcctl.desk import hours

    found = hours.between(_hours(calendar, asked), start, end, clock, pause or [])
    _answer("between", found, _SECONDS, asked, _length(found.items[0]["seconds"]))


@app.command("open", cls=Signed, help=N_("Whether it is open at a time."))
@_reading
def open_(at: At, calendar: CalendarFile = None, *, asked: Asked) -> None:
    """Tell whether it is open."""
    from svcctl.desk import hours

    found = hours.is_open(_hours(calendar, asked), at)
    told = _("It is open.") if found.items[0]["open"] else _("It is closed.")
    _answer("open", found, _OPEN, asked, told)


@app.command(
    "next", cls=Signed, help=N_("The next time it is open: the time given, if it is open then.")
)
@_reading
def next_(at: At, calendar: CalendarFile = None, *, asked: Asked) -> None:
    """Tell when it is open next."""
    from svcctl.desk import hours

    found = hours.next_open(_hours(calendar, asked), at)
    _answer("next", found, _NEXT, asked, _told_next(found.items[0]))


@app.command("day", cls=Signed, help=N_("What kind of day it is, and its opening hours."))
@_reading
def day(day: Day, calendar: CalendarFile = None, *, asked: Asked) -> None:
    """Tell about a day."""
    from svcctl.desk import hours

    found = hours.day(_hours(calendar, asked), day)
    item = found.items[0]
    shown = _shown(item)
    told = " · ".join(
        [f"{shown['date']} {shown['weekday']}", shown["kind"], *filter(None, [shown["hours"]])]
    )
    _answer("day", found, _DAY_CSV, asked, told)


@app.command("add-days", cls=Signed, help=N_("The open day so many open days after a day."))
@_reading
def add_days(
    day: Day,
    number: Annotated[
        str, typer.Argument(metavar="N", help=N_("How many open days; negative counts back."))
    ],
    calendar: CalendarFile = None,
    *,
    asked: Asked,
) -> None:
    """Count open days."""
    from svcctl.desk import hours

    found = hours.add_days(_hours(calendar, asked), day, number)
    item = found.items[0]
    told = f"{item['date']} {_weekday(str(item['date']))}"
    _answer("date", found, _DATE, asked, told)


@app.command("show", cls=Signed, help=N_("A month: each day, what kind it is, its opening hours."))
@_reading
def show(
    month: Annotated[str, typer.Argument(metavar="MONTH", help=N_("A month, such as 2026-10."))],
    calendar: CalendarFile = None,
    *,
    asked: Asked,
) -> None:
    """Show a month."""
    from svcctl.desk import hours

    found = hours.month(_hours(calendar, asked), month)
    told = _month(found.items) if asked.output == "table" else ""
    _answer("day", found, _DAY_CSV, asked, told)


# Words ------------------------------------------------------------------------------------------


def _weekday(day: str) -> str:
    from svcctl.domain.reasons import WEEKDAYS

    return _(WEEKDAYS[date.fromisoformat(day).weekday()])


def _told_due(item: Item, within: str, clock: str) -> str:
    from svcctl.domain.spoken import read_length
    from svcctl.domain.times import deadline_text

    at = datetime.fromisoformat(str(item["due"]))
    day, time = deadline_text(at)
    if clock == "wall" and read_length(within).seconds is not None:
        day, time = _day_and_time(at)
    return f"{day} {_weekday(day)} {time}"


def _told_next(item: Item) -> str:
    day, time = _day_and_time(datetime.fromisoformat(str(item["next"])))
    return f"{day} {_weekday(day)} {time}"


def _day_and_time(at: datetime) -> tuple[str, str]:
    return at.date().isoformat(), at.strftime("%H:%M:%S" if at.second else "%H:%M")


def _length(seconds: object) -> str:
    """A length of time in hours, which days would not say of opening hours."""
    number = int(str(seconds))
    minutes, rest = divmod(abs(number), 60)
    length = f"{'-' if number < 0 else ''}{minutes // 60}h {minutes % 60:02d}m"
    if rest:
        length += f" {rest:02d}s"
    return _("{length} ({seconds} seconds)").format(length=length, seconds=number)


def _windows(item: Item) -> list[str]:
    windows = item.get("windows", [])
    assert isinstance(windows, list)
    return ["-".join(window) for window in windows]


def _flat(item: Item) -> Item:
    """An item for a table of plain cells: its windows as ``08:00-12:00``."""
    return {**item, "windows": _windows(item)}


def _shown(item: Item) -> dict[str, str]:
    """A day as people read it: the weekday, what kind it is, its windows in one cell."""
    return {
        "date": str(item["date"]),
        "weekday": _weekday(str(item["date"])),
        "kind": word(str(item["kind"]), "kind"),
        "hours": "  ".join(_windows(item)),
    }


_PAINTED = {
    "closed": "dim",
    "holiday": "red",
    "makeup": "green",
    "yearly": "blue",
    "override": "blue",
}


def _month(items: list[Item]) -> str:
    """The days of a month as a table, coloured by what decides them, and how many are open."""
    run = session()
    table = render("day", [_shown(item) for item in items], _DAY, "table", terminal_width=run.width)
    head, rows = table.split("\n")[:2], table.split("\n")[2:]
    for number, item in enumerate(items):
        colour = _PAINTED.get(str(item["kind"]))
        if colour is not None:
            rows[number] = run.paint(rows[number], colour)
    count = sum(bool(item["working"]) for item in items)
    told = _("{open} open days, {closed} closed").format(open=count, closed=len(items) - count)
    return "\n".join([*head, *rows, told])
