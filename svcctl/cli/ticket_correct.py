"""``svcctl ticket amend``, ``void`` and ``settle``: corrections are events too. Parses only."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.manner import How, writing
from svcctl.cli.options import TicketId
from svcctl.cli.ticket import Reason, act
from svcctl.domain.problems import N_


@writing
def amend(
    ticket: TicketId,
    target: Annotated[
        str, typer.Argument(metavar="head|EVENT", help=N_("`head`, or an event such as 3SHA."))
    ],
    field: Annotated[str, typer.Argument(metavar="FIELD", help=N_("The field to correct."))],
    value: Annotated[str, typer.Argument(metavar="VALUE", help=N_("What it should be."))],
    reason: Reason,
    *,
    how: How,
) -> None:
    """Amend a field."""
    name = target if target == "head" else target.upper()
    fields = {"target": name, "field": field, "value": value, "reason": reason}
    act(ticket, "amended", fields, how)


@writing
def void(
    ticket: TicketId,
    target: Annotated[str, typer.Argument(metavar="EVENT", help=N_("An event such as 3SHA."))],
    reason: Reason,
    *,
    how: How,
) -> None:
    """Void an event."""
    fields = {"target": target.upper(), "reason": reason}
    act(ticket, "voided", fields, how)


@writing
def settle(
    ticket: TicketId,
    pick: Annotated[
        str, typer.Option("--pick", metavar="EVENT", help=N_("The event whose value stands."))
    ],
    reason: Reason,
    value: Annotated[
        str,
        typer.Argument(
            metavar="[VALUE]",
            help=N_("Only this value, such as engineer; without it, every one that EVENT set."),
        ),
    ] = "",
    *,
    how: How,
) -> None:
    """Settle what is contested."""
    from svcctl.desk import correcting

    desk = echo.open_desk()
    done = correcting.settle(desk, ticket, value, pick.upper(), reason, how.manner)
    echo.written(desk, done, how.output, how.dry_run)
