"""``svcctl log``: the daily log, what everybody did from day to day. Parses, calls the desk, prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.completion import complete_staff, complete_ticket
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, How, reading, writing
from svcctl.domain.problems import N_, Message, Usage
from svcctl.views.language import _, say
from svcctl.views.output import Column

if TYPE_CHECKING:
    from datetime import datetime

app = Noun(N_("The daily log: what everybody did, day by day."))

COLUMNS = (
    Column("id", N_("log entry")),
    Column("at", N_("when"), show="time"),
    Column("by", N_("by"), show="person"),
    Column("words", N_("words"), width=60),
    Column("tickets", N_("about tickets"), spare=2),
    Column("amended", N_("amended by"), spare=3),
    Column("counts", N_("counts"), spare=4),
)

Entry = Annotated[
    str,
    typer.Argument(
        metavar="ENTRY",
        help=N_("The entry: 2026-11/3SHA as in `svcctl log list`, or 3SHA for one of this month."),
    ),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=N_("Why."))]


@app.command("add", help=N_("Add an entry: what you did, saw or heard."))
@writing
def add(
    words: Annotated[str, typer.Argument(metavar="TEXT", help=N_("In words."))],
    ticket: Annotated[
        list[str] | None,
        typer.Option(
            "--ticket",
            metavar="ID",
            help=N_("A ticket it is about; may be repeated."),
            autocompletion=complete_ticket,
        ),
    ] = None,
    *,
    how: How,
) -> None:
    """Add an entry to the daily log."""
    from svcctl.desk.journals import note
    from svcctl.domain.journals import LOG

    fields = {"words": words, "tickets": " ".join(ticket or ())}
    desk = echo.open_desk()
    echo.noted(desk, note(desk, LOG, "logged", fields, how.manner), how.output, how.dry_run)


@app.command("amend", help=N_("Correct a field of an entry, with the reason."))
@writing
def amend(
    entry: Entry,
    field: Annotated[
        str,
        typer.Argument(metavar="FIELD", help=N_("The field to correct: words, tickets or at.")),
    ],
    value: Annotated[str, typer.Argument(metavar="VALUE", help=N_("What it should be."))],
    reason: Reason,
    *,
    how: How,
) -> None:
    """Amend an entry."""
    _correct(entry, "amended", {"field": field, "value": value, "reason": reason}, how)


@app.command("void", help=N_("Take back an entry, with the reason; the line stays."))
@writing
def void(entry: Entry, reason: Reason, *, how: How) -> None:
    """Void an entry."""
    _correct(entry, "voided", {"reason": reason}, how)


def _correct(entry: str, do: str, fields: dict[str, str], how: How) -> None:
    from svcctl.desk.journals import correct
    from svcctl.domain.journals import LOG

    desk = echo.open_desk()
    echo.noted(desk, correct(desk, LOG, entry, do, fields, how.manner), how.output, how.dry_run)


@app.command("list", help=N_("The entries of the last days, or of a day or a week."))
@reading
def list_(
    staff: Annotated[
        str | None,
        typer.Option(
            "--staff",
            metavar="STAFF",
            help=N_("Only what this person noted."),
            autocompletion=complete_staff,
        ),
    ] = None,
    ticket: Annotated[
        str | None,
        typer.Option(
            "--ticket",
            metavar="ID",
            help=N_("Only what is about this ticket, of whatever day."),
            autocompletion=complete_ticket,
        ),
    ] = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DATE", help=N_("Of this day alone."))
    ] = None,
    week: Annotated[
        str | None,
        typer.Option(
            "--week", metavar="WEEK", help=N_("Of this week: 2026-W47, 47, last, 本周 ...")
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help=N_("From this day on (default: seven days).")),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=N_("Also what was taken back."))
    ] = False,
    *,
    asked: Asked,
) -> None:
    """List the entries of the daily log."""
    from svcctl.desk.entries import contests, entries
    from svcctl.desk.finding import ticket_file
    from svcctl.domain.journals import LOG

    if sum(one is not None for one in (day, week, since)) > 1:
        raise Usage(
            "which-days",
            Message(N_("--day, --week and --since say the same thing in three ways"), {}),
            Message(N_("give one of them"), {}),
        )
    who = asked.desk.staff(staff).id if staff is not None else None
    about = None
    if ticket is not None:
        about = ticket_file(asked.desk, ticket).rpartition("/")[2].removesuffix(".yaml")
    start, end = _period(asked, day, week, since, whole=about is not None)
    found = [
        item
        for item in entries(asked.view, LOG, start, end, everything=everything)
        if (who is None or item["by"] == who) and (about is None or about in item["tickets"])
    ]
    empty = {"counts": not everything, "amended": not any(item["amended"] for item in found)}
    shown = [column for column in COLUMNS if not empty.get(column.key)]
    table = asked.output == "table"
    asked.emit("log", found, shown if table else COLUMNS, empty=_("nothing was noted"))
    for what, remedy in contests(asked.view, LOG, start, end):
        asked.run.tell(f"{say(what)}: {say(remedy)}")


def _period(
    asked: Asked, day: str | None, week: str | None, since: str | None, *, whole: bool
) -> tuple[datetime | None, datetime | None]:
    """Return from when until when; ``whole``: where nothing was said, always."""
    desk = asked.desk
    if week is not None:
        found = desk.read_week(week, asked.view.as_of)
        return found.start, found.end
    if day is not None or since is not None:
        from datetime import timedelta

        from svcctl.domain.times import midnight

        first = desk.read_time(day or since).date()
        start = midnight(first, desk.zone)
        return start, midnight(first + timedelta(days=1), desk.zone) if day is not None else None
    if whole:
        return None, None
    return asked.view.days_back(7), None
