"""``svcctl escalations``: what has gone up to whom because it was not done."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli.lazy import Noun
from svcctl.cli.manner import Asked, reading
from svcctl.cli.options import ShowPersonal
from svcctl.domain.problems import N_
from svcctl.views.language import _
from svcctl.views.output import Column

app = Noun(N_("Escalations: what has gone up to whom because it was not done."), alone="due")

COLUMNS = (
    Column("ticket", N_("ticket")),
    Column("obligation", N_("what is owed"), show="word"),
    Column("level", N_("level"), align="right"),
    Column("to", N_("goes to"), show="word"),
    Column("people", N_("people"), show="person"),
    Column("due", N_("due by"), show="due"),
    Column("overdue_minutes", N_("overdue"), align="right", show="minutes"),
    Column("owner", N_("owed by"), show="word", spare=3),
    Column("who", N_("person"), show="person", spare=2),
    Column("name", N_("customer"), width=20, spare=1),
    Column("subject", N_("subject"), width=30),
)


@app.command("due", help=N_("What has gone up: to which role, at which level, since when."))
@reading
def due(
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help=N_("Only what goes to this role.")),
    ] = None,
    show_personal: ShowPersonal = False,
    *,
    asked: Asked,
) -> None:
    """List what has gone up."""
    from svcctl.desk.escalating import escalations_due, has_levels

    items = escalations_due(asked.view, role)
    asked.emit(
        "escalation",
        items,
        COLUMNS,
        id_key="ticket",
        empty=_("nothing has gone up")
        if has_levels(asked.view)
        else _("the rules in force have no escalations: see docs/policy.md"),
        overdue=any(item["overdue_minutes"] for item in items),
        masked=not show_personal,
    )
