"""``svcctl init``, ``demo``, ``me``, ``migrate``: making a ledger and sitting down at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.completion import complete_staff
from svcctl.cli.manner import How, writing_with
from svcctl.cli.options import LedgerDir
from svcctl.cli.session import session
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.output import Column
from svcctl.views.safe import line


@writing_with(by=None, at=None)
def init(
    folder: LedgerDir = ".",
    desk: Annotated[
        str,
        typer.Option(
            "--desk",
            metavar="CODE",
            help=N_("This desk's code: two to four letters without I and O."),
        ),
    ] = "",
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="REMOTE", help=N_("Make a station: clone this hub or clone first.")
        ),
    ] = "",
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help=N_("With --from: this clone replaces the one that was this desk.")
        ),
    ] = False,
    *,
    how: How,
) -> None:
    """Make a ledger, or register this clone as a desk."""
    from svcctl.desk import setup

    run = session()
    code = desk or run.ask(_("Code of this desk (two to four letters, such as SHA)"), "--desk")
    place = Path(run.ledger or folder)
    if source:
        made = setup.station(source, place, code, run.clock, take_over, how.dry_run, echo.waiting())
    else:
        made = setup.init(place, code, run.clock, not how.no_commit, how.dry_run, echo.waiting())
    if how.output != "table":
        item = {"desk": made.desk, "path": str(made.ledger.root), "written": list(made.written)}
        columns = [Column(key, key) for key in item]
        run.emit("ledger", [item], columns, how.output, id_key="desk")
        echo.notices(run, made.notices)
        return
    if how.dry_run:
        run.tell(_("Dry run: nothing was written."))
    for path in made.written:
        run.print(path)
    run.print(
        _("desk {desk} · ledger {path}").format(desk=made.desk, path=line(str(made.ledger.root)))
    )
    echo.notices(run, made.notices)
    if source and not how.dry_run:
        run.tell(_("next: svcctl me STAFF says who sits here; svcctl sync makes this desk known"))
    if not how.dry_run and not made.ledger.names("staff"):
        run.tell(_("next: svcctl edit policy puts in company, service phone and your own rules"))
        run.tell(
            _("next: svcctl staff new ID --name NAME --role manager (the first person of a ledger)")
        )
        run.tell(_("then: svcctl me ID, svcctl customer new, svcctl ticket new"))


def me(
    staff: Annotated[
        str,
        typer.Argument(
            metavar="[STAFF]",
            help=N_("The person's id or name; without it, who sits here now."),
            autocompletion=complete_staff,
        ),
    ] = "",
) -> None:
    """Say who sits at this desk, or ask."""
    from svcctl.desk.setup import sit

    run = session()
    desk = echo.open_desk()
    who = sit(desk, staff) if staff else desk.who(None).id
    run.print(_("at desk {desk}: {who}").format(desk=desk.desk_code(), who=line(who)))


def demo(
    folder: Annotated[
        str, typer.Argument(metavar="[DIR]", help=N_("The folder to make (default: demo-ledger)."))
    ] = "demo-ledger",
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=8, max=120, help=N_("How many days to play."))
    ] = 26,
) -> None:
    """Make a ledger of a fictional department and show the main job on it."""
    from svcctl.cli.tour import tour
    from svcctl.desk import demo

    run = session()
    run.tell(
        _("A fictional department works for {days} days; this takes a moment …").format(days=days)
    )
    made = demo.make(Path(folder), run.clock, days)
    run.print(
        _(
            "{path}: {tickets} tickets, {events} events, every one a line in a plain file under git"
        ).format(path=line(folder), tickets=made.tickets, events=made.events)
    )
    tour(folder, made)


@writing_with(by=None, at=None)
def migrate(how: How) -> None:
    """Bring an older ledger to the present format.

    As long as format 1 is the only one there is nothing to write, and a dry run is like any other.
    """
    from svcctl.desk.migrating import older

    run = session()
    desk = echo.open_desk()
    behind = older(desk)
    if how.output != "table":
        columns = (Column("path", "path"), Column("format", "format"))
        items = [{"path": path, "format": form} for path, form in behind]
        run.emit("older", items, columns, how.output, as_of=desk.now().isoformat(), id_key="path")
    elif not behind:
        run.print(_("every record has format {format}; nothing to do").format(format="1"))
    else:
        for path, form in behind:
            run.print(_("{path}: format {format}").format(path=line(path), format=form))
    if not behind:
        return
    run.tell(
        _("these were written by a newer svcctl: update it on this computer; nothing was changed")
    )
    raise typer.Exit(4)
