"""``svcctl import``: bring in cases from another system. Parses, calls the desk, prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.lazy import Noun
from svcctl.cli.manner import How, writing
from svcctl.cli.session import Session, session
from svcctl.domain.problems import N_
from svcctl.views.language import _, say
from svcctl.views.output import Column
from svcctl.views.safe import block, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svcctl.desk.importing import Imported
    from svcctl.exchange.table import Fault

app = Noun(N_("Bring in cases from another system."))

SHOWN = 50
"""How many faulty cells or changed rows are printed; the others are counted."""


@app.command("tickets", help=N_("Bring in tickets from a CSV file, all of them or none."))
@writing
def tickets(
    file: Annotated[str, typer.Argument(metavar="FILE", help=N_("The spreadsheet, as CSV."))],
    map_file: Annotated[
        str,
        typer.Option(
            "--map", metavar="MAP.yaml", help=N_("Which column is what; see docs/import.md.")
        ),
    ],
    *,
    how: How,
) -> None:
    """Bring in tickets."""
    from svcctl.desk.importing import import_tickets
    from svcctl.exchange.table import BadMap, BadTable

    run = session()
    desk = echo.open_desk()
    try:
        done = import_tickets(desk, file, map_file, how.manner)
    except BadTable as stop:
        _tell_faults(run, stop.faults, stop.untold)
        raise
    except BadMap as stop:
        _tell_faults(run, stop.faults, 0)
        raise
    if how.output == "table":
        _print(run, done, how.dry_run)
    else:
        item = done.item()
        columns = [Column(key, key) for key in item]
        run.emit(
            "import", [item], columns, how.output, as_of=desk.now().isoformat(), id_key="first"
        )
    echo.notices(run, done.outcome.notices)


def _tell_faults(run: Session, faults: Sequence[Fault], untold: int) -> None:
    for fault in faults[:SHOWN]:
        text = f"{line(fault.place)}: {say(fault.message)}"
        if fault.more:
            text += " " + _("(and {number} more like it)").format(number=fault.more)
        run.tell(text)
    left = len(faults[SHOWN:]) + sum(fault.more for fault in faults[SHOWN:]) + untold
    if left:
        run.tell(_("… and more faulty cells and rows: {number}").format(number=left))


def _print(run: Session, done: Imported, dry_run: bool) -> None:
    if dry_run:
        run.tell(_("Dry run: nothing was written."))
    run.print(
        _("{rows} rows: {new} new, {there} already there").format(
            rows=done.rows, new=done.new, there=done.there
        )
    )
    if done.new:
        run.print(
            _("new customers: {customers} · new people: {people}").format(
                customers=done.customers, people=done.people
            )
        )
    if done.blank:
        run.print(_("blank rows passed over: {number}").format(number=done.blank))
    if done.first:
        run.print(_("the first: {path}").format(path=done.first_path))
        if dry_run:
            run.print(block(done.first))
    for row in done.changed[:SHOWN]:
        shown = _("{place}: {foreign} ({ticket}) says something else since its import: {parts}")
        run.tell(
            shown.format(
                place=line(row.place),
                foreign=line(row.foreign),
                ticket=row.ticket,
                parts=", ".join(row.parts),
            )
        )
    if done.changed:
        run.tell(
            _(
                "changed since their import: {number} rows; nothing was overwritten. Bring over by "
                "hand what matters (svcctl ticket amend, note, close)"
            ).format(number=len(done.changed))
        )
