"""``svcctl escalations``: what has gone up to whom because it was not done."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.lazy import Noun
from svcctl.cli.options import AsOf, Known, Output, Strict
from svcctl.cli.session import session
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.output import Column

app = Noun(N_("Escalations: what has gone up to whom because it was not done."))

COLUMNS = (
    Column("ticket", N_("ticket")),
    Column("obligation", N_("what is owed"), show="word"),
    Column("level", N_("level"), align="right"),
    Column("to", N_("goes to"), show="word"),
    Column("people", N_("people")),
    Column("due", N_("due by"), show="time"),
    Column("overdue_minutes", N_("overdue"), align="right", show="minutes"),
    Column("owner", N_("owed by"), show="word", spare=3),
    Column("who", N_("person"), spare=2),
    Column("name", N_("customer"), width=20, spare=1),
    Column("subject", N_("subject"), width=30),
)


@app.command("due", help=N_("What has gone up: to which role, at which level, since when."))
def due(
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help=N_("Only what goes to this role.")),
    ] = None,
    as_of: AsOf = None,
    known: Known = None,
    output: Output = "table",
    strict: Strict = False,
) -> None:
    """List what has gone up."""
    from svcctl.desk.escalating import escalations_due, has_levels
    from svcctl.desk.listing import view_of

    run = session()
    desk = echo.open_desk()
    view = view_of(desk, as_of, known)
    items = escalations_due(view, role)
    run.emit(
        "escalation",
        items,
        COLUMNS,
        output,
        as_of=view.as_of.isoformat(),
        problems=desk.problems(),
        id_key="ticket",
        strict=strict,
        empty=_("nothing has gone up")
        if has_levels(view)
        else _("the rules in force have no escalations: see docs/policy.md"),
    )
    if strict and any(item["overdue_minutes"] for item in items):
        raise typer.Exit(4)
