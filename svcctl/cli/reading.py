"""``svcctl today`` and ``find``: what is to be done now; where something is."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

import typer

from svcctl.cli.manner import Asked, reading
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.output import Column, render
from svcctl.views.safe import line

SECTIONS = {
    "overdue": N_("Overdue"),
    "due-today": N_("Due today"),
    "visits": N_("Visits today"),
    "nobody": N_("Nobody has taken these"),
}

_COLUMNS = (
    Column("ticket", N_("ticket")),
    Column("what", N_("what"), show="word"),
    Column("when", N_("when"), show="time"),
    Column("who", N_("who"), show="word"),
    Column("name", N_("customer"), width=20),
    Column("phone", N_("phone"), spare=1),
    Column("subject", N_("subject"), width=30),
)


@reading
def today(asked: Asked) -> None:
    """Show the day's board."""
    from svcctl.desk import listing

    items = listing.today(asked.view)
    asked.overdue = any(item["section"] == "overdue" for item in items)
    if asked.output != "table":
        columns = (Column("section", N_("section"), show="word"), *_COLUMNS)
        asked.emit("today", items, columns, id_key="ticket")
        return
    run = asked.run
    run.print(run.paint(asked.view.as_of.strftime("%Y-%m-%d %H:%M"), "bold"))
    for section, group in groupby(items, key=lambda item: str(item["section"])):
        rows = list(group)
        title = f"{_(SECTIONS[section])} ({len(rows)})"
        run.print("\n" + run.paint(title, "red" if section == "overdue" else "bold"))
        run.print(render("today", rows, _COLUMNS, "table", terminal_width=run.width))
    if not items:
        run.print(_("nothing is owed today"))


@reading
def find(
    text: Annotated[str, typer.Argument(metavar="TEXT", help=N_("What to look for."))],
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help=N_("At most this many."))
    ] = 50,
    *,
    asked: Asked,
) -> None:
    """Search the ledger."""
    from svcctl.desk.history import search

    items = search(asked.view, text, limit)
    columns = (
        Column("kind", N_("kind"), show="word"),
        Column("id", N_("id")),
        Column("title", N_("title"), width=50),
        Column("state", N_("state"), show="word"),
    )
    asked.emit(
        "found", items, columns, empty=_("nothing contains “{text}”").format(text=line(text))
    )
