"""``svcctl seal``: close a month for good."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.manner import How, writing
from svcctl.cli.session import session
from svcctl.domain.problems import N_
from svcctl.views.language import _, ngettext
from svcctl.views.output import Column

COLUMNS = (
    Column("id", N_("seal")),
    Column("month", N_("month")),
    Column("tickets", N_("tickets"), align="right"),
    Column("digest", N_("digest")),
    Column("tree", N_("tree")),
)


@writing
def seal(
    month: Annotated[str, typer.Argument(metavar="MONTH", help=N_("The month, such as 2026-10."))],
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help=N_("Why it is sealed once more.")),
    ] = "",
    sign: Annotated[
        bool, typer.Option("--sign", help=N_("Sign it with the key git signs with."))
    ] = False,
    *,
    how: How,
) -> None:
    """Close a month in which nothing is owed any more."""
    from svcctl.desk.sealing import seal as close

    run = session()
    desk = echo.open_desk()
    done = close(desk, month, reason, sign, how.manner)
    item = {"id": done.seal.path, **done.seal._asdict()}
    if how.output != "table":
        run.emit("seal", [item], COLUMNS, how.output, as_of=desk.now().isoformat())
    else:
        count = done.seal.tickets
        if how.dry_run:
            run.tell(_("Dry run: nothing was written."))
            text = ngettext(
                "{month} would be sealed: {count} ticket, {path}",
                "{month} would be sealed: {count} tickets, {path}",
                count,
            )
        else:
            text = ngettext(
                "{month} is sealed: {count} ticket, {path}",
                "{month} is sealed: {count} tickets, {path}",
                count,
            )
        run.print(text.format(month=done.seal.month, count=count, path=done.seal.path))
    echo.notices(run, done.outcome.notices)
