"""The options that many commands share, each written once. Knows their names; not what they do.

A command takes them as annotations: ``def due(as_of: AsOf = None, output: Output = "table")``.
Times are passed on as typed; the desk reads them in the ledger's zone.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from svcctl.cli.completion import (
    complete_customer,
    complete_staff,
    complete_state,
    complete_ticket,
    complete_unit,
)
from svcctl.domain.problems import N_
from svcctl.views.output import Format


def words_typed(help: str) -> Any:
    """Return the option for what somebody said or wrote; ``help``: which words these are."""
    return typer.Option("--words", "-m", metavar="TEXT", help=help)


# Writing commands.
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="STAFF",
        help=N_("Who did it (default: the person configured with `svcctl me`)."),
        autocompletion=complete_staff,
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help=N_("When it happened: 2026-11-16T09:00, 09:05, 昨天 17:30, -10m (default: now)."),
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help=N_("Print what would be written, and write nothing.")),
]
NoCommit = Annotated[
    bool,
    typer.Option("--no-commit", help=N_("Write the file, but make no git commit.")),
]

# Reading commands.
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help=N_("Answer as of this moment: only what had happened by then (default: now)."),
    ),
]
Known = Annotated[
    str | None,
    typer.Option(
        "--known",
        metavar="TIME",
        help=N_("Only what had also been written down by this moment."),
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help=N_("End with exit code 4 where anything is overdue or broken.")),
]

# Both.
Output = Annotated[
    Format,
    typer.Option("--output", "-o", help=N_("How to print the answer.")),
]

# Arguments and filters.
Week = Annotated[
    str | None,
    typer.Option(
        "--week",
        metavar="WEEK",
        help=N_("The week: 2026-W47, 47, this, 上周 ... (default: the last complete one)."),
    ),
]
TicketId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help=N_("The ticket: its id, or any unambiguous tail of it."),
        autocompletion=complete_ticket,
    ),
]
CustomerRef = Annotated[
    str | None,
    typer.Option(
        "--customer",
        metavar="CUSTOMER",
        help=N_("The customer: an id, a phone number, or part of a name."),
        autocompletion=complete_customer,
    ),
]
UnitRef = Annotated[
    str | None,
    typer.Option(
        "--unit",
        metavar="SERIAL",
        help=N_("The installed product, by its serial number."),
        autocompletion=complete_unit,
    ),
]
State = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="STATE",
        help=N_("Only tickets in this state."),
        autocompletion=complete_state,
    ),
]
Engineer = Annotated[
    str | None,
    typer.Option(
        "--engineer",
        metavar="STAFF",
        help=N_("Only what this engineer has in hand."),
        autocompletion=complete_staff,
    ),
]
LedgerDir = Annotated[
    str,
    typer.Argument(metavar="DIR", help=N_("The folder of the ledger.")),
]

ShowPersonal = Annotated[
    bool,
    typer.Option("--show-personal", help=N_("Show phone numbers and addresses whole, not masked.")),
]
