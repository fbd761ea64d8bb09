"""``svcctl ticket new``: a request is taken. Parses, asks for what is missing, calls the desk, prints."""

from __future__ import annotations

from typing import Annotated

import typer

from svcctl.cli import echo
from svcctl.cli.completion import complete_ticket, complete_word
from svcctl.cli.manner import How, writing
from svcctl.cli.options import CustomerRef, UnitRef
from svcctl.domain.problems import N_


@writing
def new(
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help=N_("repair, install, inspection, complaint, inquiry or support."),
            autocompletion=complete_word("head", "kind"),
        ),
    ] = None,
    customer: CustomerRef = None,
    unit: UnitRef = None,
    channel: Annotated[
        str | None,
        typer.Option(
            "--channel",
            metavar="CHANNEL",
            help=N_("phone, mail, online, letter, visit or other."),
            autocompletion=complete_word("head", "channel"),
        ),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option("--subject", metavar="TEXT", help=N_("The fault or wish, in one line.")),
    ] = None,
    priority: Annotated[
        str | None,
        typer.Option(
            "--priority",
            metavar="P",
            help=N_("urgent or normal."),
            autocompletion=complete_word("head", "priority"),
        ),
    ] = None,
    details: Annotated[
        str | None, typer.Option("--details", metavar="TEXT", help=N_("More about it."))
    ] = None,
    wanted: Annotated[
        str | None,
        typer.Option("--wanted", metavar="DATE", help=N_("When the customer wants it done.")),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="TEXT", help=N_("The product's model."))
    ] = None,
    bought: Annotated[
        str | None, typer.Option("--bought", metavar="DATE", help=N_("When it was bought."))
    ] = None,
    promised: Annotated[
        str | None,
        typer.Option("--promised", metavar="TIME", help=N_("By when an answer was promised.")),
    ] = None,
    category: Annotated[
        str | None,
        typer.Option("--category", metavar="WORD", help=N_("The department's own category.")),
    ] = None,
    marks: Annotated[
        str | None, typer.Option("--marks", metavar="TEXT", help=N_("Special marks."))
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="TEXT", help=N_("Region."))
    ] = None,
    about: Annotated[
        str | None,
        typer.Option(
            "--about",
            metavar="ID",
            help=N_("The earlier ticket this one is about; what is not said is taken from it."),
            autocompletion=complete_ticket,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE|-", help=N_("Read one JSON object or YAML mapping.")),
    ] = None,
    *,
    how: How,
) -> None:
    """Take a request."""
    from svcctl.cli.intake import complete
    from svcctl.desk.tickets import take

    given = {
        "kind": kind,
        "customer": customer,
        "unit": unit,
        "channel": channel,
        "subject": subject,
        "priority": priority,
        "details": details,
        "wanted": wanted,
        "model": model,
        "bought": bought,
        "promised": promised,
        "category": category,
        "marks": marks,
        "region": region,
        "about": about,
    }
    desk = echo.open_desk()
    asked = {key: value for key, value in given.items() if value}
    fields, manner = complete(desk, asked, source, how.manner)
    echo.written(desk, take(desk, fields, manner), how.output, how.dry_run)
