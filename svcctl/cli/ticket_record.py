"""``svcctl ticket record``: any declared event, for those without a command of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.manner import How, writing
from svcctl.cli.options import TicketId
from svcctl.domain.problems import N_, Message, Usage


@writing
def record(
    ticket: TicketId,
    event: Annotated[
        str,
        typer.Argument(
            metavar="EVENT",
            help=N_(
                "invoiced, paid, told, investigated, damaged, solution-known, paused, resumed ..."
            ),
        ),
    ],
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIELD=VALUE]...", help=N_("What it carries, such as amount=120.")),
    ] = None,
    *,
    how: How,
) -> None:
    """Record any declared event."""
    from svcctl.desk.tickets import act
    from svcctl.desk.typed import named_field
    from svcctl.domain.ticket import TICKET
    from svcctl.views.language import stored_word

    recordable = [name for name in TICKET.events if name not in ("opened", "imported", "attached")]
    event = stored_word(event, "do", recordable) or event
    if event not in recordable:
        raise Usage(
            "no-such-event",
            Message(N_("“{event}” is not an event"), {"event": event}),
            Message(N_("events are: {known}"), {"known": ", ".join(recordable)}),
        )
    known = [one.name for one in TICKET.events[event].own]
    given: dict[str, str] = {}
    for pair in fields or ():
        key, equals, value = pair.partition("=")
        if not equals:
            raise Usage(
                "field-value",
                Message(N_("“{text}” is not FIELD=VALUE"), {"text": pair}),
                Message(
                    N_("{event} has the fields {fields}"),
                    {"event": event, "fields": ", ".join(known)},
                ),
            )
        given[named_field(key, known)] = value
    desk = echo.open_desk()
    done = act(desk, ticket, event, given, how.manner)
    echo.written(desk, done, how.output, how.dry_run)
