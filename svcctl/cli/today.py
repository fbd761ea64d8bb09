"""``svcctl today``: what is to be done now, by whom; once, or kept in sight on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.manner import Asked, reading
from svcctl.domain.problems import N_, Message, Stop, Usage
from svcctl.views.language import _, say
from svcctl.views.output import Column

if TYPE_CHECKING:
    from svcctl.cli.session import Session

COLUMNS = (
    Column("section", N_("section"), show="word"),
    Column("ticket", N_("ticket")),
    Column("what", N_("what"), show="word"),
    Column("when", N_("when"), show="time"),
    Column("overdue_minutes", N_("overdue"), align="right", show="minutes"),
    Column("who", N_("who"), show="word"),
    Column("name", N_("customer"), width=20),
    Column("phone", N_("phone"), show="phone", spare=1),
    Column("subject", N_("subject"), width=30),
    Column("priority", N_("priority"), show="word"),
)
# A screen of its own, without a cursor; each picture is drawn over the one before, so that nothing flickers.
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"


@reading
def today(
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help=N_("At most this many of a section."))
    ] = 10,
    everything: Annotated[bool, typer.Option("--all", help=N_("Every row."))] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help=N_("Keep it in sight and draw it anew; Ctrl-C ends."))
    ] = False,
    every: Annotated[
        int, typer.Option("--every", metavar="N", min=1, help=N_("Seconds between two drawings."))
    ] = 30,
    *,
    asked: Asked,
) -> None:
    """Show the day's board."""
    from svcctl.desk import listing

    if watch:
        _watch(asked, every)
    items = listing.today(asked.view)
    asked.overdue = any(item["section"] == "overdue" for item in items)
    if asked.output != "table":
        asked.emit("today", items, COLUMNS, id_key="ticket")
        return
    from svcctl.views.board import board

    run = asked.run
    lines = board(
        echo.marked(items, "ticket"),
        asked.view.as_of.isoformat(),
        run.paint,
        width=run.width,
        limit=None if everything else limit,
    )
    run.print("\n".join(lines))
    echo.contested(run, items, "ticket")


def _watch(asked: Asked, every: int) -> None:
    """Draw the board again and again until Ctrl-C, which is the way to end it: exit code 0."""
    run = asked.run
    if not run.stdout_terminal:
        raise Usage(
            "no-terminal",
            Message(N_("--watch draws on a terminal, and the output is none"), {}),
            Message(N_("leave --watch out"), {}),
        )
    if asked.output != "table" or asked.as_of is not None or asked.known is not None:
        raise Usage(
            "watch-now",
            Message(N_("--watch shows the present as a table: without -o, --as-of, --known"), {}),
        )
    run.write(_ENTER)
    try:
        while True:
            shown = f"{_REST_OF_LINE}\n".join(_picture(run))
            run.write(f"{_HOME}{shown}{_REST_OF_LINE}{_REST}")
            run.sleep(every)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    finally:
        run.write(_LEAVE)


def _picture(run: Session) -> list[str]:
    """The lines of one picture, as many as the terminal shows; a trouble is shown in its place."""
    from svcctl.desk import listing
    from svcctl.views.board import board, fitted

    height = run.height
    fresh = Asked()
    try:
        items = echo.marked(listing.today(fresh.view), "ticket")
        problems = len(fresh.problems)
        moment = fresh.view.as_of.isoformat()
    except Stop as stop:  # somebody is pulling, or mending a file: the next picture may be well
        return [run.paint(say(stop.message), "red")]
    finally:
        if fresh.opened:
            fresh.desk.forget_index()
    foot = []
    if problems:
        told = _("records that cannot be used or trusted: {count} (svcctl audit)").format(
            count=problems
        )
        foot = [run.paint(told, "yellow")]
    lines = fitted(
        lambda limit: board(items, moment, run.paint, width=run.width, limit=limit),
        height - len(foot),
    )
    return [*lines, *foot]
