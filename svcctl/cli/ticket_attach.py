"""``svcctl ticket attach`` and ``attachments``: files that belong to a ticket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli import columns, echo
from svcctl.cli.manner import Asked, How, reading, writing
from svcctl.cli.options import TicketId, words_typed
from svcctl.cli.session import session
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.output import Column
from svcctl.views.safe import json_text, line

if TYPE_CHECKING:
    from svcctl.desk.attaching import Attached
    from svcctl.domain.cases import Event

COLUMNS = (
    Column("event", N_("event")),
    Column("name", N_("file name"), width=30),
    Column("type", N_("type")),
    Column("size", N_("bytes"), align="right"),
    Column("at", N_("when"), show="time"),
    Column("by", N_("by")),
    Column("found", N_("found"), show="word"),
    Column("path", N_("path")),
)


@writing
def attach(
    ticket: TicketId,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help=N_("The files; they are copied."))
    ],
    words: Annotated[str, words_typed(N_("What they show."))] = "",
    *,
    how: How,
) -> None:
    """Attach files to a ticket."""
    from svcctl.desk.attaching import attach as keep

    desk = echo.open_desk()
    run = session()
    done = keep(desk, ticket, files, words, how.manner)
    if how.output != "table":
        moment = desk.now().isoformat()
        run.emit("ticket", [done.item(desk)], columns.TICKET, how.output, as_of=moment)
    elif how.dry_run:
        run.tell(_("Dry run: nothing was written."))
    if how.output == "table":
        for event in done.events:
            run.print(f"- {json_text(event.canonical())}")
            run.print("  " + line(_path(done, event)))
    echo.notices(run, done.outcome.notices)
    run.warn(done.problems)


def _path(done: Attached, event: Event) -> str:
    from svcctl.domain.attachments import path_of

    return path_of(done.state.case.id, str(event.fields["sha256"]), str(event.fields["type"]))


@reading
def attachments(ticket: TicketId, *, asked: Asked) -> None:
    """List the files attached to a ticket."""
    from svcctl.desk.attaching import attachments as listed

    items = listed(asked.view, ticket)
    asked.emit("attachment", items, COLUMNS, empty=_("nothing is attached"))
