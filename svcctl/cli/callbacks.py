"""``svcctl callbacks``: who is to be called, what was said."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.completion import complete_word
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, How, reading, writing
from svcctl.cli.options import TicketId, words_typed
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.output import Column

app = Noun(N_("Callbacks: who is to be called, what was said."), alone="due")


@app.command("due", help=N_("The callbacks to be made: due today or overdue."))
@reading
def due(
    within: Annotated[
        str | None, typer.Option("--within", metavar="SPAN", help=N_("Look further ahead: 1d, 4h."))
    ] = None,
    *,
    asked: Asked,
) -> None:
    """List the callbacks to be made."""
    from svcctl.cli.columns import CALLBACK
    from svcctl.desk.listing import callbacks_due

    items = callbacks_due(asked.view, within)
    asked.emit(
        "callback",
        items,
        CALLBACK,
        id_key="ticket",
        empty=_("no callbacks to be made"),
        overdue=any(item["overdue_minutes"] for item in items),
    )


@app.command("record", help=N_("Record a callback: reached or not, and what the customer said."))
@writing
def record(
    ticket: TicketId,
    result: Annotated[
        str,
        typer.Option(
            "--result",
            metavar="RESULT",
            help=N_("reached, unreached or refused."),
            autocompletion=complete_word("called-back", "result"),
        ),
    ],
    working: Annotated[
        str,
        typer.Option(
            "--working",
            metavar="yes|no",
            help=N_("Is it working?"),
            autocompletion=complete_word("called-back", "working"),
        ),
    ] = "",
    opinion: Annotated[
        str,
        typer.Option(
            "--opinion",
            metavar="OPINION",
            help=N_("satisfied, basically-satisfied or dissatisfied."),
            autocompletion=complete_word("called-back", "opinion"),
        ),
    ] = "",
    quality: Annotated[
        str, typer.Option("--quality", metavar="1-5", help=N_("Score for the quality."))
    ] = "",
    attitude: Annotated[
        str, typer.Option("--attitude", metavar="1-5", help=N_("Score for the attitude."))
    ] = "",
    speed: Annotated[
        str, typer.Option("--speed", metavar="1-5", help=N_("Score for the speed."))
    ] = "",
    words: Annotated[str, words_typed(N_("In the customer's words."))] = "",
    *,
    how: How,
) -> None:
    """Record a callback."""
    from svcctl.desk.tickets import act

    fields = {
        "result": result,
        "working": working,
        "opinion": opinion,
        "quality": quality,
        "attitude": attitude,
        "speed": speed,
        "words": words,
    }
    desk = echo.open_desk()
    done = act(desk, ticket, "called-back", fields, how.manner)
    echo.written(desk, done, how.output, how.dry_run)


@app.command("list", help=N_("The callbacks made in the last days, with the answers."))
@reading
def list_(
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help=N_("From this day on (default: seven days).")),
    ] = None,
    *,
    asked: Asked,
) -> None:
    """List the callbacks made."""
    from svcctl.desk.history import callbacks_made

    columns = (
        Column("ticket", N_("ticket")),
        Column("at", N_("when"), show="time"),
        Column("by", N_("by"), show="person"),
        Column("name", N_("customer"), width=20),
        Column("result", N_("result"), show="word"),
        Column("working", N_("working"), show="word"),
        Column("opinion", N_("opinion"), show="word"),
        Column("quality", N_("quality"), align="right"),
        Column("attitude", N_("attitude"), align="right"),
        Column("speed", N_("speed"), align="right"),
        Column("words", N_("words"), width=30),
    )
    asked.emit(
        "callback-made",
        callbacks_made(asked.view, since),
        columns,
        id_key="ticket",
        empty=_("no callbacks were made"),
    )
